//! How overlays look. Each covers the body, so that nothing below it distracts from what is decided.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::decide::Field;
use super::{Decide, Delete, Export, Overlay, Phase, Reader};
use crate::cluster::Verb;
use crate::console::form;
use crate::console::keymap::{Action, Place};
use crate::console::kubeconfig;
use crate::console::requests::{access, detail, view::fact_lines};
use crate::console::state::State;
use crate::console::text::{cell, shown, wrapped};
use crate::domain::commands;
use crate::domain::request::State as RequestState;
use crate::domain::text::printable;
use crate::trouble::Trouble;

/// Columns of a label.
const LABEL: u16 = 10;

/// Lines from which on a decision has room for everything.
const ROOMY: u16 = 12;

/// Draws the topmost overlay.
pub fn draw(frame: &mut Frame, area: Rect, state: &State, overlay: &Overlay) {
    // The list is to be seen while its columns are chosen.
    let area = if matches!(overlay, Overlay::Columns(_)) { super::columns::area(area, state) } else { area };
    frame.render_widget(Clear, area);
    match overlay {
        Overlay::Decide(decide) => draw_decide(frame, area, state, decide),
        Overlay::Bulk(bulk) => super::bulk::view::draw(frame, area, state, bulk),
        Overlay::Delete(delete) => draw_delete(frame, area, state, delete),
        Overlay::Export(export) => draw_export(frame, area, state, export),
        Overlay::Reader(reader) => draw_reader(frame, area, state, reader),
        Overlay::Palette(palette) => super::palette_view::draw(frame, area, state, palette),
        Overlay::Columns(sheet) => super::columns_view::draw(frame, area, state, sheet),
        Overlay::Kubeconfig(ask) => {
            let inner = framed(frame, area, state, &ask.title);
            kubeconfig::ask_view::draw(frame, inner, state, ask);
        }
        Overlay::SwitchContext(picker) => {
            let inner = framed(frame, area, state, "Switch this console to");
            kubeconfig::view::draw_picker(frame, inner, state, picker);
        }
        Overlay::LeaveWizard => draw_leave(frame, area, state),
    }
}

/// A frame with a title, and the room inside it.
pub fn framed(frame: &mut Frame, area: Rect, state: &State, title: &str) -> Rect {
    let title = format!(" {} ", shown(title, usize::from(area.width).saturating_sub(6)));
    let block = Block::bordered().border_style(state.theme.dim()).title(Span::styled(title, state.theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

pub(super) fn paragraph(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
}

fn draw_decide(frame: &mut Frame, area: Rect, state: &State, decide: &Decide) {
    let what = if decide.verb == Verb::Approve { "Approve" } else { "Deny" };
    let inner = framed(frame, area, state, &format!("{what} {}?", printable(&decide.name)));
    // On a small screen what would be handed out matters more than what the condition will say.
    let roomy = inner.height >= ROOMY;
    let foot = decide_foot(state, decide, inner.width, roomy);
    let fields = match (decide.is_dangerous(), roomy, decide.editing) {
        (true, true, _) => 3,
        (false, true, _) => 2,
        (_, false, true) => 1,
        (_, false, false) => 0,
    };
    let foot_height = u16::try_from(foot.len()).unwrap_or(0);
    let below = (foot_height + fields + u16::from(roomy)).min(inner.height);
    // Facts bring a blank of their own.
    let facts = Rect { x: inner.x - 1, width: inner.width + 1, height: inner.height - below, ..inner };
    frame.render_widget(Paragraph::new(decide_facts(state, decide, facts)), facts);
    let form = Rect { y: facts.bottom(), height: fields.min(below), ..inner };
    let shows = |field: Field| decide.shows(field);
    let end = if decide.editing {
        form::view::draw(frame, form, &decide.form, LABEL, shows, state.theme)
    } else {
        draw_fields_at_rest(frame, form, state, decide)
    };
    let foot_top = end + u16::from(roomy);
    let foot_area = Rect { y: foot_top, height: inner.bottom().saturating_sub(foot_top), ..inner };
    frame.render_widget(Paragraph::new(foot), foot_area);
}

/// The fields without a cursor: `y` and `n` have the keyboard.
fn draw_fields_at_rest(frame: &mut Frame, area: Rect, state: &State, decide: &Decide) -> u16 {
    let mut y = area.y;
    if area.height == 0 {
        return y;
    }
    for (label, field) in [("Reason", Field::Reason), ("Message", Field::Message)] {
        let text = shown(decide.form.value(field), usize::from(area.width.saturating_sub(LABEL)));
        let line = Line::from(vec![Span::styled(cell(label, LABEL.into()), state.theme.dim()), Span::raw(text)]);
        frame.render_widget(line, Rect { y, height: 1, ..area });
        y += 1;
    }
    y
}

/// What would be handed out: the worst first, cut where the screen ends.
fn decide_facts(state: &State, decide: &Decide, area: Rect) -> Vec<Line<'static>> {
    let Some((request, verdict)) = &decide.seen else { return vec![Line::raw("Reading it…")] };
    let mut facts = detail::verdict(verdict);
    facts.push(detail::lasts(request, &state.clock));
    match decide.verb {
        Verb::Approve => facts.extend(access::could(state, request)),
        Verb::Deny => facts.extend(access::would_get(state, request)),
    }
    facts.extend(detail::decision(request, &state.clock));
    let mut lines: Vec<Line> = facts.iter().flat_map(|fact| fact_lines(fact, usize::from(area.width), state)).collect();
    if lines.len() > usize::from(area.height) {
        lines.truncate(usize::from(area.height).saturating_sub(1));
        let open = state.keymap.word(Place::Requests, Action::Open);
        let text = format!(" … more in its page ({}, then {open})", leaving(state, decide));
        lines.push(Line::styled(text, state.theme.dim()));
    }
    lines
}

/// The keys that answer a question: `y or Enter yes, n or Esc no`.
pub fn yes_or_no(state: &State) -> String {
    let words = |action| state.keymap.words(Place::Confirm, action);
    format!("{} yes, {} no", words(Action::Yes), words(Action::No))
}

/// The key that leaves a decision as it is.
fn leaving(state: &State, decide: &Decide) -> String {
    if decide.editing {
        state.keymap.word(Place::Form, Action::Back)
    } else {
        state.keymap.word(Place::Confirm, Action::No)
    }
}

/// The question itself, or how it went.
fn decide_foot(state: &State, decide: &Decide, width: u16, roomy: bool) -> Vec<Line<'static>> {
    let theme = state.theme;
    let mut lines = Vec::new();
    match &decide.phase {
        Phase::Failed(failure) => lines.extend(failure_lines(state, failure, width)),
        Phase::Sent(_) => lines.push(Line::styled("Sent, waiting for the cluster…", theme.warning())),
        Phase::Asking => {
            if let Some(now) = changed_meanwhile(state, decide) {
                lines.extend(paragraph(&now, width, theme.warning()));
            }
            if decide.mistyped {
                lines.push(Line::styled("That is not its name.", theme.bad()));
            }
            if decide.is_dangerous() {
                let enter = state.keymap.word(Place::Form, Action::Enter);
                let text = if roomy {
                    let back = state.keymap.word(Place::Form, Action::Back);
                    format!(
                        "Dangerous: type the request's name to approve it all the same, then {enter}. {back} leaves it."
                    )
                } else {
                    format!("Dangerous: type its name, then {enter}.")
                };
                lines.extend(paragraph(&text, width, theme.bad()));
            } else if decide.seen.is_some() {
                let what = if decide.verb == Verb::Approve { "Approve" } else { "Deny" };
                let edit = state.keymap.word(Place::Confirm, Action::NextField);
                let text = format!(
                    "{what} it? {}, {edit} edits reason and message. It cannot be taken back.",
                    yes_or_no(state)
                );
                lines.extend(paragraph(&text, width, theme.strong()));
            }
        }
    }
    if !roomy {
        return lines;
    }
    let by_hand = match decide.verb {
        Verb::Approve => commands::approve(state.kubectl(), &decide.name),
        Verb::Deny => commands::deny(state.kubectl(), &decide.name),
    };
    lines.extend(paragraph(&format!("The same by hand:  {by_hand}"), width, theme.dim()));
    lines
}

/// The object moved on since it was read: the cluster will refuse the decision, so say it now.
fn changed_meanwhile(state: &State, decide: &Decide) -> Option<String> {
    let (seen, _) = decide.seen.as_ref()?;
    match state.requests.index.get(&decide.uid) {
        None => Some("It is gone from the cluster meanwhile.".to_owned()),
        Some(row) if !row.is(&seen.pin) => {
            let word = super::decide::word(row.state);
            Some(format!("It changed meanwhile: it is {word} now. {}, and look again.", leaving(state, decide)))
        }
        Some(_) => None,
    }
}

fn failure_lines(state: &State, failure: &Trouble, width: u16) -> Vec<Line<'static>> {
    let mut lines = paragraph(&format!("✖ {}", failure.text), width, state.theme.bad());
    if let Some(advice) = &failure.advice {
        lines.extend(paragraph(advice, width, Style::new()));
    }
    lines
}

fn draw_delete(frame: &mut Frame, area: Rect, state: &State, delete: &Delete) {
    let inner = framed(frame, area, state, &format!("Delete {}?", printable(&delete.pin.name)));
    let mut lines = vec![Line::raw("")];
    match &delete.phase {
        Phase::Failed(failure) => lines.extend(failure_lines(state, failure, inner.width)),
        Phase::Sent(_) => lines.push(Line::styled("Sent, waiting for the cluster…", state.theme.warning())),
        Phase::Asking => {
            lines.extend(paragraph(consequence(delete.state), inner.width, Style::new()));
            lines.push(Line::raw(""));
            lines.push(Line::styled(yes_or_no(state), state.theme.strong()));
        }
    }
    lines.push(Line::raw(""));
    let by_hand = format!("The same by hand:  {}", commands::delete(state.kubectl(), &delete.pin.name));
    lines.extend(paragraph(&by_hand, inner.width, state.theme.dim()));
    frame.render_widget(Paragraph::new(lines), inner);
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
    let end = form::view::draw(frame, form, &export.form, 8, |()| true, state.theme);
    let mut lines = vec![Line::raw("")];
    let enter = state.keymap.word(Place::Form, Action::Enter);
    if export.replace.as_deref() == Some(export.form.value(()).trim()) {
        let text = format!("There is a file of that name. {enter} replaces it; or type another name.");
        lines.extend(paragraph(&text, inner.width, state.theme.warning()));
    }
    match &export.phase {
        Phase::Failed(failure) => lines.extend(failure_lines(state, failure, inner.width)),
        Phase::Sent(_) => lines.push(Line::styled("Writing…", state.theme.warning())),
        Phase::Asking => {
            let leave = state.keymap.word(Place::Form, Action::Back);
            lines.extend(paragraph(&format!("{enter} writes it, {leave} leaves."), inner.width, state.theme.strong()));
        }
    }
    lines.push(Line::raw(""));
    let by_hand = format!("The same by hand:  {}", commands::export(state.kubectl(), &export.pin.name));
    lines.extend(paragraph(&by_hand, inner.width, state.theme.dim()));
    frame.render_widget(Paragraph::new(lines), Rect { y: end, height: inner.bottom().saturating_sub(end), ..inner });
}

fn draw_reader(frame: &mut Frame, area: Rect, state: &State, reader: &Reader) {
    let search = reader.search.value();
    let title = if search.is_empty() { reader.title.clone() } else { format!("{} · /{search}", reader.title) };
    let inner = framed(frame, area, state, &title);
    let seen = reader.seen(area.width);
    let lines: Vec<Line> = seen.iter().skip(reader.scroll).take(inner.height.into()).map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines), inner);
    if seen.len() > reader.scroll + usize::from(inner.height) && area.width > 12 {
        let at = Rect::new(area.right() - 10, area.bottom() - 1, 8, 1);
        frame.render_widget(Line::styled(" more ↓ ", state.theme.key()), at);
    }
    if reader.typing && area.width > 24 {
        let at = Rect::new(area.x + 2, area.bottom() - 1, area.width - 14, 1);
        frame.render_widget(Clear, at);
        frame.render_widget(Line::from(Span::styled(" / ", state.theme.key())), at);
        let field = Rect { x: at.x + 3, width: at.width - 3, ..at };
        form::view::draw_text(frame, field, &reader.search, true, state.theme);
    }
}

fn draw_leave(frame: &mut Frame, area: Rect, state: &State) {
    let inner = framed(frame, area, state, "Leave the wizard?");
    let text = "What you typed is forgotten. Nothing has been written anywhere.";
    let mut lines = vec![Line::raw("")];
    lines.extend(paragraph(text, inner.width, Style::new()));
    lines.push(Line::raw(""));
    let (leave, stay) =
        (state.keymap.words(Place::Confirm, Action::Yes), state.keymap.words(Place::Confirm, Action::No));
    lines.push(Line::styled(format!("{leave} leave, {stay} stay"), state.theme.strong()));
    frame.render_widget(Paragraph::new(lines), inner);
}
