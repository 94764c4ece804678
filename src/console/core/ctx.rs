//! What every pane and dialog may use: the clock, the screen, the keys, the session, what the cluster says. No pane and no
//! dialog sees another one: what it wants of another is a message.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::{Rect, Size};

use crate::config::Confirm;
use crate::console::core::clock::Clock;
use crate::console::core::dialog::Dialog;
use crate::console::core::effect_id::EffectId;
use crate::console::core::event::{Connection, Identified};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::keys::Keymap;
use crate::console::core::login_state::Login;
use crate::console::core::message::Message;
use crate::console::core::pane_id::Pane;
use crate::console::panes::kubeconfig::Kubeconfigs;
use crate::console::panes::rbac::RbacModel;
use crate::console::panes::requests::list::RequestList;
use crate::console::widgets::theme::Theme;
use crate::domain::ascii;
use crate::domain::gate::{Refusal, WriteAccess, WritePermit};
use crate::domain::output::shell::Kubectl;
use crate::domain::text::printable;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// How long a notice stays.
pub(crate) const NOTICE_SECONDS: i64 = 12;

/// What every pane and dialog may use.
#[derive(Debug)]
pub struct Ctx {
    /// The time, and how times are written.
    pub clock: Clock,
    /// The screen's size.
    pub size: Size,
    /// Which pane is seen.
    pub pane: Pane,
    pub theme: Theme,
    /// The keys in force.
    pub keymap: Keymap,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Which decisions ask first.
    pub confirm: Confirm,
    /// Whether the console explains itself: until the first key of the first start.
    pub welcome: bool,
    pub session: Session,
    pub requests: RequestList,
    pub rbac: RbacModel,
    pub kubeconfigs: Kubeconfigs,
    /// Whether everything that an answer to the open question depends on is on the screen.
    pub question_fits: bool,
    /// What other panes and dialogs are to do.
    pub(crate) messages: Vec<Message>,
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

impl Ctx {
    /// Asks for something that another pane or dialog does, once the current handler has returned.
    pub(crate) fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Opens a dialog on top of what is seen.
    pub(crate) fn open(&mut self, dialog: impl Dialog) {
        self.send(Message::Open(Box::new(dialog)));
    }

    /// Closes the dialog that is handling a key or a result.
    pub(crate) fn close(&mut self) {
        self.send(Message::Close);
    }

    /// Adds a write that has just ended to the Activity pane.
    pub(crate) fn record(&mut self, written: WriteRecord) {
        self.send(Message::Record(written));
    }

    /// What a search without a match shows.
    pub(crate) fn nothing_found(&self) -> String {
        format!("Nothing found. {} clears the search.", self.keymap.word(KeyContext::Everywhere, Action::Back))
    }

    /// Before anything happened.
    pub(crate) fn new(clock: Clock, size: Size, theme: Theme, read_only: bool) -> Self {
        Self {
            clock,
            size,
            pane: Pane::default(),
            theme,
            keymap: Keymap::default(),
            ascii: false,
            confirm: Confirm::default(),
            welcome: false,
            session: Session { read_only, read_only_asked: read_only, ..Session::default() },
            requests: RequestList::default(),
            rbac: RbacModel::default(),
            kubeconfigs: Kubeconfigs::default(),
            question_fits: true,
            messages: Vec::new(),
            notice: None,
            last_effect: 0,
        }
    }

    /// An id for the next question.
    pub(crate) fn next_effect(&mut self) -> EffectId {
        self.last_effect += 1;
        self.last_effect
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

    /// Our user name, once the server has reported it.
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
}
