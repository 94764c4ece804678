//! The style that the terminal writes with, and the shortest way from one to another (SGR, ECMA-48 8.3.117).

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// Colours and modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sgr {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Sgr {
    fn default() -> Self {
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() }
    }
}

/// Each modifier with what sets it and what takes it away.
const MODIFIERS: [(Modifier, &str, &str); 6] = [
    (Modifier::BOLD, "1", "22"),
    (Modifier::DIM, "2", "22"),
    (Modifier::ITALIC, "3", "23"),
    (Modifier::UNDERLINED, "4", "24"),
    (Modifier::REVERSED, "7", "27"),
    (Modifier::CROSSED_OUT, "9", "29"),
];

impl Sgr {
    /// The style of a cell.
    pub(crate) fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// Whether a blank written with it is nothing but the terminal's background.
    pub(crate) fn is_plain(self) -> bool {
        self.bg == Color::Reset
            && !self.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT)
    }

    /// Whether a blank written with it looks as `cell`, which is a plain blank.
    pub(crate) fn blank_as(self, cell: &Cell) -> bool {
        self.is_plain() && Self::of(cell).is_plain()
    }

    /// Writes what changes `from` (`None`: not known) into this.
    pub(crate) fn change(self, from: Option<Self>, out: &mut String) {
        let anew = self.anew();
        let best = match from {
            Some(from) => {
                [self.step(from), anew].into_iter().min_by_key(|codes| codes.join(";").len()).unwrap_or_default()
            }
            None => anew,
        };
        out.push_str("\x1b[");
        out.push_str(&best.join(";"));
        out.push('m');
    }

    /// From nothing.
    fn anew(self) -> Vec<String> {
        let mut codes = self.step(Self::default());
        // The empty code is 0: all off. It may stand before others.
        codes.insert(0, String::new());
        codes
    }

    /// Only what is different.
    fn step(self, from: Self) -> Vec<String> {
        let mut codes = Vec::new();
        let gone = from.modifier - self.modifier;
        let mut kept = from.modifier;
        for (modifier, _, off) in MODIFIERS {
            if gone.contains(modifier) && kept.contains(modifier) {
                codes.push(off.to_owned());
                // One code takes bold and faint away together.
                kept -= if off == "22" { Modifier::BOLD | Modifier::DIM } else { modifier };
            }
        }
        for (modifier, on, _) in MODIFIERS {
            if self.modifier.contains(modifier) && !kept.contains(modifier) {
                codes.push(on.to_owned());
            }
        }
        if self.fg != from.fg {
            codes.push(colour(self.fg, 30));
        }
        if self.bg != from.bg {
            codes.push(colour(self.bg, 40));
        }
        codes
    }
}

/// A colour's code; `base` is 30 for the characters and 40 for what is behind them.
fn colour(colour: Color, base: u8) -> String {
    let named = |index: u8| (base + index).to_string();
    let bright = |index: u8| (base + 60 + index).to_string();
    match colour {
        Color::Reset => named(9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(fg: Color, modifier: Modifier) -> Sgr {
        Sgr { fg, modifier, ..Sgr::default() }
    }

    fn change(from: Sgr, to: Sgr) -> String {
        let mut out = String::new();
        to.change(Some(from), &mut out);
        out
    }

    #[test]
    fn the_shortest_change_is_taken() {
        let (plain, red) = (Sgr::default(), pen(Color::Red, Modifier::BOLD));
        assert_eq!(change(red, plain), "\x1b[m");
        assert_eq!(change(plain, red), "\x1b[1;31m");
        assert_eq!(change(red, pen(Color::Green, Modifier::BOLD)), "\x1b[32m");
        assert_eq!(change(red, pen(Color::Red, Modifier::DIM)), "\x1b[;2;31m".replace(";2;31", "22;2"));
    }
}
