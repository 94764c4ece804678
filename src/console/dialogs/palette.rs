//! The command palette: everything that can be done now, by name, with its key.

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::Action;
use crate::console::core::state::State;
use crate::console::core::{update, view};
use crate::console::dialogs::Overlay;
use crate::console::panes::requests::update::steps;
use crate::domain::fuzzy::score;

/// The palette.
#[derive(Debug)]
pub struct Palette {
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

/// What moves a cursor is nobody's command, and the palette is open already.
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

/// Opens it over whatever is there.
pub(crate) fn open(state: &mut State) {
    let mut offers: Vec<Offer> = Vec::new();
    for (line, keys) in state.cx.keymap.offers(&state.places(), |action| view::possible(state, action)) {
        if LEFT_OUT.contains(&line.action) || offers.iter().any(|offer| offer.action == line.action) {
            continue;
        }
        let keys: Vec<_> = keys.iter().map(|key| state.cx.keymap.label(*key)).collect();
        offers.push(Offer {
            action: line.action,
            name: line.action.name().to_owned(),
            keys: keys.join(" "),
            help: line.help,
        });
    }
    state.overlays.push(Overlay::Palette(Palette { input: Input::default(), offers, place: 0 }));
}

/// A key while it is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let height = usize::from(state.body().height).saturating_sub(4);
    let Some(Overlay::Palette(palette)) = state.overlays.last_mut() else { return Vec::new() };
    match action {
        Some(Action::Back) => {
            state.overlays.pop();
        }
        Some(Action::Enter) => {
            let chosen = palette.found().get(palette.place).map(|offer| offer.action);
            state.overlays.pop();
            return chosen.map_or_else(Vec::new, |action| update::act(state, Some(action), key));
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
    Vec::new()
}
