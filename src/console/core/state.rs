//! The console's whole state. Only `update` changes it; drawing reads it.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::{Rect, Size};

use crate::config::Confirm;
use crate::console::core::clock::Clock;
use crate::console::core::effect::EffectId;
use crate::console::core::event::{Connection, Identified};
use crate::console::core::keymap::KeyContext;
use crate::console::core::keys::Keymap;
use crate::console::core::login::Login;
use crate::console::core::settings::Settings;
use crate::console::dialogs::Overlay;
use crate::console::panes::activity;
use crate::console::panes::activity::ActivityPane;
use crate::console::panes::kubeconfig;
use crate::console::panes::rbac;
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::requests;
use crate::console::panes::requests::RequestsPane;
use crate::console::panes::requests::columns::Columns;
use crate::console::panes::requests::judging::VerdictEngine;
use crate::console::widgets::theme::Theme;
use crate::console::wizard::Wizard;
use crate::domain::ascii;
use crate::domain::gate::{Refusal, WriteAccess, WritePermit};
use crate::domain::output::shell::Kubectl;
use crate::domain::text::printable;
use crate::error::UserError;

/// How long a notice stays.
pub(crate) const NOTICE_SECONDS: i64 = 12;

/// Everything.
#[derive(Debug)]
pub struct State {
    /// What time it is, and how times are written.
    pub clock: Clock,
    /// The screen's size.
    pub size: Size,
    /// The styles.
    pub theme: Theme,
    /// The keys in force.
    pub keymap: Keymap,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Which decisions ask first.
    pub confirm: Confirm,
    /// Whether the console explains itself: until the first key of the first time.
    pub welcome: bool,
    /// The cluster that we talk to.
    pub session: Session,
    /// Which pane is seen.
    pub pane: Pane,
    /// The Requests pane.
    pub requests: RequestsPane,
    /// The RBAC pane, with the roles and bindings that every room may read.
    pub rbac: RbacPane,
    /// The Kubeconfig pane.
    pub kubeconfig: kubeconfig::KubeconfigPane,
    /// The Activity pane.
    pub activity: ActivityPane,
    /// The new-user wizard, while it is open.
    pub wizard: Option<Wizard>,
    /// What lies on top, the topmost last.
    pub overlays: Vec<Overlay>,
    /// A short message about what just happened.
    pub notice: Option<Notice>,
    last_effect: EffectId,
    questions: u64,
}

/// The cluster that we talk to, as far as it is known.
#[derive(Debug, Default)]
pub struct Session {
    /// From the kubeconfig; `None` until it is read.
    pub connection: Option<Connection>,
    /// From the server; `None` until it answered.
    pub identified: Option<Identified>,
    /// Why there is no connection or no identity.
    pub trouble: Option<UserError>,
    /// How the login and the connection stand.
    pub login: Login,
    /// Whether this console refuses to write.
    pub read_only: bool,
    /// Whether the user wants that in every context.
    pub read_only_asked: bool,
    /// Whether the cluster is the practice cluster inside this process: a mark in the header, nothing else.
    pub practice: bool,
}

impl Session {
    /// The permit to write.
    ///
    /// # Errors
    /// [`Refusal::ReadOnly`].
    pub(crate) fn permit(&self) -> Result<WritePermit, Refusal> {
        let context = self.connection.as_ref().map_or("", |connection| connection.context.as_str());
        WriteAccess::new(self.read_only_asked, self.read_only.then_some(context)).permit()
    }
}

/// The panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The CSRs.
    #[default]
    Requests,
    /// Who may do what.
    Rbac,
    /// The contexts of the kubeconfigs.
    Kubeconfig,
    /// What this process wrote.
    Activity,
}

impl Pane {
    /// Its name in the session file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Rbac => "rbac",
            Self::Kubeconfig => "kubeconfig",
            Self::Activity => "activity",
        }
    }

    /// All of them, in the order of their tabs.
    pub(crate) const ALL: [Self; 4] = [Self::Requests, Self::Rbac, Self::Kubeconfig, Self::Activity];
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
    /// Whether it is about what lies on top of the pane.
    pub on_top: bool,
}

impl State {
    /// The state before anything happened.
    pub fn new(clock: Clock, size: Size, theme: Theme, read_only: bool) -> Self {
        Self {
            clock,
            size,
            theme,
            keymap: Keymap::default(),
            ascii: false,
            confirm: Confirm::default(),
            welcome: false,
            session: Session { read_only, read_only_asked: read_only, ..Session::default() },
            pane: Pane::default(),
            requests: RequestsPane::default(),
            rbac: RbacPane::default(),
            kubeconfig: kubeconfig::KubeconfigPane::default(),
            activity: ActivityPane::default(),
            wizard: None,
            overlays: Vec::new(),
            notice: None,
            last_effect: 0,
            questions: 0,
        }
    }

    /// What was decided before the console starts.
    #[must_use]
    pub(crate) fn with(mut self, settings: &Settings) -> Self {
        self.clock.utc = settings.utc;
        (self.theme, self.keymap) = (settings.theme, settings.keymap.clone());
        (self.ascii, self.confirm) = (settings.ascii, settings.confirm);
        self.session.practice = settings.practice;
        self.requests.judging = VerdictEngine::by((*settings.policy).clone());
        self.requests.columns = Columns::at_home(settings.columns);
        if let Some(text) = &settings.notice {
            self.notify(false, text.clone());
        }
        self
    }

    /// An id for the next question.
    pub(crate) fn next_effect(&mut self) -> EffectId {
        self.last_effect += 1;
        self.last_effect
    }

    /// Which question is open, or that there is none: another number for every change of it.
    pub(crate) fn question(&self) -> u64 {
        self.questions
    }

    /// What has been typed of a name that confirms something, while its field has the keyboard.
    pub(crate) fn confirming_name(&self) -> Option<&str> {
        match (self.overlays.last(), &self.wizard) {
            (Some(overlay), _) => overlay.confirming_name(),
            (None, Some(wizard)) => wizard.confirming_name(),
            (None, None) => None,
        }
    }

    /// Lets `change` change the state, and notes whether it changed what is asked.
    pub(crate) fn counting_questions<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let asked = |state: &Self| {
            let wizard = state.wizard.as_ref().map(|wizard| (wizard.step, wizard.review.question()));
            let sheet = state.rbac.sheet.as_ref().map(|sheet| std::mem::discriminant(&sheet.step));
            (state.overlays.len(), state.overlays.last().map(Overlay::question), wizard, sheet)
        };
        let before = asked(self);
        let done = change(self);
        self.questions += u64::from(asked(self) != before);
        done
    }

    /// The part of the screen that tells about what the cursor is on: while the cursor moves, it may lag behind.
    pub(crate) fn detail_area(&self) -> Option<Rect> {
        match (self.overlays.is_empty() && self.wizard.is_none(), self.pane) {
            (true, Pane::Requests) if self.requests.page.is_none() => requests::layout::parts(self.body()).detail,
            (true, Pane::Rbac) if self.rbac.sheet.is_none() && self.rbac.ask.is_none() => {
                rbac::view::detail_area(self.body())
            }
            (true, Pane::Kubeconfig) => kubeconfig::view::detail_area(self.body()),
            _ => None,
        }
    }

    /// The rows of the list that is seen, and the line on which its cursor is: for the mouse.
    pub(crate) fn rows(&self) -> Option<(Rect, u16)> {
        match self.pane {
            Pane::Requests if self.requests.page.is_none() => {
                let list = requests::layout::parts(self.body()).list;
                // Border and heading are no rows.
                let rows = Rect { y: list.y + 2, height: list.height.saturating_sub(3), ..list };
                let cursor = self.requests.cursor.place().saturating_sub(self.requests.cursor.top());
                Some((rows, rows.y + u16::try_from(cursor).ok()?))
            }
            Pane::Requests => None,
            Pane::Rbac => rbac::view::row_area(self.body(), &self.rbac),
            Pane::Kubeconfig => kubeconfig::view::row_area(self.body(), self.kubeconfig.place),
            Pane::Activity => activity::view::rows(self.body(), &self.activity),
        }
    }

    /// What the window is called, once it is known what it shows. ASCII, so that no terminal can misread it.
    pub(crate) fn title(&self) -> Option<String> {
        let context = &self.session.connection.as_ref()?.context;
        Some(format!("countersign: {}", ascii::plain(&printable(context)).chars().take(60).collect::<String>()))
    }

    /// Shows a short message.
    pub(crate) fn notify(&mut self, good: bool, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), good, at: self.clock.now, on_top: false });
    }

    /// Shows a short message about what lies on top, where it can be seen.
    pub(crate) fn notify_on_top(&mut self, good: bool, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), good, at: self.clock.now, on_top: true });
    }

    /// The notice, while it is fresh.
    pub(crate) fn fresh_notice(&self) -> Option<&Notice> {
        self.notice.as_ref().filter(|notice| self.clock.now - notice.at < TimeDelta::seconds(NOTICE_SECONDS))
    }

    /// The part of the screen between header and footer.
    pub(crate) fn body(&self) -> Rect {
        let taken = 3 + self.welcome_lines();
        Rect { x: 0, y: 2, width: self.size.width, height: self.size.height.saturating_sub(taken) }
    }

    /// Lines above the footer in which the console explains itself: as many as a small screen can spare.
    pub(crate) fn welcome_lines(&self) -> u16 {
        match (self.welcome, self.size.height) {
            (false, _) | (true, ..16) => 0,
            (true, 16..20) => 1,
            (true, _) => 3,
        }
    }

    /// How many rows the list of requests shows.
    pub(crate) fn list_height(&self) -> usize {
        requests::layout::rows(self.body())
    }

    /// Our user name, once the server has said it.
    pub(crate) fn username(&self) -> Option<&str> {
        self.session.identified.as_ref().map(|identified| identified.who.username.as_str())
    }

    /// The namespace in force.
    pub(crate) fn namespace(&self) -> String {
        let connection = self.session.connection.as_ref();
        connection.map_or_else(|| "default".to_owned(), |connection| connection.namespace.clone())
    }

    /// `kubectl` with the flags that mean this cluster and this user.
    pub(crate) fn kubectl(&self) -> &Kubectl {
        static PLAIN: Kubectl = Kubectl::plain();
        self.session.connection.as_ref().map_or(&PLAIN, |connection| &connection.kubectl)
    }

    /// Where keys are looked up, the nearest place first.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        if let Some(overlay) = self.overlays.last() {
            return overlay.places();
        }
        if let Some(wizard) = &self.wizard {
            return wizard.places();
        }
        match self.pane {
            Pane::Requests => self.requests.places(),
            Pane::Rbac => self.rbac.places(),
            Pane::Kubeconfig => kubeconfig::KubeconfigPane::places(),
            Pane::Activity => vec![KeyContext::List, KeyContext::Everywhere, KeyContext::Always],
        }
    }

    /// When something on the screen changes without anything happening: an age, a countdown, a notice that goes.
    pub(crate) fn next_change(&self) -> Option<DateTime<Utc>> {
        let notice = self.fresh_notice().map(|notice| notice.at + TimeDelta::seconds(NOTICE_SECONDS));
        let room = match (&self.wizard, self.pane) {
            (Some(wizard), _) => wizard.next_change(&self.clock),
            (None, Pane::Requests) => self.requests.next_change(&self.clock, self.list_height()),
            (None, Pane::Kubeconfig) => self.kubeconfig.next_change(&self.clock),
            (None, Pane::Rbac | Pane::Activity) => None,
        };
        let credential = kubeconfig::update::own_change(self);
        let login = self.session.login.next_change(self.clock.now);
        notice.into_iter().chain(room).chain(credential).chain(login).min()
    }
}
