//! The choice of a context for this console.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::dialog_event::Update;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::view::framed;
use crate::console::panes::kubeconfig::KubeconfigTask;
use crate::console::panes::kubeconfig::life::validity;
use crate::console::widgets::text::{cell, shown};

/// The contexts to choose from, and which is under the cursor.
#[derive(Debug, Default)]
pub(crate) struct Picker {
    /// The place of the cursor; `None` until the contexts are known.
    pub place: Option<usize>,
}

/// Opens the picker.
pub(crate) fn open(cx: &mut Ctx) -> Vec<Effect> {
    let place = own_place(cx);
    cx.open(Picker { place });
    vec![Effect::Kubeconfig(KubeconfigTask::Read)]
}

/// Where the context of the connection is, once the contexts are known.
pub(crate) fn own_place(cx: &Ctx) -> Option<usize> {
    let contexts = cx.kubeconfigs.contexts();
    let own = cx.session.connection.as_ref().map(|connection| connection.context.as_str());
    (!contexts.is_empty()).then(|| contexts.iter().position(|context| Some(context.name.as_str()) == own).unwrap_or(0))
}

impl Dialog for Picker {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Picker, KeyContext::List, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        let height = usize::from(cx.body().height).saturating_sub(2);
        let last = cx.kubeconfigs.contexts().len().saturating_sub(1);
        match action {
            Some(Action::Open) => {
                let name = self.place.and_then(|at| Some(cx.kubeconfigs.contexts().get(at)?.name.clone()));
                cx.close();
                if let Some(name) = name {
                    cx.send(Message::SwitchContext(name));
                }
            }
            Some(Action::Back) => cx.close(),
            Some(action) => {
                if let (Some(steps), Some(at)) = (steps(action, height), self.place) {
                    self.place = Some(at.saturating_add_signed(steps).min(last));
                }
            }
            None => {}
        }
        Vec::new()
    }

    /// The contexts were read: a picker that waited for them has a cursor now.
    fn update(&mut self, update: &Update<'_>) {
        if let Update::Contexts(own, count) = update {
            self.place = self.place.map(|at| at.min(count.saturating_sub(1))).or(*own);
        }
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::Search | Action::Copy)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        let inner = framed(frame, area, cx, "Switch this console to");
        draw_list(frame, inner, cx, self);
    }
}

/// Draws the choice of a context for the console, inside of its frame.
fn draw_list(frame: &mut Frame, inner: Rect, cx: &Ctx, picker: &Picker) {
    let Some(place) = picker.place else {
        let text =
            cx.kubeconfigs.trouble.as_ref().map_or("Reading…".to_owned(), |trouble| format!("✖ {}", trouble.message));
        frame.render_widget(Line::raw(shown(&text, inner.width.into())), inner);
        return;
    };
    let own = cx.session.connection.as_ref().map(|connection| connection.context.as_str());
    let height = usize::from(inner.height);
    let top = (place + 1).saturating_sub(height);
    let contexts = cx.kubeconfigs.contexts().iter().enumerate().skip(top).take(height);
    for (y, (at, context)) in (inner.y..).zip(contexts) {
        let here = if own == Some(context.name.as_str()) { " (here)" } else { "" };
        let (left, style) = validity(cx, context, cx.theme);
        let name = usize::from(inner.width).saturating_sub(46).clamp(20, 60);
        let mut line = Line::from(vec![
            Span::raw(if at == place { "› " } else { "  " }),
            Span::raw(cell(&format!("{}{here}", context.name), name)),
            Span::raw(cell(&format!(" {}", context.user), 18)),
            Span::raw(cell(&format!(" {}", context.credential()), 14)),
            Span::styled(cell(&left, 11), style),
        ]);
        if at == place {
            line = line.style(cx.theme.chosen());
        }
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
}
