//! Whether a token is still good (`pkg/serviceaccount/claims.go`, `validator.Validate`).

use chrono::{DateTime, TimeDelta, Utc};

use super::claims::{Claims, Reference};
use crate::sandbox::object::text;
use crate::sandbox::resource::{NODES, PODS, Resource, SECRETS, SERVICE_ACCOUNTS};
use crate::sandbox::store::{ObjectKey, Store};

/// How far clocks may differ (`jwt.DefaultLeeway`).
const LEEWAY: TimeDelta = TimeDelta::minutes(1);

/// Checks times, and that everything that the token is bound to is there.
///
/// # Errors
/// Why it is not good, in the server's words.
pub(crate) fn check(store: &Store, claims: &Claims, now: DateTime<Utc>) -> Result<(), String> {
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
        let record = self.store.get(&SERVICE_ACCOUNTS, &ObjectKey::new(namespace, name));
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
        let record = self.store.get(resource, &ObjectKey::new(namespace, &bound.name)).ok_or_else(invalidated)?;
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sandbox::store::{Record, WriteOutcome};
    use crate::sandbox::tokens::{BoundObjects, URL};

    fn put(store: &Store, resource: &Resource, key: &ObjectKey, metadata: &Value) {
        let object = json!({ "metadata": metadata });
        store.transact(resource, key, |_: Option<&Record>| Ok::<_, ()>(WriteOutcome::Put(object))).unwrap();
    }

    fn reference(name: &str) -> Reference {
        Reference { name: name.to_owned(), uid: format!("{name}-uid") }
    }

    /// A token of an hour for the account `robot`, which is there.
    fn issued(now: DateTime<Utc>) -> (Store, Claims) {
        let store = Store::default();
        put(&store, &SERVICE_ACCOUNTS, &ObjectKey::new("dev", "robot"), &json!({ "uid": "robot-uid" }));
        let bound =
            BoundObjects { namespace: "dev".to_owned(), serviceaccount: reference("robot"), ..BoundObjects::default() };
        let iat = now.timestamp();
        let claims = Claims {
            aud: vec![URL.to_owned()],
            exp: iat + 3600,
            iat,
            iss: URL.to_owned(),
            jti: "id".to_owned(),
            bound,
            nbf: iat,
            sub: "system:serviceaccount:dev:robot".to_owned(),
        };
        (store, claims)
    }

    #[test]
    fn token_is_valid_within_its_times_and_a_minute_of_leeway() {
        let now = Utc::now();
        let (store, claims) = issued(now);
        let at = |seconds: i64| check(&store, &claims, now + TimeDelta::seconds(seconds));
        assert_eq!(at(0), Ok(()));
        assert_eq!(at(3600 + 60), Ok(()));
        assert_eq!(at(3600 + 62).unwrap_err(), "service account token has expired");
        assert_eq!(at(-60), Ok(()));
        assert_eq!(at(-62).unwrap_err(), "service account token is not valid yet");
        let early = Claims { nbf: 0, ..claims.clone() };
        let refused = check(&store, &early, now - TimeDelta::seconds(62));
        assert_eq!(refused.unwrap_err(), "service account token is issued in the future");
    }

    #[test]
    fn token_is_valid_while_all_bound_objects_exist() {
        let now = Utc::now();
        for (resource, namespace, kind) in [(&SECRETS, "dev", "secret"), (&PODS, "dev", "pod"), (&NODES, "", "node")] {
            let (store, mut claims) = issued(now);
            let bound = Some(reference("x"));
            match kind {
                "secret" => claims.bound.secret = bound,
                "pod" => claims.bound.pod = bound,
                _ => claims.bound.node = bound,
            }
            let invalidated = Err("service account token has been invalidated".to_owned());
            assert_eq!(check(&store, &claims, now), invalidated, "{kind} is missing");
            let key = ObjectKey::new(namespace, "x");
            put(&store, resource, &key, &json!({ "uid": "x-uid" }));
            assert_eq!(check(&store, &claims, now), Ok(()), "{kind}");
            let deleted = |seconds: i64| crate::sandbox::object::stamp(now - TimeDelta::seconds(seconds));
            put(&store, resource, &key, &json!({ "uid": "x-uid", "deletionTimestamp": deleted(10) }));
            assert_eq!(check(&store, &claims, now), Ok(()), "{kind} was deleted a moment ago");
            put(&store, resource, &key, &json!({ "uid": "x-uid", "deletionTimestamp": deleted(70) }));
            assert_eq!(check(&store, &claims, now), invalidated, "{kind} was deleted");
            put(&store, resource, &key, &json!({ "uid": "y" }));
            let other = format!("{kind} UID (y) does not match service account {kind} ref claim (x-uid)");
            assert_eq!(check(&store, &claims, now), Err(other));
        }
    }

    #[test]
    fn token_is_not_valid_for_a_recreated_account_of_the_same_name() {
        let now = Utc::now();
        let (store, mut claims) = issued(now);
        // Beside a pod, the node is only information.
        (claims.bound.pod, claims.bound.node) = (Some(reference("p")), Some(reference("n")));
        put(&store, &PODS, &ObjectKey::new("dev", "p"), &json!({ "uid": "p-uid" }));
        assert_eq!(check(&store, &claims, now), Ok(()));
        put(&store, &SERVICE_ACCOUNTS, &ObjectKey::new("dev", "robot"), &json!({ "uid": "later" }));
        let other = "service account UID (later) does not match claim (robot-uid)";
        assert_eq!(check(&store, &claims, now).unwrap_err(), other);
        claims.bound.serviceaccount = reference("nobody");
        assert_eq!(check(&store, &claims, now).unwrap_err(), "serviceaccounts \"nobody\" not found");
    }
}
