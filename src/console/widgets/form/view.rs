//! How fields look: label, content, and the cursor where the keyboard is.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use crate::console::widgets::form::{Field, Form, Value};
use crate::console::widgets::text::{cell, shown};
use crate::console::widgets::theme::Theme;

/// Draws the `visible` fields one below the other, labels `label_width` columns wide; returns the first free line.
pub(crate) fn draw<Id: Copy + PartialEq>(
    frame: &mut Frame,
    area: Rect,
    form: &Form<Id>,
    label_width: u16,
    visible: impl Fn(Id) -> bool,
    theme: Theme,
) -> u16 {
    let fields: Vec<_> = form.fields().iter().filter(|field| visible(field.id)).collect();
    // Where there is no space for all of them, a choice takes one line, and the field with the keyboard is in sight.
    let short = fields.iter().map(|field| lines(field)).sum::<usize>() > area.height.into();
    let at = fields.iter().position(|field| form.focused() == Some(field.id)).unwrap_or(0);
    let above = if short { (at + 1).saturating_sub(area.height.into()) } else { 0 };
    let mut y = area.y;
    for field in fields.into_iter().skip(above) {
        let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        if rest.height == 0 {
            break;
        }
        y += draw_field(frame, rest, field, label_width, (form.focused() == Some(field.id), short), theme);
    }
    y
}

/// How many lines a field takes where there is space.
pub(crate) fn lines<Id>(field: &Field<Id>) -> usize {
    match &field.value {
        Value::Choice { options, .. } if options.len() <= 6 => options.len(),
        _ => 1,
    }
}

fn draw_field<Id>(
    frame: &mut Frame,
    area: Rect,
    field: &Field<Id>,
    label_width: u16,
    (focused, short): (bool, bool),
    theme: Theme,
) -> u16 {
    let label = cell(field.label, label_width.into());
    let label = if focused { Span::styled(label, theme.strong()) } else { Span::styled(label, theme.dim()) };
    frame.render_widget(Line::from(label), Rect { height: 1, ..area });
    let value = Rect { x: area.x + label_width, width: area.width.saturating_sub(label_width), ..area };
    match &field.value {
        Value::Text(input) => draw_text(frame, value, input, focused, theme),
        Value::Choice { options, chosen } if options.len() <= 6 && !short => {
            return draw_choice(frame, value, options, *chosen, focused, theme);
        }
        Value::Choice { options, chosen } => {
            let text = options.get(*chosen).map_or("", String::as_str);
            let text = format!("‹ {} ›", shown(text, value.width.saturating_sub(4).into()));
            let style = if focused { theme.chosen() } else { theme.strong() };
            frame.render_widget(Line::styled(text, style), Rect { height: 1, ..value });
        }
    }
    1
}

/// A line of text with its cursor, scrolled so that the cursor is in sight.
pub(crate) fn draw_text(frame: &mut Frame, area: Rect, input: &Input, focused: bool, theme: Theme) {
    let width = usize::from(area.width.max(1));
    // The cursor counts characters of the value; what is seen may be longer where characters are escaped.
    let before: String = input.value().chars().take(input.cursor()).collect();
    let before = crate::domain::text::printable(&before).width();
    let scroll = (before + 1).saturating_sub(width);
    let seen = crate::domain::text::printable(input.value());
    let seen: String = skip_columns(&seen, if focused { scroll } else { 0 });
    let style = if focused { theme.strong() } else { ratatui::style::Style::new() };
    frame.render_widget(Line::styled(shown(&seen, width), style), Rect { height: 1, ..area });
    if focused {
        let x = u16::try_from(before - scroll.min(before)).unwrap_or(0).min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(area.x + x, area.y));
    }
}

fn skip_columns(text: &str, columns: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let mut skipped = 0;
    text.graphemes(true)
        .skip_while(|grapheme| {
            let skip = skipped < columns;
            skipped += grapheme.width();
            skip
        })
        .collect()
}

fn draw_choice(frame: &mut Frame, area: Rect, options: &[String], chosen: usize, focused: bool, theme: Theme) -> u16 {
    let mut y = area.y;
    for (at, option) in options.iter().enumerate() {
        if y >= area.bottom() {
            break;
        }
        let mark = if at == chosen { "(•) " } else { "( ) " };
        let text = shown(&format!("{mark}{option}"), area.width.into());
        let style = match (at == chosen, focused) {
            (true, true) => theme.chosen(),
            (true, false) => theme.strong(),
            (false, _) => ratatui::style::Style::new(),
        };
        frame.render_widget(Line::styled(text, style), Rect { y, height: 1, ..area });
        y += 1;
    }
    y - area.y
}
