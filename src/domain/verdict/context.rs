//! What is known of the cluster beyond one request.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::{Id, RequestFacts};
use super::grants::Grants;
use super::hosts::ApiHosts;
use super::nodes::Nodes;
use crate::domain::access::Principal;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::signer::is_signed_here;
use crate::domain::verdict::related_index::RelatedIndex;

/// `--cluster-signing-duration`, where nothing else is known.
const DEFAULT_SIGNING: TimeDelta = TimeDelta::days(365);
/// Certificates begin this much before they are made (`pkg/controller/certificates/signer/signer.go`) …
const BACKDATED_BY: TimeDelta = TimeDelta::minutes(5);
/// … and end as much earlier, unless they live for less than this.
const NOT_BACKDATED_BELOW: TimeDelta = TimeDelta::hours(8);
/// The signer's least.
const MIN_DURATION: TimeDelta = TimeDelta::minutes(10);

/// What the rules may look at beside the request. Whatever is `None` is not known, and no rule guesses it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The moment of judging.
    pub now: Option<DateTime<Utc>>,
    /// What bindings grant to their subjects.
    pub grants: Option<&'a Grants>,
    /// The nodes with their addresses.
    pub nodes: Option<&'a Nodes>,
    /// Where the API server and the Services are.
    pub api_hosts: Option<&'a ApiHosts>,
    /// All requests of the cluster.
    pub others: Option<&'a RelatedIndex>,
    /// Who judges.
    pub me: Option<&'a Principal>,
    /// How long things live here.
    pub limits: Limits,
    /// The organization's policy.
    pub policy: &'a PolicyFile,
}

/// How long certificates live in this cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The signers' longest life, where it is known (`--cluster-signing-duration`).
    pub signing: Option<TimeDelta>,
    /// The end of the CA that signs, where it is known: no certificate outlives it.
    pub ca_ends: Option<DateTime<Utc>>,
}

/// What ends a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The life that was asked for.
    Asked,
    /// The signer's longest life, as it is known here.
    Signer,
    /// The signer's longest life by default: this cluster's is not known.
    SignerByDefault,
    /// The CA's own end.
    Ca,
}

impl Limits {
    /// The life that a built-in signer would give, and what bounds it.
    pub(crate) fn life(&self, asked: Option<i32>) -> (TimeDelta, Bound) {
        let (longest, bound) = match self.signing {
            Some(longest) => (longest, Bound::Signer),
            None => (DEFAULT_SIGNING, Bound::SignerByDefault),
        };
        match asked.map(|seconds| TimeDelta::seconds(seconds.into())) {
            Some(asked) if asked <= longest => (asked.max(MIN_DURATION), Bound::Asked),
            _ => (longest, bound),
        }
    }

    /// Learns from a certificate that lives shorter than was asked for, and that the CA does not end: the signer's longest
    /// life is what it got.
    pub(crate) fn observe(&mut self, request: &Request) {
        let Some(Ok(certificate)) = &request.certificate else { return };
        let granted = certificate.not_after - certificate.not_before;
        let cut = request.expiration_seconds.is_none_or(|asked| TimeDelta::seconds(asked.into()) > granted);
        let by_ca = self.ca_ends.is_some_and(|end| certificate.not_after >= end);
        if cut && !by_ca && granted >= NOT_BACKDATED_BELOW && is_signed_here(&request.signer_name) {
            self.signing = self.signing.max(Some(granted));
        }
    }

    /// When a certificate made by a built-in signer at `now` would end, and what ends it.
    pub fn end(&self, asked: Option<i32>, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Bound)> {
        let (life, bound) = self.life(asked);
        let end = now.checked_add_signed(if life < NOT_BACKDATED_BELOW { life } else { life - BACKDATED_BY })?;
        match self.ca_ends {
            Some(ca) if end >= ca => Some((ca, Bound::Ca)),
            _ => Some((end, bound)),
        }
    }
}

/// What is known of the cluster, kept: the owner of everything that a [`Context`] points at.
#[derive(Debug, Default)]
pub struct ClusterSnapshot {
    /// What bindings grant; `None` until they are read, or where we may not.
    pub grants: Option<Grants>,
    /// The nodes; `None` until they are read, or where we may not.
    pub nodes: Option<Nodes>,
    /// Where the API server and the Services are; `None` until that is read.
    pub api_hosts: Option<ApiHosts>,
    /// The requests so far.
    pub others: RelatedIndex,
    /// Whether [`Self::others`] is all there is.
    pub complete: bool,
    /// Who we are.
    pub me: Option<Principal>,
    /// How long things live here.
    pub limits: Limits,
    /// The organization's policy.
    pub policy: PolicyFile,
}

impl ClusterSnapshot {
    /// A request is there, or is different. Gives back whose verdicts that touches, as [`RelatedIndex::apply`].
    pub fn upsert(&mut self, request: &Request) -> HashSet<Id> {
        self.limits.observe(request);
        self.others.apply(RequestFacts::of(request))
    }

    /// These are all requests that there are.
    pub(crate) fn upsert_all(&mut self, requests: &[Request]) {
        for request in requests {
            self.upsert(request);
        }
        self.complete = true;
    }

    /// Everything that is known, for judging at `now`.
    pub fn context(&self, now: DateTime<Utc>) -> Context<'_> {
        Context {
            now: Some(now),
            grants: self.grants.as_ref(),
            nodes: self.nodes.as_ref(),
            api_hosts: self.api_hosts.as_ref(),
            others: self.complete.then_some(&self.others),
            me: self.me.as_ref(),
            limits: self.limits,
            policy: &self.policy,
        }
    }
}

impl Default for Context<'_> {
    /// Nothing is known but the request.
    fn default() -> Self {
        Self {
            now: None,
            grants: None,
            nodes: None,
            api_hosts: None,
            others: None,
            me: None,
            limits: Limits::default(),
            policy: PolicyFile::built_in(),
        }
    }
}
