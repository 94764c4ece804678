//! What flags, config file and environment decided about the console before it starts.

use std::sync::Arc;

use crate::config::Confirm;
use crate::console::core::keys::Keymap;
use crate::console::panes::requests::columns::Choice;
use crate::console::widgets::theme::Theme;
use crate::domain::policy_file::PolicyFile;

/// How this console looks and asks.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Settings {
    /// The styles, in colours that the terminal has.
    pub theme: Theme,
    /// The keys in force.
    pub keymap: Keymap,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Whether times are written in UTC.
    pub utc: bool,
    /// The columns of the list of requests, where a context remembers no others.
    pub columns: Choice,
    /// Which decisions ask first.
    pub confirm: Confirm,
    /// The organization's policy.
    pub policy: Arc<PolicyFile>,
    /// Whether the cluster is the practice cluster inside this process.
    pub practice: bool,
    /// What does not work for want of a folder, to be shown at the start.
    pub notice: Option<String>,
}
