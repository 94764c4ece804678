//! The command palette: everything that can be done now, by name, with its key.

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::palette_view;
use crate::console::widgets::form::paste;
use crate::domain::fuzzy::score;

/// The palette.
#[derive(Debug)]
pub(crate) struct Palette {
    /// What is typed.
    pub input: Input,
    /// What can be done.
    offers: Vec<Offer>,
    /// The place of the cursor among what is found.
    pub place: usize,
}

/// One thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// What it does.
    pub action: Action,
    /// Its name in the config file.
    pub name: String,
    /// Its keys.
    pub keys: String,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// What moves a cursor is no one's command, and the palette is open already.
const LEFT_OUT: [Action; 10] = [
    Action::Palette,
    Action::Back,
    Action::Down,
    Action::Up,
    Action::Top,
    Action::Bottom,
    Action::PageDown,
    Action::PageUp,
    Action::HalfDown,
    Action::HalfUp,
];

impl Palette {
    /// What can be done where `contexts` are in force.
    pub(crate) fn new(cx: &Ctx, contexts: &[KeyContext], is_possible: impl Fn(Action) -> bool) -> Self {
        let mut offers: Vec<Offer> = Vec::new();
        for (line, keys) in cx.keymap.offers(contexts, is_possible) {
            if LEFT_OUT.contains(&line.action) || offers.iter().any(|offer| offer.action == line.action) {
                continue;
            }
            let keys: Vec<_> = keys.iter().map(|key| cx.keymap.label(*key)).collect();
            offers.push(Offer {
                action: line.action,
                name: line.action.name().to_owned(),
                keys: keys.join(" "),
                help: line.help,
            });
        }
        Self { input: Input::default(), offers, place: 0 }
    }

    /// What is found, the best first.
    pub(crate) fn found(&self) -> Vec<&Offer> {
        let query = self.input.value();
        let mut found: Vec<_> = self
            .offers
            .iter()
            .filter_map(|offer| {
                Some((score(query, &format!("{} {}", offer.name.replace('-', " "), offer.help))?, offer))
            })
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, offer)| offer).collect()
    }
}

impl Dialog for Palette {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Palette, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx);
        Vec::new()
    }

    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        paste::insert(&mut self.input, paste::line(text)?);
        self.place = 0;
        Ok(())
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::Search | Action::Copy)
    }

    fn confirms(&self, _action: Action) -> bool {
        false
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        palette_view::draw(frame, area, cx, self);
    }
}

fn on_key(palette: &mut Palette, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) {
    let height = usize::from(cx.body().height).saturating_sub(4);
    match action {
        Some(Action::Back) => cx.close(),
        Some(Action::Enter) => {
            let chosen = palette.found().get(palette.place).map(|offer| offer.action);
            cx.close();
            if let Some(action) = chosen {
                cx.send(Message::Act(action, key));
            }
        }
        Some(action) => {
            if let Some(steps) = steps(action, height) {
                let last = palette.found().len().saturating_sub(1);
                palette.place = palette.place.saturating_add_signed(steps).min(last);
            }
        }
        None => {
            let changed = palette.input.handle_event(&TerminalEvent::Key(key)).is_some_and(|change| change.value);
            if changed {
                palette.place = 0;
            }
        }
    }
}
