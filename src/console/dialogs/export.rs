//! Write an issued certificate to a file.

use std::path::PathBuf;

use crossterm::event::KeyEvent;

use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::event::Exported;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view::question_fits;
use crate::console::dialogs::{Overlay, Phase};
use crate::console::widgets::form::Form;
use crate::domain::commands;
use crate::domain::gate::WritePermit;
use crate::domain::request::RequestVersion;
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::operations::issue::WriteRecord;

/// An export being asked about.
#[derive(Debug)]
pub struct Export {
    /// The request.
    pub pin: RequestVersion,
    /// The path.
    pub form: Form<()>,
    /// How far it is.
    pub phase: Phase,
    /// The path that exists: whether to replace it is asked.
    pub replace: Option<String>,
}

impl Export {
    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Sent(_) => vec![KeyContext::Always],
            Phase::Asking if self.replace.is_some() => vec![KeyContext::Confirm, KeyContext::Always],
            _ => vec![KeyContext::Form, KeyContext::Always],
        }
    }
}

/// Opens the question about `row`.
pub(crate) fn open(state: &mut State, row: &Row) {
    let form = Form::default().text((), "File", format!("{}.crt", file_name(&row.name)));
    state.overlays.push(Overlay::Export(Export { pin: row.pin(), form, phase: Phase::Asking, replace: None }));
}

/// A request's name is hostile text: what cannot stand in a file's name becomes `_`.
pub(crate) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    name.trim_start_matches('.').to_owned()
}

/// A key while the question is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let id = state.next_effect();
    let (permit, seen) = (state.cx.session.permit(), question_fits(state));
    let Some(Overlay::Export(export)) = state.overlays.last_mut() else { return Vec::new() };
    if matches!(export.phase, Phase::Sent(_)) || (!seen && matches!(action, Some(Action::Enter | Action::Yes))) {
        return Vec::new();
    }
    if let (Phase::Asking, Some(path)) = (&export.phase, export.replace.clone()) {
        match (action, permit) {
            (Some(Action::No), _) => export.replace = None,
            (Some(Action::Yes), Ok(permit)) => {
                (export.phase, export.replace) = (Phase::Sent(id), None);
                return vec![write(id, export, path, Some(permit))];
            }
            (Some(Action::Yes), Err(refusal)) => state.notify(false, refusal.to_string()),
            (Some(Action::Enter), _) => crate::console::dialogs::hint(state, KeyContext::Confirm),
            _ => {}
        }
        return Vec::new();
    }
    match action {
        Some(Action::Back) => {
            state.overlays.pop();
        }
        Some(Action::Enter) => {
            let path = export.form.value(()).trim().to_owned();
            if !path.is_empty() {
                export.phase = Phase::Sent(id);
                return vec![write(id, export, path, None)];
            }
        }
        Some(Action::NextChoice | Action::PreviousChoice) => export.form.turn(action == Some(Action::NextChoice)),
        Some(_) => {}
        None => {
            export.form.key(key);
        }
    }
    Vec::new()
}

fn write(id: EffectId, export: &Export, path: String, replace: Option<WritePermit>) -> Effect {
    Effect::Export { id, pin: export.pin.clone(), path: PathBuf::from(path), replace }
}

/// The export ended.
pub(crate) fn exported(state: &mut State, id: EffectId, result: Exported) -> Vec<Effect> {
    let kubectl = state.kubectl().to_owned();
    let sent = |overlay: &Overlay| matches!(overlay, Overlay::Export(export) if export.phase == Phase::Sent(id));
    let Some(at) = state.overlays.iter().position(sent) else { return Vec::new() };
    let Some(Overlay::Export(export)) = state.overlays.get_mut(at) else { return Vec::new() };
    let name = export.pin.name.clone();
    let outcome = match result {
        Exported::Written(path) => {
            state.overlays.remove(at);
            state.notify(true, format!("certificate written to {}", printable(&path)));
            Ok(path)
        }
        Exported::Exists => {
            export.replace = Some(export.form.value(()).trim().to_owned());
            export.phase = Phase::Asking;
            return Vec::new();
        }
        Exported::Failed(failure) => {
            let text = failure.message.clone();
            export.phase = Phase::Failed(failure);
            Err(text)
        }
    };
    let command = commands::export(&kubectl, &name);
    state
        .activity
        .add(state.cx.clock.now, WriteRecord { what: "export", object: format!("csr/{name}"), outcome, command });
    Vec::new()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hostile_request_name_names_no_other_folder() {
        assert_eq!(crate::console::dialogs::export::file_name("../../etc/x\u{1b}"), "_.._etc_x_");
    }
}
