//! delete and deletecollection.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use super::respond::{self, Body};
use super::{Call, body, read};
use crate::sandbox::kinds;
use crate::sandbox::kinds::metadata;
use crate::sandbox::kinds::node_restriction;
use crate::sandbox::object::{items, text};
use crate::sandbox::resource::Resource;
use crate::sandbox::schema::protobuf;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{ObjectKey, Record, WriteOutcome};
use crate::sandbox::write::WriteRequest;

/// Whether an object has been deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deletion {
    Completed,
    /// Finalizers delay it.
    Pending,
}

impl Call<'_> {
    /// The `DeleteOptions` of the body, empty where there are none.
    fn options(&self) -> Result<Value, ApiFailure> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        if let Some(envelope) = protobuf::open(&self.body) {
            let schema = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
            let broken = || ApiFailure::bad_request("the body is no DeleteOptions");
            return envelope.decode(&self.api.schemas, schema).ok_or_else(broken);
        }
        body::parse(self.content_type(), &self.body).map(|(options, _)| options)
    }

    pub(super) fn delete(&self) -> Result<Response<Body>, ApiFailure> {
        let options = self.options()?;
        let (record, deletion) = self.remove(&self.key(), &options)?;
        let whole =
            deletion == Deletion::Pending || ["pods", "serviceaccounts", "namespaces"].contains(&self.resource.plural);
        if whole {
            return Ok(self.one(200, &record));
        }
        let (resource, name) = (self.resource, &self.action.name);
        let mut details = json!({ "name": name, "group": resource.group, "kind": resource.plural, "uid": record.uid });
        if resource.group.is_empty() {
            details.as_object_mut().and_then(|details| details.shift_remove("group"));
        }
        Ok(self.data(200, &read::success(&details)))
    }

    /// Deletes one object, or sets its deletion timestamp while it has finalizers.
    fn remove(&self, key: &ObjectKey, options: &Value) -> Result<(Arc<Record>, Deletion), ApiFailure> {
        let write = WriteRequest { namespace: &key.namespace, ..self.write(&key.name) };
        kinds::admit_delete(&write)?;
        let dry_run = self.query.dry_run || items(options, "/dryRun").any(|run| run == "All");
        let mut deletion = Deletion::Completed;
        let record = self.api.store.transact(self.resource, key, |current| {
            let current = current.ok_or_else(|| ApiFailure::not_found(self.resource, &key.name))?;
            self.check_preconditions(key, current, options)?;
            let mut object = current.object();
            node_restriction::admit_delete(&object, &write)?;
            let finalizers = ["/metadata/finalizers", "/spec/finalizers"];
            if finalizers.iter().any(|pointer| items(&object, pointer).next().is_some()) {
                deletion = Deletion::Pending;
                if let Some(meta) = metadata::meta(&mut object) {
                    meta.entry("deletionTimestamp").or_insert_with(|| write.stamp().into());
                }
                if self.resource.plural == "namespaces" {
                    object["status"]["phase"] = "Terminating".into();
                }
            }
            Ok(match (dry_run, deletion) {
                (true, _) => WriteOutcome::Show(object),
                (false, Deletion::Completed) => WriteOutcome::Delete(object),
                (false, Deletion::Pending) => WriteOutcome::Put(object),
            })
        })?;
        Ok((record, deletion))
    }

    fn check_preconditions(&self, key: &ObjectKey, current: &Record, options: &Value) -> Result<(), ApiFailure> {
        let wanted = |part: &str| text(options, &format!("/preconditions/{part}"));
        let version = current.revision.to_string();
        let why = if !wanted("uid").is_empty() && wanted("uid") != current.uid {
            format!(
                "the UID in the precondition ({}) does not match the UID in record ({}). The object might have been \
                 deleted and then recreated",
                wanted("uid"),
                current.uid
            )
        } else if !wanted("resourceVersion").is_empty() && wanted("resourceVersion") != version {
            format!(
                "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({version}). \
                 The object might have been modified",
                wanted("resourceVersion")
            )
        } else {
            return Ok(());
        };
        // The server names the kind here, not the resource.
        let named = Resource { plural: self.resource.kind, ..*self.resource };
        Err(ApiFailure::conflict(&named, &key.name, &why))
    }

    pub(super) fn delete_all(&self) -> Result<Response<Body>, ApiFailure> {
        let options = self.options()?;
        let mut removed = Vec::new();
        for key in self.selected()? {
            match self.remove(&key, &options) {
                Ok((record, _)) => removed.push((key, record)),
                // Deleted by another request in the meantime.
                Err(failure) if failure.code == 404 => {}
                Err(failure) => return Err(failure),
            }
        }
        let meta = json!({ "resourceVersion": self.api.store.revision().to_string() });
        Ok(respond::data(200, respond::many(self.resource, &removed, &meta, self.representation), self.encoding))
    }
}
