//! The Kubeconfig pane: which contexts this machine holds, how each logs in and for how long, and what can be done to
//! them. The files are read when the pane is entered, after each write and when asked; nothing is polled.

pub(crate) mod ask;
pub(crate) mod ask_view;
pub(crate) mod life;
pub(crate) mod loaded;
pub(crate) mod pane;
pub(crate) mod runner;
pub(crate) mod update;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::cluster::probe::Probe;
use crate::console::core::clock::Clock;
use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::Action;
use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::diagnose::Diagnosis;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::output::shell::{Kubectl, ShellCommand, ShellLine};
use crate::error::UserError;

pub(crate) use loaded::{Kubeconfigs, LoadedKubeconfigs};

/// What the pane knows.
#[derive(Debug, Default)]
pub struct KubeconfigPane {
    /// The place of the cursor.
    pub place: usize,
    /// How testing a context's connection ended, or `None` while it is tested.
    pub tests: BTreeMap<String, (EffectId, Option<Probe>)>,
    /// Whether the credential of this console has been looked at since it connected.
    warned: bool,
}

/// Something that the pane wants done.
#[derive(Debug)]
pub enum KubeconfigTask {
    /// Read the files.
    Read,
    /// Show a context as YAML, secrets replaced.
    Yaml(String),
    /// Say what importing a file would do.
    Plan(EffectId, PathBuf),
    /// Write. To extract a context to a new file needs no permit.
    Change(EffectId, KubeconfigChange, Consent, Option<WritePermit>),
    /// Test a context's connection.
    Test(EffectId, String),
}

/// A result for the pane.
#[derive(Debug)]
pub enum KubeconfigResult {
    /// The files were read, or not.
    Read(Result<Box<LoadedKubeconfigs>, UserError>),
    /// A context as YAML.
    Yaml(String, Vec<String>),
    /// What importing would do, a line each.
    Planned(EffectId, Result<Vec<String>, UserError>),
    /// A write ended.
    Changed(EffectId, ChangeOutcome),
    /// A test ended.
    Tested(EffectId, String, Box<Probe>),
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KubeconfigChange {
    /// An edit with kubectl's meaning.
    Edit(Edit),
    /// Another kubeconfig comes in.
    Import(PathBuf),
    /// A context becomes a separate file.
    Extract {
        /// The context.
        context: String,
        /// The file.
        path: PathBuf,
        /// Whether one that is there may be replaced.
        overwrite: bool,
    },
    /// The files that a context refers to are embedded.
    Embed(String),
    /// What an imported context runs and reads is agreed to.
    Trust {
        /// The context.
        context: String,
        /// What was wanted when it was asked.
        then: Then,
    },
}

/// What follows consent to an imported context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Its connection is tested.
    Test,
    /// The console switches to it.
    Switch,
}

/// What someone has agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    /// Comments may be lost.
    pub comments: bool,
    /// A lock that was left behind may be removed.
    pub lock: bool,
}

/// How a write ended.
#[derive(Debug)]
pub enum ChangeOutcome {
    /// Done: what is to be known of it, and which files were written with which backups.
    Done(Vec<String>, Vec<String>),
    /// It would lose a file's comments.
    Comments(PathBuf),
    /// A lock is there, so many seconds old.
    Locked(PathBuf, Option<u64>),
    /// There is a file of that name.
    Exists,
    /// It did not work.
    Failed(UserError),
}

impl KubeconfigPane {
    /// The context under the cursor.
    pub(crate) fn chosen<'a>(&self, kubeconfigs: &'a Kubeconfigs) -> Option<&'a Diagnosis> {
        kubeconfigs.contexts().get(self.place)
    }

    /// Whether `action` would do something now.
    pub(crate) fn possible(&self, action: Action, kubeconfigs: &Kubeconfigs) -> bool {
        match action {
            Action::Open => self.chosen(kubeconfigs).is_some_and(|context| !context.current),
            Action::Certificate => self.chosen(kubeconfigs).is_some_and(|context| context.certificate.is_some()),
            Action::SwitchContext
            | Action::Test
            | Action::Rename
            | Action::Namespace
            | Action::Delete
            | Action::Export
            | Action::Embed
            | Action::Yaml => self.chosen(kubeconfigs).is_some(),
            _ => true,
        }
    }

    /// When a time that is left reads differently.
    pub(crate) fn next_change(kubeconfigs: &Kubeconfigs, clock: &Clock) -> Option<DateTime<Utc>> {
        kubeconfigs.contexts().iter().filter_map(|context| clock.left_changes(context.ends?)).min()
    }
}

impl KubeconfigChange {
    /// The contexts that it names.
    pub(crate) fn contexts(&self) -> Vec<&str> {
        match self {
            Self::Edit(Edit::Use(name)) | Self::Embed(name) => vec![name],
            Self::Edit(Edit::Rename { old, new }) => vec![old, new],
            Self::Edit(Edit::Delete { context, .. } | Edit::Namespace { context, .. }) => vec![context],
            // What is agreed to is noted in the state folder alone.
            Self::Import(_) | Self::Extract { .. } | Self::Trust { .. } => Vec::new(),
        }
    }

    /// Whether it changes a kubeconfig or replaces a file.
    pub(crate) const fn needs_permit(&self) -> bool {
        !matches!(self, Self::Extract { overwrite: false, .. } | Self::Trust { .. })
    }

    /// The word for it in Activity.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Edit(Edit::Use(_)) => "use",
            Self::Edit(Edit::Rename { .. }) => "rename",
            Self::Edit(Edit::Delete { .. }) => "delete",
            Self::Edit(Edit::Namespace { .. }) => "set",
            Self::Import(_) => "import",
            Self::Extract { .. } => "extract",
            Self::Embed(_) => "embed",
            Self::Trust { .. } => "trust",
        }
    }

    /// What it is done to.
    pub(crate) fn object(&self) -> String {
        match self {
            Self::Edit(Edit::Use(name) | Edit::Rename { old: name, .. }) | Self::Embed(name) => {
                format!("context/{name}")
            }
            Self::Edit(Edit::Delete { context, .. } | Edit::Namespace { context, .. })
            | Self::Extract { context, .. }
            | Self::Trust { context, .. } => format!("context/{context}"),
            Self::Import(path) => path.display().to_string(),
        }
    }

    /// The equivalent command; `kubectl` carries the flag for the file.
    pub(crate) fn command(&self, kubectl: &Kubectl) -> ShellLine {
        match self {
            Self::Edit(Edit::Use(name)) => kubectl.command("config use-context").operands([name.as_str()]).line(),
            Self::Edit(Edit::Rename { old, new }) => {
                kubectl.command("config rename-context").operands([old.as_str(), new]).line()
            }
            Self::Edit(Edit::Delete { context, orphans: true }) => {
                ShellCommand::new("countersign delete-context --orphans").operands([context.as_str()]).line()
            }
            Self::Edit(Edit::Delete { context, .. }) => {
                kubectl.command("config delete-context").operands([context.as_str()]).line()
            }
            Self::Edit(Edit::Namespace { context, namespace }) => {
                let command = kubectl.command("config set-context").flag("namespace", namespace);
                command.operands([context.as_str()]).line()
            }
            Self::Import(path) => ShellCommand::new("countersign import").operands([&*path.to_string_lossy()]).line(),
            Self::Extract { context, path, .. } => {
                let command = kubectl.command("config view --minify --flatten --raw").flag("context", context);
                command.write_to(&path.to_string_lossy()).line()
            }
            Self::Embed(context) => ShellCommand::new("countersign embed").operands([context.as_str()]).line(),
            Self::Trust { context, .. } => ShellCommand::new("countersign trust").operands([context.as_str()]).line(),
        }
    }
}
