//! The screen: what is drawn becomes bytes here, and only what differs from what the terminal shows.

use std::convert::Infallible;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};

use crate::domain::output::terminal::is_drawable;
use crate::terminal::diff::TerminalDiff;

/// From this many bytes on a frame is marked as one, where the terminal knows how (synchronised output, mode 2026):
/// less arrives in one piece anyway, and the marks cost sixteen bytes.
const WORTH_MARKS: usize = 400;

/// The screen.
pub(crate) struct Screen {
    terminal: Terminal<NullBackend>,
    shown: TerminalDiff,
    /// Whether the terminal knows synchronised output.
    pub synchronised: bool,
}

impl Screen {
    /// A screen of this size, of which nothing is known.
    pub(crate) fn new(size: Size) -> Self {
        let area = Rect::from((Position::ORIGIN, size));
        let Ok(terminal) = Terminal::new(NullBackend { size, cursor: None, shows: false });
        Self { terminal, shown: TerminalDiff::new(area), synchronised: false }
    }

    /// Another size.
    pub(crate) fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().size = size;
        self.forget();
    }

    /// Nothing is known of what the terminal shows: the next frame is drawn whole.
    pub(crate) fn forget(&mut self) {
        self.shown = TerminalDiff::new(Rect::from((Position::ORIGIN, self.terminal.backend().size)));
    }

    /// Draws, and gives the bytes that make the terminal show it. The part `held` is left as it is for now.
    pub(crate) fn paint(&mut self, held: Option<Rect>, draw: impl FnOnce(&mut Frame)) -> String {
        let Ok(frame) = self.terminal.draw(draw);
        let mut buffer = frame.buffer.clone();
        for cell in buffer.content.iter_mut().filter(|cell| !is_drawable(cell.symbol())) {
            cell.set_symbol("?");
        }
        let canvas = self.terminal.backend();
        let cursor = canvas.cursor.filter(|_| canvas.shows);
        let whole = self.shown.area() != buffer.area;
        let bytes = self.shown.turn_into(&buffer, cursor, held.filter(|_| !whole));
        if self.synchronised && bytes.len() > WORTH_MARKS {
            return format!("\x1b[?2026h{bytes}\x1b[?2026l");
        }
        bytes
    }
}

/// Where ratatui draws: it keeps the picture itself, so that all there is to know is the size and the cursor.
struct NullBackend {
    size: Size,
    cursor: Option<Position>,
    shows: bool,
}

impl Backend for NullBackend {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, _: I) -> Result<(), Infallible> {
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.shows = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.shows = true;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.cursor = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn clear_region(&mut self, _: ClearType) -> Result<(), Infallible> {
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
