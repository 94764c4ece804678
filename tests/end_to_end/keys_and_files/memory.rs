//! What can be read out of a process that had a key.

use std::io::{PipeReader, Write, pipe};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::domain::kubeconfig::EntryKind;
use countersign::testing::files::kubeconfig::read;

use super::is_root;
use crate::support::plane::Plane;
use crate::support::{TestUser, eventually, program, unique};

crate::on_both!(
    no_copy_of_a_new_key_stays_in_memory_and_the_process_is_not_dumpable,
    a_user_without_privileges_can_write_although_the_process_is_not_dumpable,
);

/// A program whose standard output is full, so that it stops where it prints its result.
struct Stopped {
    child: Child,
    _output: PipeReader,
}

impl Stopped {
    fn start(mut command: Command) -> Self {
        let (output, mut full) = pipe().unwrap();
        // As much as a pipe takes (pipe(7)).
        full.write_all(" ".repeat(65_536).as_bytes()).unwrap();
        let child = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
        let stopped = Self { child, _output: output };
        eventually("it writes its result", || {
            let call = std::fs::read_to_string(stopped.proc("syscall")).ok()?;
            let mut words = call.split_whitespace();
            // write(1, …), by its number on x86-64 or on arm64.
            (matches!(words.next()?, "1" | "64") && words.next()? == "0x1").then_some(())
        });
        stopped
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    /// How often bytes are in its memory.
    fn count(&self, wanted: &[u8]) -> usize {
        let maps = std::fs::read_to_string(self.proc("maps")).unwrap();
        let memory = std::fs::File::open(self.proc("mem")).unwrap();
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (start, rest) = line.split_once('-').unwrap();
            let start = u64::from_str_radix(start, 16).unwrap();
            let end = u64::from_str_radix(rest.split(' ').next().unwrap(), 16).unwrap();
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            // A part that the system keeps to itself holds no key of ours.
            if memory.read_exact_at(&mut bytes, start).is_ok() {
                found += bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
            }
        }
        found
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn no_copy_of_a_new_key_stays_in_memory_and_the_process_is_not_dumpable(plane: &dyn Plane) {
    if !is_root() {
        return; // The process is not dumpable: only root can look into it.
    }
    let person = TestUser::admin(plane);
    let user = unique("wiped");
    let mut command = person.command(&program());
    command.args(["issue", &user, "--no-access", "--key-type", "ecdsa-p256"]);
    let stopped = Stopped::start(command);
    let config = read(&person.kubeconfig()).unwrap();
    let encoded = config.get(EntryKind::User, &user).unwrap()["client-key-data"].as_str().unwrap().to_owned();
    let pem = String::from_utf8(STANDARD.decode(&encoded).unwrap()).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&body).unwrap();
    // ECPrivateKey (RFC 5915): version 1, then the secret number itself.
    let at = der.windows(5).position(|window| window == [2, 1, 1, 4, 32]).unwrap() + 5;
    let line = &pem.lines().nth(1).unwrap()[20..];
    let own = stopped.count(user.as_bytes());
    assert!(own > 0, "this looks at nothing");
    let counts =
        [stopped.count(line.as_bytes()), stopped.count(&encoded.as_bytes()[60..110]), stopped.count(&der[at..at + 32])];
    eprintln!(
        "copies of the key in memory: PEM {}, base64 of PEM {}, the number itself {}",
        counts[0], counts[1], counts[2]
    );
    assert_eq!(counts, [0, 0, 0]);
    let limits = std::fs::read_to_string(stopped.proc("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

fn a_user_without_privileges_can_write_although_the_process_is_not_dumpable(plane: &dyn Plane) {
    if !is_root() {
        return; // Only root can become another user.
    }
    let person = TestUser::admin(plane);
    let own = person.path("countersign");
    std::fs::copy(program(), &own).unwrap();
    person.shell("chown -R 65534:65534 .; chmod 755 . countersign");
    let unprivileged = |arguments: &[&str]| {
        let mut command = person.command(Path::new("setpriv"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&own).args(arguments);
        command
    };
    let user = unique("plain");
    for arguments in [&["rename", "admin", "me"][..], &["issue", &user, "--no-access", "--no-switch"]] {
        let output = unprivileged(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(!person.path(".kube/config.lock").exists());
    // Files in /proc belong to root where a process is not dumpable (proc(5)).
    let stopped = Stopped::start(unprivileged(&["contexts"]));
    assert_eq!(stopped.proc("mem").metadata().unwrap().uid(), 0);
}
