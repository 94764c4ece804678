//! Everything that the console wants done outside of its state. Each is carried out by the runner alone.

use std::path::PathBuf;

use crate::cluster::Decision;
use crate::console::core::effect_id::EffectId;
use crate::console::panes::{kubeconfig, rbac};
use crate::console::wizard;
use crate::domain::gate::{Clearance, Deletion, WritePermit};
use crate::domain::output::clipboard::ClipboardText;
use crate::domain::request::RequestVersion;
use crate::files::session_store::Memory;

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Ask the server who we are and what it runs.
    Identify,
    /// Read one request in full.
    Read(RequestVersion),
    /// Approve or deny exactly this version of a request.
    Decide(EffectId, Clearance, Decision),
    /// Approve or deny exactly these versions of requests, many at a time.
    DecideAll(EffectId, Vec<Clearance>, Decision),
    /// Begin no more of these decisions.
    StopDecisions(EffectId),
    /// Delete exactly this version of a request.
    Delete(EffectId, Deletion),
    /// Write a request's certificate to a file.
    Export {
        /// Whose answer it is.
        id: EffectId,
        /// The request.
        pin: RequestVersion,
        /// Where to.
        path: PathBuf,
        /// The permit to replace a file that is there.
        replace: Option<WritePermit>,
    },
    /// Something for the RBAC pane.
    Rbac(rbac::RbacTask),
    /// Something for the wizard.
    Wizard(wizard::WizardTask),
    /// Put a text on the terminal's clipboard.
    Copy(ClipboardText),
    /// Something for the Kubeconfig pane.
    Kubeconfig(kubeconfig::KubeconfigTask),
    /// Remember how this context looked when it was left.
    Remember(String, Memory),
    /// Talk to the cluster of a context from now on.
    Connect {
        /// The context; `None`: the same as before.
        context: Option<String>,
        /// Whether the user asks for a new login, whatever is known of the old one.
        login: bool,
    },
    /// Stop the login program that is at work.
    CancelLogin,
    /// Draw every cell.
    Redraw,
    /// Give the terminal back to the shell until `fg`.
    Suspend,
    /// End.
    Quit,
}
