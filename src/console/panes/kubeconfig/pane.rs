//! The Kubeconfig pane as a pane.

use chrono::{DateTime, Utc};
use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::pane::PaneView;
use crate::console::panes::kubeconfig::{KubeconfigPane, KubeconfigTask, update, view};
use crate::domain::output::clipboard::ClipboardText;

impl PaneView for KubeconfigPane {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Kubeconfig, KeyContext::List, KeyContext::Everywhere, KeyContext::Always]
    }

    fn shown(&mut self, _cx: &mut Ctx) -> Vec<Effect> {
        vec![Effect::Kubeconfig(KubeconfigTask::Read)]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        update::key(self, cx, action)
    }

    fn is_possible(&self, action: Action, cx: &Ctx) -> bool {
        self.possible(action, &cx.kubeconfigs)
    }

    /// Using a context asks nothing, but what it is about must be on the screen.
    fn confirms(&self, action: Action) -> bool {
        matches!(action, Action::Yes | Action::Open)
    }

    fn next_change(&self, cx: &Ctx) -> Option<DateTime<Utc>> {
        Self::next_change(&cx.kubeconfigs, &cx.clock)
    }

    fn copy(&self, cx: &Ctx) -> Option<Result<ClipboardText, &'static str>> {
        self.chosen(&cx.kubeconfigs).map(|context| ClipboardText::name(&context.name))
    }

    fn detail_area(&self, body: Rect) -> Option<Rect> {
        view::detail_area(body)
    }

    fn rows(&self, body: Rect) -> Option<(Rect, u16)> {
        view::row_area(body, self.place)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        view::draw(frame, area, self, cx);
    }
}
