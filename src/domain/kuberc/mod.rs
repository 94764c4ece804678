//! kubectl's own settings (`~/.kube/kuberc`), of which one concerns every login: which programs a kubeconfig may run
//! (kubectl, `pkg/config/v1beta1/types.go` and `pkg/kuberc`; client-go, `plugin/pkg/client/auth/exec/exec.go`).

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::kubeconfig::schema::{Shape, check_fields, type_field};
use super::yaml::read;

const KIND: &str = "Preference";
const POLICY: &str = "credentialPluginPolicy";
const ALLOWLIST: &str = "credentialPluginAllowlist";

type FieldShapes = &'static [(&'static str, Shape)];

const OPTIONS: Shape = Shape::ListOf(&Shape::Fields(&[("name", Shape::Text), ("default", Shape::Text)]));

const V1BETA1: FieldShapes = &[
    ("defaults", Shape::ListOf(&Shape::Fields(&[("command", Shape::Text), ("options", OPTIONS)]))),
    (
        "aliases",
        Shape::ListOf(&Shape::Fields(&[
            ("name", Shape::Text),
            ("command", Shape::Text),
            ("prependArgs", Shape::Texts),
            ("appendArgs", Shape::Texts),
            ("options", OPTIONS),
        ])),
    ),
    (POLICY, Shape::Text),
    (ALLOWLIST, Shape::ListOf(&Shape::Fields(&[("name", Shape::Text), ("command", Shape::Text)]))),
];

/// It had no policy yet.
const V1ALPHA1: FieldShapes = &[
    ("overrides", Shape::ListOf(&Shape::Fields(&[("command", Shape::Text), ("flags", OPTIONS)]))),
    (
        "aliases",
        Shape::ListOf(&Shape::Fields(&[
            ("name", Shape::Text),
            ("command", Shape::Text),
            ("prependArgs", Shape::Texts),
            ("appendArgs", Shape::Texts),
            ("flags", OPTIONS),
        ])),
    ),
];

/// Which programs a kubeconfig may run to log in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum PluginPolicy {
    /// Any.
    #[default]
    AllowAll,
    /// None.
    DenyAll,
    /// Those of a list, of which each is a path or a name that is looked up in `PATH`.
    Allowlist(Vec<String>),
}

/// A program that the policy does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PluginRefused {
    /// No program is allowed.
    #[error("the login program {command} is not allowed: {POLICY} in kuberc is DenyAll")]
    DenyAll {
        /// The program.
        command: String,
    },
    /// It is not in the list.
    #[error("the login program {command} is not allowed: {ALLOWLIST} in kuberc does not name it")]
    NotListed {
        /// The program.
        command: String,
    },
    /// It is not in the list literally, and what it is cannot be found out.
    #[error("the login program {command} cannot be found, and {ALLOWLIST} in kuberc does not name it")]
    NotFound {
        /// The program.
        command: String,
    },
}

impl PluginPolicy {
    /// Whether a kubeconfig may run a program. `command` is `exec.command` with its path in full where it has a slash in
    /// it; `resolve` finds the file that a command runs, as Go's `exec.LookPath` does.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn allows(&self, command: &str, resolve: impl Fn(&str) -> Option<PathBuf>) -> Result<(), PluginRefused> {
        let refused = || clean(command);
        match self {
            Self::AllowAll => Ok(()),
            Self::DenyAll => Err(PluginRefused::DenyAll { command: refused() }),
            Self::Allowlist(list) => listed(list, &clean(command), resolve),
        }
    }
}

/// `checkAllowlistLocked`: the command itself or the file that it runs is in the list, or an entry of the same
/// file name runs the same file.
fn listed(list: &[String], command: &str, resolve: impl Fn(&str) -> Option<PathBuf>) -> Result<(), PluginRefused> {
    if list.iter().any(|entry| entry == command) {
        return Ok(());
    }
    let Some(path) = resolve(command) else { return Err(PluginRefused::NotFound { command: command.to_owned() }) };
    let runs_it = |entry: &String| {
        Path::new(entry) == path
            || (Path::new(entry).file_name() == path.file_name() && resolve(entry).is_some_and(|other| other == path))
    };
    if list.iter().any(runs_it) { Ok(()) } else { Err(PluginRefused::NotListed { command: command.to_owned() }) }
}

/// What a kuberc says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kuberc {
    /// The policy.
    pub policy: PluginPolicy,
    /// What kubectl only warns of: a field that it does not know, a key that is there twice.
    pub note: Option<String>,
}

/// Why a kuberc cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No document in it is one of settings. kubectl ignores it, unless the file was named.
    Unreadable(String),
    /// Its policy contradicts itself. kubectl does nothing then.
    Policy(String),
}

impl Kuberc {
    /// Reads a kuberc: the first of its documents that kubectl can use. A text without any is one without settings.
    ///
    /// # Errors
    /// What is wrong, with the field.
    pub(crate) fn parse(text: &str) -> Result<Self, Broken> {
        let mut first = None;
        for document in split(text).map_err(Broken::Unreadable)? {
            match Self::document(&document) {
                Ok(usable) => return usable.map_err(Broken::Policy),
                Err(why) => first = first.or(Some(why)),
            }
        }
        first.map_or_else(|| Ok(Self::default()), |why| Err(Broken::Unreadable(why)))
    }

    /// A document; outside: whether it is one of settings, inside: whether they can hold.
    fn document(text: &str) -> Result<Result<Self, String>, String> {
        let read = read::documents(text)?;
        let Some(Value::Mapping(root)) = read.values.into_iter().next() else {
            return Err("it is no kuberc: not a mapping".to_owned());
        };
        let known = match (type_field(&root, "apiVersion")?.as_str(), type_field(&root, "kind")?.as_str()) {
            ("kubectl.config.k8s.io/v1beta1", KIND) => V1BETA1,
            ("kubectl.config.k8s.io/v1alpha1", KIND) => V1ALPHA1,
            (version, kind) => {
                return Err(format!("it is no kuberc: apiVersion {version:?} and kind {kind:?} are not kubectl's"));
            }
        };
        check_fields(&root, &Shape::Fields(known), "")?;
        let policy_fields = if known.len() == V1BETA1.len() { Some(&root) } else { None };
        let list = policy_fields.and_then(|root| root.get(ALLOWLIST)).and_then(Value::as_sequence);
        let list = list.map(|entries| entries.iter().map(entry).collect::<Result<Vec<_>, _>>()).transpose()?;
        let name = policy_fields.and_then(|root| root.get(POLICY)).and_then(Value::as_str).unwrap_or_default();
        let note = read.duplicate.map(|line| format!("line {line}: a key is there twice; the last value counts"));
        let note = note.or_else(|| unknown(&root, known));
        Ok(policy(name, list).map(|policy| Self { policy, note }))
    }
}

/// An entry of the list: `command`, or `name` as it was called before.
fn entry(entry: &Value) -> Result<String, String> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    match (text("name"), text("command")) {
        (name, "") => Ok(name.to_owned()),
        (name, command) if name.is_empty() || name == command => Ok(command.to_owned()),
        _ => Err(format!("{ALLOWLIST}: an entry has a name and another command; write only the command")),
    }
}

/// `ValidatePluginPolicy`. Nothing of it is guessed: a mistake must not open what was meant to be closed.
fn policy(name: &str, list: Option<Vec<String>>) -> Result<PluginPolicy, String> {
    match (name, list) {
        ("" | "AllowAll", None) => Ok(PluginPolicy::AllowAll),
        ("DenyAll", None) => Ok(PluginPolicy::DenyAll),
        ("" | "AllowAll" | "DenyAll", Some(_)) => {
            Err(format!("{ALLOWLIST} is set, and {POLICY} is {name:?} and not \"Allowlist\""))
        }
        ("Allowlist", None) => Err(format!("{POLICY} is Allowlist, and there is no {ALLOWLIST}")),
        ("Allowlist", Some(list)) if list.is_empty() => {
            Err(format!("{ALLOWLIST} is empty; to allow no program, set {POLICY} to DenyAll"))
        }
        ("Allowlist", Some(list)) => match list.iter().enumerate().find(|(_, entry)| **entry != clean(entry)) {
            Some((at, entry)) if entry.is_empty() => Err(format!("{ALLOWLIST}[{at}] names no command")),
            Some((at, entry)) => Err(format!("{ALLOWLIST}[{at}] is {entry}; write {}", clean(entry))),
            None => Ok(PluginPolicy::Allowlist(list)),
        },
        _ => Err(format!("{POLICY} is {name:?} and not AllowAll, DenyAll or Allowlist")),
    }
}

fn unknown(root: &Mapping, known: FieldShapes) -> Option<String> {
    let is_known = |key: &str| matches!(key, "apiVersion" | "kind") || known.iter().any(|(name, _)| *name == key);
    let key = root.keys().filter_map(Value::as_str).find(|key| !is_known(key))?;
    Some(format!("the field {key} is unknown and ignored"))
}

/// The documents of a text that have something in them (apimachinery, `pkg/util/yaml/decoder.go`, `YAMLReader`): each is
/// read for itself, so that one that is broken hides none after it. A mark with nothing before it is a part of what
/// follows it.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut documents = vec![String::new()];
    for (number, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            if !matches!(rest.trim_start().chars().next(), None | Some('#')) {
                return Err(format!("line {}: a document begins on the line of its mark", number + 1));
            }
            if documents.last().is_some_and(|document| !document.is_empty()) {
                documents.push(String::new());
                continue;
            }
        }
        if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    Ok(documents)
}

/// Go's `filepath.Clean`.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests;
