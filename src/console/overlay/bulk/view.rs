//! How the sheet looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};
use unicode_width::UnicodeWidthStr;

use super::sheet::{Summary, word};
use super::update::words;
use super::{Bulk, Field, Line, Phase, Run};
use crate::cluster::Verb;
use crate::console::form;
use crate::console::form::Value;
use crate::console::keymap::{Action, Place};
use crate::console::overlay::view::{framed, paragraph};
use crate::console::state::State;
use crate::console::text::{cell, shown};
use crate::console::theme::symbol;
use crate::domain::verdict::Level;

const LEVEL: usize = 13;
const COUNT: usize = 7;
const DECIDED: usize = 20;
const LABEL: u16 = 9;

/// Draws the sheet.
pub fn draw(frame: &mut Frame, area: Rect, state: &State, bulk: &Bulk) {
    let verb = if bulk.verb == Verb::Approve { "Approve" } else { "Deny" };
    let inner = framed(frame, area, state, &format!("{verb} {} requests?", bulk.rows.len()));
    let roomy = inner.height >= 14;
    let mut below = inner;
    if roomy {
        below = rest(below, 1);
    }
    below = levels(frame, below, state, bulk);
    if roomy {
        below = rest(below, 1);
    }
    below = match &bulk.phase {
        Phase::Asking => fields(frame, below, state, bulk),
        _ => below,
    };
    let lines = match &bulk.phase {
        // The blank before the question goes first where room is scarce.
        Phase::Asking => question(state, bulk, below.width).split_off(usize::from(!roomy)),
        Phase::Running(run) => running(state, bulk, run, below.width),
        Phase::Ended(run) => ended(state, bulk, run, below.width),
    };
    for (area, line) in below.rows().zip(lines) {
        frame.render_widget(line, area);
    }
}

fn rest(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// A line for each level; on a low screen those around the cursor.
fn levels(frame: &mut Frame, area: Rect, state: &State, bulk: &Bulk) -> Rect {
    let lines = bulk.summaries();
    let room = usize::from(area.width).saturating_sub(2 + LEVEL + COUNT);
    let longest = lines.iter().map(|summary| summary.who.width()).max().unwrap_or(0).max("SIGNERS".len());
    let who = room.saturating_sub(DECIDED).min(longest + 2);
    let decided = room - who;
    let heading = format!(
        "  {}{:>5}  {}{}",
        cell("VERDICT", LEVEL),
        "COUNT",
        cell("SIGNERS", who),
        cell("DECIDED HERE", decided)
    );
    let chosen = lines.iter().position(|summary| bulk.line == Line::Level(summary.level));
    // What comes below wants three lines at least.
    let height = usize::from(area.height.saturating_sub(4)).max(1);
    let top = (chosen.unwrap_or(0) + 1).saturating_sub(height);
    let seen: Vec<_> =
        lines.iter().skip(top).take(height).map(|summary| level(summary, (who, decided), state, bulk)).collect();
    let drawn = std::iter::once(Text::styled(heading, state.theme.dim())).chain(seen);
    let mut used = 0;
    for (area, line) in area.rows().zip(drawn) {
        frame.render_widget(line, area);
        used += 1;
    }
    rest(area, used)
}

fn level(summary: &Summary, (who, decided): (usize, usize), state: &State, bulk: &Bulk) -> Text<'static> {
    let chosen = bulk.line == Line::Level(summary.level) && matches!(bulk.phase, Phase::Asking);
    let remark = match (bulk.verb, summary.level) {
        _ if summary.kept_out => "policy says no".to_owned(),
        (Verb::Approve, Level::Danger) => "by name only".to_owned(),
        (Verb::Approve, Level::WillFail) => "signer refuses".to_owned(),
        _ if summary.decided == 0 => format!("{} includes", state.keymap.word(Place::Bulk, Action::Mark)),
        _ => String::new(),
    };
    let verdict = cell(&format!("{} {}", symbol(summary.level), word(summary.level)), LEVEL);
    let style = if chosen { Style::new() } else { state.theme.level(summary.level) };
    let text = format!(
        "{:>5}  {}{:>5} {}",
        summary.count,
        column(&summary.who, who),
        summary.decided,
        cell(&remark, decided.saturating_sub(6))
    );
    let line =
        Text::from(vec![Span::raw(if chosen { "› " } else { "  " }), Span::styled(verdict, style), Span::raw(text)]);
    if chosen { line.style(state.theme.chosen()) } else { line }
}

/// A cell with a blank after it.
fn column(text: &str, width: usize) -> String {
    if width == 0 { String::new() } else { cell(text, width - 1) + " " }
}

fn fields(frame: &mut Frame, area: Rect, state: &State, bulk: &Bulk) -> Rect {
    let mut below = area;
    for field in bulk.form.fields().iter().filter(|field| bulk.lines().contains(&Line::Field(field.id))) {
        let focused = bulk.line == Line::Field(field.id);
        // On a low screen the field that is typed in comes first.
        if below.height == 0 || (area.height < 5 && !focused) {
            continue;
        }
        let line = Rect { height: 1, ..below };
        let style = if focused { state.theme.strong() } else { state.theme.dim() };
        frame.render_widget(Text::styled(cell(field.label, LABEL.into()), style), line);
        let value = Rect { x: line.x + LABEL, width: line.width.saturating_sub(LABEL), ..line };
        match &field.value {
            Value::Text(input) if field.id == Field::Name && input.value().is_empty() && !focused => {
                let hint = shown("of a dangerous one, typed here to include it", value.width.into());
                frame.render_widget(Text::styled(hint, state.theme.dim()), value);
            }
            Value::Text(input) => form::view::draw_text(frame, value, input, focused, state.theme),
            Value::Choice { .. } => {}
        }
        below = rest(below, 1);
    }
    below
}

fn question(state: &State, bulk: &Bulk, width: u16) -> Vec<Text<'static>> {
    let theme = state.theme;
    let mut lines = vec![Text::raw("")];
    if let Some(note) = &bulk.note {
        lines.extend(paragraph(note, width, theme.warning()));
    }
    let (verb, did) = words(bulk.verb);
    let count = bulk.decided().len();
    let text = format!("{count} of {} will be {did}. It cannot be taken back.", bulk.rows.len());
    lines.extend(paragraph(&text, width, theme.strong()));
    if bulk.decided_before > 0 {
        let text = format!("{} others are decided already and not on this sheet.", bulk.decided_before);
        lines.extend(paragraph(&text, width, theme.dim()));
    }
    let kept_out = bulk.kept_out();
    if kept_out > 0 {
        let text = format!("{kept_out} of them the policy file keeps out of bulk decisions.");
        lines.extend(paragraph(&text, width, theme.dim()));
    }
    let (sheet, form) = (|a| state.keymap.word(Place::Bulk, a), |a| state.keymap.word(Place::Form, a));
    let keys = match bulk.line {
        Line::Level(_) => format!(
            "{} {verb} {count}   {} include level   {} list them   {} reason, message   {} leave",
            sheet(Action::Yes),
            sheet(Action::Mark),
            sheet(Action::NextTab),
            state.keymap.word(Place::List, Action::Down),
            sheet(Action::Back)
        ),
        Line::Field(Field::Name) => format!(
            "{} includes it   {} next   {} back to the levels",
            form(Action::Enter),
            form(Action::NextField),
            form(Action::Back)
        ),
        Line::Field(_) => format!(
            "{} or {} back to the levels, where {} goes on",
            form(Action::Enter),
            form(Action::Back),
            sheet(Action::Yes)
        ),
    };
    lines.extend(paragraph(&keys, width, Style::new()));
    lines
}

fn running(state: &State, bulk: &Bulk, run: &Run, width: u16) -> Vec<Text<'static>> {
    let (ended, all) = (run.counts.ended(), run.items.len());
    let left =
        run.left().map_or(String::new(), |left| format!("{}:{:02} left", left.num_minutes(), left.num_seconds() % 60));
    let numbers = format!("  {ended} of {all}  {}/s  {left}", run.rate());
    let room = usize::from(width).saturating_sub(numbers.width()).max(4);
    let full = room * ended / all.max(1);
    let bar = "█".repeat(full) + &"░".repeat(room - full);
    let mut lines = vec![Text::from(vec![Span::styled(bar, state.theme.good()), Span::raw(numbers)])];
    lines.extend(paragraph(&tally(run, false, words(bulk.verb).1), width, Style::new()));
    let text = if run.stopping {
        "Stopping: those under way are waited for.".to_owned()
    } else {
        format!("{} stops.", state.keymap.word(Place::BulkRun, Action::Back))
    };
    lines.extend(paragraph(&text, width, state.theme.strong()));
    lines
}

fn ended(state: &State, bulk: &Bulk, run: &Run, width: u16) -> Vec<Text<'static>> {
    let theme = state.theme;
    let all_done = run.counts.done == run.items.len();
    let head = if all_done {
        "Done"
    } else if run.stopping {
        "Stopped"
    } else {
        "Ended"
    };
    let seconds = (run.last - run.began).as_seconds_f32();
    let text = format!("{head}: {} in {seconds:.1} s, {} a second", tally(run, true, words(bulk.verb).1), run.rate());
    let mut lines = paragraph(&text, width, if all_done { theme.good() } else { theme.warning() });
    let mut reasons: Vec<String> = Vec::new();
    for (item, error) in run.undone() {
        let Some(error) = error else { continue };
        let name = &bulk.rows[item].name;
        // One sentence that says it of many is enough.
        let text = error.to_string();
        if !reasons.iter().any(|reason| reason.ends_with(&text)) {
            reasons.push(if text.contains(&**name) { text } else { format!("{name}: {text}") });
        }
        if reasons.len() >= 3 {
            break;
        }
    }
    lines.extend(reasons.iter().flat_map(|reason| paragraph(reason, width, Style::new())));
    let key = |action| state.keymap.word(Place::BulkEnd, action);
    let mut keys = format!("{} closes", key(Action::Back));
    if !all_done {
        let (again, list) = (key(Action::Retry), key(Action::NextTab));
        keys = format!("{again} those again, on a new sheet   {list} lists them   {keys}");
    }
    lines.extend(paragraph(&keys, width, theme.strong()));
    lines
}

/// How many ended how: `116 approved, 1 changed meanwhile, 1 refused`.
pub fn tally(run: &Run, ended: bool, did: &str) -> String {
    let counts = run.counts;
    // While it runs, the bar says how many are still to come.
    let left = if ended { run.items.len() - counts.ended() } else { 0 };
    let parts = [
        (counts.done, did.to_owned()),
        (counts.changed, "changed meanwhile".to_owned()),
        (counts.refused, "refused".to_owned()),
        (counts.failed, "failed".to_owned()),
        (left, "not decided".to_owned()),
    ];
    let parts = parts.iter().enumerate().filter(|(at, (count, _))| *at == 0 || *count > 0);
    parts.map(|(_, (count, word))| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}
