//! What stands in front of many API servers: reverse proxies, with a path prefix, login pages, errors of their own.

use http::Response;
use kube::client::Body;
use serde_json::json;

use super::case::Case;
use super::parts::{Parts, encoded, parts, token};
use super::run::check;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::front::{Front, Seen, Step, answer, as_admin, forward, unauthorized};

const PREFIX: &str = "/k8s/clusters/c-abc";

#[test]
fn reverse_proxies_that_pass_requests_on() {
    let Some(parts) = parts("reverse_proxies_that_pass_requests_on") else { return };
    check(parts, passing(parts));
}

#[test]
fn reverse_proxies_that_answer_themselves() {
    let Some(parts) = parts("reverse_proxies_that_answer_themselves") else { return };
    check(parts, answering(parts));
}

/// A front with TLS and what it makes of requests.
fn front(parts: &Parts, decide: impl Fn(&Seen) -> Step + Send + Sync + 'static) -> Front {
    Front::start(&parts.plane, Some(parts.serving().serves(rustls::ALL_VERSIONS)), decide)
}

fn strip(seen: &Seen) -> Step {
    match seen.target.strip_prefix(PREFIX) {
        Some(rest) if rest.starts_with('/') => Step::Forward(rest.to_owned(), seen.header("authorization").to_owned()),
        _ => answer(404, "text/html", "<html>not here</html>"),
    }
}

fn admin(seen: &Seen) -> Step {
    Step::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
}

fn compress(seen: &Seen) -> Step {
    // A stream has no end that could be waited for.
    if seen.target.contains("watch=") {
        return forward(seen);
    }
    Step::Compress(seen.target.clone(), seen.header("authorization").to_owned())
}

fn passing(parts: &Parts) -> Vec<Case> {
    let at = |name: &str, url: &str| Case::new(name, &parts.cluster(&json!({"server": url})), &token(&json!({})));
    let stripping = front(parts, strip);
    let named = front(parts, |seen| {
        // kubectl and countersign say what they are, as the API's conventions want it.
        if seen.header("user-agent").contains('/') { forward(seen) } else { answer(403, "text/plain", "who?") }
    });
    let plain = Front::start(&parts.plane, None, as_admin);
    let mine = format!("Basic {}", encoded("me:s3cret"));
    let basic =
        front(parts, move |seen| if seen.header("authorization") == mine { admin(seen) } else { unauthorized() });
    vec![
        at("server with a path", &format!("{}{PREFIX}", stripping.url())).console(),
        at("server with a path and a slash", &format!("{}{PREFIX}/", stripping.url())),
        at("server with another path", &format!("{}/k8s", stripping.url())).fails(&["no Kubernetes API"]),
        at("server with a slash", &format!("{}/", front(parts, forward).url())),
        at("server with a query", &format!("{}/?key=s3cret", front(parts, forward).url())),
        Case::new(
            "user and password in the server's address",
            &parts.cluster(&json!({"server": basic.url().replace("//", "//me:s3cret@")})),
            &token(&json!({})),
        ),
        at("server in capitals", &front(parts, forward).url().replace("https", "HTTPS")),
        at("answers are compressed unasked", &front(parts, compress).url()).console(),
        at("clients have to say who they are", &named.url()),
        at("plain HTTP, which carries no credentials", &format!("http://{}", plain.address)).console(),
    ]
}

fn answering(parts: &Parts) -> Vec<Case> {
    let at = |name: &str, front: &Front| {
        Case::new(name, &parts.cluster(&json!({"server": front.url()})), &token(&json!({})))
    };
    let page =
        |code: u16| front(parts, move |_| answer(code, "text/html", "<html><b>an error page \u{1b}[2J</b></html>"));
    let to_login = front(parts, |seen| match seen.target.as_str() {
        "/login" => answer(200, "text/html", "<html>log in</html>"),
        _ => Step::Answer(Response::builder().status(302).header("Location", "/login").body(Body::empty()).unwrap()),
    });
    let around = front(parts, |_| {
        Step::Answer(Response::builder().status(302).header("Location", "/around").body(Body::empty()).unwrap())
    });
    let moved = front(parts, |seen| {
        if let Some(target) = seen.target.strip_prefix("/moved") {
            return Step::Forward(target.to_owned(), seen.header("authorization").to_owned());
        }
        let there = Response::builder().status(307).header("Location", format!("/moved{}", seen.target));
        Step::Answer(there.body(Body::empty()).unwrap())
    });
    let busy = front(parts, |_| {
        let busy = Response::builder().status(429).header("Retry-After", "1");
        Step::Answer(busy.body(Body::from(b"<html>busy</html>".to_vec())).unwrap())
    });
    let plain = Front::start(&parts.plane, None, forward);
    let address = plain.address;
    vec![
        at("404 without a Status", &page(404)).fails(&["no Kubernetes API"]),
        at("302 to a login page", &to_login).fails(&["login|redirect|302|no Kubernetes API"]),
        at("302 around and around", &around).fails(&["redirect|302"]),
        at("307 to where it is", &moved),
        at("200 with a page", &front(parts, |_| answer(200, "text/html", "<html>a page</html>"))).fails(&["127.0.0.1"]),
        at("200 with nothing", &front(parts, |_| answer(200, "application/json", ""))).fails(&["127.0.0.1"]),
        at("401 with a page", &page(401)).fails(&["does not accept"]),
        at("403 with a page", &page(403)).fails(&["403|may not|forbidden"]),
        at("500 with a page", &page(500)).fails(&["500"]),
        at("503 with a page", &page(503)).arguments(&["--request-timeout", "2s"]).fails(&["503"]),
        at("429 with a page", &page(429)).arguments(&["--request-timeout", "2s"]).fails(&["429"]),
        at("429, try again after a second, for ever", &busy).fails(&["429"]).arguments(&["--request-timeout", "1s"]),
        at("connection closed", &front(parts, |_| Step::Close))
            .arguments(&["--request-timeout", "1s"])
            .fails(&["127.0.0.1"]),
        Case::new(
            "https to a server of plain HTTP",
            &parts.cluster(&json!({"server": format!("https://{address}")})),
            &token(&json!({})),
        )
        .fails(&["127.0.0.1"]),
        Case::new(
            "http to a server of TLS",
            &parts.cluster(&json!({"server": parts.plane.server().replace("https", "http")})),
            &token(&json!({})),
        )
        .fails(&["https"]),
        Case::new("nobody listens", &parts.cluster(&json!({"server": "https://127.0.0.1:1"})), &token(&json!({})))
            .fails(&["127.0.0.1:1"]),
        Case::new(
            "a name that is nobody's",
            &parts.cluster(&json!({"server": "https://api.test.invalid"})),
            &token(&json!({})),
        )
        .fails(&["api.test.invalid"]),
    ]
}
