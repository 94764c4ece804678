//! How the wizard looks: the step's fields with the plan growing beside them, the review, the run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::fields::{WizardField, applies};
use super::run::{End, Run, StepStatus};
use super::{Wizard, WizardStep, review_view};
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::widgets::form;
use crate::console::widgets::text::{cell, wrapped};
use crate::domain::plan::{self, Plan};

/// Columns of a field's label.
pub(super) const LABEL: u16 = 12;
/// From this width on the title names all steps.
const ALL_STEPS: u16 = 76;

/// Draws the wizard.
pub(crate) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, wizard: &Wizard) {
    let block = Block::bordered().border_style(cx.theme.dim()).title(title(cx, wizard, area.width));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match (wizard.step, &wizard.run) {
        (WizardStep::Run, Some(run)) => draw_run(frame, inner, cx, run),
        (WizardStep::Review, _) => review_view::draw(frame, inner, cx, wizard),
        _ => draw_fields(frame, inner, cx, wizard),
    }
}

/// All steps; where there is no space for them, the one that is seen.
fn title(cx: &Ctx, wizard: &Wizard, width: u16) -> Line<'static> {
    let mut spans = vec![Span::styled(" New user ", cx.theme.strong())];
    for step in WizardStep::ALL.into_iter().filter(|step| width >= ALL_STEPS || *step == wizard.step) {
        let here = step == wizard.step;
        let text = if here { format!("· [{}] ", step.word()) } else { format!("· {} ", step.word()) };
        spans.push(Span::styled(text, if here { cx.theme.strong() } else { cx.theme.dim() }));
    }
    Line::from(spans)
}

pub(super) fn draw_lines(frame: &mut Frame, area: Rect, lines: Vec<Line<'static>>, scroll: usize) {
    let seen: Vec<Line> = lines.into_iter().skip(scroll).take(area.height.into()).collect();
    frame.render_widget(Paragraph::new(seen), area);
}

/// The run; where there is no space for all of it, its heading and what matters now.
fn draw_run(frame: &mut Frame, area: Rect, cx: &Ctx, run: &Run) {
    let heading = wrapped(&run_heading(cx, run), area.width.into()).into_iter();
    let heading: Vec<_> = heading.map(|line| Line::styled(line, cx.theme.strong())).collect();
    let mut steps = run_lines(cx, run, area.width);
    let ending = ending(run, area.width.into(), cx);
    let short = heading.len() + 1 + steps.len() + 1 + ending.len() > area.height.into();
    if short {
        let done = run.steps.iter().take_while(|(.., fare)| matches!(fare, StepStatus::Done(..))).count();
        steps = if ending.is_empty() { steps.split_off(done) } else { Vec::new() };
    }
    let mut lines = heading;
    for part in [steps, ending].into_iter().filter(|part| !part.is_empty()) {
        lines.extend((!short).then(|| Line::raw("")));
        lines.extend(part);
    }
    draw_lines(frame, area, lines, 0);
}

fn draw_fields(frame: &mut Frame, area: Rect, cx: &Ctx, wizard: &Wizard) {
    let (left, right) = if area.width >= 70 {
        let left = Rect { width: area.width * 11 / 20, ..area };
        (left, Some(Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area }))
    } else {
        (area, None)
    };
    let theme = cx.theme;
    let remarks = remarks(cx, wizard, usize::from(left.width.saturating_sub(1)));
    // What is wrong is seen at every size.
    let kept = if wizard.complain { u16::try_from(remarks.len()).unwrap_or(0).min(left.height / 2) } else { 0 };
    let fields = Rect { height: left.height - kept, ..left };
    let y = form::view::draw(frame, fields, &wizard.form, LABEL, |field| wizard.shows(field), theme);
    let blank = u16::from(usize::from(left.bottom().saturating_sub(y)) > remarks.len());
    let below = Rect { y: y + blank, height: left.bottom().saturating_sub(y + blank), ..left };
    frame.render_widget(Paragraph::new(remarks), below);
    if let Some(right) = right {
        let block = Block::new().borders(Borders::LEFT).border_style(theme.dim());
        let inner = block.inner(right);
        frame.render_widget(block, right);
        frame.render_widget(Paragraph::new(plan_lines(cx, wizard, usize::from(inner.width))), inner);
    }
}

/// Below the fields: what is wrong, what was left unfinished, what the step is about.
fn remarks(cx: &Ctx, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let mut lines = Vec::new();
    let mut say = |text: &str, style: Style| {
        lines.extend(wrapped(text, width).into_iter().map(|line| Line::styled(line, style)));
    };
    if wizard.complain {
        let here = |field: WizardField| field.step() == wizard.step && applies(&wizard.form, field);
        for (field, text) in wizard.order().1.into_iter().filter(|(field, _)| here(*field)) {
            let label = wizard.form.fields().iter().find(|known| known.id == field).map_or("", |known| known.label);
            say(&format!("✖ {label}: {text}"), theme.bad());
        }
    }
    if let (WizardStep::Who, Some(journal)) = (wizard.step, wizard.unfinished.first()) {
        let text = format!(
            "! {} was left unfinished {} ago. {} goes on with it.",
            journal.order.user,
            cx.clock.age(journal.started),
            cx.keymap.word(KeyContext::Form, Action::Resume)
        );
        say(&text, theme.warning());
    }
    say(&about(cx, wizard), theme.dim());
    lines
}

fn about(cx: &Ctx, wizard: &Wizard) -> String {
    let key = |action| cx.keymap.word(KeyContext::Form, action);
    let text = match wizard.step {
        WizardStep::Who => {
            return format!(
                "The name becomes the CN and each group, by commas, an O. A name is enough: {} goes to the review.",
                key(Action::Review)
            );
        }
        WizardStep::Cert => {
            "A certificate cannot be revoked: keep its life short. 24h, 10d or seconds; 600 s at least."
        }
        WizardStep::Access => {
            return format!(
                "Verbs and resources as kubectl takes them: pods/log, deployments.apps. {} and {} choose.",
                key(Action::PreviousChoice),
                key(Action::NextChoice)
            );
        }
        WizardStep::Kubeconfig if applies(&wizard.form, WizardField::Certificate) => {
            "The key is with its owner, so no kubeconfig is written: the certificate goes to a file of its own."
        }
        WizardStep::Kubeconfig => "An existing file is merged into: everything in it stays, and a backup is kept.",
        WizardStep::Review | WizardStep::Run => "",
    };
    text.to_owned()
}

/// The plan so far.
fn plan_lines(cx: &Ctx, wizard: &Wizard, width: usize) -> Vec<Line<'static>> {
    let (order, _) = wizard.order();
    let mut lines = vec![Line::styled(" Plan", cx.theme.strong())];
    for step in Plan::new(&order).steps {
        let (mark, style) = if settled(&step, wizard.step) { ("✔", Style::new()) } else { ("○", cx.theme.dim()) };
        let mut texts = wrapped(&step.title, width.saturating_sub(5)).into_iter();
        let first = texts.next().unwrap_or_default();
        lines.push(Line::styled(format!("  {mark} {first}"), style));
        let more =
            step.lines.iter().flat_map(|line| wrapped(line, width.saturating_sub(7))).map(|line| format!("  {line}"));
        lines.extend(texts.chain(more).map(|text| Line::styled(format!("    {text}"), style)));
    }
    lines
}

/// Whether the fields that a step of the plan depends on have been passed.
fn settled(step: &plan::PlanStep, at: WizardStep) -> bool {
    use plan::StepKind;
    let needs = match step.kind {
        StepKind::Key => WizardStep::Who,
        StepKind::Request | StepKind::Approve | StepKind::Certificate => WizardStep::Cert,
        StepKind::Role | StepKind::Binding => WizardStep::Access,
        StepKind::Kubeconfig | StepKind::Proof => WizardStep::Kubeconfig,
    };
    needs < at
}

/// A line a step, and below it why it waits or failed.
fn run_lines(cx: &Ctx, run: &Run, width: u16) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let width = usize::from(width);
    let mut lines = Vec::new();
    // Titles get a third of a wide screen, and what came of a step is near it.
    let title_width = (width / 3).clamp(31, 60);
    let text_width = width.saturating_sub(2 + title_width + 1 + 8).min(80);
    for (_, title, fare) in &run.steps {
        let (mark, text, took, style) = match fare {
            StepStatus::Ahead => ("○", String::new(), String::new(), theme.dim()),
            StepStatus::Running => ("…", String::new(), String::new(), theme.warning()),
            StepStatus::Waiting(_) => ("…", "waiting".to_owned(), String::new(), theme.warning()),
            StepStatus::Done(text, took) => ("✔", text.clone(), format!("{:.2} s", took.as_secs_f32()), theme.good()),
            StepStatus::Failed(_) => ("✖", "failed".to_owned(), String::new(), theme.bad()),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("{mark} "), style),
            Span::raw(cell(title, title_width) + " "),
            Span::raw(cell(&text, text_width)),
            Span::styled(format!("{took:>8}"), theme.dim()),
        ]));
        let (texts, style) = match fare {
            StepStatus::Waiting(why) => (vec![why.clone()], theme.warning()),
            StepStatus::Failed(trouble) => {
                (std::iter::once(trouble.message.clone()).chain(trouble.hint.clone()).collect(), theme.bad())
            }
            _ => continue,
        };
        for text in texts {
            lines.extend(
                wrapped(&text, width.saturating_sub(4))
                    .into_iter()
                    .map(|text| Line::styled(format!("    {text}"), style)),
            );
        }
    }
    lines
}

fn run_heading(cx: &Ctx, run: &Run) -> String {
    let until = run.ended.unwrap_or(cx.clock.now);
    let took = (until - run.since).as_seconds_f32();
    match &run.end {
        None => format!("At work, {took:.1} s"),
        Some(End::Done(_)) => format!("Done in {took:.1} s"),
        Some(End::Failed) => "Stopped. What is done stays done until you undo it.".to_owned(),
        Some(End::Undoing) => "Undoing…".to_owned(),
        Some(End::Undone(Ok(()))) => "Undone.".to_owned(),
        Some(End::Undone(Err(_))) => "Not undone completely.".to_owned(),
    }
}

fn ending(run: &Run, width: usize, cx: &Ctx) -> Vec<Line<'static>> {
    let mut texts = Vec::new();
    match &run.end {
        Some(End::Done(outcome)) => {
            let user = &outcome.journal.order.user;
            match &outcome.proof {
                Some(proof) if proof.rules.is_empty() => {
                    texts.push(format!("{user} can do nothing in this namespace yet"));
                }
                Some(proof) => {
                    let rules = proof.rules.join("; ");
                    texts.push(format!("{user} can {rules} in {}", outcome.journal.order.namespace));
                }
                None => texts.push(format!("The key is with {user}: give back the certificate.")),
            }
            texts.push(
                "Never send a key in the open. The certificate cannot be revoked: remove the bindings to take"
                    .to_owned()
                    + " the access back before it expires.",
            );
        }
        Some(End::Undone(Ok(()))) => {
            texts.push(
                "A certificate that was issued stays valid until it expires, and can do what other bindings grant."
                    .to_owned(),
            );
        }
        Some(End::Undone(Err(trouble))) => {
            texts.push(trouble.message.clone());
            texts.extend(trouble.hint.clone());
        }
        _ => {}
    }
    let style = if matches!(run.end, Some(End::Undone(Err(_)))) { cx.theme.bad() } else { Style::new() };
    texts.iter().flat_map(|text| wrapped(text, width)).map(|line| Line::styled(line, style)).collect()
}
