//! Ids and texts in little space: a hundred thousand rows share what they have in common.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Several texts that many rows have in common.
pub(crate) type Texts = Arc<[Arc<str>]>;

/// An object's uid. The API server makes UUIDs (`k8s.io/apimachinery/pkg/util/uuid`); anything else is kept as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uid {
    /// A UUID in the form of RFC 9562, in lower case.
    Uuid([u8; 16]),
    /// Something else.
    Other(Arc<str>),
}

/// An object's resourceVersion: a number as long as the store is etcd, else kept as it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Version {
    /// A decimal number without a sign and without zeros before it.
    Number(u64),
    /// Something else.
    Other(Arc<str>),
}

/// Who asked. Few ask for many, so that it is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RequesterKind {
    /// User name.
    pub user: Arc<str>,
    /// Groups.
    pub groups: Arc<[Arc<str>]>,
}

/// Where a UUID's text has its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl Uid {
    /// Reads a uid. It is written back exactly as it was.
    pub fn of(text: &str) -> Self {
        uuid(text.as_bytes()).map_or_else(|| Self::Other(text.into()), Self::Uuid)
    }
}

fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 || DASHES.iter().any(|at| text[*at] != b'-') {
        return None;
    }
    bytes(text.iter().enumerate().filter(|(at, _)| !DASHES.contains(at)).map(|(_, digit)| digit))
}

/// Sixteen bytes from the first hex digits, which are in lower case.
pub(crate) fn bytes<'a>(digits: impl IntoIterator<Item = &'a u8>) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let mut digits = digits.into_iter();
    for byte in &mut bytes {
        let (high, low) = (nibble(*digits.next()?)?, nibble(*digits.next()?)?);
        *byte = high << 4 | low;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(text) => f.write_str(text),
            Self::Uuid(bytes) => bytes.iter().enumerate().try_for_each(|(at, byte)| {
                let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                write!(f, "{dash}{byte:02x}")
            }),
        }
    }
}

impl Version {
    /// Reads a resourceVersion. It is written back exactly as it was.
    pub fn of(text: &str) -> Self {
        let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|digit| digit.is_ascii_digit()));
        let number = text.parse().ok().filter(|_| plain);
        number.map_or_else(|| Self::Other(text.into()), Self::Number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Gives out one copy of a text, however often it is asked for. What is no longer in use is dropped whenever twice
/// as much is known as was in use the last time.
#[derive(Debug, Default)]
pub struct Interner {
    texts: HashSet<Arc<str>>,
    lists: HashSet<Texts>,
    requesters: HashSet<Arc<RequesterKind>>,
    /// How much was in use the last time.
    used: usize,
}

/// So few texts are not looked through.
const FEW: usize = 1024;

impl Interner {
    /// A text that many rows have, such as a signer.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        new
    }

    /// A text that mostly one row has: shared where it is known, and not remembered where it is not.
    pub fn own(&self, text: &str) -> Arc<str> {
        self.texts.get(text).map_or_else(|| text.into(), Arc::clone)
    }

    /// Several texts that many rows have together, such as groups.
    pub fn texts(&mut self, texts: &[String]) -> Texts {
        let list: Vec<Arc<str>> = texts.iter().map(|text| self.text(text)).collect();
        if let Some(known) = self.lists.get(list.as_slice()) {
            return Arc::clone(known);
        }
        let new: Texts = list.into();
        self.lists.insert(Arc::clone(&new));
        new
    }

    /// A requester, shared by all of its requests.
    pub fn requester(&mut self, user: &str, groups: &[String]) -> Arc<RequesterKind> {
        let requester = RequesterKind { user: self.text(user), groups: self.texts(groups) };
        if let Some(known) = self.requesters.get(&requester) {
            return Arc::clone(known);
        }
        self.forget();
        let new = Arc::new(requester);
        self.requesters.insert(Arc::clone(&new));
        new
    }

    /// Drops what is no longer in use, if it is time to.
    fn forget(&mut self) {
        let known = |interner: &Self| interner.texts.len() + interner.lists.len() + interner.requesters.len();
        if known(self) < FEW.max(2 * self.used) {
            return;
        }
        // Who asks has lists, and lists have texts.
        self.requesters.retain(|requester| Arc::strong_count(requester) > 1);
        self.lists.retain(|list| Arc::strong_count(list) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
        self.used = known(self);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_uuid_takes_sixteen_bytes_and_a_number_eight() {
        assert!(matches!(Uid::of("0b5c1f0e-6f6a-4d5e-9c3b-0123456789ab"), Uid::Uuid(_)));
        assert!(matches!(Version::of("18446744073709551615"), Version::Number(u64::MAX)));
    }

    #[test]
    fn equal_texts_are_one() {
        let mut interner = Interner::default();
        let (a, b) = (interner.texts(&["dev".into(), "qa".into()]), interner.texts(&["dev".into(), "qa".into()]));
        assert!(Arc::ptr_eq(&a, &b) && Arc::ptr_eq(&a[0], &interner.own("dev")));
    }

    #[test]
    fn drops_unused_texts_and_keeps_used_ones_shared() {
        let mut interner = Interner::default();
        let kept = interner.requester("jane", &["dev".into()]);
        for number in 0..20 * FEW {
            drop(interner.requester(&format!("user-{number}"), &[format!("group-{number}")]));
            drop(interner.texts(&[format!("group-of-{number}")]));
            interner.text(&format!("signer-{number}"));
        }
        let known = interner.texts.len() + interner.lists.len() + interner.requesters.len();
        assert!(known < 2 * FEW, "{known}");
        assert!(Arc::ptr_eq(&kept, &interner.requester("jane", &["dev".into()])));
    }

    proptest! {
        #[test]
        fn ids_and_versions_are_written_back_unchanged(
            text in prop_oneof![".*", "[0-9]{0,22}", "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"],
        ) {
            prop_assert_eq!(Uid::of(&text).to_string(), text.clone());
            prop_assert_eq!(Version::of(&text).to_string(), text);
        }
    }
}
