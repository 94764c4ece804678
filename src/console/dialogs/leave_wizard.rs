//! Leave the wizard although something was typed?

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
use crate::console::dialogs::view::{framed, paragraph};

/// The question.
#[derive(Debug)]
pub(crate) struct LeaveWizard;

impl Dialog for LeaveWizard {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Confirm, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        if is_confirmed(action, cx) {
            cx.send(Message::CloseWizard);
        }
        Vec::new()
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::NextField | Action::Search | Action::Copy)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        draw(frame, area, cx);
    }
}

fn draw(frame: &mut Frame, area: Rect, cx: &Ctx) {
    let inner = framed(frame, area, cx, "Leave the wizard?");
    let text = "What you typed is forgotten. Nothing has been written anywhere.";
    let mut lines = vec![Line::raw("")];
    lines.extend(paragraph(text, inner.width, Style::new()));
    lines.push(Line::raw(""));
    let (leave, stay) =
        (cx.keymap.words(KeyContext::Confirm, Action::Yes), cx.keymap.words(KeyContext::Confirm, Action::No));
    lines.push(Line::styled(format!("{leave} leave, {stay} stay"), cx.theme.strong()));
    frame.render_widget(Paragraph::new(lines), inner);
}
