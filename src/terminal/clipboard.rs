//! Writing to the clipboard of the user's terminal, also over SSH (OSC 52), through a multiplexer where there is one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Payload bytes of one DCS string. GNU screen passes on strings of up to 768 bytes.
const SCREEN_CHUNK: usize = 600;

/// The terminal multiplexer between this process and the user's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Multiplexer {
    None,
    Tmux,
    Screen,
}

impl Multiplexer {
    /// Detects the multiplexer; `variable` looks up an environment variable.
    pub(crate) fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        match () {
            () if is_set("TMUX") => Self::Tmux,
            () if is_set("STY") => Self::Screen,
            () => Self::None,
        }
    }

    /// The escape sequence that sets the terminal's clipboard to `text`.
    ///
    /// tmux handles OSC 52 itself where `set-clipboard` is `on`, and passes wrapped sequences on where
    /// `allow-passthrough` is: both forms are sent; setting the same text twice does no harm. GNU screen only passes
    /// wrapped sequences on, in chunks.
    pub(crate) fn copy_sequence(self, text: &str) -> String {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        match self {
            Self::None => plain,
            Self::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
            Self::Screen => {
                // ASCII, so any byte is a character boundary.
                let chunks = plain.as_bytes().chunks(SCREEN_CHUNK).map(String::from_utf8_lossy);
                chunks.flat_map(|chunk| ["\x1bP".into(), chunk, "\x1b\\".into()]).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_the_sequence_for_the_multiplexer() {
        assert_eq!(Multiplexer::None.copy_sequence("jane"), "\x1b]52;c;amFuZQ==\x07");
        assert_eq!(
            Multiplexer::Tmux.copy_sequence("jane"),
            "\x1b]52;c;amFuZQ==\x07\x1bPtmux;\x1b\x1b]52;c;amFuZQ==\x07\x1b\\"
        );
        let long = Multiplexer::Screen.copy_sequence(&"x".repeat(1000));
        let chunks: Vec<_> = long.split("\x1b\\").filter(|chunk| !chunk.is_empty()).collect();
        assert!(chunks.len() == 3 && chunks.iter().all(|chunk| chunk.starts_with("\x1bP") && chunk.len() < 768));
        let joined: String = chunks.iter().map(|chunk| &chunk[2..]).collect();
        assert_eq!(joined, Multiplexer::None.copy_sequence(&"x".repeat(1000)));
    }
}
