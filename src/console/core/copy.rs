//! Copying to the clipboard of the terminal, wherever it is (OSC 52). A private key is never copied.

use std::borrow::Cow;

use crate::console::core::state::{Pane, State};
use crate::console::dialogs::Overlay;
use crate::console::panes::requests::Tab;
use crate::domain::output::clipboard::ClipboardText;
use crate::domain::output::shell;
use crate::domain::text::printable;

/// What `y` copies: the text that is read, else what the cursor is on. Or why that is not copied.
pub(crate) fn what(state: &State) -> Option<Result<ClipboardText, &'static str>> {
    match (state.overlays.last(), &state.wizard, state.pane) {
        (Some(Overlay::Reader(reader)), _, _) => {
            // As they are shown: a line break within a name is not one between lines.
            let shown = |line| if reader.shell { Cow::Borrowed(shell::shown(line)) } else { printable(line) };
            let lines: Vec<_> = reader.lines.iter().map(|line| shown(line)).collect();
            Some(ClipboardText::new(&lines.join("\n")))
        }
        (Some(_), _, _) | (None, Some(_), _) => None,
        (None, None, Pane::Requests) => match (state.requests.page.map(|page| page.tab), state.requests.loaded()) {
            (Some(Tab::Yaml), Some(loaded)) => Some(ClipboardText::new(&loaded.yaml)),
            _ => state.requests.chosen().map(|row| ClipboardText::name(&row.name)),
        },
        (None, None, Pane::Rbac) => {
            let chosen = state.rbac.page().chosen();
            chosen.map(|entry| ClipboardText::name(entry.object.as_ref().map_or(&entry.key, |object| &object.name)))
        }
        (None, None, Pane::Kubeconfig) => state.kubeconfig.chosen().map(|context| ClipboardText::name(&context.name)),
        (None, None, Pane::Activity) => {
            state.activity.chosen().map(|record| ClipboardText::new(shell::shown(record.written.command.as_str())))
        }
    }
}
