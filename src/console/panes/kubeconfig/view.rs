//! How the Kubeconfig pane looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use crate::cluster::probe::Probe;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::panes::kubeconfig::{KubeconfigPane, LoadedKubeconfigs, life};
use crate::console::widgets::text::{cell, mark_name, shown, wrapped};
use crate::domain::kubeconfig::diagnose::{Diagnosis, Life};
use crate::domain::validity as lives;

/// Lines for the context under the cursor.
const DETAIL: u16 = 9;
/// Columns of a label.
const LABEL: usize = 10;
/// Widths of all columns but the last: context, cluster, user, credential, valid.
const WIDTHS: [usize; 5] = [17, 12, 13, 12, 11];

/// How many contexts the list shows.
pub(crate) fn rows(body: Rect) -> u16 {
    body.height.saturating_sub(3 + detail_height(body.height.saturating_sub(2)))
}

fn detail_height(inner: u16) -> u16 {
    if inner < 10 { 0 } else { DETAIL.min(inner / 2) }
}

/// Draws the pane.
pub(crate) fn draw(frame: &mut Frame, area: Rect, pane: &KubeconfigPane, cx: &Ctx) {
    let theme = cx.theme;
    let available = pane;
    let title = match &cx.kubeconfigs.loaded {
        Some(holds) => {
            format!(" Kubeconfig · {} · {} ", count(holds.files.len(), "file"), count(holds.contexts.len(), "context"))
        }
        None => " Kubeconfig ".to_owned(),
    };
    let block = Block::bordered().border_style(theme.dim()).title(Span::styled(title, theme.strong()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut inner = inner;
    if let Some(trouble) = &cx.kubeconfigs.trouble {
        let lines: Vec<Line> = wrapped(&format!("✖ {}", trouble.message), usize::from(inner.width).saturating_sub(2))
            .into_iter()
            .map(|line| Line::styled(format!(" {line}"), theme.bad()))
            .collect();
        let height = u16::try_from(lines.len()).unwrap_or(1).min(inner.height);
        frame.render_widget(Paragraph::new(lines), Rect { height, ..inner });
        inner = Rect { y: inner.y + height, height: inner.height - height, ..inner };
    }
    let Some(holds) = &cx.kubeconfigs.loaded else {
        if cx.kubeconfigs.trouble.is_none() {
            frame.render_widget(Line::raw(" Reading the kubeconfigs…"), inner);
        }
        return;
    };
    if holds.contexts.is_empty() {
        let (import, issue) = (
            cx.keymap.word(KeyContext::Kubeconfig, Action::Import),
            cx.keymap.word(KeyContext::Requests, Action::NewUser),
        );
        let text = format!(
            " No contexts. Bring a kubeconfig in with {import}, or issue one with {issue} in the Requests pane."
        );
        frame.render_widget(Line::raw(shown(&text, inner.width.into())), inner);
        return;
    }
    let detail = detail_height(inner.height);
    let list = Rect { height: inner.height - detail, ..inner };
    draw_list(frame, list, pane, cx, holds);
    if let Some(context) = available.chosen(&cx.kubeconfigs).filter(|_| detail > 0) {
        let below = Rect { y: inner.bottom() - detail, height: detail, ..inner };
        draw_detail(frame, below, pane, cx, holds, context);
    }
}

/// The part that tells about the context under the cursor.
pub(crate) fn detail_area(body: Rect) -> Option<Rect> {
    let inner = Block::bordered().inner(body);
    let height = detail_height(inner.height);
    (height > 0).then_some(Rect { y: inner.bottom() - height, height, ..inner })
}

/// The rows, and the line on which the cursor is.
pub(crate) fn row_area(body: Rect, place: usize) -> Option<(Rect, u16)> {
    let inner = Block::bordered().inner(body);
    // The heading is no row.
    let rows = Rect { y: inner.y + 1, height: rows(body), ..inner };
    let top = (place + 1).saturating_sub(rows.height.into());
    Some((rows, rows.y + u16::try_from(place.checked_sub(top)?).ok()?))
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn draw_list(frame: &mut Frame, area: Rect, pane: &KubeconfigPane, cx: &Ctx, holds: &LoadedKubeconfigs) {
    let theme = cx.theme;
    let names = ["CONTEXT", "CLUSTER", "USER", "CREDENTIAL", "VALID", "NAMESPACE"];
    let head: String = names.iter().zip(widths(area.width)).map(|(name, width)| cell(name, width)).collect();
    frame.render_widget(
        Line::styled(shown(&format!("    {head}"), area.width.into()), theme.dim()),
        Rect { height: 1, ..area },
    );
    let height = usize::from(area.height.saturating_sub(1));
    let place = pane.place;
    let top = (place + 1).saturating_sub(height);
    for (y, (at, context)) in (area.y + 1..).zip(holds.contexts.iter().enumerate().skip(top).take(height)) {
        frame.render_widget(row(cx, context, at == place, area.width), Rect { y, height: 1, ..area });
    }
}

/// What is left of the line beyond the reference width is used for the names. A narrow screen shows the name, how it logs
/// in and for how long.
fn widths(width: u16) -> [usize; 6] {
    let fixed: usize = WIDTHS.iter().sum();
    let [_, _, _, credential, valid] = WIDTHS;
    if usize::from(width) < 4 + fixed {
        let rest = usize::from(width).saturating_sub(4 + credential + valid);
        return [rest, 0, 0, credential, valid, 0];
    }
    let left = usize::from(width).saturating_sub(4 + fixed);
    let more = left.saturating_sub(12) / 4;
    let [context, cluster, user, ..] = WIDTHS;
    [context + more, cluster + more, user + more, credential, valid, left.saturating_sub(3 * more)]
}

fn row(cx: &Ctx, context: &Diagnosis, chosen: bool, width: u16) -> Line<'static> {
    let theme = cx.theme;
    let [name, cluster, user, credential, valid, namespace] = widths(width);
    let reference = |text: &str, found: bool| match (text.is_empty(), found) {
        (true, _) => "– ✖".to_owned(),
        (false, true) => text.to_owned(),
        (false, false) => format!("✖ {text}"),
    };
    let (left, style) = life::validity(cx, context, theme);
    let or_none = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let mark = if context.current { "★ " } else { "  " };
    let style_of = |found: bool| if found { Style::new() } else { theme.bad() };
    let (has_cluster, has_user) = (context.cluster_file.is_some(), context.user_file.is_some());
    let mut line = Line::from(vec![
        Span::raw(if chosen { "› " } else { "  " }),
        Span::styled(mark, theme.good()),
        Span::raw(column(&or_none(&context.name), name)),
        Span::styled(column(&reference(&context.cluster, has_cluster), cluster), style_of(has_cluster)),
        Span::styled(column(&reference(&context.user, has_user), user), style_of(has_user)),
        Span::raw(column(&context.credential(), credential)),
        Span::styled(column(&left, valid), style),
        Span::raw(cell(&or_none(&context.namespace), namespace)),
    ]);
    if chosen {
        mark_name(&mut line, 3, theme);
    }
    line
}

/// A cell with a blank at its end, if there is space for any.
fn column(text: &str, width: usize) -> String {
    if width == 0 { String::new() } else { cell(text, width - 1) + " " }
}

fn draw_detail(
    frame: &mut Frame,
    area: Rect,
    pane: &KubeconfigPane,
    cx: &Ctx,
    holds: &LoadedKubeconfigs,
    context: &Diagnosis,
) {
    let width = usize::from(area.width);
    let name = format!(" {} ", shown(&context.name, width.saturating_sub(6)));
    let rule = "─".repeat(width.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str())));
    let dim = cx.theme.dim();
    // The frame's own border is part of the line.
    let heading = [Span::styled("├", dim), Span::styled(name, cx.theme.strong()), Span::styled(rule + "┤", dim)];
    let line = Rect { x: area.x - 1, width: area.width + 2, height: area.height.min(1), ..area };
    frame.render_widget(Line::from_iter(heading), line);
    let area = Rect { y: area.y + line.height, height: area.height - line.height, ..area };
    let mut lines = Vec::new();
    for (label, text, style) in facts(pane, cx, holds, context) {
        for (at, part) in wrapped(&text, width.saturating_sub(LABEL + 2)).into_iter().enumerate() {
            let label = cell(if at == 0 { label } else { "" }, LABEL);
            lines.push(Line::from(vec![
                Span::raw(" "),
                Span::styled(label, cx.theme.dim()),
                Span::styled(part, style),
            ]));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// What is known of a context, what is broken first.
fn facts(
    pane: &KubeconfigPane,
    cx: &Ctx,
    holds: &LoadedKubeconfigs,
    context: &Diagnosis,
) -> Vec<(&'static str, String, Style)> {
    let theme = cx.theme;
    let mut facts = Vec::new();
    facts.extend(context.problems.iter().map(|problem| ("Broken", format!("✖ {problem}"), theme.bad())));
    facts.push(("Test", test(cx, pane, context), test_style(pane, cx, context)));
    facts.push(("File", files(holds, context), Style::new()));
    let server = if context.server.is_empty() { "–".to_owned() } else { context.server.clone() };
    let authority = match (context.authorities.first(), context.insecure) {
        (_, true) => "! anything may pretend to be it (insecure-skip-tls-verify)".to_owned(),
        (Some(ca), false) => format!("CA {}, until {}", named(&ca.subject), ca.not_after.format("%Y")),
        (None, false) => "CA of this system".to_owned(),
    };
    facts.push(("Server", format!("{server}   {authority}"), Style::new()));
    if let Some(certificate) = &context.certificate {
        let key = match context.key_fits {
            Some(true) => "key fits",
            Some(false) => "✖ key does not fit",
            None => "key not readable",
        };
        facts.push(("Subject", format!("{}   {key}", certificate.subject), Style::new()));
        let (from, until) = (cx.clock.minute(certificate.not_before), cx.clock.minute(certificate.not_after));
        let left = cx.clock.left(certificate.not_after);
        facts.push(("Valid", format!("{from} – {until}, {left}"), Style::new()));
    } else {
        let ends = context.ends.map(|end| format!(", until {} ({})", cx.clock.minute(end), cx.clock.left(end)));
        facts.push(("Login", format!("{}{}", context.credential(), ends.unwrap_or_default()), Style::new()));
    }
    facts
}

/// A CA by its common name, where it has nothing else.
fn named(subject: &str) -> &str {
    subject.strip_prefix("CN=").filter(|name| !name.contains(',')).unwrap_or(subject)
}

/// Which files it comes from; who may read them where that is more than their owner.
fn files(holds: &LoadedKubeconfigs, context: &Diagnosis) -> String {
    let mode = |path: &std::path::Path| holds.files.iter().find(|(file, _)| file == path).and_then(|(_, mode)| *mode);
    let with_mode = |path: &std::path::Path| match mode(path) {
        Some(mode) if mode & 0o077 != 0 => format!("{} (! {mode:04o}, others may read it)", holds.short(path)),
        Some(mode) => format!("{} ({mode:04o})", holds.short(path)),
        None => holds.short(path),
    };
    let mut text = with_mode(&context.file);
    for (what, file) in [("cluster", &context.cluster_file), ("user", &context.user_file)] {
        if let Some(file) = file.as_ref().filter(|file| **file != context.file) {
            text.extend(["; ", what, " from ", &with_mode(file)]);
        }
    }
    text
}

fn test(cx: &Ctx, available: &KubeconfigPane, context: &Diagnosis) -> String {
    match available.tests.get(&context.name) {
        None => format!("press {}: not tested yet", cx.keymap.word(KeyContext::Kubeconfig, Action::Test)),
        Some((_, None)) => "testing…".to_owned(),
        Some((_, Some(probe))) => tested(cx, context, probe),
    }
}

fn tested(cx: &Ctx, context: &Diagnosis, probe: &Probe) -> String {
    let took = format!("{:.2} s", probe.took.as_secs_f64());
    match &probe.outcome {
        Ok(who) => {
            let groups = if who.groups.is_empty() { String::new() } else { format!(" ({})", who.groups.join(", ")) };
            format!("✔ {} says: {}{groups}, {took}", probe.version.as_deref().unwrap_or("the server"), who.username)
        }
        Err(failure) => {
            let names: Vec<_> = context.authorities.iter().map(|ca| named(&ca.subject)).collect();
            let names = if names.is_empty() { "of this system".to_owned() } else { names.join(", ") };
            let expired = match life::life(context, &cx.clock) {
                Life::Expired(end) => Some(lives::age((cx.clock.now - end).num_seconds())),
                _ => None,
            };
            format!("✖ {} ({took})", failure.words(&names, expired.as_deref()))
        }
    }
}

fn test_style(pane: &KubeconfigPane, cx: &Ctx, context: &Diagnosis) -> Style {
    match pane.tests.get(&context.name) {
        Some((_, Some(probe))) if probe.outcome.is_ok() => cx.theme.good(),
        Some((_, Some(_))) => cx.theme.bad(),
        _ => Style::new(),
    }
}
