//! A list of requests in protobuf, decoded while it arrives.
//!
//! Numbers of fields: `staging/src/k8s.io/api/certificates/v1/generated.proto`, `metav1` and `runtime` in
//! `staging/src/k8s.io/apimachinery/pkg/{apis/meta/v1,runtime}/generated.proto`. What surrounds an object:
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding>.

mod messages;

use prost::{DecodeError, Message};

use super::item::ListItem;
use messages::{ListMeta, Object};

/// The first bytes of every response in protobuf.
pub const MAGIC: [u8; 4] = *b"k8s\0";
/// The longest object: etcd takes none above 1.5 MiB unless it is configured to.
const LONGEST: usize = 4 << 20;
/// Bytes of the longest varint.
const VARINT: usize = 10;

/// `runtime.Unknown.raw`: the list itself.
const RAW: u8 = 2;
/// `CertificateSigningRequestList.metadata`.
const METADATA: u8 = 1;
/// `CertificateSigningRequestList.items`.
const ITEMS: u8 = 2;

/// Why a list cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// The bytes are something else.
    #[error("it is no list in protobuf")]
    NoList,
    /// One of its messages is malformed.
    #[error(transparent)]
    Message(#[from] DecodeError),
}

/// The decoder's position in the response.
#[derive(Clone, Copy, PartialEq)]
enum DecoderState {
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

/// Decodes a list while it arrives.
pub struct Decoder {
    bytes: Vec<u8>,
    /// Bytes that have been decoded.
    read: usize,
    state: DecoderState,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { bytes: Vec::new(), read: 0, state: DecoderState::Start }
    }
}

/// The header of a field.
struct WireField {
    number: u8,
    /// Bytes of the content.
    length: usize,
    /// Bytes before it.
    head: usize,
}

impl WireField {
    /// The field that begins here; `None` if its header is incomplete. In a list and around it every field is a string, bytes
    /// or a message, and none has a number above 15.
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
    /// Adds bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether the list is complete.
    pub fn is_complete(&self) -> bool {
        self.state == DecoderState::Around { listed: true } && self.read == self.bytes.len()
    }

    /// The next item; `None` if it is incomplete.
    ///
    /// # Errors
    /// The bytes are no list of requests in protobuf.
    pub fn piece(&mut self) -> Result<Option<ListItem>, Malformed> {
        loop {
            let rest = &self.bytes[self.read..];
            match self.state {
                DecoderState::Start => {
                    let Some(begin) = rest.first_chunk() else { return Ok(None) };
                    if *begin != MAGIC {
                        return Err(Malformed::NoList);
                    }
                    self.read += MAGIC.len();
                    self.state = DecoderState::Around { listed: false };
                }
                DecoderState::List { left: 0 } => self.state = DecoderState::Around { listed: true },
                DecoderState::Around { listed } => {
                    let Some(field) = WireField::read(rest)? else { return Ok(None) };
                    if field.number == RAW && !listed {
                        self.read += field.head;
                        self.state = DecoderState::List { left: field.length };
                    } else if self.whole(&field)?.is_none() {
                        return Ok(None);
                    }
                }
                DecoderState::List { left } => {
                    let Some(field) = WireField::read(rest)? else { return Ok(None) };
                    let Some(content) = self.whole(&field)? else { return Ok(None) };
                    let piece = match field.number {
                        METADATA => Some(ListItem::Meta(ListMeta::decode(content)?.into())),
                        ITEMS => Some(ListItem::Item(Box::new(Object::decode(content)?.into()))),
                        _ => None,
                    };
                    let left = left.checked_sub(field.head + field.length).ok_or(Malformed::NoList)?;
                    self.state = DecoderState::List { left };
                    if piece.is_some() {
                        return Ok(piece);
                    }
                }
            }
        }
    }

    /// A field's content, after which the decoder continues; `None` if it is incomplete.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::messages::Meta;
    use super::*;

    /// A field: key, length and content.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
        bytes.extend_from_slice(content);
        bytes
    }

    /// A response as kube-apiserver writes it.
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

    /// Decodes a response that arrives in chunks of `size` bytes; `None` if it is incomplete.
    #[allow(clippy::type_complexity)]
    fn decode_in_chunks(bytes: &[u8], size: usize) -> Result<Option<(String, String, Vec<String>)>, Malformed> {
        let (mut decoder, mut decoded) = (Decoder::default(), (String::new(), String::new(), Vec::new()));
        for chunk in bytes.chunks(size) {
            decoder.push(chunk);
            while let Some(piece) = decoder.piece()? {
                match piece {
                    ListItem::Meta(head) => (decoded.0, decoded.1) = (head.resource_version, head.next),
                    ListItem::Item(request) => decoded.2.push(request.pin.name),
                }
            }
        }
        Ok(decoder.is_complete().then_some(decoded))
    }

    proptest! {
        #[test]
        fn decodes_the_same_at_every_chunk_boundary(
            names in prop::collection::vec("[a-z花\\u{1b}]{0,200}", 0..5), token in "[a-zA-Z0-9=]{0,9}", size in 1_usize..300,
        ) {
            let bytes: Vec<_> = names.iter().map(|name| name.clone().into_bytes()).collect();
            let decoded = decode_in_chunks(&answer(&bytes, &token), size).unwrap();
            prop_assert_eq!(decoded, Some(("7".to_owned(), token, names)));
        }

        #[test]
        fn a_truncated_response_is_never_complete(cut in any::<prop::sample::Index>(), size in 1_usize..40) {
            let whole = answer(&[b"a".to_vec(), b"b".to_vec()], "more");
            // The last four bytes are two fields without a content.
            let cut = cut.index(whole.len() - 4);
            prop_assert_eq!(decode_in_chunks(&whole[..cut], size).unwrap(), None);
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..99), size in 1_usize..40) {
            let _ = decode_in_chunks(&bytes, size);
            let _ = decode_in_chunks(&[&MAGIC[..], &bytes].concat(), size);
            let _ = decode_in_chunks(&[&MAGIC[..], &field(RAW, &bytes)].concat(), size);
        }
    }

    #[test]
    fn replaces_invalid_utf_8_as_json_does() {
        let decoded = decode_in_chunks(&answer(&[b"j\xe4ne".to_vec()], ""), 9).unwrap().unwrap();
        assert_eq!(decoded.2, ["j\u{fffd}ne"]);
    }

    #[test]
    fn rejects_bytes_that_are_not_a_list() {
        let long = [&MAGIC[..], &[0x12, 0xff, 0x01, 0x12], &[0xff; 4], &[0x7f]].concat();
        let beyond = [&MAGIC[..], &[0x12, 0x03, 0x12, 0x02, 0x0a, 0x00]].concat();
        let number = [&MAGIC[..], &[0x08, 0x01]].concat();
        let endless = [&MAGIC[..], &[0x12], &[0xff; 12]].concat();
        for bytes in [&b"k8s:"[..], b"<html>", &long, &beyond, &number, &endless] {
            assert!(decode_in_chunks(bytes, 3).is_err(), "{bytes:?}");
        }
    }
}
