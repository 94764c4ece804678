//! Making, changing and deleting roles and bindings: fields, then what the server would make of them (a dry run) with
//! the differences, then the write. A deletion lists who loses what.

pub(crate) mod fields;
pub(crate) mod update;
pub(crate) mod view;

use serde_json::Value;

use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::widgets::form::Form;
use crate::domain::access::object::Named;
use crate::error::UserError;

pub(crate) use fields::EditField;

/// One object being made, changed or deleted.
#[derive(Debug)]
pub struct EditForm {
    /// What is done.
    pub what: EditKind,
    /// The object as it was read; a new one has none.
    pub original: Option<Value>,
    /// The fields; a deletion has none.
    pub form: Form<EditField>,
    /// How far it is.
    pub step: EditStep,
    /// What is wrong with the fields.
    pub problem: Option<String>,
    /// First line shown of what is to be confirmed.
    pub scroll: usize,
    /// Whether Esc was pressed once although something was typed.
    pub leaving: bool,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditKind {
    /// A new role.
    NewRole,
    /// A new binding.
    NewBinding,
    /// The rules of a role.
    EditRole(Named),
    /// The subjects of a binding.
    EditBinding(Named),
    /// It is deleted.
    Delete(Named),
}

/// How far it is.
#[derive(Debug)]
pub enum EditStep {
    /// The object is being read.
    Reading(EffectId),
    /// The fields have the keyboard.
    Fields,
    /// The server rehearses it.
    Rehearsing(EffectId, Draft),
    /// It waits for a yes.
    Review(Draft, Vec<ReviewLine>),
    /// On its way.
    Sent(EffectId, Draft),
    /// It did not work.
    Failed(UserError),
}

/// An object as it would be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Which one.
    pub named: Named,
    /// What; nothing for a deletion.
    pub object: Value,
}

/// A line of what is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewLine {
    /// Something to know. Weighty where it is a warning.
    Note(String),
    /// A warning.
    Warning(String),
    /// A line that stays.
    Same(String),
    /// A line that is removed.
    Gone(String),
    /// A line that comes.
    New(String),
}

impl EditForm {
    fn new(what: EditKind, form: Form<EditField>, step: EditStep) -> Self {
        Self { what, original: None, form, step, problem: None, scroll: 0, leaving: false }
    }

    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self.step {
            EditStep::Fields => vec![KeyContext::Form, KeyContext::Always],
            EditStep::Review(..) => vec![KeyContext::Confirm, KeyContext::List, KeyContext::Always],
            EditStep::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
            EditStep::Reading(_) | EditStep::Rehearsing(..) | EditStep::Sent(..) => vec![KeyContext::Always],
        }
    }

    /// Whether `action` would do something now.
    pub(crate) fn possible(&self, action: Action) -> bool {
        let steps = [Action::NextStep, Action::PreviousStep, Action::Review, Action::Resume];
        !steps.contains(&action) && (action != Action::NextField || matches!(self.step, EditStep::Fields))
    }

    /// The heading.
    pub(crate) fn title(&self) -> String {
        match &self.what {
            EditKind::NewRole => "New role".to_owned(),
            EditKind::NewBinding => "New binding".to_owned(),
            EditKind::EditRole(named) | EditKind::EditBinding(named) => format!("Change {named}"),
            EditKind::Delete(named) => format!("Delete {named}?"),
        }
    }
}
