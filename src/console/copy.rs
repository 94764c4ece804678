//! Copying to the clipboard of the terminal, wherever it is (OSC 52). A private key is never copied.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::overlay::Overlay;
use super::requests::Tab;
use super::state::{Pane, State};

/// xterm takes this many bytes of Base64; others take more.
const LONGEST: usize = 100_000;

/// GNU screen passes strings of 768 bytes at most on.
const SCREEN_PIECE: usize = 600;

/// What `y` copies: the text that is read, else what the cursor is on.
pub fn what(state: &State) -> Option<String> {
    match (state.overlays.last(), &state.wizard, state.pane) {
        (Some(Overlay::Reader(reader)), _, _) => Some(reader.lines.join("\n")),
        (Some(_), _, _) | (None, Some(_), _) => None,
        (None, None, Pane::Requests) => match (state.requests.page.map(|page| page.tab), state.requests.loaded()) {
            (Some(Tab::Yaml), Some(loaded)) => Some(loaded.yaml.clone()),
            _ => state.requests.chosen().map(|row| row.name.to_string()),
        },
        (None, None, Pane::Rbac) => {
            let chosen = state.rbac.page().chosen();
            chosen.map(|entry| entry.object.as_ref().map_or(&entry.key, |object| &object.name).clone())
        }
        (None, None, Pane::Kubeconfig) => state.kubeconfig.chosen().map(|context| context.name.clone()),
        (None, None, Pane::Activity) => state.activity.chosen().map(|record| record.written.command.clone()),
    }
}

/// Whether a text holds a secret: a private key, in PEM or in a kubeconfig's field, or a token.
pub fn is_secret(text: &str) -> bool {
    ["PRIVATE KEY", "client-key-data", "token:", "\"token\""].iter().any(|mark| text.contains(mark))
}

/// Why a text is not copied, if it is not.
pub fn refusal(text: &str) -> Option<&'static str> {
    if is_secret(text) {
        return Some("not copied: it holds a private key or a token");
    }
    (text.len() > LONGEST / 4 * 3).then_some("not copied: it is longer than terminals take")
}

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// Nothing.
    Nothing,
    /// tmux, which passes on what it is told to.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Between {
    /// As the environment says.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
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
    pub fn copy(self, text: &str) -> String {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
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
        assert_eq!(Between::Nothing.copy("jane"), "\x1b]52;c;amFuZQ==\x07");
        assert_eq!(Between::Tmux.copy("jane"), "\x1b]52;c;amFuZQ==\x07\x1bPtmux;\x1b\x1b]52;c;amFuZQ==\x07\x1b\\");
        let long = Between::Screen.copy(&"x".repeat(1000));
        let pieces: Vec<_> = long.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces.len() == 3 && pieces.iter().all(|piece| piece.starts_with("\x1bP") && piece.len() < 768));
        let joined: String = pieces.iter().map(|piece| &piece[2..]).collect();
        assert_eq!(joined, Between::Nothing.copy(&"x".repeat(1000)));
    }

    #[test]
    fn a_key_or_a_token_is_not_copied() {
        assert!(refusal("-----BEGIN EC PRIVATE KEY-----").is_some());
        assert!(refusal("users: [{user: {client-key-data: LS0=}}]").is_some());
        assert!(refusal("    token: abc").is_some());
        assert!(refusal(&"x".repeat(80_000)).is_some());
        assert_eq!(refusal("kubectl certificate approve jane"), None);
    }
}
