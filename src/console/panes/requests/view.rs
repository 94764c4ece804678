//! How the Requests pane looks.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use crate::cluster::watch::WatchStatus;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::login_view;
use crate::console::panes::requests::RequestsPane;
use crate::console::panes::requests::Tab;
use crate::console::panes::requests::access;
use crate::console::panes::requests::detail;
use crate::console::panes::requests::detail::Fact;
use crate::console::panes::requests::index::Criteria;
use crate::console::panes::requests::layout::parts;
use crate::console::panes::requests::table::Table;
use crate::console::widgets::form;
use crate::console::widgets::text::{cell, shown, wrapped};
use crate::domain::text::{printable, printable_block};

/// Columns of a label in the detail.
const LABEL: usize = 10;

/// Draws the pane.
pub(crate) fn draw(frame: &mut Frame, area: Rect, pane: &RequestsPane, cx: &Ctx) {
    if pane.page.is_some() {
        return draw_page(frame, area, pane, cx);
    }
    let parts = parts(area);
    draw_list(frame, parts.list, pane, cx);
    if let Some(detail) = parts.detail {
        draw_detail(frame, detail, parts.list.y == detail.y, pane, cx);
    }
}

fn draw_list(frame: &mut Frame, area: Rect, pane: &RequestsPane, cx: &Ctx) {
    let theme = cx.theme;
    let requests = pane;
    let block = Block::bordered().border_style(theme.dim()).title(Span::styled(title(cx), theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(first) = inner.rows().next() else { return };
    let table = Table::new(&cx.requests.columns.now, inner.width.into());
    if let Some(input) = &requests.typing {
        frame.render_widget(Line::styled(" / ", theme.key()), first);
        let field = Rect { x: first.x + 3, width: first.width.saturating_sub(3), ..first };
        form::view::draw_text(frame, field, input, true, theme);
    } else {
        frame.render_widget(Line::styled(table.heading(), theme.dim()), first);
    }
    let rows = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if cx.requests.index.is_empty() {
        return draw_empty(frame, rows, cx);
    }
    let stale = !matches!(cx.requests.watch, WatchStatus::Live | WatchStatus::Loading);
    let window = cx.requests.index.window(requests.cursor.top(), rows.height.into());
    for (area, (row, marked)) in rows.rows().zip(window) {
        let chosen = requests.cursor.uid() == Some(&row.uid);
        let mut line = table.line(row, chosen, marked, cx);
        if stale && !chosen {
            line = line.style(theme.dim());
        }
        frame.render_widget(line, area);
        if chosen {
            // The first column alone is marked: a whole row twice a step is what a slow link feels.
            let mark = u16::try_from(table.marked()).unwrap_or(0).min(area.width);
            frame.buffer_mut().set_style(Rect { width: mark, ..area }, theme.chosen());
        }
    }
}

fn title(cx: &Ctx) -> String {
    let Criteria { filter, column, reversed, search } = cx.requests.index.criteria();
    let arrow = if *reversed { "↑" } else { "↓" };
    let search = if search.is_empty() { String::new() } else { format!("· /{} ", shown(search, 24)) };
    let marked = match cx.requests.index.marked_count() {
        0 => String::new(),
        count => format!("· {count} marked "),
    };
    format!(" Requests · {} · {} {arrow} {search}{marked}", filter.word(), column.word())
}

/// An empty list says what it means.
fn draw_empty(frame: &mut Frame, area: Rect, cx: &Ctx) {
    let key = |place, action| cx.keymap.word(place, action);
    let text = match &cx.requests.watch {
        WatchStatus::Forbidden { verb, resource, .. } => {
            format!(
                "You may not {verb} {resource} here: ask for that right, or come as somebody else (--as, --context)."
            )
        }
        _ if !cx.requests.index.criteria().search.is_empty() => cx.nothing_found(),
        _ if !cx.requests.complete => "Reading the list…".to_owned(),
        _ if cx.requests.index.total() == 0 => format!(
            "No certificate signing requests in this cluster. {} issues one for a new user; new ones appear by themselves.",
            key(KeyContext::Requests, Action::NewUser)
        ),
        _ => format!(
            "No request is {} now; new ones appear by themselves. {} shows others ({} in all).",
            cx.requests.index.criteria().filter.word(),
            key(KeyContext::Requests, Action::FilterNext),
            cx.requests.index.total()
        ),
    };
    let trouble = cx
        .session
        .trouble
        .as_ref()
        .map(|failure| [failure.message.clone()].into_iter().chain(failure.hint.clone()).collect::<Vec<_>>());
    let (texts, style) = match trouble {
        Some(mut texts) if cx.session.connection.is_none() => {
            texts.push(format!("{} connects anew.", key(KeyContext::Everywhere, Action::LogIn)));
            (texts, cx.theme.bad())
        }
        None if cx.session.connection.is_none() && cx.session.login.is_running() => {
            (login_view::sentence(cx).into_iter().collect(), Style::new())
        }
        _ => (vec![text], Style::new()),
    };
    let width = usize::from(area.width).saturating_sub(2);
    let lines = texts.iter().flat_map(|text| wrapped(text, width));
    let lines: Vec<Line> = lines.map(|line| Line::styled(format!(" {line}"), style)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_detail(frame: &mut Frame, area: Rect, beside: bool, pane: &RequestsPane, cx: &Ctx) {
    let theme = cx.theme;
    let Some(row) = pane.chosen(&cx.requests) else {
        let mut block = Block::bordered().border_style(theme.dim());
        if !beside {
            block = block.merge_borders(ratatui::symbols::merge::MergeStrategy::Exact);
        }
        return frame.render_widget(block, area);
    };
    let title = format!(" {} ", shown(&row.name, usize::from(area.width).saturating_sub(6)));
    let block = Block::bordered()
        .border_type(BorderType::Plain)
        .border_style(theme.dim())
        .merge_borders(ratatui::symbols::merge::MergeStrategy::Exact)
        .title(Span::styled(title, theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let lines = match pane.loaded() {
        Some(loaded) => brief_lines(
            detail::brief(loaded, &cx.clock, access::would_get(cx, &loaded.request)),
            usize::from(inner.width),
            cx,
        ),
        None => vec![waiting(pane, cx)],
    };
    frame.render_widget(Paragraph::new(lines), inner);
}

fn waiting(pane: &RequestsPane, cx: &Ctx) -> Line<'static> {
    match &pane.detail.trouble {
        Some(trouble) => Line::styled(format!(" {}", shown(trouble, 200)), cx.theme.bad()),
        None => Line::raw(" Reading…"),
    }
}

/// Facts in two columns where the pairs fit beside each other.
fn brief_lines(facts: Vec<(Fact, Option<Fact>)>, width: usize, cx: &Ctx) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let half = (width - 1) * 55 / 100;
    for (left, right) in facts {
        match right {
            Some(right)
                if width >= 70 && fits(&left, LABEL, half) && fits(&right, 8, width.saturating_sub(half + 2)) =>
            {
                let mut line = vec![Span::raw(" ")];
                line.extend(spans(&left, half, cx));
                let used: usize = line.iter().map(|span| span.content.width()).sum();
                line.push(Span::raw(" ".repeat((half + 1).saturating_sub(used))));
                line.extend(spans_with(&right, 8, width.saturating_sub(half + 2), cx));
                lines.push(Line::from(line));
            }
            right => {
                lines.extend(fact_lines(&left, width, cx));
                lines.extend(right.iter().flat_map(|right| fact_lines(right, width, cx)));
            }
        }
    }
    lines
}

/// Whether a fact can stand in `width` columns without being cut.
fn fits(fact: &Fact, label: usize, width: usize) -> bool {
    printable(&fact.text).width() < width.saturating_sub(label)
}

fn spans(fact: &Fact, width: usize, cx: &Ctx) -> Vec<Span<'static>> {
    spans_with(fact, LABEL, width, cx)
}

fn spans_with(fact: &Fact, label: usize, width: usize, cx: &Ctx) -> Vec<Span<'static>> {
    let style = fact.level.map_or(Style::new(), |level| cx.theme.level(level));
    vec![
        Span::styled(cell(fact.label, label), cx.theme.dim()),
        Span::styled(shown(&fact.text, width.saturating_sub(label + 1)), style),
    ]
}

/// A fact with its text broken into lines.
pub(crate) fn fact_lines(fact: &Fact, width: usize, cx: &Ctx) -> Vec<Line<'static>> {
    let style = fact.level.map_or(Style::new(), |level| cx.theme.level(level));
    let label = LABEL.max(fact.label.width() + 1);
    let texts = wrapped(&fact.text, width.saturating_sub(label + 2));
    let line = |(at, text): (usize, String)| {
        let label = if at == 0 { cell(fact.label, label) } else { " ".repeat(label) };
        Line::from(vec![Span::raw(" "), Span::styled(label, cx.theme.dim()), Span::styled(text, style)])
    };
    texts.into_iter().enumerate().map(line).collect()
}

/// The lines of the page's tab.
pub(crate) fn page_lines(pane: &RequestsPane, cx: &Ctx) -> Vec<Line<'static>> {
    let Some(page) = pane.page else { return Vec::new() };
    let Some(loaded) = pane.loaded() else { return vec![waiting(pane, cx)] };
    let width = usize::from(cx.size.width).saturating_sub(2);
    let facts = match page.tab {
        Tab::Summary => detail::full(loaded, &cx.clock, access::would_get(cx, &loaded.request)),
        Tab::Access => access::all(cx, &loaded.request),
        Tab::Certificate => detail::certificate(loaded, &cx.clock),
        Tab::Yaml => {
            let text = printable_block(&loaded.yaml);
            return text.lines().map(|line| Line::raw(format!(" {line}"))).collect();
        }
    };
    facts.iter().flat_map(|fact| fact_lines(fact, width, cx)).collect()
}

fn draw_page(frame: &mut Frame, area: Rect, pane: &RequestsPane, cx: &Ctx) {
    let theme = cx.theme;
    let (Some(page), Some(row)) = (pane.page, pane.chosen(&cx.requests)) else { return };
    let mut title = vec![Span::styled(format!(" {} ", shown(&row.name, usize::from(area.width / 2))), theme.strong())];
    // Where there is no space for all tabs, the one that is seen is named.
    for tab in Tab::ALL.into_iter().filter(|tab| area.width >= 70 || *tab == page.tab) {
        let text = if tab == page.tab { format!("· [{}] ", tab.word()) } else { format!("· {} ", tab.word()) };
        title.push(Span::styled(text, if tab == page.tab { theme.strong() } else { theme.dim() }));
    }
    let block = Block::bordered().border_style(theme.dim()).title(Line::from(title));
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let lines = page_lines(pane, cx);
    let more = lines.len() > page.scroll + usize::from(inner.height);
    let seen: Vec<Line> = lines.into_iter().skip(page.scroll).take(inner.height.into()).collect();
    frame.render_widget(Paragraph::new(seen), inner);
    if more {
        let at = Position::new(area.right().saturating_sub(9), area.bottom() - 1);
        frame.render_widget(Line::styled(" more ↓ ", theme.key()), Rect::new(at.x, at.y, 8, 1));
    }
}
