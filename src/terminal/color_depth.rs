//! How many colours the terminal has, and the one place where a colour becomes one that it can show.

use ratatui::style::Color;

use crate::config::When;
use crate::config::theme::Colour;

/// How many colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// None.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// The 256 of xterm.
    Palette,
    /// Red, green and blue of one's choice.
    True,
}

impl Depth {
    /// Decides by what the user wants and what `variable` says of the environment.
    ///
    /// A choice by the user wins over the environment (no-color.org), `NO_COLOR` over `CLICOLOR_FORCE`, and that over
    /// `CLICOLOR` (bixense.com/clicolors).
    pub(crate) fn decide(wanted: When, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        match wanted {
            When::Never => return Self::None,
            When::Always => return Self::able(set).max(Self::Sixteen),
            When::Auto if set("NO_COLOR").is_some() => return Self::None,
            When::Auto if forced => return Self::able(set).max(Self::Sixteen),
            When::Auto if set("CLICOLOR").is_some_and(|value| value == "0") => return Self::None,
            When::Auto => {}
        }
        Self::able(set)
    }

    /// What the terminal can do, by its name and COLORTERM.
    fn able(variable: impl Fn(&str) -> Option<String>) -> Self {
        let terminal = variable("TERM").unwrap_or_default();
        if ["", "dumb", "unknown"].contains(&terminal.as_str())
            || terminal.starts_with("vt1")
            || terminal.starts_with("vt2")
        {
            return Self::None;
        }
        // GNU screen passes COLORTERM on from outside, and shows no true colours before its version 5. (tmux calls
        // itself screen as well, and sets TMUX.)
        let in_screen = terminal.starts_with("screen") && variable("TMUX").is_none();
        let promised = variable("COLORTERM").is_some_and(|value| ["truecolor", "24bit"].contains(&value.as_str()));
        if terminal.ends_with("-direct") || (promised && !in_screen && terminal != "linux") {
            return Self::True;
        }
        if terminal.contains("256") { Self::Palette } else { Self::Sixteen }
    }

    /// `colour` as this terminal can show it; `sixteen` is what the theme wants on one of sixteen colours.
    pub(crate) fn shown(self, colour: Option<Colour>, sixteen: Option<Colour>) -> Option<Color> {
        let colour = if self == Self::Sixteen { sixteen.or(colour) } else { colour }?;
        Some(match (colour, self) {
            (_, Self::None) => return None,
            (Colour::Default, _) => Color::Reset,
            (Colour::Rgb(r, g, b), Self::True) => Color::Rgb(r, g, b),
            (Colour::Rgb(r, g, b), Self::Palette) => Color::Indexed(nearest(r, g, b, 16..=255)),
            (Colour::Rgb(r, g, b), Self::Sixteen) => named(nearest(r, g, b, 0..=15)),
            (Colour::Indexed(index @ ..16), _) => named(index),
            (Colour::Indexed(index), Self::Sixteen) => {
                let (r, g, b) = rgb(index);
                named(nearest(r, g, b, 0..=15))
            }
            (Colour::Indexed(index), _) => Color::Indexed(index),
        })
    }
}

/// The colour of the 256 that is nearest, by distance with green weighing most, as the eye has it.
fn nearest(r: u8, g: u8, b: u8, among: std::ops::RangeInclusive<u8>) -> u8 {
    let square = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    let far = |index: &u8| {
        let (r2, g2, b2) = rgb(*index);
        3 * square(r, r2) + 4 * square(g, g2) + 2 * square(b, b2)
    };
    among.min_by_key(far).unwrap_or(7)
}

/// What xterm shows for one of its 256 colours, unless the user chose others for the first sixteen.
fn rgb(index: u8) -> (u8, u8, u8) {
    const SIXTEEN: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let step = |level: u8| if level == 0 { 0 } else { 55 + level * 40 };
    match index {
        0..=15 => SIXTEEN[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        232..=255 => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
    }
}

const fn named(index: u8) -> Color {
    match index {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        _ => Color::White,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(wanted: When, variables: &str) -> Depth {
        let find = |name: &str| {
            let all = variables.split(' ').filter_map(|pair| pair.split_once('='));
            all.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next_back()
        };
        Depth::decide(wanted, find)
    }

    #[test]
    fn the_terminal_and_the_environment_decide_and_the_user_above_them() {
        for (wanted, variables, depth) in [
            (When::Auto, "TERM=xterm-256color COLORTERM=truecolor", Depth::True),
            (When::Auto, "TERM=tmux-256color", Depth::Palette),
            (When::Auto, "TERM=screen", Depth::Sixteen),
            (When::Auto, "TERM=screen-256color COLORTERM=truecolor", Depth::Palette),
            (When::Auto, "TERM=screen-256color TMUX=1 COLORTERM=truecolor", Depth::True),
            (When::Auto, "TERM=linux COLORTERM=truecolor", Depth::Sixteen),
            (When::Auto, "TERM=vt100", Depth::None),
            (When::Auto, "TERM=dumb", Depth::None),
            (When::Auto, "", Depth::None),
            (When::Auto, "TERM=xterm NO_COLOR=1", Depth::None),
            (When::Auto, "TERM=xterm NO_COLOR=", Depth::Sixteen),
            (When::Auto, "TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", Depth::None),
            (When::Auto, "TERM=xterm CLICOLOR=0", Depth::None),
            (When::Auto, "TERM=xterm CLICOLOR=0 CLICOLOR_FORCE=1", Depth::Sixteen),
            (When::Auto, "TERM=dumb CLICOLOR_FORCE=1", Depth::Sixteen),
            (When::Always, "TERM=xterm-256color NO_COLOR=1", Depth::Palette),
            (When::Never, "TERM=xterm-256color CLICOLOR_FORCE=1", Depth::None),
        ] {
            assert_eq!(decided(wanted, variables), depth, "{wanted:?} {variables}");
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_that_there_is() {
        let orange = Some(Colour::Rgb(0xe6, 0x9f, 0x00));
        assert_eq!(Depth::True.shown(orange, None), Some(Color::Rgb(0xe6, 0x9f, 0)));
        assert_eq!(Depth::Palette.shown(orange, None), Some(Color::Indexed(178)));
        assert_eq!(Depth::Sixteen.shown(orange, None), Some(Color::Yellow));
        assert_eq!(Depth::Sixteen.shown(orange, Some(Colour::Indexed(9))), Some(Color::LightRed));
        assert_eq!(Depth::True.shown(orange, Some(Colour::Indexed(9))), Some(Color::Rgb(0xe6, 0x9f, 0)));
        assert_eq!(Depth::None.shown(orange, None), None);
        assert_eq!(Depth::Sixteen.shown(Some(Colour::Indexed(232)), None), Some(Color::Black));
        assert_eq!(Depth::Palette.shown(Some(Colour::Rgb(8, 8, 8)), None), Some(Color::Indexed(232)));
    }

    #[test]
    fn every_colour_of_the_256_is_its_own_nearest() {
        for index in 16..=255 {
            let (r, g, b) = rgb(index);
            assert_eq!(rgb(nearest(r, g, b, 16..=255)), (r, g, b), "{index}");
        }
    }
}
