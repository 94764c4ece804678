//! A text that scrolls and can be searched.

use std::borrow::Cow;

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;
use unicode_width::UnicodeWidthStr;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::movement::steps;
use crate::console::dialogs::view::framed;
use crate::console::widgets::form::{self, paste};
use crate::console::widgets::text::{wrapped, wrapped_shell};
use crate::domain::output::clipboard::ClipboardText;
use crate::domain::output::shell::{self, ShellLine};
use crate::domain::text::printable;

/// A text and how far it is scrolled.
#[derive(Debug)]
pub(crate) struct TextReader {
    /// Its heading.
    pub title: String,
    /// Its lines, not yet made printable.
    pub lines: Vec<String>,
    /// Whether they are lines for a shell: one that is too long is broken so that it still is one command.
    pub shell: bool,
    /// First line shown, of those that are found.
    pub scroll: usize,
    /// What is searched.
    pub search: Input,
    /// Whether the search is being typed.
    pub typing: bool,
}

impl TextReader {
    /// A text from its beginning.
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, shell: false, scroll: 0, search: Input::default(), typing: false }
    }

    /// Lines for a shell.
    pub(crate) fn commands(title: impl Into<String>, commands: &[ShellLine]) -> Self {
        let lines = commands.iter().flat_map(|command| command.as_str().lines()).map(str::to_owned).collect();
        Self { shell: true, ..Self::new(title, lines) }
    }

    /// The lines that contain what is searched, each group of them below its heading.
    pub(crate) fn found(&self) -> Vec<&str> {
        let wanted = self.search.value().to_lowercase();
        if wanted.is_empty() {
            return self.lines.iter().map(String::as_str).collect();
        }
        let (mut found, mut heading) = (Vec::new(), None);
        for line in &self.lines {
            let fits = line.to_lowercase().contains(&wanted);
            if !line.starts_with(' ') && !line.is_empty() {
                heading = (!fits).then_some(line.as_str());
            }
            if fits {
                found.extend(heading.take());
                found.push(line);
            }
        }
        found
    }

    fn is_command(&self, line: &str) -> bool {
        self.shell || line.trim_start().starts_with("kubectl ")
    }

    /// The lines that are found as they are seen on a screen of `width` columns.
    pub(crate) fn seen(&self, width: u16) -> Vec<String> {
        // Frame and margins.
        let width = usize::from(width).saturating_sub(4).max(1);
        let lines = self.found().into_iter();
        lines
            .flat_map(|line| if self.is_command(line) { broken_command(line, width) } else { broken(line, width) })
            .collect()
    }
}

/// A command that is too long is continued below, as a shell accepts it.
fn broken_command(line: &str, width: usize) -> Vec<String> {
    let text = line.trim_start();
    let indent = (line.len() - text.len()).min(width / 2);
    let parts = wrapped_shell(text, width - indent).into_iter();
    parts.map(|part| format!("{}{part}", " ".repeat(indent))).collect()
}

/// A line that is too long is continued below, indented.
fn broken(line: &str, width: usize) -> Vec<String> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let whole = printable(text);
    if indent + whole.width() <= width {
        return vec![format!("{}{whole}", " ".repeat(indent))];
    }
    let deeper = (indent + 2).min(width / 2);
    let parts = wrapped(text, width.saturating_sub(deeper)).into_iter().enumerate();
    parts.map(|(at, part)| format!("{}{part}", " ".repeat(if at == 0 { indent.min(deeper) } else { deeper }))).collect()
}

impl Dialog for TextReader {
    fn contexts(&self) -> Vec<KeyContext> {
        if self.typing { vec![KeyContext::Always] } else { vec![KeyContext::Reader, KeyContext::Always] }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx);
        Vec::new()
    }

    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.typing {
            paste::insert(&mut self.search, paste::line(text)?);
            self.scroll = 0;
        }
        Ok(())
    }

    fn confirms(&self, _action: Action) -> bool {
        false
    }

    /// As it is shown: a line break within a name is not one between lines.
    fn copy(&self) -> Option<Result<ClipboardText, &'static str>> {
        let shown = |line| if self.shell { Cow::Borrowed(shell::shown(line)) } else { printable(line) };
        let lines: Vec<_> = self.lines.iter().map(|line| shown(line)).collect();
        Some(ClipboardText::new(&lines.join("\n")))
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        draw(frame, area, cx, self);
    }
}

fn on_key(reader: &mut TextReader, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) {
    let (width, height) = (cx.body().width, usize::from(cx.body().height).saturating_sub(2));
    if reader.typing {
        typed(reader, key);
        return;
    }
    match action {
        // The first press clears the search, the next closes the text.
        Some(Action::Back) if key.code == KeyCode::Esc && !reader.search.value().is_empty() => {
            (reader.search, reader.scroll) = (Input::default(), 0);
        }
        Some(Action::Back) => cx.close(),
        Some(Action::Search) => reader.typing = true,
        Some(action) => {
            let last = reader.seen(width).len().saturating_sub(height);
            if let Some(steps) = steps(action, height) {
                reader.scroll = reader.scroll.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
}

fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, reader: &TextReader) {
    let search = reader.search.value();
    let title = if search.is_empty() { reader.title.clone() } else { format!("{} · /{search}", reader.title) };
    let inner = framed(frame, area, cx, &title);
    let seen = reader.seen(area.width);
    let lines: Vec<Line> = seen.iter().skip(reader.scroll).take(inner.height.into()).map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines), inner);
    if seen.len() > reader.scroll + usize::from(inner.height) && area.width > 12 {
        let at = Rect::new(area.right() - 10, area.bottom() - 1, 8, 1);
        frame.render_widget(Line::styled(" more ↓ ", cx.theme.key()), at);
    }
    if reader.typing && area.width > 24 {
        let at = Rect::new(area.x + 2, area.bottom() - 1, area.width - 14, 1);
        frame.render_widget(Clear, at);
        frame.render_widget(Line::from(Span::styled(" / ", cx.theme.key())), at);
        let field = Rect { x: at.x + 3, width: at.width - 3, ..at };
        form::view::draw_text(frame, field, &reader.search, true, cx.theme);
    }
}

fn typed(reader: &mut TextReader, key: KeyEvent) {
    match key.code {
        KeyCode::Enter => reader.typing = false,
        KeyCode::Esc => (reader.typing, reader.search) = (false, Input::default()),
        _ => {
            reader.search.handle_event(&TerminalEvent::Key(key));
        }
    }
    reader.scroll = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_a_long_line() {
        let lines = ["  a    approve the request", "  search the rows"].map(str::to_owned).to_vec();
        let reader = TextReader::new("Keys", lines);
        assert_eq!(reader.seen(22), ["  a    approve", "    the request", "  search the rows"]);
        assert_eq!(reader.seen(3).concat().replace(' ', ""), "aapprovetherequestsearchtherows");
    }

    #[test]
    fn a_search_keeps_the_headings_of_what_it_finds() {
        let lines = ["Requests", "  a approve", "  d deny", "", "Lists", "  j down"].map(str::to_owned).to_vec();
        let mut reader = TextReader::new("Keys", lines);
        reader.search = Input::new("DEN".to_owned());
        assert_eq!(reader.found(), ["Requests", "  d deny"]);
        reader.search = Input::new("lists".to_owned());
        assert_eq!(reader.found(), ["Lists"]);
    }
}
