//! Credentials that expire or are replaced while the console is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, kubeconfig};
use super::login_programs::{exec, print_status, program};
use super::workspace::Workspace;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::requests::create;
use crate::support::reverse_proxy::{Action, ReverseProxy, unauthorized};
use crate::support::terminal::Terminal;
use crate::support::{eventually, unique};

/// The header with the second of two tokens.
const SECOND: &str = "Bearer s3cret-second";

/// A server that accepts the first of two tokens, and only the second once the flag is set.
fn switchable(fixture: &Fixture) -> (ReverseProxy, Arc<AtomicBool>) {
    let second = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&second);
    let proxy = ReverseProxy::start(
        &fixture.plane,
        Some(fixture.serving().server_config(rustls::ALL_VERSIONS)),
        move |request| {
            let accepted = if now.load(Ordering::Relaxed) { SECOND } else { "Bearer s3cret-first" };
            if request.header("authorization") == accepted {
                Action::Forward(request.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
            } else {
                unauthorized()
            }
        },
    );
    (proxy, second)
}

/// A program that prints the first token on its first run, and the second on later runs.
fn first_then_second() -> String {
    let (first, second) = (json!({"token": "s3cret-first"}), json!({"token": "s3cret-second"}));
    program(&format!(
        "if [ \"$(wc -l <\"$HOME/logins\")\" = 1 ]; then\n{}\nelse\n{}\nfi",
        print_status(&first),
        print_status(&second)
    ))
}

/// As in client-go (`maybeRefreshCreds` in `plugin/pkg/client/auth/exec/exec.go`).
#[test]
fn runs_the_login_program_again_after_a_401() {
    let Some(fixture) = fixture("runs_the_login_program_again_after_a_401") else { return };
    let (proxy, second) = switchable(fixture);
    second.store(true, Ordering::Relaxed);
    let cluster = fixture.cluster(&json!({"server": proxy.url()}));
    check(
        fixture,
        vec![
            Case::new("exec, 401 for the first token", &cluster, &exec(&json!({}))).file("login", first_then_second()),
        ],
    );
}

#[test]
fn console_runs_the_login_program_again_after_a_401() {
    let Some(fixture) = fixture("console_runs_the_login_program_again_after_a_401") else { return };
    let (proxy, second) = switchable(fixture);
    let cluster = fixture.cluster(&json!({"server": proxy.url()}));
    let workspace =
        Workspace::new(fixture, &Case::new("", &cluster, &exec(&json!({}))).file("login", first_then_second()));
    let mut console = Terminal::console(&workspace.person, &[]);
    console.expect_text("● live");
    assert_eq!(workspace.login_runs(), 1);
    second.store(true, Ordering::Relaxed);
    proxy.close_connections();
    expect_recovery(&mut console, &proxy);
    assert_eq!(workspace.login_runs(), 2);
}

#[test]
fn console_reads_the_token_file_again_after_a_401() {
    let Some(fixture) = fixture("console_reads_the_token_file_again_after_a_401") else { return };
    let (proxy, second) = switchable(fixture);
    let cluster = fixture.cluster(&json!({"server": proxy.url()}));
    let case = Case::new("", &cluster, &json!({"tokenFile": "token"})).file("token", "s3cret-first\n");
    let workspace = Workspace::new(fixture, &case);
    let mut console = Terminal::console(&workspace.person, &[]);
    console.expect_text("● live");
    workspace.write("token", b"s3cret-second");
    second.store(true, Ordering::Relaxed);
    proxy.close_connections();
    expect_recovery(&mut console, &proxy);
}

/// Waits until the console is live again, with the second token.
fn expect_recovery(console: &mut Terminal, proxy: &ReverseProxy) {
    eventually("a request with the second token", || {
        proxy.requests().iter().any(|request| request.header("authorization") == SECOND).then_some(())
    });
    console.expect_text("● live");
    console.keys("2");
    console.expect_text("system:masters");
}

/// The lifetime that the login program reports for each certificate.
const LIFETIME: Duration = Duration::from_secs(3);

/// Adds a program that prints another certificate of an admin on each run, with its expiry.
fn with_rotating_certificates(fixture: &Fixture, mut case: Case) -> Case {
    let last = 9;
    for number in 1..=last {
        let text = fixture.plane.kubeconfig_text(&format!("rotating-{number}"), Some("system:masters"));
        let user: Value = serde_yaml::from_str(&text).unwrap();
        let pem = |name: &str| {
            use base64::Engine;
            let data = user["users"][0]["user"][name].as_str().unwrap();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap()
        };
        let answer = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {
                "expirationTimestamp": "@EXPIRY@",
                "clientCertificateData": pem("client-certificate-data"), "clientKeyData": pem("client-key-data"),
            },
        });
        case = case.file(&format!("answer-{number}"), answer.to_string());
    }
    let script = format!(
        "number=$(wc -l <\"$HOME/logins\"); [ $number -le {last} ] || number={last}\n\
         expiry=$(date -u -d '+{} seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
         sed \"s/@EXPIRY@/$expiry/\" \"$HOME/.kube/answer-$number\"",
        LIFETIME.as_secs()
    );
    case.file("login", program(&script))
}

/// As in client-go, the program runs for the first request after the certificate expired, and connections with the old
/// certificate are closed (`refreshCredsLocked` in `plugin/pkg/client/auth/exec/exec.go`).
#[test]
fn replaces_an_expired_certificate_and_the_connection() {
    let Some(fixture) = fixture("replaces_an_expired_certificate_and_the_connection") else { return };
    let tls = fixture.serving().server_config_with_client_ca(&fixture.authority);
    let proxy = ReverseProxy::start(&fixture.plane, Some(tls), |request| {
        Action::Forward(request.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
    });
    let cluster = fixture.cluster(&json!({"server": proxy.url()}));
    let case = with_rotating_certificates(fixture, Case::text("", kubeconfig(&cluster, &exec(&json!({})))));
    let workspace = Workspace::new(fixture, &case);
    let name = unique("renewed");
    create(&fixture.plane, &name, &name, &["dev"]);
    let mut console = Terminal::console(&workspace.person, &[]);
    let began = Instant::now();
    console.expect_text("● live");
    let first = proxy.requests()[0].certificate.clone();
    assert!(first.is_some());
    console.find(&name, "Subject");
    eventually("the certificate has expired", || (began.elapsed() > LIFETIME + Duration::from_secs(2)).then_some(()));
    let before = proxy.requests().len();
    console.keys("a");
    console.expect_text("Approve it?");
    console.keys("y");
    console.expect_text("is approved");
    let later = proxy.requests().split_off(before);
    assert!(
        !later.is_empty() && later.iter().all(|request| request.certificate != first),
        "a request used the old certificate"
    );
    console.expect_text("● live");
    // Each one is replaced a second before it ends.
    let most = began.elapsed().as_secs() / (LIFETIME.as_secs() - 1) + 1;
    assert!((2..=most).contains(&(workspace.login_runs() as u64)), "{} login runs", workspace.login_runs());
}
