//! Copying to the clipboard of the terminal, wherever it is (OSC 52). A private key is never copied.

use crate::console::core::state::State;
use crate::domain::output::clipboard::ClipboardText;

/// What `y` copies: the text that is read, else what the cursor is on. Or why that is not copied.
pub(crate) fn what(state: &State) -> Option<Result<ClipboardText, &'static str>> {
    match (state.dialog(), &state.wizard) {
        (Some(dialog), _) => dialog.copy(),
        (None, Some(_)) => None,
        (None, None) => state.seen().copy(&state.cx),
    }
}
