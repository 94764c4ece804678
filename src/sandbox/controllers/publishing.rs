//! What every namespace has: its default service account, and the certificate by which pods know the API server.

use chrono::Utc;
use serde_json::{Value, json};

use crate::sandbox::controllers::edit::note_owner;
use crate::sandbox::object::{stamp, text};
use crate::sandbox::resource::{CONFIG_MAPS, Resource, SERVICE_ACCOUNTS};
use crate::sandbox::schema::{Schemas, check};
use crate::sandbox::store::{ObjectKey, Record, Store, WriteOutcome};

/// The service account.
pub(super) const ACCOUNT: &str = "default";
/// The config map with the certificate.
pub(super) const ROOT_CA: &str = "kube-root-ca.crt";
const DESCRIPTION_KEY: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
                           endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
                           guaranteed across distributions of Kubernetes clusters.";

/// Makes these objects.
pub(super) struct Contents {
    schemas: Schemas,
    root_ca: String,
}

impl Contents {
    /// With this certificate, PEM.
    pub(super) fn new(root_ca: &str) -> Result<Self, serde_json::Error> {
        Ok(Self { schemas: Schemas::load()?, root_ca: root_ca.to_owned() })
    }

    /// Creates the service account where it is missing.
    pub(super) fn add_account(&self, store: &Store, namespace: &str) {
        self.change(store, &SERVICE_ACCOUNTS, &ObjectKey::new(namespace, ACCOUNT), |before| match before {
            Some(_) => None,
            None => Some(json!({})),
        });
    }

    /// Creates the config map where it is missing, and restores it where it was edited.
    pub(super) fn publish(&self, store: &Store, namespace: &str) {
        let data = json!({ "ca.crt": self.root_ca });
        self.change(store, &CONFIG_MAPS, &ObjectKey::new(namespace, ROOT_CA), |before| {
            let mut map = before.cloned().unwrap_or_else(|| json!({}));
            let description = map.pointer("/metadata/annotations").and_then(|all| all.get(DESCRIPTION_KEY));
            let described = description.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if map.get("data") == Some(&data) && described {
                return None;
            }
            map["data"] = data;
            map["metadata"]["annotations"][DESCRIPTION_KEY] = DESCRIPTION.into();
            Some(map)
        });
    }

    /// Makes of an object, if it is there, what `make` says; `None` leaves it.
    fn change(
        &self,
        store: &Store,
        resource: &Resource,
        key: &ObjectKey,
        make: impl FnOnce(Option<&Value>) -> Option<Value>,
    ) {
        let done = store.transact(resource, key, |record: Option<&Record>| {
            let before = record.map(Record::object);
            let mut object = make(before.as_ref()).ok_or(())?;
            let meta = &mut object["metadata"];
            if text(meta, "/uid").is_empty() {
                meta["name"] = key.name.as_str().into();
                meta["namespace"] = key.namespace.as_str().into();
                meta["uid"] = uuid::Uuid::new_v4().to_string().into();
                meta["creationTimestamp"] = stamp(Utc::now()).into();
            }
            let node = self.schemas.node(resource.schema);
            check::canonical(node, &mut object);
            let mut nothing = json!({ "metadata": {} });
            check::canonical(node, &mut nothing);
            note_owner(&self.schemas, resource, "", before.as_ref().unwrap_or(&nothing), &mut object);
            Ok(WriteOutcome::Put(object))
        });
        // It is as it should be.
        let _: Result<_, ()> = done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_ca(store: &Store) -> Value {
        store.get(&CONFIG_MAPS, &ObjectKey::new("dev", ROOT_CA)).unwrap().object()
    }

    #[test]
    fn restores_the_certificate_and_leaves_other_changes() {
        let (store, contents) = (Store::default(), Contents::new("PEM").unwrap());
        contents.publish(&store, "dev");
        let first = root_ca(&store);
        assert_eq!(first["data"], json!({ "ca.crt": "PEM" }));
        assert_eq!(first["metadata"]["annotations"][DESCRIPTION_KEY], DESCRIPTION);
        let revision = store.revision();
        contents.publish(&store, "dev");
        assert_eq!(store.revision(), revision, "nothing is written where nothing is wrong");
        let mut edited = first.clone();
        edited["data"] = json!({ "ca.crt": "", "more": "x" });
        edited["metadata"]["annotations"] = json!({ "team": "shop" });
        let put = |_: Option<&Record>| Ok::<_, ()>(WriteOutcome::Put(edited));
        store.transact(&CONFIG_MAPS, &ObjectKey::new("dev", ROOT_CA), put).unwrap();
        contents.publish(&store, "dev");
        let restored = root_ca(&store);
        assert_eq!(restored["data"], first["data"]);
        assert_eq!(restored["metadata"]["uid"], first["metadata"]["uid"]);
        let annotations = json!({ "team": "shop", DESCRIPTION_KEY: DESCRIPTION });
        assert_eq!(restored["metadata"]["annotations"], annotations);
    }
}
