//! How the sheet looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};
use unicode_width::UnicodeWidthStr;

use crate::cluster::Verb;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::bulk::sheet::{Summary, word};
use crate::console::dialogs::bulk::{BulkDialog, BulkField, BulkLine, Phase, Run};
use crate::console::dialogs::view::{decision_frame, decision_inner, paragraph, too_small};
use crate::console::widgets::form;
use crate::console::widgets::form::Value;
use crate::console::widgets::text::{cell, shown};
use crate::console::widgets::theme::symbol;
use crate::domain::verdict::Level;

const LEVEL: usize = 13;
const COUNT: usize = 7;
const DECIDED: usize = 20;
const LABEL: u16 = 9;

/// Draws the sheet.
pub(crate) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, bulk: &BulkDialog) {
    let verb = if bulk.verb == Verb::Approve { "Approve" } else { "Deny" };
    let inner = decision_frame(frame, area, cx, &format!("{verb} {} requests?", bulk.rows.len()));
    let layout = layout(cx, bulk, inner);
    let mut below = rest(inner, u16::from(layout.roomy));
    below = levels(frame, below, cx, bulk, &layout);
    below = rest(below, u16::from(layout.roomy));
    below = match &bulk.phase {
        Phase::Asking => fields(frame, below, cx, bulk, layout.fields),
        _ => below,
    };
    let lines = match &bulk.phase {
        Phase::Asking => layout.question,
        Phase::Running(run) => running(cx, bulk, run, below.width),
        Phase::Ended(run) => ended(cx, bulk, run, below.width),
    };
    for (area, line) in below.rows().zip(lines) {
        frame.render_widget(line, area);
    }
}

/// Whether every level that there is and the whole question are on the screen.
pub(crate) fn fits(cx: &Ctx, area: Rect, bulk: &BulkDialog) -> bool {
    layout(cx, bulk, decision_inner(area)).fits
}

/// What of the sheet is drawn.
struct Layout {
    /// Blank lines around the levels.
    roomy: bool,
    /// A heading above the levels.
    heading: bool,
    /// Lines for levels; fewer than there are where space is scarce.
    levels: usize,
    /// Lines for fields.
    fields: u16,
    question: Vec<Text<'static>>,
    fits: bool,
}

/// Fits the sheet into `inner`. Empty lines, remarks, fields and heading are dropped before levels and question are cut.
fn layout(cx: &Ctx, bulk: &BulkDialog, inner: Rect) -> Layout {
    let height = usize::from(inner.height);
    let lines = bulk.lines();
    let levels = lines.iter().filter(|line| matches!(line, BulkLine::Level(_))).count();
    let all_fields = lines.len() - levels;
    let asking = matches!(bulk.phase, Phase::Asking);
    let roomy = height >= 14;
    if !asking {
        let seen = levels.min(height.saturating_sub(4)).max(1);
        return Layout { roomy, heading: true, levels: seen, fields: 0, question: Vec::new(), fits: true };
    }
    for (roomy, remarks) in [(true, true), (false, true), (false, false)] {
        let question = question(cx, bulk, inner.width, remarks, roomy);
        let needed = 1 + levels + all_fields + question.len() + 2 * usize::from(roomy);
        if needed <= height {
            let fields = u16::try_from(all_fields).unwrap_or(0);
            return Layout { roomy, heading: true, levels, fields, question, fits: true };
        }
    }
    let short = short_question(cx, bulk, inner.width);
    let fields = usize::from(matches!(bulk.line, BulkLine::Field(_)));
    let (fits, question) =
        if levels + fields + short.len() <= height { (true, short) } else { (false, too_small(cx, inner.width)) };
    let fields = if fits { fields } else { 0 };
    let seen = levels.min(height.saturating_sub(fields + question.len()));
    Layout { roomy: false, heading: false, levels: seen, fields: u16::from(fields > 0), question, fits }
}

fn rest(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// A line for each level; on a low screen those around the cursor.
fn levels(frame: &mut Frame, area: Rect, cx: &Ctx, bulk: &BulkDialog, layout: &Layout) -> Rect {
    let lines = bulk.summaries();
    let available = usize::from(area.width).saturating_sub(2 + LEVEL + COUNT);
    let longest = lines.iter().map(|summary| summary.who.width()).max().unwrap_or(0).max("SIGNERS".len());
    let who = available.saturating_sub(DECIDED).min(longest + 2);
    let decided = available - who;
    let heading = format!(
        "  {}{:>5}  {}{}",
        cell("VERDICT", LEVEL),
        "COUNT",
        cell("SIGNERS", who),
        cell("DECIDED HERE", decided)
    );
    let chosen = lines.iter().position(|summary| bulk.line == BulkLine::Level(summary.level));
    let top = (chosen.unwrap_or(0) + 1).saturating_sub(layout.levels);
    let seen = lines.iter().skip(top).take(layout.levels).map(|summary| level(summary, (who, decided), cx, bulk));
    let heading = layout.heading.then(|| Text::styled(heading, cx.theme.dim()));
    let drawn = heading.into_iter().chain(seen);
    let mut used = 0;
    for (area, line) in area.rows().zip(drawn) {
        frame.render_widget(line, area);
        used += 1;
    }
    rest(area, used)
}

fn level(summary: &Summary, (who, decided): (usize, usize), cx: &Ctx, bulk: &BulkDialog) -> Text<'static> {
    let chosen = bulk.line == BulkLine::Level(summary.level) && matches!(bulk.phase, Phase::Asking);
    let remark = match (bulk.verb, summary.level) {
        _ if summary.kept_out => "policy says no".to_owned(),
        (Verb::Approve, Level::Danger) => "by name only".to_owned(),
        (Verb::Approve, Level::WillFail) => "signer refuses".to_owned(),
        _ if summary.decided == 0 => format!("{} includes", cx.keymap.word(KeyContext::Bulk, Action::Mark)),
        _ => String::new(),
    };
    let verdict = cell(&format!("{} {}", symbol(summary.level), word(summary.level)), LEVEL);
    let style = if chosen { Style::new() } else { cx.theme.level(summary.level) };
    let text = format!(
        "{:>5}  {}{:>5} {}",
        summary.count,
        column(&summary.who, who),
        summary.decided,
        cell(&remark, decided.saturating_sub(6))
    );
    let line =
        Text::from(vec![Span::raw(if chosen { "› " } else { "  " }), Span::styled(verdict, style), Span::raw(text)]);
    if chosen { line.style(cx.theme.chosen()) } else { line }
}

/// A cell with a blank after it.
fn column(text: &str, width: usize) -> String {
    if width == 0 { String::new() } else { cell(text, width - 1) + " " }
}

fn fields(frame: &mut Frame, area: Rect, cx: &Ctx, bulk: &BulkDialog, lines: u16) -> Rect {
    let mut below = area;
    let bottom = area.y + lines;
    for field in bulk.form.fields().iter().filter(|field| bulk.lines().contains(&BulkLine::Field(field.id))) {
        let focused = bulk.line == BulkLine::Field(field.id);
        // On a low screen the field that is typed in comes first.
        if below.y >= bottom || below.height == 0 || (lines == 1 && !focused) {
            continue;
        }
        let line = Rect { height: 1, ..below };
        let style = if focused { cx.theme.strong() } else { cx.theme.dim() };
        frame.render_widget(Text::styled(cell(field.label, LABEL.into()), style), line);
        let value = Rect { x: line.x + LABEL, width: line.width.saturating_sub(LABEL), ..line };
        match &field.value {
            Value::Text(input) if field.id == BulkField::Name && input.value().is_empty() && !focused => {
                let hint = shown("of a dangerous one, typed here to include it", value.width.into());
                frame.render_widget(Text::styled(hint, cx.theme.dim()), value);
            }
            Value::Text(input) => form::view::draw_text(frame, value, input, focused, cx.theme),
            Value::Choice { .. } => {}
        }
        below = rest(below, 1);
    }
    below
}

fn question(cx: &Ctx, bulk: &BulkDialog, width: u16, remarks: bool, roomy: bool) -> Vec<Text<'static>> {
    let theme = cx.theme;
    let mut lines = if roomy { vec![Text::raw("")] } else { Vec::new() };
    if let Some(note) = &bulk.note {
        lines.extend(paragraph(note, width, theme.warning()));
    }
    let (verb, did) = (bulk.verb.word(), bulk.verb.past());
    let count = bulk.decided().len();
    let text = format!("{count} of {} will be {did}. It cannot be undone.", bulk.rows.len());
    lines.extend(paragraph(&text, width, theme.strong()));
    if bulk.decided_before > 0 && remarks {
        let text = format!("{} others are decided already and not on this sheet.", bulk.decided_before);
        lines.extend(paragraph(&text, width, theme.dim()));
    }
    let kept_out = bulk.kept_out();
    if kept_out > 0 && remarks {
        let text = format!("{kept_out} of them the policy file keeps out of bulk decisions.");
        lines.extend(paragraph(&text, width, theme.dim()));
    }
    let (sheet, form) = (|a| cx.keymap.word(KeyContext::Bulk, a), |a| cx.keymap.word(KeyContext::Form, a));
    let keys = match bulk.line {
        BulkLine::Level(_) => format!(
            "{} {verb} {count}   {} include level   {} list them   {} reason, message   {} leave",
            sheet(Action::Yes),
            sheet(Action::Mark),
            sheet(Action::NextTab),
            cx.keymap.word(KeyContext::List, Action::Down),
            sheet(Action::Back)
        ),
        BulkLine::Field(BulkField::Name) => format!(
            "{} includes it   {} next   {} back to the levels",
            form(Action::Enter),
            form(Action::NextField),
            form(Action::Back)
        ),
        BulkLine::Field(_) => format!(
            "{} or {} back to the levels, where {} goes on",
            form(Action::Enter),
            form(Action::Back),
            sheet(Action::Yes)
        ),
    };
    lines.extend(paragraph(&keys, width, Style::new()));
    lines
}

/// The question on a low screen.
fn short_question(cx: &Ctx, bulk: &BulkDialog, width: u16) -> Vec<Text<'static>> {
    let theme = cx.theme;
    let mut lines: Vec<Text> = bulk.note.iter().flat_map(|note| paragraph(note, width, theme.warning())).collect();
    let (verb, did) = (bulk.verb.word(), bulk.verb.past());
    let count = bulk.decided().len();
    lines.extend(paragraph(&format!("{count} of {} will be {did}.", bulk.rows.len()), width, theme.strong()));
    let keys = match bulk.line {
        BulkLine::Level(_) => {
            let key = |action| cx.keymap.word(KeyContext::Bulk, action);
            format!("{} {verb} {count}, {} leave", key(Action::Yes), key(Action::Back))
        }
        BulkLine::Field(_) => {
            let key = |action| cx.keymap.word(KeyContext::Form, action);
            format!("{}, {} back", key(Action::Enter), key(Action::Back))
        }
    };
    lines.extend(paragraph(&keys, width, Style::new()));
    lines
}

fn running(cx: &Ctx, bulk: &BulkDialog, run: &Run, width: u16) -> Vec<Text<'static>> {
    let (ended, all) = (run.counts.ended(), run.items.len());
    let left =
        run.left().map_or(String::new(), |left| format!("{}:{:02} left", left.num_minutes(), left.num_seconds() % 60));
    let numbers = format!("  {ended} of {all}  {}/s  {left}", run.rate());
    let available = usize::from(width).saturating_sub(numbers.width()).max(4);
    let full = available * ended / all.max(1);
    let bar = "█".repeat(full) + &"░".repeat(available - full);
    let mut lines = vec![Text::from(vec![Span::styled(bar, cx.theme.good()), Span::raw(numbers)])];
    lines.extend(paragraph(&tally(run, false, bulk.verb.past()), width, Style::new()));
    let text = if run.stopping {
        "Stopping: those under way are waited for.".to_owned()
    } else {
        format!("{} stops.", cx.keymap.word(KeyContext::BulkRun, Action::Back))
    };
    lines.extend(paragraph(&text, width, cx.theme.strong()));
    lines
}

fn ended(cx: &Ctx, bulk: &BulkDialog, run: &Run, width: u16) -> Vec<Text<'static>> {
    let theme = cx.theme;
    let all_done = run.counts.done == run.items.len();
    let head = if all_done {
        "Done"
    } else if run.stopping {
        "Stopped"
    } else {
        "Ended"
    };
    let seconds = (run.last - run.began).as_seconds_f32();
    let text = format!("{head}: {} in {seconds:.1} s, {} a second", tally(run, true, bulk.verb.past()), run.rate());
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
    let key = |action| cx.keymap.word(KeyContext::BulkEnd, action);
    let mut keys = format!("{} closes", key(Action::Back));
    if !all_done {
        let (again, list) = (key(Action::Retry), key(Action::NextTab));
        keys = format!("{again} those again, on a new sheet   {list} lists them   {keys}");
    }
    lines.extend(paragraph(&keys, width, theme.strong()));
    lines
}

/// How many ended how: `116 approved, 2 refused`.
pub(crate) fn tally(run: &Run, ended: bool, did: &str) -> String {
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
