//! create, update, patch.

use http::Response;
use serde_json::{Value, json};

use super::body::{self, Decoded};
use super::respond::{self, Body};
use super::{Call, patch};
use crate::domain::access::Action;
use crate::sandbox::authorization::refusal;
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::kinds;
use crate::sandbox::kinds::metadata;
use crate::sandbox::kinds::node_restriction;
use crate::sandbox::object::{items, stamp, text};
use crate::sandbox::schema::managed::{self, Writer};
use crate::sandbox::schema::{SchemaNode, check};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::store::{ObjectKey, Record, WriteOutcome};
use crate::sandbox::write::WriteRequest;

const APPLY: &str = "application/apply-patch+yaml";

impl Call<'_> {
    fn node(&self) -> SchemaNode<'_> {
        self.api.schemas.node(self.resource.schema)
    }

    fn decoded(&self) -> Result<Decoded, ApiFailure> {
        let (schemas, content_type) = (&self.api.schemas, self.content_type());
        let decoded = body::object(schemas, self.resource, content_type, &self.body, self.query.validation)?;
        metadata::check_place(&decoded.object, self.resource, &self.action.namespace, &self.action.name)?;
        Ok(decoded)
    }

    fn answered(&self, code: u16, record: &Record, warnings: &[String]) -> Response<Body> {
        let mut response = self.one(code, record);
        respond::warn(&mut response, warnings);
        response
    }

    pub(super) fn create(&self) -> Result<Response<Body>, ApiFailure> {
        let Decoded { mut object, warnings } = self.decoded()?;
        let name = metadata::name_for(&object);
        let write = self.write(&name);
        kinds::admit_into_namespace(&write, &self.api.store)?;
        self.complete(&mut object, &write)?;
        self.note_owner(&self.nothing(), &mut object, &write);
        let record = self.put_new(&name, object)?;
        Ok(self.answered(201, &record, &warnings))
    }

    /// Fills in a new object and judges it.
    fn complete(&self, object: &mut Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
        metadata::create(object, write);
        kinds::admit_create(object, write, &self.api.store)?;
        kinds::prepare_create(object, write);
        check::canonical(self.node(), object);
        kinds::validate(object, None, write)
    }

    fn put_new(&self, name: &str, object: Value) -> Result<std::sync::Arc<Record>, ApiFailure> {
        let key = ObjectKey::new(if self.resource.namespaced { &self.action.namespace } else { "" }, name);
        self.api.store.transact(self.resource, &key, |current| match current {
            Some(_) => Err(ApiFailure::already_exists(self.resource, name)),
            None if self.query.dry_run => Ok(WriteOutcome::Show(object)),
            None => Ok(WriteOutcome::Put(object)),
        })
    }

    /// What is there before a creation: the structs that are always there, and nothing in them.
    fn nothing(&self) -> Value {
        let mut nothing = json!({ "metadata": {} });
        check::canonical(self.node(), &mut nothing);
        nothing
    }

    fn note_owner(&self, old: &Value, object: &mut Value, write: &WriteRequest<'_>) {
        let (manager, now, api_version) = (self.manager(), write.stamp(), self.resource.api_version());
        managed::update(self.node(), old, object, &self.writer(&manager, &api_version, &now));
    }

    fn writer<'a>(&'a self, manager: &'a str, api_version: &'a str, now: &'a str) -> Writer<'a> {
        let subresource = self.action.subresource.as_str();
        Writer { manager, api_version, subresource, now, resets: kinds::resets(self.resource, subresource) }
    }

    pub(super) fn update(&self) -> Result<Response<Body>, ApiFailure> {
        let Decoded { object, warnings } = self.decoded()?;
        let record = self.change(|_| Ok(object))?;
        Ok(self.answered(200, &record, &warnings))
    }

    pub(super) fn patch(&self) -> Result<Response<Body>, ApiFailure> {
        if self.content_type().starts_with(APPLY) {
            return self.apply();
        }
        let mut warnings = Vec::new();
        let record = self.change(|old| {
            let patched = patch::apply(self.node(), self.with_kind(old), self.content_type(), &self.body)?;
            let decoded = body::typed(&self.api.schemas, self.resource, patched, &[], self.query.validation)?;
            metadata::check_place(&decoded.object, self.resource, &self.action.namespace, &self.action.name)?;
            warnings = decoded.warnings;
            Ok(decoded.object)
        })?;
        Ok(self.answered(200, &record, &warnings))
    }

    /// Changes the object in one transaction: what `make` makes of it, completed, judged, its owner noted.
    fn change(
        &self,
        make: impl FnOnce(&Value) -> Result<Value, ApiFailure>,
    ) -> Result<std::sync::Arc<Record>, ApiFailure> {
        let name = &self.action.name;
        self.api.store.transact(self.resource, &self.key(), |current| {
            let current = current.ok_or_else(|| ApiFailure::not_found(self.resource, name))?;
            let old = current.object();
            let mut object = make(&old)?;
            self.precondition(&object, current)?;
            self.keep(&mut object, &old)?;
            self.note_owner(&old, &mut object, &self.write(name));
            Ok(self.outcome(object))
        })
    }

    /// Resets fields that may not be changed, then runs validation and admission.
    fn keep(&self, object: &mut Value, old: &Value) -> Result<(), ApiFailure> {
        let write = self.write(&self.action.name);
        metadata::update(object, old);
        node_restriction::admit_update(object, old, &write)?;
        kinds::prepare_update(object, old, &write);
        check::canonical(self.node(), object);
        kinds::validate(object, Some(old), &write)
    }

    /// An object with a deletion timestamp is deleted with its last finalizer.
    fn outcome(&self, object: Value) -> WriteOutcome {
        let is_terminating = object.pointer("/metadata/deletionTimestamp").is_some();
        let has_finalizers = items(&object, "/metadata/finalizers").next().is_some()
            || items(&object, "/spec/finalizers").next().is_some();
        match (self.query.dry_run, is_terminating && !has_finalizers) {
            (true, _) => WriteOutcome::Show(object),
            (false, true) => WriteOutcome::Delete(object),
            (false, false) => WriteOutcome::Put(object),
        }
    }

    fn precondition(&self, object: &Value, current: &Record) -> Result<(), ApiFailure> {
        let (uid, version) = (text(object, "/metadata/uid"), text(object, "/metadata/resourceVersion"));
        if !uid.is_empty() && uid != current.uid {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", current.uid);
            return Err(ApiFailure::conflict(self.resource, &self.action.name, &why));
        }
        if !version.is_empty() && version != current.revision.to_string() {
            return Err(ApiFailure::changed(self.resource, &self.action.name));
        }
        Ok(())
    }

    fn with_kind(&self, object: &Value) -> Value {
        let mut whole = json!({ "kind": self.resource.kind, "apiVersion": self.resource.api_version() });
        if let (Value::Object(whole), Value::Object(object)) = (&mut whole, object) {
            whole.extend(object.clone());
        }
        whole
    }

    /// Server-side apply.
    fn apply(&self) -> Result<Response<Body>, ApiFailure> {
        if self.query.manager.is_empty() {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            return Err(ApiFailure::invalid("meta.k8s.io", "PatchOptions", "", &[cause]));
        }
        let (config, duplicates) = body::parse(APPLY, &self.body)?;
        let decoded = body::typed(&self.api.schemas, self.resource, config, &duplicates, self.query.validation)?;
        let config = &decoded.object;
        metadata::check_place(config, self.resource, &self.action.namespace, &self.action.name)?;
        if config.pointer("/metadata/managedFields").is_some() {
            return Err(ApiFailure::bad_request("metadata.managedFields must be nil"));
        }
        if self.api.store.get(self.resource, &self.key()).is_none() {
            let record = self.apply_new(config)?;
            return Ok(self.answered(201, &record, &decoded.warnings));
        }
        let name = &self.action.name;
        let record = self.api.store.transact(self.resource, &self.key(), |current| {
            let current = current.ok_or_else(|| ApiFailure::not_found(self.resource, name))?;
            let old = current.object();
            self.precondition(config, current)?;
            let mut object = self.applied(&self.with_kind(&old), config)?;
            self.sync_last_applied(&mut object, config);
            self.keep(&mut object, &old)?;
            Ok(self.outcome(object))
        })?;
        Ok(self.answered(200, &record, &decoded.warnings))
    }

    fn applied(&self, live: &Value, config: &Value) -> Result<Value, ApiFailure> {
        let (now, api_version) = (stamp(chrono::Utc::now()), self.resource.api_version());
        let writer = self.writer(&self.query.manager, &api_version, &now);
        managed::apply(self.node(), live, config, &writer, self.query.force)
            .map_err(|conflicts| ApiFailure::apply_conflict(&conflicts))
    }

    /// Updates the annotation of client-side apply after a server-side apply by kubectl, for users who switch back (`fieldmanager/lastappliedupdater.go`).
    fn sync_last_applied(&self, object: &mut Value, config: &Value) {
        const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
        let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
        let Some(applied) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) else { return };
        if self.query.manager == "kubectl" {
            let mut config = config.clone();
            config.sort_all_objects();
            *applied = format!("{config}\n").into();
        }
    }

    /// An apply to a missing object is a creation, and needs that permission.
    fn apply_new(&self, config: &Value) -> Result<std::sync::Arc<Record>, ApiFailure> {
        let name = &self.action.name;
        if !self.action.subresource.is_empty() {
            return Err(ApiFailure::not_found(self.resource, name));
        }
        let mut create = self.action.clone();
        "create".clone_into(&mut create.verb);
        let create = Action::Resource(create);
        let decision = self.access.decide(&self.user.who, &create, &FieldSelector::default());
        if !decision.allowed {
            return Err(refusal(&self.user, &create, &decision.reason));
        }
        let write = self.write(name);
        kinds::admit_into_namespace(&write, &self.api.store)?;
        let mut object = self.applied(&self.with_kind(&self.nothing()), config)?;
        self.complete(&mut object, &write)?;
        self.put_new(name, object)
    }
}
