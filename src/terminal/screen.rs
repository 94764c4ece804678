//! One frame: the application draws into a ratatui buffer, and the result is the bytes that make the terminal show it.

use std::convert::Infallible;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};

use crate::terminal::diff::TerminalDiff;

/// Frames of more bytes are wrapped in synchronized output (mode 2026). Smaller ones arrive in one packet anyway, and the
/// wrapping takes sixteen bytes.
const SYNCHRONIZE_ABOVE: usize = 400;

/// Whether a cell's text may be sent to the terminal. It must be false for text with control characters.
type IsDrawable = fn(&str) -> bool;

/// The application's screen.
pub(crate) struct Screen {
    terminal: Terminal<NullBackend>,
    diff: TerminalDiff,
    is_drawable: IsDrawable,
    /// Whether the terminal supports synchronized output (mode 2026).
    pub synchronized: bool,
}

impl Screen {
    /// A screen with unknown contents. Cells that are not `is_drawable` are shown as `?`.
    pub(crate) fn new(size: Size, is_drawable: IsDrawable) -> Self {
        let area = Rect::from((Position::ORIGIN, size));
        let Ok(terminal) = Terminal::new(NullBackend { size, cursor: None, shows_cursor: false });
        Self { terminal, diff: TerminalDiff::new(area), is_drawable, synchronized: false }
    }

    /// Changes the size and invalidates the contents.
    pub(crate) fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().size = size;
        self.invalidate();
    }

    /// Makes the next frame a complete one: what the terminal shows is unknown.
    pub(crate) fn invalidate(&mut self) {
        self.diff = TerminalDiff::new(Rect::from((Position::ORIGIN, self.terminal.backend().size)));
    }

    /// Draws a frame and returns the bytes that make the terminal show it. The area `held` is not updated for now.
    pub(crate) fn render(&mut self, held: Option<Rect>, draw: impl FnOnce(&mut Frame)) -> String {
        let Ok(frame) = self.terminal.draw(draw);
        let mut buffer = frame.buffer.clone();
        for cell in buffer.content.iter_mut().filter(|cell| !(self.is_drawable)(cell.symbol())) {
            cell.set_symbol("?");
        }
        let backend = self.terminal.backend();
        let cursor = backend.cursor.filter(|_| backend.shows_cursor);
        let is_resized = self.diff.area() != buffer.area;
        let bytes = self.diff.render(&buffer, cursor, held.filter(|_| !is_resized));
        if self.synchronized && bytes.len() > SYNCHRONIZE_ABOVE {
            return format!("\x1b[?2026h{bytes}\x1b[?2026l");
        }
        bytes
    }
}

/// A backend that draws nothing: [`TerminalDiff`] works on ratatui's buffer. It only keeps the size and the cursor.
struct NullBackend {
    size: Size,
    cursor: Option<Position>,
    shows_cursor: bool,
}

impl Backend for NullBackend {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, _: I) -> Result<(), Infallible> {
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.shows_cursor = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.shows_cursor = true;
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
