//! The console's whole state. Only `update` changes it; drawing reads it.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::{Rect, Size};

use crate::console::core::clock::Clock;
use crate::console::core::ctx::{Ctx, NOTICE_SECONDS};
use crate::console::core::keymap::KeyContext;
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

/// Everything.
#[derive(Debug)]
pub struct State {
    /// What every pane and dialog may use.
    pub cx: Ctx,
    /// Which pane is seen.
    pub pane: Pane,
    /// The Requests pane.
    pub requests: RequestsPane,
    /// The RBAC pane.
    pub rbac: RbacPane,
    /// The Kubeconfig pane.
    pub kubeconfig: kubeconfig::KubeconfigPane,
    /// The Activity pane.
    pub activity: ActivityPane,
    /// The new-user wizard, while it is open.
    pub wizard: Option<Wizard>,
    /// What lies on top, the topmost last.
    pub overlays: Vec<Overlay>,
    questions: u64,
}

impl std::ops::Deref for State {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.cx
    }
}

impl std::ops::DerefMut for State {
    fn deref_mut(&mut self) -> &mut Ctx {
        &mut self.cx
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

impl State {
    /// The state before anything happened.
    pub fn new(clock: Clock, size: Size, theme: Theme, read_only: bool) -> Self {
        Self {
            cx: Ctx::new(clock, size, theme, read_only),
            pane: Pane::default(),
            requests: RequestsPane::default(),
            rbac: RbacPane::default(),
            kubeconfig: kubeconfig::KubeconfigPane::default(),
            activity: ActivityPane::default(),
            wizard: None,
            overlays: Vec::new(),
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
        self.cx.requests.engine = VerdictEngine::by((*settings.policy).clone());
        self.cx.requests.columns = Columns::at_home(settings.columns);
        if let Some(text) = &settings.notice {
            self.notify(false, text.clone());
        }
        self
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

    /// How many rows the list of requests shows.
    pub(crate) fn list_height(&self) -> usize {
        requests::layout::rows(self.body())
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
            (None, Pane::Requests) => self.requests.next_change(&self.cx.requests, &self.clock, self.list_height()),
            (None, Pane::Kubeconfig) => kubeconfig::KubeconfigPane::next_change(&self.cx.kubeconfigs, &self.clock),
            (None, Pane::Rbac | Pane::Activity) => None,
        };
        let credential = kubeconfig::update::own_change(self);
        let login = self.session.login.next_change(self.clock.now);
        notice.into_iter().chain(room).chain(credential).chain(login).min()
    }
}
