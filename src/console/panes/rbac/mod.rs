//! The RBAC pane: who may do what, through which bindings, what is dangerous in it, and how it is changed.
//!
//! The roles and bindings are watched from the console's start and shared: [`RbacPane::policy`] is for every room to read.
//! What is seen is a trail of pages: Enter walks on (subject → its bindings → role → who else holds it), Esc back.

pub(crate) mod access;
pub(crate) mod ask;
pub(crate) mod detail;
pub(crate) mod edit;
pub(crate) mod news;
pub(crate) mod opened;
pub(crate) mod rows;
pub(crate) mod runner;
pub(crate) mod search;
pub(crate) mod update;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tui_input::Input;

use crate::cluster::rbac::{OwnRules, Review};
use crate::cluster::rbac_watch::{self, Reach};
use crate::cluster::watch::WatchStatus;
use crate::console::core::effect::EffectId;
use crate::domain::access::draft::Preset;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Action, Catalogue, Policy, Principal};
use crate::domain::gate::{Deletion, WritePermit};
use crate::error::UserError;

pub(crate) use access::Access;
pub(crate) use ask::QueryForm;
pub(crate) use opened::{PageState, RbacPage};

/// What the pane knows.
#[derive(Debug)]
pub struct RbacPane {
    /// Roles and bindings as they are now, as far as they may be seen.
    pub policy: Arc<Policy>,
    /// How the watch of each kind fares; one that is missing has not told yet.
    pub reach: BTreeMap<RbacKind, Reach>,
    /// The server's resources.
    pub catalogue: Arc<Catalogue>,
    /// Our own rules, where no binding may be seen.
    pub own: Option<Own>,
    /// The pages walked through, the one that is seen last. Never empty.
    pub trail: Vec<PageState>,
    /// The search while it is typed.
    pub typing: Option<Input>,
    /// A small form on top of the page.
    pub ask: Option<QueryForm>,
    /// The object that is being read for its YAML, and what it is called.
    pub reading: Option<(EffectId, String)>,
    /// A role or binding being made, changed or deleted.
    pub sheet: Option<Box<edit::EditForm>>,
    /// Rules to begin a role with: those built in, and those of the config folder.
    pub presets: Vec<Preset>,
    /// Whether something changed since the pages were made.
    stale: bool,
}

/// Our own rules in one namespace, as the server tells them.
#[derive(Debug)]
pub struct Own {
    /// As a policy of one binding.
    pub policy: Arc<Policy>,
    /// Where.
    pub namespace: String,
    /// Whether the server says that there may be more.
    pub incomplete: bool,
}

/// What the pane wants done.
#[derive(Debug)]
pub enum RbacTask {
    /// Find out which resources the server has.
    Discover,
    /// Find out our own rules in a namespace.
    Own(String),
    /// Ask the server whether somebody may do something.
    Review(EffectId, Box<Principal>, Box<Action>),
    /// Read an object, for its YAML or to change it.
    Read(EffectId, Named),
    /// Make or replace an object, or rehearse that.
    Put {
        /// Whose answer it is.
        id: EffectId,
        /// The permit to write.
        permit: WritePermit,
        /// Which one.
        named: Named,
        /// What.
        object: Box<Value>,
        /// Whether it is a new one.
        create: bool,
        /// Whether the server only says what would become of it.
        dry_run: bool,
    },
    /// Delete exactly this version of an object.
    Delete {
        /// Whose answer it is.
        id: EffectId,
        /// Which one.
        named: Named,
        /// The version that was cleared.
        deletion: Deletion,
    },
    /// Read the presets of the config folder.
    Presets,
}

/// What the pane is told.
#[derive(Debug)]
pub enum RbacResult {
    /// From the watches.
    Watch(rbac_watch::Message),
    /// Answer to [`RbacTask::Discover`].
    Discovered(Result<Catalogue, UserError>),
    /// Answer to [`RbacTask::Own`].
    Own(String, Result<OwnRules, UserError>),
    /// Answer to [`RbacTask::Review`], and how long it took in milliseconds.
    Reviewed(EffectId, Result<Review, UserError>, u64),
    /// Answer to [`RbacTask::Read`].
    Read(EffectId, Result<Value, UserError>),
    /// Answer to [`RbacTask::Put`], and to [`RbacTask::Delete`], which gives no object.
    Put(EffectId, Result<Option<Value>, UserError>),
    /// Answer to [`RbacTask::Presets`]: what could be read, and what is wrong with the rest.
    Presets(Vec<Preset>, Vec<String>),
}

impl Default for RbacPane {
    fn default() -> Self {
        Self {
            policy: Arc::default(),
            reach: BTreeMap::new(),
            catalogue: Arc::new(Catalogue::fallback()),
            own: None,
            trail: vec![PageState::new(RbacPage::Subjects)],
            typing: None,
            ask: None,
            reading: None,
            sheet: None,
            presets: Preset::built_in(),
            stale: true,
        }
    }
}

impl RbacPane {
    /// The page that is seen.
    pub(crate) fn page(&self) -> &PageState {
        // The trail is never empty: `back` keeps the first.
        &self.trail[self.trail.len() - 1]
    }

    /// The page that is seen, to change it.
    pub(crate) fn page_mut(&mut self) -> &mut PageState {
        let last = self.trail.len() - 1;
        &mut self.trail[last]
    }

    /// Whether all four kinds have been listed or refused.
    pub(crate) fn complete(&self) -> bool {
        let told = |kind: &RbacKind| self.reach.get(kind).is_some_and(|reach| reach.status != WatchStatus::Loading);
        RbacKind::ALL.iter().all(told)
    }

    /// The kinds that may not be seen.
    pub(crate) fn forbidden(&self) -> impl Iterator<Item = RbacKind> {
        let forbidden = |reach: &Reach| matches!(reach.status, WatchStatus::Forbidden { .. });
        self.reach.iter().filter(move |(_, reach)| forbidden(reach)).map(|(kind, _)| *kind)
    }

    /// Whether no binding may be seen at all.
    pub(crate) fn is_blind(&self) -> bool {
        let forbidden: Vec<_> = self.forbidden().collect();
        forbidden.contains(&RbacKind::RoleBinding) && forbidden.contains(&RbacKind::ClusterRoleBinding)
    }

    /// What pages are made from: our own rules where nothing else may be seen.
    pub(crate) fn seen(&self) -> &Arc<Policy> {
        match &self.own {
            Some(own) if self.is_blind() => &own.policy,
            _ => &self.policy,
        }
    }
}
