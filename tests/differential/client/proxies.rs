//! Which proxy a server is reached through, and how that is spoken with.

use std::collections::BTreeMap;

use countersign::testing::domain::proxy::{ProxyEnvironment, ProxyError, ProxyScheme, ProxyUrl, for_server};

use super::words::{ENTRIES, HOSTS, PORTS, SCHEMES, SEPARATORS, SERVERS, TAILS, USERS};
use super::{Question, compare};
use crate::dice::Dice;

fn pieces(dice: &mut Dice, from: &[&[&str]]) -> String {
    let mut text: String = from.iter().map(|words| dice.word(words)).collect();
    // Go does not check that a label in punycode is ASCII.
    if dice.one_in(8) && !text.contains("xn--") {
        let at = dice.below(text.chars().count() + 1);
        let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
        text.insert_str(at, dice.word(&["@", ":", "/", "%", "[", "]", " ", "ü", "0", ".", "?", "\u{1b}"]));
    }
    text
}

fn proxy(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => pieces(dice, &[SCHEMES, USERS, HOSTS, PORTS, TAILS]),
        1 => pieces(dice, &[SCHEMES, USERS, &["proxy.example"], PORTS]),
        2 => pieces(dice, &[&["http://", "https://", "socks5://"], USERS, HOSTS, &[":3128", ""]]),
        _ => {
            dice.word(&["http://proxy.example:3128", "https://u:p@proxy.example", "proxy.example:8080", ""]).to_owned()
        }
    }
}

fn no_proxy(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(5) {
        text.push_str(dice.word(ENTRIES));
        text.push_str(dice.word(SEPARATORS));
    }
    if dice.one_in(2) {
        text.push_str(dice.word(ENTRIES));
    }
    text
}

fn server(dice: &mut Dice) -> String {
    let schemes: &[&str] = &["https://", "https://", "https://", "http://", "HTTPS://", "ftp://", "", "//"];
    pieces(dice, &[schemes, SERVERS, &["", ":443", ":6443", ":6443", ":80", ":"], &["", "", "/", "/k8s/clusters/c"]])
}

fn environment(dice: &mut Dice) -> BTreeMap<String, String> {
    let mut set = BTreeMap::new();
    for (upper, often) in [("HTTPS_PROXY", 1), ("HTTP_PROXY", 2), ("NO_PROXY", 1)] {
        if !dice.one_in(often) {
            continue;
        }
        let names = [upper.to_owned(), upper.to_ascii_lowercase()];
        let both = dice.one_in(4);
        let first = dice.below(2);
        for name in names.iter().cycle().skip(first).take(1 + usize::from(both)) {
            let value = if upper == "NO_PROXY" { no_proxy(dice) } else { proxy(dice) };
            set.insert(name.clone(), if dice.one_in(12) { String::new() } else { value });
        }
    }
    if dice.one_in(12) {
        set.insert("REQUEST_METHOD".to_owned(), dice.word(&["GET", ""]).to_owned());
    }
    set
}

fn from_environment(set: &BTreeMap<String, String>, server: &str) -> Question {
    let environment = ProxyEnvironment::from_variables(|name| set.get(name).cloned());
    let ours = line(for_server(None, &environment, server));
    let text = serde_json::json!({ "Environment": set, "Server": server }).to_string();
    Question { letter: b'E', text: text.into(), ours }
}

fn from_kubeconfig(url: &str) -> Question {
    let everything = |name: &str| (name == "NO_PROXY").then(|| "*".to_owned());
    let environment = ProxyEnvironment::from_variables(everything);
    let ours = line(for_server(Some(url), &environment, "https://127.0.0.1:6443"));
    Question { letter: b'U', text: url.into(), ours }
}

fn line(decision: Result<Option<ProxyUrl>, ProxyError>) -> String {
    let proxy = match decision {
        Ok(None) => return "direct".to_owned(),
        Err(_) => return "refused".to_owned(),
        Ok(Some(proxy)) => proxy,
    };
    let kind = match proxy.scheme() {
        ProxyScheme::Http => "http",
        ProxyScheme::Https => "https",
        ProxyScheme::Socks5 => "socks5",
    };
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let credentials =
        proxy.credentials().map_or("-".to_owned(), |(user, password)| format!("{}:{}", hex(user), hex(password)));
    format!("{kind} {} {} {credentials}", hex(proxy.host().as_bytes()), proxy.port())
}

fn one(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Every entry of `NO_PROXY` against every server, and every part of a proxy in one that is otherwise usual.
fn table() -> Vec<Question> {
    let servers = SERVERS.iter().flat_map(|host| ["", ":6443"].map(|port| format!("https://{host}{port}")));
    let mut all: Vec<_> = servers
        .flat_map(|server| {
            ENTRIES.iter().map(move |entry| {
                let set = BTreeMap::from([one("HTTPS_PROXY", "http://proxy.example:3128"), one("no_proxy", entry)]);
                from_environment(&set, &server)
            })
        })
        .collect();
    let part = |part: &'static [&str], make: fn(&str) -> String| part.iter().map(move |word| make(word));
    let proxies = part(SCHEMES, |scheme| format!("{scheme}u:p@proxy.example:3128"))
        .chain(part(SCHEMES, |scheme| format!("{scheme}proxy.example")))
        .chain(part(USERS, |user| format!("http://{user}proxy.example:3128")))
        .chain(part(USERS, |user| format!("{user}proxy.example:3128")))
        .chain(part(HOSTS, |host| format!("socks5://{host}:1")))
        .chain(part(HOSTS, |host| format!("https://{host}:1")))
        .chain(part(HOSTS, |host| (*host).to_owned()))
        .chain(part(PORTS, |port| format!("http://proxy.example{port}")))
        .chain(part(PORTS, ToOwned::to_owned))
        .chain(part(TAILS, |tail| format!("http://proxy.example:3128{tail}")));
    for proxy in proxies {
        all.push(from_kubeconfig(&proxy));
        for name in ["HTTP_PROXY", "https_proxy"] {
            for server in ["https://api.cluster.example", "http://api.cluster.example"] {
                all.push(from_environment(&BTreeMap::from([one(name, &proxy)]), server));
            }
        }
    }
    all
}

#[test]
fn proxies_are_those_of_kubectl() {
    // An empty proxy-url is none, which the environment's test covers.
    let table = table().into_iter().filter(|question| question.letter != b'U' || !question.text.is_empty());
    let table: Vec<_> = table.collect();
    let random = |dice: &mut Dice| {
        if dice.one_in(4) {
            let proxy = proxy(dice);
            from_kubeconfig(if proxy.is_empty() { "http://proxy.example" } else { &proxy })
        } else {
            from_environment(&environment(dice), &server(dice))
        }
    };
    compare(&table, random, |answer| answer.contains(' '));
}
