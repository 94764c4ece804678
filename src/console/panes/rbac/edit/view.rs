//! How a sheet looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::view::inner;
use crate::console::panes::rbac::edit::{EditField, EditForm, EditKind, EditStep, ReviewLine};
use crate::console::panes::rbac::view::candidates_line;
use crate::console::widgets::form;
use crate::console::widgets::text::{shown, wrapped};

/// Columns of a label.
const LABEL: u16 = 11;
/// Lines below the fields.
const FOOT: u16 = 4;
/// A screen with fewer lines has none to spare.
const SHORT: u16 = 9;

/// Draws it over the pane.
pub(crate) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, sheet: &EditForm) {
    frame.render_widget(Clear, area);
    let theme = cx.theme;
    let title = format!(" {} ", shown(&sheet.title(), usize::from(area.width).saturating_sub(6)));
    let block = Block::bordered().border_style(theme.dim()).title(Span::styled(title, theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match &sheet.step {
        EditStep::Reading(_) => frame.render_widget(Line::raw("Reading it…"), inner),
        EditStep::Rehearsing(..) => {
            frame.render_widget(Line::styled("The server rehearses it…", theme.warning()), inner);
        }
        EditStep::Sent(..) => {
            frame.render_widget(Line::styled("Sent, waiting for the cluster…", theme.warning()), inner);
        }
        EditStep::Fields => draw_fields(frame, inner, cx, sheet),
        EditStep::Review(_, review_lines) => draw_review(frame, inner, cx, sheet, review_lines),
        EditStep::Failed(trouble) => {
            let mut lines = paragraph(&format!("✖ {}", trouble.message), inner.width, theme.bad());
            if let Some(advice) = &trouble.hint {
                lines.push(Line::raw(""));
                lines.extend(paragraph(advice, inner.width, Style::new()));
            }
            let text = format!("{} goes back.", cx.keymap.word(KeyContext::Reader, Action::Back));
            lines.extend([Line::raw(""), Line::styled(text, theme.strong())]);
            frame.render_widget(Paragraph::new(lines), inner);
        }
    }
}

fn paragraph(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
}

fn draw_fields(frame: &mut Frame, area: Rect, cx: &Ctx, sheet: &EditForm) {
    let theme = cx.theme;
    let short = area.height < SHORT;
    let foot = if short { 2 } else { FOOT };
    let fields = Rect { height: area.height.saturating_sub(foot), ..area };
    let near = near(sheet, fields.height);
    let shows = |field: EditField| sheet.shows(field) && (short || near(field));
    let end = form::view::draw(frame, fields, &sheet.form, LABEL, shows, theme);
    let mut lines = if short { Vec::new() } else { vec![Line::raw("")] };
    if let Some(problem) = &sheet.problem {
        lines.extend(paragraph(&format!("✖ {problem}"), area.width, theme.bad()));
    }
    lines.push(candidates_line(&sheet.candidates(&cx.rbac.policy, &cx.rbac.catalogue), area.width, cx));
    let key = |action| cx.keymap.word(KeyContext::Form, action);
    let hint = match (&sheet.what, sheet.leaving) {
        (_, true) => format!("{} again drops what was typed.", key(Action::Back)),
        (EditKind::NewRole | EditKind::EditRole(_), _) => format!(
            "A rule: VERBS: RESOURCES [only NAMES]. {} on an empty one, or {}, shows the review.",
            key(Action::Enter),
            key(Action::Review)
        ),
        _ => format!("Several are separated by commas. {} shows the review.", key(Action::Review)),
    };
    lines.push(Line::styled(shown(&hint, area.width.into()), theme.strong()));
    let end = end.min(area.bottom().saturating_sub(foot));
    let below = Rect { y: end, height: area.bottom().saturating_sub(end), ..area };
    frame.render_widget(Paragraph::new(lines), below);
}

/// Of many rules those near the keyboard are shown.
fn near(sheet: &EditForm, height: u16) -> impl Fn(EditField) -> bool {
    let rules = crate::console::panes::rbac::edit::fields::rule_count(&sheet.form);
    let others =
        sheet.form.fields().iter().filter(|field| !matches!(field.id, EditField::Rule(_)) && sheet.shows(field.id));
    let others: usize = others.map(form::view::lines).sum();
    let available = usize::from(height).saturating_sub(others).max(1);
    let at = match sheet.form.focused() {
        Some(EditField::Rule(at)) => at,
        _ => 0,
    };
    let first = (at + 1).saturating_sub(available).min(rules.saturating_sub(available));
    move |field| match field {
        EditField::Rule(at) => (first..first + available).contains(&at),
        _ => true,
    }
}

/// Whether the end of what is to be confirmed, and the question, are on the screen.
pub(crate) fn fits(cx: &Ctx, sheet: &EditForm) -> bool {
    sheet.scroll >= last_scroll(cx, sheet) && available(inner(cx.body())) > 0
}

/// The scroll position that shows the end of what is to be confirmed.
pub(crate) fn last_scroll(cx: &Ctx, sheet: &EditForm) -> usize {
    let EditStep::Review(_, review_lines) = &sheet.step else { return 0 };
    let area = inner(cx.body());
    let all: usize = review_lines.iter().map(|line| drawn_lines(line, area.width, cx).len()).sum();
    all.saturating_sub(available(area))
}

/// Lines for what is to be confirmed.
fn available(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(if area.height < SHORT { 1 } else { 4 })
}

fn draw_review(frame: &mut Frame, area: Rect, cx: &Ctx, sheet: &EditForm, review_lines: &[ReviewLine]) {
    let theme = cx.theme;
    let width = area.width;
    let head = match sheet.what {
        EditKind::Delete(_) => "This is what it takes away:",
        _ if sheet.original.is_none() => "The server would make this (dry run):",
        _ => "The server would change this (dry run):",
    };
    let short = area.height < SHORT;
    let mut lines = if short { Vec::new() } else { vec![Line::styled(head, theme.strong()), Line::raw("")] };
    let available = available(area);
    let all: Vec<Line> = review_lines.iter().flat_map(|line| drawn_lines(line, width, cx)).collect();
    let more = all.len() > sheet.scroll + available;
    lines.extend(all.into_iter().skip(sheet.scroll).take(available));
    frame.render_widget(Paragraph::new(lines), area);
    let (yes, no) =
        (cx.keymap.words(KeyContext::Confirm, Action::Yes), cx.keymap.words(KeyContext::Confirm, Action::No));
    let down = cx.keymap.word(KeyContext::List, Action::Down);
    let question = match &sheet.what {
        // What has not been seen to its end is not confirmed.
        _ if more => format!("{down} more, {no} leaves it"),
        _ if short => format!("{yes} yes, {no} no"),
        EditKind::Delete(_) => format!("Delete it? {yes} yes, {no} no"),
        _ => format!("Write it? {yes} yes, {no} back to the fields"),
    };
    let at = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    frame.render_widget(Line::styled(question, theme.strong()), at);
}

fn drawn_lines(review_lines: &ReviewLine, width: u16, cx: &Ctx) -> Vec<Line<'static>> {
    let theme = cx.theme;
    let (mark, text, style) = match review_lines {
        ReviewLine::Note(text) => return paragraph(text, width, Style::new()),
        ReviewLine::Warning(text) => return paragraph(text, width, theme.warning()),
        ReviewLine::Same(text) => (" ", text, theme.dim()),
        ReviewLine::Gone(text) => ("-", text, theme.bad()),
        ReviewLine::New(text) => ("+", text, theme.good()),
    };
    let indent = text.len() - text.trim_start().len();
    let parts = wrapped(text.trim_start(), usize::from(width).saturating_sub(indent + 2));
    parts.into_iter().map(|part| Line::styled(format!("{mark} {}{part}", " ".repeat(indent)), style)).collect()
}
