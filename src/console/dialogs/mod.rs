//! What lies on top of a pane: questions, decisions, readers. Only the topmost hears keys.

pub(crate) mod bulk;
pub(crate) mod columns;
pub(crate) mod columns_view;
pub(crate) mod context_switcher;
pub(crate) mod decide;
mod decide_view;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod help;
pub(crate) mod palette;
pub(crate) mod palette_view;
pub(crate) mod reader;
pub(crate) mod undo;
pub(crate) mod view;

use crossterm::event::KeyEvent;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::keys::Keymap;
use crate::console::core::state::State;
use crate::console::panes::kubeconfig;
use crate::console::widgets::form::paste;
use crate::domain::commands;
use crate::domain::output::shell::Kubectl;
use crate::domain::row::Row;
use crate::error::UserError;

pub(crate) use bulk::BulkDialog;
pub(crate) use columns::Columns;
pub(crate) use decide::Decide;
pub(crate) use delete::Delete;
pub(crate) use export::Export;
pub(crate) use palette::Palette;
pub(crate) use reader::TextReader;
pub(crate) use undo::Undo;

/// One overlay.
#[derive(Debug)]
pub enum Overlay {
    /// Approve or deny.
    Decide(Box<Decide>),
    /// Approve or deny many at once.
    Bulk(Box<BulkDialog>),
    /// Delete a request.
    Delete(Delete),
    /// Write a certificate to a file.
    Export(Export),
    /// A text to read: help, YAML, commands.
    Reader(TextReader),
    /// Every action by name.
    Palette(Palette),
    /// The choice of the list's columns.
    Columns(Columns),
    /// A question of the Kubeconfig pane.
    Kubeconfig(Box<kubeconfig::ask::Prompt>),
    /// The choice of a context for this console.
    SwitchContext(context_switcher::Picker),
    /// Leave the wizard although something was typed?
    LeaveWizard,
    /// Undo an issuance?
    Undo(Undo),
}

/// Why a name that confirms something is not taken from the clipboard.
pub(crate) const PASTED: &str = "A name that confirms is typed, not pasted: read it while you type it.";

/// How far a write that an overlay asked for has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// The admin is looking at it.
    #[default]
    Asking,
    /// On its way.
    Sent(crate::console::core::effect::EffectId),
    /// It did not work.
    Failed(UserError),
}

impl Overlay {
    /// The help, made from the keys in force: what can be done where `here` is in force first.
    pub(crate) fn help(keymap: &Keymap, here: &[KeyContext]) -> Self {
        Self::Reader(TextReader::new("Keys", help::lines(keymap, here)))
    }

    /// The kubectl commands that do what this console can do with a request.
    pub(crate) fn commands(kubectl: &Kubectl, row: &Row) -> Self {
        Self::Reader(TextReader::commands("The same by hand", &commands::for_request(kubectl, &row.name)))
    }

    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self {
            Self::Decide(decide) => decide.places(),
            Self::Bulk(bulk) => bulk.places(),
            Self::Delete(delete) => delete.places(),
            Self::Export(export) => export.places(),
            Self::Reader(reader) => reader.places(),
            Self::Palette(_) => vec![KeyContext::Palette, KeyContext::Always],
            Self::Kubeconfig(ask) => ask.places(),
            Self::Columns(_) => vec![KeyContext::Columns, KeyContext::List, KeyContext::Always],
            Self::SwitchContext(_) => vec![KeyContext::Picker, KeyContext::List, KeyContext::Always],
            Self::LeaveWizard | Self::Undo(_) => vec![KeyContext::Confirm, KeyContext::Always],
        }
    }

    /// Whether `action` would do something now: what the footer offers.
    pub(crate) fn possible(&self, action: Action) -> bool {
        let steps = [Action::NextStep, Action::PreviousStep, Action::Review, Action::Resume];
        // Of what a text can do, a question that failed offers its closing alone.
        if !matches!(self, Self::Reader(_)) && matches!(action, Action::Search | Action::Copy) {
            return false;
        }
        match self {
            Self::Decide(_) => !steps.contains(&action),
            // A question is closed by its no.
            Self::Kubeconfig(ask) if ask.phase == Phase::Asking && !ask.types() => {
                !matches!(action, Action::Back | Action::NextField)
            }
            Self::Export(_) | Self::Kubeconfig(_) => !steps.contains(&action) && action != Action::NextField,
            Self::Delete(_) | Self::LeaveWizard | Self::Undo(_) => action != Action::NextField,
            Self::Bulk(bulk) => !steps.contains(&action) && bulk.possible(action),
            Self::Reader(_) | Self::Palette(_) | Self::Columns(_) | Self::SwitchContext(_) => true,
        }
    }

    /// What it asks, as far as an answer depends on it: while this stays the same, so does what a yes means.
    pub(crate) fn question(&self) -> (std::mem::Discriminant<Self>, u64) {
        let asked = match self {
            Self::Decide(decide) => decide.question(),
            Self::Export(export) => u64::from(export.replace.is_some()),
            Self::Bulk(bulk) => bulk.question(),
            Self::Kubeconfig(ask) => ask.question(),
            _ => 0,
        };
        (std::mem::discriminant(self), asked)
    }

    /// Whether it asks for a yes.
    pub(crate) fn asks(&self) -> bool {
        self.places().iter().any(|place| matches!(place, KeyContext::Confirm | KeyContext::Bulk))
    }

    /// What has been typed of the name that confirms, while its field has the keyboard.
    pub(crate) fn confirming_name(&self) -> Option<&str> {
        match self {
            Self::Decide(decide) => decide.confirming_name(),
            Self::Bulk(bulk) => bulk.confirming_name(),
            _ => None,
        }
    }

    /// Text pasted into the field that has the keyboard.
    ///
    /// # Errors
    /// Why nothing was pasted.
    pub(crate) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        match self {
            Self::Decide(decide) if decide.editing => decide.paste(text),
            Self::Export(export) if export.replace.is_none() => export.form.paste(text),
            Self::Bulk(bulk) if bulk.is_typing() => bulk.paste(text),
            Self::Kubeconfig(ask) if ask.types() => ask.form.paste(text),
            Self::Palette(palette) => {
                paste::insert(&mut palette.input, paste::line(text)?);
                palette.place = 0;
                Ok(())
            }
            Self::Reader(reader) if reader.typing => {
                paste::insert(&mut reader.search, paste::line(text)?);
                reader.scroll = 0;
                Ok(())
            }
            Self::Decide(_)
            | Self::Bulk(_)
            | Self::Delete(_)
            | Self::Export(_)
            | Self::Undo(_)
            | Self::Reader(_)
            | Self::Columns(_)
            | Self::Kubeconfig(_)
            | Self::SwitchContext(_)
            | Self::LeaveWizard => Ok(()),
        }
    }
}

/// A key for the topmost overlay.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    match state.overlays.last() {
        Some(Overlay::Decide(_)) => decide::key(state, action, key),
        Some(Overlay::Bulk(_)) => bulk::update::key(state, action, key),
        Some(Overlay::Delete(_)) => delete::key(state, action),
        Some(Overlay::Export(_)) => export::key(state, action, key),
        Some(Overlay::Reader(_)) => reader::key(state, action, key),
        Some(Overlay::Palette(_)) => palette::key(state, action, key),
        Some(Overlay::Columns(_)) => columns::key(state, action),
        Some(Overlay::Kubeconfig(_)) => kubeconfig::ask::key(state, action, key),
        Some(Overlay::SwitchContext(_)) => context_switcher::key(state, action),
        Some(Overlay::LeaveWizard) => leave_wizard(state, action),
        Some(Overlay::Undo(_)) => undo::key(state, action),
        None => Vec::new(),
    }
}

fn leave_wizard(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    match action {
        Some(Action::Yes) => {
            state.overlays.pop();
            state.wizard = None;
        }
        Some(Action::No) => {
            state.overlays.pop();
        }
        Some(Action::Enter) => hint(state, KeyContext::Confirm),
        _ => {}
    }
    Vec::new()
}

/// The key that many press without reading answers nothing: says which one does.
pub(crate) fn hint(state: &mut State, place: KeyContext) {
    let word = |action| state.cx.keymap.word(place, action);
    let text = format!("{} answers nothing here; {} does", word(Action::Enter), word(Action::Yes));
    state.notify(false, text);
}
