//! How the pane's questions look.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::Change;
use super::ask::{Ask, What};
use crate::console::form;
use crate::console::keymap::{Action, Place};
use crate::console::overlay::Phase;
use crate::console::overlay::view::yes_or_no;
use crate::console::state::State;
use crate::console::text::wrapped;
use crate::domain::kubeconfig::edit::Edit;

/// Draws a question inside of its frame.
pub fn draw(frame: &mut Frame, inner: Rect, state: &State, ask: &Ask) {
    let mut y = inner.y + 1;
    if ask.types() {
        let field = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        y = form::view::draw(frame, field, &ask.form, 11, |()| true, state.theme) + 1;
    }
    let foot = foot(state, ask, inner.width);
    let foot_height = u16::try_from(foot.len()).unwrap_or(0);
    let rest = inner.bottom().saturating_sub(y);
    let body = Rect { y, height: rest.saturating_sub(foot_height), ..inner };
    let lines: Vec<Line> = ask
        .lines
        .iter()
        .skip(ask.scroll)
        .flat_map(|line| indented(line, inner.width.into()))
        .take(body.height.into())
        .collect();
    let used = u16::try_from(lines.len()).unwrap_or(0);
    frame.render_widget(Paragraph::new(lines), body);
    let foot_area =
        Rect { y: (y + used).min(inner.bottom()), height: inner.bottom().saturating_sub(y + used), ..inner };
    frame.render_widget(Paragraph::new(foot), foot_area);
}

/// A line broken into several, which keep its indentation.
fn indented(line: &str, width: usize) -> Vec<Line<'static>> {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let lines = wrapped(text, width.saturating_sub(indent));
    lines.into_iter().map(|line| Line::raw(format!("{}{line}", " ".repeat(indent)))).collect()
}

fn foot(state: &State, ask: &Ask, width: u16) -> Vec<Line<'static>> {
    let theme = state.theme;
    let paragraph = |text: &str, style: Style| -> Vec<Line<'static>> {
        wrapped(text, width.into()).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let mut lines = Vec::new();
    if !ask.lines.is_empty() {
        lines.push(Line::raw(""));
    }
    match &ask.phase {
        Phase::Sent(_) => lines.push(Line::styled("Working…", theme.warning())),
        Phase::Failed(trouble) => {
            lines.extend(paragraph(&format!("✖ {}", trouble.text), theme.bad()));
            lines.extend(trouble.advice.iter().flat_map(|advice| paragraph(advice, Style::new())));
        }
        Phase::Asking => lines.extend(paragraph(&question(state, &ask.what), theme.strong())),
    }
    if let What::Sure(change) = &ask.what {
        let kubectl = state.kubeconfig.holds.as_ref().map_or("kubectl".to_owned(), super::Holds::kubectl);
        lines.push(Line::raw(""));
        lines.extend(paragraph(&format!("The same by hand:  {}", change.command(&kubectl)), theme.dim()));
    }
    lines
}

fn question(state: &State, what: &What) -> String {
    let key = |action| state.keymap.word(Place::Form, action);
    let (enter, leave) = (key(Action::Enter), key(Action::Back));
    match what {
        What::Rename(_) => format!("{enter} renames it, {leave} leaves it."),
        What::Namespace(_) => format!("{enter} sets it (empty: none), {leave} leaves it."),
        What::Import => format!("The kubeconfig to bring in. {enter} shows what would come, {leave} leaves it."),
        What::Extract(_) => format!("{enter} writes it with its key, for you alone (0600); {leave} leaves it."),
        What::Sure(Change::Edit(Edit::Delete { .. })) => {
            format!("Delete it? {}. A backup of the file stays.", yes_or_no(state))
        }
        What::Sure(_) => format!("{}. A backup of the file stays.", yes_or_no(state)),
    }
}
