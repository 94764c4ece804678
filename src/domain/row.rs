//! The slim line of a request that the list keeps: what the columns, filters, sorts and a second look of the verdict
//! need, and nothing more.
//!
//! Everything else is fetched when it is displayed, so that a hundred thousand requests fit on a bastion host.

use std::ops::Deref;
use std::sync::Arc;

use super::request::{Request, RequestVersion};
use super::verdict::{Level, RequestFacts, Verdict};
use crate::domain::interner::{Interner, Uid, Version};

/// One request in the list. Cloning it copies no text. The [`RequestFacts`] are shared with whoever judges it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name, state, identity, requester and the like.
    pub facts: Arc<RequestFacts>,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.resourceVersion`.
    pub version: Version,
    /// What the request says by itself: it stays the same whatever is around it.
    pub alone: (Level, &'static str),
    /// The verdict's level.
    pub level: Level,
    /// The verdict in a word or two, such as `ok` or `node id`.
    pub headline: &'static str,
}

impl Deref for Row {
    type Target = RequestFacts;

    fn deref(&self) -> &RequestFacts {
        &self.facts
    }
}

impl Row {
    /// The line of `request`, of which `verdict` is what it says by itself.
    pub fn new(request: &Request, verdict: &Verdict, interner: &mut Interner) -> Self {
        let (level, headline) = (verdict.level(), verdict.headline());
        Self {
            facts: Arc::new(RequestFacts::shared(request, interner)),
            uid: Uid::of(&request.pin.uid),
            version: Version::of(&request.pin.resource_version),
            alone: (level, headline),
            level,
            headline,
        }
    }

    /// What a decision on exactly this version is pinned to.
    pub fn pin(&self) -> RequestVersion {
        RequestVersion {
            name: self.name.to_string(),
            uid: self.uid.to_string(),
            resource_version: self.version.to_string(),
        }
    }

    /// Whether `pin` means exactly this version.
    pub(crate) fn is(&self, pin: &RequestVersion) -> bool {
        *self.name == *pin.name && self.uid == Uid::of(&pin.uid) && self.version == Version::of(&pin.resource_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_slim() {
        assert!(size_of::<Row>() <= 120, "{} bytes, a hundred thousand times", size_of::<Row>());
    }
}
