//! Moving a cursor or a text by the keys of lists.

use crate::console::core::keymap::Action;

/// The number of rows of a movement; first and last are farther than any list is long.
pub(crate) fn steps(action: Action, height: usize) -> Option<isize> {
    let height = isize::try_from(height).unwrap_or(1);
    Some(match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::PageDown => height,
        Action::PageUp => -height,
        Action::HalfDown => height / 2,
        Action::HalfUp => -height / 2,
        Action::Top => isize::MIN / 2,
        Action::Bottom => isize::MAX / 2,
        _ => return None,
    })
}
