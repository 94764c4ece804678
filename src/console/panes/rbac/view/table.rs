//! The table of someone's access: resources × verbs.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::rbac::access::Access;
use crate::console::panes::rbac::view::{draw_search, mark_style};
use crate::console::widgets::text::{cell, shown, wrapped};
use crate::console::widgets::theme::symbol;
use crate::domain::access::matrix::{self, COLUMNS, MatrixRow as Row};
use crate::domain::access::{Grant, danger};
use crate::domain::verdict::Level;

/// Columns of one verb: its word and two spaces.
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "other"];

/// Draws it.
pub(super) fn draw(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx, access: &Access) {
    let policy = cx.rbac.seen();
    let grants = access.grants(policy);
    let mut lines = area.rows();
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return };
    draw_dangers(frame, first, cx, access);
    let name = name_width(area.width);
    let columns = seen(access.column(), usize::from(area.width).saturating_sub(name + 3));
    if !draw_search(frame, second, pane, cx) {
        frame.render_widget(Line::styled(heading(name, columns.clone()), cx.theme.dim()), second);
    }
    let rest = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    if access.lines.is_empty() {
        return draw_empty(frame, rest, pane, cx, access);
    }
    for (area, (row, chosen)) in rest.rows().zip(access.window(rest.height.into())) {
        frame.render_widget(line(cx, access, &grants, row, chosen, (name, columns.clone())), area);
    }
}

/// What is dangerous in all of it, the worst by name.
fn draw_dangers(frame: &mut Frame, area: Rect, cx: &Ctx, access: &Access) {
    let findings = danger::findings(cx.rbac.seen(), &access.who);
    let found: Vec<_> = findings.iter().filter(|finding| finding.level >= Level::Warning).collect();
    let Some(worst) = found.first() else { return };
    let more = if found.len() > 1 { format!("; {} more: !", found.len() - 1) } else { String::new() };
    let width = usize::from(area.width).saturating_sub(2 + more.len());
    let text = shown(&format!("{} {}", symbol(worst.level), worst.text()), width);
    frame.render_widget(Line::styled(format!(" {text}{more}"), mark_style(cx, worst.level)), area);
}

fn name_width(width: u16) -> usize {
    let verbs: usize = VERBS.iter().map(|verb| verb.len() + 1).sum();
    usize::from(width).saturating_sub(verbs + 3).max(11)
}

/// The columns that there is space for, the one with the cursor among them.
fn seen(column: usize, width: usize) -> Range<usize> {
    let available =
        |columns: Range<usize>| VERBS[columns].iter().map(|verb| verb.len() + 1).sum::<usize>() <= width + 1;
    let first = (0..=column).find(|first| available(*first..column + 1)).unwrap_or(column);
    let end = (column + 1..=VERBS.len()).rfind(|end| available(first..*end)).unwrap_or(column + 1);
    first..end
}

fn heading(name: usize, columns: Range<usize>) -> String {
    format!("  {} {}", cell("RESOURCE", name), VERBS[columns].join(" "))
}

fn line(
    cx: &Ctx,
    access: &Access,
    grants: &[Grant<'_>],
    row: &Row,
    chosen: bool,
    (name, columns): (usize, Range<usize>),
) -> Line<'static> {
    let theme = cx.theme;
    let mut spans = vec![
        Span::raw(if chosen { "› " } else { "  " }),
        Span::styled(cell(&row.text(), name), if chosen { theme.strong() } else { ratatui::style::Style::new() }),
        Span::raw(" "),
    ];
    for (column, verb) in VERBS.iter().enumerate().filter(|(column, _)| columns.contains(column)) {
        let (mark, level) = mark(cx, access, grants, row, column);
        let width = verb.len();
        let text = format!("{}{mark}{}", " ".repeat((width - 1) / 2), " ".repeat(width - 1 - (width - 1) / 2));
        let mut style = mark_style(cx, level);
        if chosen && column == access.column() {
            style = theme.chosen();
        }
        spans.extend([Span::styled(text, style), Span::raw(" ")]);
    }
    Line::from(spans)
}

/// `✔` granted, `◦` for named objects alone, `!` and `✖` where that is dangerous, `·` not granted.
fn mark(cx: &Ctx, access: &Access, grants: &[Grant<'_>], row: &Row, column: usize) -> (&'static str, Level) {
    let cell = matrix::cell(grants, row, column, &cx.rbac.catalogue);
    if access.who.is_master() {
        return ("✖", Level::Danger);
    }
    if !cell.is_granted() {
        return ("·", Level::Notice);
    }
    let named = cell.grants.is_empty();
    let level = |verb: &String| {
        let scopes = cell.grants.iter().chain(&cell.named).map(|grant| grant.binding.scope.as_deref());
        let scope = scopes.min().flatten();
        danger::of_action(&row.action(verb, scope)).map(|found| found.level(scope, named))
    };
    match cell.verbs.iter().filter_map(level).max() {
        Some(level) if level >= Level::Warning => (symbol(level), level),
        _ if named => ("◦", Level::Ok),
        _ => ("✔", Level::Ok),
    }
}

fn draw_empty(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx, access: &Access) {
    let text = if access.who.is_master() {
        "Everything: system:masters is above RBAC.".to_owned()
    } else if pane.page().search.is_empty() {
        let key = |action| cx.keymap.word(KeyContext::Table, action);
        let (all, next) = (key(Action::AllResources), key(Action::NextNamespace));
        format!("No rule holds here. {all} shows every resource, {next} the next namespace.")
    } else {
        cx.nothing_found()
    };
    let lines = wrapped(&text, usize::from(area.width).saturating_sub(2));
    let lines: Vec<Line> = lines.into_iter().map(|line| Line::raw(format!(" {line}"))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

// The columns of the table are those of the evaluation, and one more.
const _: () = assert!(VERBS.len() == COLUMNS.len() + 1);
