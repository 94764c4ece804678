//! The console's whole state. Only `update` changes it; drawing reads it.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::{Rect, Size};

use crate::console::activity::Activity;
use crate::console::clock::Clock;
use crate::console::effect::EffectId;
use crate::console::event::{Connection, Identified};
use crate::console::keymap::Place;
use crate::console::overlay::Overlay;
use crate::console::rbac::Rbac;
use crate::console::requests::{self, Requests};
use crate::console::theme::Theme;
use crate::console::wizard::Wizard;
use crate::trouble::Trouble;

/// How long a notice stays.
pub const NOTICE_SECONDS: i64 = 12;

/// Everything.
#[derive(Debug)]
pub struct State {
    /// What time it is, and how times are written.
    pub clock: Clock,
    /// The screen's size.
    pub size: Size,
    /// The styles.
    pub theme: Theme,
    /// The cluster that we talk to.
    pub session: Session,
    /// Which pane is seen.
    pub pane: Pane,
    /// The Requests pane.
    pub requests: Requests,
    /// The RBAC pane, with the roles and bindings that every room may read.
    pub rbac: Rbac,
    /// The Activity pane.
    pub activity: Activity,
    /// The new-user wizard, while it is open.
    pub wizard: Option<Wizard>,
    /// What lies on top, the topmost last.
    pub overlays: Vec<Overlay>,
    /// A short message about what just happened.
    pub notice: Option<Notice>,
    last_effect: EffectId,
}

/// The cluster that we talk to, as far as it is known.
#[derive(Debug, Default)]
pub struct Session {
    /// From the kubeconfig; `None` until it is read.
    pub connection: Option<Connection>,
    /// From the server; `None` until it answered.
    pub identified: Option<Identified>,
    /// Why there is no connection or no identity.
    pub trouble: Option<Trouble>,
    /// Whether this console refuses to write.
    pub read_only: bool,
    /// Whether the cluster is the practice cluster inside this process: a mark in the header, nothing else.
    pub practice: bool,
}

/// The panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The CSRs.
    #[default]
    Requests,
    /// Who may do what.
    Rbac,
    /// What this process wrote.
    Activity,
}

/// A short message.
#[derive(Debug)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether it is good news.
    pub good: bool,
    /// When it came.
    pub at: DateTime<Utc>,
}

impl State {
    /// The state before anything happened.
    pub fn new(clock: Clock, size: Size, theme: Theme, read_only: bool) -> Self {
        Self {
            clock,
            size,
            theme,
            session: Session { read_only, ..Session::default() },
            pane: Pane::default(),
            requests: Requests::default(),
            rbac: Rbac::default(),
            activity: Activity::default(),
            wizard: None,
            overlays: Vec::new(),
            notice: None,
            last_effect: 0,
        }
    }

    /// An id for the next question.
    pub fn next_effect(&mut self) -> EffectId {
        self.last_effect += 1;
        self.last_effect
    }

    /// Shows a short message.
    pub fn notify(&mut self, good: bool, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), good, at: self.clock.now });
    }

    /// The notice, while it is fresh.
    pub fn fresh_notice(&self) -> Option<&Notice> {
        self.notice.as_ref().filter(|notice| self.clock.now - notice.at < TimeDelta::seconds(NOTICE_SECONDS))
    }

    /// The part of the screen between header and footer.
    pub fn body(&self) -> Rect {
        Rect { x: 0, y: 2, width: self.size.width, height: self.size.height.saturating_sub(3) }
    }

    /// How many rows the list of requests shows.
    pub fn list_height(&self) -> usize {
        requests::layout::rows(self.body())
    }

    /// Our user name, once the server has said it.
    pub fn username(&self) -> Option<&str> {
        self.session.identified.as_ref().map(|identified| identified.who.username.as_str())
    }

    /// The namespace in force.
    pub fn namespace(&self) -> String {
        let connection = self.session.connection.as_ref();
        connection.map_or_else(|| "default".to_owned(), |connection| connection.namespace.clone())
    }

    /// `kubectl` with the flags that mean this cluster and this user.
    pub fn kubectl(&self) -> &str {
        self.session.connection.as_ref().map_or("kubectl", |connection| &connection.kubectl)
    }

    /// Where keys are looked up, the nearest place first.
    pub fn places(&self) -> Vec<Place> {
        if let Some(overlay) = self.overlays.last() {
            return overlay.places();
        }
        if let Some(wizard) = &self.wizard {
            return wizard.places();
        }
        match self.pane {
            Pane::Requests => self.requests.places(),
            Pane::Rbac => self.rbac.places(),
            Pane::Activity => vec![Place::List, Place::Everywhere, Place::Always],
        }
    }

    /// When something on the screen changes without anything happening: an age, a countdown, a notice that goes.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        let notice = self.fresh_notice().map(|notice| notice.at + TimeDelta::seconds(NOTICE_SECONDS));
        let room = match (&self.wizard, self.pane) {
            (Some(wizard), _) => wizard.next_change(&self.clock),
            (None, Pane::Requests) => self.requests.next_change(&self.clock, self.list_height()),
            (None, Pane::Rbac | Pane::Activity) => None,
        };
        notice.into_iter().chain(room).min()
    }
}
