//! How the Activity pane looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use crate::console::core::ctx::Ctx;
use crate::console::panes::activity::{ActivityPane, Record};
use crate::console::widgets::text::labelled_command;
use crate::console::widgets::text::{cell, wrapped};

/// Lines for the record under the cursor.
const DETAIL: u16 = 7;

/// Draws the pane.
pub(crate) fn draw(frame: &mut Frame, area: Rect, pane: &ActivityPane, cx: &Ctx) {
    let theme = cx.theme;
    let records = pane.records();
    let count = pane.count();
    let kept = if count > records.len() { format!(", the last {} of them", records.len()) } else { String::new() };
    let writes = if count == 1 { "write" } else { "writes" };
    let title = format!(" Activity · {count} {writes} by this console{kept} ");
    let block = Block::bordered().border_style(theme.dim()).title(Span::styled(title, theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if records.is_empty() {
        let text = "Nothing written yet. What you approve, deny, delete, export or issue is listed here.";
        let lines = wrapped(text, usize::from(inner.width).saturating_sub(2));
        let lines: Vec<Line> = lines.into_iter().map(|line| Line::from(format!(" {line}"))).collect();
        frame.render_widget(Paragraph::new(lines), inner);
        return;
    }
    let detail = DETAIL.min(inner.height / 2);
    let height = usize::from(inner.height - detail);
    let top = top(pane, height);
    for (y, (place, record)) in (inner.y..).zip(records.iter().enumerate().skip(top).take(height)) {
        let row = Rect { y, height: 1, ..inner };
        frame.render_widget(line(cx, record, place == pane.place, inner.width), row);
    }
    if let Some(record) = pane.chosen() {
        let below = Rect { y: inner.bottom() - detail, height: detail, ..inner };
        let line = format!("├{}┤", "─".repeat(inner.width.into()));
        frame.render_widget(Line::styled(line, theme.dim()), Rect { height: 1, y: below.y, ..area });
        draw_detail(frame, Rect { y: below.y + 1, height: detail.saturating_sub(1), ..below }, cx, record);
    }
}

/// The first record that is seen.
fn top(activity: &ActivityPane, height: usize) -> usize {
    (activity.place + 1).saturating_sub(height)
}

/// The rows, and the line on which the cursor is.
pub(crate) fn rows(area: Rect, activity: &ActivityPane) -> Option<(Rect, u16)> {
    let inner = Block::bordered().inner(area);
    let height = inner.height - DETAIL.min(inner.height / 2);
    let cursor = activity.place.saturating_sub(top(activity, height.into()));
    (!activity.records().is_empty()).then_some((Rect { height, ..inner }, inner.y + u16::try_from(cursor).ok()?))
}

fn line(cx: &Ctx, record: &Record, chosen: bool, width: u16) -> Line<'static> {
    let theme = cx.theme;
    let (symbol, text, style) = match &record.written.outcome {
        Ok(text) => ("✔", text, theme.good()),
        Err(text) => ("✖", text, theme.bad()),
    };
    let rest = usize::from(width).saturating_sub(2 + 9 + 9 + 28 + 2);
    let mut line = Line::from(vec![
        Span::raw(if chosen { "› " } else { "  " }),
        Span::raw(cell(&cx.clock.time_of_day(record.at), 9)),
        Span::raw(cell(record.written.what, 9)),
        Span::raw(cell(&record.written.object, 28)),
        Span::styled(cell(&format!("{symbol} {text}"), rest + 2), style),
    ]);
    if chosen {
        line = line.style(theme.chosen());
    }
    line
}

fn draw_detail(frame: &mut Frame, area: Rect, cx: &Ctx, record: &Record) {
    let width = usize::from(area.width).saturating_sub(2);
    let outcome = match &record.written.outcome {
        Ok(text) => format!("✔ {text}"),
        Err(text) => format!("✖ {text}"),
    };
    let heading = format!("{} {} at {}", record.written.what, record.written.object, cx.clock.absolute(record.at));
    let mut lines = Vec::new();
    let summary = [heading, outcome].iter().flat_map(|text| wrapped(text, width)).collect::<Vec<_>>();
    let equivalent = labelled_command("by hand:", &record.written.command, width);
    lines.extend(summary.into_iter().chain(equivalent).map(|line| Line::from(format!(" {line}"))));
    frame.render_widget(Paragraph::new(lines), area);
}
