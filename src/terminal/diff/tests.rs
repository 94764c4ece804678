use proptest::prelude::*;
use ratatui::style::{Color, Style};

use super::*;

const AREA: Rect = Rect::new(0, 0, 24, 4);

fn drawn(lines: &[(u16, u16, &str, Style)]) -> Buffer {
    let mut buffer = Buffer::empty(AREA);
    for (x, y, text, style) in lines {
        buffer.set_string(*x, *y, text, *style);
    }
    buffer
}

/// What the emulated terminal shows: per cell its text and the visible part of its style.
fn visible(parser: &vt100::Parser) -> Vec<(String, vt100::Color, vt100::Color, bool, bool, bool)> {
    let screen = parser.screen();
    let cells = (0..AREA.height).flat_map(|y| (0..AREA.width).map(move |x| (y, x)));
    cells
        .filter_map(|(y, x)| screen.cell(y, x))
        .filter(|cell| !cell.is_wide_continuation())
        .map(|cell| {
            let text = if cell.contents().is_empty() { " " } else { cell.contents() };
            let blank = text == " " && !cell.inverse() && !cell.underline();
            let fg = if blank { vt100::Color::Default } else { cell.fgcolor() };
            (text.to_owned(), fg, cell.bgcolor(), !blank && cell.bold(), cell.inverse(), cell.underline())
        })
        .collect()
}

fn styles() -> impl Strategy<Value = Style> {
    let color = prop::sample::select(vec![
        Color::Reset,
        Color::Red,
        Color::LightBlue,
        Color::Indexed(200),
        Color::Rgb(1, 2, 3),
    ]);
    let modifier = prop::sample::select(vec![
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::REVERSED,
        Modifier::UNDERLINED | Modifier::BOLD,
    ]);
    (color.clone(), color, modifier).prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

fn screens() -> impl Strategy<Value = Vec<Buffer>> {
    let text = prop::sample::select(vec!["jane", "  ", "花子", "a", "│          │", "✔ ok", "          ", "x花"]);
    let line = (0u16..24, 0u16..4, text, styles());
    let screen = prop::collection::vec(line, 0..6).prop_map(|lines| drawn(&lines));
    prop::collection::vec(screen, 1..6)
}

proptest! {
    #[test]
    fn incremental_updates_show_the_same_as_a_full_redraw(screens in screens()) {
        let mut diff = TerminalDiff::new(AREA);
        let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
        for screen in &screens {
            terminal.process(diff.render(screen, None, None).as_bytes());
            let mut whole = vt100::Parser::new(AREA.height, AREA.width, 0);
            whole.process(TerminalDiff::new(AREA).render(screen, None, None).as_bytes());
            prop_assert_eq!(visible(&terminal), visible(&whole));
        }
        prop_assert_eq!(diff.render(&screens[screens.len() - 1], None, None), "");
    }
}

#[test]
fn terminal_shows_what_was_drawn() {
    let mut diff = TerminalDiff::new(AREA);
    let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
    let red = Style::new().fg(Color::Red);
    let screen = drawn(&[(2, 1, "jane 花 ✔", red), (0, 3, "end", Style::new())]);
    terminal.process(diff.render(&screen, Some(Position { x: 3, y: 3 }), None).as_bytes());
    assert_eq!(terminal.screen().contents(), "\n  jane 花 ✔\n\nend");
    assert_eq!(terminal.screen().cursor_position(), (3, 3));
    assert_eq!(terminal.screen().cell(1, 2).unwrap().fgcolor(), vt100::Color::Idx(1));
}

#[test]
fn held_area_is_updated_when_released() {
    let mut diff = TerminalDiff::new(AREA);
    let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
    let plain = Style::new();
    terminal.process(diff.render(&drawn(&[(0, 0, "list", plain), (0, 2, "old", plain)]), None, None).as_bytes());
    let next = drawn(&[(0, 0, "LIST", plain)]);
    let held = Some(Rect::new(0, 2, 24, 2));
    terminal.process(diff.render(&next, None, held).as_bytes());
    assert_eq!(terminal.screen().contents(), "LIST\n\nold");
    terminal.process(diff.render(&next, None, None).as_bytes());
    assert_eq!(terminal.screen().contents(), "LIST");
}

#[test]
fn uses_the_basic_codes_for_the_sixteen_ansi_colors() {
    let mut diff = TerminalDiff::new(AREA);
    let bytes = diff.render(&drawn(&[(0, 0, "a", Style::new().fg(Color::LightRed).bg(Color::Black))]), None, None);
    assert!(bytes.contains("\x1b[91;40m") && !bytes.contains("38;5"), "{bytes:?}");
}
