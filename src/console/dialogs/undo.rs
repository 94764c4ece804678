//! Undo what an issuance made, after a question.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view;
use crate::console::dialogs::hint;
use crate::console::dialogs::view::{framed, inner, paragraph, too_small, yes_or_no};
use crate::console::widgets::text::middle;
use crate::console::wizard;

/// An undo being asked about.
#[derive(Debug)]
pub struct Undo {
    /// The user that was issued to.
    pub user: String,
}

/// A key while the question is open.
pub(crate) fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    match action {
        Some(Action::Yes) if view::question_fits(state) => {
            state.overlays.pop();
            return wizard::update::undo(state);
        }
        Some(Action::No) => {
            state.overlays.pop();
        }
        Some(Action::Enter) => hint(state, KeyContext::Confirm),
        _ => {}
    }
    Vec::new()
}

/// Whether the question fits.
pub(super) fn fits(state: &State, area: Rect) -> bool {
    let inner = inner(area);
    question(state, inner.width).len() <= usize::from(inner.height)
}

/// Draws the question.
pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State, undo: &Undo) {
    let name = middle(&undo.user, usize::from(area.width).saturating_sub(26));
    let inner = framed(frame, area, state, &format!("Undo the issuance to {name}?"));
    let lines = if fits(state, area) { question(state, inner.width) } else { too_small(state, inner.width) };
    frame.render_widget(Paragraph::new(lines), inner);
}

fn question(state: &State, width: u16) -> Vec<Line<'static>> {
    let text = "Request, role, binding and kubeconfig entries that it made are removed. An issued certificate stays valid \
                until it expires.";
    let mut lines = paragraph(text, width, Style::new());
    lines.push(Line::styled(format!("Undo it? {}", yes_or_no(state)), state.cx.theme.strong()));
    lines
}
