use serde_yaml::Mapping;

use super::*;

fn sh(script: &str) -> Program {
    let exec = serde_json::json!({
        "command": "sh", "args": ["-c", script], "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
    });
    Program::read(&serde_yaml::from_value(serde_yaml::to_value(exec).unwrap()).unwrap(), &Mapping::new()).unwrap()
}

fn run_for(script: &str, timeout: Duration) -> Result<String, Reason> {
    let output = run_within("c", &sh(script), &Terminal::None, &AtomicBool::new(false), Arc::new(|_| {}), timeout);
    output.map(|output| String::from_utf8(output.to_vec()).unwrap())
}

const ENOUGH: Duration = Duration::from_secs(60);

#[test]
fn returns_the_output_or_the_exit_status_with_the_last_line_of_standard_error() {
    assert_eq!(run_for("printf a; sleep 0.05; printf b", ENOUGH).unwrap(), "ab");
    let failed = run_for("echo s3cret; echo one >&2; printf 'no way\\n\\n' >&2; exit 3", ENOUGH).unwrap_err();
    let Reason::Ended(status, line) = failed else { panic!("{failed:?}") };
    assert_eq!((status.code(), line.as_str()), (Some(3), "no way"));
}

#[test]
fn kills_a_program_with_endless_output() {
    assert_eq!(run_for("exec cat /dev/zero", ENOUGH).unwrap_err(), Reason::Long);
    // Much on standard error is no failure.
    assert_eq!(run_for("head -c 3000000 /dev/zero >&2; echo x", ENOUGH).unwrap(), "x\n");
}

#[test]
fn does_not_wait_for_a_process_that_a_program_leaves_behind() {
    assert_eq!(run_for("sleep 600 & echo x", ENOUGH).unwrap(), "x\n");
}

#[test]
fn a_program_without_a_terminal_cannot_open_one() {
    let output = run_for("if (: </dev/tty) 2>/dev/null; then echo terminal; else echo none; fi; cat", ENOUGH);
    assert_eq!(output.unwrap(), "none\n");
}

#[test]
fn kills_a_program_that_hangs_or_is_canceled_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}.new; mv {0}.new {0}; wait", pid.display());
    let timeout = Duration::from_millis(500);
    assert_eq!(run_for(&script, timeout).unwrap_err(), Reason::Slow(timeout));
    wait_until_gone(&std::fs::read_to_string(&pid).unwrap());
    std::fs::remove_file(&pid).unwrap();
    let canceled = AtomicBool::new(false);
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            while !pid.exists() {
                thread::sleep(POLL_INTERVAL);
            }
            canceled.store(true, Ordering::Relaxed);
        });
        run_within("c", &sh(&script), &Terminal::None, &canceled, Arc::new(|_| {}), ENOUGH)
    });
    assert_eq!(ended.unwrap_err(), Reason::Canceled);
    wait_until_gone(&std::fs::read_to_string(&pid).unwrap());
}

fn wait_until_gone(pid: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    let is_running = || {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    while is_running() {
        assert!(Instant::now() < until, "what it started still runs");
        thread::sleep(POLL_INTERVAL);
    }
}
