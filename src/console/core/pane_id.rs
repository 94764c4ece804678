//! The panes by name.

/// The panes, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The certificate signing requests.
    #[default]
    Requests,
    /// Roles, bindings, access.
    Rbac,
    /// The contexts of the kubeconfigs.
    Kubeconfig,
    /// What this process wrote.
    Activity,
}

impl Pane {
    /// Its name in the session file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Rbac => "rbac",
            Self::Kubeconfig => "kubeconfig",
            Self::Activity => "activity",
        }
    }

    /// All of them, in the order of their tabs.
    pub(crate) const ALL: [Self; 4] = [Self::Requests, Self::Rbac, Self::Kubeconfig, Self::Activity];
}
