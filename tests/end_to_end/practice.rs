//! The practice cluster without any other cluster: started with one command, used, and removed without a trace.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use countersign::testing::sandbox::Options;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane;
use crate::support::plane::{Plane, Practice};
use crate::support::requests::manifest;
use crate::support::terminal::Terminal;
use crate::support::{PATIENCE, TestUser, eventually, program};

const REQUESTS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// A user without any cluster. Their temporary files are in `tmp`.
fn newcomer(practice: &Practice) -> TestUser {
    let person = TestUser::with(practice, "");
    std::fs::remove_dir_all(person.path(".kube")).unwrap();
    std::fs::create_dir(person.path("tmp")).unwrap();
    person
}

fn files_of(person: &TestUser) -> Vec<String> {
    let output = person.command(Path::new("find")).args([".", "-mindepth", "1"]).output().unwrap();
    let mut files: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect();
    files.sort();
    files
}

fn console(person: &TestUser, arguments: &str) -> Terminal {
    let command = format!("TMPDIR=$HOME/tmp exec {} --sandbox {arguments}", program().display());
    Terminal::start(person, &["sh".to_owned(), "-c".to_owned(), command])
}

#[test]
fn sandbox_opens_a_console_that_issues_a_working_kubeconfig() {
    let Some(other) = plane::practice("the whole way on --sandbox") else { return };
    let person = newcomer(&other);
    let mut console = console(&person, "--traffic 0");
    console.expect_text("● live");
    // Who we are is another question to the server.
    let first = console.expect_text("practice › admin");
    assert!(first.contains("sandbox"), "{first}");
    console.expect_text("legacy-printer");
    console.keys("nzoe");
    console.expect_text("zoe");
    console.keys("\x12");
    console.expect_text("5 Review");
    console.expect_text("y runs it");
    console.keys("y");
    console.expect_text("the cluster says: zoe");
    console.keys("\r");
    console.find("metrics-agent", "CN=system:kube-controller-manager");
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
    assert_eq!(files_of(&person), ["./tmp"], "nothing is left, and nothing was written elsewhere");
}

#[test]
fn sandbox_creates_new_requests_over_time() {
    let Some(other) = plane::practice("traffic on --sandbox") else { return };
    let person = newcomer(&other);
    let console = console(&person, "--traffic 600/min");
    console.expect_text("● live");
    console.expect_text("20 pending of");
    console.expect_text("22 pending of");
}

/// `countersign sandbox`, killed when the test ends or fails.
struct Served {
    child: Child,
    /// What its line exports.
    kubeconfig: String,
}

impl Served {
    fn start(person: &TestUser, arguments: &[&str]) -> Self {
        let mut command = person.command(&program());
        command.env("TMPDIR", person.path("tmp")).arg("sandbox").args(arguments).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let kubeconfig = line.trim().strip_prefix("export KUBECONFIG=").unwrap_or_default().to_owned();
        let served = Self { child, kubeconfig };
        assert!(!served.kubeconfig.is_empty(), "{line:?}");
        served
    }

    fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_is_served_in_the_foreground_and_ends_with_its_command() {
    let Some(other) = plane::practice("countersign sandbox") else { return };
    let person = newcomer(&other);
    let served = Served::start(&person, &["--quiet", "--traffic", "0"]);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&Path::new(&served.kubeconfig).metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let pods = person.kubectl_ok(&["--kubeconfig", &served.kubeconfig, "get", "pods", "-A", "--no-headers"]);
    assert!(pods.lines().count() > 9, "{pods}");
    let requests = person.kubectl_ok(&["--kubeconfig", &served.kubeconfig, "get", "csr", "--no-headers"]);
    assert!(requests.lines().count() >= 12, "{requests}");
    let kubeconfig = served.kubeconfig.clone();
    served.end();
    assert!(!Path::new(&kubeconfig).exists());
    let served = Served::start(&person, &["--empty", "--kubeconfig-out", "practice.yaml", "--quiet"]);
    assert_eq!(Path::new(&served.kubeconfig), person.path("practice.yaml").canonicalize().unwrap());
    let requests = person.kubectl_ok(&["--kubeconfig", &served.kubeconfig, "get", "csr,nodes"]);
    assert_eq!(requests, "");
    let again = person.expect_failure(1, &["sandbox", "--kubeconfig-out", "practice.yaml"]);
    assert!(again.contains("practice.yaml"), "{again}");
    let address = other.server().trim_start_matches("https://").to_owned();
    let taken = person.expect_failure(1, &["sandbox", "--listen", &address]);
    assert!(taken.contains("in use"), "{taken}");
    served.end();
    let left: Vec<_> = files_of(&person).into_iter().filter(|file| !file.starts_with("./.kube")).collect();
    assert_eq!(left, ["./tmp"]);
}

/// That many requests in the cluster, all of one person.
fn fill(practice: &Practice, count: usize) {
    let one: Value = serde_yaml::from_str(&manifest("one", "jane", &["dev"], "client auth")).unwrap();
    let named = |at: usize| {
        let mut object = one.clone();
        object["metadata"]["name"] = format!("crowd-{at:05}").into();
        object
    };
    Api::admin(practice).post_all(REQUESTS, (0..count).map(named).collect());
}

#[test]
fn navigates_ten_thousand_requests_by_keyboard() {
    let Some(practice) = plane::practice("ten thousand requests") else { return };
    fill(&practice, 10_000);
    let admin = TestUser::admin(&practice);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("10000 pending of 10000");
    console.keys("/07777\r");
    console.expect_text("crowd-07777");
    console.expect_text("CN=jane");
    console.keys("\x1b");
    console.expect_no_text("· /");
    console.keys("sG");
    console.expect_text("· name ↓");
    console.expect_text("crowd-09999");
    // The list stays live: deleted requests disappear from the screen.
    let gone = practice.kubectl(&["delete", "csr", "crowd-09999"]);
    assert!(gone.status.success());
    console.expect_text("9999 pending of 9999");
    console.expect_no_text("crowd-09999");
}

/// As many changes as a watcher is to see.
const CHANGES: usize = 3_000;

#[test]
fn fifty_watchers_each_receive_every_change_once_and_in_order() {
    let Some(practice) = plane::practice("fifty watchers") else { return };
    let admin = Api::admin(&practice);
    let maps = "/api/v1/namespaces/default/configmaps";
    let from = version(&admin.get(maps).ok());
    let ready = Barrier::new(51);
    let received = std::thread::scope(|scope| {
        let watch = || {
            let api = Api::admin(&practice);
            ready.wait();
            let path = format!("{maps}?watch=true&labelSelector=story&resourceVersion={from}");
            let events = api.watch(&path, |event| event["object"]["metadata"]["name"] == "the-end");
            events.iter().map(|event| (event["type"].clone(), version(&event["object"]))).collect::<Vec<_>>()
        };
        let watchers: Vec<_> = (0..50).map(|_| scope.spawn(watch)).collect();
        ready.wait();
        write_changes(&admin, maps);
        watchers.into_iter().map(|watcher| watcher.join().unwrap()).collect::<Vec<_>>()
    });
    let first = &received[0];
    assert_eq!(first.len(), CHANGES + 1);
    let versions: Vec<u64> = first.iter().map(|(_, version)| version.parse().unwrap()).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "every change once, in order");
    let mut kinds = BTreeMap::new();
    for (kind, _) in first {
        *kinds.entry(kind.as_str().unwrap()).or_insert(0) += 1;
    }
    let third = CHANGES / 3;
    assert_eq!(kinds, BTreeMap::from([("ADDED", third + 1), ("DELETED", third), ("MODIFIED", third)]));
    for (at, other) in received.iter().enumerate() {
        assert_eq!(other, first, "watcher {at} heard something else");
    }
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// Makes, changes and deletes a third of [`CHANGES`] objects, by several writers at once.
fn write_changes(api: &Api, maps: &str) {
    let object = |name: &str| json!({"metadata": {"name": name, "labels": {"story": "yes"}}, "data": {"key": "1"}});
    let name = |at: usize| format!("m-{at:04}");
    api.post_all(maps, (0..CHANGES / 3).map(|at| object(&name(at))).collect());
    for at in 0..CHANGES / 3 {
        api.patch(&format!("{maps}/{}", name(at)), "merge-patch", &json!({"data": {"key": "2"}})).ok();
        api.delete(&format!("{maps}/{}", name(at)), None).ok();
    }
    api.post(maps, &object("the-end")).ok();
}

#[test]
fn its_folder_has_mode_0700_whatever_the_umask_is() {
    let Some(other) = plane::practice("the folder of countersign sandbox") else { return };
    for umask in ["000", "022", "777"] {
        let person = newcomer(&other);
        let script =
            format!("umask {umask}; TMPDIR=$HOME/tmp exec {} sandbox --quiet --traffic 0", program().display());
        let mut command = person.command(Path::new("sh"));
        let mut child = command.args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let served = Served { child, kubeconfig: line.trim().replace("export KUBECONFIG=", "") };
        let mode =
            |path: &Path| std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777;
        let kubeconfig = Path::new(&served.kubeconfig);
        assert_eq!((mode(kubeconfig.parent().unwrap()), mode(kubeconfig)), (0o700, 0o600), "umask {umask}");
        served.end();
    }
}

#[test]
fn quiet_still_warns_about_an_address_that_is_not_loopback() {
    let Some(other) = plane::practice("countersign sandbox --listen") else { return };
    let person = newcomer(&other);
    let warned = |listen: &str| {
        let mut command = person.command(&program());
        command.env("TMPDIR", person.path("tmp")).args(["sandbox", "--quiet", "--traffic", "0", "--listen", listen]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let error = child.stderr.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Served { child, kubeconfig: line }.end();
        std::io::read_to_string(error).unwrap()
    };
    let warning = warned("0.0.0.0:0");
    assert!(warning.contains("WARNING: the practice cluster listens on 0.0.0.0:0"), "{warning:?}");
    assert_eq!(warned("127.0.0.1:0"), "");
}

#[test]
fn closes_idle_and_slow_connections_but_not_a_watch() {
    let idle = Duration::from_millis(500);
    let Some(practice) = Practice::start(&Options { empty: true, idle, ..Options::default() }) else { return };
    let address = practice.server().trim_start_matches("https://").to_owned();
    // No handshake.
    let mut silent = TcpStream::connect(&address).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
    // No request, or half of one.
    for half in ["", "GET /version HT", "GET /version HTTP/1.1\r\nx: y\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-quiet", "-connect", &address]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut client = client.stderr(Stdio::null()).spawn().unwrap();
        let mut asks = client.stdin.take().unwrap();
        asks.write_all(half.as_bytes()).unwrap();
        eventually("it is closed", || client.try_wait().unwrap());
    }
    let began = Instant::now();
    let watch = format!("{REQUESTS}?watch=true&resourceVersion=1&timeoutSeconds=3");
    assert!(Api::admin(&practice).watch(&watch, |_| true).is_empty());
    assert!(began.elapsed() > Duration::from_secs(2), "the watch was cut off after {:?}", began.elapsed());
}
