//! How overlays look. Each covers the body, so that nothing below it distracts from what is decided.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::dialogs::{Delete, Export, Overlay, Phase, TextReader};
use crate::console::panes::kubeconfig;
use crate::console::widgets::form;
use crate::console::widgets::text::{labelled_command, middle, shown, wrapped};
use crate::domain::commands;
use crate::domain::output::shell::ShellLine;
use crate::domain::request::RequestState;
use crate::domain::text::printable;
use crate::error::UserError;

/// Draws the topmost overlay.
pub(crate) fn draw(frame: &mut Frame, area: Rect, state: &State, overlay: &Overlay) {
    // The list is to be seen while its columns are chosen.
    let area =
        if matches!(overlay, Overlay::Columns(_)) { crate::console::dialogs::columns::area(area, state) } else { area };
    frame.render_widget(Clear, area);
    match overlay {
        Overlay::Decide(decide) => crate::console::dialogs::decide_view::draw(frame, area, state, decide),
        Overlay::Bulk(bulk) => crate::console::dialogs::bulk::view::draw(frame, area, state, bulk),
        Overlay::Delete(delete) => draw_delete(frame, area, state, delete),
        Overlay::Export(export) => draw_export(frame, area, state, export),
        Overlay::Reader(reader) => draw_reader(frame, area, state, reader),
        Overlay::Palette(palette) => crate::console::dialogs::palette_view::draw(frame, area, state, palette),
        Overlay::Columns(sheet) => crate::console::dialogs::columns_view::draw(frame, area, state, sheet),
        Overlay::Kubeconfig(ask) => {
            let inner = framed(frame, area, state, &ask.title);
            kubeconfig::ask_view::draw(frame, inner, state, ask);
        }
        Overlay::SwitchContext(picker) => {
            let inner = framed(frame, area, state, "Switch this console to");
            kubeconfig::view::draw_picker(frame, inner, state, picker);
        }
        Overlay::LeaveWizard => draw_leave(frame, area, state),
        Overlay::Undo(undo) => crate::console::dialogs::undo::draw(frame, area, state, undo),
    }
}

/// Whether everything that an answer to the topmost overlay depends on is on the screen.
pub(crate) fn fits(state: &State, area: Rect, overlay: &Overlay) -> bool {
    match overlay {
        Overlay::Decide(decide) => crate::console::dialogs::decide_view::fits(state, area, decide),
        Overlay::Bulk(bulk) => crate::console::dialogs::bulk::view::fits(state, area, bulk),
        Overlay::Delete(delete) => height(&delete_question(state, delete, inner(area).width)) <= inner(area).height,
        Overlay::Undo(_) => crate::console::dialogs::undo::fits(state, area),
        Overlay::Kubeconfig(ask) => kubeconfig::ask_view::fits(inner(area), state, ask),
        Overlay::Export(_)
        | Overlay::Reader(_)
        | Overlay::Palette(_)
        | Overlay::Columns(_)
        | Overlay::SwitchContext(_)
        | Overlay::LeaveWizard => true,
    }
}

fn height(lines: &[Line<'_>]) -> u16 {
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
pub(crate) fn decision_frame(frame: &mut Frame, area: Rect, state: &State, title: &str) -> Rect {
    if area.height >= LOW {
        return framed(frame, area, state, title);
    }
    let top = Rect { y: area.y.saturating_sub(1), height: 1, ..area };
    frame.render_widget(Clear, top);
    let title = format!(" {}", shown(title, usize::from(area.width).saturating_sub(1)));
    frame.render_widget(Line::styled(title, state.cx.theme.strong()), top);
    decision_inner(area)
}

/// The line on which a message is shown while the overlay is open.
pub(crate) fn notice_line(area: Rect, overlay: &Overlay) -> u16 {
    let decides = matches!(overlay, Overlay::Decide(_) | Overlay::Bulk(_));
    if decides && area.height < LOW { area.y.saturating_sub(1) } else { area.bottom() - 1 }
}

/// A frame with a title, and the room inside it.
pub(crate) fn framed(frame: &mut Frame, area: Rect, state: &State, title: &str) -> Rect {
    let title = format!(" {} ", shown(title, usize::from(area.width).saturating_sub(6)));
    let block =
        Block::bordered().border_style(state.cx.theme.dim()).title(Span::styled(title, state.cx.theme.strong()));
    frame.render_widget(block, area);
    inner(area)
}

pub(super) fn paragraph(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// The keys that answer a question: `y or Enter yes, n or Esc no`.
pub(crate) fn yes_or_no(state: &State) -> String {
    let words = |action| state.cx.keymap.words(KeyContext::Confirm, action);
    format!("{} yes, {} no", words(Action::Yes), words(Action::No))
}

/// Said where who and what a question is about does not fit.
pub(crate) fn too_small(state: &State, width: u16) -> Vec<Line<'static>> {
    let text = "Too small: no key answers. Enlarge the terminal, or use the command line.";
    paragraph(text, width, state.cx.theme.bad())
}

/// The command that does the same.
pub(super) fn by_hand_lines(state: &State, command: &ShellLine, width: u16) -> Vec<Line<'static>> {
    let lines = labelled_command("Same as:", command, width.into());
    lines.into_iter().map(|line| Line::styled(line, state.cx.theme.dim())).collect()
}

pub(super) fn failure_lines(state: &State, failure: &UserError, width: u16) -> Vec<Line<'static>> {
    let mut lines = paragraph(&format!("✖ {}", failure.message), width, state.cx.theme.bad());
    if let Some(advice) = &failure.hint {
        lines.extend(paragraph(advice, width, Style::new()));
    }
    lines
}

fn draw_delete(frame: &mut Frame, area: Rect, state: &State, delete: &Delete) {
    let name = middle(&delete.pin.name, usize::from(area.width).saturating_sub(14));
    let inner = framed(frame, area, state, &format!("Delete {name}?"));
    let mut lines = match &delete.phase {
        Phase::Failed(failure) => failure_lines(state, failure, inner.width),
        Phase::Sent(_) => vec![Line::styled("Sent, waiting for the cluster…", state.cx.theme.warning())],
        Phase::Asking if fits(state, area, &Overlay::Delete(delete.clone())) => {
            delete_question(state, delete, inner.width)
        }
        Phase::Asking => too_small(state, inner.width),
    };
    let by_hand = by_hand_lines(state, &commands::delete(state.kubectl(), &delete.pin.name), inner.width);
    if height(&lines) + height(&by_hand) + 2 <= inner.height {
        lines.insert(0, Line::raw(""));
        lines.push(Line::raw(""));
        lines.extend(by_hand);
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn delete_question(state: &State, delete: &Delete, width: u16) -> Vec<Line<'static>> {
    let mut lines = paragraph(consequence(delete.state), width, Style::new());
    lines.push(Line::styled(format!("Delete it? {}", yes_or_no(state)), state.cx.theme.strong()));
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

fn draw_export(frame: &mut Frame, area: Rect, state: &State, export: &Export) {
    let inner = framed(frame, area, state, &format!("Export the certificate of {}", printable(&export.pin.name)));
    let form = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let end = form::view::draw(frame, form, &export.form, 8, |()| true, state.cx.theme);
    let mut lines = vec![Line::raw("")];
    match &export.phase {
        Phase::Failed(failure) => lines.extend(failure_lines(state, failure, inner.width)),
        Phase::Sent(_) => lines.push(Line::styled("Writing…", state.cx.theme.warning())),
        Phase::Asking if export.replace.is_some() => {
            let text = format!("There is a file of that name. Replace it? {}", yes_or_no(state));
            lines.extend(paragraph(&text, inner.width, state.cx.theme.warning()));
        }
        Phase::Asking => {
            let key = |action| state.cx.keymap.word(KeyContext::Form, action);
            let text = format!("{} writes it, {} leaves.", key(Action::Enter), key(Action::Back));
            lines.extend(paragraph(&text, inner.width, state.cx.theme.strong()));
        }
    }
    lines.push(Line::raw(""));
    lines.extend(by_hand_lines(state, &commands::export(state.kubectl(), &export.pin.name), inner.width));
    frame.render_widget(Paragraph::new(lines), Rect { y: end, height: inner.bottom().saturating_sub(end), ..inner });
}

fn draw_reader(frame: &mut Frame, area: Rect, state: &State, reader: &TextReader) {
    let search = reader.search.value();
    let title = if search.is_empty() { reader.title.clone() } else { format!("{} · /{search}", reader.title) };
    let inner = framed(frame, area, state, &title);
    let seen = reader.seen(area.width);
    let lines: Vec<Line> = seen.iter().skip(reader.scroll).take(inner.height.into()).map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines), inner);
    if seen.len() > reader.scroll + usize::from(inner.height) && area.width > 12 {
        let at = Rect::new(area.right() - 10, area.bottom() - 1, 8, 1);
        frame.render_widget(Line::styled(" more ↓ ", state.cx.theme.key()), at);
    }
    if reader.typing && area.width > 24 {
        let at = Rect::new(area.x + 2, area.bottom() - 1, area.width - 14, 1);
        frame.render_widget(Clear, at);
        frame.render_widget(Line::from(Span::styled(" / ", state.cx.theme.key())), at);
        let field = Rect { x: at.x + 3, width: at.width - 3, ..at };
        form::view::draw_text(frame, field, &reader.search, true, state.cx.theme);
    }
}

fn draw_leave(frame: &mut Frame, area: Rect, state: &State) {
    let inner = framed(frame, area, state, "Leave the wizard?");
    let text = "What you typed is forgotten. Nothing has been written anywhere.";
    let mut lines = vec![Line::raw("")];
    lines.extend(paragraph(text, inner.width, Style::new()));
    lines.push(Line::raw(""));
    let (leave, stay) = (
        state.cx.keymap.words(KeyContext::Confirm, Action::Yes),
        state.cx.keymap.words(KeyContext::Confirm, Action::No),
    );
    lines.push(Line::styled(format!("{leave} leave, {stay} stay"), state.cx.theme.strong()));
    frame.render_widget(Paragraph::new(lines), inner);
}
