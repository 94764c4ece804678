//! The shortest byte sequence that turns the screen that the terminal shows into the wanted one. Pure.
//!
//! Over a slow link, latency is a matter of bytes. Only cells that differ are sent; runs of spaces are erased instead of
//! written; style changes are relative to the current style; the cursor takes the shortest movement.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use crate::terminal::sgr::Sgr;

/// Runs of at least this many spaces are erased instead of written.
const MIN_ERASE: u16 = 9;

/// Up to this many unchanged characters are written again instead of moving the cursor over them.
const MAX_REWRITE: u16 = 3;

/// A model of what the terminal shows, and the renderer of the next buffer.
#[derive(Debug)]
pub(crate) struct TerminalDiff {
    cells: Buffer,
    /// Whether the terminal's contents are unknown, so that it has to be cleared.
    unknown: bool,
    at: Option<Position>,
    style: Option<Sgr>,
    shows_cursor: Option<bool>,
}

impl TerminalDiff {
    /// A terminal of this size with unknown contents.
    pub(crate) fn new(area: Rect) -> Self {
        Self { cells: Buffer::empty(area), unknown: true, at: None, style: None, shows_cursor: None }
    }

    pub(crate) fn area(&self) -> Rect {
        self.cells.area
    }

    /// The bytes that make the terminal show `wanted`, with the text cursor at `cursor` or hidden. The area `held` is not
    /// updated for now.
    pub(crate) fn render(&mut self, wanted: &Buffer, cursor: Option<Position>, held: Option<Rect>) -> String {
        let mut out = String::new();
        if self.unknown || self.cells.area != wanted.area {
            *self = Self { unknown: false, style: Some(Sgr::default()), ..Self::new(wanted.area) };
            out.push_str("\x1b[m\x1b[2J");
        }
        for y in wanted.area.rows().map(|row| row.y) {
            self.render_row(&mut out, wanted, y, held);
        }
        if self.shows_cursor != Some(cursor.is_some()) {
            out.push_str(if cursor.is_some() { "\x1b[?25h" } else { "\x1b[?25l" });
            self.shows_cursor = Some(cursor.is_some());
        }
        if let Some(position) = cursor {
            self.move_cursor(&mut out, position);
        }
        out
    }

    fn render_row(&mut self, out: &mut String, wanted: &Buffer, y: u16, held: Option<Rect>) {
        let width = wanted.area.width;
        let mut x = 0;
        while x < width {
            let (cell, position) = (&wanted[(x, y)], Position { x, y });
            let columns = u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
            let is_held = held.is_some_and(|area| area.contains(position));
            if is_held || looks_same(&self.cells[(x, y)], cell) {
                x += columns;
                continue;
            }
            let spaces = if is_blank(cell) { count_blank_cells(wanted, x, y) } else { 0 };
            let extent =
                if x + spaces == width { EraseExtent::ToEndOfRow(spaces) } else { EraseExtent::Within(spaces) };
            if extent.is_worthwhile() {
                x += self.erase(out, position, extent, held);
                continue;
            }
            self.advance_to(out, wanted, position);
            self.write_cell(out, cell, position, columns);
            x += columns;
        }
    }

    /// Erases cells from `position` on, and returns how many.
    fn erase(&mut self, out: &mut String, position: Position, extent: EraseExtent, held: Option<Rect>) -> u16 {
        let Position { x, y } = position;
        let (spaces, to_end) = match extent {
            EraseExtent::ToEndOfRow(spaces) => (spaces, true),
            EraseExtent::Within(spaces) => (spaces, false),
        };
        // Up to the last cell that differs and is not held.
        let differs =
            |x: &u16| !is_blank(&self.cells[(*x, y)]) && !held.is_some_and(|area| area.contains(Position { x: *x, y }));
        let last = (x..x + spaces).rev().find(differs).unwrap_or(x);
        let is_held = (x..x + spaces).any(|x| held.is_some_and(|area| area.contains(Position { x, y })));
        let count = if to_end && !is_held { spaces } else { last + 1 - x };
        self.move_cursor(out, position);
        self.set_style(out, Sgr::default());
        // Writing to a String cannot fail.
        let _ = match (to_end && !is_held, count) {
            (true, _) => write!(out, "\x1b[K"),
            (false, 1) => write!(out, "\x1b[X"),
            (false, count) => write!(out, "\x1b[{count}X"),
        };
        for x in x..x + count {
            self.record(x, y, &Cell::default(), 1);
        }
        count
    }

    /// Moves the cursor to `position`, by rewriting the cells in between where that is shorter.
    fn advance_to(&mut self, out: &mut String, wanted: &Buffer, position: Position) {
        if let Some(at) = self.at
            && at.y == position.y
            && at.x < position.x
            && position.x - at.x <= MAX_REWRITE
        {
            let between = at.x..position.x;
            let plain = |x: u16| {
                let cell = &wanted[(x, at.y)];
                let fits = if is_blank(cell) {
                    self.style.is_some_and(Sgr::is_plain)
                } else {
                    self.style == Some(Sgr::of(cell))
                };
                cell.symbol().len() == 1 && fits && looks_same(&self.cells[(x, at.y)], cell)
            };
            if between.clone().all(plain) {
                between.for_each(|x| out.push_str(wanted[(x, at.y)].symbol()));
                self.at = Some(position);
                return;
            }
        }
        self.move_cursor(out, position);
    }

    fn write_cell(&mut self, out: &mut String, cell: &Cell, position: Position, columns: u16) {
        let Position { x, y } = position;
        let keeps_style = is_blank(cell) && self.style.is_some_and(|style| style.is_plain_like(cell));
        if !keeps_style {
            self.set_style(out, Sgr::of(cell));
        }
        out.push_str(if cell.symbol().is_empty() { " " } else { cell.symbol() });
        self.record(x, y, cell, columns);
        // Terminals differ in where the cursor is at the end of a row, and after a grapheme of several characters or
        // columns.
        let is_known = columns == 1 && cell.symbol().chars().count() <= 1 && x + 1 < self.cells.area.width;
        self.at = is_known.then_some(Position { x: x + 1, y });
    }

    /// Records that the terminal shows `cell`. Wide cells that overlap it are overwritten.
    fn record(&mut self, x: u16, y: u16, cell: &Cell, columns: u16) {
        let width = self.cells.area.width;
        let before = u16::try_from(self.cells[(x, y)].symbol().width()).unwrap_or(1).max(1);
        for covered in x + columns..(x + before).min(width) {
            self.invalidate(covered, y);
        }
        self.cells[(x, y)] = cell.clone();
        for covered in x + 1..(x + columns).min(width) {
            if self.cells[(covered, y)].symbol().width() > 1 && covered + 1 < width {
                self.invalidate(covered + 1, y);
            }
            self.invalidate(covered, y);
        }
    }

    /// Marks a cell as unknown: it differs from every cell.
    fn invalidate(&mut self, x: u16, y: u16) {
        self.cells[(x, y)].set_symbol("\u{0}");
    }

    fn set_style(&mut self, out: &mut String, style: Sgr) {
        if self.style != Some(style) {
            style.write_change(self.style, out);
            self.style = Some(style);
        }
    }

    /// Moves the cursor by the shortest sequence.
    fn move_cursor(&mut self, out: &mut String, to: Position) {
        if self.at == Some(to) {
            return;
        }
        let absolute = match (to.x, to.y) {
            (0, 0) => "\x1b[H".to_owned(),
            (0, y) => format!("\x1b[{}H", y + 1),
            (x, 0) => format!("\x1b[;{}H", x + 1),
            (x, y) => format!("\x1b[{};{}H", y + 1, x + 1),
        };
        let relative = self.at.and_then(|at| relative_move(at, to)).filter(|relative| relative.len() < absolute.len());
        out.push_str(&relative.unwrap_or(absolute));
        self.at = Some(to);
    }
}

/// A relative movement, unless it is upward or far down.
fn relative_move(at: Position, to: Position) -> Option<String> {
    let down = usize::from(to.y.checked_sub(at.y)?);
    if down > 4 {
        return None;
    }
    // In raw mode a line feed keeps the column; it does not scroll, because there is a row below.
    let mut sequence = "\n".repeat(down);
    let steps =
        |count: u16, letter: char| if count == 1 { format!("\x1b[{letter}") } else { format!("\x1b[{count}{letter}") };
    if to.x > at.x {
        sequence += &steps(to.x - at.x, 'C');
    } else if to.x == 0 && at.x > 0 {
        sequence.push('\r');
    } else if to.x < at.x {
        sequence += &steps(at.x - to.x, 'D');
    }
    Some(sequence)
}

/// Modifiers that are visible on a space.
const VISIBLE_ON_SPACE: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// Whether a cell shows only the terminal's default background.
fn is_blank(cell: &Cell) -> bool {
    (cell.symbol() == " " || cell.symbol().is_empty())
        && cell.bg == ratatui::style::Color::Reset
        && !cell.modifier.intersects(VISIBLE_ON_SPACE)
}

fn looks_same(shown: &Cell, wanted: &Cell) -> bool {
    if is_blank(shown) && is_blank(wanted) {
        return true;
    }
    shown.symbol() == wanted.symbol() && Sgr::of(shown) == Sgr::of(wanted)
}

/// How many blank cells follow from `x` on.
fn count_blank_cells(wanted: &Buffer, x: u16, y: u16) -> u16 {
    let count = (x..wanted.area.width).take_while(|x| is_blank(&wanted[(*x, y)])).count();
    u16::try_from(count).unwrap_or(0)
}

/// A run of blank cells that may be erased.
#[derive(Clone, Copy)]
enum EraseExtent {
    /// To the end of the row, by EL.
    ToEndOfRow(u16),
    /// Followed by other cells: by ECH.
    Within(u16),
}

impl EraseExtent {
    /// Whether erasing takes fewer bytes than writing spaces.
    fn is_worthwhile(self) -> bool {
        match self {
            Self::ToEndOfRow(spaces) => spaces > 3,
            Self::Within(spaces) => spaces >= MIN_ERASE,
        }
    }
}

#[cfg(test)]
mod tests;
