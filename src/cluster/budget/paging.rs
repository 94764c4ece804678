//! Limits on the number of pages and objects of a list.

use futures::{Stream, StreamExt};
use kube::api::ListParams;
use kube::runtime::watcher::{self, Event};
use tokio::time::timeout;

use super::limits::{Exceeded, LIST_IDLE_TIMEOUT, OBJECTS, PAGES};

/// Progress of a list, page by page.
#[derive(Debug)]
pub(in crate::cluster) struct Paging {
    limit: u32,
    token: Option<String>,
    pages: usize,
    objects: usize,
}

impl Paging {
    /// A list in pages of `limit` objects.
    pub(in crate::cluster) const fn new(limit: u32) -> Self {
        Self { limit, token: None, pages: 0, objects: 0 }
    }

    /// Makes `params` ask for the next page.
    pub(in crate::cluster) fn apply(&self, params: ListParams) -> ListParams {
        let params = params.limit(self.limit);
        match &self.token {
            Some(token) => params.continue_token(token),
            None => params,
        }
    }

    /// Another page size from now on.
    pub(in crate::cluster) const fn resize(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Counts `count` more objects.
    ///
    /// # Errors
    /// [`Exceeded::Objects`].
    pub(in crate::cluster) fn objects(&mut self, count: usize) -> Result<(), Exceeded> {
        self.objects += count;
        if self.objects > OBJECTS { Err(Exceeded::Objects) } else { Ok(()) }
    }

    /// Counts a page with this continue token; returns whether another page follows.
    ///
    /// # Errors
    /// [`Exceeded::Token`], [`Exceeded::Pages`].
    pub(in crate::cluster) fn page(&mut self, next: Option<String>) -> Result<bool, Exceeded> {
        self.pages += 1;
        let next = next.filter(|token| !token.is_empty());
        match &next {
            Some(_) if next == self.token => return Err(Exceeded::Token),
            Some(_) if self.pages >= PAGES => return Err(Exceeded::Pages),
            _ => {}
        }
        self.token = next;
        Ok(self.token.is_some())
    }
}

/// Progress of the initial list of a [`watcher::watcher`].
#[derive(Debug, Default)]
pub(in crate::cluster) struct Listing {
    complete: bool,
    objects: usize,
}

impl Listing {
    /// The watcher's next event; an error where the list stalls or does not end.
    pub(in crate::cluster) async fn next<S, K>(&mut self, events: &mut S) -> Option<watcher::Result<Event<K>>>
    where
        S: Stream<Item = watcher::Result<Event<K>>> + Unpin,
    {
        let wrong = |exceeded: Exceeded| Some(Err(watcher::Error::InitialListFailed(exceeded.into())));
        let event = if self.complete {
            events.next().await
        } else {
            let Ok(event) = timeout(LIST_IDLE_TIMEOUT, events.next()).await else { return wrong(Exceeded::Silence) };
            event
        };
        match &event {
            Some(Ok(Event::Init)) => *self = Self::default(),
            Some(Ok(Event::InitApply(_))) if self.objects >= OBJECTS => return wrong(Exceeded::Objects),
            Some(Ok(Event::InitApply(_))) => self.objects += 1,
            Some(Ok(Event::InitDone)) => self.complete = true,
            _ => {}
        }
        event
    }
}

/// Whether one more object may be kept beside so many.
pub(crate) const fn may_keep_more(objects: usize) -> bool {
    objects < OBJECTS
}
