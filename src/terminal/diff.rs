//! From the screen that is wanted to the fewest bytes that make it of the one that is shown. Pure.
//!
//! Over a slow link the bytes are what a person waits for. Only what differs is sent; blanks are erased instead of
//! written; styles are changed, not repeated; the cursor goes the shortest way.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use crate::terminal::sgr::Sgr;

/// From this many blanks on a row is erased instead of written over.
const ERASE: u16 = 9;

/// As many unchanged characters are written again rather than jumped over.
const REWRITE: u16 = 3;

/// What the terminal shows, as far as we know.
#[derive(Debug)]
pub(crate) struct TerminalDiff {
    cells: Buffer,
    /// Whether what it shows is not known, so that it has to be cleared.
    unknown: bool,
    at: Option<Position>,
    pen: Option<Sgr>,
    cursor: Option<bool>,
}

impl TerminalDiff {
    /// A terminal of this size about which nothing is known.
    pub(crate) fn new(area: Rect) -> Self {
        Self { cells: Buffer::empty(area), unknown: true, at: None, pen: None, cursor: None }
    }

    /// The size.
    pub(crate) fn area(&self) -> Rect {
        self.cells.area
    }

    /// The bytes that make the terminal show `wanted`, with the text cursor at `cursor` or hidden. The part `held`
    /// stays as it is for now.
    pub(crate) fn turn_into(&mut self, wanted: &Buffer, cursor: Option<Position>, held: Option<Rect>) -> String {
        let mut out = String::new();
        if self.unknown || self.cells.area != wanted.area {
            *self = Self { unknown: false, pen: Some(Sgr::default()), ..Self::new(wanted.area) };
            out.push_str("\x1b[m\x1b[2J");
        }
        for y in wanted.area.rows().map(|row| row.y) {
            self.row(&mut out, wanted, y, held);
        }
        if self.cursor != Some(cursor.is_some()) {
            out.push_str(if cursor.is_some() { "\x1b[?25h" } else { "\x1b[?25l" });
            self.cursor = Some(cursor.is_some());
        }
        if let Some(position) = cursor {
            self.go(&mut out, position);
        }
        out
    }

    fn row(&mut self, out: &mut String, wanted: &Buffer, y: u16, held: Option<Rect>) {
        let width = wanted.area.width;
        let mut x = 0;
        while x < width {
            let (cell, position) = (&wanted[(x, y)], Position { x, y });
            let columns = u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
            let kept = held.is_some_and(|area| area.contains(position));
            if kept || same(&self.cells[(x, y)], cell) {
                x += columns;
                continue;
            }
            let blanks = if is_blank(cell) { blanks(wanted, x, y) } else { 0 };
            let to_end = x + blanks == width;
            if blanks >= ERASE || (to_end && blanks > 3) {
                x += self.erase(out, position, blanks, to_end, held);
                continue;
            }
            self.reach(out, wanted, position);
            self.put(out, cell, position, columns);
            x += columns;
        }
    }

    /// Erases blanks from `position` on: the rest of the row, or so many.
    fn erase(&mut self, out: &mut String, position: Position, blanks: u16, to_end: bool, held: Option<Rect>) -> u16 {
        let Position { x, y } = position;
        // Only what differs, and nothing that is held.
        let differs =
            |x: &u16| !is_blank(&self.cells[(*x, y)]) && !held.is_some_and(|area| area.contains(Position { x: *x, y }));
        let last = (x..x + blanks).rev().find(differs).unwrap_or(x);
        let holds = (x..x + blanks).any(|x| held.is_some_and(|area| area.contains(Position { x, y })));
        let count = if to_end && !holds { blanks } else { last + 1 - x };
        self.go(out, position);
        self.take(out, Sgr::default());
        // Writing to a text cannot fail.
        let _ = match (to_end && !holds, count) {
            (true, _) => write!(out, "\x1b[K"),
            (false, 1) => write!(out, "\x1b[X"),
            (false, count) => write!(out, "\x1b[{count}X"),
        };
        for x in x..x + count {
            self.mark(x, y, &Cell::default(), 1);
        }
        count
    }

    /// Goes to `position`, by writing again what lies between where that is shorter.
    fn reach(&mut self, out: &mut String, wanted: &Buffer, position: Position) {
        if let Some(at) = self.at
            && at.y == position.y
            && at.x < position.x
            && position.x - at.x <= REWRITE
        {
            let between = at.x..position.x;
            let plain = |x: u16| {
                let cell = &wanted[(x, at.y)];
                let fits =
                    if is_blank(cell) { self.pen.is_some_and(Sgr::is_plain) } else { self.pen == Some(Sgr::of(cell)) };
                cell.symbol().len() == 1 && fits && same(&self.cells[(x, at.y)], cell)
            };
            if between.clone().all(plain) {
                between.for_each(|x| out.push_str(wanted[(x, at.y)].symbol()));
                self.at = Some(position);
                return;
            }
        }
        self.go(out, position);
    }

    fn put(&mut self, out: &mut String, cell: &Cell, position: Position, columns: u16) {
        let Position { x, y } = position;
        let keeps = is_blank(cell) && self.pen.is_some_and(|pen| pen.blank_as(cell));
        if !keeps {
            self.take(out, Sgr::of(cell));
        }
        out.push_str(if cell.symbol().is_empty() { " " } else { cell.symbol() });
        self.mark(x, y, cell, columns);
        // At the end of a row terminals differ in where the cursor is, and behind a grapheme of several characters or
        // columns in how far it went.
        let sure = columns == 1 && cell.symbol().chars().count() <= 1 && x + 1 < self.cells.area.width;
        self.at = sure.then_some(Position { x: x + 1, y });
    }

    /// The terminal shows `cell` now. What it covers, and what covered it, is gone.
    fn mark(&mut self, x: u16, y: u16, cell: &Cell, columns: u16) {
        let width = self.cells.area.width;
        let before = u16::try_from(self.cells[(x, y)].symbol().width()).unwrap_or(1).max(1);
        for covered in x + columns..(x + before).min(width) {
            self.forget(covered, y);
        }
        self.cells[(x, y)] = cell.clone();
        for covered in x + 1..(x + columns).min(width) {
            if self.cells[(covered, y)].symbol().width() > 1 && covered + 1 < width {
                self.forget(covered + 1, y);
            }
            self.forget(covered, y);
        }
    }

    /// What stands there is not known: it differs from everything.
    fn forget(&mut self, x: u16, y: u16) {
        self.cells[(x, y)].set_symbol("\u{0}");
    }

    fn take(&mut self, out: &mut String, pen: Sgr) {
        if self.pen != Some(pen) {
            pen.change(self.pen, out);
            self.pen = Some(pen);
        }
    }

    /// Moves the cursor the shortest way.
    fn go(&mut self, out: &mut String, to: Position) {
        if self.at == Some(to) {
            return;
        }
        let absolute = match (to.x, to.y) {
            (0, 0) => "\x1b[H".to_owned(),
            (0, y) => format!("\x1b[{}H", y + 1),
            (x, 0) => format!("\x1b[;{}H", x + 1),
            (x, y) => format!("\x1b[{};{}H", y + 1, x + 1),
        };
        let relative = self.at.and_then(|at| relative(at, to)).filter(|relative| relative.len() < absolute.len());
        out.push_str(&relative.unwrap_or(absolute));
        self.at = Some(to);
    }
}

/// A way from where the cursor is, if it is not upward.
fn relative(at: Position, to: Position) -> Option<String> {
    let down = usize::from(to.y.checked_sub(at.y)?);
    if down > 4 {
        return None;
    }
    // A line feed goes straight down: the terminal is raw, and below us there is a row.
    let mut way = "\n".repeat(down);
    let steps =
        |count: u16, letter: char| if count == 1 { format!("\x1b[{letter}") } else { format!("\x1b[{count}{letter}") };
    if to.x > at.x {
        way += &steps(to.x - at.x, 'C');
    } else if to.x == 0 && at.x > 0 {
        way.push('\r');
    } else if to.x < at.x {
        way += &steps(at.x - to.x, 'D');
    }
    Some(way)
}

/// What is seen on a blank: its background, and what is drawn through it.
const SEEN: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// Whether a cell is nothing but the terminal's own background.
fn is_blank(cell: &Cell) -> bool {
    (cell.symbol() == " " || cell.symbol().is_empty())
        && cell.bg == ratatui::style::Color::Reset
        && !cell.modifier.intersects(SEEN)
}

fn same(shown: &Cell, wanted: &Cell) -> bool {
    if is_blank(shown) && is_blank(wanted) {
        return true;
    }
    shown.symbol() == wanted.symbol() && Sgr::of(shown) == Sgr::of(wanted)
}

/// How many blanks stand from `x` on.
fn blanks(wanted: &Buffer, x: u16, y: u16) -> u16 {
    let count = (x..wanted.area.width).take_while(|x| is_blank(&wanted[(*x, y)])).count();
    u16::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
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

    /// What a terminal makes of the bytes: per cell its text and what is seen of its style.
    fn seen(parser: &vt100::Parser) -> Vec<(String, vt100::Color, vt100::Color, bool, bool, bool)> {
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

    fn look() -> impl Strategy<Value = Style> {
        let colour = prop::sample::select(vec![
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
        (colour.clone(), colour, modifier)
            .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
    }

    fn screens() -> impl Strategy<Value = Vec<Buffer>> {
        let text = prop::sample::select(vec!["jane", "  ", "花子", "a", "│          │", "✔ ok", "          ", "x花"]);
        let line = (0u16..24, 0u16..4, text, look());
        let screen = prop::collection::vec(line, 0..6).prop_map(|lines| drawn(&lines));
        prop::collection::vec(screen, 1..6)
    }

    proptest! {
        #[test]
        fn a_terminal_that_was_sent_the_differences_shows_what_one_shows_that_was_sent_everything(screens in screens()) {
            let mut shown = TerminalDiff::new(AREA);
            let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
            for screen in &screens {
                terminal.process(shown.turn_into(screen, None, None).as_bytes());
                let mut whole = vt100::Parser::new(AREA.height, AREA.width, 0);
                whole.process(TerminalDiff::new(AREA).turn_into(screen, None, None).as_bytes());
                prop_assert_eq!(seen(&terminal), seen(&whole));
            }
            prop_assert_eq!(shown.turn_into(&screens[screens.len() - 1], None, None), "");
        }
    }

    #[test]
    fn the_screen_is_what_was_drawn() {
        let mut shown = TerminalDiff::new(AREA);
        let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
        let red = Style::new().fg(Color::Red);
        let screen = drawn(&[(2, 1, "jane 花 ✔", red), (0, 3, "end", Style::new())]);
        terminal.process(shown.turn_into(&screen, Some(Position { x: 3, y: 3 }), None).as_bytes());
        assert_eq!(terminal.screen().contents(), "\n  jane 花 ✔\n\nend");
        assert_eq!(terminal.screen().cursor_position(), (3, 3));
        assert_eq!(terminal.screen().cell(1, 2).unwrap().fgcolor(), vt100::Color::Idx(1));
    }

    #[test]
    fn what_is_held_stays_until_it_is_let_go() {
        let mut shown = TerminalDiff::new(AREA);
        let mut terminal = vt100::Parser::new(AREA.height, AREA.width, 0);
        let plain = Style::new();
        terminal
            .process(shown.turn_into(&drawn(&[(0, 0, "list", plain), (0, 2, "old", plain)]), None, None).as_bytes());
        let next = drawn(&[(0, 0, "LIST", plain)]);
        let held = Some(Rect::new(0, 2, 24, 2));
        terminal.process(shown.turn_into(&next, None, held).as_bytes());
        assert_eq!(terminal.screen().contents(), "LIST\n\nold");
        terminal.process(shown.turn_into(&next, None, None).as_bytes());
        assert_eq!(terminal.screen().contents(), "LIST");
    }

    #[test]
    fn sixteen_colours_are_said_in_the_words_that_every_terminal_knows() {
        let mut shown = TerminalDiff::new(AREA);
        let bytes =
            shown.turn_into(&drawn(&[(0, 0, "a", Style::new().fg(Color::LightRed).bg(Color::Black))]), None, None);
        assert!(bytes.contains("\x1b[91;40m") && !bytes.contains("38;5"), "{bytes:?}");
    }
}
