//! What the practice cluster takes a request to be about, against `RequestInfoFactory` of k8s.io/apiserver.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign::testing::domain::access::Action;
use countersign::testing::sandbox::api::request_info::{RequestInfo, Unreadable};
use http::Method;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::number;

const METHODS: &[&str] =
    &["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "DELETE", "OPTIONS", "X"];
const STARTS: &[&str] =
    &["/api/v1", "/api/v1", "/apis/apps/v1", "/apis/a.example/v1alpha1", "/api", "/apis", "/x", "", "//api/v1"];
const SEGMENTS: &[&str] = &[
    "pods",
    "nodes",
    "pods",
    "namespaces",
    "namespaces",
    "watch",
    "proxy",
    "status",
    "finalize",
    "default",
    "dev",
    "a%2Fb",
    "a%20b",
    "a+b",
    "",
    ".",
    "..",
    "%2e",
    "x;y",
    "%C3%A9",
    "v1",
    "api",
    "%zz",
    "%4",
    "%25",
    "a=b",
    "a&b",
    "%00",
];
const KEYS: &[&str] = &[
    "watch",
    "watch",
    "fieldSelector",
    "fieldSelector",
    "labelSelector",
    "labelSelector",
    "limit",
    "timeoutSeconds",
    "resourceVersion",
    "sendInitialEvents",
    "allowWatchBookmarks",
    "continue",
    "x",
    "w%61tch",
    "",
];
const VALUES: &[&str] =
    &["", "1", "0", "true", "false", "FALSE", "-1", "+1", "%2B1", "9223372036854775808", "x", "1;2", "%zz", "0x1"];
/// Parts of field selectors.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.name",
    "=",
    "=",
    "==",
    "!=",
    ",",
    "a",
    "b",
    "..",
    ".",
    "a%2Fb",
    "%5C,",
    "%5C=",
    "%5C%5C",
    "%5Cx",
    "%5C",
    "spec.nodeName",
    "%20",
];
/// Parts of label selectors.
const LABELS: &[&str] = &[
    "a",
    "b",
    "a",
    "x.y/z",
    "/z",
    "x/y/z",
    "-a",
    "=",
    "==",
    "!=",
    "!",
    ",",
    ",",
    "(",
    ")",
    "%20in%20(",
    "%20notin%20(",
    "in",
    "notin",
    "%3E",
    "%3C",
    "1",
    "01",
    "%20",
    "%09",
    "%00",
    "_",
    "%C3%A9",
    "()",
];

/// A request line without the protocol.
fn request(dice: &mut Dice) -> (String, String) {
    let mut target = dice.word(STARTS).to_owned();
    if dice.one_in(3) {
        "/api/v1/pods".clone_into(&mut target);
    } else {
        (0..dice.below(7)).for_each(|_| target.extend(["/", dice.word(SEGMENTS)]));
    }
    if target.is_empty() {
        target.push('/');
    }
    if dice.one_in(2) {
        let count = dice.below(5);
        let pairs: Vec<_> = (0..count).map(|_| pair(dice)).collect();
        target = format!("{target}?{}", pairs.join("&"));
    }
    (dice.word(METHODS).to_owned(), target)
}

fn pair(dice: &mut Dice) -> String {
    let key = dice.word(KEYS).to_owned();
    let parts = match key.as_str() {
        "fieldSelector" => FIELDS,
        "labelSelector" => LABELS,
        _ if dice.one_in(10) => return key,
        _ => return format!("{key}={}", dice.word(VALUES)),
    };
    let value = match (dice.below(2), key.as_str()) {
        (0, "fieldSelector") => "metadata.name=a".to_owned(),
        (0, _) => "a,b in (c),!d".replace(' ', "%20"),
        _ => (0..dice.below(7)).map(|_| dice.word(parts).to_owned()).collect(),
    };
    format!("{key}={value}")
}

/// As the Go program answers.
fn ours(method: &str, target: &str) -> Value {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let info = match RequestInfo::of(&method, path, query) {
        Ok(info) => info,
        Err(Unreadable::Encoding) => return "unreadable".into(),
        Err(Unreadable::Incomplete) => return "incomplete".into(),
    };
    match info.action {
        Action::Path { verb, path } => json!(["path", verb, path]),
        Action::Resource(action) => json!([
            "resource",
            action.verb,
            info.prefix,
            action.group,
            info.version,
            action.namespace,
            action.resource,
            action.subresource,
            action.name,
            info.depth,
            info.fields,
            info.labels,
        ]),
    }
}

fn build() -> Option<PathBuf> {
    Command::new("go").arg("version").output().ok().filter(|output| output.status.success())?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane");
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("request-info");
    let mut build = Command::new("go");
    let build = build.args(["build", "-o"]).arg(&program).arg("./request-info").current_dir(source).output().unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    Some(program)
}

/// The Go program's answers.
fn theirs(program: &Path, requests: &[(String, String)]) -> Vec<Value> {
    let mut program = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (program.stdin.take().unwrap(), BufReader::new(program.stdout.take().unwrap()));
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for (method, target) in requests {
                writeln!(input, "{method} {target}").unwrap();
            }
        });
        output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    });
    assert!(program.wait().unwrap().success());
    answers
}

#[test]
fn requests_have_the_attributes_that_the_api_server_authorizes() {
    let Some(program) = build() else {
        assert!(std::env::var("CI").is_err(), "CI must have Go");
        println!("left out: there is no Go here");
        return;
    };
    let wanted = usize::try_from(number("COUNTERSIGN_DIFFERENTIAL", 20_000)).unwrap();
    let mut dice = Dice::new(number("COUNTERSIGN_SEED", 20_261_125));
    let requests: Vec<_> = (0..wanted).map(|_| request(&mut dice)).collect();
    let theirs = theirs(&program, &requests);
    assert_eq!(theirs.len(), requests.len());
    let (mut differ, mut resources, mut named) = (Vec::new(), 0, 0);
    for ((method, target), theirs) in requests.iter().zip(&theirs) {
        resources += usize::from(theirs[0] == "resource");
        named += usize::from(theirs[1] == "list" && theirs[8] != "");
        let ours = ours(method, target);
        if ours != *theirs {
            differ.push(format!("{method} {target}\n  Go:   {theirs}\n  here: {ours}"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(20)].join("\n"));
    // Requests that are all refused or all paths would prove nothing.
    assert!(resources * 3 > wanted && named * 400 > wanted, "{resources} resources, {named} names by selector");
    println!("{wanted} compared, {resources} of them resources, {named} named by a selector, 0 differ");
}
