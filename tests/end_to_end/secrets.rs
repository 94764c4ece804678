//! No secret leaves by any way out, whatever fails: terminal, standard output and error, clipboard, log, state folder. And
//! no control character of a hostile name either.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::hostile_server::Hostile;
use crate::support::plane::Plane;
use crate::support::requests::manifest;
use crate::support::terminal::{Redrawn, Terminal};
use crate::support::{PATIENCE, TestUser, eventually, program, unique};

crate::on_both!(
    no_secret_of_a_kubeconfig_is_shown_whatever_fails,
    a_later_login_failure_names_the_program_but_not_its_output,
    no_secret_and_no_control_character_reaches_any_screen,
    an_exported_certificate_is_nothing_but_a_certificate,
    a_panicking_task_stops_neither_the_console_nor_the_watch,
);

/// A part of every secret that is planted.
const SECRET: &str = "s3cret";

/// Steers a terminal, ends a paste, copies to the clipboard, hides.
const HOSTILE: &str = "h\u{1b}[201~\u{1b}]52;c;eA==\u{7}\n\u{202e}\u{200b}\u{9b}31m$(touch PWNED)";

/// What was found in an output, and where.
fn check(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!text.contains(SECRET), "a secret in {what}:\n{text}");
    assert!(!text.contains(&STANDARD.encode(SECRET)[..7]), "an encoded secret in {what}:\n{text}");
    for raw in ["\u{1b}[201~", "\u{1b}]52;c;eA==", "\u{202e}", "\u{200b}", "\u{9b}"] {
        assert!(!text.contains(raw), "{raw:?} in {what}:\n{text:?}");
    }
}

/// Everything that countersign keeps in this home.
fn check_files(person: &TestUser) {
    let mut folders = vec![person.path(".local/state"), person.path(".config")];
    let mut log = false;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("config.yaml") && !path.ends_with("policy.yaml") {
                check(&path.display().to_string(), &std::fs::read(&path).unwrap());
                log |= path.display().to_string().contains("countersign.log");
            }
        }
    }
    assert!(log, "nothing was logged");
}

/// Runs countersign with a log of everything, and looks at what it says.
fn run(person: &TestUser, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = person.command(&program());
    command.args(arguments).args(["--log-level", "debug", "--request-timeout", "5s"]).stdin(Stdio::null());
    let output = command.output().unwrap();
    check(&format!("the output of {arguments:?}"), &output.stdout);
    check(&format!("the errors of {arguments:?}"), &output.stderr);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{arguments:?}: {text}");
    (output.status.code(), text)
}

fn write_program(person: &TestUser, name: &str, script: &str) -> String {
    let path = person.path(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn exec(command: &str) -> Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1", "command": command, "interactiveMode": "Never",
        "args": ["login", "--token=s3cret-argument", "s3cret-word"],
        "env": [{"name": "PLUGIN_KEY", "value": "s3cret-variable"}],
    })
}

/// A kubeconfig of one context.
fn kubeconfig(cluster: &Value, user: &Value) -> String {
    serde_json::to_string_pretty(&json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
    }))
    .unwrap()
}

/// The cluster entry of the admin's kubeconfig, with other fields.
fn cluster(person: &TestUser, fields: &Value) -> Value {
    let config: Value = serde_yaml::from_str(&std::fs::read_to_string(person.kubeconfig()).unwrap()).unwrap();
    let mut cluster = config["clusters"][0]["cluster"].clone();
    for (name, value) in fields.as_object().unwrap() {
        cluster[name] = value.clone();
    }
    cluster
}

fn no_secret_of_a_kubeconfig_is_shown_whatever_fails(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let good = cluster(&person, &json!({}));
    let at = |fields: Value| cluster(&person, &fields);
    let token = json!({"token": "s3cret-token"});
    let garbage = write_program(&person, "garbage", "echo '{\"kind\": \"s3cret-printed'; echo 'token: s3cret' >&2");
    let fails = write_program(
        &person,
        "fails",
        "echo s3cret-printed; printf 's3cret-line\\nlog in again\\033[2J\\n' >&2; exit 7",
    );
    let odd = write_program(
        &person,
        "odd",
        r#"printf '%s' '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"s3cret\n"}}'"#,
    );
    let key = STANDARD.encode("-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n");
    let cases: Vec<(&str, Value, Value)> = vec![
        ("does not accept these credentials", good.clone(), token.clone()),
        ("does not accept these credentials", good.clone(), json!({"token": "s3cret-token\n"})),
        ("no HTTP header can carry", good.clone(), json!({"token": "s3cret\nmore"})),
        ("", good.clone(), json!({"username": "me", "password": "s3cret"})),
        (
            "",
            good.clone(),
            json!({"auth-provider": {"name": "oidc", "config": {"id-token": "s3cret", "refresh-token": "s3cret"}}}),
        ),
        (
            "",
            good.clone(),
            json!({"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/false", "cmd-args": "s3cret"}}}),
        ),
        ("", good.clone(), json!({"client-certificate-data": key, "client-key-data": key})),
        ("", good.clone(), json!({"tokenFile": person.path("token").display().to_string()})),
        ("proxy-url: the proxy URL must start with", at(json!({"proxy-url": "socks5h://u:s3cret@h"})), token.clone()),
        ("", at(json!({"proxy-url": "http://u:s3cret@127.0.0.1:1"})), token.clone()),
        ("proxy-url", at(json!({"proxy-url": "http://u:s3cret @h"})), token.clone()),
        ("https://REDACTED@127.0.0.1:1", at(json!({"server": "https://me:s3cret@127.0.0.1:1"})), token.clone()),
        ("", at(json!({"server": "https://127.0.0.1:1/?t=s3cret"})), token.clone()),
        ("not a valid address", at(json!({"server": "https://me:s3 cret s3cret@h"})), token.clone()),
        ("has no scheme", at(json!({"server": "me:s3cret@127.0.0.1:8443"})), token.clone()),
        (
            "",
            at(
                json!({"certificate-authority-data": STANDARD.encode("-----BEGIN X-----\ns3cret: s3cret\n-----END X-----\n")}),
            ),
            token,
        ),
        ("/garbage printed no ExecCredential", good.clone(), json!({"exec": exec(&garbage)})),
        ("/fails failed (exit status: 7): log in again\\u{1b}[2J", good.clone(), json!({"exec": exec(&fails)})),
        ("characters that no HTTP header can carry", good.clone(), json!({"exec": exec(&odd)})),
        ("/nowhere/login cannot be run: not found", good, json!({"exec": exec("/nowhere/login")})),
    ];
    std::fs::write(person.path("token"), "s3cret\nfile").unwrap();
    for (words, cluster, user) in cases {
        std::fs::write(person.path("case"), kubeconfig(&cluster, &user)).unwrap();
        let (code, text) = run(&person, &["list", "--kubeconfig", "case"]);
        assert_eq!(code, Some(1), "{cluster} {user}: {text}");
        assert!(words.split('|').any(|words| text.contains(words)), "{words}: {text}");
        for arguments in [
            &["contexts", "-o", "json"][..],
            &["contexts", "-o", "wide"],
            &["check"],
            &["issue", "jane", "--dry-run"],
            &["access"],
        ] {
            run(&person, &[arguments, &["--kubeconfig", "case"]].concat());
        }
    }
    for text in [
        "users: [{name: u, user: {token: s3cret]",
        "users:\n- name: u\n  user:\n    token: \"s3cret\n",
        "users: [{name: u, user: {token: {s3cret: 1}}}]",
        "s3cret",
        "users: s3cret",
    ] {
        std::fs::write(person.path("broken"), text).unwrap();
        for arguments in [&["list"][..], &["check"], &["contexts"]] {
            let (code, text) = run(&person, &[arguments, &["--kubeconfig", "broken"]].concat());
            assert_ne!(code, Some(0), "{text}");
        }
        let (code, text) = run(&person, &["list", "--policy", "broken"]);
        assert_eq!(code, Some(2), "{text}");
    }
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    std::fs::write(person.path(".config/countersign/config.yaml"), "mouse: s3cret\n").unwrap();
    assert_eq!(run(&person, &["list"]).0, Some(2));
    std::fs::remove_file(person.path(".config/countersign/config.yaml")).unwrap();
    check_files(&person);
}

/// It logs in once; after that its token is over, and the program fails.
fn once(person: &TestUser, then: &str) -> String {
    let token = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
        "status": {"token": "s3cret-token", "expirationTimestamp": "2020-01-01T00:00:00Z"},
    });
    let seen = person.path("seen").display().to_string();
    write_program(person, "login", &format!("if [ ! -e {seen} ]; then : > {seen}; echo '{token}'; exit 0; fi\n{then}"))
}

fn a_later_login_failure_names_the_program_but_not_its_output(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let here = cluster(&person, &json!({}));
    for (then, words) in [
        ("echo s3cret; printf 's3cret\\nsession over\\n' >&2; exit 3", "failed (exit status: 3): session over"),
        ("echo '{\"token\": \"s3cret'", "printed no ExecCredential"),
        ("echo 'a: [s3cret'", "printed no ExecCredential"),
        ("echo '{\"kind\":\"ExecCredential\",\"s3cret\":true}'", "another apiVersion"),
    ] {
        let login = once(&person, then);
        std::fs::write(person.path("later"), kubeconfig(&here, &json!({"exec": exec(&login)}))).unwrap();
        let (_, text) = run(&person, &["list", "--kubeconfig", "later"]);
        assert!(text.contains("/login") && text.contains(words), "{text}");
        std::fs::remove_file(person.path("seen")).unwrap();
        let console = Terminal::console(&person, &["--kubeconfig", "later", "--log-level", "debug"]);
        console.expect_text("login program");
        check("the terminal", &console.bytes());
        drop(console);
        std::fs::remove_file(person.path("seen")).unwrap();
    }
    check_files(&person);
}

/// What the server refuses a request with: its message quotes what it was sent, and an address with a password.
fn quoting(_: &str, to: &mut TcpStream) -> std::io::Result<()> {
    let key = "-----BEGIN PRIVATE KEY-----\ns3cret-key-s3cret-key\n-----END PRIVATE KEY-----\n";
    let message = format!(
        "spec.request: Invalid value: \"{}\": no PEM; got {} {key} from https://u:s3cret@proxy/?token=s3cret; {HOSTILE}",
        STANDARD.encode(key.repeat(3)),
        STANDARD.encode(key)
    );
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "BadRequest", "code": 400,
        "message": message,
    });
    let status = status.to_string();
    write!(to, "HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{status}", status.len())
}

#[test]
fn a_servers_refusal_shows_no_secret_that_it_quotes() {
    let person = TestUser::alone(&Hostile::start(quoting).kubeconfig());
    for arguments in [
        &["list"][..],
        &["show", "jane"],
        &["approve", "jane"],
        &["deny", "jane"],
        &["export", "jane"],
        &["issue", "jane"],
        &["access", "--user", "jane"],
        &["who-can", "get", "pods"],
        &["why", "jane", "get", "pods", "--check"],
    ] {
        let (code, text) = run(&person, arguments);
        assert!(code == Some(1) && text.contains("characters left out"), "{arguments:?}: {code:?} {text}");
    }
    let mut console = Terminal::console(&person, &["--log-level", "debug"]);
    console.resize(24, 200);
    console.expect_text("characters left out");
    for pane in ["2", "4", "1"] {
        console.keys(pane);
    }
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
    check("the terminal", &console.bytes());
    check_files(&person);
}

/// The admin's kubeconfig with hostile names and secrets in everything that is not used to log in.
fn hostile_kubeconfig(person: &TestUser) -> String {
    let mut config: Value = serde_yaml::from_str(&std::fs::read_to_string(person.kubeconfig()).unwrap()).unwrap();
    let push = |list: &mut Value, value: Value| list.as_array_mut().unwrap().push(value);
    push(
        &mut config["clusters"],
        json!({"name": HOSTILE, "cluster": {
            "server": "https://me:s3cret@127.0.0.1:1/?t=s3cret", "proxy-url": "socks5h://u:s3cret@h",
            "extensions": [{"name": "x", "extension": {"a": "s3cret"}}],
        }}),
    );
    push(&mut config["clusters"], json!({"name": "bare", "cluster": {"server": "127.0.0.1:8443"}}));
    push(
        &mut config["users"],
        json!({"name": HOSTILE, "user": {
            "token": "s3cret", "password": "s3cret", "username": "me", "exec": exec("/bin/false"),
            "auth-provider": {"name": "oidc", "config": {"refresh-token": "s3cret"}},
        }}),
    );
    push(
        &mut config["contexts"],
        json!({"name": HOSTILE, "context": {"cluster": HOSTILE, "user": HOSTILE, "namespace": HOSTILE}}),
    );
    push(&mut config["contexts"], json!({"name": "zz-bare", "context": {"cluster": "bare", "user": "admin"}}));
    // YAML has no place for C1 controls.
    countersign::testing::domain::output::json::to_string(&config).unwrap()
}

fn hostile_objects(plane: &dyn Plane) -> String {
    let name = format!("{}{HOSTILE}", unique("every"));
    let api = Api::admin(plane);
    let mut request: Value = serde_yaml::from_str(&manifest("x", "x", &[], "client auth")).unwrap();
    let hostile: Value = serde_yaml::from_str(&manifest(
        "x",
        "evil\u{1b}[201~\u{202e}\n\u{200b}",
        &["dev\u{1b}]52;c;eA==\u{7}"],
        "client auth",
    ))
    .unwrap();
    request["spec"] = hostile["spec"].clone();
    request["metadata"]["name"] = name.clone().into();
    request["metadata"]["annotations"] = json!({"note": HOSTILE});
    api.post("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request).ok();
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let rules =
        json!([{"apiGroups": [HOSTILE], "resources": [HOSTILE], "verbs": [HOSTILE], "resourceNames": [HOSTILE]}]);
    let kind =
        |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}});
    let mut role = kind("ClusterRole");
    role["rules"] = rules;
    api.post(&format!("{rbac}/clusterroles"), &role).ok();
    let mut binding = kind("ClusterRoleBinding");
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
    binding["subjects"] = json!([{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": HOSTILE}]);
    api.post(&format!("{rbac}/clusterrolebindings"), &binding).ok();
    name
}

fn no_secret_and_no_control_character_reaches_any_screen(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let name = hostile_objects(plane);
    std::fs::write(person.path("hostile"), hostile_kubeconfig(&person)).unwrap();
    let with = ["--kubeconfig", "hostile"];
    for arguments in [
        &["list"][..],
        &["list", "-o", "wide"],
        &["list", "-o", "json"],
        &["list", "-o", "yaml"],
        &["list", "-o", "name"],
        &["show", &name],
        &["show", &name, "-o", "json"],
        &["show", &name, "-o", "yaml"],
        &["approve", &name],
        &["approve", &name, "--dry-run"],
        &["export", &name],
        &["contexts"],
        &["contexts", "-o", "json"],
        &["contexts", "-o", "wide"],
        &["contexts", "-o", "name"],
        &["check"],
        &["access", "--user", HOSTILE],
        &["who-can", "get", "pods"],
        &["why", HOSTILE, "get", "pods"],
        &["list", "--context", HOSTILE],
        &["list", "--context", "zz-bare"],
        &["use", HOSTILE],
        &["namespace", HOSTILE],
        &["rename", "zz-bare", HOSTILE],
        &["import", HOSTILE],
        &["issue", HOSTILE, "--dry-run"],
        &["issue", "--resume", HOSTILE],
        &["config", "path"],
        &["explain", HOSTILE],
    ] {
        run(&person, &[arguments, &with].concat());
    }
    std::fs::write(person.path("hostile"), hostile_kubeconfig(&person)).unwrap();
    let words = [program().display().to_string(), with[0].into(), with[1].into(), "--log-level".into(), "debug".into()];
    let mut console = Terminal::start(&person, &words);
    console.expect_text("● live");
    let stem = name.split('\u{1b}').next().unwrap().to_owned();
    console.find(&stem, "\\u{1b}");
    // Every tab of its page, the commands, the question, the copies.
    for keys in [
        "\r", "\t", "\t", "\t", "y", "K", "y", "\x1b", "\x1b", "y", "a", "\x1b", "d", "\x1b", "x", "\x1b", "e", "\x1b",
        "?", "\x1b",
    ] {
        press(&mut console, keys);
    }
    console.keys("2");
    console.expect_text("RBAC");
    for keys in ["j", "j", "\r", "K", "y", "\x1b", "Y", "\x1b", "j", "y", "\x1b", "4", "K", "\x1b", "3"] {
        press(&mut console, keys);
    }
    console.expect_text("Kubeconfig · 1 file");
    let contexts = 3;
    for _ in 0..contexts {
        for keys in ["Y", "y", "\x1b", "K", "y", "\x1b", "t"] {
            press(&mut console, keys);
        }
        press(&mut console, "j");
    }
    console.expect_text("has no scheme");
    let bytes = console.bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for copy in text.split("\u{1b}]52;c;").skip(1) {
        let encoded = copy.split('\u{7}').next().unwrap();
        let copied = STANDARD.decode(encoded).unwrap();
        check("the clipboard", &copied);
        let copied = String::from_utf8(copied).unwrap();
        assert!(!copied.replace('\n', "").contains(char::is_control), "{copied:?}");
    }
    let screen = text.replace("\u{1b}]52;c;", "");
    check("the terminal", screen.as_bytes());
    drop(console);
    assert!(!person.path("PWNED").exists());
    check_files(&person);
}

/// Presses a key, and waits until it has been taken in and what it leads to is drawn.
fn press(console: &mut Terminal, keys: &str) {
    let before = console.contents();
    console.keys(keys);
    if keys == "\x1b" {
        // What comes at once after Esc would be one key with it; where nothing closes, there is nothing to wait for. The
        // screen also changes for other reasons, such as the requests of other tests.
        let (began, deadline) = (Instant::now(), Instant::now() + Duration::from_secs(10));
        let is_early = || began.elapsed() < Duration::from_millis(500);
        while (console.contents() == before || is_early()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert_eq!(console.redraw(PATIENCE), Redrawn::Yes, "after {keys:?}:\n{}", console.contents());
}

fn an_exported_certificate_is_nothing_but_a_certificate(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (name, signer) = (unique("wrapped"), "example.com/mine");
    let api = Api::admin(plane);
    let mut request: Value = serde_yaml::from_str(&manifest(&name, "jane", &[], "client auth")).unwrap();
    request["spec"]["signerName"] = signer.into();
    let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    api.post(path, &request).ok();
    admin.run_ok(&["approve", &name]);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem().replace("\r\n", "\n");
    let around = format!("{HOSTILE}\n{certificate}\u{1b}[2J{HOSTILE}\n");
    let patch = json!({"status": {"certificate": STANDARD.encode(around)}});
    api.patch(&format!("{path}/{name}/status"), "merge-patch", &patch).ok();
    let output = admin.countersign(&["export", &name]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), certificate);
    assert!(String::from_utf8_lossy(&output.stderr).contains("left out"));
    admin.run_ok(&["export", &name, "-o", "c.pem"]);
    assert_eq!(std::fs::read_to_string(admin.path("c.pem")).unwrap(), certificate);
}

/// FINDINGS B1: the hook that gives the terminal back after a panic leaves it to a console that keeps running.
fn a_panicking_task_stops_neither_the_console_nor_the_watch(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let panics = program().parent().unwrap().join("examples/panics").display().to_string();
    let mut terminal = Terminal::start(&person, &[panics, "task".to_owned()]);
    assert_eq!(terminal.expect_exit(), 0);
    let given_back = || {
        let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        bytes.contains("\u{1b}[?1049l").then_some(bytes)
    };
    let bytes = eventually("the terminal given back", given_back);
    let (before, after) = bytes.split_once("still here: countersign failed here").unwrap();
    assert!(!before.contains("\u{1b}[?1049l") && after.contains("\u{1b}[?1049l"), "{bytes:?}");
    assert!(!bytes.contains("on purpose"), "{bytes:?}");
}

/// Without a terminal: one line, no report.
#[test]
fn without_a_terminal_the_console_says_so_in_a_line() {
    let home = tempfile::tempdir().unwrap();
    for color in [None, Some("1")] {
        let mut command = std::process::Command::new(program());
        command.env_clear().env("HOME", home.path()).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command.envs(color.map(|value| ("NO_COLOR", value))).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.lines().count() == 1 && error.contains("needs a terminal") && !error.contains('\u{1b}'),
            "{error:?}"
        );
        assert!(output.stdout.is_empty());
    }
}

/// A pipe behind the console, in a terminal otherwise.
#[test]
fn a_console_in_a_pipe_says_so_in_a_line() {
    let script = format!("{} 2>&1 | cat", program().display());
    let home = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh").args(["-c", &script]).env("HOME", home.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() == 1 && text.contains("needs a terminal") && !text.contains('\u{1b}'), "{text:?}");
}
