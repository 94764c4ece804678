//! The console's complete state. Only [`update`](super::update) changes it; drawing reads it.

use std::any::Any;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::{Rect, Size};

use crate::console::core::clock::Clock;
use crate::console::core::ctx::{Ctx, NOTICE_SECONDS};
use crate::console::core::dialog::Dialog;
use crate::console::core::keymap::KeyContext;
use crate::console::core::pane::PaneView;
use crate::console::core::pane_id::Pane;
use crate::console::core::settings::Settings;
use crate::console::panes::activity::ActivityPane;
use crate::console::panes::kubeconfig::{KubeconfigPane, life};
use crate::console::panes::rbac::RbacPane;
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
    /// The Requests pane.
    pub requests: RequestsPane,
    /// The RBAC pane.
    pub rbac: RbacPane,
    /// The Kubeconfig pane.
    pub kubeconfig: KubeconfigPane,
    /// The Activity pane.
    pub activity: ActivityPane,
    /// The new-user wizard, while it is open.
    pub wizard: Option<Wizard>,
    /// The dialogs, the topmost last.
    pub(crate) dialogs: Vec<Box<dyn Dialog>>,
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

impl State {
    /// The state before anything happened.
    pub fn new(clock: Clock, size: Size, theme: Theme, read_only: bool) -> Self {
        Self {
            cx: Ctx::new(clock, size, theme, read_only),
            requests: RequestsPane::default(),
            rbac: RbacPane::default(),
            kubeconfig: KubeconfigPane::default(),
            activity: ActivityPane::default(),
            wizard: None,
            dialogs: Vec::new(),
            questions: 0,
        }
    }

    /// What was decided before the console starts.
    #[must_use]
    pub(crate) fn with(mut self, settings: &Settings) -> Self {
        self.cx.clock.utc = settings.utc;
        (self.cx.theme, self.cx.keymap) = (settings.theme, settings.keymap.clone());
        (self.cx.ascii, self.cx.confirm) = (settings.ascii, settings.confirm);
        self.cx.session.practice = settings.practice;
        self.cx.requests.engine = VerdictEngine::by((*settings.policy).clone());
        self.cx.requests.columns = Columns::at_home(settings.columns);
        if let Some(text) = &settings.notice {
            self.cx.notify(false, text.clone());
        }
        self
    }

    /// Which question is open, or that there is none: another number for every change of it.
    pub(crate) fn question(&self) -> u64 {
        self.questions
    }

    /// The pane that is seen.
    pub(crate) fn seen(&self) -> &dyn PaneView {
        match self.cx.pane {
            Pane::Requests => &self.requests,
            Pane::Rbac => &self.rbac,
            Pane::Kubeconfig => &self.kubeconfig,
            Pane::Activity => &self.activity,
        }
    }

    /// The pane that is seen, with what it may use.
    pub(crate) fn seen_mut(&mut self) -> (&mut dyn PaneView, &mut Ctx) {
        let pane: &mut dyn PaneView = match self.cx.pane {
            Pane::Requests => &mut self.requests,
            Pane::Rbac => &mut self.rbac,
            Pane::Kubeconfig => &mut self.kubeconfig,
            Pane::Activity => &mut self.activity,
        };
        (pane, &mut self.cx)
    }

    /// The topmost dialog.
    pub(crate) fn dialog(&self) -> Option<&dyn Dialog> {
        self.dialogs.last().map(AsRef::as_ref)
    }

    /// The topmost dialog, if it is a `T`.
    #[cfg(test)]
    pub(crate) fn dialog_as<T: Dialog>(&self) -> Option<&T> {
        self.dialog().and_then(|dialog| dialog.downcast())
    }

    /// What has been typed of a name that confirms something, while its field has the keyboard.
    pub(crate) fn confirming_name(&self) -> Option<&str> {
        match (self.dialog(), &self.wizard) {
            (Some(dialog), _) => dialog.confirming_name(),
            (None, Some(wizard)) => wizard.confirming_name(),
            (None, None) => None,
        }
    }

    /// Lets `change` change the state, and notes whether it changed what is asked.
    pub(crate) fn counting_questions<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let asked = |state: &Self| {
            let wizard = state.wizard.as_ref().map(|wizard| (wizard.step, wizard.review.question()));
            let dialog = state.dialog().map(|dialog| ((dialog as &dyn Any).type_id(), dialog.question()));
            (state.dialogs.len(), dialog, wizard, state.rbac.question())
        };
        let before = asked(self);
        let done = change(self);
        self.questions += u64::from(asked(self) != before);
        done
    }

    /// The part of the screen that shows what the cursor is on: while the cursor moves, it may lag behind.
    pub(crate) fn detail_area(&self) -> Option<Rect> {
        if self.dialogs.is_empty() && self.wizard.is_none() { self.seen().detail_area(self.cx.body()) } else { None }
    }

    /// Where keys are looked up, the nearest first.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match (self.dialog(), &self.wizard) {
            (Some(dialog), _) => dialog.contexts(),
            (None, Some(wizard)) => wizard.places(),
            (None, None) => self.seen().contexts(),
        }
    }

    /// When something on the screen changes without an event: an age, a countdown, a notice that disappears.
    pub(crate) fn next_change(&self) -> Option<DateTime<Utc>> {
        let cx = &self.cx;
        let notice = cx.fresh_notice().map(|notice| notice.at + TimeDelta::seconds(NOTICE_SECONDS));
        let pane = match &self.wizard {
            Some(wizard) => wizard.next_change(&cx.clock),
            None => self.seen().next_change(cx),
        };
        let credential = life::own_change(cx);
        let login = cx.session.login.next_change(cx.clock.now);
        notice.into_iter().chain(pane).chain(credential).chain(login).min()
    }
}
