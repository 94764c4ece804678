//! A consistent list of all requests of a cluster: in pages, each decoded while it arrives.
//!
//! The continue token is at the start of a page, so the next page is requested while this one is still read. Pages are
//! requested as protobuf: a server encodes it in half the time of JSON, and it is half as long. Of a page, only the last
//! chunk and the incomplete object at its end are kept in memory.

mod item;
pub(crate) mod protobuf;

use std::pin::Pin;
use std::time::Duration;
use std::vec;

use futures::io::{AsyncBufRead, AsyncBufReadExt};
use http::HeaderValue;
use http::header::ACCEPT;
use kube::api::ListParams;
use kube::core::Request as Asked;
use kube::{Client, Resource};
use serde::Deserialize;
use serde::de::Error as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::cluster::budget::{Exceeded, LIST_IDLE_TIMEOUT, Paging};
use crate::cluster::slim_request::SlimRequest;
use crate::domain::request::Request;
pub use item::ListItem;
use item::PageMeta;

/// Objects of the first page, which is small so that the console shows something at once.
const FIRST_PAGE: u32 = 100;
/// Objects of every other page. A server with many objects needs a long time for each page, however few it contains.
const PAGE: u32 = 10_000;
/// Objects of a page in JSON, which is buffered whole.
const JSON_PAGE: u32 = 500;
/// Bytes of a page in JSON.
const LONGEST_JSON: usize = 16 << 20;
/// How long a page may take in total.
const PAGE_TIMEOUT: Duration = Duration::from_secs(900);
/// The preferred encoding, and the one that every server supports.
const ENCODINGS: &str = "application/vnd.kubernetes.protobuf, application/json";
const JSON: &str = "application/json";

/// A consistent list of all requests of a cluster.
pub(super) struct ListReader {
    client: Client,
    page: Option<PageBody>,
    /// The page after that, as soon as its continue token is known.
    next: JoinSet<kube::Result<PageBody>>,
    version: String,
    paging: Paging,
}

impl ListReader {
    /// Requests the first page.
    pub(super) fn new(client: Client) -> Self {
        let paging = Paging::new(FIRST_PAGE);
        let mut pages = Self { client, page: None, next: JoinSet::new(), version: String::new(), paging };
        pages.ask();
        pages
    }

    /// The list's resourceVersion, from which a watch continues. Known when all requests have been read.
    pub(super) fn version(self) -> String {
        self.version
    }

    /// The next request; `None` at the end. Cancel safe.
    ///
    /// # Errors
    /// 410 if the list has expired on the server; why it cannot be read; the limit that it exceeds.
    pub(super) async fn next(&mut self) -> kube::Result<Option<Box<Request>>> {
        loop {
            let Some(page) = &mut self.page else {
                match self.next.join_next().await {
                    Some(page) => self.page = Some(page.map_err(|died| kube::Error::ReadEvents(died.into()))??),
                    None if self.version.is_empty() => return Err(unreadable("there is no resourceVersion")),
                    None => return Ok(None),
                }
                continue;
            };
            match page.next().await? {
                Some(ListItem::Item(request)) => {
                    self.paging.objects(1)?;
                    return Ok(Some(request));
                }
                Some(ListItem::Meta(head)) => {
                    self.version = head.resource_version;
                    self.paging.resize(if page.is_json() { JSON_PAGE } else { PAGE });
                    if self.paging.page(Some(head.next))? {
                        self.ask();
                    }
                }
                None => self.page = None,
            }
        }
    }

    fn ask(&mut self) {
        let (client, params) = (self.client.clone(), self.paging.apply(ListParams::default()));
        self.next.spawn(async move {
            match PageBody::open(&client, &params, ENCODINGS).await {
                // Errors come in the requested encoding, too, and kube reads them in JSON only.
                Err(kube::Error::Api(_) | kube::Error::FromUtf8(_)) => PageBody::open(&client, &params, JSON).await,
                opened => opened,
            }
        });
    }
}

/// One page, in the encoding that the server supports.
enum PageBody {
    Protobuf(Arrival, protobuf::Decoder),
    Json(vec::IntoIter<ListItem>),
}

/// A page's bytes while they arrive.
struct Arrival {
    body: Pin<Box<dyn AsyncBufRead + Send>>,
    /// Deadline for all of it.
    until: Instant,
}

impl Arrival {
    /// The next bytes; empty at the end.
    async fn bytes(&mut self) -> kube::Result<&[u8]> {
        let silent = Instant::now() + LIST_IDLE_TIMEOUT;
        let (until, late) =
            if self.until < silent { (self.until, Exceeded::Slow) } else { (silent, Exceeded::Silence) };
        let bytes = timeout_at(until, self.body.fill_buf()).await.map_err(|_| late)?;
        bytes.map_err(kube::Error::ReadEvents)
    }

    fn consume(&mut self, count: usize) {
        self.body.as_mut().consume(count);
    }

    async fn whole(&mut self) -> kube::Result<Vec<u8>> {
        let mut text = Vec::new();
        loop {
            let bytes = self.bytes().await?;
            if bytes.is_empty() {
                return Ok(text);
            }
            if text.len() + bytes.len() > LONGEST_JSON {
                return Err(Exceeded::Answer { code: 200, most: LONGEST_JSON }.into());
            }
            text.extend_from_slice(bytes);
            let count = bytes.len();
            self.consume(count);
        }
    }
}

impl PageBody {
    async fn open(client: &Client, params: &ListParams, forms: &'static str) -> kube::Result<Self> {
        let asked = Asked::new(SlimRequest::url_path(&(), None)).list(params);
        let mut asked = asked.map_err(kube::Error::BuildRequest)?;
        asked.headers_mut().insert(ACCEPT, HeaderValue::from_static(forms));
        // The first page is small, and the console shows nothing before it.
        let first = params.continue_token.is_none();
        let until = Instant::now() + if first { LIST_IDLE_TIMEOUT } else { PAGE_TIMEOUT };
        let body = timeout(LIST_IDLE_TIMEOUT, client.request_stream(asked)).await.map_err(|_| Exceeded::Silence)??;
        let mut body = Arrival { body: Box::pin(body), until };
        if body.bytes().await?.first() == protobuf::MAGIC.first() {
            return Ok(Self::Protobuf(body, protobuf::Decoder::default()));
        }
        let text = body.whole().await?;
        from_json(&text).map(|pieces| Self::Json(pieces.into_iter())).map_err(kube::Error::SerdeError)
    }

    const fn is_json(&self) -> bool {
        matches!(self, Self::Json(_))
    }

    /// The next item; `None` if the page is complete.
    async fn next(&mut self) -> kube::Result<Option<ListItem>> {
        let (body, decoder) = match self {
            Self::Json(pieces) => return Ok(pieces.next()),
            Self::Protobuf(body, decoder) => (body, decoder),
        };
        loop {
            if let Some(piece) = decoder.piece().map_err(|error| unreadable(&error.to_string()))? {
                return Ok(Some(piece));
            }
            let bytes = body.bytes().await?;
            if bytes.is_empty() {
                return if decoder.is_complete() { Ok(None) } else { Err(unreadable("it breaks off")) };
            }
            decoder.push(bytes);
            let count = bytes.len();
            body.consume(count);
        }
    }
}

/// Decodes a page in JSON.
///
/// # Errors
/// It is not a list of requests.
pub fn from_json(text: &[u8]) -> serde_json::Result<Vec<ListItem>> {
    #[derive(Deserialize)]
    struct List {
        metadata: PageMeta,
        // Servers may send `null` for an empty list.
        items: Option<Vec<SlimRequest>>,
    }
    let List { metadata, items } = serde_json::from_slice(text)?;
    let items =
        items.unwrap_or_default().into_iter().map(|SlimRequest { request, .. }| ListItem::Item(Box::new(request)));
    Ok([ListItem::Meta(metadata)].into_iter().chain(items).collect())
}

fn unreadable(why: &str) -> kube::Error {
    kube::Error::SerdeError(serde_json::Error::custom(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_list_yields_its_metadata_and_then_its_items() {
        let text = r#"{"items": [{"metadata": {"name": "a"}, "spec": {}}], "metadata": {"continue": "x", "resourceVersion": "7"}}"#;
        let pieces = from_json(text.as_bytes()).unwrap();
        let [ListItem::Meta(head), ListItem::Item(request)] = &pieces[..] else { panic!("not these two") };
        assert_eq!((&*head.resource_version, &*head.next, &*request.pin.name), ("7", "x", "a"));
    }

    #[test]
    fn items_may_be_null() {
        assert_eq!(from_json(br#"{"metadata": {"resourceVersion": "7"}, "items": null}"#).unwrap().len(), 1);
    }

    #[test]
    fn rejects_input_that_is_not_a_list() {
        for text in
            ["", "<html>", "[]", r#"{"items": []}"#, r#"{"metadata": {}, "items": [7]}"#, r#"{"metadata": {}, "it"#]
        {
            assert!(from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
