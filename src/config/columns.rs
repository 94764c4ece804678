//! The columns of the list of requests, by name.

use serde::Deserialize;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// The object's name; it is always there.
    Name,
    /// Who the certificate logs in as.
    Identity,
    /// The groups of that login.
    Groups,
    /// Who is to sign it.
    Signer,
    /// Pending, approved, issued, denied or failed.
    State,
    /// How long the certificate is to live.
    Life,
    /// How long ago it was made.
    Age,
    /// What approving it would mean; how it ended, once it is decided.
    Verdict,
    /// Who asked for it.
    Requester,
    /// The names and addresses that a kubelet would serve under.
    Hosts,
    /// When it was made.
    Created,
}

impl Column {
    /// All of them; the usual ones first, in their usual order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Name,
        Self::Identity,
        Self::Groups,
        Self::Signer,
        Self::State,
        Self::Life,
        Self::Age,
        Self::Verdict,
        Self::Requester,
        Self::Hosts,
        Self::Created,
    ];

    /// How many of [`Self::ALL`] are the usual ones.
    pub(crate) const DEFAULT_COUNT: usize = 8;

    /// Its name in the config file.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Identity => "identity",
            Self::Groups => "groups",
            Self::Signer => "signer",
            Self::State => "state",
            Self::Life => "life",
            Self::Age => "age",
            Self::Verdict => "verdict",
            Self::Requester => "requester",
            Self::Hosts => "hosts",
            Self::Created => "created",
        }
    }

    /// The one of this name.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}

/// What is wrong with a choice of columns, and with which of them; `None` for the choice as a whole.
pub(super) fn wrong(columns: &[Column]) -> Option<(Option<usize>, &'static str)> {
    let twice = (1..columns.len()).find(|at| columns[..*at].contains(&columns[*at]));
    if let Some(at) = twice {
        return Some((Some(at), "that column is named twice"));
    }
    (!columns.contains(&Column::Name)).then_some((None, "name must be among them: it says which request a row is"))
}
