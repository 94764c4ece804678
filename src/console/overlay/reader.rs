//! A text that scrolls.

use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::requests::update::steps;
use crate::console::state::State;

use super::Overlay;

/// A text and how far it is scrolled.
#[derive(Debug)]
pub struct Reader {
    /// Its heading.
    pub title: String,
    /// Its lines, not yet made printable.
    pub lines: Vec<String>,
    /// First line shown.
    pub scroll: usize,
}

impl Reader {
    /// A text from its beginning.
    pub fn new(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, scroll: 0 }
    }
}

/// A key while a text is read.
pub fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let height = usize::from(state.body().height).saturating_sub(2);
    let Some(Overlay::Reader(reader)) = state.overlays.last_mut() else { return Vec::new() };
    match action {
        Some(Action::Back) => {
            state.overlays.pop();
        }
        Some(action) => {
            let last = reader.lines.len().saturating_sub(height);
            if let Some(steps) = steps(action, height) {
                reader.scroll = reader.scroll.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
    Vec::new()
}
