//! Inside a pod: the service account's files and two variables take the place of a kubeconfig.

use std::process::Command;

use serde_json::json;

use super::case::Case;
use super::parts::{Parts, parts, token};
use super::run::check;
use crate::control_plane::ADMIN_TOKEN;

/// Gives a program a mount namespace of its own, in which the folder `account` beside the kubeconfig is that of the
/// service account.
const POD: &str = r#"mount -t tmpfs none /run && mkdir -p /var/run/secrets/kubernetes.io &&
    if [ -d "$HOME/.kube/account" ]; then cp -r "$HOME/.kube/account" /var/run/secrets/kubernetes.io/serviceaccount; fi &&
    exec "$@""#;

#[test]
fn the_service_account_of_a_pod_takes_the_place_of_a_kubeconfig() {
    let story = "the_service_account_of_a_pod_takes_the_place_of_a_kubeconfig";
    let Some(parts) = parts(story) else { return };
    let can = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs none /run"]).status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("LEFT OUT, for want of mount namespaces: {story}");
        return;
    }
    check(parts, [inside(parts), beside_kubeconfigs(parts)].concat());
}

/// In a pod with no kubeconfig.
fn pod(parts: &Parts, name: &str) -> Case {
    Case::without_kubeconfig(name)
        .within(&["unshare", "-rm", "sh", "-c", POD, "sh"])
        .variable("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .variable("KUBERNETES_SERVICE_PORT", &parts.port().to_string())
}

fn account(case: Case, parts: &Parts, token: &str) -> Case {
    case.file("account/token", token)
        .file("account/ca.crt", parts.authority.as_str())
        .file("account/namespace", "tools")
}

fn inside(parts: &Parts) -> Vec<Case> {
    let whole = |name: &str| account(pod(parts, name), parts, ADMIN_TOKEN);
    let without = |name: &str, file: &str| {
        let mut case = whole(name);
        case.files.retain(|(name, _)| !name.ends_with(file));
        case
    };
    let no_variable = |name: &str, variable: &str| {
        let mut case = whole(name);
        case.environment.retain(|(name, _)| name != variable);
        case
    };
    let folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    vec![
        whole("in a pod").console(),
        account(pod(parts, "in a pod, token with a newline"), parts, &format!("{ADMIN_TOKEN}\n")),
        account(pod(parts, "in a pod, a wrong token"), parts, "s3cret-wrong").fails(&["does not accept"]),
        without("in a pod, no namespace file", "namespace"),
        without("in a pod, no token", "token").fails(&["kubeconfig"]),
        without("in a pod, no CA file", "ca.crt").fails(&["certificate|ca.crt"]),
        no_variable("in a pod, no host", "KUBERNETES_SERVICE_HOST").fails(&["kubeconfig"]),
        no_variable("in a pod, no port", "KUBERNETES_SERVICE_PORT").fails(&["kubeconfig"]),
        pod(parts, "in a pod without a service account").fails(&[folder, "kubeconfig"]).fails(&["kubeconfig"]),
        whole("in a pod, --context").arguments(&["--context", "other"]).fails(&["other"]),
        whole("in a pod, HTTPS_PROXY").variable("HTTPS_PROXY", "http://127.0.0.1:1"),
    ]
}

fn beside_kubeconfigs(parts: &Parts) -> Vec<Case> {
    let with = |name: &str, text: &str| {
        let mut case = account(pod(parts, name), parts, ADMIN_TOKEN);
        case.kubeconfig = Some(text.into());
        case
    };
    let here = parts.cluster(&json!({}));
    let wrong = super::parts::kubeconfig(&here, &token(&json!({"token": "s3cret-wrong"})));
    let no_context = json!({"clusters": [{"name": "c", "cluster": here}], "users": [], "contexts": []}).to_string();
    let not_current = wrong.replace("\"current-context\": \"here\"", "\"current-context\": \"\"");
    vec![
        with("in a pod, an empty kubeconfig", ""),
        with("in a pod, a kubeconfig with nothing in it", "apiVersion: v1\nkind: Config\n"),
        with("in a pod, KUBECONFIG is empty", "").variable("KUBECONFIG", ""),
        with("in a pod, a kubeconfig without contexts", &no_context),
        with("in a pod, no current context", &not_current),
        with("in a pod, a kubeconfig with a context", &wrong).fails(&["does not accept"]),
        with("in a pod, KUBECONFIG names a missing file", &wrong).variable("KUBECONFIG", "@HOME@/gone"),
        with("in a pod, KUBECONFIG names an empty file", &wrong)
            .file("empty", "")
            .variable("KUBECONFIG", "@HOME@/.kube/empty"),
        with("in a pod, the current context is missing", "current-context: gone\n").fails(&["gone"]),
        with("in a pod, --kubeconfig of a missing file", "").arguments(&["--kubeconfig", "gone"]).fails(&["gone"]),
        with("in a pod, a broken kubeconfig", "clusters: [").fails(&["config"]),
    ]
}
