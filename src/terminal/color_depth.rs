//! Detection of the terminal's color depth, and conversion of any color to one that the terminal can show.

use ratatui::style::Color;

/// The user's choice whether to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColorMode {
    /// As the environment and the terminal's name suggest.
    Auto,
    /// At least the sixteen ANSI colors.
    Always,
    Never,
}

/// How many colors a terminal can show. Ordered from fewest to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ColorDepth {
    Monochrome,
    /// The sixteen ANSI colors, whose RGB values the user chooses.
    Ansi16,
    /// xterm's palette of 256.
    Ansi256,
    /// 24-bit RGB.
    TrueColor,
}

impl ColorDepth {
    /// Determines the depth from the user's choice and the environment; `variable` looks up an environment variable.
    ///
    /// Precedence: the user's choice, `NO_COLOR` (no-color.org), `CLICOLOR_FORCE`, `CLICOLOR` (bixense.com/clicolors).
    pub(crate) fn detect(mode: ColorMode, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        match mode {
            ColorMode::Never => return Self::Monochrome,
            ColorMode::Always => return Self::of_terminal(set).max(Self::Ansi16),
            ColorMode::Auto if set("NO_COLOR").is_some() => return Self::Monochrome,
            ColorMode::Auto if forced => return Self::of_terminal(set).max(Self::Ansi16),
            ColorMode::Auto if set("CLICOLOR").is_some_and(|value| value == "0") => return Self::Monochrome,
            ColorMode::Auto => {}
        }
        Self::of_terminal(set)
    }

    /// The depth that `TERM` and `COLORTERM` promise.
    fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Self {
        let terminal = variable("TERM").unwrap_or_default();
        if ["", "dumb", "unknown"].contains(&terminal.as_str())
            || terminal.starts_with("vt1")
            || terminal.starts_with("vt2")
        {
            return Self::Monochrome;
        }
        // GNU screen passes COLORTERM on from the outer terminal, but supports true color only from version 5. (tmux
        // may use the same TERM; it sets TMUX.)
        let in_screen = terminal.starts_with("screen") && variable("TMUX").is_none();
        let promised = variable("COLORTERM").is_some_and(|value| ["truecolor", "24bit"].contains(&value.as_str()));
        if terminal.ends_with("-direct") || (promised && !in_screen && terminal != "linux") {
            return Self::TrueColor;
        }
        if terminal.contains("256") { Self::Ansi256 } else { Self::Ansi16 }
    }

    /// The closest color that this depth can show, `None` where it shows none. `ansi16` replaces `color` at a depth of
    /// sixteen, where the closest match would be a poor one.
    pub(crate) fn convert(self, color: Option<Color>, ansi16: Option<Color>) -> Option<Color> {
        let color = if self == Self::Ansi16 { ansi16.or(color) } else { color }?;
        Some(match (color, self) {
            (_, Self::Monochrome) => return None,
            (Color::Rgb(r, g, b), Self::Ansi256) => Color::Indexed(nearest(r, g, b, 16..=255)),
            (Color::Rgb(r, g, b), Self::Ansi16) => ansi_color(nearest(r, g, b, 0..=15)),
            (Color::Indexed(index @ ..16), _) => ansi_color(index),
            (Color::Indexed(index), Self::Ansi16) => {
                let (r, g, b) = palette_rgb(index);
                ansi_color(nearest(r, g, b, 0..=15))
            }
            (other, _) => other,
        })
    }
}

/// The palette index with the smallest weighted RGB distance. Green weighs most: the eye is most sensitive to it.
fn nearest(r: u8, g: u8, b: u8, candidates: std::ops::RangeInclusive<u8>) -> u8 {
    let square = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    let distance = |index: &u8| {
        let (r2, g2, b2) = palette_rgb(*index);
        3 * square(r, r2) + 4 * square(g, g2) + 2 * square(b, b2)
    };
    candidates.min_by_key(distance).unwrap_or(7)
}

/// xterm's RGB value of a palette index. Users often change the first sixteen.
fn palette_rgb(index: u8) -> (u8, u8, u8) {
    const ANSI: [(u8, u8, u8); 16] = [
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
        0..=15 => ANSI[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        232..=255 => {
            let gray = 8 + (index - 232) * 10;
            (gray, gray, gray)
        }
    }
}

const fn ansi_color(index: u8) -> Color {
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

    fn detect(mode: ColorMode, variables: &str) -> ColorDepth {
        let find = |name: &str| {
            let all = variables.split(' ').filter_map(|pair| pair.split_once('='));
            all.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next_back()
        };
        ColorDepth::detect(mode, find)
    }

    #[test]
    fn user_choice_wins_over_environment_and_environment_over_terminal() {
        for (mode, variables, depth) in [
            (ColorMode::Auto, "TERM=xterm-256color COLORTERM=truecolor", ColorDepth::TrueColor),
            (ColorMode::Auto, "TERM=tmux-256color", ColorDepth::Ansi256),
            (ColorMode::Auto, "TERM=screen", ColorDepth::Ansi16),
            (ColorMode::Auto, "TERM=screen-256color COLORTERM=truecolor", ColorDepth::Ansi256),
            (ColorMode::Auto, "TERM=screen-256color TMUX=1 COLORTERM=truecolor", ColorDepth::TrueColor),
            (ColorMode::Auto, "TERM=linux COLORTERM=truecolor", ColorDepth::Ansi16),
            (ColorMode::Auto, "TERM=vt100", ColorDepth::Monochrome),
            (ColorMode::Auto, "TERM=dumb", ColorDepth::Monochrome),
            (ColorMode::Auto, "", ColorDepth::Monochrome),
            (ColorMode::Auto, "TERM=xterm NO_COLOR=1", ColorDepth::Monochrome),
            (ColorMode::Auto, "TERM=xterm NO_COLOR=", ColorDepth::Ansi16),
            (ColorMode::Auto, "TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", ColorDepth::Monochrome),
            (ColorMode::Auto, "TERM=xterm CLICOLOR=0", ColorDepth::Monochrome),
            (ColorMode::Auto, "TERM=xterm CLICOLOR=0 CLICOLOR_FORCE=1", ColorDepth::Ansi16),
            (ColorMode::Auto, "TERM=dumb CLICOLOR_FORCE=1", ColorDepth::Ansi16),
            (ColorMode::Always, "TERM=xterm-256color NO_COLOR=1", ColorDepth::Ansi256),
            (ColorMode::Never, "TERM=xterm-256color CLICOLOR_FORCE=1", ColorDepth::Monochrome),
        ] {
            assert_eq!(detect(mode, variables), depth, "{mode:?} {variables}");
        }
    }

    #[test]
    fn converts_to_the_nearest_available_color() {
        let orange = Some(Color::Rgb(0xe6, 0x9f, 0x00));
        assert_eq!(ColorDepth::TrueColor.convert(orange, None), Some(Color::Rgb(0xe6, 0x9f, 0)));
        assert_eq!(ColorDepth::Ansi256.convert(orange, None), Some(Color::Indexed(178)));
        assert_eq!(ColorDepth::Ansi16.convert(orange, None), Some(Color::Yellow));
        assert_eq!(ColorDepth::Ansi16.convert(orange, Some(Color::Indexed(9))), Some(Color::LightRed));
        assert_eq!(ColorDepth::TrueColor.convert(orange, Some(Color::Indexed(9))), Some(Color::Rgb(0xe6, 0x9f, 0)));
        assert_eq!(ColorDepth::Monochrome.convert(orange, None), None);
        assert_eq!(ColorDepth::Ansi16.convert(Some(Color::Indexed(232)), None), Some(Color::Black));
        assert_eq!(ColorDepth::Ansi256.convert(Some(Color::Rgb(8, 8, 8)), None), Some(Color::Indexed(232)));
    }

    #[test]
    fn every_palette_color_is_its_own_nearest() {
        for index in 16..=255 {
            let (r, g, b) = palette_rgb(index);
            assert_eq!(palette_rgb(nearest(r, g, b, 16..=255)), (r, g, b), "{index}");
        }
    }
}
