//! A list of requests in protobuf, taken apart as it arrives.
//!
//! Numbers of fields: `staging/src/k8s.io/api/certificates/v1/generated.proto`, `metav1` and `runtime` in
//! `staging/src/k8s.io/apimachinery/pkg/{apis/meta/v1,runtime}/generated.proto`. What surrounds an object:
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding>.

use chrono::{DateTime, Utc};
use prost::{DecodeError, Message};

use crate::cluster::list_reader::{ListItem, PageMeta};
use crate::domain::certificate::Certificate;
use crate::domain::request::{self, Pkcs10, Request, RequestVersion, Requester};

/// What every answer in protobuf begins with.
pub const MAGIC: [u8; 4] = *b"k8s\0";
/// No object is as long as this: etcd takes none above 1.5 MiB unless it is configured to.
const LONGEST: usize = 4 << 20;
/// Bytes of the longest number.
const VARINT: usize = 10;

/// `runtime.Unknown.raw`: the list itself.
const RAW: u8 = 2;
/// `CertificateSigningRequestList.metadata`.
const METADATA: u8 = 1;
/// `CertificateSigningRequestList.items`.
const ITEMS: u8 = 2;

/// Why it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It is something else.
    #[error("it is no list in protobuf")]
    NoList,
    /// One of its messages is not as it should be.
    #[error(transparent)]
    Message(#[from] DecodeError),
}

/// Where in the answer the decoder stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    /// In the `runtime.Unknown` that surrounds the list.
    Around {
        /// The list has been read.
        listed: bool,
    },
    /// In the list.
    List {
        /// Bytes of it that are still to come.
        left: usize,
    },
}

/// Takes a list apart as it arrives.
pub struct Decoder {
    bytes: Vec<u8>,
    /// So many of them have been read.
    read: usize,
    place: Place,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { bytes: Vec::new(), read: 0, place: Place::Start }
    }
}

/// What stands before a field's content.
struct WireField {
    number: u8,
    /// Bytes of the content.
    length: usize,
    /// Bytes before it.
    head: usize,
}

impl WireField {
    /// The field that begins here; `None`: that is not all there. In a list and around it no field is of another kind
    /// than text, bytes or message, and none has a number above 15.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((&key, mut rest)) = bytes.split_first() else { return Ok(None) };
        if key & 0b1000_0111 != 2 {
            return Err(Malformed::NoList);
        }
        match prost::decode_length_delimiter(&mut rest) {
            Ok(length) => Ok(Some(Self { number: key >> 3, length, head: bytes.len() - rest.len() })),
            Err(_) if bytes.len() <= VARINT => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Decoder {
    /// The next bytes that have come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.place == Place::Around { listed: true } && self.read == self.bytes.len()
    }

    /// The next piece; `None`: it is not all there.
    ///
    /// # Errors
    /// What came is no list of requests in protobuf.
    pub fn piece(&mut self) -> Result<Option<ListItem>, Malformed> {
        loop {
            let rest = &self.bytes[self.read..];
            match self.place {
                Place::Start => {
                    let Some(begin) = rest.first_chunk() else { return Ok(None) };
                    if *begin != MAGIC {
                        return Err(Malformed::NoList);
                    }
                    self.read += MAGIC.len();
                    self.place = Place::Around { listed: false };
                }
                Place::List { left: 0 } => self.place = Place::Around { listed: true },
                Place::Around { listed } => {
                    let Some(field) = WireField::read(rest)? else { return Ok(None) };
                    if field.number == RAW && !listed {
                        self.read += field.head;
                        self.place = Place::List { left: field.length };
                    } else if self.whole(&field)?.is_none() {
                        return Ok(None);
                    }
                }
                Place::List { left } => {
                    let Some(field) = WireField::read(rest)? else { return Ok(None) };
                    let Some(content) = self.whole(&field)? else { return Ok(None) };
                    let piece = match field.number {
                        METADATA => Some(ListItem::Meta(ListMeta::decode(content)?.into())),
                        ITEMS => Some(ListItem::Item(Box::new(Object::decode(content)?.into()))),
                        _ => None,
                    };
                    let left = left.checked_sub(field.head + field.length).ok_or(Malformed::NoList)?;
                    self.place = Place::List { left };
                    if piece.is_some() {
                        return Ok(piece);
                    }
                }
            }
        }
    }

    /// A field's content, and goes on behind it; `None`: it is not all there.
    fn whole(&mut self, field: &WireField) -> Result<Option<&[u8]>, Malformed> {
        if field.length > LONGEST {
            return Err(Malformed::NoList);
        }
        let from = self.read + field.head;
        let content = self.bytes.get(from..from + field.length);
        self.read = content.map_or(self.read, |content| from + content.len());
        Ok(content)
    }
}

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Message)]
struct ListMeta {
    #[prost(string, tag = "2")]
    resource_version: String,
    #[prost(string, tag = "3")]
    next: String,
}

impl From<ListMeta> for PageMeta {
    fn from(ListMeta { resource_version, next }: ListMeta) -> Self {
        Self { resource_version, next }
    }
}

/// A `CertificateSigningRequest`. Texts are bytes here: a server puts some into protobuf as it got them, such as the name
/// of a user with an odd certificate, and only JSON mends what is not UTF-8.
#[derive(Clone, PartialEq, Message)]
struct Object {
    #[prost(message, optional, tag = "1")]
    metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    spec: Option<Spec>,
    #[prost(message, optional, tag = "3")]
    status: Option<StatusMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct Meta {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    uid: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    resource_version: Vec<u8>,
    #[prost(message, optional, tag = "8")]
    creation_timestamp: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
struct Spec {
    #[prost(bytes = "vec", tag = "1")]
    request: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    username: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    uid: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    groups: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    usages: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "6")]
    extra: Vec<Extra>,
    #[prost(bytes = "vec", tag = "7")]
    signer_name: Vec<u8>,
    #[prost(int32, optional, tag = "8")]
    expiration_seconds: Option<i32>,
}

/// One entry of a map.
#[derive(Clone, PartialEq, Message)]
struct Extra {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    value: Option<ExtraValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ExtraValue {
    #[prost(bytes = "vec", repeated, tag = "1")]
    items: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(message, repeated, tag = "1")]
    conditions: Vec<Condition>,
    #[prost(bytes = "vec", tag = "2")]
    certificate: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Condition {
    #[prost(bytes = "vec", tag = "1")]
    kind: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    reason: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    message: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    last_update_time: Option<Time>,
    #[prost(bytes = "vec", tag = "6")]
    status: Vec<u8>,
}

/// `metav1.Time`. No moment is none at all (`Time.Unmarshal` in `time_proto.go`).
#[derive(Clone, Copy, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn texts(many: Vec<Vec<u8>>) -> Vec<String> {
    many.into_iter().map(text).collect()
}

fn moment(time: Option<Time>) -> Option<DateTime<Utc>> {
    let Time { seconds, .. } = time.filter(|time| *time != Time::default())?;
    DateTime::from_timestamp(seconds, 0)
}

impl From<Object> for Request {
    fn from(object: Object) -> Self {
        let metadata = object.metadata.unwrap_or_default();
        let spec = object.spec.unwrap_or_default();
        let StatusMessage { conditions, certificate } = object.status.unwrap_or_default();
        let extra =
            spec.extra.into_iter().map(|Extra { key, value }| (text(key), texts(value.unwrap_or_default().items)));
        Self {
            pin: RequestVersion {
                name: text(metadata.name),
                uid: text(metadata.uid),
                resource_version: text(metadata.resource_version),
            },
            created_at: moment(metadata.creation_timestamp),
            signer_name: text(spec.signer_name),
            usages: texts(spec.usages),
            expiration_seconds: spec.expiration_seconds,
            requester: Requester {
                username: text(spec.username),
                uid: text(spec.uid),
                groups: texts(spec.groups),
                extra: extra.collect(),
            },
            pkcs10: Pkcs10::decode_unverified(&spec.request),
            conditions: conditions.into_iter().map(Into::into).collect(),
            certificate: (!certificate.is_empty()).then(|| Certificate::from_pem(&certificate)),
        }
    }
}

impl From<Condition> for request::Condition {
    fn from(condition: Condition) -> Self {
        Self {
            kind: text(condition.kind),
            status: text(condition.status),
            last_update: moment(condition.last_update_time),
            reason: text(condition.reason),
            message: text(condition.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A field with a content: `key` and length stand before it.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
        bytes.extend_from_slice(content);
        bytes
    }

    /// An answer as kube-apiserver writes it.
    fn answer(names: &[Vec<u8>], token: &str) -> Vec<u8> {
        let head = ListMeta { resource_version: "7".to_owned(), next: token.to_owned() };
        let mut list = field(METADATA, &head.encode_to_vec());
        for name in names {
            let metadata = Some(Meta { name: name.clone(), ..Meta::default() });
            list.extend(field(ITEMS, &Object { metadata, ..Object::default() }.encode_to_vec()));
        }
        let kind = field(1, &[field(1, b"certificates.k8s.io/v1"), field(2, b"List")].concat());
        [MAGIC.to_vec(), kind, field(RAW, &list), field(3, b""), field(4, b"")].concat()
    }

    /// What an answer says when it comes in pieces of so many bytes; `None`: it is not complete.
    #[allow(clippy::type_complexity)]
    fn taken_apart(bytes: &[u8], size: usize) -> Result<Option<(String, String, Vec<String>)>, Malformed> {
        let (mut decoder, mut said) = (Decoder::default(), (String::new(), String::new(), Vec::new()));
        for chunk in bytes.chunks(size) {
            decoder.push(chunk);
            while let Some(piece) = decoder.piece()? {
                match piece {
                    ListItem::Meta(head) => (said.0, said.1) = (head.resource_version, head.next),
                    ListItem::Item(request) => said.2.push(request.pin.name),
                }
            }
        }
        Ok(decoder.is_complete().then_some(said))
    }

    proptest! {
        #[test]
        fn however_an_answer_is_cut_on_its_way_it_says_the_same(
            names in prop::collection::vec("[a-z花\\u{1b}]{0,200}", 0..5), token in "[a-zA-Z0-9=]{0,9}", size in 1_usize..300,
        ) {
            let bytes: Vec<_> = names.iter().map(|name| name.clone().into_bytes()).collect();
            let said = taken_apart(&answer(&bytes, &token), size).unwrap();
            prop_assert_eq!(said, Some(("7".to_owned(), token, names)));
        }

        #[test]
        fn an_answer_that_breaks_off_is_never_taken_for_a_whole_one(cut in any::<prop::sample::Index>(), size in 1_usize..40) {
            let whole = answer(&[b"a".to_vec(), b"b".to_vec()], "more");
            // The last four bytes are two fields without a content.
            let cut = cut.index(whole.len() - 4);
            prop_assert_eq!(taken_apart(&whole[..cut], size).unwrap(), None);
        }

        #[test]
        fn anything_at_all_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..99), size in 1_usize..40) {
            let _ = taken_apart(&bytes, size);
            let _ = taken_apart(&[&MAGIC[..], &bytes].concat(), size);
            let _ = taken_apart(&[&MAGIC[..], &field(RAW, &bytes)].concat(), size);
        }
    }

    #[test]
    fn what_is_not_utf_8_is_mended_as_json_mends_it() {
        let said = taken_apart(&answer(&[b"j\xe4ne".to_vec()], ""), 9).unwrap().unwrap();
        assert_eq!(said.2, ["j\u{fffd}ne"]);
    }

    #[test]
    fn no_time_is_none() {
        assert_eq!((moment(None), moment(Some(Time::default()))), (None, None));
        let time = Time { seconds: 1_764_000_000, nanos: 5 };
        assert_eq!(moment(Some(time)).unwrap().to_rfc3339(), "2025-11-24T16:00:00+00:00");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let long = [&MAGIC[..], &[0x12, 0xff, 0x01, 0x12], &[0xff; 4], &[0x7f]].concat();
        let beyond = [&MAGIC[..], &[0x12, 0x03, 0x12, 0x02, 0x0a, 0x00]].concat();
        let number = [&MAGIC[..], &[0x08, 0x01]].concat();
        let endless = [&MAGIC[..], &[0x12], &[0xff; 12]].concat();
        for bytes in [&b"k8s:"[..], b"<html>", &long, &beyond, &number, &endless] {
            assert!(taken_apart(bytes, 3).is_err(), "{bytes:?}");
        }
    }
}
