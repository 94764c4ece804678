//! Login programs (client-go credential plugins): their input, their output, their failures.

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, encoded, fixture, token};
use crate::control_plane::ADMIN_TOKEN;

/// The first lines of a program that records its runs.
const RECORD_RUN: &str = "#!/bin/sh\necho run >> \"$HOME/logins\"\n";

/// A user entry with the program `~/.kube/login`, and these fields of `exec` replaced; `null` removes a field.
pub(crate) fn exec(fields: &Value) -> Value {
    let mut entry = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "interactiveMode": "Never",
    });
    for (name, value) in fields.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({"exec": entry})
}

/// A program that records its runs.
pub(crate) fn program(script: &str) -> String {
    format!("{RECORD_RUN}{script}\n")
}

/// A command that prints an `ExecCredential` of v1 with this status.
pub(crate) fn print_status(status: &Value) -> String {
    let answer = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status});
    format!("cat <<'END'\n{answer}\nEND")
}

/// [`print_status`] with the token of the admin.
pub(crate) fn print_token() -> String {
    print_status(&json!({"token": ADMIN_TOKEN}))
}

#[test]
fn connects_with_login_programs() {
    let Some(fixture) = fixture("connects_with_login_programs") else { return };
    check(fixture, [returning_credentials(fixture), with_input(fixture)].concat());
}

#[test]
fn fails_with_a_clear_error_when_a_login_program_fails() {
    let Some(fixture) = fixture("fails_with_a_clear_error_when_a_login_program_fails") else { return };
    check(fixture, [failing(fixture), misconfigured(fixture)].concat());
}

fn returning_credentials(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let case = |name: &str, script: &str| Case::new(name, &cluster, &exec(&json!({}))).file("login", program(script));
    let version = |version: &str| format!("client.authentication.k8s.io/{version}");
    let beta = print_token().replace("/v1\"", "/v1beta1\"");
    let in_seconds = |seconds: u32| {
        let date = format!("$(date -u -d '+{seconds} seconds' +%Y-%m-%dT%H:%M:%SZ)");
        let status = json!({"token": ADMIN_TOKEN, "expirationTimestamp": "@DATE@"});
        print_status(&status).replace("<<'END'", "<<END").replace("@DATE@", &date)
    };
    let certificate = json!({"clientCertificateData": fixture.admin.certificate, "clientKeyData": fixture.admin.key});
    vec![
        case("exec, quick", &print_token()).console(),
        Case::new(
            "exec of v1beta1",
            &cluster,
            &exec(&json!({"apiVersion": version("v1beta1"), "interactiveMode": null})),
        )
        .file("login", program(&beta))
        .console(),
        case("exec, takes five seconds", &format!("sleep 5\n{}", print_token())).console(),
        case("exec, writes to standard error", &format!("echo noise >&2\n{}", print_token())).console(),
        case("exec, token expires in 65 seconds", &in_seconds(65)).console(),
        case("exec, token expires in ten minutes", &in_seconds(600)),
        case(
            "exec, output is YAML",
            &format!(
                "printf 'apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus:\\n  token: {ADMIN_TOKEN}\\n'"
            ),
        ),
        case("exec, client certificate", &print_status(&certificate)).console(),
        case(
            "exec, client certificate and an invalid token",
            &print_status(&json!({
                "token": "s3cret-invalid", "clientCertificateData": fixture.admin.certificate,
                "clientKeyData": fixture.admin.key,
            })),
        ),
        case("exec, leaves a background process", &format!("sleep 3 >/dev/null &\n{}", print_token())),
        case("exec, token with a trailing newline", &print_status(&json!({"token": format!("{ADMIN_TOKEN}\n")})))
            .fails(&["login program", "login"]),
        Case::new("exec and a token", &cluster, &with_token(ADMIN_TOKEN)).file("login", program("exit 3")),
        Case::new("exec and an invalid token", &cluster, &with_token("s3cret-invalid"))
            .file("login", program(&print_token()))
            .fails(&["does not accept"]),
        Case::new("exec and a client certificate", &cluster, &with_certificate(fixture))
            .file("login", program(&print_token())),
    ]
}

fn with_token(text: &str) -> Value {
    let mut user = exec(&json!({}));
    user["token"] = text.into();
    user
}

fn with_certificate(fixture: &Fixture) -> Value {
    let mut user = fixture.certificate(&json!({}));
    user["exec"] = exec(&json!({}))["exec"].clone();
    user
}

/// The input of a program: arguments, environment variables, the cluster.
fn with_input(fixture: &Fixture) -> Vec<Case> {
    let extension = json!([{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "here"}}]);
    let cluster = fixture.cluster(&json!({"extensions": extension}));
    let named = fixture.cluster(&json!({"tls-server-name": "kubernetes.default.svc"}));
    let test_input = |name: &str, fields: &Value, condition: &str| {
        Case::new(name, &cluster, &exec(fields))
            .file("login", program(&format!("{condition} || exit 9\n{}", print_token())))
    };
    let info = |words: &[&str]| {
        let conditions = words.iter().map(|word| format!("printf %s \"$KUBERNETES_EXEC_INFO\" | grep -q -F '{word}'"));
        format!("{{ {}; }}", conditions.collect::<Vec<_>>().join(" && "))
    };
    let (server, authority) = (fixture.plane.server(), encoded(&fixture.authority));
    let info_of_cluster = [
        r#""kind":"ExecCredential""#,
        r#""apiVersion":"client.authentication.k8s.io/v1""#,
        r#""interactive":false"#,
        &format!(r#""server":"{server}""#),
        &format!(r#""certificate-authority-data":"{authority}""#),
        r#""config":{"audience":"here"}"#,
    ];
    vec![
        test_input("exec, arguments", &json!({"args": ["log in", "$HOME"]}), r#"test "$1/$2" = 'log in/$HOME'"#),
        test_input(
            "exec, environment variables",
            &json!({"env": [{"name": "AUDIENCE", "value": "here"}, {"name": "OUTER", "value": "inner"}]}),
            r#"test "$AUDIENCE/$OUTER/$OTHER" = here/inner/other"#,
        )
        .env("OUTER", "outer")
        .env("OTHER", "other"),
        test_input("exec, provideClusterInfo", &json!({"provideClusterInfo": true}), &info(&info_of_cluster)),
        Case::new("exec, provideClusterInfo with tls-server-name", &named, &exec(&json!({"provideClusterInfo": true})))
            .file(
                "login",
                program(&format!(
                    "{} || exit 9\n{}",
                    info(&[r#""tls-server-name":"kubernetes.default.svc""#]),
                    print_token()
                )),
            ),
        test_input("exec, no cluster without provideClusterInfo", &json!({}), &format!("! {}", info(&["\"cluster\""]))),
        test_input(
            "exec, interactiveMode IfAvailable without a terminal",
            &json!({"interactiveMode": "IfAvailable"}),
            &info(&[r#""interactive":false"#]),
        ),
        test_input("exec, found in PATH", &json!({"command": "login-in-path"}), "true")
            .file("login-in-path", program(&print_token()))
            .env("PATH", "@HOME@/.kube:/usr/bin:/bin"),
        test_input("exec, relative to the folder of the kubeconfig", &json!({"command": "bin/log in"}), "true")
            .file("bin/log in", program(&print_token())),
        test_input("exec, absolute path", &json!({"command": "@HOME@/.kube/login"}), "true"),
    ]
}

fn failing(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let case = |name: &str, script: &str| {
        Case::new(name, &cluster, &exec(&json!({}))).file("login", program(script)).fails(&["login program", "/login"])
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
        case("exec, exit code 3 with an error message", "echo s3cret; printf 'log in \\033[2Jagain\\n' >&2; exit 3")
            .fails(&["login program", "/login", "3"]),
        case("exec, exit code 3 after valid output", &format!("{}\nexit 3", print_token())),
        case("exec, killed by a signal", "kill -9 $$"),
        case("exec, malformed output", "echo '{\"s3cret\": '"),
        case("exec, binary output", "head -c 4096 /dev/zero"),
        case("exec, no output", "true"),
        case("exec, output is an empty object", "echo '{}'"),
        case("exec of v1, output of v1beta1", &answer(json!({"apiVersion": "client.authentication.k8s.io/v1beta1"}))),
        case("exec, output of another API group", &answer(json!({"apiVersion": "example.com/v1"}))),
        case("exec, output of another kind", &answer(json!({"kind": "TokenReview"}))),
        case("exec, no status", &answer(json!({"status": null}))),
        case("exec, neither token nor certificate", &answer(json!({"status": {}}))),
        case(
            "exec, certificate without key",
            &answer(json!({"status": {"clientCertificateData": fixture.admin.certificate}})),
        ),
        case(
            "exec, malformed certificate",
            &answer(json!({"status": {"clientCertificateData": "s3cret", "clientKeyData": "s3cret"}})),
        ),
        case(
            "exec, malformed expirationTimestamp",
            &answer(json!({"status": {"token": ADMIN_TOKEN, "expirationTimestamp": "soon"}})),
        ),
        case("exec, invalid token", &print_status(&json!({"token": "s3cret-invalid"}))).fails(&["does not accept"]),
    ]
}

fn misconfigured(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let case =
        |name: &str, fields: &Value| Case::new(name, &cluster, &exec(fields)).file("login", program(&print_token()));
    let missing = json!({"command": "no-such-login", "installHint": "get it\u{1b}[2J from the portal"});
    vec![
        case("exec of v1alpha1", &json!({"apiVersion": "client.authentication.k8s.io/v1alpha1"}))
            .fails(&["apiVersion", "v1alpha1"]),
        case("exec without apiVersion", &json!({"apiVersion": null})).fails(&["apiVersion"]),
        case("exec of v1 without interactiveMode", &json!({"interactiveMode": null})).fails(&["interactiveMode"]),
        case("exec, invalid interactiveMode", &json!({"interactiveMode": "Sometimes"})).fails(&["interactiveMode"]),
        case("exec, interactiveMode Always without a terminal", &json!({"interactiveMode": "Always"}))
            .fails(&["login", "terminal"]),
        case("exec without command", &json!({"command": ""})).fails(&["command"]),
        case("exec, program not in PATH", &missing).fails(&["no-such-login", "from the portal"]),
        case("exec, program not found in the folder of the kubeconfig", &json!({"command": "./missing"}))
            .fails(&["login program", "missing"]),
        case("exec, file is not executable", &json!({"command": "./plain"})).file("plain", "plain").fails(&["plain"]),
        case("exec, interpreter of the script not found", &json!({"command": "./empty"}))
            .file("empty", "#!/no/such/shell\n")
            .fails(&["empty"]),
        Case::new(
            "auth-provider that is not supported",
            &cluster,
            &json!({"auth-provider": {"name": "gcp", "config": {"access-token": "s3cret"}}}),
        )
        .fails(&["auth-provider", "gcp"]),
        Case::new("auth-provider and exec", &cluster, &{
            let mut user = exec(&json!({}));
            user["auth-provider"] = json!({"name": "oidc"});
            user
        })
        .file("login", program(&print_token()))
        .fails(&["auth-provider"]),
        Case::new(
            "auth-provider and a token",
            &cluster,
            &token(&json!({"auth-provider": {"name": "gcp", "config": {}}})),
        )
        .fails(&["auth-provider"]),
    ]
}
