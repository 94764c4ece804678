//! How the question about one request looks. Who the certificate logs in as, every group of it and the verdict come first,
//! in full; where they do not fit, the question says so, and no key answers it (see [`fits`]).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::cluster::Verb;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::decide::Decide;
use crate::console::dialogs::decide::{DecideField, Note};
use crate::console::dialogs::phase::Phase;
use crate::console::dialogs::view::{
    decision_frame, decision_inner, equivalent_lines, failure_lines, paragraph, too_small, yes_or_no,
};
use crate::console::panes::requests::view::fact_lines;
use crate::console::panes::requests::{access, detail};
use crate::console::widgets::form;
use crate::console::widgets::text::{cell, middle, shown};
use crate::domain::commands;
use crate::domain::verdict::Level;

/// Columns of a label.
const LABEL: u16 = 10;

/// From this height on all fields and the equivalent command are shown.
const ROOMY: u16 = 12;

/// Columns from which on the short question names what is typed.
const NAMING: u16 = 50;

/// The parts of the question.
struct Layout {
    /// Who, which groups, the verdict.
    essential: Vec<Line<'static>>,
    /// What else is worth knowing.
    optional: Vec<Line<'static>>,
    /// Lines for the form.
    fields: u16,
    /// The question, or how it went.
    foot: Vec<Line<'static>>,
    /// Whether an empty line separates the parts.
    roomy: bool,
    /// Whether essentials, the name's field and the question fit.
    fits: bool,
}

/// Whether everything that a yes depends on is on the screen.
pub(crate) fn fits(cx: &Ctx, area: Rect, decide: &Decide) -> bool {
    layout(cx, decide, decision_inner(area)).fits
}

/// Draws the question.
pub(super) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, decide: &Decide) {
    let title = title(decide);
    let name = middle(&decide.name, usize::from(area.width).saturating_sub(title.len() + 8));
    let inner = decision_frame(frame, area, cx, &format!("{title} {name}?"));
    let layout = layout(cx, decide, inner);
    let foot_height = height(&layout.foot).min(inner.height);
    let below = (foot_height + layout.fields + u16::from(layout.roomy)).min(inner.height);
    // Facts begin with a space.
    let facts = Rect { x: inner.x - 1, width: inner.width + 1, height: inner.height - below, ..inner };
    frame.render_widget(Paragraph::new(facts_in(&layout, cx, decide, facts.height)), facts);
    let form = Rect { y: facts.bottom(), height: layout.fields.min(below), ..inner };
    let end = if decide.editing {
        form::view::draw(frame, form, &decide.form, LABEL, |field| decide.shows(field), cx.theme)
    } else {
        draw_fields_at_rest(frame, form, cx, decide)
    };
    let foot_top = end + u16::from(layout.roomy);
    let foot_area = Rect { y: foot_top, height: inner.bottom().saturating_sub(foot_top), ..inner };
    frame.render_widget(Paragraph::new(layout.foot), foot_area);
}

const fn title(decide: &Decide) -> &'static str {
    match decide.verb {
        Verb::Approve => "Approve",
        Verb::Deny => "Deny",
    }
}

fn height(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn layout(cx: &Ctx, decide: &Decide, inner: Rect) -> Layout {
    let width = usize::from(inner.width) + 1;
    let (essential, optional) = facts(cx, decide, width);
    let equivalent = equivalent(cx, decide, inner.width);
    let all_fields = if decide.is_dangerous() { 3 } else { 2 };
    // On a small screen what would be handed out matters more than what the condition will say.
    let long = foot(cx, decide, inner.width, true);
    let needed = height(&essential).saturating_add(height(&long)).saturating_add(all_fields + 1 + height(&equivalent));
    if inner.height >= ROOMY && needed <= inner.height {
        let foot = long.into_iter().chain(equivalent).collect();
        return Layout { essential, optional, fields: all_fields, foot, roomy: true, fits: true };
    }
    let fields = u16::from(decide.editing);
    let short = foot(cx, decide, inner.width, false);
    let available = inner.height.saturating_sub(height(&short).saturating_add(fields));
    let (essential, optional) = if height(&essential) > available {
        (compact(cx, decide, inner.width), Vec::new())
    } else {
        (essential, optional)
    };
    let fits = height(&essential) <= available;
    let asking = matches!(decide.phase, Phase::Asking);
    let (foot, fields) = if fits || !asking { (short, fields) } else { (too_small(cx, inner.width), 0) };
    Layout { essential, optional, fields, foot, roomy: false, fits }
}

/// Identity and verdict; and the other facts, the worst first.
fn facts(cx: &Ctx, decide: &Decide, width: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let Some((request, verdict)) = &decide.seen else { return (vec![Line::raw("Reading it…")], Vec::new()) };
    let lines = |facts: Vec<detail::Fact>| -> Vec<Line<'static>> {
        facts.iter().flat_map(|fact| fact_lines(fact, width, cx)).collect()
    };
    let mut essential = detail::identity(request);
    essential.extend(detail::verdict(verdict));
    let mut optional = vec![detail::lasts(request, &cx.clock)];
    match decide.verb {
        Verb::Approve => optional.extend(access::could(cx, request)),
        Verb::Deny => optional.extend(access::would_get(cx, request)),
    }
    if decide.name.len() > width / 2 {
        optional.insert(0, detail::Fact::new("Name", &decide.name));
    }
    let known: Vec<_> = essential.iter().map(|fact| fact.label).collect();
    let others = detail::decision(request, &cx.clock).into_iter();
    optional.extend(others.filter(|fact| !known.contains(&fact.label)));
    (lines(essential), lines(optional))
}

/// The same without the labels' column, for a small screen.
fn compact(cx: &Ctx, decide: &Decide, width: u16) -> Vec<Line<'static>> {
    let Some((request, verdict)) = &decide.seen else { return vec![Line::raw("Reading it…")] };
    let facts = detail::identity(request)
        .into_iter()
        .map(|fact| detail::Fact { text: format!("{} {}", fact.label, fact.text), ..fact });
    let facts = facts.chain(detail::verdict(verdict));
    let style = |level: Option<Level>| level.map_or_else(Style::new, |level| cx.theme.level(level));
    // Facts are drawn a column farther to the left.
    let indented = |line: Line<'static>| {
        let mut line = line;
        line.spans.insert(0, Span::raw(" "));
        line
    };
    facts.flat_map(|fact| paragraph(&fact.text, width, style(fact.level))).map(indented).collect()
}

/// The facts that fit into `height`.
fn facts_in(layout: &Layout, cx: &Ctx, decide: &Decide, height: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = layout.essential.iter().chain(&layout.optional).cloned().collect();
    if lines.len() > usize::from(height) {
        let available = usize::from(height);
        lines.truncate(if available > layout.essential.len() { available - 1 } else { available });
        if available > layout.essential.len() {
            let open = cx.keymap.word(KeyContext::Requests, Action::Open);
            let text = format!(" … more in its page ({}, then {open})", leaving(cx, decide));
            lines.push(Line::styled(text, cx.theme.dim()));
        }
    }
    lines
}

/// The fields without a cursor: `y` and `n` have the keyboard.
fn draw_fields_at_rest(frame: &mut Frame, area: Rect, cx: &Ctx, decide: &Decide) -> u16 {
    let mut y = area.y;
    if area.height == 0 {
        return y;
    }
    for (label, field) in [("Reason", DecideField::Reason), ("Message", DecideField::Message)] {
        let text = shown(decide.form.value(field), usize::from(area.width.saturating_sub(LABEL)));
        let line = Line::from(vec![Span::styled(cell(label, LABEL.into()), cx.theme.dim()), Span::raw(text)]);
        frame.render_widget(line, Rect { y, height: 1, ..area });
        y += 1;
    }
    y
}

/// The key that leaves a decision as it is.
fn leaving(cx: &Ctx, decide: &Decide) -> String {
    if decide.editing {
        cx.keymap.word(KeyContext::Form, Action::Back)
    } else {
        cx.keymap.word(KeyContext::Confirm, Action::No)
    }
}

/// The question itself, or how it went.
fn foot(cx: &Ctx, decide: &Decide, width: u16, roomy: bool) -> Vec<Line<'static>> {
    let theme = cx.theme;
    match &decide.phase {
        Phase::Failed(failure) => return failure_lines(cx, failure, width),
        Phase::Sent(_) => return vec![Line::styled("Sent, waiting for the cluster…", theme.warning())],
        Phase::Asking => {}
    }
    let mut lines = Vec::new();
    if let Some(now) = changed_since(cx, decide) {
        lines.extend(paragraph(&now, width, theme.warning()));
    }
    if let Some(note) = &decide.note {
        lines.extend(paragraph(note.text(), width, theme.bad()));
    }
    if decide.is_dangerous() {
        let enter = cx.keymap.word(KeyContext::Form, Action::Enter);
        let back = cx.keymap.word(KeyContext::Form, Action::Back);
        let text = if roomy {
            format!("Dangerous: type the request's name to approve it anyway, then {enter}. {back} leaves it.")
        } else if width >= NAMING {
            format!("Dangerous: type the request's name, then {enter}.")
        } else {
            format!("Dangerous: type its name, then {enter}.")
        };
        lines.extend(paragraph(&text, width, theme.bad()));
    } else if decide.editing {
        let enter = cx.keymap.word(KeyContext::Form, Action::Enter);
        lines.extend(paragraph(&format!("{enter} goes back to the question."), width, theme.strong()));
    } else if decide.seen.is_some() && roomy {
        let edit = cx.keymap.word(KeyContext::Confirm, Action::NextField);
        let text =
            format!("{} it? {}, {edit} edits reason and message. It cannot be undone.", title(decide), yes_or_no(cx));
        lines.extend(paragraph(&text, width, theme.strong()));
    } else if decide.seen.is_some() {
        lines.extend(paragraph(&format!("{} it? {}", title(decide), yes_or_no(cx)), width, theme.strong()));
    }
    lines
}

fn equivalent(cx: &Ctx, decide: &Decide, width: u16) -> Vec<Line<'static>> {
    let command = match decide.verb {
        Verb::Approve => commands::approve(cx.kubectl(), &decide.name),
        Verb::Deny => commands::deny(cx.kubectl(), &decide.name),
    };
    equivalent_lines(cx, &command, width)
}

/// The object is no longer what was read: a yes would be refused, so the question says it now.
fn changed_since(cx: &Ctx, decide: &Decide) -> Option<String> {
    let (seen, _) = decide.seen.as_ref()?;
    match cx.requests.index.get(&decide.uid) {
        None => Some("It is gone from the cluster meanwhile.".to_owned()),
        Some(row) if !row.is(&seen.pin) => {
            let word = row.state.phrase();
            Some(format!("It changed meanwhile: it is {word} now. {}, and look again.", leaving(cx, decide)))
        }
        Some(_) => None,
    }
}

impl Note {
    const fn text(self) -> &'static str {
        match self {
            Self::Mistyped => "That is not its name.",
            Self::Pasted => crate::console::core::dialog::PASTED,
        }
    }
}
