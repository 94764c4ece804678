//! Logins with a program (`exec`) and with one of client-go's own plugins (`auth-provider`).

use serde_yaml::{Mapping, Value};

use super::diagnosis::{Credential, Diagnosis};
use super::entry::{FileAccess, UserEntry, text};
use super::token::end_of_token;

/// Versions of the contract with a program (client-go, `plugin/pkg/client/auth/exec/exec.go`, `apiVersions`).
const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";
/// No longer known, but still with a default.
const V1ALPHA1: &str = "client.authentication.k8s.io/v1alpha1";
const MODES: [&str; 3] = ["Never", "IfAvailable", "Always"];

/// Looks at `exec`.
pub(super) fn check_exec_plugin(seen: &mut Diagnosis, entry: &UserEntry, encrypted: bool, files: &dyn FileAccess) {
    let Some(exec) = entry.fields.get("exec").and_then(Value::as_mapping) else { return };
    let command = text(exec, "command");
    let name = command.rsplit('/').next().unwrap_or_default().to_owned();
    seen.credentials.push(Credential::Exec(name));
    let mut found = Vec::new();
    let mut problem = |field: &str, why: &str| found.push(entry.problem(field, why));
    if entry.fields.get("auth-provider").is_some_and(Value::is_mapping) {
        problem("exec", "auth-provider is set, too; remove one");
    }
    let version = text(exec, "apiVersion");
    match version.as_str() {
        V1 | V1BETA1 => {}
        "" => problem("exec.apiVersion", &format!("it is missing; write {V1}")),
        _ if !encrypted => {}
        version => problem("exec.apiVersion", &format!("clients do not know {version}; write {V1}")),
    }
    match text(exec, "interactiveMode") {
        // client-go, `tools/clientcmd/api/v1/defaults.go`.
        mode if mode.is_empty() && [V1BETA1, V1ALPHA1].contains(&version.as_str()) => {}
        mode if mode.is_empty() => problem("exec.interactiveMode", "it is missing; write Never, IfAvailable or Always"),
        mode if MODES.contains(&mode.as_str()) => {}
        mode => problem("exec.interactiveMode", &format!("{mode} is not Never, IfAvailable or Always")),
    }
    if names_nothing(exec) {
        problem("exec.env", "a variable has no name");
    }
    if command.is_empty() {
        problem("exec.command", "it is missing");
    } else if encrypted && let Err(why) = files.program(&command) {
        problem("exec.command", &format!("{command}: {why}"));
    }
    seen.problems.append(&mut found);
}

fn names_nothing(exec: &Mapping) -> bool {
    let variables = exec.get("env").and_then(Value::as_sequence).into_iter().flatten();
    let mut names = variables.map(|variable| variable.get("name").and_then(Value::as_str).unwrap_or_default());
    names.any(str::is_empty)
}

/// Looks at `auth-provider` (client-go, `plugin/pkg/client/auth`: `gcp` and `azure` were removed in 1.26).
pub(super) fn check_auth_provider(seen: &mut Diagnosis, entry: &UserEntry, encrypted: bool) {
    let Some(plugin) = entry.fields.get("auth-provider").and_then(Value::as_mapping) else { return };
    let name = text(plugin, "name");
    seen.credentials.push(Credential::AuthProvider(name.clone()));
    if !encrypted {
        return;
    }
    if name != "oidc" {
        let instead = match name.as_str() {
            "gcp" => "it was removed from clients in 1.26; use exec with gke-gcloud-auth-plugin",
            "azure" => "it was removed from clients in 1.26; use exec with kubelogin",
            _ => "clients do not know it; use exec",
        };
        return seen.problems.push(entry.problem("auth-provider", &format!("{name}: {instead}")));
    }
    let config = plugin.get("config").and_then(Value::as_mapping).cloned().unwrap_or_default();
    for field in ["idp-issuer-url", "client-id"] {
        if text(&config, field).is_empty() {
            seen.problems.push(entry.problem(&format!("auth-provider.config.{field}"), "it is missing"));
        }
    }
    // With a refresh token a new one is asked for.
    if text(&config, "refresh-token").is_empty() {
        let token = text(&config, "id-token");
        if token.is_empty() {
            let why = "neither an id-token nor a refresh-token is there";
            seen.problems.push(entry.problem("auth-provider.config", why));
        }
        seen.ends = seen.ends.or_else(|| end_of_token(&token));
    }
}
