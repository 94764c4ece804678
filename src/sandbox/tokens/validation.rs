//! Whether a token is still good (`pkg/serviceaccount/claims.go`, `validator.Validate`).

use chrono::{DateTime, TimeDelta, Utc};

use super::claims::{Claims, Reference};
use crate::sandbox::api::resource::{NODES, PODS, Resource, SECRETS, SERVICE_ACCOUNTS};
use crate::sandbox::kinds::text;
use crate::sandbox::store::{Key, Store};

/// How far clocks may differ (`jwt.DefaultLeeway`).
const LEEWAY: TimeDelta = TimeDelta::minutes(1);

/// Checks times, and that everything that the token is bound to is there.
///
/// # Errors
/// Why it is not good, in the server's words.
pub fn check(store: &Store, claims: &Claims, now: DateTime<Utc>) -> Result<(), String> {
    check_times(claims, now)?;
    let bound = &claims.bound;
    let lookup = Lookup { store, now };
    let namespace = bound.namespace.as_str();
    lookup.account(namespace, &bound.serviceaccount)?;
    if let Some(secret) = &bound.secret {
        lookup.find(&SECRETS, namespace, secret, "secret")?;
    }
    if let Some(pod) = &bound.pod {
        lookup.find(&PODS, namespace, pod, "pod")?;
    }
    match &bound.node {
        // Beside a pod, the node is only information.
        Some(node) if bound.pod.is_none() => lookup.find(&NODES, "", node, "node"),
        _ => Ok(()),
    }
}

fn check_times(claims: &Claims, now: DateTime<Utc>) -> Result<(), String> {
    let (early, late) = ((now - LEEWAY).timestamp(), (now + LEEWAY).timestamp());
    if late < claims.nbf {
        return Err("service account token is not valid yet".to_owned());
    }
    if early > claims.exp {
        return Err("service account token has expired".to_owned());
    }
    if late < claims.iat {
        return Err("service account token is issued in the future".to_owned());
    }
    Ok(())
}

struct Lookup<'a> {
    store: &'a Store,
    now: DateTime<Utc>,
}

impl Lookup<'_> {
    fn account(&self, namespace: &str, account: &Reference) -> Result<(), String> {
        let name = &account.name;
        let record = self.store.get(&SERVICE_ACCOUNTS, &Key::new(namespace, name));
        let record = record.ok_or_else(|| format!("serviceaccounts {name:?} not found"))?;
        if record.uid != account.uid {
            return Err(format!("service account UID ({}) does not match claim ({})", record.uid, account.uid));
        }
        if self.is_deleted(&record.object()) {
            return Err(format!("service account {namespace}/{name} has been deleted"));
        }
        Ok(())
    }

    fn find(&self, resource: &Resource, namespace: &str, bound: &Reference, kind: &str) -> Result<(), String> {
        let invalidated = || "service account token has been invalidated".to_owned();
        let record = self.store.get(resource, &Key::new(namespace, &bound.name)).ok_or_else(invalidated)?;
        if record.uid != bound.uid {
            let (uid, claimed) = (&record.uid, &bound.uid);
            return Err(format!("{kind} UID ({uid}) does not match service account {kind} ref claim ({claimed})"));
        }
        if self.is_deleted(&record.object()) { Err(invalidated()) } else { Ok(()) }
    }

    /// An object that waits for its finalizers counts as deleted after a moment.
    fn is_deleted(&self, object: &serde_json::Value) -> bool {
        let deleted = DateTime::parse_from_rfc3339(text(object, "/metadata/deletionTimestamp"));
        deleted.is_ok_and(|deleted| deleted < self.now - LEEWAY)
    }
}
