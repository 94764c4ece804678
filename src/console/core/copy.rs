//! Copying to the clipboard of the terminal, wherever it is (OSC 52). A private key is never copied.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::console::core::state::State;
use crate::domain::output::clipboard::ClipboardText;

/// GNU screen passes strings of 768 bytes at most on.
const SCREEN_PIECE: usize = 600;

/// What `y` copies: the text that is read, else what the cursor is on. Or why that is not copied.
pub(crate) fn what(state: &State) -> Option<Result<ClipboardText, &'static str>> {
    match (state.dialog(), &state.wizard) {
        (Some(dialog), _) => dialog.copy(),
        (None, Some(_)) => None,
        (None, None) => state.seen().copy(&state.cx),
    }
}

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Multiplexer {
    /// Nothing.
    Nothing,
    /// tmux, which passes on what it is told to.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// As the environment says.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        match () {
            () if set("TMUX") => Self::Tmux,
            () if set("STY") => Self::Screen,
            () => Self::Nothing,
        }
    }

    /// The sequence that puts `text` on the terminal's clipboard.
    ///
    /// tmux takes it itself where `set-clipboard` is `on`, and passes it on in its wrapping where `allow-passthrough`
    /// is: both are sent, the same text twice is one. GNU screen only passes it on, in pieces.
    pub(crate) fn copy(self, text: &ClipboardText) -> String {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text.as_str()));
        match self {
            Self::Nothing => plain,
            Self::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
            Self::Screen => {
                // It is ASCII, so it can be cut anywhere.
                let pieces = plain.as_bytes().chunks(SCREEN_PIECE).map(String::from_utf8_lossy);
                pieces.flat_map(|piece| ["\x1bP".into(), piece, "\x1b\\".into()]).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_wrapped_for_what_stands_between() {
        let text = |text: &str| ClipboardText::new(text).unwrap();
        assert_eq!(Multiplexer::Nothing.copy(&text("jane")), "\x1b]52;c;amFuZQ==\x07");
        assert_eq!(
            Multiplexer::Tmux.copy(&text("jane")),
            "\x1b]52;c;amFuZQ==\x07\x1bPtmux;\x1b\x1b]52;c;amFuZQ==\x07\x1b\\"
        );
        let long = Multiplexer::Screen.copy(&text(&"x".repeat(1000)));
        let pieces: Vec<_> = long.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces.len() == 3 && pieces.iter().all(|piece| piece.starts_with("\x1bP") && piece.len() < 768));
        let joined: String = pieces.iter().map(|piece| &piece[2..]).collect();
        assert_eq!(joined, Multiplexer::Nothing.copy(&text(&"x".repeat(1000))));
    }
}
