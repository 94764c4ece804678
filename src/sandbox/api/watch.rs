//! watch: the current objects where requested, then every change, until the timeout.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures::Stream;
use http::Response;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::Call;
use super::labels::LabelSelector;
use super::respond::{self, Body, Representation};
use super::table::{self, ColumnDefinitions};
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::resource::Resource;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{EventKind, Range, Record, Store, StoreEvent};

/// Timeout of a watch without `timeoutSeconds`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
/// Longest timeout.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// Interval of bookmarks while nothing changes.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);
/// Changes per chunk.
const BATCH: usize = 500;

/// Whether a bookmark marks the end of the initial events (`sendInitialEvents` with `allowWatchBookmarks`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum InitialEventsEnd {
    Announce,
    Silent,
}

/// A running watch.
struct WatchStream {
    store: Arc<Store>,
    resource: &'static Resource,
    namespace: Option<String>,
    labels: LabelSelector,
    fields: FieldSelector,
    representation: Representation,
    /// Changes up to this revision have been sent.
    revision: u64,
    /// Encoded events to be sent next.
    waiting: VecDeque<Bytes>,
    latest: Receiver<u64>,
    bookmarks: bool,
    deadline: Instant,
    finished: bool,
    columns_sent: bool,
}

impl Call<'_> {
    pub(super) fn watch(&self) -> Result<Response<Body>, ApiFailure> {
        let query = &self.query;
        query.fields.check(self.resource)?;
        let store = self.api.store.clone();
        let mut watch = WatchStream {
            latest: store.subscribe(),
            store,
            resource: self.resource,
            namespace: self.scope().map(ToOwned::to_owned),
            labels: query.labels.clone(),
            fields: query.fields.clone(),
            representation: self.representation,
            revision: query.version.unwrap_or(0),
            waiting: VecDeque::new(),
            bookmarks: query.bookmarks,
            deadline: Instant::now() + query.timeout.unwrap_or(DEFAULT_TIMEOUT).min(MAX_TIMEOUT),
            finished: false,
            columns_sent: false,
        };
        // Without a resourceVersion, or with 0 ("any"), the current objects come first.
        if query.initial_events || watch.revision == 0 {
            let announce = query.initial_events && query.bookmarks;
            watch.begin_with_state(if announce { InitialEventsEnd::Announce } else { InitialEventsEnd::Silent })?;
        }
        Ok(respond::stream(watch.into_stream()))
    }
}

impl WatchStream {
    fn begin_with_state(&mut self, end: InitialEventsEnd) -> Result<(), ApiFailure> {
        let range = Range { namespace: self.namespace.as_deref(), ..Range::default() };
        let accept = |record: &Record| matches(&self.labels, &self.fields, record);
        let page = self.store.page(self.resource, range, usize::MAX, |_, record| accept(record));
        let page = page.map_err(|_| ApiFailure::internal("there is no present state"))?;
        self.revision = page.revision;
        for (_, record) in &page.records {
            let event = self.event("ADDED", record);
            self.waiting.push_back(event);
        }
        if end == InitialEventsEnd::Announce {
            let event = self.bookmark(&json!({ "k8s.io/initial-events-end": "true" }));
            self.waiting.push_back(event);
        }
        Ok(())
    }

    fn into_stream(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, |mut watch| async move { watch.next().await.map(|chunk| (chunk, watch)) })
    }

    /// The next events as one chunk.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.finished {
                return None;
            }
            if !self.waiting.is_empty() {
                let mut chunk = BytesMut::new();
                for event in self.waiting.drain(..self.waiting.len().min(BATCH)) {
                    chunk.put(event);
                }
                return Some(chunk.freeze());
            }
            self.latest.borrow_and_update();
            match self.store.changes(self.resource, self.revision, BATCH) {
                Ok(changes) => changes.iter().for_each(|change| self.take(change)),
                Err(too_old) => return Some(self.fail(too_old.oldest)),
            }
            if self.waiting.is_empty() && !self.wait().await {
                return None;
            }
        }
    }

    /// Waits for a change; `false` after the timeout.
    async fn wait(&mut self) -> bool {
        let bookmark = Instant::now() + BOOKMARK_INTERVAL;
        tokio::select! {
            changed = self.latest.changed() => changed.is_ok(),
            () = tokio::time::sleep_until(self.deadline.min(bookmark)) => {
                if self.deadline <= bookmark {
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
        self.finished = true;
        let failure = ApiFailure::expired(format!("too old resource version: {} ({oldest})", self.revision));
        line(&json!({ "type": "ERROR", "object": failure.to_json() }))
    }

    /// An object that starts to match the selector is sent as added, one that stops matching as deleted.
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
        let object = match self.representation {
            Representation::Table => {
                let sent = std::mem::replace(&mut self.columns_sent, true);
                let columns = if sent { ColumnDefinitions::Omit } else { ColumnDefinitions::Include };
                let meta = json!({ "resourceVersion": record.revision.to_string() });
                table::of(self.resource, [record].into_iter(), &meta, columns).to_string().into()
            }
            representation => respond::one(self.resource, record, representation),
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
        let object = match self.representation {
            Representation::Full => {
                json!({ "kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": meta })
            }
            Representation::Partial => {
                json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta })
            }
            Representation::Table => {
                let row = json!({ "cells": [], "object":
                    { "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta } });
                json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": null,
                    "metadata": { "resourceVersion": self.revision.to_string() }, "rows": [row] })
            }
        };
        line(&json!({ "type": "BOOKMARK", "object": object }))
    }
}

fn matches(labels: &LabelSelector, fields: &FieldSelector, record: &Record) -> bool {
    labels.matches(&record.labels) && (fields.is_empty() || fields.matches(&record.object()))
}

fn line(event: &Value) -> Bytes {
    format!("{event}\n").into()
}
