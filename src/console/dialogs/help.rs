//! The help: the keys in force, place by place.

use crate::console::core::keymap::KeyContext;
use crate::console::core::keys::Keymap;

/// The help's lines: what can be done here first, then everything else.
pub(crate) fn lines(keymap: &Keymap, here: &[KeyContext]) -> Vec<String> {
    let mut lines = Vec::new();
    let rest = KeyContext::ALL.iter().copied().filter(|place| !here.contains(place));
    for place in here.iter().copied().chain(rest) {
        lines.push(if here.contains(&place) { format!("{} (here)", place.title()) } else { place.title().to_owned() });
        for (binding, keys) in keymap.lines().filter(|(binding, _)| binding.place == place) {
            let keys: Vec<_> = keys.iter().map(|key| keymap.label(*key)).collect();
            lines.push(format!("  {:<14} {}", keys.join(" "), binding.help));
        }
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::core::keymap::BINDINGS;

    #[test]
    fn every_binding_is_in_the_help_and_fits_the_reference_width() {
        let lines = lines(&Keymap::default(), &[KeyContext::Requests, KeyContext::List]);
        assert!(lines.len() > BINDINGS.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 78), "{lines:#?}");
        assert_eq!(lines[0], "Requests (here)");
    }
}
