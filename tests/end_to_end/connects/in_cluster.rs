//! In a pod: the files of the service account and two environment variables replace a kubeconfig.

use std::process::Command;

use serde_json::json;

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use crate::control_plane::ADMIN_TOKEN;

/// Runs a program in a new mount namespace, in which `~/.kube/account` is copied to the folder of the service account.
const RUN_IN_POD: &str = r#"mount -t tmpfs none /run && mkdir -p /var/run/secrets/kubernetes.io &&
    if [ -d "$HOME/.kube/account" ]; then cp -r "$HOME/.kube/account" /var/run/secrets/kubernetes.io/serviceaccount; fi &&
    exec "$@""#;

#[test]
fn connects_as_the_service_account_of_a_pod() {
    let test = "connects_as_the_service_account_of_a_pod";
    let Some(fixture) = fixture(test) else { return };
    let status = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs none /run"]).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED, because mount namespaces are not available: {test}");
        return;
    }
    check(fixture, [without_kubeconfig(fixture), with_kubeconfig(fixture)].concat());
}

/// In a pod without a kubeconfig and without a service account.
fn pod(fixture: &Fixture, name: &str) -> Case {
    Case::without_kubeconfig(name)
        .run_under(&["unshare", "-rm", "sh", "-c", RUN_IN_POD, "sh"])
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", &fixture.port().to_string())
}

fn with_account(case: Case, fixture: &Fixture, token: &str) -> Case {
    case.file("account/token", token)
        .file("account/ca.crt", fixture.authority.as_str())
        .file("account/namespace", "tools")
}

fn without_kubeconfig(fixture: &Fixture) -> Vec<Case> {
    let complete = |name: &str| with_account(pod(fixture, name), fixture, ADMIN_TOKEN);
    let without = |name: &str, file: &str| {
        let mut case = complete(name);
        case.files.retain(|(name, _)| !name.ends_with(file));
        case
    };
    let without_variable = |name: &str, variable: &str| {
        let mut case = complete(name);
        case.environment.retain(|(name, _)| name != variable);
        case
    };
    vec![
        complete("in a pod").console(),
        with_account(pod(fixture, "in a pod, token with a newline"), fixture, &format!("{ADMIN_TOKEN}\n")),
        with_account(pod(fixture, "in a pod, an invalid token"), fixture, "s3cret-wrong").fails(&["does not accept"]),
        without("in a pod, no namespace file", "namespace"),
        without("in a pod, no token", "token").fails(&["kubeconfig"]),
        without("in a pod, no CA file", "ca.crt").fails(&["certificate|ca.crt"]),
        without_variable("in a pod, no host", "KUBERNETES_SERVICE_HOST").fails(&["kubeconfig"]),
        without_variable("in a pod, no port", "KUBERNETES_SERVICE_PORT").fails(&["kubeconfig"]),
        pod(fixture, "in a pod without a service account").fails(&["kubeconfig"]),
        complete("in a pod, --context").arguments(&["--context", "other"]).fails(&["other"]),
        complete("in a pod, HTTPS_PROXY").env("HTTPS_PROXY", "http://127.0.0.1:1"),
    ]
}

fn with_kubeconfig(fixture: &Fixture) -> Vec<Case> {
    let with = |name: &str, text: &str| {
        let mut case = with_account(pod(fixture, name), fixture, ADMIN_TOKEN);
        case.kubeconfig = Some(text.into());
        case
    };
    let cluster = fixture.cluster(&json!({}));
    let invalid = super::fixture::kubeconfig(&cluster, &token(&json!({"token": "s3cret-invalid"})));
    let no_context = json!({"clusters": [{"name": "c", "cluster": cluster}], "users": [], "contexts": []}).to_string();
    let not_current = invalid.replace("\"current-context\": \"here\"", "\"current-context\": \"\"");
    vec![
        with("in a pod, empty kubeconfig", ""),
        with("in a pod, kubeconfig without entries", "apiVersion: v1\nkind: Config\n"),
        with("in a pod, KUBECONFIG is empty", "").env("KUBECONFIG", ""),
        with("in a pod, kubeconfig without contexts", &no_context),
        with("in a pod, no current context", &not_current),
        with("in a pod, kubeconfig with a current context", &invalid).fails(&["does not accept"]),
        with("in a pod, KUBECONFIG names a missing file", &invalid).env("KUBECONFIG", "@HOME@/missing"),
        with("in a pod, KUBECONFIG names an empty file", &invalid)
            .file("empty", "")
            .env("KUBECONFIG", "@HOME@/.kube/empty"),
        with("in a pod, current context not found", "current-context: missing\n").fails(&["missing"]),
        with("in a pod, --kubeconfig names a missing file", "")
            .arguments(&["--kubeconfig", "missing"])
            .fails(&["missing"]),
        with("in a pod, malformed kubeconfig", "clusters: [").fails(&["config"]),
    ]
}
