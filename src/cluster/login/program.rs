//! A login program as the kubeconfig's `exec` describes it (client-go, `plugin/pkg/client/auth/exec`).

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};
use serde_yaml::{Mapping, Value};

use super::content::content;
use super::failed::{LoginError, Reason};
use crate::files::programs::look_path;

/// The versions of the protocol that client-go speaks. `v1alpha1` was removed in Kubernetes 1.24.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/// Where a cluster entry holds what its login programs are to know (client-go, `tools/clientcmd/client_config.go`).
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// When a program may use the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) enum InteractiveMode {
    /// It does not read from it.
    Never,
    /// Where there is one.
    IfAvailable,
    /// It needs one.
    Always,
}

/// A login program.
#[derive(Clone, PartialEq)]
pub(in crate::cluster) struct Program {
    /// Its name, or its path.
    pub command: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    /// The apiVersion of its answer.
    pub version: &'static str,
    /// When it may use the terminal.
    pub mode: InteractiveMode,
    /// The cluster information that it receives.
    cluster: Option<serde_json::Value>,
    hint: String,
}

impl std::fmt::Debug for Program {
    // Arguments and variables may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Program {
    /// Reads the `exec` of a user entry.
    ///
    /// # Errors
    /// Which field cannot be used, and why (client-go, `tools/clientcmd/validation.go`).
    pub(crate) fn read(exec: &Mapping, cluster: &Mapping) -> Result<Self, String> {
        let text = |field: &str| exec.get(field).and_then(Value::as_str).unwrap_or_default();
        let items = |field: &str| exec.get(field).and_then(Value::as_sequence).into_iter().flatten();
        if text("command").is_empty() {
            return Err("exec: command is missing".to_owned());
        }
        let version = text("apiVersion");
        let known = VERSIONS.into_iter().find(|known| *known == version);
        let version = known.ok_or_else(|| match version {
            "" => "exec: apiVersion is missing".to_owned(),
            _ => format!(
                "exec: apiVersion {version} is not supported (by kubectl neither); use {}",
                VERSIONS.join(" or ")
            ),
        })?;
        let mode = match text("interactiveMode") {
            "Never" => InteractiveMode::Never,
            "IfAvailable" => InteractiveMode::IfAvailable,
            "Always" => InteractiveMode::Always,
            // client-go, tools/clientcmd/api/v1/defaults.go.
            "" if version.ends_with("/v1beta1") => InteractiveMode::IfAvailable,
            "" => return Err(format!("exec: interactiveMode is missing, and {version} requires it")),
            other => return Err(format!("exec: interactiveMode {other} is not Never, IfAvailable or Always")),
        };
        let env = items("env").filter_map(Value::as_mapping).map(|variable| {
            let text = |field: &str| variable.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            (text("name"), text("value"))
        });
        let env: Vec<_> = env.collect();
        if env.iter().any(|(name, _)| name.is_empty() || name.contains(['=', '\0'])) {
            return Err("exec: env: a variable has no usable name".to_owned());
        }
        let wants_cluster = exec.get("provideClusterInfo").and_then(Value::as_bool) == Some(true);
        Ok(Self {
            command: text("command").to_owned(),
            args: items("args").filter_map(Value::as_str).map(str::to_owned).collect(),
            env,
            version,
            mode,
            cluster: wants_cluster.then(|| cluster_info(cluster)).transpose()?,
            hint: text("installHint").to_owned(),
        })
    }

    /// A failure of this program.
    pub(crate) fn failed(&self, reason: Reason) -> LoginError {
        LoginError { program: self.command.clone(), reason }
    }

    /// The command to run, its standard output captured. The caller sets the rest of its environment.
    ///
    /// # Errors
    /// [`Reason::NotFound`].
    pub(crate) fn command(&self, interactive: bool) -> Result<Command, Reason> {
        let found = look_path(&self.command).map_err(|why| {
            let hint: String = self.hint.chars().take(400).collect();
            Reason::NotFound(why, hint)
        })?;
        let mut info =
            json!({"kind": "ExecCredential", "apiVersion": self.version, "spec": {"interactive": interactive}});
        if let Some(cluster) = &self.cluster {
            info["spec"]["cluster"] = cluster.clone();
        }
        let mut command = Command::new(found);
        command.arg0(&self.command).args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.env("KUBERNETES_EXEC_INFO", info.to_string()).stdout(Stdio::piped());
        Ok(command)
    }
}

/// `spec.cluster` of `KUBERNETES_EXEC_INFO` (client-go, `rest/exec.go`, `ConfigToExecCluster`).
fn cluster_info(cluster: &Mapping) -> Result<serde_json::Value, String> {
    let text = |field: &str| cluster.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut info = Map::new();
    info.insert("server".to_owned(), text("server").unwrap_or_default().into());
    for field in ["tls-server-name", "proxy-url"] {
        info.extend(text(field).map(|text| (field.to_owned(), text.into())));
    }
    for field in ["insecure-skip-tls-verify", "disable-compression"] {
        let set = cluster.get(field).and_then(Value::as_bool) == Some(true);
        info.extend(set.then(|| (field.to_owned(), true.into())));
    }
    if let Some(authority) = content(cluster, "certificate-authority")? {
        info.insert("certificate-authority-data".to_owned(), STANDARD.encode(&*authority).into());
    }
    let extensions = cluster.get("extensions").and_then(Value::as_sequence).into_iter().flatten();
    let mut own = extensions.filter(|one| one.get("name").and_then(Value::as_str) == Some(EXTENSION));
    if let Some(config) = own.find_map(|one| one.get("extension")) {
        let config = serde_json::to_value(config).map_err(|_| format!("extensions: {EXTENSION}: not valid JSON"))?;
        info.insert("config".to_owned(), config);
    }
    Ok(info.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(exec: &str, cluster: &str) -> Result<Program, String> {
        Program::read(&serde_yaml::from_str(exec).unwrap(), &serde_yaml::from_str(cluster).unwrap())
    }

    #[test]
    fn accepts_and_rejects_fields_as_kubectl_does_and_names_them() {
        let v1beta1 = "command: x, apiVersion: client.authentication.k8s.io/v1beta1";
        let v1 = "command: x, apiVersion: client.authentication.k8s.io/v1";
        assert_eq!(read(&format!("{{{v1beta1}}}"), "{}").unwrap().mode, InteractiveMode::IfAvailable);
        assert_eq!(read(&format!("{{{v1}, interactiveMode: Never}}"), "{}").unwrap().mode, InteractiveMode::Never);
        for (exec, field) in [
            ("{}".to_owned(), "command"),
            ("{command: x}".to_owned(), "apiVersion"),
            ("{command: x, apiVersion: client.authentication.k8s.io/v1alpha1}".to_owned(), "apiVersion"),
            (format!("{{{v1}}}"), "interactiveMode"),
            (format!("{{{v1}, interactiveMode: always}}"), "interactiveMode"),
            (format!("{{{v1beta1}, env: [{{name: '', value: s3cret}}]}}"), "env"),
        ] {
            let why = read(&exec, "{}").unwrap_err();
            assert!(why.contains(field) && !why.contains("s3cret"), "{exec}: {why}");
        }
    }

    #[test]
    fn passes_the_cluster_to_a_program_only_with_provide_cluster_info() {
        let exec = "{command: sh, apiVersion: client.authentication.k8s.io/v1beta1, provideClusterInfo: true}";
        let cluster = "{server: 'https://s', certificate-authority-data: Y2E=, insecure-skip-tls-verify: false,
            extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: a}}]}";
        let command = read(exec, cluster).unwrap().command(true).unwrap();
        let info = command.get_envs().find(|(name, _)| *name == "KUBERNETES_EXEC_INFO").unwrap().1.unwrap();
        let info: serde_json::Value = serde_json::from_str(info.to_str().unwrap()).unwrap();
        assert_eq!(
            info["spec"],
            json!({"interactive": true, "cluster": {"server": "https://s", "certificate-authority-data": "Y2E=",
                "config": {"audience": "a"}}})
        );
        let without = read("{command: sh, apiVersion: client.authentication.k8s.io/v1beta1}", cluster).unwrap();
        assert!(without.cluster.is_none());
    }

    #[test]
    fn a_missing_program_is_reported_with_its_install_hint() {
        let exec =
            "{command: no-such-program, apiVersion: client.authentication.k8s.io/v1beta1, installHint: brew install x}";
        let program = read(exec, "{}").unwrap();
        let failed = program.failed(program.command(false).unwrap_err()).to_string();
        assert_eq!(
            failed,
            "the login program no-such-program cannot be run: not found in PATH. How to install it: brew install x"
        );
    }
}
