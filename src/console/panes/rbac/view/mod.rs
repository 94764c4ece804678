//! How the RBAC pane looks: rows above, what is under the cursor explained below.

mod table;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use unicode_width::UnicodeWidthStr;

use crate::cluster::watch::WatchStatus;
use crate::cluster::watch::rbac::Reach;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::panes::rbac::rows::{ColumnSpec, RowEntry, columns};
use crate::console::panes::rbac::{QueryForm, RbacPage, RbacPane, detail, edit};
use crate::console::widgets::form;
use crate::console::widgets::text::{cell, mark_name, shown, wrapped};
use crate::domain::access::object::RbacKind;
use crate::domain::verdict::Level;

/// Lines of the lower part, its border not counted.
const BELOW: u16 = 8;
/// From this width on the lower part is beside the rows.
const WIDE: u16 = 150;

/// Rows and explanation; on a small screen the rows alone.
pub(crate) fn layout(area: Rect) -> (Rect, Option<Rect>) {
    if area.width >= WIDE {
        let list = Rect { width: area.width * 3 / 5, ..area };
        return (list, Some(Rect { x: list.right(), width: area.width - list.width, ..area }));
    }
    if area.height < BELOW + 8 || area.width < 60 {
        return (area, None);
    }
    let list = Rect { height: area.height - BELOW - 1, ..area };
    // The lower part's upper border is the upper part's lower one.
    (list, Some(Rect { y: list.bottom() - 1, height: BELOW + 2, ..area }))
}

/// The part that tells about what the cursor is on.
pub(crate) fn detail_area(body: Rect) -> Option<Rect> {
    layout(body).1
}

/// The rows, and the line on which the cursor is; `None` where they are a table.
pub(crate) fn row_area(body: Rect, rbac: &RbacPane) -> Option<(Rect, u16)> {
    let opened = rbac.page();
    let list = layout(body).0;
    // Borders and the heading are no rows.
    let rows = Rect { y: list.y + 2, height: list.height.saturating_sub(3), ..list };
    let cursor = opened.place().checked_sub(opened.top())?;
    let plain = !matches!(opened.page, RbacPage::Access(_)) && rbac.sheet.is_none() && rbac.ask.is_none();
    plain.then_some((rows, rows.y + u16::try_from(cursor).ok()?))
}

/// Draws the pane.
pub(crate) fn draw(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx) {
    let (list, below) = layout(area);
    let stacked = below.is_some_and(|below| below.y > list.y);
    draw_rows(frame, list, pane, cx, !stacked);
    if let Some(below) = below {
        draw_detail(frame, below, pane, cx, stacked);
    }
    if let Some(sheet) = &pane.sheet {
        edit::view::draw(frame, area, cx, sheet);
    } else if let Some(ask) = &pane.ask {
        draw_ask(frame, area, cx, ask);
    }
}

/// Puts what is not seen on a lower border.
fn with_status<'a>(block: Block<'a>, area: Rect, pane: &RbacPane, cx: &Ctx) -> Block<'a> {
    let Some((text, style)) = status(pane, cx) else { return block };
    let text = format!(" {} ", shown(&text, usize::from(area.width).saturating_sub(8)));
    block.title_bottom(Line::styled(text, style))
}

/// The rows; `last` where no lower part is below them.
fn draw_rows(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx, last: bool) {
    let theme = cx.theme;
    let opened = pane.page();
    let mut block = Block::bordered().border_style(theme.dim());
    block = block.title(Span::styled(title(pane, usize::from(area.width)), theme.strong()));
    if last {
        block = with_status(block, area, pane, cx);
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(first) = inner.rows().next() else { return };
    let rest = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if let RbacPage::Access(access) = &opened.page {
        return table::draw(frame, inner, pane, cx, access);
    }
    if !draw_search(frame, first, pane, cx) {
        frame.render_widget(Line::styled(heading(&opened.page, inner.width), theme.dim()), first);
    }
    if opened.rows.is_empty() {
        return draw_empty(frame, rest, pane, cx);
    }
    for (area, (row, chosen)) in rest.rows().zip(opened.window(rest.height.into())) {
        frame.render_widget(row_line(cx, &opened.page, row, chosen, inner.width), area);
    }
}

/// The search while it is typed; tells whether it is.
fn draw_search(frame: &mut Frame, line: Rect, pane: &RbacPane, cx: &Ctx) -> bool {
    let Some(input) = &pane.typing else { return false };
    frame.render_widget(Line::styled(" / ", cx.theme.key()), line);
    let field = Rect { x: line.x + 3, width: line.width.saturating_sub(3), ..line };
    form::view::draw_text(frame, field, input, true, cx.theme);
    true
}

fn title(pane: &RbacPane, width: usize) -> String {
    let opened = pane.page();
    let first = pane.trail.first().map(|first| first.page.title()).unwrap_or_default();
    let trail = if pane.trail.len() > 1 { format!("{first} › {}", opened.page.title()) } else { first };
    let count = match &opened.page {
        RbacPage::Access(_) => String::new(),
        _ if opened.search.is_empty() => format!(" · {}", opened.total),
        _ => format!(" · {} of {}", opened.rows.len(), opened.total),
    };
    let search = if opened.search.is_empty() { String::new() } else { format!(" · /{}", opened.search) };
    format!(" {} ", shown(&format!("RBAC · {trail}{count}{search}"), width.saturating_sub(6)))
}

/// What is not seen, or not live.
fn status(pane: &RbacPane, cx: &Ctx) -> Option<(String, Style)> {
    let (_rbac, theme) = (pane, cx.theme);
    let of = |wanted: fn(&Reach) -> bool| -> Vec<&str> {
        cx.rbac.reach.iter().filter(|(_, reach)| wanted(reach)).map(|(kind, _)| kind.plural()).collect()
    };
    if cx.rbac.is_blind() {
        let more = cx.rbac.own.as_ref().is_some_and(|own| own.incomplete);
        let more = if more { "; there may be more" } else { "" };
        let text = format!("✖ you may not list bindings: your own access as the server tells it{more}");
        return Some((text, theme.warning()));
    }
    let forbidden = of(|reach| matches!(reach.status, WatchStatus::Forbidden { .. }));
    if !forbidden.is_empty() {
        let verb = cx.rbac.reach.values().find_map(|reach| match &reach.status {
            WatchStatus::Forbidden { verb, .. } => Some(verb.as_str()),
            _ => None,
        });
        let text = format!("✖ not seen: {} (you may not {} them)", forbidden.join(", "), verb.unwrap_or("list"));
        return Some((text, theme.warning()));
    }
    let degraded = of(|reach| matches!(reach.status, WatchStatus::Degraded { .. }));
    if !degraded.is_empty() {
        return Some((format!("! old: {} cannot be read now", degraded.join(", ")), theme.bad()));
    }
    let only = cx.rbac.reach.values().find_map(|reach| reach.only.as_ref());
    only.map(|namespace| {
        (format!("! of roles and bindings in namespaces only those of {namespace} are seen"), theme.warning())
    })
}

fn heading(page: &RbacPage, width: u16) -> String {
    let cells = columns(page).iter().map(|of| column(of.0, column_width(*of, page, width)));
    format!("    {}", cells.collect::<String>())
}

/// What names need at least.
const NAME: usize = 14;

/// A column's cells, and its share of what the others leave.
fn column_width(column: ColumnSpec, page: &RbacPage, width: u16) -> usize {
    let available = usize::from(width.saturating_sub(4));
    let (mut fixed, mut kept) = (0, column.1);
    for (name, cells, _) in columns(page) {
        // Where it is too narrow for all of them, names go before the last columns.
        if fixed + cells + NAME <= available {
            fixed += cells;
        } else if *name == column.0 {
            kept = 0;
        }
    }
    kept + available.saturating_sub(fixed) * column.2 / 100
}

fn column(text: &str, width: usize) -> String {
    if width == 0 { String::new() } else { cell(text, width - 1) + " " }
}

fn row_line(cx: &Ctx, page: &RbacPage, row: &RowEntry, chosen: bool, width: u16) -> Line<'static> {
    let mut cells = columns(page).iter().zip(&row.cells).map(|(of, text)| column(text, column_width(*of, page, width)));
    let name = cells.next().unwrap_or_default();
    let rest = cell(&cells.collect::<String>(), usize::from(width).saturating_sub(4 + name.width()));
    let mut line = Line::from(vec![
        Span::raw(if chosen { "› " } else { "  " }),
        Span::styled(cell(row.mark(), 2), cx.theme.level(row.level)),
        Span::raw(name),
        Span::raw(rest),
    ]);
    if chosen {
        mark_name(&mut line, 3, cx.theme);
    }
    line
}

/// An empty page says what it means.
fn draw_empty(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx) {
    let rbac = pane;
    let (clear, ask) = (cx.nothing_found(), cx.keymap.word(KeyContext::Rbac, Action::WhoCan));
    let ask = format!("{ask} asks who can do something.");
    let text = match &rbac.page().page {
        _ if !rbac.page().search.is_empty() => &clear,
        RbacPage::WhoCan(None) => &ask,
        _ if !cx.rbac.complete() => "Reading roles and bindings…",
        RbacPage::WhoCan(Some(_)) => {
            "Nobody: no binding that is seen grants it. (Members of the group system:masters can do everything.)"
        }
        RbacPage::Holders(_) => "Nobody holds it: no binding that is seen names it.",
        RbacPage::Role(named) | RbacPage::Binding(named) if gone(pane, cx, named.kind) => "It is not there.",
        RbacPage::Role(_) => "It has no rules: it grants nothing.",
        RbacPage::Grants(..) => "No binding grants it any more.",
        _ => "There are none, or none that you may see.",
    };
    let width = usize::from(area.width).saturating_sub(2);
    let lines: Vec<Line> = wrapped(text, width).into_iter().map(|line| Line::raw(format!(" {line}"))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn gone(pane: &RbacPane, cx: &Ctx, kind: RbacKind) -> bool {
    match &pane.page().page {
        RbacPage::Role(named) => crate::console::panes::rbac::rows::find_role(cx.rbac.seen(), named).is_none(),
        RbacPage::Binding(named) => crate::console::panes::rbac::rows::find_binding(cx.rbac.seen(), named).is_none(),
        _ => kind.is_role(),
    }
}

fn draw_detail(frame: &mut Frame, area: Rect, pane: &RbacPane, cx: &Ctx, last: bool) {
    let theme = cx.theme;
    let heading = shown(&detail::heading(pane, cx), usize::from(area.width).saturating_sub(6));
    let title = if heading.is_empty() { heading } else { format!(" {heading} ") };
    let mut block = Block::bordered()
        .border_style(theme.dim())
        .merge_borders(ratatui::symbols::merge::MergeStrategy::Exact)
        .title(Span::styled(title, theme.strong()));
    if last {
        block = with_status(block, area, pane, cx);
    }
    let inner = block.inner(area);
    frame.render_widget(Clear, inner);
    frame.render_widget(block, area);
    let width = usize::from(inner.width).saturating_sub(2);
    let lines = detail::lines(pane, cx).into_iter().flat_map(|(text, level)| {
        let indent = text.len() - text.trim_start().len();
        let texts = wrapped(text.trim_start(), width.saturating_sub(indent + 2));
        texts.into_iter().enumerate().map(move |(at, text)| {
            let indent = if at == 0 { indent } else { indent + 2 };
            Line::styled(format!(" {}{text}", " ".repeat(indent)), theme.level(level))
        })
    });
    let mut lines: Vec<Line> = lines.collect();
    let height = usize::from(inner.height);
    if lines.len() > height {
        lines.truncate(height.saturating_sub(1));
        lines.push(Line::styled(" …", theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The small form, in the middle of the pane.
fn draw_ask(frame: &mut Frame, area: Rect, cx: &Ctx, ask: &QueryForm) {
    let theme = cx.theme;
    let height = (u16::try_from(ask.form.fields().len()).unwrap_or(4) + 6).min(area.height);
    let area = Rect { y: area.y + (area.height - height) / 2, height, ..area };
    frame.render_widget(Clear, area);
    let title = format!(" {} ", ask.title());
    let block = Block::bordered().border_style(theme.dim()).title(Span::styled(title, theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let end = form::view::draw(frame, inner, &ask.form, 11, |_| true, theme);
    let mut lines = Vec::new();
    if let Some(problem) = &ask.problem {
        lines.push(Line::styled(shown(&format!("✖ {problem}"), inner.width.into()), theme.bad()));
    } else if inner.bottom() > end + 1 {
        lines.push(Line::raw(""));
    }
    lines.push(candidates_line(&ask.candidates(cx.rbac.seen(), &cx.rbac.catalogue), inner.width, cx));
    let key = |action| cx.keymap.word(KeyContext::Form, action);
    let text = format!("{} answers, {} leaves", key(Action::Enter), key(Action::Back));
    lines.push(Line::styled(text, theme.strong()));
    let below = Rect { y: end, height: inner.bottom().saturating_sub(end), ..inner };
    frame.render_widget(Paragraph::new(lines), below);
}

/// What → completes to, and what else begins like that.
pub(crate) fn candidates_line(candidates: &[String], width: u16, cx: &Ctx) -> Line<'static> {
    if candidates.is_empty() {
        return Line::raw("");
    }
    let text = shown(&candidates.join("  "), usize::from(width).saturating_sub(4));
    Line::from(vec![Span::styled("→ ", cx.theme.key()), Span::raw(text)])
}

/// The style of a mark in the table.
fn mark_style(cx: &Ctx, level: Level) -> Style {
    cx.theme.level(level)
}
