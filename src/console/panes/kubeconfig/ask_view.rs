//! How the pane's questions look.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::phase::Phase;
use crate::console::dialogs::view::yes_or_no;
use crate::console::panes::kubeconfig::KubeconfigChange;
use crate::console::panes::kubeconfig::ask::{Prompt, PromptKind};
use crate::console::widgets::form;
use crate::console::widgets::text::labelled_command;
use crate::console::widgets::text::wrapped;
use crate::domain::kubeconfig::edit::Edit;

/// Below so many lines there are no empty lines.
const SHORT: u16 = 9;

/// Draws a question inside of its frame: what is to be known, the question, and where there is space the equivalent command.
pub(crate) fn draw(frame: &mut Frame, inner: Rect, cx: &Ctx, ask: &Prompt) {
    let blank = u16::from(inner.height >= SHORT);
    let mut y = inner.y + blank;
    if ask.types() {
        let field = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        y = form::view::draw(frame, field, &ask.form, 11, |()| true, cx.theme) + blank;
    }
    let rest = usize::from(inner.bottom().saturating_sub(y));
    let all: Vec<Line> =
        ask.lines.iter().skip(ask.scroll).flat_map(|line| indented(line, inner.width.into())).collect();
    let mut answer = answer(cx, ask, inner.width, false);
    let fits = |answer: &[Line]| all.len() + answer.len() <= rest;
    if !fits(&answer) && matches!(ask.phase, Phase::Asking) {
        answer = self::answer(cx, ask, inner.width, true);
    }
    let available = rest.saturating_sub(answer.len());
    let mut lines: Vec<Line> = all.into_iter().take(available).collect();
    if blank == 1 && !lines.is_empty() && lines.len() < available {
        lines.push(Line::raw(""));
    }
    lines.extend(answer);
    lines.extend(equivalent(cx, ask, inner.width, blank));
    frame.render_widget(Paragraph::new(lines), Rect { y, height: inner.bottom().saturating_sub(y), ..inner });
}

/// Whether the end of what is to be known, and the question, are on the screen.
pub(crate) fn fits(inner: Rect, cx: &Ctx, ask: &Prompt) -> bool {
    let blank = u16::from(inner.height >= SHORT);
    let fields = if ask.types() { 1 + blank } else { 0 };
    let rest = usize::from(inner.height.saturating_sub(blank + fields));
    let all: usize = ask.lines.iter().skip(ask.scroll).map(|line| indented(line, inner.width.into()).len()).sum();
    all + answer(cx, ask, inner.width, false).len() <= rest
}

/// A line broken into several, which keep its indentation.
fn indented(line: &str, width: usize) -> Vec<Line<'static>> {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let lines = wrapped(text, width.saturating_sub(indent));
    lines.into_iter().map(|line| Line::raw(format!("{}{line}", " ".repeat(indent)))).collect()
}

/// The question, or its progress; `cut` where not everything is seen that is to be known.
fn answer(cx: &Ctx, ask: &Prompt, width: u16, cut: bool) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let paragraph = |text: &str, style: Style| -> Vec<Line<'static>> {
        wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    match &ask.phase {
        Phase::Sent(_) => vec![Line::styled("Working…", theme.warning())],
        Phase::Failed(trouble) => {
            let advice = trouble.hint.iter().flat_map(|advice| paragraph(advice, Style::new()));
            paragraph(&format!("✖ {}", trouble.message), theme.bad()).into_iter().chain(advice).collect()
        }
        Phase::Asking if cut && !ask.types() => {
            // What has not been seen to its end is not confirmed.
            let more = cx.keymap.word(KeyContext::List, Action::Down);
            let leave = cx.keymap.word(KeyContext::Confirm, Action::No);
            paragraph(&format!("{more} more, {leave} leaves it"), theme.strong())
        }
        Phase::Asking => paragraph(&question(cx, &ask.what), theme.strong()),
    }
}

fn equivalent(cx: &Ctx, ask: &Prompt, width: u16, blank: u16) -> Vec<Line<'static>> {
    let PromptKind::Sure(change) = &ask.what else { return Vec::new() };
    let kubectl = cx
        .kubeconfigs
        .loaded
        .as_ref()
        .map(crate::console::panes::kubeconfig::LoadedKubeconfigs::kubectl)
        .unwrap_or_default();
    let lines = labelled_command("Same as:", &change.command(&kubectl), width.into());
    let lines = lines.into_iter().map(|line| Line::styled(line, cx.theme.dim()));
    (0..blank).map(|_| Line::raw("")).chain(lines).collect()
}

fn question(cx: &Ctx, what: &PromptKind) -> String {
    let key = |action| cx.keymap.word(KeyContext::Form, action);
    let (enter, leave) = (key(Action::Enter), key(Action::Back));
    match what {
        PromptKind::Rename(_) => format!("{enter} renames it, {leave} leaves it."),
        PromptKind::Namespace(_) => format!("{enter} sets it (empty: none), {leave} leaves it."),
        PromptKind::Import => format!("The kubeconfig to bring in. {enter} shows what would come, {leave} leaves it."),
        PromptKind::Extract(_) => format!("{enter} writes it with its key, for you alone (0600); {leave} leaves it."),
        PromptKind::Sure(KubeconfigChange::Edit(Edit::Delete { .. })) => {
            format!("Delete it? {}. A backup of the file stays.", yes_or_no(cx))
        }
        PromptKind::Sure(KubeconfigChange::Import(_) | KubeconfigChange::Trust { .. }) => {
            format!("{}.", yes_or_no(cx))
        }
        PromptKind::Sure(_) => format!("{}. A backup of the file stays.", yes_or_no(cx)),
    }
}
