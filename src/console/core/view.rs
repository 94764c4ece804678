//! The whole screen: header, tabs, the pane or wizard, what lies on top, the footer. Drawing changes nothing.

use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect, Size};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::cluster::watch::WatchStatus;
use crate::console::core::dialog::Dialog;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::pane_id::Pane;
use crate::console::core::state::State;
use crate::console::core::{ascii, login_view, saved_view};
use crate::console::panes::kubeconfig::life;
use crate::console::wizard;

use crate::console::widgets::text::shown;

use crate::domain::text::in_ascii;

/// Draws everything.
pub fn draw(frame: &mut Frame, state: &State) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, state.cx.theme.text());
    in_ascii(state.cx.ascii, || draw_all(frame, state));
    if state.cx.ascii {
        ascii::pass(frame.buffer_mut());
    }
}

fn draw_all(frame: &mut Frame, state: &State) {
    let area = frame.area();
    if is_too_small(area.into()) {
        frame.render_widget(Line::raw("too small"), area);
        return;
    }
    let line = |y| Rect { y, height: 1, ..area };
    header(frame, line(0), state);
    tabs(frame, line(1), state);
    let body = state.cx.body();
    match &state.wizard {
        Some(wizard) => wizard::view::draw(frame, body, &state.cx, wizard),
        None => state.seen().draw(frame, body, &state.cx),
    }
    notice(frame, line(body.bottom() - 1), state);
    if let Some(top) = state.dialog() {
        let area = top.area(body, &state.cx);
        frame.render_widget(Clear, area);
        top.draw(frame, area, &state.cx);
        // The reason why a key or a paste did not count is shown with the question or the field.
        let line_of = state.cx.fresh_notice().and_then(|fresh| {
            if top.asks() { Some(top.notice_line(body)) } else { fresh.on_top.then(|| body.bottom() - 1) }
        });
        if let Some(y) = line_of {
            notice(frame, line(y), state);
        }
    }
    for (y, text) in (body.bottom()..area.height - 1).zip(saved_view::welcome(state)) {
        let text = format!(" {}", shown(&text, usize::from(area.width) - 2));
        frame.render_widget(Line::styled(text, state.cx.theme.warning()), line(y));
    }
    footer(frame, line(area.height - 1), state);
}

/// Whether nothing but that is shown.
const fn is_too_small(size: Size) -> bool {
    size.width < 20 || size.height < 6
}

/// Whether everything that an answer to the open question depends on is on the screen; true where none is open. A screen
/// on which it is not shows no question that a key answers.
pub(crate) fn question_fits(state: &State) -> bool {
    if is_too_small(state.cx.size) {
        return false;
    }
    let fits = || match (state.dialog(), &state.wizard) {
        (Some(dialog), _) => dialog.fits(state.cx.body(), &state.cx),
        (None, Some(wizard)) => {
            wizard.step != wizard::WizardStep::Review || wizard::review_view::fits(&state.cx, wizard)
        }
        (None, None) => state.seen().fits(&state.cx),
    };
    in_ascii(state.cx.ascii, fits)
}

/// [`question_fits`] for a dialog that is about to be opened.
pub(crate) fn dialog_fits(state: &State, dialog: &dyn Dialog) -> bool {
    !is_too_small(state.cx.size) && dialog.fits(state.cx.body(), &state.cx)
}

/// Narrower screens have no space for everything in the header.
const NARROW: u16 = 60;

/// Who we are, where, and whether what is shown is live.
fn header(frame: &mut Frame, area: Rect, state: &State) {
    let theme = state.cx.theme;
    let requests = &state.cx.requests;
    // On a narrow screen the context says more than the program's name.
    let (name, counts) = if area.width < NARROW {
        ("", format!("{} pending ", requests.index.pending()))
    } else {
        let so_far = if requests.complete { "" } else { " so far" };
        let counts = format!("{} pending of {}{so_far} ", requests.index.pending(), requests.index.total());
        ("countersign  ", counts)
    };
    let (live, live_style) = live(state);
    let warning = life::header_warning(&state.cx);
    let marks = if state.cx.session.practice { " sandbox".len() } else { 0 };
    let marks = marks + if state.cx.session.read_only { " read-only".len() } else { 0 };
    let marks = marks + warning.as_ref().map_or(0, |text| text.width());
    let available = usize::from(area.width).saturating_sub(counts.width() + live.width() + 6 + marks);
    let context = state.cx.session.connection.as_ref().map_or("…", |connection| connection.context.as_str());
    let who = state.cx.username().unwrap_or("…");
    let version = state.cx.session.identified.as_ref().map_or("", |identified| identified.version.as_str());
    let place = format!("{name}{context} › {who}  {version}");
    let mut left = vec![Span::raw(" "), Span::styled(shown(&place, available), theme.strong())];
    if state.cx.session.practice {
        left.push(Span::styled(" sandbox", theme.warning()));
    }
    if state.cx.session.read_only {
        left.push(Span::styled(" read-only", theme.warning()));
    }
    left.extend(warning.map(|text| Span::styled(text, theme.bad())));
    left.extend([Span::raw("  "), Span::styled(live, live_style)]);
    frame.render_widget(Line::from(left), area);
    frame.render_widget(Line::raw(counts).alignment(Alignment::Right), area);
}

fn live(state: &State) -> (String, Style) {
    let theme = state.cx.theme;
    if let Some(login) = login_view::header(&state.cx) {
        return login;
    }
    match &state.cx.requests.watch {
        WatchStatus::Loading if state.cx.session.connection.is_none() && state.cx.session.trouble.is_some() => {
            ("✖ not connected".to_owned(), theme.bad())
        }
        WatchStatus::Loading => ("○ loading".to_owned(), theme.warning()),
        WatchStatus::Live => ("● live".to_owned(), theme.good()),
        WatchStatus::Degraded { since, .. } => (format!("! stale {}", state.cx.clock.age(*since)), theme.bad()),
        WatchStatus::Forbidden { .. } => ("✖ forbidden".to_owned(), theme.bad()),
    }
}

/// The panes with the actions that show them.
const TABS: [(Pane, Action, &str); 4] = [
    (Pane::Requests, Action::ShowRequests, "Requests"),
    (Pane::Rbac, Action::ShowRbac, "RBAC"),
    (Pane::Kubeconfig, Action::ShowKubeconfig, "Kubeconfig"),
    (Pane::Activity, Action::ShowActivity, "Activity"),
];

/// What is on each tab. Where there is no space for all names, the pane that is seen has one.
fn tab_texts(state: &State) -> [(Pane, Action, String); 4] {
    let texts = TABS.map(|(pane, action, name)| {
        let key = state.cx.keymap.name(KeyContext::Everywhere, action);
        (pane, action, format!("{key} {name}"))
    });
    let width: usize = texts.iter().map(|(.., text)| text.width() + 4).sum();
    if width + help(state).width() <= usize::from(state.cx.size.width) {
        return texts;
    }
    texts.map(|(pane, action, text)| match text.split_once(' ') {
        Some((key, _)) if pane != state.cx.pane => (pane, action, key.to_owned()),
        _ => (pane, action, text),
    })
}

fn help(state: &State) -> String {
    format!("{} help ", state.cx.keymap.name(KeyContext::Everywhere, Action::Help))
}

/// The action of the tab at a place on the screen.
pub(crate) fn tab_at(state: &State, at: Position) -> Option<Action> {
    let mut x = 1;
    for (_, action, text) in tab_texts(state) {
        let width = text.width() + 2;
        if at.y == 1 && (x..x + width).contains(&at.x.into()) {
            return Some(action);
        }
        x += width + 2;
    }
    None
}

fn tabs(frame: &mut Frame, area: Rect, state: &State) {
    let theme = state.cx.theme;
    let mut line = Vec::new();
    for (pane, _, text) in tab_texts(state) {
        line.push(Span::raw(if line.is_empty() { " " } else { "  " }));
        line.push(if state.cx.pane == pane && state.wizard.is_none() {
            Span::styled(format!("[{text}]"), theme.strong())
        } else {
            Span::styled(format!(" {text} "), theme.dim())
        });
    }
    frame.render_widget(Line::from_iter(line), area);
    frame.render_widget(Line::from(Span::styled(help(state), theme.key())).alignment(Alignment::Right), area);
}

/// What just happened, or why the list is not live, on the body's lower border.
fn notice(frame: &mut Frame, area: Rect, state: &State) {
    let theme = state.cx.theme;
    let width = usize::from(area.width).saturating_sub(6);
    let (text, style) = if let Some(notice) = state.cx.fresh_notice() {
        let (symbol, style) = if notice.good { ("✔", theme.good()) } else { ("✖", theme.bad()) };
        (format!("{symbol} {}", notice.text), style)
    } else if let Some(text) = degraded(state) {
        (text, theme.bad())
    } else if let (Some(failure), None) = (&state.cx.session.trouble, &state.cx.session.identified) {
        (format!("✖ {}", failure.message), theme.bad())
    } else {
        return;
    };
    let text = format!(" {} ", shown(&text, width));
    let width = u16::try_from(text.width()).unwrap_or(area.width);
    frame.render_widget(Line::styled(text, style), Rect { x: area.x + 2, width: width.min(area.width - 3), ..area });
}

fn degraded(state: &State) -> Option<String> {
    if let Some(text) = login_view::sentence(&state.cx) {
        return Some(text);
    }
    // That pane shows the state of its watches itself.
    if state.cx.pane == Pane::Rbac && state.wizard.is_none() {
        return None;
    }
    match &state.cx.requests.watch {
        WatchStatus::Degraded { why, next_try, .. } => {
            let wait = (*next_try - state.cx.clock.now).num_seconds().max(0);
            let why = life::plainly(&state.cx, why.kind, &why.message);
            Some(format!("! what you see is old: {why}; next try in {wait} s"))
        }
        WatchStatus::Forbidden { message, .. } => Some(format!("✖ {message}")),
        _ => None,
    }
}

/// The keys that do something now, as many as fit.
fn footer(frame: &mut Frame, area: Rect, state: &State) {
    let mut spans = vec![Span::raw(" ")];
    let mut available = usize::from(area.width).saturating_sub(1);
    for (key, word) in state.cx.keymap.hints(&state.places(), |action| possible(state, action)) {
        let needed = key.width() + 1 + word.width() + 2;
        if needed > available + 2 {
            break;
        }
        available = available.saturating_sub(needed);
        spans.extend([Span::styled(key, state.cx.theme.key()), Span::raw(format!(" {word}  "))]);
    }
    frame.render_widget(Line::from(spans), area);
}

/// Whether `action` would do something now: what footer and palette offer.
pub(crate) fn possible(state: &State, action: Action) -> bool {
    if action == Action::Yes && !question_fits(state) {
        return false;
    }
    match (state.dialog(), &state.wizard) {
        (Some(dialog), _) => dialog.is_possible(action),
        (None, Some(wizard)) => wizard.possible(action),
        (None, None) => state.seen().is_possible(action, &state.cx),
    }
}
