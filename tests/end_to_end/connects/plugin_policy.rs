//! The policy for login programs in kuberc, the configuration of kubectl (`credentialPluginPolicy`).

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use super::login_programs::{exec, print_token, program};

#[test]
fn applies_the_plugin_policy_of_kuberc() {
    let Some(fixture) = fixture("applies_the_plugin_policy_of_kuberc") else { return };
    check(fixture, [policies(fixture), locations(fixture)].concat());
}

fn kuberc(fields: &Value) -> String {
    let mut text = json!({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"});
    for (name, value) in fields.as_object().unwrap() {
        text[name] = value.clone();
    }
    text.to_string()
}

fn with(fixture: &Fixture, name: &str) -> Case {
    Case::new(name, &fixture.cluster(&json!({})), &exec(&json!({}))).file("login", program(&print_token()))
}

fn list(name: &str) -> Value {
    json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{"command": name}]})
}

fn policies(fixture: &Fixture) -> Vec<Case> {
    let case = |name: &str, fields: &Value| with(fixture, name).file("kuberc", kuberc(fields));
    let path = |mut case: Case| {
        case.kubeconfig = Some(
            super::fixture::kubeconfig(&fixture.cluster(&json!({})), &exec(&json!({"command": "login-in-path"})))
                .into(),
        );
        case.file("login-in-path", program(&print_token())).env("PATH", "@HOME@/.kube:/usr/bin:/bin")
    };
    vec![
        case("kuberc without a policy", &json!({})),
        case("kuberc, AllowAll", &json!({"credentialPluginPolicy": "AllowAll"})).console(),
        case("kuberc, DenyAll", &json!({"credentialPluginPolicy": "DenyAll"})).fails(&["login", "kuberc"]),
        case("kuberc, Allowlist with the absolute path", &list("@HOME@/.kube/login")),
        case(
            "kuberc, Allowlist with the deprecated field name",
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
        case("kuberc, policy Allowlist without an allowlist", &json!({"credentialPluginPolicy": "Allowlist"}))
            .fails(&["kuberc"]),
        case(
            "kuberc, empty allowlist",
            &json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": []}),
        )
        .fails(&["kuberc"]),
        case(
            "kuberc, allowlist without the policy Allowlist",
            &json!({"credentialPluginAllowlist": [{"name": "login"}]}),
        )
        .fails(&["kuberc"]),
        case("kuberc, invalid policy", &json!({"credentialPluginPolicy": "Sometimes"})).fails(&["kuberc"]),
        with(fixture, "kuberc of v1alpha1, which has no policy field").file(
            "kuberc",
            kuberc(&json!({
                "apiVersion": "kubectl.config.k8s.io/v1alpha1", "credentialPluginPolicy": "DenyAll",
            })),
        ),
    ]
}

fn locations(fixture: &Fixture) -> Vec<Case> {
    let deny = kuberc(&json!({"credentialPluginPolicy": "DenyAll"}));
    vec![
        with(fixture, "KUBERC names another file")
            .file("elsewhere", deny.as_str())
            .env("KUBERC", "@HOME@/.kube/elsewhere")
            .fails(&["login", "elsewhere"]),
        with(fixture, "KUBERC names a missing file").env("KUBERC", "@HOME@/.kube/missing").fails(&["missing"]),
        with(fixture, "KUBERC=off").file("kuberc", deny.as_str()).env("KUBERC", "off"),
        with(fixture, "KUBECTL_KUBERC=false").file("kuberc", deny.as_str()).env("KUBECTL_KUBERC", "false"),
        with(fixture, "malformed kuberc").file("kuberc", "kind: ["),
        Case::new("kuberc, DenyAll and a token", &fixture.cluster(&json!({})), &token(&json!({}))).file("kuberc", deny),
    ]
}
