//! Everything that can happen to the console.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Size};

use crate::cluster::Wait;
use crate::cluster::WhoAmI;
use crate::cluster::login::LoginStatus;
use crate::cluster::watch;
use crate::console::core::effect_id::EffectId;
use crate::console::dialogs::bulk;
use crate::console::panes::kubeconfig;
use crate::console::panes::rbac;
use crate::console::panes::requests::Loaded;
use crate::console::wizard;
use crate::domain::output::shell::Kubectl;
use crate::domain::request::Request;
use crate::domain::verdict::{ApiHosts, Nodes};
use crate::error::UserError;
use crate::files::session_store::Memory;

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse's wheel went on one notch: down, or up.
    Wheel(bool),
    /// The mouse was clicked here.
    Click(Position),
    /// Text was pasted.
    Paste(String),
    /// The screen has another size.
    Resized(Size),
    /// Time went on as far as something on the screen changes by itself.
    Clock,
    /// There is time to go on with a list that is being worked out.
    Work,
    /// What the console knows about this context from before it was started.
    Recalled(SavedView),
    /// The client is set up (which contacts no server yet), or why it cannot be.
    Connected(Result<Connection, UserError>),
    /// News of the login.
    Login(LoginStatus),
    /// Whether the server answered just now.
    Beat(Result<(), UserError>),
    /// The server asked us to wait.
    Asked(Wait),
    /// The server reported who we are and which version it runs.
    Identified(Result<Identified, UserError>),
    /// The nodes are these now.
    Nodes(Nodes),
    /// News from the watch on CSRs.
    Watch(watch::WatchMessage),
    /// A watch ended because of a bug: its data is no longer live.
    WatchEnded(UserError),
    /// A request was read in full.
    Read {
        /// The object that was meant.
        uid: String,
        /// What was read.
        result: Result<Box<Loaded>, UserError>,
    },
    /// A decision ended. The request is what the cluster says now.
    Decided(EffectId, Result<Box<Request>, UserError>),
    /// News of many decisions.
    Bulk(EffectId, bulk::result::BulkResult),
    /// A deletion ended.
    Deleted(EffectId, Result<(), UserError>),
    /// A certificate was written to a file, or not.
    Exported(EffectId, Exported),
    /// News for the RBAC pane.
    Rbac(rbac::RbacResult),
    /// News for the wizard.
    Wizard(wizard::WizardResult),
    /// News for the Kubeconfig pane.
    Kubeconfig(kubeconfig::KubeconfigResult),
}

/// Which cluster the console talks to, as the kubeconfig says.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The context's name.
    pub context: String,
    /// The namespace in force.
    pub namespace: String,
    /// The server's address.
    pub server: String,
    /// The name of the context's cluster entry.
    pub cluster: String,
    /// `kubectl` with the flags that mean this cluster and this user.
    pub kubectl: Kubectl,
    /// The kubeconfig that kubectl would write a new entry to.
    pub kubeconfig: PathBuf,
}

/// Who we are there, and which version it runs.
#[derive(Debug, Clone)]
pub struct Identified {
    /// From `SelfSubjectReview`.
    pub who: WhoAmI,
    /// From /version, such as `v1.36.3`.
    pub version: String,
    /// When the CA for client certificates ends, where we may know.
    pub ca_ends: Option<DateTime<Utc>>,
    /// Where the API server and the Services are.
    pub api_hosts: ApiHosts,
}

/// How writing a file ended.
#[derive(Debug, Clone)]
pub enum Exported {
    /// Written to this path.
    Written(String),
    /// There is a file already, and replacing it was not permitted.
    Exists,
    /// It did not work.
    Failed(UserError),
}

/// What was found when the context became known.
#[derive(Debug, Clone, Default)]
pub struct SavedView {
    /// How the console looked when it was left.
    pub memory: Option<Memory>,
    /// Whether this is the first console of this user.
    pub first: bool,
    /// Whether this context is one in which nothing may be written.
    pub read_only: bool,
}
