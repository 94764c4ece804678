//! What panes and dialogs ask of each other.

use crossterm::event::KeyEvent;

use crate::console::core::dialog::Dialog;
use crate::console::core::keymap::Action;
use crate::console::panes::kubeconfig::Then;
use crate::operations::issue::WriteRecord;

/// Carried out after the handler that sent it has returned, in the order of sending.
#[derive(Debug)]
pub(crate) enum Message {
    /// Open a dialog on top.
    Open(Box<dyn Dialog>),
    /// Close the dialog that sent this.
    Close,
    /// Add a write to the Activity pane.
    Record(WriteRecord),
    /// The list of requests changed: the cursor and the detail follow.
    ListChanged,
    /// A request was read in full.
    RequestRead,
    /// The request that was read in full was judged again.
    RequestJudged,
    /// The kubeconfigs were read.
    KubeconfigsRead,
    /// Open the wizard.
    OpenWizard,
    /// Close the wizard.
    CloseWizard,
    /// Undo what the wizard's run made.
    UndoIssuance,
    /// An imported context is trusted now: what was wanted before is done.
    Trusted(String, Then),
    /// Switch this console to a context.
    SwitchContext(String),
    /// Do what an action's key does.
    Act(Action, KeyEvent),
}
