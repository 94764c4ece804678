//! Undo what an issuance made, after a question.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::dialogs::phase::is_confirmed;
use crate::console::dialogs::view::{framed, inner, paragraph, too_small, yes_or_no};
use crate::console::widgets::text::middle;

/// An undo being asked about.
#[derive(Debug)]
pub(crate) struct Undo {
    /// The user that was issued to.
    pub user: String,
}

impl Dialog for Undo {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Confirm, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        if is_confirmed(action, cx) {
            cx.send(Message::UndoIssuance);
        }
        Vec::new()
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::NextField | Action::Search | Action::Copy)
    }

    fn fits(&self, body: Rect, cx: &Ctx) -> bool {
        fits(cx, body)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        draw(frame, area, cx, self);
    }
}

/// Whether the question fits.
fn fits(cx: &Ctx, area: Rect) -> bool {
    let inner = inner(area);
    question(cx, inner.width).len() <= usize::from(inner.height)
}

/// Draws the question.
fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, undo: &Undo) {
    let name = middle(&undo.user, usize::from(area.width).saturating_sub(26));
    let inner = framed(frame, area, cx, &format!("Undo the issuance to {name}?"));
    let lines = if fits(cx, area) { question(cx, inner.width) } else { too_small(cx, inner.width) };
    frame.render_widget(Paragraph::new(lines), inner);
}

fn question(cx: &Ctx, width: u16) -> Vec<Line<'static>> {
    let text = "Request, role, binding and kubeconfig entries that it made are removed. An issued certificate stays valid \
                until it expires.";
    let mut lines = paragraph(text, width, Style::new());
    lines.push(Line::styled(format!("Undo it? {}", yes_or_no(cx)), cx.theme.strong()));
    lines
}
