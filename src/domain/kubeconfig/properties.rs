//! Whatever is edited, what was not meant stays.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::edit::Edit;
use super::set::testing::files;
use super::set::{Kubeconfigs, Source};
use super::{EntryKind, Kubeconfig};

const NAMES: [&str; 4] = ["a", "b", "c d", "yes"];

fn file() -> impl Strategy<Value = String> {
    let own = prop::sample::select(vec!["1", "'yes'", "[x, {y: z}]", "null", "\"tab\\t\"", "'0777'", "2.5"]);
    let entry = (prop::sample::select(NAMES.to_vec()), prop::sample::select(NAMES.to_vec()), own.clone());
    let list = move || prop::collection::vec(entry.clone(), 0..4);
    (list(), list(), list(), own, prop::option::of(prop::sample::select(NAMES.to_vec()))).prop_map(
        |(clusters, users, contexts, own, current)| {
            let mut text = format!("# kept\nx-first: {own} # kept\n");
            for (list, word, entries) in
                [("users", "user", users), ("contexts", "context", contexts), ("clusters", "cluster", clusters)]
            {
                writeln!(text, "{list}:").unwrap();
                let mut seen = std::collections::HashSet::new();
                for (name, other, own) in entries.into_iter().filter(|(name, ..)| seen.insert(*name)) {
                    let fields = format!("x-in: {own}, cluster: '{other}', user: '{name}'");
                    writeln!(text, "- x-beside: {own}\n  name: '{name}'\n  {word}: {{{fields}}}").unwrap();
                }
            }
            text + &current.map(|name| format!("current-context: '{name}'\n")).unwrap_or_default()
                + "x-last: {k: v} # kept\n"
        },
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = || prop::sample::select(vec!["a", "b", "c d", "yes", "on", "new: #"]).prop_map(str::to_owned);
    prop_oneof![
        name().prop_map(Edit::Use),
        (name(), name()).prop_map(|(old, new)| Edit::Rename { old, new }),
        (name(), any::<bool>()).prop_map(|(context, orphans)| Edit::Delete { context, orphans }),
        (name(), name()).prop_map(|(context, namespace)| Edit::Namespace { context, namespace }),
        name().prop_map(|context| Edit::Namespace { context, namespace: String::new() }),
    ]
}

/// The content of a file, one property a line, in order.
fn everything(source: &Source) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in source.config.root() {
        match value.as_sequence() {
            Some(items) => lines.extend(items.iter().map(|item| format!("{key:?} {item:?}"))),
            None => lines.push(format!("{key:?} {value:?}")),
        }
    }
    lines
}

/// How many things an edit may add or change, and how many of those that were there may go.
fn allowed(before: &Kubeconfigs, edit: &Edit) -> usize {
    match edit {
        Edit::Rename { .. } => 2,
        Edit::Delete { context, orphans: true } => 1 + before.orphans(context).len(),
        _ => 1,
    }
}

proptest! {
    #[test]
    fn any_sequence_of_edits_keeps_what_it_did_not_mean(texts in prop::collection::vec(file(), 1..4), edits in prop::collection::vec(edit(), 1..12)) {
        let mut all = files(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut texts = texts;
        for edit in edits {
            let before = all.clone();
            if all.apply(&edit).is_err() {
                for (old, new) in before.sources().iter().zip(all.sources()) {
                    prop_assert!(old.config == new.config, "{edit:?} was refused and changed something");
                }
                continue;
            }
            let (mut gone, mut come) = (Vec::new(), Vec::new());
            for (old, new) in before.sources().iter().zip(all.sources()) {
                let (old, new) = (everything(old), everything(new));
                gone.extend(old.iter().filter(|line| !new.contains(line)).cloned());
                come.extend(new.iter().filter(|line| !old.contains(line)).cloned());
                // What stays stays in its order.
                let stays = |lines: &[String], other: &[String]| lines.iter().filter(|line| other.contains(line)).cloned().collect::<Vec<_>>();
                prop_assert_eq!(stays(&old, &new), stays(&new, &old));
            }
            let most = allowed(&before, &edit);
            prop_assert!(gone.len() <= most && come.len() <= most, "{edit:?}: gone {gone:#?}, come {come:#?}");
            // What an entry had beside the field that was meant is still in it.
            if !matches!(edit, Edit::Delete { .. }) {
                for line in gone.iter().filter(|line| line.contains("x-beside")) {
                    let own = line.split("x-beside").nth(1).and_then(|rest| rest.split("\"name\"").next());
                    prop_assert!(come.iter().any(|new| own.is_some_and(|own| new.contains(own))), "{line}");
                }
            }
            for ((old, new), text) in before.sources().iter().zip(all.sources()).zip(&mut texts) {
                let (written, in_place) = new.config.to_yaml_like(text, &old.config).unwrap();
                prop_assert!(Kubeconfig::parse(&written).unwrap() == new.config, "{written}");
                let comments = |text: &str| text.matches("# kept").count();
                prop_assert!(!in_place || comments(&written) == comments(text), "{text}\n{written}");
                *text = written;
            }
            if let Edit::Rename { new, .. } = &edit {
                prop_assert!(all.names(EntryKind::Context).contains(&new.as_str()));
            }
        }
    }
}
