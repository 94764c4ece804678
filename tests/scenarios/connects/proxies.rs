//! Proxies: those of the kubeconfig, and those of the environment by Go's rules (`golang.org/x/net/http/httpproxy`).

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::case::Case;
use super::parts::{Parts, parts, token};
use super::run::check;
use crate::support::front::{Front, as_admin};
use crate::support::proxy::{Manner, Speaks};
use crate::support::terminal::Terminal;
use crate::support::{Person, program};

/// A host that only the proxies find.
const ELSEWHERE: &str = "api.test.invalid";

/// Loopback by its effect, though no rule about loopback knows it.
const EVERYWHERE: &str = "0.0.0.0";

/// Where the API server listens.
fn api_server(parts: &Parts) -> SocketAddr {
    format!("127.0.0.1:{}", parts.port()).parse().unwrap()
}

/// The cluster at this host, with a certificate of another name.
fn at(parts: &Parts, host: &str, fields: &Value) -> Value {
    let mut cluster = parts.cluster(fields);
    cluster["server"] = format!("https://{host}:{}", parts.port()).into();
    cluster["tls-server-name"] = "kubernetes.default.svc".into();
    cluster
}

#[test]
fn proxies_of_the_kubeconfig() {
    let Some(parts) = parts("proxies_of_the_kubeconfig") else { return };
    check(parts, [by_kubeconfig(parts), failing(parts)].concat());
}

#[test]
fn proxies_of_the_environment() {
    let Some(parts) = parts("proxies_of_the_environment") else { return };
    check(parts, [by_environment(parts), exceptions(parts)].concat());
}

/// The practice cluster is on loopback, which no proxy is asked for.
#[test]
fn the_practice_cluster_needs_no_proxy() {
    let person = Person::alone("");
    let command = [program().display().to_string(), "--sandbox".to_owned()];
    let dead = "http://127.0.0.1:1";
    let variables = [("HTTPS_PROXY", dead), ("https_proxy", dead), ("HTTP_PROXY", dead), ("http_proxy", dead)];
    Terminal::start_with(&person, &command, &variables).sees("● live");
}

fn with_url(parts: &Parts, url: &str, speaks: Speaks, manner: Manner) -> Case {
    let name = format!("proxy-url {url}, {manner:?}");
    Case::new(&name, &at(parts, ELSEWHERE, &json!({"proxy-url": url})), &token(&json!({}))).proxy(
        speaks,
        manner,
        api_server(parts),
    )
}

fn by_kubeconfig(parts: &Parts) -> Vec<Case> {
    let with = |url: &str, speaks, manner| with_url(parts, url, speaks, manner);
    let connects = |url: &str, speaks, manner| with(url, speaks, manner).asks_proxy(true);
    let loopback = parts.cluster(&json!({"proxy-url": "http://@PROXY@"}));
    let certificate = at(parts, ELSEWHERE, &json!({"proxy-url": "http://@PROXY@"}));
    vec![
        connects("http://@PROXY@", Speaks::Http, Manner::Connects).console(),
        connects("https://@PROXY@", Speaks::Https, Manner::Connects).console(),
        connects("socks5://@PROXY@", Speaks::Socks, Manner::Connects).console(),
        with("socks5h://@PROXY@", Speaks::Socks, Manner::Connects).fails(&["proxy-url", "socks5h"]),
        connects("http://user:s3cret-word@@PROXY@", Speaks::Http, Manner::Asks).console(),
        connects("http://user:s3cret%2Dword@@PROXY@/", Speaks::Http, Manner::Asks),
        connects("https://user:s3cret-word@@PROXY@", Speaks::Https, Manner::Asks),
        connects("socks5://user:s3cret-word@@PROXY@", Speaks::Socks, Manner::Asks),
        Case::new("proxy-url and a client certificate", &certificate, &parts.certificate(&json!({})))
            .proxy(Speaks::Http, Manner::Connects, api_server(parts))
            .asks_proxy(true),
        Case::new("proxy-url for a server on loopback", &loopback, &token(&json!({})))
            .proxy(Speaks::Http, Manner::Connects, api_server(parts))
            .asks_proxy(true),
        connects("http://@PROXY@", Speaks::Http, Manner::Connects)
            .variable("NO_PROXY", "*")
            .variable("HTTPS_PROXY", "http://127.0.0.1:1"),
        with("ftp://@PROXY@", Speaks::Http, Manner::Connects).fails(&["proxy-url"]).asks_proxy(false),
        with("@PROXY@", Speaks::Http, Manner::Connects).fails(&["proxy-url"]).asks_proxy(false),
        with("http://user:s3cret word@@PROXY@", Speaks::Http, Manner::Asks).fails(&["proxy-url"]).asks_proxy(false),
        with("", Speaks::Http, Manner::Connects).variable("HTTPS_PROXY", "@PROXY@").asks_proxy(true),
    ]
}

/// The proxy is at fault: it is named, without its password.
fn failing(parts: &Parts) -> Vec<Case> {
    let named = ["proxy", "127.0.0.1:"];
    let with = |url: &str, speaks, manner| with_url(parts, url, speaks, manner).fails(&named);
    let said = "http://user:s3cret-word@@PROXY@";
    vec![
        with(said, Speaks::Http, Manner::Refuses(407)).fails(&["proxy", "127.0.0.1:", "407"]),
        with("http://user:s3cret-wrong@@PROXY@", Speaks::Http, Manner::Asks).fails(&["proxy", "127.0.0.1:", "407"]),
        with(said, Speaks::Http, Manner::Refuses(502)).fails(&["proxy", "127.0.0.1:", "502"]),
        with(said, Speaks::Http, Manner::Refuses(302)),
        with(said, Speaks::Http, Manner::Babbles),
        with(said, Speaks::Http, Manner::Hangs).arguments(&["--request-timeout", "1s"]),
        with("https://user:s3cret-word@@PROXY@", Speaks::Http, Manner::Connects),
        with("https://user:s3cret-word@@PROXY@", Speaks::Https, Manner::Refuses(502)).fails(&["proxy", "502"]),
        with("socks5://user:s3cret-wrong@@PROXY@", Speaks::Socks, Manner::Asks),
        with("socks5://@PROXY@", Speaks::Socks, Manner::Asks),
        with("socks5://user:s3cret-word@@PROXY@", Speaks::Socks, Manner::Refuses(0)),
        with("socks5://user:s3cret-word@@PROXY@", Speaks::Socks, Manner::Babbles),
        with("socks5://user:s3cret-word@@PROXY@", Speaks::Socks, Manner::Hangs).arguments(&["--request-timeout", "1s"]),
        with("http://user:s3cret-word@127.0.0.1:1", Speaks::Http, Manner::Connects),
        with("socks5://user:s3cret-word@127.0.0.1:1", Speaks::Socks, Manner::Connects),
    ]
}

/// A case whose server is at this host, whose proxy is in these variables.
fn set(parts: &Parts, host: &str, variables: &[(&str, &str)]) -> Case {
    let said: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = format!("{} for {host}", said.join(" "));
    let case = Case::new(&name, &at(parts, host, &json!({})), &token(&json!({})));
    let speaks = if name.contains("socks") { Speaks::Socks } else { Speaks::Http };
    let case = case.proxy(speaks, Manner::Connects, api_server(parts));
    variables.iter().fold(case, |case, (name, value)| case.variable(name, value))
}

fn by_environment(parts: &Parts) -> Vec<Case> {
    let through = |variables: &[(&str, &str)]| set(parts, EVERYWHERE, variables).asks_proxy(true);
    let direct = |host: &str, variables: &[(&str, &str)]| set(parts, host, variables).asks_proxy(false);
    let front = Front::start(&parts.plane, None, as_admin);
    let plain = parts.cluster(&json!({"server": format!("http://{ELSEWHERE}:80"), "certificate-authority-data": null}));
    let plain = |name: &str, variable: &str| {
        Case::new(name, &plain, &token(&json!({}))).variable(variable, "http://@PROXY@").proxy(
            Speaks::Http,
            Manner::Connects,
            front.address,
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
        set(parts, ELSEWHERE, &[("HTTPS_PROXY", "http://@PROXY@")]).asks_proxy(true),
        direct(EVERYWHERE, &[("HTTP_PROXY", "http://@PROXY@")]),
        direct(EVERYWHERE, &[("http_proxy", "http://@PROXY@")]),
        direct(EVERYWHERE, &[("ALL_PROXY", "http://@PROXY@"), ("all_proxy", "http://@PROXY@")]),
        direct(EVERYWHERE, &[("HTTPS_PROXY", "")]),
        direct("127.0.0.1", &[("HTTPS_PROXY", "http://127.0.0.1:1")]).console(),
        direct("localhost", &[("HTTPS_PROXY", "http://127.0.0.1:1")]),
        set(parts, EVERYWHERE, &[("HTTPS_PROXY", "http://user:s3cret-word@127.0.0.1:1")])
            .fails(&["proxy", "127.0.0.1:1"]),
        through(&[("HTTPS_PROXY", "ftp://@PROXY@")]),
        plain("HTTP_PROXY for a server of plain HTTP", "HTTP_PROXY").asks_proxy(true),
        plain("http_proxy for a server of plain HTTP", "http_proxy").asks_proxy(true),
    ]
}

fn exceptions(parts: &Parts) -> Vec<Case> {
    let set =
        |host: &str, name: &str, value: &str| set(parts, host, &[("HTTPS_PROXY", "http://@PROXY@"), (name, value)]);
    let direct = |value: &str| set(EVERYWHERE, "NO_PROXY", value).asks_proxy(false);
    let through = |host: &str, value: &str| set(host, "NO_PROXY", value).asks_proxy(true);
    let unresolved = |value: &str| set(ELSEWHERE, "NO_PROXY", value).asks_proxy(false).fails(&[ELSEWHERE]);
    let port = parts.port();
    vec![
        direct("0.0.0.0"),
        direct("0.0.0.0/8"),
        direct("example.com, 0.0.0.0 ,"),
        direct("*"),
        direct(&format!("0.0.0.0:{port}")),
        set(EVERYWHERE, "no_proxy", "0.0.0.0").asks_proxy(false),
        through(EVERYWHERE, "0.0.0.0:1"),
        through(EVERYWHERE, "10.0.0.0/8"),
        through(EVERYWHERE, "0.0.0"),
        through(EVERYWHERE, "example.com,*x"),
        through("192.0.2.1", "10.0.0.0/8,192.0.2.0/32"),
        unresolved(ELSEWHERE),
        unresolved("API.Test.Invalid"),
        unresolved("test.invalid"),
        unresolved(".test.invalid"),
        unresolved("*.test.invalid"),
        unresolved("invalid"),
        unresolved(&format!("api.test.invalid:{port}")),
        through(ELSEWHERE, "api.test.invalid:1"),
        through(ELSEWHERE, "est.invalid"),
        through(ELSEWHERE, ".api.test.invalid"),
        through(ELSEWHERE, "api.test"),
    ]
}
