//! How overlays look. Each covers the body, so that nothing below it distracts from what is decided.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};

use crate::console::widgets::text::{labelled_command, shown, wrapped};
use crate::domain::output::shell::ShellLine;
use crate::error::UserError;

pub(super) fn height(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// The area inside a frame.
pub(crate) fn inner(area: Rect) -> Rect {
    let inner = Block::bordered().inner(area);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// A decision on a screen with fewer lines than this has no border, and covers the tabs: what is decided matters more.
const LOW: u16 = 10;

/// The area inside a decision's frame.
pub(crate) fn decision_inner(area: Rect) -> Rect {
    if area.height >= LOW {
        return inner(area);
    }
    Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }
}

/// Draws the frame of a decision with its title; returns the area inside it.
pub(crate) fn decision_frame(frame: &mut Frame, area: Rect, cx: &Ctx, title: &str) -> Rect {
    if area.height >= LOW {
        return framed(frame, area, cx, title);
    }
    let top = Rect { y: area.y.saturating_sub(1), height: 1, ..area };
    frame.render_widget(Clear, top);
    let title = format!(" {}", shown(title, usize::from(area.width).saturating_sub(1)));
    frame.render_widget(Line::styled(title, cx.theme.strong()), top);
    decision_inner(area)
}

/// A frame with a title, and the space inside it.
pub(crate) fn framed(frame: &mut Frame, area: Rect, cx: &Ctx, title: &str) -> Rect {
    let title = format!(" {} ", shown(title, usize::from(area.width).saturating_sub(6)));
    let block = Block::bordered().border_style(cx.theme.dim()).title(Span::styled(title, cx.theme.strong()));
    frame.render_widget(block, area);
    inner(area)
}

pub(super) fn paragraph(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// The keys that answer a question: `y or Enter yes, n or Esc no`.
pub(crate) fn yes_or_no(cx: &Ctx) -> String {
    let words = |action| cx.keymap.words(KeyContext::Confirm, action);
    format!("{} yes, {} no", words(Action::Yes), words(Action::No))
}

/// Shown where who and what a question is about does not fit.
pub(crate) fn too_small(cx: &Ctx, width: u16) -> Vec<Line<'static>> {
    let text = "Too small: no key answers. Enlarge the terminal, or use the command line.";
    paragraph(text, width, cx.theme.bad())
}

/// The command that does the same.
pub(super) fn equivalent_lines(cx: &Ctx, command: &ShellLine, width: u16) -> Vec<Line<'static>> {
    let lines = labelled_command("Same as:", command, width.into());
    lines.into_iter().map(|line| Line::styled(line, cx.theme.dim())).collect()
}

pub(super) fn failure_lines(cx: &Ctx, failure: &UserError, width: u16) -> Vec<Line<'static>> {
    let mut lines = paragraph(&format!("✖ {}", failure.message), width, cx.theme.bad());
    if let Some(advice) = &failure.hint {
        lines.extend(paragraph(advice, width, Style::new()));
    }
    lines
}

/// The line on which a notice is shown while a decision is open.
pub(crate) fn decision_notice_line(body: Rect) -> u16 {
    if body.height < LOW { body.y.saturating_sub(1) } else { body.bottom() - 1 }
}
