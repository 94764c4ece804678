//! An API server that asks to wait (429, priority and fairness).

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::control_plane::ControlPlane;
use crate::support::plane::own;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, program};

/// Lets one request of the user `crowded` through at a time: a level of no concurrency still takes one where it has none
/// (apiserver, `queueset.go`, `canAccommodateSeatsLocked`), and queues nothing.
const CROWDED: &str = r#"
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: crowded}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {type: Reject}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: crowded}
spec:
  priorityLevelConfiguration: {name: crowded}
  matchingPrecedence: 2
  rules:
  - subjects: [{kind: User, user: {name: crowded}}]
    resourceRules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true}]
    nonResourceRules: [{nonResourceURLs: ["*"], verbs: ["*"]}]
"#;

/// A request of that user whose body never ends: it is the one that is let through.
struct Unfinished(Child);

impl Unfinished {
    fn start(plane: &ControlPlane) -> Self {
        let kubeconfig: serde_yaml::Value = serde_yaml::from_str(&plane.kubeconfig_text("crowded", None)).unwrap();
        let user = &kubeconfig["users"][0]["user"];
        let file = |field: &str| {
            let path = plane.path(&format!("crowded-{field}"));
            std::fs::write(&path, STANDARD.decode(user[field].as_str().unwrap()).unwrap()).unwrap();
            path
        };
        let server = plane.server();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-connect", server.trim_start_matches("https://")]);
        command.arg("-cert").arg(file("client-certificate-data")).arg("-key").arg(file("client-key-data"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{{"
        );
        child.stdin.as_mut().unwrap().write_all(head.as_bytes()).unwrap();
        Self(child)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn honors_retry_after_when_overloaded_and_shows_it() {
    let Some(plane) = own() else { return };
    let bound = ["create", "clusterrolebinding", "crowded", "--clusterrole=cluster-admin", "--user=crowded"];
    assert!(plane.kubectl(&bound).status.success());
    let person = TestUser::with(&plane, &plane.kubeconfig_text("crowded", None));
    let file = plane.path("crowded.yaml");
    std::fs::write(&file, CROWDED).unwrap();
    let list = |timeout: &str| {
        let output = person.command(&program()).args(["list", "--request-timeout", timeout]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    eventually("the binding holds", || (list("5s").0 == Some(0)).then_some(()));
    let output = plane.kubectl(&["apply", "-f", &file.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The server takes a moment to heed it.
    let mut one = None;
    let error = eventually("the server rejects", || {
        one = Some(Unfinished::start(&plane));
        let (code, error) = list("3s");
        (code == Some(1)).then_some(error)
    });
    assert!(error.contains("the server is busy: it answered 429 ") && error.contains(" times in 3 s"), "{error}");
    let rejected = || {
        let output = plane.kubectl(&["get", "--raw", "/metrics"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let ours = text.lines().filter(|line| line.starts_with("apiserver_flowcontrol_rejected_requests_total{"));
        let ours = ours.filter(|line| line.contains("flow_schema=\"crowded\""));
        ours.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
    };
    let console = Terminal::console(&person, &[]);
    console.expect_text("! busy (429)");
    console.expect_text("The server is busy (429); it is asked again in");
    assert!(!console.contents().contains("● live"));
    let (before, began) = (rejected(), Instant::now());
    eventually("ten seconds", || (began.elapsed() > Duration::from_secs(10)).then_some(()));
    let rate = (rejected() - before) / began.elapsed().as_secs_f64();
    eprintln!("{rate:.1} requests a second while the server rejects");
    // Each of the dozen requests that a console begins with asks once a second, as Retry-After says.
    assert!(rate < 20.0, "{rate} requests a second");
    assert!(plane.kubectl(&["delete", "flowschema", "crowded"]).status.success());
    drop(one);
    console.expect_text("● live");
    assert_eq!(list("5s").0, Some(0));
}
