//! The parts of a list of requests.

use serde::Deserialize;

use crate::domain::request::Request;

/// A part of a page, in the order of arrival.
pub enum ListItem {
    /// The list's metadata.
    Meta(PageMeta),
    /// One object.
    Item(Box<Request>),
}

/// A list's metadata.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PageMeta {
    /// The resourceVersion of the list.
    pub resource_version: String,
    /// The token for the next page; empty: there is none.
    #[serde(rename = "continue")]
    pub next: String,
}
