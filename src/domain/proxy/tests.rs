use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const PROXY: &str = "http://proxy.example:3128";
const SERVER: &str = "https://api.cluster.example:6443";

fn environment(variables: &[(&str, &str)]) -> ProxyEnvironment {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    ProxyEnvironment::from_variables(|name| variables.get(name).map(|value| (*value).to_owned()))
}

/// The proxy as it is shown; `direct` for none.
fn decided(variables: &[(&str, &str)], server: &str) -> Result<String, ProxyError> {
    let proxy = environment(variables).proxy_for(server)?;
    Ok(proxy.map_or_else(|| "direct".to_owned(), |proxy| proxy.to_string()))
}

fn is_direct(no_proxy: &str, server: &str) -> bool {
    decided(&[("HTTPS_PROXY", PROXY), ("NO_PROXY", no_proxy)], server) == Ok("direct".to_owned())
}

#[test]
fn the_variable_is_chosen_by_the_scheme_of_the_server() {
    let variables =
        [("HTTPS_PROXY", "http://secure:1"), ("HTTP_PROXY", "http://plain:2"), ("ALL_PROXY", "http://all:3")];
    assert_eq!(decided(&variables, "https://a"), Ok("http://secure:1".to_owned()));
    assert_eq!(decided(&variables, "http://a"), Ok("http://plain:2".to_owned()));
    assert_eq!(decided(&variables, "ftp://a"), Ok("direct".to_owned()));
    assert_eq!(decided(&variables[2..], "https://a"), Ok("direct".to_owned()));
}

#[test]
fn upper_case_wins_unless_it_is_empty() {
    let lower = ("https_proxy", "http://lower:1");
    assert_eq!(decided(&[lower, ("HTTPS_PROXY", "http://upper:2")], SERVER), Ok("http://upper:2".to_owned()));
    assert_eq!(decided(&[lower, ("HTTPS_PROXY", "")], SERVER), Ok("http://lower:1".to_owned()));
}

#[test]
fn cgi_programs_do_not_use_http_proxy() {
    let variables = [("HTTP_PROXY", PROXY), ("HTTPS_PROXY", PROXY), ("REQUEST_METHOD", "GET")];
    assert_eq!(decided(&variables, "http://a"), Err(ProxyError::Cgi));
    assert_eq!(decided(&variables, "https://a"), Ok(PROXY.to_owned()));
}

#[test]
fn values_are_urls_or_hosts() {
    for (value, shown) in [
        ("proxy.example", "http://proxy.example:80"),
        ("proxy.example:3128", PROXY),
        ("127.0.0.1:3128", "http://127.0.0.1:3128"),
        ("https://proxy.example", "https://proxy.example:443"),
        ("socks5h://proxy.example", "socks5://proxy.example:1080"),
        ("tcp://proxy.example:3128", PROXY),
        (":3128", "http://localhost:3128"),
        ("http://[fd00::1]:3128/path", "http://[fd00::1]:3128"),
        ("http://bücher.example", "http://xn--bcher-kva.example:80"),
        ("http://user:s3cret@proxy.example:3128", "http://REDACTED@proxy.example:3128"),
        ("%zz", "direct"),
    ] {
        assert_eq!(decided(&[("HTTPS_PROXY", value)], SERVER), Ok(shown.to_owned()), "{value}");
    }
}

#[test]
fn a_proxy_that_go_cannot_connect_to_is_an_error() {
    for (value, error) in [
        ("http://proxy.example:99999", ProxyError::Port),
        ("http://proxy.example:0", ProxyError::Port),
        ("tcp://proxy.example", ProxyError::Port),
        ("https://:3128", ProxyError::NoHost),
        ("proxy example", ProxyError::NoHost),
        ("http://user:pass word@proxy.example:3128", ProxyError::Malformed),
        ("http://http://proxy.example:3128", ProxyError::Malformed),
    ] {
        assert_eq!(decided(&[("HTTPS_PROXY", value)], SERVER), Err(error), "{value}");
    }
}

#[test]
fn loopback_is_reached_directly_by_name_and_by_address() {
    for server in ["https://localhost:1", "https://127.8.8.8", "https://[::1]:1", "https://[::ffff:127.0.0.1]"] {
        assert!(is_direct("", server), "{server}");
    }
    for server in ["https://LOCALHOST", "https://localhost.", "https://x.localhost", "https://10.0.0.1"] {
        assert!(!is_direct("", server), "{server}");
    }
}

#[test]
fn no_proxy_names_domains() {
    for entry in [
        "cluster.example",
        ".cluster.example",
        "*.cluster.example",
        "CLUSTER.Example",
        "example:6443",
        "api.cluster.example",
        " x , api.cluster.example, ",
        "x,*",
    ] {
        assert!(is_direct(entry, SERVER), "{entry}");
    }
    for entry in [
        "luster.example",
        ".api.cluster.example",
        "example:443",
        "*.*.example",
        "api.cluster.example x",
        "x;example",
        ":6443",
    ] {
        assert!(!is_direct(entry, SERVER), "{entry}");
    }
    assert!(is_direct("bücher.example", "https://xn--bcher-kva.example"));
    assert!(is_direct("xn--bcher-kva.example", "https://BÜCHER.example"));
}

#[test]
fn no_proxy_names_addresses_and_networks() {
    for entry in ["10.1.2.3", "10.1.2.3:443", "10.0.0.0/8", "010.0.0.0/8", "::ffff:10.0.0.0/104", "0.0.0.0/0"] {
        assert!(is_direct(entry, "https://10.1.2.3") && is_direct(entry, "https://[::ffff:10.1.2.3]"), "{entry}");
    }
    for entry in ["10.1.2.3:6443", "10.0.0.0/33", "10.", "::/0", "11.0.0.0/8", "10.0.0.0/8:443"] {
        assert!(!is_direct(entry, "https://10.1.2.3"), "{entry}");
    }
    for entry in ["2001:db8::7", "[2001:db8::7]:443", "2001:DB8::/32", "::/0"] {
        assert!(is_direct(entry, "https://[2001:db8:0::7]"), "{entry}");
    }
    for entry in ["[2001:db8::7]", "[2001:db8::7]:6443", "0.0.0.0/0", "2001:db8::/129"] {
        assert!(!is_direct(entry, "https://[2001:db8::7]"), "{entry}");
    }
    assert!(is_direct("fe80::1", "https://[fe80::1%25eth0]"));
}

#[test]
fn the_kubeconfig_wins_for_every_server() {
    let environment = environment(&[("HTTPS_PROXY", PROXY), ("NO_PROXY", "*")]);
    for server in ["https://localhost", "https://10.1.2.3"] {
        let proxy = for_server(Some("socks5://tunnel"), &environment, server).unwrap().unwrap();
        assert_eq!(proxy.to_string(), "socks5://tunnel:1080");
        assert!(for_server(Some(""), &environment, server).unwrap().is_none());
        assert!(for_server(None, &environment, server).unwrap().is_none());
    }
}

#[test]
fn a_proxy_url_needs_a_scheme_that_client_go_takes() {
    for (url, error) in [
        ("proxy.example:3128", ProxyError::Scheme),
        ("socks5h://proxy.example", ProxyError::Scheme),
        ("ftp://proxy.example:21", ProxyError::Scheme),
        ("127.0.0.1:3128", ProxyError::Malformed),
        ("http://pro xy", ProxyError::Malformed),
        ("http://h%ff", ProxyError::Malformed),
        ("http://", ProxyError::NoHost),
        ("http:proxy.example:3128", ProxyError::NoHost),
        ("http://proxy.example:65536", ProxyError::Port),
    ] {
        assert_eq!(parse_proxy_url(url).unwrap_err(), error, "{url}");
    }
    assert_eq!(parse_proxy_url("HTTPS://proxy.example").unwrap().to_string(), "https://proxy.example:443");
}

#[test]
fn user_and_password_are_decoded() {
    let proxy = parse_proxy_url("http://dom%5Cme:p%40%3Ass%FF@proxy.example").unwrap();
    assert_eq!(proxy.credentials(), Some((&b"dom\\me"[..], &b"p@:ss\xff"[..])));
    assert_eq!(proxy.authorization().unwrap().expose(), "Basic ZG9tXG1lOnBAOnNz/w==");
    let proxy = parse_proxy_url("socks5://me@proxy.example").unwrap();
    assert_eq!(proxy.credentials(), Some((&b"me"[..], &b""[..])));
    assert!(parse_proxy_url("http://proxy.example").unwrap().authorization().is_none());
}

proptest! {
    #[test]
    fn no_password_is_shown(
        scheme in "(http|https|socks5|ftp|)(://|:|)",
        user in "[a-z%:@/]{0,4}",
        password in "S3CRET[!-~é ]{0,8}",
        host in "[a-z.:\\[\\]/ ]{0,8}",
    ) {
        let url = format!("{scheme}{user}:{password}@{host}");
        let from_environment = environment(&[("HTTPS_PROXY", &url), ("HTTP_PROXY", &url)]);
        let shown = format!(
            "{from_environment:?} {:?} {:?}",
            from_environment.proxy_for(SERVER).map_err(|error| error.to_string()),
            parse_proxy_url(&url).map_err(|error| error.to_string()),
        );
        prop_assert!(!shown.contains("S3CRET"), "{}", shown);
    }

    #[test]
    fn any_environment_is_decided(proxy in any::<String>(), no_proxy in any::<String>(), server in any::<String>()) {
        let variables = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", no_proxy.as_str())];
        for server in [SERVER, &server, &format!("https://{server}")] {
            if let Ok(shown) = decided(&variables, server) {
                prop_assert!(!shown.chars().any(char::is_control));
            }
        }
    }
}
