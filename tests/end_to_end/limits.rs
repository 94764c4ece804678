//! Servers, files and programs without end: each results in an error message, in bounded memory and time.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::hostile_server::{Hostile, head, json};
use crate::support::memory::{peak, watched};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, program};

/// Limit on resident memory in MiB: about 40 without a hostile server, and 48 of responses, whose buffers take up to three
/// times as much for a moment while they grow.
const MEMORY: u64 = 40 + 3 * 48;
/// How long any of them may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Hostile {
    /// The error of `list`, and its peak memory in MiB.
    fn lists(&self) -> (String, u64) {
        let person = TestUser::alone(&self.kubeconfig());
        let (output, most) = watched(person.command(&program()).arg("list"), PATIENCE);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        (error, most)
    }

    /// The console shows `text`, stays usable and small.
    fn is_seen_in_the_console(&self, text: &str) {
        let person = TestUser::alone(&self.kubeconfig());
        let mut console = Terminal::console(&person, &[]);
        console.resize(24, 200);
        console.expect_text(text);
        let most = peak(&console.pid()).unwrap();
        assert!(most < MEMORY, "{most} MiB");
        console.keys("q");
        assert_eq!(console.expect_exit(), 0);
    }
}

fn forever(to: &mut TcpStream, what: &[u8]) -> std::io::Result<()> {
    let chunk = what.repeat(65_536 / what.len());
    loop {
        to.write_all(&chunk)?;
    }
}

fn one_request() -> String {
    r#"{"metadata": {"name": "one", "uid": "1", "resourceVersion": "1"}, "spec": {"signerName": "example.com/x"}}"#
        .to_owned()
}

fn endless_body(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    head(to, 200)?;
    write!(to, "{{\"metadata\": {{\"resourceVersion\": \"1\"}}, \"items\": [")?;
    forever(to, b"{\"metadata\":{},\"spec\":{}},")
}

#[test]
fn an_endless_response_is_cut_off() {
    let server = Hostile::start(endless_body);
    let (error, most) = server.lists();
    assert!(error.contains("MiB; the rest was not read"), "{error}");
    assert!(most < MEMORY, "{most} MiB");
    server.is_seen_in_the_console("; the rest was not read");
}

fn endless_object(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    head(to, 200)?;
    // The list, and in it an object of a gigabyte.
    to.write_all(b"k8s\0\x12\xff\xff\xff\xff\x07\x12\x80\x80\x80\x80\x04")?;
    forever(to, &[b'x'; 64])
}

#[test]
fn an_endless_protobuf_object_is_rejected() {
    let (error, most) = Hostile::start(endless_object).lists();
    assert!(error.contains("its answer is not a Kubernetes object"), "{error}");
    assert!(most < MEMORY, "{most} MiB");
}

fn endless_error(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    head(to, 500)?;
    forever(to, b"no way! ")
}

#[test]
fn an_endless_error_response_is_cut_off() {
    let server = Hostile::start(endless_error);
    let (error, most) = server.lists();
    assert!(error.contains("answered 500: the response is larger than 1 MiB"), "{error}");
    assert!(most < MEMORY, "{most} MiB");
    server.is_seen_in_the_console("the response is larger than 1 MiB");
}

fn long_error(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    let text = "no way! ".repeat(100_000);
    write!(to, "HTTP/1.1 500 X\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

#[test]
fn a_long_error_message_is_truncated() {
    let (error, _) = Hostile::start(long_error).lists();
    assert!(
        error.contains("answered 500: it gives no reason that an API server would give (no way! no way!")
            && error.len() < 8192,
        "{} bytes",
        error.len()
    );
}

fn endless_headers(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    to.write_all(b"HTTP/1.1 200 OK\r\n")?;
    forever(to, b"x-again: and again\r\n")
}

#[test]
fn endless_headers_are_cut_off() {
    let (error, most) = Hostile::start(endless_headers).lists();
    assert!(error.contains("message head is too large"), "{error}");
    assert!(most < MEMORY, "{most} MiB");
}

fn same_page(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    json(
        to,
        &format!(r#"{{"metadata": {{"resourceVersion": "1", "continue": "same"}}, "items": [{}]}}"#, one_request()),
    )
}

#[test]
fn a_repeated_continue_token_ends_the_list() {
    let server = Hostile::start(same_page);
    let (error, most) = server.lists();
    assert!(error.contains("the list does not end: a page has its own continue token"), "{error}");
    assert!(most < MEMORY, "{most} MiB");
    server.is_seen_in_the_console("the list does not end");
}

fn wait(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    to.write_all(b"HTTP/1.1 429 X\r\nRetry-After: 99999\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn a_long_retry_after_is_reported_and_not_waited_for() {
    let server = Hostile::start(wait);
    let (error, _) = server.lists();
    assert!(error.contains("answered 429: it accepts another request only after 1d"), "{error}");
    server.is_seen_in_the_console("it accepts another request only after 1d");
}

fn trickle(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    head(to, 200)?;
    loop {
        to.write_all(b" ")?;
        // The speed of the server, not a wait for anything.
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_request_timeout_covers_a_response_that_trickles() {
    let server = Hostile::start(trickle);
    let person = TestUser::alone(&server.kubeconfig());
    let mut command = person.command(&program());
    let (output, _) = watched(command.args(["list", "--request-timeout", "2s"]), PATIENCE);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("did not answer within 2 s"), "{error}");
}

fn endless_event(target: &str, to: &mut TcpStream) -> std::io::Result<()> {
    if target.contains("watch=") {
        head(to, 200)?;
        to.write_all(b"{\"type\": \"ADDED\", \"object\": \"")?;
        return forever(to, &[b'x'; 64]);
    }
    let items = if target.contains("certificatesigningrequests") { one_request() } else { String::new() };
    json(to, &format!(r#"{{"kind": "List", "metadata": {{"resourceVersion": "1"}}, "items": [{items}]}}"#))
}

#[test]
fn an_endless_watch_event_ends_the_watch_and_keeps_the_rows() {
    let server = Hostile::start(endless_event);
    let person = TestUser::alone(&server.kubeconfig());
    let mut console = Terminal::console(&person, &[]);
    console.resize(24, 200);
    console.expect_text("a watch event is larger than 4 MiB");
    console.expect_text("one");
    let most = peak(&console.pid()).unwrap();
    assert!(most < MEMORY, "{most} MiB");
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
}

/// A kubeconfig with these fields of cluster and user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n\
         contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    )
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

/// The error of a command that must fail in little time and memory.
fn expect_failure(command: &mut Command) -> String {
    let (output, most) = watched(command, Duration::from_secs(20));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && most < MEMORY, "{:?}, {most} MiB: {error}", output.status);
    error
}

#[test]
fn rejects_anything_but_regular_files_in_a_kubeconfig() {
    let person = TestUser::alone("");
    fifo(&person.path("fifo"));
    for (path, what) in [("/dev/zero", "a device"), ("../fifo", "a FIFO"), ("/dev", "a folder")] {
        for (cluster, user, field) in [
            (format!(", certificate-authority: {path}"), String::new(), "certificate-authority"),
            (String::new(), format!("client-certificate: {path}"), "client-certificate"),
            (String::new(), format!("client-key: {path}"), "client-key"),
            (String::new(), format!("tokenFile: {path}"), "tokenFile"),
        ] {
            std::fs::write(person.kubeconfig(), kubeconfig(&cluster, &user)).unwrap();
            let error = expect_failure(person.command(&program()).arg("list"));
            assert!(
                error.contains(&format!("{field}: ")) && error.contains(&format!("not a regular file but {what}")),
                "{error}"
            );
            // `check` reports it.
            let (shown, most) = watched(person.command(&program()).args(["check"]), PATIENCE);
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned() + &String::from_utf8_lossy(&shown.stderr);
            assert!(
                (shown.contains(&what[2..]) || shown.contains("there is no client-certificate")) && most < MEMORY,
                "{most} MiB: {shown}"
            );
        }
    }
}

#[test]
fn rejects_anything_but_regular_files_for_kubeconfig_policy_request_config_and_lock() {
    let person = TestUser::alone(&kubeconfig("", "token: t"));
    fifo(&person.path("fifo"));
    let fifo_path = person.path("fifo").display().to_string();
    let run = |arguments: &[&str]| {
        let error = expect_failure(person.command(&program()).args(arguments));
        assert!(error.contains("not a regular file but a FIFO"), "{arguments:?}: {error}");
    };
    run(&["list", "--kubeconfig", &fifo_path]);
    run(&["list", "--policy", &fifo_path]);
    run(&["issue", "--request", &fifo_path]);
    let config = person.path(".config/countersign");
    std::fs::create_dir_all(&config).unwrap();
    fifo(&config.join("config.yaml"));
    run(&["list"]);
    std::fs::remove_file(config.join("config.yaml")).unwrap();
    // A lock that cannot be read belongs to another program.
    fifo(&person.path(".kube/config.lock"));
    let error = expect_failure(person.command(&program()).args(["rename", "x", "y"]));
    assert!(error.contains("another program is writing"), "{error}");
}

#[test]
fn rejects_alias_bombs_and_oversized_files() {
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 2000].join(", "));
    let person = TestUser::alone(&long);
    let error = expect_failure(person.command(&program()).arg("list"));
    assert!(error.contains("too large after expanding its aliases"), "{error}");
    let file = std::fs::File::create(person.kubeconfig()).unwrap();
    file.set_len(1 << 32).unwrap();
    let error = expect_failure(person.command(&program()).arg("list"));
    assert!(error.contains("larger than 16 MiB"), "{error}");
    let policy = person.path("policy.yaml");
    std::fs::write(&policy, &long[..long.len() - 1]).unwrap();
    std::fs::write(person.kubeconfig(), kubeconfig("", "token: t")).unwrap();
    let error = expect_failure(person.command(&program()).args(["list", "--policy", "policy.yaml"]));
    assert!(error.contains("larger than 1 MiB"), "{error}");
    std::fs::write(&policy, format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 19), vec!["*a"; 2000].join(", "))).unwrap();
    let error = expect_failure(person.command(&program()).args(["list", "--policy", "policy.yaml"]));
    assert!(error.contains("too large after expanding its aliases"), "{error}");
}

#[test]
fn kills_a_login_program_with_endless_output() {
    let program_of = |script: &str| {
        format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, '{script}'], interactiveMode: Never}}"
        )
    };
    let person = TestUser::alone(&kubeconfig("", &program_of("exec cat /dev/zero")));
    let error = expect_failure(person.command(&program()).arg("list"));
    assert!(error.contains("the login program sh printed more than 1 MiB"), "{error}");
    std::fs::write(person.kubeconfig(), kubeconfig("", &program_of("echo no; echo why not >&2; exit 7"))).unwrap();
    let error = expect_failure(person.command(&program()).arg("list"));
    assert!(error.contains("the login program sh failed (exit status: 7): why not"), "{error}");
}

#[test]
fn ten_thousand_contexts_are_read() {
    let many = |line: fn(usize) -> String| (0..10_000).map(line).collect::<Vec<_>>().concat();
    let clusters = many(|n| format!("- {{name: c{n}, cluster: {{server: 'https://127.0.0.1:1'}}}}\n"));
    let users = many(|n| format!("- {{name: u{n}, user: {{token: t}}}}\n"));
    let contexts = many(|n| format!("- {{name: x{n}, context: {{cluster: c{n}, user: u{n}}}}}\n"));
    let text = format!("clusters:\n{clusters}users:\n{users}contexts:\n{contexts}current-context: x9999\n");
    let person = TestUser::alone(&text);
    let (output, _) = watched(person.command(&program()).arg("list"), Duration::from_secs(60));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("https://127.0.0.1:1 cannot be reached: Connection refused"), "{error}");
}
