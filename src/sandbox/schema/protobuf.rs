//! Kubernetes' protocol buffers as JSON. kubectl sends some objects in no other form.
//!
//! A body is the four bytes `k8s\0` and a `runtime.Unknown` with the object inside
//! (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`). The schema says what a field is, the table of numbers where.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value};

use super::{SchemaNode, Schemas, Shape};

const MAGIC: &[u8] = b"k8s\0";
/// How deep messages may nest.
const DEEPEST: usize = 64;

/// The API version and kind that an envelope names, and the message inside.
pub(crate) struct Envelope<'a> {
    /// `rbac.authorization.k8s.io/v1`.
    pub api_version: String,
    /// `Role`.
    pub kind: String,
    message: &'a [u8],
}

/// Opens an envelope; `None` where it is none.
pub(crate) fn open(body: &[u8]) -> Option<Envelope<'_>> {
    let body = body.strip_prefix(MAGIC)?;
    let mut envelope = Envelope { api_version: String::new(), kind: String::new(), message: &[] };
    for field in WireFields(body) {
        match field? {
            (1, WireValue::Bytes(meta)) => {
                for field in WireFields(meta) {
                    match field? {
                        (1, WireValue::Bytes(text)) => envelope.api_version = String::from_utf8(text.to_vec()).ok()?,
                        (2, WireValue::Bytes(text)) => envelope.kind = String::from_utf8(text.to_vec()).ok()?,
                        _ => {}
                    }
                }
            }
            (2, WireValue::Bytes(message)) => envelope.message = message,
            _ => {}
        }
    }
    Some(envelope)
}

impl Envelope<'_> {
    /// The object; `None` where the message is not what the schema says.
    pub(crate) fn decode(&self, schemas: &Schemas, schema: &str) -> Option<Value> {
        let mut object = message(schemas.node(schema), schema, self.message, 0)?;
        let map = object.as_object_mut()?;
        map.insert("apiVersion".to_owned(), self.api_version.clone().into());
        map.insert("kind".to_owned(), self.kind.clone().into());
        Some(object)
    }
}

enum WireValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message; `None` ends a broken one.
struct WireFields<'a>(&'a [u8]);

impl<'a> Iterator for WireFields<'a> {
    type Item = Option<(u64, WireValue<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> WireFields<'a> {
    fn read(&mut self) -> Option<(u64, WireValue<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => WireValue::Number(self.varint()?),
            1 => WireValue::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                WireValue::Bytes(self.take(length)?)
            }
            5 => WireValue::Bytes(self.take(4)?),
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

/// `numbers` names the message whose numbers count: that of the schema, or of one that is embedded in it.
fn message(node: SchemaNode<'_>, numbers: &str, bytes: &[u8], depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let table = node.schemas.numbers.get(numbers);
    let mut map = Map::new();
    for field in WireFields(bytes) {
        let (number, wire) = field?;
        let named = table.and_then(|table| table.iter().find(|(_, value)| value.as_u64() == Some(number)));
        let inline = table.and_then(|table| table.get("inline")?.get(number.to_string())?.as_str());
        match (named, inline, wire) {
            (Some((name, _)), _, wire) => add(&mut map, name, node.child(name), &wire, depth)?,
            (None, Some(numbers), WireValue::Bytes(bytes)) => {
                let Value::Object(embedded) = message(node, numbers, bytes, depth + 1)? else { return None };
                map.extend(embedded);
            }
            _ => {}
        }
    }
    Some(Value::Object(map))
}

fn add(
    map: &mut Map<String, Value>,
    name: &str,
    node: SchemaNode<'_>,
    wire: &WireValue<'_>,
    depth: usize,
) -> Option<()> {
    match (node.shape(), wire) {
        (Shape::List(item), wire) => {
            let list = map.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
            list.push(value(item, wire, depth)?);
        }
        (Shape::Map(item), WireValue::Bytes(bytes)) => {
            let (mut key, mut entry) = (String::new(), None);
            for field in WireFields(bytes) {
                match field? {
                    (1, WireValue::Bytes(text)) => key = String::from_utf8(text.to_vec()).ok()?,
                    (2, wire) => entry = Some(map_value(item, &wire, depth)?),
                    _ => {}
                }
            }
            let entries = map.entry(name).or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
            entries.insert(key, entry.unwrap_or_else(|| Value::String(String::new())));
        }
        _ => {
            map.insert(name.to_owned(), value(node, wire, depth)?);
        }
    }
    Some(())
}

/// A list as a map's value is a separate message with the items as field 1 (`ExtraValue`).
fn map_value(node: SchemaNode<'_>, wire: &WireValue<'_>, depth: usize) -> Option<Value> {
    let (Shape::List(item), WireValue::Bytes(bytes)) = (node.shape(), wire) else { return value(node, wire, depth) };
    let items = WireFields(bytes).map(|field| value(item, &field?.1, depth));
    items.collect::<Option<Vec<_>>>().map(Value::Array)
}

fn value(node: SchemaNode<'_>, wire: &WireValue<'_>, depth: usize) -> Option<Value> {
    Some(match (node.shape(), wire) {
        (Shape::Struct(_), WireValue::Bytes(bytes)) => message(node, node.name, bytes, depth + 1)?,
        (Shape::Leaf, WireValue::Number(number)) if node.json_type() == "boolean" => Value::Bool(*number != 0),
        (Shape::Leaf, WireValue::Number(number)) => Value::from(number.cast_signed()),
        (Shape::Leaf, WireValue::Bytes(bytes)) => match (node.type_name(), node.format()) {
            ("Time", _) => time(bytes, SecondsFormat::Secs)?,
            ("MicroTime", _) => time(bytes, SecondsFormat::Micros)?,
            ("FieldsV1", _) => match number_one(bytes)? {
                [] => Value::Object(Map::new()),
                json => serde_json::from_slice(json).ok()?,
            },
            ("Quantity", _) => String::from_utf8(number_one(bytes)?.to_vec()).ok()?.into(),
            ("IntOrString", _) => int_or_string(bytes)?,
            (_, "byte") => STANDARD.encode(bytes).into(),
            _ => String::from_utf8(bytes.to_vec()).ok()?.into(),
        },
        _ => return None,
    })
}

/// The bytes of field 1, empty where there is no field; `None` where there is another.
fn number_one(bytes: &[u8]) -> Option<&[u8]> {
    match WireFields(bytes).next() {
        None => Some(&[]),
        Some(Some((1, WireValue::Bytes(bytes)))) => Some(bytes),
        Some(_) => None,
    }
}

fn time(bytes: &[u8], format: SecondsFormat) -> Option<Value> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in WireFields(bytes) {
        match field? {
            (1, WireValue::Number(number)) => seconds = number.cast_signed(),
            (2, WireValue::Number(number)) => nanos = u32::try_from(number).ok()?,
            _ => {}
        }
    }
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    Some(DateTime::from_timestamp(seconds, nanos)?.to_rfc3339_opts(format, true).into())
}

fn int_or_string(bytes: &[u8]) -> Option<Value> {
    let (mut is_text, mut number, mut text) = (false, 0, "");
    for field in WireFields(bytes) {
        match field? {
            (1, WireValue::Number(kind)) => is_text = kind == 1,
            (2, WireValue::Number(value)) => number = value.cast_signed(),
            (3, WireValue::Bytes(bytes)) => text = std::str::from_utf8(bytes).ok()?,
            _ => {}
        }
    }
    Some(if is_text { text.into() } else { number.into() })
}
