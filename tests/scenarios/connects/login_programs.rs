//! Login programs (client-go's credential plugins): what they are told, what they answer, how they fail.

use serde_json::{Value, json};

use super::case::Case;
use super::parts::{Parts, encoded, parts, token};
use super::run::check;
use crate::control_plane::ADMIN_TOKEN;

/// The first line of a program that counts its runs.
const COUNTS: &str = "#!/bin/sh\necho run >> \"$HOME/logins\"\n";

/// A user entry whose credentials come from the program `login` beside the kubeconfig.
pub fn exec(fields: &Value) -> Value {
    let mut entry = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "interactiveMode": "Never",
    });
    for (name, value) in fields.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({"exec": entry})
}

/// A program that counts its runs.
pub fn program(script: &str) -> String {
    format!("{COUNTS}{script}\n")
}

/// A command that prints an `ExecCredential` of v1 with this status.
pub fn prints(status: &Value) -> String {
    let answer = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status});
    format!("cat <<'END'\n{answer}\nEND")
}

/// [`prints`] of the admin's token.
pub fn prints_token() -> String {
    prints(&json!({"token": ADMIN_TOKEN}))
}

#[test]
fn login_programs_that_answer() {
    let Some(parts) = parts("login_programs_that_answer") else { return };
    check(parts, [answering(parts), told(parts)].concat());
}

#[test]
fn login_programs_that_fail() {
    let Some(parts) = parts("login_programs_that_fail") else { return };
    check(parts, [failing(parts), misconfigured(parts)].concat());
}

fn answering(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let case = |name: &str, script: &str| Case::new(name, &here, &exec(&json!({}))).file("login", program(script));
    let version = |version: &str| format!("client.authentication.k8s.io/{version}");
    let beta = prints_token().replace("/v1\"", "/v1beta1\"");
    let in_seconds = |seconds: u32| {
        let date = format!("$(date -u -d '+{seconds} seconds' +%Y-%m-%dT%H:%M:%SZ)");
        let status = json!({"token": ADMIN_TOKEN, "expirationTimestamp": "@DATE@"});
        prints(&status).replace("<<'END'", "<<END").replace("@DATE@", &date)
    };
    let certificate = json!({"clientCertificateData": parts.admin.certificate, "clientKeyData": parts.admin.key});
    vec![
        case("exec, quick", &prints_token()).console(),
        Case::new("exec of v1beta1", &here, &exec(&json!({"apiVersion": version("v1beta1"), "interactiveMode": null})))
            .file("login", program(&beta))
            .console(),
        case("exec, slow: five seconds", &format!("sleep 5\n{}", prints_token())).console(),
        case("exec, noise on standard error", &format!("echo noise >&2\n{}", prints_token())).console(),
        case("exec, token ends in 65 seconds", &in_seconds(65)).console(),
        case("exec, token ends in ten minutes", &in_seconds(600)),
        case(
            "exec, answer as YAML",
            &format!(
                "printf 'apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus:\\n  token: {ADMIN_TOKEN}\\n'"
            ),
        ),
        case("exec, client certificate", &prints(&certificate)).console(),
        case(
            "exec, client certificate and a wrong token",
            &prints(&json!({
                "token": "s3cret-wrong", "clientCertificateData": parts.admin.certificate,
                "clientKeyData": parts.admin.key,
            })),
        ),
        case("exec, leaves a daemon behind", &format!("sleep 3 >/dev/null &\n{}", prints_token())),
        case("exec, token with a newline at its end", &prints(&json!({"token": format!("{ADMIN_TOKEN}\n")})))
            .fails(&["login program", "login"]),
        Case::new("exec and a token", &here, &with_token(ADMIN_TOKEN)).file("login", program("exit 3")),
        Case::new("exec and a wrong token", &here, &with_token("s3cret-wrong"))
            .file("login", program(&prints_token()))
            .fails(&["does not accept"]),
        Case::new("exec and a client certificate", &here, &with_certificate(parts))
            .file("login", program(&prints_token())),
    ]
}

fn with_token(text: &str) -> Value {
    let mut user = exec(&json!({}));
    user["token"] = text.into();
    user
}

fn with_certificate(parts: &Parts) -> Value {
    let mut user = parts.certificate(&json!({}));
    user["exec"] = exec(&json!({}))["exec"].clone();
    user
}

/// What a program is told: arguments, variables, the cluster.
fn told(parts: &Parts) -> Vec<Case> {
    let extension = json!([{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "here"}}]);
    let here = parts.cluster(&json!({"extensions": extension}));
    let named = parts.cluster(&json!({"tls-server-name": "kubernetes.default.svc"}));
    let asks = |name: &str, fields: &Value, question: &str| {
        Case::new(name, &here, &exec(fields))
            .file("login", program(&format!("{question} || exit 9\n{}", prints_token())))
    };
    let info = |words: &[&str]| {
        let questions = words.iter().map(|word| format!("printf %s \"$KUBERNETES_EXEC_INFO\" | grep -q -F '{word}'"));
        format!("{{ {}; }}", questions.collect::<Vec<_>>().join(" && "))
    };
    let (server, authority) = (parts.plane.server(), encoded(&parts.authority));
    let cluster = [
        r#""kind":"ExecCredential""#,
        r#""apiVersion":"client.authentication.k8s.io/v1""#,
        r#""interactive":false"#,
        &format!(r#""server":"{server}""#),
        &format!(r#""certificate-authority-data":"{authority}""#),
        r#""config":{"audience":"here"}"#,
    ];
    vec![
        asks("exec, arguments", &json!({"args": ["log in", "$HOME"]}), r#"test "$1/$2" = 'log in/$HOME'"#),
        asks(
            "exec, variables of its entry",
            &json!({"env": [{"name": "AUDIENCE", "value": "here"}, {"name": "OUTER", "value": "inner"}]}),
            r#"test "$AUDIENCE/$OUTER/$OTHER" = here/inner/other"#,
        )
        .variable("OUTER", "outer")
        .variable("OTHER", "other"),
        asks("exec, provideClusterInfo", &json!({"provideClusterInfo": true}), &info(&cluster)),
        Case::new("exec, provideClusterInfo with a server name", &named, &exec(&json!({"provideClusterInfo": true})))
            .file(
                "login",
                program(&format!(
                    "{} || exit 9\n{}",
                    info(&[r#""tls-server-name":"kubernetes.default.svc""#]),
                    prints_token()
                )),
            ),
        asks("exec, no cluster unless it is wanted", &json!({}), &format!("! {}", info(&["\"cluster\""]))),
        asks(
            "exec, IfAvailable without a terminal",
            &json!({"interactiveMode": "IfAvailable"}),
            &info(&[r#""interactive":false"#]),
        ),
        asks("exec, found in PATH", &json!({"command": "login-in-path"}), "true")
            .file("login-in-path", program(&prints_token()))
            .variable("PATH", "@HOME@/.kube:/usr/bin:/bin"),
        asks("exec, relative to the kubeconfig's folder", &json!({"command": "bin/log in"}), "true")
            .file("bin/log in", program(&prints_token())),
        asks("exec, by an absolute path", &json!({"command": "@HOME@/.kube/login"}), "true"),
    ]
}

fn failing(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let case = |name: &str, script: &str| {
        Case::new(name, &here, &exec(&json!({}))).file("login", program(script)).fails(&["login program", "/login"])
    };
    let answer = |fields: Value| {
        let mut answer = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": ADMIN_TOKEN},
        });
        for (name, value) in fields.as_object().unwrap() {
            answer[name] = value.clone();
        }
        format!("cat <<'END'\n{answer}\nEND")
    };
    vec![
        case("exec, exit code 3 with words", "echo s3cret; printf 'log in \\033[2Jagain\\n' >&2; exit 3").fails(&[
            "login program",
            "/login",
            "3",
        ]),
        case("exec, exit code 3 after a good answer", &format!("{}\nexit 3", prints_token())),
        case("exec, killed by a signal", "kill -9 $$"),
        case("exec, garbage", "echo '{\"s3cret\": '"),
        case("exec, binary garbage", "head -c 4096 /dev/zero"),
        case("exec, nothing", "true"),
        case("exec, an empty object", "echo '{}'"),
        case("exec, answer of v1beta1 to v1", &answer(json!({"apiVersion": "client.authentication.k8s.io/v1beta1"}))),
        case("exec, answer of another group", &answer(json!({"apiVersion": "example.com/v1"}))),
        case("exec, answer of another kind", &answer(json!({"kind": "TokenReview"}))),
        case("exec, no status", &answer(json!({"status": null}))),
        case("exec, neither token nor certificate", &answer(json!({"status": {}}))),
        case(
            "exec, certificate without key",
            &answer(json!({"status": {"clientCertificateData": parts.admin.certificate}})),
        ),
        case(
            "exec, certificate that is none",
            &answer(json!({"status": {"clientCertificateData": "s3cret", "clientKeyData": "s3cret"}})),
        ),
        case(
            "exec, date that is none",
            &answer(json!({"status": {"token": ADMIN_TOKEN, "expirationTimestamp": "soon"}})),
        ),
        case("exec, a wrong token", &prints(&json!({"token": "s3cret-wrong"}))).fails(&["does not accept"]),
    ]
}

fn misconfigured(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let case =
        |name: &str, fields: &Value| Case::new(name, &here, &exec(fields)).file("login", program(&prints_token()));
    let missing = json!({"command": "no-such-login", "installHint": "get it\u{1b}[2J from the portal"});
    vec![
        case("exec of v1alpha1", &json!({"apiVersion": "client.authentication.k8s.io/v1alpha1"}))
            .fails(&["apiVersion", "v1alpha1"]),
        case("exec without apiVersion", &json!({"apiVersion": null})).fails(&["apiVersion"]),
        case("exec of v1 without interactiveMode", &json!({"interactiveMode": null})).fails(&["interactiveMode"]),
        case("exec, interactiveMode that is none", &json!({"interactiveMode": "Sometimes"}))
            .fails(&["interactiveMode"]),
        case("exec, Always without a terminal", &json!({"interactiveMode": "Always"})).fails(&["login", "terminal"]),
        case("exec without command", &json!({"command": ""})).fails(&["command"]),
        case("exec, program missing", &missing).fails(&["no-such-login", "from the portal"]),
        case("exec, program missing beside the kubeconfig", &json!({"command": "./gone"}))
            .fails(&["login program", "gone"]),
        case("exec, a file that is no program", &json!({"command": "./plain"}))
            .file("plain", "plain")
            .fails(&["plain"]),
        case("exec, a program of another kind", &json!({"command": "./empty"}))
            .file("empty", "#!/no/such/shell\n")
            .fails(&["empty"]),
        Case::new(
            "auth-provider that is gone",
            &here,
            &json!({"auth-provider": {"name": "gcp", "config": {"access-token": "s3cret"}}}),
        )
        .fails(&["auth-provider", "gcp"]),
        Case::new("auth-provider and exec", &here, &{
            let mut user = exec(&json!({}));
            user["auth-provider"] = json!({"name": "oidc"});
            user
        })
        .file("login", program(&prints_token()))
        .fails(&["auth-provider"]),
        Case::new("auth-provider and a token", &here, &token(&json!({"auth-provider": {"name": "gcp", "config": {}}})))
            .fails(&["auth-provider"]),
    ]
}
