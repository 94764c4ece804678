//! Which cluster to connect to and as which user: kubectl's flags.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::gate::WriteAccess;
use crate::domain::glob::Glob;
use crate::domain::output::shell::Kubectl;
use crate::files;

/// The cluster, the user and the limits: kubectl's flags of the same names.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--as-group`.
    pub as_groups: Vec<String>,
    /// `--request-timeout`: zero for no limit, `None` for the default.
    pub request_timeout: Option<Duration>,
    /// `--read-only`.
    pub read_only: bool,
    /// Patterns of contexts in which nothing may be written (see [`crate::config`]).
    pub read_only_in: Vec<Glob>,
}

impl Target {
    /// Whether anything may be written where these contexts are concerned.
    pub(crate) fn write_access<'a>(&self, contexts: impl IntoIterator<Item = &'a str>) -> WriteAccess {
        let closes = |context: &&str| self.read_only_in.iter().any(|pattern| pattern.matches(context));
        WriteAccess::new(self.read_only, contexts.into_iter().find(closes))
    }

    /// Whether kubeconfigs may be written: the context in force and those `named` are concerned. Reads the kubeconfigs.
    pub(crate) fn kubeconfig_access(&self, named: &[&str]) -> WriteAccess {
        let in_force = self.context.clone().or_else(|| {
            // Where they cannot be read, the write itself says why.
            let all = files::kubeconfig::load(self.kubeconfig.as_deref()).ok()?;
            all.current_context().map(ToOwned::to_owned)
        });
        self.write_access(in_force.as_deref().into_iter().chain(named.iter().copied()))
    }

    /// How long one request may take; `None` without a limit.
    pub(super) fn time_limit(&self, default: Duration) -> Option<Duration> {
        Some(self.request_timeout.unwrap_or(default)).filter(|limit| !limit.is_zero())
    }

    /// `kubectl` with the same flags.
    pub(super) fn kubectl(&self) -> Kubectl {
        let mut flags = Vec::new();
        flags.extend(self.kubeconfig.iter().map(|path| ("kubeconfig", path.display().to_string())));
        flags.extend(self.context.iter().map(|name| ("context", name.clone())));
        flags.extend(self.as_user.iter().map(|user| ("as", user.clone())));
        flags.extend(self.as_groups.iter().map(|group| ("as-group", group.clone())));
        Kubectl::new(flags)
    }
}
