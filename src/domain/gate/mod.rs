//! The one gate that every decision and every write passes.
//!
//! [`WriteAccess`] says whether anything may be written in a context, and gives out a [`WritePermit`]. [`approve`], [`deny`]
//! and [`delete`] weigh verdict, policy file and confirmation, and give out a [`Clearance`] or a [`Deletion`] for exactly one
//! version of one object. None of them has another constructor, and the cluster and file layers take nothing else for a write.

use super::policy_file::PolicyFile;
use super::request::RequestVersion;
use super::text::printable;
use super::verdict::Level;
use crate::error::{ErrorKind, UserError};

/// Whether anything may be written: decided once for a connection, and for a command about kubeconfigs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteAccess(Option<ReadOnly>);

/// Why nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOnly {
    /// By the flag `--read-only`.
    Flag,
    /// By the config file's `read-only`, which names this context.
    Context(String),
}

/// The permit to write. Only [`WriteAccess::permit`] gives one out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WritePermit(());

/// The two decisions about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Hand it out.
    Approve,
    /// Refuse it.
    Deny,
}

/// The permit to approve or to deny exactly one version of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    verb: Verb,
    pin: RequestVersion,
}

/// The permit to delete exactly one version of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pin: RequestVersion,
}

/// Whether one request is decided or several at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One, which was looked at by itself.
    Single,
    /// Several: the policy file's `bulk` applies.
    Bulk,
}

/// A request that is to be approved, as it was judged.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The version that was judged.
    pub pin: &'a RequestVersion,
    /// Whether that is still the newest version known.
    pub is_current: bool,
    /// The name that confirms a dangerous one: the request's, or for an issuance the user's.
    pub name: &'a str,
    /// `spec.signerName`.
    pub signer: &'a str,
    /// The verdict's level now.
    pub level: Level,
    /// The level that the person was shown.
    pub shown: Level,
}

/// What the person who decides has confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Confirmation<'a> {
    /// Whether identity and verdict were on the screen in full.
    seen: bool,
    names: Names<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Names<'a> {
    Typed(&'a str),
    Flags(&'a [String]),
}

/// Why the gate stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing may be written.
    ReadOnly(ReadOnly),
    /// Identity and verdict were not shown in full.
    NotShown,
    /// The object is no longer what was judged.
    Changed,
    /// The verdict got worse since it was shown.
    Worse {
        /// What was shown.
        shown: Level,
        /// What it is.
        now: Level,
    },
    /// It is dangerous, and its name was not given.
    Dangerous {
        /// The name that confirms it.
        name: String,
    },
    /// The policy file keeps requests of this verdict or signer out of bulk decisions.
    NotInBulk {
        /// The verdict's level.
        level: Level,
        /// The signer.
        signer: String,
    },
    /// The signer will reject it, so that a bulk decision leaves it out.
    WillFail,
}

impl From<&Refusal> for UserError {
    fn from(refusal: &Refusal) -> Self {
        let message = printable(&refusal.to_string()).into_owned();
        Self { kind: ErrorKind::Forbidden, message, hint: refusal.advice() }
    }
}

impl WriteAccess {
    /// Access by the settings: `flag` is `--read-only`, `closed` the first context concerned that the config file closes.
    pub fn new(flag: bool, closed: Option<&str>) -> Self {
        Self(if flag { Some(ReadOnly::Flag) } else { closed.map(|name| ReadOnly::Context(name.to_owned())) })
    }

    /// Whether nothing may be written.
    pub(crate) fn is_read_only(&self) -> bool {
        self.0.is_some()
    }

    /// The permit to write.
    ///
    /// # Errors
    /// [`Refusal::ReadOnly`].
    pub fn permit(&self) -> Result<WritePermit, Refusal> {
        match &self.0 {
            None => Ok(WritePermit(())),
            Some(why) => Err(Refusal::ReadOnly(why.clone())),
        }
    }
}

impl Clearance {
    /// The decision that it is for.
    pub(crate) const fn verb(&self) -> Verb {
        self.verb
    }

    /// The version that it is for.
    pub(crate) const fn pin(&self) -> &RequestVersion {
        &self.pin
    }
}

impl Deletion {
    /// The version that it is for.
    pub(crate) const fn pin(&self) -> &RequestVersion {
        &self.pin
    }
}

impl<'a> Confirmation<'a> {
    /// By `--dangerous NAME` on the command line, which prints what it refuses.
    pub(crate) const fn flags(names: &'a [String]) -> Self {
        Self { seen: true, names: Names::Flags(names) }
    }

    /// By a key in the console; `seen`: whether identity and verdict were on the screen in full.
    pub const fn key(seen: bool) -> Self {
        Self { seen, names: Names::Flags(&[]) }
    }

    /// By the name, typed in the console.
    pub(crate) const fn typed(seen: bool, name: &'a str) -> Self {
        Self { seen, names: Names::Typed(name) }
    }

    fn names(&self, name: &str) -> bool {
        match self.names {
            Names::Typed(typed) => !name.is_empty() && typed == name,
            Names::Flags(names) => names.iter().any(|given| given == name),
        }
    }
}

/// Clears an approval.
///
/// # Errors
/// Why it is refused; the first reason by weight.
pub fn approve(
    _permit: WritePermit,
    candidate: &Candidate<'_>,
    policy: &PolicyFile,
    scope: Scope,
    confirmation: &Confirmation<'_>,
) -> Result<Clearance, Refusal> {
    if !candidate.is_current {
        return Err(Refusal::Changed);
    }
    if candidate.level > candidate.shown {
        return Err(Refusal::Worse { shown: candidate.shown, now: candidate.level });
    }
    if !confirmation.seen {
        return Err(Refusal::NotShown);
    }
    let bar = if scope == Scope::Bulk { bulk_bar(candidate.level, candidate.signer, policy) } else { None };
    match bar {
        Some(BulkBar::WillFail) => return Err(Refusal::WillFail),
        Some(BulkBar::Policy) => {
            return Err(Refusal::NotInBulk { level: candidate.level, signer: candidate.signer.to_owned() });
        }
        None => {}
    }
    if candidate.level == Level::Danger && !confirmation.names(candidate.name) {
        return Err(Refusal::Dangerous { name: candidate.name.to_owned() });
    }
    Ok(Clearance { verb: Verb::Approve, pin: candidate.pin.clone() })
}

/// What keeps a request out of bulk approvals, whatever is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BulkBar {
    /// The signer will reject it.
    WillFail,
    /// The policy file.
    Policy,
}

/// What keeps a request of that verdict for that signer out of bulk approvals, if anything does.
pub(crate) fn bulk_bar(level: Level, signer: &str, policy: &PolicyFile) -> Option<BulkBar> {
    match level {
        Level::WillFail => Some(BulkBar::WillFail),
        _ => (!policy.bulk_may(level, signer)).then_some(BulkBar::Policy),
    }
}

/// Clears a denial. It hands nothing out, so that neither verdict nor policy file have a say.
///
/// # Errors
/// [`Refusal::Changed`], [`Refusal::NotShown`].
pub fn deny(
    _permit: WritePermit,
    pin: &RequestVersion,
    is_current: bool,
    confirmation: &Confirmation<'_>,
) -> Result<Clearance, Refusal> {
    seen(is_current, confirmation)?;
    Ok(Clearance { verb: Verb::Deny, pin: pin.clone() })
}

/// Clears a deletion.
///
/// # Errors
/// [`Refusal::Changed`], [`Refusal::NotShown`].
pub fn delete(
    _permit: WritePermit,
    pin: &RequestVersion,
    is_current: bool,
    confirmation: &Confirmation<'_>,
) -> Result<Deletion, Refusal> {
    seen(is_current, confirmation)?;
    Ok(Deletion { pin: pin.clone() })
}

fn seen(is_current: bool, confirmation: &Confirmation<'_>) -> Result<(), Refusal> {
    match (is_current, confirmation.seen) {
        (false, _) => Err(Refusal::Changed),
        (_, false) => Err(Refusal::NotShown),
        (true, true) => Ok(()),
    }
}

impl Refusal {
    /// What to do about it, where there is something.
    pub(crate) fn advice(&self) -> Option<String> {
        Some(match self {
            Self::ReadOnly(ReadOnly::Flag) => "Start it without --read-only to write.".to_owned(),
            Self::ReadOnly(ReadOnly::Context(_)) => {
                "The config file's read-only names that context; change it there to write.".to_owned()
            }
            Self::NotShown => "Enlarge the terminal, or use the command line.".to_owned(),
            Self::Changed | Self::Worse { .. } => "Nothing was decided. Look again, then decide.".to_owned(),
            Self::NotInBulk { .. } => "Decide it by itself.".to_owned(),
            Self::Dangerous { .. } | Self::WillFail => return None,
        })
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ReadOnly(ReadOnly::Flag) => f.write_str("this console is read-only"),
            Self::ReadOnly(ReadOnly::Context(name)) => write!(f, "context {name} is read-only"),
            Self::NotShown => f.write_str("who and what it is was not shown in full"),
            Self::Changed => f.write_str("it changed since it was judged"),
            Self::Worse { shown, now } => {
                write!(f, "its verdict got worse since it was shown: {} then, {} now", shown.word(), now.word())
            }
            Self::Dangerous { name } => write!(f, "it is dangerous, and {name} was not named to confirm it"),
            Self::NotInBulk { level, signer } => {
                write!(f, "the policy file keeps it out of bulk decisions (verdict {}, signer {signer})", level.word())
            }
            Self::WillFail => f.write_str("the signer will reject it"),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests;
