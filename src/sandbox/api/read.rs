//! get and list.

use http::Response;
use serde_json::{Value, json};

use super::Call;
use super::query::Continue;
use super::respond::{self, Body};
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{ObjectKey, Range, Record, TooOld};

impl Call<'_> {
    pub(super) fn key(&self) -> ObjectKey {
        let namespace = if self.resource.namespaced { self.action.namespace.as_str() } else { "" };
        ObjectKey::new(namespace, &self.action.name)
    }

    pub(super) fn get(&self) -> Result<Response<Body>, ApiFailure> {
        let record = self.api.store.get(self.resource, &self.key());
        let record = record.ok_or_else(|| ApiFailure::not_found(self.resource, &self.action.name))?;
        Ok(self.one(200, &record))
    }

    pub(super) fn one(&self, code: u16, record: &Record) -> Response<Body> {
        respond::data(code, respond::one(self.resource, record, self.representation), self.encoding)
    }

    /// The namespace of the request; `None` for all.
    pub(super) fn scope(&self) -> Option<&str> {
        Some(self.action.namespace.as_str()).filter(|namespace| self.resource.namespaced && !namespace.is_empty())
    }

    /// Whether the selectors mean this object.
    pub(super) fn selects(&self, record: &Record) -> bool {
        self.query.labels.matches(&record.labels)
            && (self.query.fields.is_empty() || self.query.fields.matches(&record.object()))
    }

    pub(super) fn list(&self) -> Result<Response<Body>, ApiFailure> {
        let (query, store) = (&self.query, &self.api.store);
        query.fields.check(self.resource)?;
        let current = store.revision();
        if let Some(requested) = query.version.filter(|requested| *requested > current) {
            return Err(ApiFailure::too_new(requested, current));
        }
        let exact = query.version.filter(|_| query.version_match == "Exact");
        let range = Range {
            namespace: self.scope(),
            after: query.after.as_ref().map(|after| &after.key),
            at: query.after.as_ref().map_or(exact, |after| after.revision),
        };
        let limit = if query.limit == 0 { usize::MAX } else { query.limit };
        let page = store.page(self.resource, range, limit, |_, record| self.selects(record));
        let page = page.map_err(|too_old| self.too_old(too_old))?;
        let mut meta = json!({ "resourceVersion": page.revision.to_string() });
        if let (1.., Some((key, _))) = (page.remaining, page.records.last()) {
            meta["continue"] = Continue { revision: Some(page.revision), key: key.clone() }.to_token().into();
            if query.fields.is_empty() && query.labels == super::labels::LabelSelector::default() {
                meta["remainingItemCount"] = page.remaining.into();
            }
        }
        Ok(respond::data(200, respond::many(self.resource, &page.records, &meta, self.representation), self.encoding))
    }

    fn too_old(&self, too_old: TooOld) -> ApiFailure {
        let Some(after) = &self.query.after else {
            let requested = self.query.version.unwrap_or(0);
            return ApiFailure::expired(format!("too old resource version: {requested} ({})", too_old.oldest));
        };
        let failure = ApiFailure::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list \
             without the continue parameter, or use the continue token in this response to retrieve the remainder of \
             the results. Continuing with the provided token results in an inconsistent list - objects that were \
             created, modified, or deleted between the time the first chunk was returned and now may show up in the \
             list.",
        );
        let continue_token = Continue { revision: None, key: after.key.clone() };
        ApiFailure { continue_token: Some(continue_token.to_token()), ..failure }
    }

    /// Objects that a request about many means, as they are now.
    pub(super) fn selected(&self) -> Result<Vec<ObjectKey>, ApiFailure> {
        self.query.fields.check(self.resource)?;
        let range = Range { namespace: self.scope(), ..Range::default() };
        let page = self.api.store.page(self.resource, range, usize::MAX, |_, record| self.selects(record));
        let page = page.map_err(|too_old| self.too_old(too_old))?;
        Ok(page.records.into_iter().map(|(key, _)| key).collect())
    }
}

/// Success, for what answers with nothing else.
pub(super) fn success(details: &Value) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}
