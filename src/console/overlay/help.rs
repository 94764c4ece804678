//! The help: the key table, place by place.

use crate::console::keymap::{BINDINGS, Place};

/// The help's lines.
pub fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for place in Place::ALL {
        lines.push(place.title().to_owned());
        for binding in BINDINGS.iter().filter(|binding| binding.place == place) {
            let keys: Vec<_> = binding.keys.iter().map(|key| key.label()).collect();
            lines.push(format!("  {:<14} {}", keys.join(" "), binding.help));
        }
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_binding_is_in_the_help_and_fits_the_reference_width() {
        let lines = super::lines();
        assert!(lines.len() > crate::console::keymap::BINDINGS.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 78), "{lines:#?}");
    }
}
