//! watch: the state first where it is asked for, then every change, until the time is over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures::Stream;
use http::Response;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::labels::Labels;
use super::respond::{self, Body, Form};
use super::{Call, table};
use crate::sandbox::field_selector::Fields;
use crate::sandbox::resource::Resource;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{EventKind, Range, Record, Store, StoreEvent};

/// How long a watch goes on that does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
/// The longest watch.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// How often a quiet watch is told the newest version.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// How many changes are sent at once.
const BATCH: usize = 500;

/// A watch that is being answered.
struct WatchStream {
    store: Arc<Store>,
    resource: &'static Resource,
    namespace: Option<String>,
    labels: Labels,
    fields: Fields,
    form: Form,
    /// What has been sent up to now.
    revision: u64,
    /// What is to be sent before any change.
    waiting: VecDeque<Bytes>,
    news: Receiver<u64>,
    bookmarks: bool,
    ends: Instant,
    over: bool,
    headed: bool,
}

impl Call<'_> {
    pub(super) fn watch(&self) -> Result<Response<Body>, ApiFailure> {
        let query = &self.query;
        query.fields.check(self.resource)?;
        let store = self.api.store.clone();
        let mut watch = WatchStream {
            news: store.subscribe(),
            store,
            resource: self.resource,
            namespace: self.scope().map(ToOwned::to_owned),
            labels: query.labels.clone(),
            fields: query.fields.clone(),
            form: self.form,
            revision: query.version.unwrap_or(0),
            waiting: VecDeque::new(),
            bookmarks: query.bookmarks,
            ends: Instant::now() + query.timeout.unwrap_or(DEFAULT_TIMEOUT).min(LONGEST_TIMEOUT),
            over: false,
            headed: false,
        };
        // Without a version, or from "any", the state comes first.
        if query.initial_events || watch.revision == 0 {
            watch.begin_with_state(query.initial_events && query.bookmarks)?;
        }
        Ok(respond::stream(watch.into_stream()))
    }
}

impl WatchStream {
    fn begin_with_state(&mut self, say_when_complete: bool) -> Result<(), ApiFailure> {
        let range = Range { namespace: self.namespace.as_deref(), ..Range::default() };
        let accept = |record: &Record| matches(&self.labels, &self.fields, record);
        let page = self.store.page(self.resource, range, usize::MAX, |_, record| accept(record));
        let page = page.map_err(|_| ApiFailure::internal("there is no present state"))?;
        self.revision = page.revision;
        for (_, record) in &page.records {
            let event = self.event("ADDED", record);
            self.waiting.push_back(event);
        }
        if say_when_complete {
            let event = self.bookmark(&json!({ "k8s.io/initial-events-end": "true" }));
            self.waiting.push_back(event);
        }
        Ok(())
    }

    fn into_stream(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, |mut watch| async move { watch.next().await.map(|chunk| (chunk, watch)) })
    }

    /// The next events, together in one chunk.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.over {
                return None;
            }
            if !self.waiting.is_empty() {
                let mut chunk = BytesMut::new();
                for event in self.waiting.drain(..self.waiting.len().min(BATCH)) {
                    chunk.put(event);
                }
                return Some(chunk.freeze());
            }
            self.news.borrow_and_update();
            match self.store.changes(self.resource, self.revision, BATCH) {
                Ok(changes) => changes.iter().for_each(|change| self.take(change)),
                Err(too_old) => return Some(self.fail(too_old.oldest)),
            }
            if self.waiting.is_empty() && !self.wait().await {
                return None;
            }
        }
    }

    /// Until something has changed; `false` when the time is over.
    async fn wait(&mut self) -> bool {
        let bookmark = Instant::now() + BOOKMARKS;
        tokio::select! {
            changed = self.news.changed() => changed.is_ok(),
            () = tokio::time::sleep_until(self.ends.min(bookmark)) => {
                if self.ends <= bookmark {
                    return false;
                }
                if self.bookmarks {
                    self.revision = self.revision.max(self.store.changed_at(self.resource));
                    let event = self.bookmark(&Value::Null);
                    self.waiting.push_back(event);
                }
                true
            }
        }
    }

    fn fail(&mut self, oldest: u64) -> Bytes {
        self.over = true;
        let failure = ApiFailure::expired(format!("too old resource version: {} ({oldest})", self.revision));
        line(&json!({ "type": "ERROR", "object": failure.to_json() }))
    }

    /// An object that comes to be selected is new to this watch, one that no longer is, is gone.
    fn take(&mut self, change: &StoreEvent) {
        self.revision = change.record.revision;
        if self.namespace.as_ref().is_some_and(|namespace| *namespace != change.key.namespace) {
            return;
        }
        let is = |record: &Record| matches(&self.labels, &self.fields, record);
        let before = change.before.as_ref().is_some_and(|record| is(record));
        let after = change.kind != EventKind::Deleted && is(&change.record);
        let kind = match (before, after) {
            (false, false) => return,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        let event = self.event(kind, &change.record);
        self.waiting.push_back(event);
    }

    fn event(&mut self, kind: &str, record: &Record) -> Bytes {
        let object = match self.form {
            Form::Table => {
                let with_columns = !std::mem::replace(&mut self.headed, true);
                let meta = json!({ "resourceVersion": record.revision.to_string() });
                table::of(self.resource, [record].into_iter(), &meta, with_columns).to_string().into()
            }
            form => respond::one(self.resource, record, form),
        };
        let mut event = BytesMut::with_capacity(object.len() + 40);
        event.put_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        event.put(object);
        event.put_slice(b"}\n");
        event.freeze()
    }

    fn bookmark(&self, annotations: &Value) -> Bytes {
        let mut meta = json!({ "resourceVersion": self.revision.to_string(), "creationTimestamp": null });
        if !annotations.is_null() {
            meta["annotations"] = annotations.clone();
        }
        let object = match self.form {
            Form::Whole => {
                json!({ "kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": meta })
            }
            Form::Partial => {
                json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta })
            }
            Form::Table => {
                let row = json!({ "cells": [], "object":
                    { "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta } });
                json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": null,
                    "metadata": { "resourceVersion": self.revision.to_string() }, "rows": [row] })
            }
        };
        line(&json!({ "type": "BOOKMARK", "object": object }))
    }
}

fn matches(labels: &Labels, fields: &Fields, record: &Record) -> bool {
    labels.matches(&record.labels) && (fields.is_empty() || fields.matches(&record.object()))
}

fn line(event: &Value) -> Bytes {
    format!("{event}\n").into()
}
