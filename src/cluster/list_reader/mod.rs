//! All requests of a cluster as of one moment: in pages, each taken apart while it arrives.
//!
//! A page tells in its head how the next one is asked for, so the server makes that while this one is still read. They are
//! asked for as protobuf: a server makes it in half the time of JSON, and it is half as long. Of a page no more is kept
//! than what came last and the object that it breaks off in.

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

use crate::cluster::budget::{Exceeded, Paging, SILENCE};
use crate::cluster::slim_request::SlimRequest;
use crate::domain::request::Request;

/// Objects of the first page: so few are there at once, and are something to look at.
const FIRST: u32 = 100;
/// Objects of every other page. A server that has many takes its time for each, however few it is to hold.
const PAGE: u32 = 10_000;
/// Objects of a page in JSON, which is buffered whole.
const JSON_PAGE: u32 = 500;
/// Bytes of such a page.
const LONGEST: usize = 16 << 20;
/// How long a page may take in total.
const PATIENCE: Duration = Duration::from_secs(900);
/// What is preferred, and what every server has.
const FORMS: &str = "application/vnd.kubernetes.protobuf, application/json";
const JSON: &str = "application/json";

/// All requests of a cluster as of one moment.
pub(super) struct ListReader {
    client: Client,
    page: Option<PageBody>,
    /// The page after that, as soon as it is known how it is asked for.
    next: JoinSet<kube::Result<PageBody>>,
    version: String,
    paging: Paging,
}

impl ListReader {
    /// Asks for the first page.
    pub(super) fn new(client: Client) -> Self {
        let paging = Paging::new(FIRST);
        let mut pages = Self { client, page: None, next: JoinSet::new(), version: String::new(), paging };
        pages.ask();
        pages
    }

    /// The moment: the list's resourceVersion, from which a watch goes on. Known when all have been read.
    pub(super) fn version(self) -> String {
        self.version
    }

    /// The next request; `None`: these were all. It may be dropped while it waits, and called again.
    ///
    /// # Errors
    /// 410 where the server no longer knows the moment; why it cannot be read; that it exceeds a limit.
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
            match PageBody::open(&client, &params, FORMS).await {
                // What is wrong is told in the form that was asked for, too, and kube reads it in JSON alone.
                Err(kube::Error::Api(_) | kube::Error::FromUtf8(_)) => PageBody::open(&client, &params, JSON).await,
                opened => opened,
            }
        });
    }
}

/// What a page holds, in the order in which it comes.
pub enum ListItem {
    /// Its metadata.
    Meta(PageMeta),
    /// One object.
    Item(Box<Request>),
}

/// A list's metadata.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PageMeta {
    /// The moment that the list is of.
    pub resource_version: String,
    /// The token for the next page; empty: there is none.
    #[serde(rename = "continue")]
    pub next: String,
}

/// One page, in the form that the server has for it.
enum PageBody {
    Protobuf(Arrival, protobuf::Decoder),
    Json(vec::IntoIter<ListItem>),
}

/// A page's bytes as they come.
struct Arrival {
    body: Pin<Box<dyn AsyncBufRead + Send>>,
    /// Deadline for all of it.
    until: Instant,
}

impl Arrival {
    /// The next bytes; none at its end.
    async fn bytes(&mut self) -> kube::Result<&[u8]> {
        let silent = Instant::now() + SILENCE;
        let (until, late) =
            if self.until < silent { (self.until, Exceeded::Slow) } else { (silent, Exceeded::Silence) };
        let bytes = timeout_at(until, self.body.fill_buf()).await.map_err(|_| late)?;
        bytes.map_err(kube::Error::ReadEvents)
    }

    fn consume(&mut self, count: usize) {
        self.body.as_mut().consume(count);
    }

    /// All of it.
    async fn whole(&mut self) -> kube::Result<Vec<u8>> {
        let mut text = Vec::new();
        loop {
            let bytes = self.bytes().await?;
            if bytes.is_empty() {
                return Ok(text);
            }
            if text.len() + bytes.len() > LONGEST {
                return Err(Exceeded::Answer { code: 200, most: LONGEST }.into());
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
        let until = Instant::now() + if first { SILENCE } else { PATIENCE };
        let body = timeout(SILENCE, client.request_stream(asked)).await.map_err(|_| Exceeded::Silence)??;
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

    /// `None`: it is complete.
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

/// A page in JSON, taken apart.
///
/// # Errors
/// It is no list of requests.
pub fn from_json(text: &[u8]) -> serde_json::Result<Vec<ListItem>> {
    #[derive(Deserialize)]
    struct List {
        metadata: PageMeta,
        // `null`: so servers may say that there are none.
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
    fn a_list_in_json_is_its_head_and_then_its_items() {
        let text = r#"{"items": [{"metadata": {"name": "a"}, "spec": {}}], "metadata": {"continue": "x", "resourceVersion": "7"}}"#;
        let pieces = from_json(text.as_bytes()).unwrap();
        let [ListItem::Meta(head), ListItem::Item(request)] = &pieces[..] else { panic!("not these two") };
        assert_eq!((&*head.resource_version, &*head.next, &*request.pin.name), ("7", "x", "a"));
    }

    #[test]
    fn that_there_are_none_may_be_null() {
        assert_eq!(from_json(br#"{"metadata": {"resourceVersion": "7"}, "items": null}"#).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in
            ["", "<html>", "[]", r#"{"items": []}"#, r#"{"metadata": {}, "items": [7]}"#, r#"{"metadata": {}, "it"#]
        {
            assert!(from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
