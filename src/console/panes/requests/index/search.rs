//! Whether a row contains what is searched for. Case is ignored.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::row::Row;

/// A search, for as long as no row changes: what it has found out about texts that rows share it remembers.
pub(super) struct Search<'a> {
    /// In lower case.
    wanted: &'a str,
    known: HashMap<*const u8, bool>,
}

impl<'a> Search<'a> {
    /// Looks for `wanted`, which is in lower case.
    pub(crate) fn new(wanted: &'a str) -> Self {
        Self { wanted, known: HashMap::new() }
    }

    /// Whether name, user, groups, signer, requester or verdict of `row` contain it.
    pub(crate) fn finds(&mut self, row: &Row) -> bool {
        self.wanted.is_empty()
            || contains(&row.name, self.wanted)
            || contains(&row.user, self.wanted)
            || row.headline.contains(self.wanted)
            || self.shared(&row.signer)
            || self.shared(&row.requester.user)
            || row.groups.iter().any(|group| self.shared(group))
    }

    fn shared(&mut self, text: &Arc<str>) -> bool {
        let wanted = self.wanted;
        *self.known.entry(text.as_ptr()).or_insert_with(|| contains(text, wanted))
    }
}

/// Whether `text` contains `wanted`, which is in lower case.
fn contains(text: &str, wanted: &str) -> bool {
    if !text.is_ascii() || !wanted.is_ascii() {
        return text.to_lowercase().contains(wanted);
    }
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let Some((first, rest)) = wanted.split_first() else { return true };
    let begins = |at: &usize| text[*at].to_ascii_lowercase() == *first;
    let last = (text.len() + 1).saturating_sub(wanted.len());
    (0..last).filter(begins).any(|at| text[at + 1..at + wanted.len()].eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_in_lower_case_finds(text in "[aAbBÄä ]{0,12}", wanted in "[abä]{0,3}") {
            prop_assert_eq!(contains(&text, &wanted), text.to_lowercase().contains(&wanted));
        }
    }
}
