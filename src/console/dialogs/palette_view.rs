//! How the command palette looks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::core::ctx::Ctx;
use crate::console::dialogs::palette::Palette;
use crate::console::dialogs::view::framed;
use crate::console::widgets::form;
use crate::console::widgets::text::{cell, shown};

/// Columns of the keys.
const KEYS: usize = 12;
/// Columns of a name.
const NAME: usize = 16;

/// Draws it.
pub(crate) fn draw(frame: &mut Frame, area: Rect, cx: &Ctx, palette: &Palette) {
    let theme = cx.theme;
    let inner = framed(frame, area, cx, "What to do?");
    if inner.height < 2 || inner.width < 4 {
        return;
    }
    frame.render_widget(Line::from(Span::styled("› ", theme.key())), Rect { height: 1, ..inner });
    let field = Rect { x: inner.x + 2, width: inner.width - 2, height: 1, ..inner };
    form::view::draw_text(frame, field, &palette.input, true, theme);
    let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    let found = palette.found();
    let top = (palette.place + 1).saturating_sub(list.height.into());
    let rest = usize::from(inner.width).saturating_sub(2 + KEYS + NAME);
    let mut lines = Vec::new();
    for (at, offer) in found.iter().enumerate().skip(top).take(list.height.into()) {
        let chosen = at == palette.place;
        let name = Span::raw(cell(&offer.name, NAME));
        lines.push(Line::from(vec![
            Span::raw(if chosen { "› " } else { "  " }),
            if chosen { name.style(theme.chosen()) } else { name },
            Span::styled(format!(" {}", cell(&offer.keys, KEYS - 1)), theme.key()),
            Span::raw(shown(offer.help, rest)),
        ]));
    }
    if found.is_empty() {
        lines.push(Line::raw("Nothing here is called like that."));
    }
    frame.render_widget(Paragraph::new(lines), list);
}
