//! How the wizard's review looks: result, identity and verdict are fixed, the plan scrolls.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::Wizard;
use super::view::{LABEL, draw_lines};
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::view::too_small;
use crate::console::panes::requests::detail;
use crate::console::panes::requests::view::fact_lines;
use crate::console::widgets::form;
use crate::console::widgets::text::wrapped;
use crate::domain::plan::Plan;
use crate::operations::issue::PreflightReport;
use crate::operations::issue::preflight::Severity;

/// On a screen with fewer lines sentences are short.
const LOW: u16 = 16;

/// Whether who is issued to and the verdict are on the screen in full.
pub(crate) fn fits(cx: &Ctx, wizard: &Wizard) -> bool {
    head(cx, wizard).len() <= usize::from(cx.body().height).saturating_sub(2)
}

/// Lines for the plan below the review's head.
pub(crate) fn plan_height(cx: &Ctx, wizard: &Wizard) -> usize {
    let head = head(cx, wizard).len() + 1;
    usize::from(cx.body().height).saturating_sub(2 + head)
}

/// The review: result, identity and verdict are fixed; the plan below scrolls.
pub(super) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, wizard: &Wizard) {
    let mut head = head(cx, wizard);
    if !fits(cx, wizard) {
        head = too_small(cx, area.width);
    }
    let height = u16::try_from(head.len()).unwrap_or(u16::MAX).min(area.height);
    frame.render_widget(Paragraph::new(head), Rect { height, ..area });
    if wizard.confirming_name().is_some() && height > 0 {
        let line = Rect { y: area.y + height - 1, height: 1, ..area };
        form::view::draw(frame, line, &wizard.review.name, LABEL, |()| true, cx.theme);
    }
    let below = height + 1;
    let plan = Rect { y: area.y + below, height: area.height.saturating_sub(below), ..area };
    draw_lines(frame, plan, review_lines(cx, wizard), wizard.review.scroll);
}

/// What the rehearsal came to, who is issued to, the verdict; in the last line the name that confirms it.
fn head(cx: &Ctx, wizard: &Wizard) -> Vec<Line<'static>> {
    let width = usize::from(cx.size.width).saturating_sub(4);
    let (order, _) = wizard.order();
    let (text, style) = verdict(cx, wizard);
    let mut lines: Vec<_> = wrapped(&text, width).into_iter().map(|line| Line::styled(line, style)).collect();
    if let Some(judged) = wizard.review.verdict() {
        let mut facts = vec![detail::logs_in(&order.user, &order.groups)];
        facts.extend(detail::verdict(judged));
        lines.extend(facts.iter().flat_map(|fact| fact_lines(fact, width, cx)));
    }
    if wizard.confirming_name().is_some() {
        let note = wizard.review.note.iter().flat_map(|note| wrapped(note, width));
        lines.extend(note.map(|line| Line::styled(line, cx.theme.bad())));
        lines.push(Line::raw(""));
    }
    lines
}

/// The plan's lines in the review.
pub(crate) fn review_lines(cx: &Ctx, wizard: &Wizard) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let width = usize::from(cx.size.width).saturating_sub(6);
    let (order, _) = wizard.order();
    let mut lines = Vec::new();
    for step in Plan::new(&order).steps {
        let mut texts = wrapped(&step.title, width.saturating_sub(4)).into_iter();
        lines.push(Line::styled(format!("• {}", texts.next().unwrap_or_default()), theme.strong()));
        lines.extend(texts.map(|text| Line::styled(format!("  {text}"), theme.strong())));
        for line in &step.lines {
            lines.extend(wrapped(line, width.saturating_sub(4)).into_iter().map(|line| Line::raw(format!("  {line}"))));
        }
        for note in wizard.review.notes(step.kind) {
            let mark = note.weight.mark();
            let style = match note.weight {
                Severity::Fine => theme.good(),
                Severity::Notice => theme.warning(),
                Severity::Problem => theme.bad(),
            };
            let mut texts = wrapped(&note.text, width.saturating_sub(6)).into_iter();
            lines.push(Line::styled(format!("    {mark} {}", texts.next().unwrap_or_default()), style));
            lines.extend(texts.map(|text| Line::styled(format!("      {text}"), style)));
        }
    }
    lines
}

fn verdict(cx: &Ctx, wizard: &Wizard) -> (String, Style) {
    let theme = cx.theme;
    let key = |action| cx.keymap.word(KeyContext::WizardReview, action);
    match &wizard.review.answer {
        None => ("Rehearsing with the server (dry run)…".to_owned(), theme.warning()),
        Some(Err(failure)) => (format!("✖ {}", failure.message), theme.bad()),
        Some(Ok(rehearsal)) if rehearsal.is_clear() => {
            let run = key(Action::Yes);
            let text = if cx.size.height < LOW {
                format!("✔ Rehearsed; {run} runs it.")
            } else {
                format!("✔ Rehearsed: it will work. Nothing is written yet; {run} runs it.")
            };
            (text, theme.good())
        }
        Some(Ok(rehearsal)) if rehearsal.wants_name() => {
            let enter = cx.keymap.word(KeyContext::Form, Action::Enter);
            let text = format!("✖ Dangerous: to issue it anyway, type the user's name, then {enter}.");
            (text, theme.bad())
        }
        Some(Ok(PreflightReport { refusal: Some(refusal), .. })) => (format!("✖ {refusal}"), theme.bad()),
        Some(Ok(_)) => {
            let text = format!("✖ It will not work like this: {} goes back to the fields.", key(Action::PreviousStep));
            (text, theme.bad())
        }
    }
}
