//! Delete a request, after a question that says what stays valid.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::config::Confirm;
use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::dialog_event::DialogEvent;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::phase::{Phase, hint};
use crate::console::dialogs::view::{
    self, equivalent_lines, failure_lines, framed, height, paragraph, too_small, yes_or_no,
};
use crate::console::widgets::text::middle;
use crate::domain::commands;
use crate::domain::gate::{self, Confirmation};
use crate::domain::request::{RequestState, RequestVersion};
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// A deletion being asked about.
#[derive(Debug, Clone)]
pub(crate) struct Delete {
    /// The version of the object that is meant.
    pub pin: RequestVersion,
    /// Where it is.
    pub state: RequestState,
    /// How far it is.
    pub phase: Phase,
}

impl Delete {
    /// A question about `row`.
    pub(crate) fn new(row: &Row) -> Self {
        Self { pin: row.pin(), state: row.state, phase: Phase::Asking }
    }
}

impl Dialog for Delete {
    fn contexts(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Asking => vec![KeyContext::Confirm, KeyContext::Always],
            Phase::Sent(_) => vec![KeyContext::Always],
            Phase::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
        }
    }

    /// Where the user wants no questions, it is answered at once.
    fn opened(&mut self, cx: &mut Ctx) -> Vec<Effect> {
        if cx.confirm == Confirm::Never && cx.question_fits { delete(self, cx) } else { Vec::new() }
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        match (&self.phase, action) {
            (Phase::Asking, Some(Action::Yes)) => return delete(self, cx),
            (Phase::Asking, Some(Action::No)) | (Phase::Failed(_), Some(Action::Back)) => cx.close(),
            (Phase::Asking, Some(Action::Enter)) => hint(cx, KeyContext::Confirm),
            _ => {}
        }
        Vec::new()
    }

    fn result(&mut self, event: DialogEvent, cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        match event {
            DialogEvent::Deleted(id, result) if self.phase == Phase::Sent(id) => {
                deleted(self, result, cx);
                Ok(Vec::new())
            }
            other => Err(other),
        }
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::NextField | Action::Search | Action::Copy)
    }

    fn fits(&self, body: Rect, cx: &Ctx) -> bool {
        height(&question(cx, self, view::inner(body).width)) <= view::inner(body).height
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        draw(frame, area, cx, self);
    }
}

/// Deletes, where the gate lets it. A version that is no longer the newest is refused by the server, which says what it
/// is now.
fn delete(delete: &mut Delete, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let confirmation = Confirmation::key(cx.question_fits);
    let cleared = cx.session.permit().and_then(|permit| gate::delete(permit, &delete.pin, true, &confirmation));
    match cleared {
        Ok(deletion) => {
            delete.phase = Phase::Sent(id);
            vec![Effect::Delete(id, deletion)]
        }
        Err(refusal) => {
            cx.notify(false, printable(&refusal.to_string()).into_owned());
            Vec::new()
        }
    }
}

fn deleted(delete: &mut Delete, result: Result<(), UserError>, cx: &mut Ctx) {
    let name = delete.pin.name.clone();
    let outcome = result.as_ref().map(|()| "deleted".to_owned()).map_err(|failure| failure.message.clone());
    match result {
        Ok(()) => {
            cx.notify(true, format!("{} is deleted", printable(&name)));
            cx.close();
        }
        Err(failure) => delete.phase = Phase::Failed(failure),
    }
    let command = commands::delete(cx.kubectl(), &name);
    cx.record(WriteRecord { what: "delete", object: format!("csr/{name}"), outcome, command });
}

fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, delete: &Delete) {
    let name = middle(&delete.pin.name, usize::from(area.width).saturating_sub(14));
    let inner = framed(frame, area, cx, &format!("Delete {name}?"));
    let mut lines = match &delete.phase {
        Phase::Failed(failure) => failure_lines(cx, failure, inner.width),
        Phase::Sent(_) => vec![Line::styled("Sent, waiting for the cluster…", cx.theme.warning())],
        Phase::Asking if delete.fits(area, cx) => question(cx, delete, inner.width),
        Phase::Asking => too_small(cx, inner.width),
    };
    let equivalent = equivalent_lines(cx, &commands::delete(cx.kubectl(), &delete.pin.name), inner.width);
    if height(&lines) + height(&equivalent) + 2 <= inner.height {
        lines.insert(0, Line::raw(""));
        lines.push(Line::raw(""));
        lines.extend(equivalent);
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn question(cx: &Ctx, delete: &Delete, width: u16) -> Vec<Line<'static>> {
    let mut lines = paragraph(consequence(delete.state), width, Style::new());
    lines.push(Line::styled(format!("Delete it? {}", yes_or_no(cx)), cx.theme.strong()));
    lines
}

const fn consequence(state: RequestState) -> &'static str {
    match state {
        RequestState::Issued => {
            "Its certificate stays valid until it expires: deleting the request revokes nothing, and takes the cluster's \
             record of who holds it. Export the certificate first if you want to keep that record."
        }
        RequestState::Approved => "It is approved: a signer that is at work may still issue it before it is gone.",
        RequestState::Pending => "Nobody has decided it yet. Whoever asked has to ask again.",
        RequestState::Denied | RequestState::Failed => {
            "It is decided. The cluster would drop it by itself after an hour."
        }
    }
}
