//! What kuberc, kubectl's own configuration, says about login programs (`credentialPluginPolicy`).

use serde_json::{Value, json};

use super::case::Case;
use super::login_programs::{exec, prints_token, program};
use super::parts::{Parts, parts};
use super::run::check;

#[test]
fn kuberc_decides_which_login_programs_run() {
    let Some(parts) = parts("kuberc_decides_which_login_programs_run") else { return };
    check(parts, [policies(parts), places(parts)].concat());
}

fn kuberc(fields: &Value) -> String {
    let mut text = json!({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"});
    for (name, value) in fields.as_object().unwrap() {
        text[name] = value.clone();
    }
    text.to_string()
}

fn with(parts: &Parts, name: &str) -> Case {
    Case::new(name, &parts.cluster(&json!({})), &exec(&json!({}))).file("login", program(&prints_token()))
}

fn list(name: &str) -> Value {
    json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{"command": name}]})
}

fn policies(parts: &Parts) -> Vec<Case> {
    let case = |name: &str, fields: &Value| with(parts, name).file("kuberc", kuberc(fields));
    let path = |mut case: Case| {
        case.kubeconfig = Some(
            super::parts::kubeconfig(&parts.cluster(&json!({})), &exec(&json!({"command": "login-in-path"}))).into(),
        );
        case.file("login-in-path", program(&prints_token())).variable("PATH", "@HOME@/.kube:/usr/bin:/bin")
    };
    vec![
        case("kuberc without a policy", &json!({})),
        case("kuberc, AllowAll", &json!({"credentialPluginPolicy": "AllowAll"})).console(),
        case("kuberc, DenyAll", &json!({"credentialPluginPolicy": "DenyAll"})).fails(&["login", "kuberc"]),
        case("kuberc, Allowlist with the whole path", &list("@HOME@/.kube/login")),
        case(
            "kuberc, Allowlist with the field's old name",
            &json!({
                "credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{"name": "@HOME@/.kube/login"}],
            }),
        ),
        case(
            "kuberc, Allowlist with an empty entry",
            &json!({
                "credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{}],
            }),
        )
        .fails(&["kuberc"]),
        case("kuberc, Allowlist with the base name", &list("login")).fails(&["login", "kuberc"]),
        case("kuberc, Allowlist with another program", &list("other")).fails(&["login", "kuberc"]),
        path(case("kuberc, Allowlist with a name in PATH", &list("login-in-path"))),
        path(case("kuberc, Allowlist with the path of a name in PATH", &list("@HOME@/.kube/login-in-path"))),
        case("kuberc, Allowlist without a list", &json!({"credentialPluginPolicy": "Allowlist"})).fails(&["kuberc"]),
        case(
            "kuberc, empty Allowlist",
            &json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": []}),
        )
        .fails(&["kuberc"]),
        case("kuberc, a list without Allowlist", &json!({"credentialPluginAllowlist": [{"name": "login"}]}))
            .fails(&["kuberc"]),
        case("kuberc, a policy that is none", &json!({"credentialPluginPolicy": "Sometimes"})).fails(&["kuberc"]),
        with(parts, "kuberc of v1alpha1, which has no policy").file(
            "kuberc",
            kuberc(&json!({
                "apiVersion": "kubectl.config.k8s.io/v1alpha1", "credentialPluginPolicy": "DenyAll",
            })),
        ),
    ]
}

fn places(parts: &Parts) -> Vec<Case> {
    let deny = kuberc(&json!({"credentialPluginPolicy": "DenyAll"}));
    vec![
        with(parts, "KUBERC names the file")
            .file("elsewhere", deny.as_str())
            .variable("KUBERC", "@HOME@/.kube/elsewhere")
            .fails(&["login", "elsewhere"]),
        with(parts, "KUBERC names a file that is not there").variable("KUBERC", "@HOME@/.kube/gone").fails(&["gone"]),
        with(parts, "KUBERC=off").file("kuberc", deny.as_str()).variable("KUBERC", "off"),
        with(parts, "KUBECTL_KUBERC=false").file("kuberc", deny.as_str()).variable("KUBECTL_KUBERC", "false"),
        with(parts, "kuberc that cannot be read").file("kuberc", "kind: ["),
        with(parts, "kuberc, DenyAll without a login program's being needed").file("kuberc", deny.as_str()),
    ]
    .into_iter()
    .map(|mut case| {
        if case.name.ends_with("needed") {
            let user = super::parts::token(&json!({}));
            case.kubeconfig = Some(super::parts::kubeconfig(&parts.cluster(&json!({})), &user).into());
        }
        case
    })
    .collect()
}
