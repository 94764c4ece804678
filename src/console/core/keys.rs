//! The keys in force: the key table, with what the config file puts in its place.

use std::fmt::Write;

use crossterm::event::KeyCode;

use crate::config::Keys;
use crate::console::core::key::{Key, parse};
use crate::console::core::keymap::{Action, BINDINGS, Binding, KeyContext};
use crate::domain::config_error::ConfigError;

/// The keys in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// The keys of each line of the table.
    keys: Vec<Vec<Key>>,
    /// Whether labels keep to ASCII.
    ascii: bool,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: BINDINGS.iter().map(|binding| binding.keys.to_vec()).collect(), ascii: false }
    }
}

impl Keymap {
    /// The table with `changes`, which were read from the text `file`, in place of the default keys.
    ///
    /// # Errors
    /// Names what is not known, and every key that would mean two things.
    pub(crate) fn with(changes: &Keys, file: &str) -> Result<Self, ConfigError> {
        let mut map = Self::default();
        let mut changed = Vec::new();
        for (place, actions) in changes {
            if !KeyContext::ALL.iter().any(|known| known.name() == *place) {
                let known: Vec<_> = KeyContext::ALL.iter().map(|place| place.name()).collect();
                let why = format!("there is no place {place:?}; there are: {}", known.join(", "));
                return Err(ConfigError::at(file, &["keys", place], why));
            }
            for (action, names) in actions {
                let at = BINDINGS
                    .iter()
                    .position(|line| line.place.name() == *place && line.action.name() == *action)
                    .ok_or_else(|| ConfigError::at(file, &["keys", place, action], unknown_action(place, action)))?;
                let read = |(at, name): (usize, &String)| {
                    parse(name).map_err(|why| ConfigError::at(file, &["keys", place, action, &at.to_string()], why))
                };
                map.keys[at] = names.0.iter().enumerate().map(read).collect::<Result<_, _>>()?;
                changed.push((at, ["keys", place, action]));
            }
        }
        for (at, path) in changed {
            if let Some(why) = map.conflict(at) {
                return Err(ConfigError::at(file, &path, why));
            }
        }
        Ok(map)
    }

    /// The same keys, whose labels keep to ASCII if `ascii`.
    #[must_use]
    pub(crate) fn in_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// What keeps the keys of a line of the table from meaning what they should.
    fn conflict(&self, at: usize) -> Option<String> {
        let (line, keys) = (&BINDINGS[at], &self.keys[at]);
        if keys.is_empty() && line.place == KeyContext::Always && line.action == Action::Quit {
            return Some("there must be a key to quit that works everywhere".to_owned());
        }
        for key in keys {
            let label = self.label(*key);
            let typed = matches!(key.0, KeyCode::Char(_)) && key.1.is_empty();
            if typed && matches!(line.place, KeyContext::Always | KeyContext::Form | KeyContext::Palette) {
                return Some(format!("{label} is a character of the texts that are typed there"));
            }
            let other = (0..BINDINGS.len()).find(|other| {
                *other != at && together(line.place, BINDINGS[*other].place) && self.keys[*other].contains(key)
            });
            if let Some(other) = other.map(|other| &BINDINGS[other]) {
                return Some(format!(
                    "{label} is taken: in {} it means {} ({})",
                    other.place.name(),
                    other.action.name(),
                    other.help
                ));
            }
        }
        None
    }

    /// The table's lines with the keys in force.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        BINDINGS.iter().zip(self.keys.iter().map(Vec::as_slice))
    }

    /// The action of `key` where `places` are in force, nearest first.
    pub(crate) fn lookup(&self, places: &[KeyContext], key: Key) -> Option<Action> {
        places.iter().find_map(|place| {
            self.lines().find(|(line, keys)| line.place == *place && keys.contains(&key)).map(|(line, _)| line.action)
        })
    }

    /// What can be asked for where `places` are in force: the lines whose keys no nearer place takes, in the table's
    /// order, only where `possible`; each with its keys that work.
    pub(crate) fn offers(
        &self,
        places: &[KeyContext],
        possible: impl Fn(Action) -> bool,
    ) -> Vec<(&'static Binding, Vec<Key>)> {
        let works = |line: &Binding, key: &Key| self.lookup(places, *key) == Some(line.action);
        self.lines()
            .filter(|(line, _)| places.contains(&line.place) && possible(line.action))
            .map(|(line, keys)| (line, keys.iter().copied().filter(|key| works(line, key)).collect::<Vec<_>>()))
            .filter(|(_, keys)| !keys.is_empty())
            .collect()
    }

    /// The footer's hints for `places`: key and word, in the table's order, only where `possible`.
    pub(crate) fn hints(
        &self,
        places: &[KeyContext],
        possible: impl Fn(Action) -> bool,
    ) -> Vec<(String, &'static str)> {
        self.offers(places, possible)
            .into_iter()
            .filter(|(line, _)| !line.hint.is_empty())
            .filter_map(|(line, keys)| Some((self.label(*keys.first()?), line.hint)))
            .collect()
    }

    /// The key for `action` in `place`, as people write it; for sentences that name it.
    pub(crate) fn name(&self, place: KeyContext, action: Action) -> String {
        let line = self.lines().find(|(line, _)| line.place == place && line.action == action);
        line.and_then(|(_, keys)| keys.first()).map_or_else(|| "(no key)".to_owned(), |key| self.label(*key))
    }

    /// The key for `action` in `place`, for sentences: [`Self::name`], with Enter written out.
    pub(crate) fn word(&self, place: KeyContext, action: Action) -> String {
        self.name(place, action).replace('⏎', "Enter")
    }

    /// All keys for `action` in `place`, for sentences: `y or Enter`.
    pub(crate) fn words(&self, place: KeyContext, action: Action) -> String {
        let line = self.lines().find(|(line, _)| line.place == place && line.action == action);
        let labels = line.map(|(_, keys)| keys.iter().map(|key| self.label(*key)).collect::<Vec<_>>());
        let labels = labels.filter(|labels| !labels.is_empty()).unwrap_or_else(|| vec!["(no key)".to_owned()]);
        labels.join(" or ").replace('⏎', "Enter")
    }

    /// How people write a key.
    pub(crate) fn label(&self, key: Key) -> String {
        let label = key.label();
        if !self.ascii {
            return label;
        }
        label.replace('⏎', "Enter").replace('↑', "Up").replace('↓', "Down").replace('←', "Left").replace('→', "Right")
    }
}

fn unknown_action(place: &str, action: &str) -> String {
    let known = BINDINGS.iter().filter(|line| line.place.name() == place).map(|line| line.action.name());
    format!("{place} knows no {action:?}; it knows: {}", known.collect::<Vec<_>>().join(", "))
}

/// Whether both places can be in force at once, so that a key could mean two things. Where the nearer one is meant to
/// win, the table itself says so; a change by the user shall not hide anything.
fn together(a: KeyContext, b: KeyContext) -> bool {
    let general = |place| matches!(place, KeyContext::Everywhere | KeyContext::List);
    let alone = |place| {
        matches!(
            place,
            KeyContext::Reader
                | KeyContext::Form
                | KeyContext::Confirm
                | KeyContext::WizardReview
                | KeyContext::WizardRun
                | KeyContext::Palette
                | KeyContext::Bulk
                | KeyContext::BulkRun
                | KeyContext::BulkEnd
                | KeyContext::Picker
                | KeyContext::Columns
        )
    };
    a == b
        || a == KeyContext::Always
        || b == KeyContext::Always
        || (general(a) && !alone(b))
        || (general(b) && !alone(a))
        || matches!((a, b), (KeyContext::Bulk | KeyContext::Picker | KeyContext::Columns, KeyContext::List))
        || matches!((a, b), (KeyContext::List, KeyContext::Bulk | KeyContext::Picker | KeyContext::Columns))
        || matches!((a, b), (KeyContext::Page, KeyContext::Requests) | (KeyContext::Requests, KeyContext::Page))
}

/// The keys in force as text: `place.action`, keys, what they do.
pub(crate) fn listing(map: &Keymap) -> String {
    let mut text = String::new();
    for &place in KeyContext::ALL {
        for (line, keys) in map.lines().filter(|(line, _)| line.place == place) {
            let keys: Vec<_> = keys.iter().map(|key| map.label(*key)).collect();
            let name = format!("{}.{}", place.name(), line.action.name());
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{name:<32} {:<16} {}", keys.join(" "), line.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::{KeyEvent, KeyModifiers};

    use super::*;
    use crate::config::Config;
    use crate::console::core::pane_id::Pane;

    /// Renaming a variant must not break a user's config file or saved session.
    #[test]
    fn names_in_users_files_are_never_lost() {
        let actions = Action::ALL.iter().map(|action| format!("action {}", action.name()));
        let contexts = KeyContext::ALL.iter().map(|context| format!("context {}", context.name()));
        let panes = Pane::ALL.iter().map(|pane| format!("pane {}", pane.name()));
        let known: Vec<_> = actions.chain(contexts).chain(panes).collect();
        let listed: Vec<_> = include_str!("stable_names.txt").lines().filter(|line| !line.starts_with('#')).collect();
        let lost: Vec<_> = listed.iter().filter(|name| !known.iter().any(|known| known == **name)).collect();
        let missing: Vec<_> = known.iter().filter(|name| !listed.contains(&name.as_str())).collect();
        assert!(lost.is_empty(), "names that users have are not known any more: {lost:?}");
        assert!(missing.is_empty(), "add these to stable_names.txt: {missing:?}");
    }

    fn changed(yaml: &str) -> Result<Keymap, ConfigError> {
        Keymap::with(&Config::parse(yaml).unwrap().keys, yaml)
    }

    #[test]
    fn no_key_means_two_things_in_one_place_and_no_line_has_two_names() {
        let (mut seen, mut names) = (HashSet::new(), HashSet::new());
        for binding in BINDINGS {
            assert!(KeyContext::ALL.contains(&binding.place), "{:?} is in no help", binding.place);
            assert!(names.insert((binding.place, binding.action)), "{:?} {:?} twice", binding.place, binding.action);
            for key in binding.keys {
                assert!(seen.insert((binding.place, *key)), "{:?} {} twice", binding.place, key.label());
            }
        }
    }

    #[test]
    fn a_terminal_that_reports_shift_and_one_that_does_not_mean_the_same_key() {
        let without = KeyEvent::new(KeyCode::Char('S'), KeyModifiers::NONE);
        let with = KeyEvent::new(KeyCode::Char('S'), KeyModifiers::SHIFT);
        assert_eq!(Key::of(without), Key::of(with));
        let back = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Keymap::default().lookup(&[KeyContext::Form], Key::of(back)), Some(Action::PreviousField));
    }

    #[test]
    fn the_nearest_place_wins() {
        let key = Key::plain(KeyCode::Esc);
        assert_eq!(Keymap::default().lookup(&[KeyContext::Confirm, KeyContext::Everywhere], key), Some(Action::No));
    }

    #[test]
    fn the_footer_shows_only_what_is_possible_now() {
        let places = [KeyContext::Requests, KeyContext::List, KeyContext::Everywhere];
        let hints = Keymap::default().hints(&places, |action| action != Action::Approve);
        assert!(hints.iter().all(|(_, word)| *word != "approve"));
        assert!(hints.iter().any(|(key, word)| key == "q" && *word == "quit"));
    }

    #[test]
    fn a_key_of_ones_own_takes_the_place_of_the_tables() {
        let map = changed("keys: {requests: {approve: [F5, Ctrl-B], delete: []}}").unwrap();
        let places = [KeyContext::Requests, KeyContext::List, KeyContext::Everywhere, KeyContext::Always];
        assert_eq!(map.lookup(&places, Key::plain(KeyCode::F(5))), Some(Action::Approve));
        assert_eq!(map.lookup(&places, Key::ctrl('b')), Some(Action::Approve));
        assert_eq!(map.lookup(&places, Key::char('a')), None);
        assert_eq!(map.lookup(&places, Key::char('x')), None);
        assert!(map.hints(&places, |_| true).contains(&("F5".to_owned(), "approve")));
        assert_eq!(map.name(KeyContext::Requests, Action::Delete), "(no key)");
    }

    #[test]
    fn two_actions_may_change_their_keys_with_each_other() {
        let map = changed("keys: {requests: {approve: d, deny: a}}").unwrap();
        assert_eq!(map.lookup(&[KeyContext::Requests], Key::char('d')), Some(Action::Approve));
    }

    #[test]
    fn conflicts_and_unknown_names_are_named() {
        for (yaml, path, words) in [
            ("keys: {requests: {approve: d}}", "keys.requests.approve", "d is taken: in requests it means deny"),
            ("keys: {requests: {approve: j}}", "keys.requests.approve", "in list it means down"),
            ("keys: {everywhere: {quit: a}}", "keys.everywhere.quit", "in requests it means approve"),
            ("keys: {form: {review: r}}", "keys.form.review", "character of the texts"),
            ("keys: {always: {quit: []}}", "keys.always.quit", "must be a key to quit"),
            ("keys: {request: {approve: d}}", "keys.request", "there is no place"),
            ("keys: {requests: {aprove: d}}", "keys.requests.aprove", "it knows: approve"),
            ("keys: {requests: {approve: Ctrl-I}}", "keys.requests.approve.0", "the same for Ctrl-I as for Tab"),
            ("keys: {requests: {approve: [a, Strg-A]}}", "keys.requests.approve.1", "is no key"),
        ] {
            let error = changed(yaml).unwrap_err();
            let path: Vec<_> = path.split('.').collect();
            assert_eq!(error.position, ConfigError::at(yaml, &path, "").position, "{yaml}");
            assert!(error.message.contains(words), "{yaml}: {}", error.message);
        }
    }

    #[test]
    fn every_label_of_the_table_can_be_written_in_the_config_file() {
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert_eq!(parse(&key.label()), Ok(*key), "{}", key.label());
            let map = Keymap::default().in_ascii(true);
            assert!(map.label(*key).is_ascii());
            assert_eq!(parse(&map.label(*key)), Ok(*key), "{}", map.label(*key));
        }
    }
}
