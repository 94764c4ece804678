//! What every watch is made of: events until it breaks or its receiver is dropped.

use std::fmt::Debug;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use crate::cluster::budget::Listing;

/// The server is asked to end a watch after so many seconds; it is then resumed. A connection that is still silent after
/// that is dead.
pub(super) const WATCH_SECONDS: u32 = 60;

/// The receiver of a watch was dropped, so the watch ends.
#[derive(Debug)]
pub(super) struct ReceiverClosed;

/// Why a watch stops.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The receiver was dropped.
    ReceiverClosed,
    /// The connection broke, or the server refused.
    Broken(E),
}

impl From<kube::Error> for Stop<kube::Error> {
    fn from(error: kube::Error) -> Self {
        Self::Broken(error)
    }
}

impl<E> From<ReceiverClosed> for Stop<E> {
    fn from(ReceiverClosed: ReceiverClosed) -> Self {
        Self::ReceiverClosed
    }
}

/// One list and the watch that follows it, by kube's watcher, within the limits of [`Listing`].
pub(super) struct EventStream<K> {
    events: BoxStream<'static, watcher::Result<Event<K>>>,
    listing: Listing,
}

impl<K> EventStream<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    pub(super) fn new(api: Api<K>, config: watcher::Config) -> Self {
        let events = watcher(api, config.timeout(WATCH_SECONDS)).boxed();
        Self { events, listing: Listing::default() }
    }

    /// The next event; `None` at the end of the watch.
    ///
    /// # Errors
    /// The watch broke, or the receiver of `to` was dropped.
    pub(super) async fn next<T>(&mut self, to: &Sender<T>) -> Result<Option<Event<K>>, Stop<watcher::Error>> {
        tokio::select! {
            event = self.listing.next(&mut self.events) => event.transpose().map_err(Stop::Broken),
            () = to.closed() => Err(Stop::ReceiverClosed),
        }
    }
}

/// Sends to the receiver, waiting while the channel is full.
pub(super) async fn send<T>(to: &Sender<T>, message: T) -> Result<(), ReceiverClosed> {
    to.send(message).await.map_err(|_| ReceiverClosed)
}

/// Waits before the next attempt.
pub(super) async fn pause<T>(to: &Sender<T>, wait: Duration) -> Result<(), ReceiverClosed> {
    tokio::select! {
        () = sleep(wait) => Ok(()),
        () = to.closed() => Err(ReceiverClosed),
    }
}
