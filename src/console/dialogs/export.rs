//! Write an issued certificate to a file.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::dialog_event::DialogEvent;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::event::Exported;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::phase::{FORM_STEPS, Phase, hint};
use crate::console::dialogs::view::{equivalent_lines, failure_lines, framed, paragraph, yes_or_no};
use crate::console::widgets::form::{self, Form};
use crate::domain::commands;
use crate::domain::gate::WritePermit;
use crate::domain::request::RequestVersion;
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::operations::issue::WriteRecord;

/// An export being asked about.
#[derive(Debug)]
pub(crate) struct Export {
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
    /// Asks for the file of the certificate of `row`.
    pub(crate) fn new(row: &Row) -> Self {
        let form = Form::default().text((), "File", format!("{}.crt", file_name(&row.name)));
        Self { pin: row.pin(), form, phase: Phase::Asking, replace: None }
    }
}

impl Dialog for Export {
    fn contexts(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Sent(_) => vec![KeyContext::Always],
            Phase::Asking if self.replace.is_some() => vec![KeyContext::Confirm, KeyContext::Always],
            _ => vec![KeyContext::Form, KeyContext::Always],
        }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx)
    }

    fn result(&mut self, event: DialogEvent, cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        match event {
            DialogEvent::Exported(id, result) if self.phase == Phase::Sent(id) => {
                exported(self, result, cx);
                Ok(Vec::new())
            }
            other => Err(other),
        }
    }

    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.replace.is_none() { self.form.paste(text) } else { Ok(()) }
    }

    fn is_possible(&self, action: Action) -> bool {
        !FORM_STEPS.contains(&action) && !matches!(action, Action::NextField | Action::Search | Action::Copy)
    }

    fn question(&self) -> u64 {
        u64::from(self.replace.is_some())
    }

    /// To write a file that does not exist yet needs no question.
    fn confirms(&self, action: Action) -> bool {
        action == Action::Yes
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        draw(frame, area, cx, self);
    }
}

/// A request's name is hostile text: what cannot stand in a file's name becomes `_`.
pub(crate) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    name.trim_start_matches('.').to_owned()
}

fn on_key(export: &mut Export, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    let (id, permit, seen) = (cx.next_effect(), cx.session.permit(), cx.question_fits);
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
            (Some(Action::Yes), Err(refusal)) => cx.notify(false, refusal.to_string()),
            (Some(Action::Enter), _) => hint(cx, KeyContext::Confirm),
            _ => {}
        }
        return Vec::new();
    }
    match action {
        Some(Action::Back) => cx.close(),
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

fn exported(export: &mut Export, result: Exported, cx: &mut Ctx) {
    let name = export.pin.name.clone();
    let outcome = match result {
        Exported::Written(path) => {
            cx.notify(true, format!("certificate written to {}", printable(&path)));
            cx.close();
            Ok(path)
        }
        Exported::Exists => {
            export.replace = Some(export.form.value(()).trim().to_owned());
            export.phase = Phase::Asking;
            return;
        }
        Exported::Failed(failure) => {
            let text = failure.message.clone();
            export.phase = Phase::Failed(failure);
            Err(text)
        }
    };
    let command = commands::export(cx.kubectl(), &name);
    cx.record(WriteRecord { what: "export", object: format!("csr/{name}"), outcome, command });
}

fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, export: &Export) {
    let inner = framed(frame, area, cx, &format!("Export the certificate of {}", printable(&export.pin.name)));
    let form = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let end = form::view::draw(frame, form, &export.form, 8, |()| true, cx.theme);
    let mut lines = vec![Line::raw("")];
    match &export.phase {
        Phase::Failed(failure) => lines.extend(failure_lines(cx, failure, inner.width)),
        Phase::Sent(_) => lines.push(Line::styled("Writing…", cx.theme.warning())),
        Phase::Asking if export.replace.is_some() => {
            let text = format!("There is a file of that name. Replace it? {}", yes_or_no(cx));
            lines.extend(paragraph(&text, inner.width, cx.theme.warning()));
        }
        Phase::Asking => {
            let key = |action| cx.keymap.word(KeyContext::Form, action);
            let text = format!("{} writes it, {} leaves.", key(Action::Enter), key(Action::Back));
            lines.extend(paragraph(&text, inner.width, cx.theme.strong()));
        }
    }
    lines.push(Line::raw(""));
    lines.extend(equivalent_lines(cx, &commands::export(cx.kubectl(), &export.pin.name), inner.width));
    frame.render_widget(Paragraph::new(lines), Rect { y: end, height: inner.bottom().saturating_sub(end), ..inner });
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hostile_request_name_names_no_other_folder() {
        assert_eq!(crate::console::dialogs::export::file_name("../../etc/x\u{1b}"), "_.._etc_x_");
    }
}
