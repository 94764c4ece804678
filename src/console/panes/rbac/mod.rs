//! The RBAC pane: who may do what, through which bindings, what is dangerous in it, and how it is changed.
//!
//! The roles and bindings are watched from the console's start and shared: [`RbacPane::policy`] is for every pane to read.
//! What is seen is a trail of pages: Enter walks on (subject → its bindings → role → who else holds it), Esc back.

pub(crate) mod access;
pub(crate) mod ask;
pub(crate) mod detail;
pub(crate) mod edit;
pub(crate) mod model;
pub(crate) mod news;
pub(crate) mod opened;
pub(crate) mod pane;
pub(crate) mod rows;
pub(crate) mod runner;
pub(crate) mod search;
pub(crate) mod task;
pub(crate) mod update;
pub(crate) mod view;

use tui_input::Input;

use crate::console::core::effect_id::EffectId;
use crate::domain::access::draft::Preset;

pub(crate) use access::Access;
pub(crate) use ask::QueryForm;
pub(crate) use model::{Own, RbacModel};
pub(crate) use opened::{PageState, RbacPage};
pub use task::RbacResult;
pub(crate) use task::RbacTask;

/// What the pane knows.
#[derive(Debug)]
pub struct RbacPane {
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

impl Default for RbacPane {
    fn default() -> Self {
        Self {
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
}
