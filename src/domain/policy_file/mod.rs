//! Organization policy: which names, groups, lives and keys it wants, who may ask for others, what bulk may approve.
//!
//! Written by an admin as YAML (assets/policy.yaml is an example). A field that is not known is an error: a policy that
//! is not read as it was meant must not be taken for one.

use std::sync::LazyLock;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::config_error::ConfigError;
use super::glob::Glob;
use super::level::Level;
use super::yaml;
use crate::domain::validity;

/// Lives beyond it are worth a glance where no policy says another: a quarter of a year, in seconds.
const LONGEST_LIFE: i32 = 90 * 86_400;

/// The organization's policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "the parts of a policy")]
pub struct PolicyFile {
    /// Groups that people may have.
    pub groups: Patterns,
    /// User names that people may have.
    pub names: Patterns,
    /// The longest life of a person's certificate.
    #[serde(alias = "longestLife")]
    longest_life: Option<MaxLifetime>,
    /// The least sizes of keys.
    #[serde(alias = "leastKey")]
    pub least_key: LeastKey,
    /// Accounts that are expected to ask for others, such as an onboarding portal.
    #[serde(alias = "mayAskForOthers")]
    pub may_ask_for_others: Accounts,
    /// What bulk decisions may approve.
    pub bulk: Bulk,
}

/// Names that are wanted and those that are not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "allowed and forbidden")]
pub struct Patterns {
    /// Only these; absent: any. An empty list allows none.
    pub allowed: Option<Vec<Glob>>,
    /// None of these, whatever is allowed.
    pub forbidden: Vec<Glob>,
}

/// Sizes in bits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "rsa and ecdsa")]
pub struct LeastKey {
    /// Of an RSA key.
    pub rsa: u32,
    /// Of an ECDSA key.
    pub ecdsa: u32,
}

/// Users and groups, as the API server names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "users and groups")]
pub struct Accounts {
    /// User names, service accounts as `system:serviceaccount:NAMESPACE:NAME`.
    pub users: Vec<Glob>,
    /// Groups.
    pub groups: Vec<Glob>,
}

/// What bulk decisions may approve.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "levels and signers")]
pub struct Bulk {
    /// Verdicts: ok, notice, warning, danger; absent: all of these. Dangerous ones always need their names typed.
    pub levels: Option<Vec<BulkLevel>>,
    /// Signers.
    pub signers: Vec<Glob>,
}

/// A verdict that bulk may approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BulkLevel {
    /// Nothing unusual.
    Ok,
    /// Worth a glance.
    Notice,
    /// Worth a question.
    Warning,
    /// Dangerous: each by its name.
    Danger,
}

/// A life in seconds, written as `90d`, `24h` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MaxLifetime(i32);

impl PolicyFile {
    /// Reads a policy. A file with nothing in it, or comments alone, is the policy without a file.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if text.lines().all(nothing) {
            return Ok(Self::default());
        }
        yaml::from_str(text).map_err(|error| ConfigError::from(&error))
    }

    /// The policy where there is no file.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<PolicyFile> = LazyLock::new(PolicyFile::default);
        &BUILT_IN
    }

    /// The longest life in seconds, and whether the file says so.
    pub(crate) fn longest_life(&self) -> (i32, bool) {
        self.longest_life.map_or((LONGEST_LIFE, false), |life| (life.0, true))
    }

    /// [`Self::trusts`], by user name and groups.
    pub(crate) fn trusts_names<'a>(&self, user: &str, mut groups: impl Iterator<Item = &'a str>) -> bool {
        let known = &self.may_ask_for_others;
        any(&known.users, user) || groups.any(|group| any(&known.groups, group))
    }

    /// Whether bulk decisions may approve requests of that verdict for that signer; which they take by themselves is
    /// another question. What the signer will refuse is never approved.
    pub(crate) fn bulk_may(&self, level: Level, signer: &str) -> bool {
        let level = match level {
            Level::Ok => BulkLevel::Ok,
            Level::Notice => BulkLevel::Notice,
            Level::Warning => BulkLevel::Warning,
            Level::Danger => BulkLevel::Danger,
            Level::WillFail => return false,
        };
        self.bulk.levels.as_ref().is_none_or(|levels| levels.contains(&level)) && any(&self.bulk.signers, signer)
    }
}

impl Patterns {
    /// Why `name` is not wanted; `None` where it is.
    pub(crate) fn objection(&self, name: &str) -> Option<String> {
        if let Some(pattern) = self.forbidden.iter().find(|pattern| pattern.matches(name)) {
            return Some(format!("the policy forbids {}", pattern.as_str()));
        }
        let allowed = self.allowed.as_ref()?;
        (!any(allowed, name)).then(|| "the policy does not allow it".to_owned())
    }
}

impl Default for LeastKey {
    fn default() -> Self {
        Self { rsa: 2048, ecdsa: 256 }
    }
}

impl Default for Bulk {
    fn default() -> Self {
        Self { levels: None, signers: vec![Glob::new("*")] }
    }
}

fn any(patterns: &[Glob], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

impl<'de> Deserialize<'de> for MaxLifetime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct LifetimeVisitor;
        impl serde::de::Visitor<'_> for LifetimeVisitor {
            type Value = MaxLifetime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a life such as 90d, 24h or a number of seconds")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MaxLifetime, E> {
                validity::parse(text).map(MaxLifetime).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<MaxLifetime, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<MaxLifetime, E> {
                self.visit_str(&seconds.to_string())
            }
        }
        from.deserialize_any(LifetimeVisitor)
    }
}

#[cfg(test)]
mod tests;
