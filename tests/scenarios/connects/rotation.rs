//! Credentials that change while the console is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::case::Case;
use super::login_programs::{exec, prints, program};
use super::parts::{Parts, kubeconfig, parts};
use super::place::Place;
use super::run::check;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::front::{Front, Step, unauthorized};
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{eventually, unique};

/// The second of two tokens.
const SECOND: &str = "Bearer s3cret-second";

/// A server that accepts the first of two tokens until it is told to accept the second alone.
fn fickle(parts: &Parts) -> (Front, Arc<AtomicBool>) {
    let second = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&second);
    let front = Front::start(&parts.plane, Some(parts.serving().serves(rustls::ALL_VERSIONS)), move |seen| {
        let accepted = if now.load(Ordering::Relaxed) { SECOND } else { "Bearer s3cret-first" };
        if seen.header("authorization") == accepted {
            Step::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
        } else {
            unauthorized()
        }
    });
    (front, second)
}

/// A program that prints the first token when it runs for the first time, and the second from then on.
fn first_and_second() -> String {
    let (first, second) = (json!({"token": "s3cret-first"}), json!({"token": "s3cret-second"}));
    program(&format!(
        "if [ \"$(wc -l <\"$HOME/logins\")\" = 1 ]; then\n{}\nelse\n{}\nfi",
        prints(&first),
        prints(&second)
    ))
}

/// kubectl starts a program once more when the server does not accept its token.
#[test]
fn a_token_that_the_server_does_not_accept_is_replaced_once() {
    let Some(parts) = parts("a_token_that_the_server_does_not_accept_is_replaced_once") else { return };
    let (front, second) = fickle(parts);
    second.store(true, Ordering::Relaxed);
    let there = parts.cluster(&json!({"server": front.url()}));
    check(
        parts,
        vec![Case::new("exec, 401 to its first token", &there, &exec(&json!({}))).file("login", first_and_second())],
    );
}

#[test]
fn the_console_logs_in_again_when_its_token_is_not_accepted_any_more() {
    let Some(parts) = parts("the_console_logs_in_again_when_its_token_is_not_accepted_any_more") else { return };
    let (front, second) = fickle(parts);
    let there = parts.cluster(&json!({"server": front.url()}));
    let place = Place::new(parts, &Case::new("", &there, &exec(&json!({}))).file("login", first_and_second()));
    let mut console = Terminal::console(&place.person, &[]);
    console.sees("● live");
    assert_eq!(place.logins(), 1);
    second.store(true, Ordering::Relaxed);
    front.cut();
    goes_on(&mut console, &front);
    assert_eq!(place.logins(), 2);
}

#[test]
fn the_console_reads_a_token_file_again_when_its_token_is_not_accepted_any_more() {
    let Some(parts) = parts("the_console_reads_a_token_file_again") else { return };
    let (front, second) = fickle(parts);
    let there = parts.cluster(&json!({"server": front.url()}));
    let case = Case::new("", &there, &json!({"tokenFile": "token"})).file("token", "s3cret-first\n");
    let place = Place::new(parts, &case);
    let mut console = Terminal::console(&place.person, &[]);
    console.sees("● live");
    place.write("token", b"s3cret-second");
    second.store(true, Ordering::Relaxed);
    front.cut();
    goes_on(&mut console, &front);
}

/// The console is live again, with the second token, and reads more than before.
fn goes_on(console: &mut Terminal, front: &Front) {
    eventually("a request with the second token", || {
        front.seen().iter().any(|seen| seen.header("authorization") == SECOND).then_some(())
    });
    console.sees("● live");
    console.keys("2");
    console.sees("system:masters");
}

/// How long each of the certificates is good for, by the program's word.
const SHORT: Duration = Duration::from_secs(3);

/// A program whose every run gives another certificate of the admin's, with its end.
fn rotating(parts: &Parts, mut case: Case) -> Case {
    let last = 9;
    for number in 1..=last {
        let text = parts.plane.kubeconfig_text(&format!("rotating-{number}"), Some("system:masters"));
        let user: Value = serde_yaml::from_str(&text).unwrap();
        let part = |name: &str| {
            use base64::Engine;
            let data = user["users"][0]["user"][name].as_str().unwrap();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap()
        };
        let answer = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {
                "expirationTimestamp": "@END@",
                "clientCertificateData": part("client-certificate-data"), "clientKeyData": part("client-key-data"),
            },
        });
        case = case.file(&format!("answer-{number}"), answer.to_string());
    }
    let script = format!(
        "number=$(wc -l <\"$HOME/logins\"); [ $number -le {last} ] || number={last}\n\
         end=$(date -u -d '+{} seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
         sed \"s/@END@/$end/\" \"$HOME/.kube/answer-$number\"",
        SHORT.as_secs()
    );
    case.file("login", program(&script))
}

/// As in client-go: the program runs again when its certificate has ended and a request is made, and the connections that
/// were made with the old certificate are not used any more.
#[test]
fn a_certificate_that_ends_is_replaced_and_so_is_the_connection() {
    let Some(parts) = parts("a_certificate_that_ends_is_replaced_and_so_is_the_connection") else { return };
    let tls = parts.serving().serves_clients_of(&parts.authority);
    let front = Front::start(&parts.plane, Some(tls), |seen| {
        Step::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
    });
    let there = parts.cluster(&json!({"server": front.url()}));
    let case = rotating(parts, Case::text("", kubeconfig(&there, &exec(&json!({})))));
    let place = Place::new(parts, &case);
    let name = unique("renewed");
    create(&parts.plane, &name, &name, &["dev"]);
    let mut console = Terminal::console(&place.person, &[]);
    let began = Instant::now();
    console.sees("● live");
    let first = front.seen()[0].certificate.clone();
    assert!(first.is_some());
    console.finds(&name, "Subject");
    eventually("the certificate's end", || (began.elapsed() > SHORT + Duration::from_secs(2)).then_some(()));
    let before = front.seen().len();
    console.keys("a");
    console.sees("Approve it?");
    console.keys("y");
    console.sees("is approved");
    let later = front.seen().split_off(before);
    assert!(!later.is_empty() && later.iter().all(|seen| seen.certificate != first), "the old certificate is used");
    console.sees("● live");
    let most = began.elapsed().as_secs() / SHORT.as_secs() + 1;
    assert!((2..=most).contains(&(place.logins() as u64)), "{} logins", place.logins());
}
