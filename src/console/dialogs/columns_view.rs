//! How the choice of columns looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::core::ctx::Ctx;
use crate::console::dialogs::columns::Columns;
use crate::console::dialogs::view::framed;
use crate::console::panes::requests::columns::meaning;
use crate::console::panes::requests::layout::parts;
use crate::console::panes::requests::table::Table;
use crate::console::widgets::text::{cell, shown};

/// Columns of a name.
const NAME: usize = 11;

/// Draws it.
pub(crate) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, sheet: &Columns) {
    let theme = cx.theme;
    let choice = &cx.requests.columns.now;
    let table = Table::new(choice, usize::from(parts(cx.body()).list.width).saturating_sub(2));
    let inner = framed(frame, area, cx, "Columns");
    let top = (sheet.place + 1).saturating_sub(inner.height.into());
    let rest = usize::from(inner.width).saturating_sub(4 + NAME);
    let lines = choice.all().iter().enumerate().skip(top);
    for (area, (at, (column, chosen))) in inner.rows().zip(lines) {
        let name = Span::raw(cell(column.word(), NAME));
        let text = match (chosen, table.shows(*column)) {
            (true, false) => format!("(no room here) {}", meaning(*column)),
            _ => meaning(*column).to_owned(),
        };
        let line = Line::from(vec![
            Span::raw(if at == sheet.place { "› " } else { "  " }),
            Span::raw(if *chosen { "✓ " } else { "  " }),
            if at == sheet.place { name.style(theme.chosen()) } else { name },
            Span::styled(shown(&text, rest), if *chosen { theme.text() } else { theme.dim() }),
        ]);
        frame.render_widget(line, area);
    }
}
