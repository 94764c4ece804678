//! What the kubeconfig files hold, as every pane and dialog may read it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::Diagnosis;
use crate::domain::output::shell::Kubectl;
use crate::error::UserError;

/// The kubeconfig files, as they were when they were last read.
#[derive(Debug, Default)]
pub struct Kubeconfigs {
    /// `None` until they have been read.
    pub loaded: Option<LoadedKubeconfigs>,
    /// Why the last reading failed.
    pub trouble: Option<UserError>,
}

impl Kubeconfigs {
    /// The contexts, as far as they are known.
    pub(crate) fn contexts(&self) -> &[Diagnosis] {
        self.loaded.as_ref().map_or(&[], |loaded| &loaded.contexts)
    }

    /// The context of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Diagnosis> {
        self.contexts().iter().find(|context| context.name == name)
    }
}

/// What the files hold.
#[derive(Debug, Clone, Default)]
pub struct LoadedKubeconfigs {
    /// The files that count, with their permissions where they exist.
    pub files: Vec<(PathBuf, Option<u32>)>,
    /// `--kubeconfig`, which kubectl needs too.
    pub explicit: Option<PathBuf>,
    /// The contexts, each with what would go with it.
    pub contexts: Vec<Diagnosis>,
    /// By context: what an imported one would run or read that no one agreed to yet.
    pub untrusted: BTreeMap<String, Vec<String>>,
    /// By context: the cluster and user that no other context needs.
    pub orphans: BTreeMap<String, Vec<(EntryKind, String)>>,
    /// The home folder, which is written as `~`.
    pub home: Option<PathBuf>,
}

impl LoadedKubeconfigs {
    /// `kubectl` with the flag for the file, where one was given.
    pub(crate) fn kubectl(&self) -> Kubectl {
        Kubectl::new(self.explicit.iter().map(|path| ("kubeconfig", path.display().to_string())))
    }

    /// A path as people write it.
    pub(crate) fn short(&self, path: &std::path::Path) -> String {
        match self.home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        }
    }
}
