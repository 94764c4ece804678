//! Reverse proxies in front of the API server: path prefixes, compression, redirects, error pages.

use http::Response;
use kube::client::Body;
use serde_json::json;

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, encoded, fixture, token};
use crate::control_plane::ADMIN_TOKEN;
use crate::support::reverse_proxy::{Action, ReceivedRequest, ReverseProxy, as_admin, forward, respond, unauthorized};

const PREFIX: &str = "/k8s/clusters/c-abc";

#[test]
fn connects_through_reverse_proxies() {
    let Some(fixture) = fixture("connects_through_reverse_proxies") else { return };
    check(fixture, forwarding(fixture));
}

#[test]
fn fails_with_a_clear_error_when_a_reverse_proxy_responds() {
    let Some(fixture) = fixture("fails_with_a_clear_error_when_a_reverse_proxy_responds") else { return };
    check(fixture, responding(fixture));
}

/// A reverse proxy with TLS.
fn start(fixture: &Fixture, handle: impl Fn(&ReceivedRequest) -> Action + Send + Sync + 'static) -> ReverseProxy {
    ReverseProxy::start(&fixture.plane, Some(fixture.serving().server_config(rustls::ALL_VERSIONS)), handle)
}

fn strip(request: &ReceivedRequest) -> Action {
    match request.target.strip_prefix(PREFIX) {
        Some(rest) if rest.starts_with('/') => {
            Action::Forward(rest.to_owned(), request.header("authorization").to_owned())
        }
        _ => respond(404, "text/html", "<html>not found</html>"),
    }
}

fn admin(request: &ReceivedRequest) -> Action {
    Action::Forward(request.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
}

fn compress(request: &ReceivedRequest) -> Action {
    // A watch does not end, and is not buffered.
    if request.target.contains("watch=") {
        return forward(request);
    }
    Action::ForwardCompressed(request.target.clone(), request.header("authorization").to_owned())
}

fn forwarding(fixture: &Fixture) -> Vec<Case> {
    let at = |name: &str, url: &str| Case::new(name, &fixture.cluster(&json!({"server": url})), &token(&json!({})));
    let prefixed = start(fixture, strip);
    let user_agents = start(fixture, |request| {
        if request.header("user-agent").is_empty() {
            respond(403, "text/plain", "a user agent is required")
        } else {
            forward(request)
        }
    });
    let plain = ReverseProxy::start(&fixture.plane, None, as_admin);
    let expected = format!("Basic {}", encoded("me:s3cret"));
    let basic =
        start(
            fixture,
            move |request| if request.header("authorization") == expected { admin(request) } else { unauthorized() },
        );
    vec![
        at("server with a path", &format!("{}{PREFIX}", prefixed.url())).console(),
        at("server with a path and a trailing slash", &format!("{}{PREFIX}/", prefixed.url())),
        at("server with a wrong path", &format!("{}/k8s", prefixed.url())).fails(&["no Kubernetes API"]),
        at("server with a trailing slash", &format!("{}/", start(fixture, forward).url())),
        at("server with a query", &format!("{}/?key=s3cret", start(fixture, forward).url())),
        Case::new(
            "server with user name and password",
            &fixture.cluster(&json!({"server": basic.url().replace("//", "//me:s3cret@")})),
            &token(&json!({})),
        ),
        at("server with an uppercase scheme", &start(fixture, forward).url().replace("https", "HTTPS")),
        at("compressed responses although not requested", &start(fixture, compress).url()).console(),
        at("User-Agent is required", &user_agents.url()),
        at("plain HTTP, without sending credentials", &format!("http://{}", plain.address)).console(),
    ]
}

fn responding(fixture: &Fixture) -> Vec<Case> {
    let at = |name: &str, proxy: &ReverseProxy| {
        Case::new(name, &fixture.cluster(&json!({"server": proxy.url()})), &token(&json!({})))
    };
    let page =
        |code: u16| start(fixture, move |_| respond(code, "text/html", "<html><b>an error page \u{1b}[2J</b></html>"));
    let to_login = start(fixture, |request| match request.target.as_str() {
        "/login" => respond(200, "text/html", "<html>log in</html>"),
        _ => Action::Respond(Response::builder().status(302).header("Location", "/login").body(Body::empty()).unwrap()),
    });
    let redirect_loop = start(fixture, |_| {
        Action::Respond(Response::builder().status(302).header("Location", "/loop").body(Body::empty()).unwrap())
    });
    let moved = start(fixture, |request| {
        if let Some(target) = request.target.strip_prefix("/moved") {
            return Action::Forward(target.to_owned(), request.header("authorization").to_owned());
        }
        let response = Response::builder().status(307).header("Location", format!("/moved{}", request.target));
        Action::Respond(response.body(Body::empty()).unwrap())
    });
    let busy = start(fixture, |_| {
        let response = Response::builder().status(429).header("Retry-After", "1");
        Action::Respond(response.body(Body::from(b"<html>busy</html>".to_vec())).unwrap())
    });
    let plain = ReverseProxy::start(&fixture.plane, None, forward);
    let address = plain.address;
    vec![
        at("404 without a Status", &page(404)).fails(&["no Kubernetes API"]),
        at("302 to a login page", &to_login).fails(&["login|redirect|302|no Kubernetes API"]),
        at("302 in a loop", &redirect_loop).fails(&["redirect|302"]),
        at("307 to the right path", &moved),
        at("200 with an HTML page", &start(fixture, |_| respond(200, "text/html", "<html>a page</html>")))
            .fails(&["127.0.0.1"]),
        at("200 with an empty body", &start(fixture, |_| respond(200, "application/json", ""))).fails(&["127.0.0.1"]),
        at("401 with an HTML page", &page(401)).fails(&["does not accept"]),
        at("403 with an HTML page", &page(403)).fails(&["403|may not|forbidden"]),
        at("500 with an HTML page", &page(500)).fails(&["500"]),
        at("503 with an HTML page", &page(503)).arguments(&["--request-timeout", "2s"]).fails(&["503"]),
        at("429 with an HTML page", &page(429)).arguments(&["--request-timeout", "2s"]).fails(&["429"]),
        at("429 with Retry-After, permanently", &busy).fails(&["429"]).arguments(&["--request-timeout", "1s"]),
        at("connection closed", &start(fixture, |_| Action::CloseConnection))
            .arguments(&["--request-timeout", "1s"])
            .fails(&["127.0.0.1"]),
        Case::new(
            "https to a plain HTTP server",
            &fixture.cluster(&json!({"server": format!("https://{address}")})),
            &token(&json!({})),
        )
        .fails(&["127.0.0.1"]),
        Case::new(
            "http to a TLS server",
            &fixture.cluster(&json!({"server": fixture.plane.server().replace("https", "http")})),
            &token(&json!({})),
        )
        .fails(&["https"]),
        Case::new(
            "connection refused",
            &fixture.cluster(&json!({"server": "https://127.0.0.1:1"})),
            &token(&json!({})),
        )
        .fails(&["127.0.0.1:1"]),
        Case::new(
            "unknown host name",
            &fixture.cluster(&json!({"server": "https://api.test.invalid"})),
            &token(&json!({})),
        )
        .fails(&["api.test.invalid"]),
    ]
}
