//! Proxies of the kubeconfig, and of the environment by Go's rules (`golang.org/x/net/http/httpproxy`).

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use crate::support::forward_proxy::{ProxyBehavior, ProxyProtocol};
use crate::support::reverse_proxy::{ReverseProxy, as_admin};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, program};

/// A host name that cannot be resolved; the proxies of the tests do not resolve names.
const UNRESOLVABLE: &str = "api.test.invalid";

/// An address that reaches loopback on Linux, but that Go does not exempt from proxies as loopback.
const ANY_ADDRESS: &str = "0.0.0.0";

/// The address of the API server.
fn api_server(fixture: &Fixture) -> SocketAddr {
    format!("127.0.0.1:{}", fixture.port()).parse().unwrap()
}

/// The cluster at this host, which is not in the certificate of the API server.
fn at(fixture: &Fixture, host: &str, fields: &Value) -> Value {
    let mut cluster = fixture.cluster(fields);
    cluster["server"] = format!("https://{host}:{}", fixture.port()).into();
    cluster["tls-server-name"] = "kubernetes.default.svc".into();
    cluster
}

#[test]
fn uses_the_proxy_of_the_kubeconfig() {
    let Some(fixture) = fixture("uses_the_proxy_of_the_kubeconfig") else { return };
    check(fixture, [by_kubeconfig(fixture), failing(fixture)].concat());
}

#[test]
fn uses_the_proxy_of_the_environment() {
    let Some(fixture) = fixture("uses_the_proxy_of_the_environment") else { return };
    check(fixture, [by_environment(fixture), exceptions(fixture)].concat());
}

/// The practice cluster is on loopback, which is exempt from proxies.
#[test]
fn connects_to_the_practice_cluster_without_a_proxy() {
    let person = TestUser::alone("");
    let command = [program().display().to_string(), "--sandbox".to_owned()];
    let unreachable = "http://127.0.0.1:1";
    let variables = [
        ("HTTPS_PROXY", unreachable),
        ("https_proxy", unreachable),
        ("HTTP_PROXY", unreachable),
        ("http_proxy", unreachable),
    ];
    Terminal::start_with(&person, &command, &variables).expect_text("● live");
}

fn with_url(fixture: &Fixture, url: &str, protocol: ProxyProtocol, behavior: ProxyBehavior) -> Case {
    let name = format!("proxy-url {url:?}, {protocol:?} proxy, {behavior:?}");
    Case::new(&name, &at(fixture, UNRESOLVABLE, &json!({"proxy-url": url})), &token(&json!({}))).proxy(
        protocol,
        behavior,
        api_server(fixture),
    )
}

fn by_kubeconfig(fixture: &Fixture) -> Vec<Case> {
    let with = |url: &str, protocol, behavior| with_url(fixture, url, protocol, behavior);
    let connects = |url: &str, protocol, behavior| with(url, protocol, behavior).uses_proxy(true);
    let loopback = fixture.cluster(&json!({"proxy-url": "http://@PROXY@"}));
    let certificate = at(fixture, UNRESOLVABLE, &json!({"proxy-url": "http://@PROXY@"}));
    vec![
        connects("http://@PROXY@", ProxyProtocol::Http, ProxyBehavior::Forward).console(),
        connects("https://@PROXY@", ProxyProtocol::Https, ProxyBehavior::Forward).console(),
        connects("socks5://@PROXY@", ProxyProtocol::Socks, ProxyBehavior::Forward).console(),
        with("socks5h://@PROXY@", ProxyProtocol::Socks, ProxyBehavior::Forward).fails(&["proxy-url", "socks5h"]),
        connects("http://user:s3cret-word@@PROXY@", ProxyProtocol::Http, ProxyBehavior::RequirePassword).console(),
        connects("http://user:s3cret%2Dword@@PROXY@/", ProxyProtocol::Http, ProxyBehavior::RequirePassword),
        connects("https://user:s3cret-word@@PROXY@", ProxyProtocol::Https, ProxyBehavior::RequirePassword),
        connects("socks5://user:s3cret-word@@PROXY@", ProxyProtocol::Socks, ProxyBehavior::RequirePassword),
        Case::new("proxy-url and a client certificate", &certificate, &fixture.certificate(&json!({})))
            .proxy(ProxyProtocol::Http, ProxyBehavior::Forward, api_server(fixture))
            .uses_proxy(true),
        Case::new("proxy-url for a server on loopback", &loopback, &token(&json!({})))
            .proxy(ProxyProtocol::Http, ProxyBehavior::Forward, api_server(fixture))
            .uses_proxy(true),
        connects("http://@PROXY@", ProxyProtocol::Http, ProxyBehavior::Forward)
            .named("proxy-url has precedence over HTTPS_PROXY and NO_PROXY")
            .env("NO_PROXY", "*")
            .env("HTTPS_PROXY", "http://127.0.0.1:1"),
        with("ftp://@PROXY@", ProxyProtocol::Http, ProxyBehavior::Forward).fails(&["proxy-url"]).uses_proxy(false),
        with("@PROXY@", ProxyProtocol::Http, ProxyBehavior::Forward).fails(&["proxy-url"]).uses_proxy(false),
        with("http://user:s3cret word@@PROXY@", ProxyProtocol::Http, ProxyBehavior::RequirePassword)
            .fails(&["proxy-url"])
            .uses_proxy(false),
        with("", ProxyProtocol::Http, ProxyBehavior::Forward)
            .named("empty proxy-url, HTTPS_PROXY is used")
            .env("HTTPS_PROXY", "@PROXY@")
            .uses_proxy(true),
    ]
}

/// Failures of a proxy: the error names it, without its password.
fn failing(fixture: &Fixture) -> Vec<Case> {
    let named = ["proxy", "127.0.0.1:"];
    let with = |url: &str, protocol, behavior| with_url(fixture, url, protocol, behavior).fails(&named);
    let url = "http://user:s3cret-word@@PROXY@";
    vec![
        with(url, ProxyProtocol::Http, ProxyBehavior::Reject(407)).fails(&["proxy", "127.0.0.1:", "407"]),
        with("http://user:s3cret-invalid@@PROXY@", ProxyProtocol::Http, ProxyBehavior::RequirePassword).fails(&[
            "proxy",
            "127.0.0.1:",
            "407",
        ]),
        with(url, ProxyProtocol::Http, ProxyBehavior::Reject(502)).fails(&["proxy", "127.0.0.1:", "502"]),
        with(url, ProxyProtocol::Http, ProxyBehavior::Reject(302)),
        with(url, ProxyProtocol::Http, ProxyBehavior::Garbage),
        with(url, ProxyProtocol::Http, ProxyBehavior::Hang).arguments(&["--request-timeout", "1s"]),
        with("https://user:s3cret-word@@PROXY@", ProxyProtocol::Http, ProxyBehavior::Forward),
        with("https://user:s3cret-word@@PROXY@", ProxyProtocol::Https, ProxyBehavior::Reject(502))
            .fails(&["proxy", "502"]),
        with("socks5://user:s3cret-invalid@@PROXY@", ProxyProtocol::Socks, ProxyBehavior::RequirePassword),
        with("socks5://@PROXY@", ProxyProtocol::Socks, ProxyBehavior::RequirePassword),
        with("socks5://user:s3cret-word@@PROXY@", ProxyProtocol::Socks, ProxyBehavior::Reject(0)),
        with("socks5://user:s3cret-word@@PROXY@", ProxyProtocol::Socks, ProxyBehavior::Garbage),
        with("socks5://user:s3cret-word@@PROXY@", ProxyProtocol::Socks, ProxyBehavior::Hang)
            .arguments(&["--request-timeout", "1s"]),
        with("http://user:s3cret-word@127.0.0.1:1", ProxyProtocol::Http, ProxyBehavior::Forward),
        with("socks5://user:s3cret-word@127.0.0.1:1", ProxyProtocol::Socks, ProxyBehavior::Forward),
    ]
}

/// A case with the server at this host and these environment variables.
fn set(fixture: &Fixture, host: &str, variables: &[(&str, &str)]) -> Case {
    let pairs: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = format!("{} for {host}", pairs.join(" "));
    let case = Case::new(&name, &at(fixture, host, &json!({})), &token(&json!({})));
    let protocol = if name.contains("socks") { ProxyProtocol::Socks } else { ProxyProtocol::Http };
    let case = case.proxy(protocol, ProxyBehavior::Forward, api_server(fixture));
    variables.iter().fold(case, |case, (name, value)| case.env(name, value))
}

fn by_environment(fixture: &Fixture) -> Vec<Case> {
    let through = |variables: &[(&str, &str)]| set(fixture, ANY_ADDRESS, variables).uses_proxy(true);
    let direct = |host: &str, variables: &[(&str, &str)]| set(fixture, host, variables).uses_proxy(false);
    let plain_server = ReverseProxy::start(&fixture.plane, None, as_admin);
    let plain =
        fixture.cluster(&json!({"server": format!("http://{UNRESOLVABLE}:80"), "certificate-authority-data": null}));
    let plain = |name: &str, variable: &str| {
        Case::new(name, &plain, &token(&json!({}))).env(variable, "http://@PROXY@").proxy(
            ProxyProtocol::Http,
            ProxyBehavior::Forward,
            plain_server.address,
        )
    };
    vec![
        through(&[("HTTPS_PROXY", "http://@PROXY@")]).console(),
        through(&[("https_proxy", "http://@PROXY@")]),
        through(&[("HTTPS_PROXY", "@PROXY@")]),
        through(&[("HTTPS_PROXY", "socks5://@PROXY@")]),
        through(&[("HTTPS_PROXY", "socks5h://@PROXY@")]),
        through(&[("HTTPS_PROXY", "http://@PROXY@"), ("https_proxy", "http://127.0.0.1:1")]),
        through(&[("HTTPS_PROXY", ""), ("https_proxy", "http://@PROXY@")]),
        set(fixture, UNRESOLVABLE, &[("HTTPS_PROXY", "http://@PROXY@")]).uses_proxy(true),
        direct(ANY_ADDRESS, &[("HTTP_PROXY", "http://@PROXY@")]),
        direct(ANY_ADDRESS, &[("http_proxy", "http://@PROXY@")]),
        direct(ANY_ADDRESS, &[("ALL_PROXY", "http://@PROXY@"), ("all_proxy", "http://@PROXY@")]),
        direct(ANY_ADDRESS, &[("HTTPS_PROXY", "")]),
        direct("127.0.0.1", &[("HTTPS_PROXY", "http://127.0.0.1:1")]).console(),
        direct("localhost", &[("HTTPS_PROXY", "http://127.0.0.1:1")]),
        set(fixture, ANY_ADDRESS, &[("HTTPS_PROXY", "http://user:s3cret-word@127.0.0.1:1")])
            .fails(&["proxy", "127.0.0.1:1"]),
        through(&[("HTTPS_PROXY", "ftp://@PROXY@")]),
        plain("HTTP_PROXY for a plain HTTP server", "HTTP_PROXY").uses_proxy(true),
        plain("http_proxy for a plain HTTP server", "http_proxy").uses_proxy(true),
    ]
}

fn exceptions(fixture: &Fixture) -> Vec<Case> {
    let set =
        |host: &str, name: &str, value: &str| set(fixture, host, &[("HTTPS_PROXY", "http://@PROXY@"), (name, value)]);
    let direct = |value: &str| set(ANY_ADDRESS, "NO_PROXY", value).uses_proxy(false);
    let through = |host: &str, value: &str| set(host, "NO_PROXY", value).uses_proxy(true);
    let unresolved = |value: &str| set(UNRESOLVABLE, "NO_PROXY", value).uses_proxy(false).fails(&[UNRESOLVABLE]);
    let port = fixture.port();
    vec![
        direct("0.0.0.0"),
        direct("0.0.0.0/8"),
        direct("example.com, 0.0.0.0 ,"),
        direct("*"),
        direct(&format!("0.0.0.0:{port}")),
        set(ANY_ADDRESS, "no_proxy", "0.0.0.0").uses_proxy(false),
        through(ANY_ADDRESS, "0.0.0.0:1"),
        through(ANY_ADDRESS, "10.0.0.0/8"),
        through(ANY_ADDRESS, "0.0.0"),
        through(ANY_ADDRESS, "example.com,*x"),
        through("192.0.2.1", "10.0.0.0/8,192.0.2.0/32"),
        unresolved(UNRESOLVABLE),
        unresolved("API.Test.Invalid"),
        unresolved("test.invalid"),
        unresolved(".test.invalid"),
        unresolved("*.test.invalid"),
        unresolved("invalid"),
        unresolved(&format!("api.test.invalid:{port}")),
        through(UNRESOLVABLE, "api.test.invalid:1"),
        through(UNRESOLVABLE, "est.invalid"),
        through(UNRESOLVABLE, ".api.test.invalid"),
        through(UNRESOLVABLE, "api.test"),
    ]
}
