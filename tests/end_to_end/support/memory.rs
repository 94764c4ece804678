//! The peak memory of a program.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Peak resident memory of a running process in MiB; `None` where it has ended.
pub(crate) fn peak(pid: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}

/// Runs a program to its end, within `patience`; its output, and its peak in MiB.
pub(crate) fn watched(command: &mut Command, patience: Duration) -> (Output, u64) {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (collected(child.stdout.take()), collected(child.stderr.take()));
    let mut most = 0;
    let status = loop {
        most = most.max(peak(&child.id().to_string()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > patience {
            end(&mut child);
            panic!("it does not end, and has had {most} MiB");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    (Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() }, most)
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn collected(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    })
}
