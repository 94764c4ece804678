//! Decoding: unknown fields, wrong types, and the canonical form in which the server keeps an object.

use serde_json::{Map, Value};

use super::{SchemaNode, Shape};

/// Removes unknown fields and null values; returns the paths of unknown fields.
///
/// # Errors
/// Go's sentence about a value of the wrong type (`encoding/json`, `UnmarshalTypeError`).
pub(crate) fn decode(node: SchemaNode<'_>, value: &mut Value) -> Result<Vec<String>, String> {
    let mut unknown = Vec::new();
    walk(node, value, &FieldPath { owner: node.type_name(), path: String::new() }, &mut unknown)?;
    Ok(unknown)
}

/// The path of a value, for messages.
struct FieldPath<'a> {
    owner: &'a str,
    path: String,
}

impl FieldPath<'_> {
    fn child(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

fn walk(
    node: SchemaNode<'_>,
    value: &mut Value,
    place: &FieldPath<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    match (node.shape(), value) {
        (Shape::Struct(properties), Value::Object(map)) => {
            map.retain(|key, value| {
                let known = properties.contains_key(key);
                if !known {
                    unknown.push(place.child(key));
                }
                known && !value.is_null()
            });
            for (key, value) in map.iter_mut() {
                walk(node.child(key), value, &FieldPath { owner: node.type_name(), path: place.child(key) }, unknown)?;
            }
            Ok(())
        }
        (Shape::Map(item), Value::Object(map)) => {
            for value in map.values_mut() {
                // Go names the field, without the key in it.
                walk(item, value, place, unknown)?;
            }
            Ok(())
        }
        (Shape::List(item), Value::Array(list)) => {
            for (at, value) in list.iter_mut().enumerate() {
                walk(item, value, &FieldPath { owner: place.owner, path: format!("{}[{at}]", place.path) }, unknown)?;
            }
            Ok(())
        }
        (Shape::Leaf, value) => leaf(node, value, place),
        (_, value) => Err(mismatch(node, value, place)),
    }
}

fn leaf(node: SchemaNode<'_>, value: &Value, place: &FieldPath<'_>) -> Result<(), String> {
    let fits = match node.json_type() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(mismatch(node, value, place)) }
}

fn mismatch(node: SchemaNode<'_>, value: &Value, place: &FieldPath<'_>) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    // Go names a field without the indices on the way.
    let path: String = place.path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect();
    format!("json: cannot unmarshal {found} into Go struct field {}.{path} of type {}", place.owner, go_type(node))
}

fn go_type(node: SchemaNode<'_>) -> String {
    match (node.shape(), node.json_type(), node.format()) {
        (Shape::List(item), ..) => format!("[]{}", go_type(item)),
        (Shape::Map(item), ..) => format!("map[string]{}", go_type(item)),
        (Shape::Struct(_), ..) => format!("v1.{}", node.type_name()),
        (Shape::Leaf, "boolean", _) => "bool".to_owned(),
        (Shape::Leaf, "integer", format) => format.to_owned(),
        (Shape::Leaf, kind, _) => kind.to_owned(),
    }
}

/// Brings an object into the form in which the server keeps it: structs that are always there are there, empty values
/// that Go leaves out are left out, and lists that must be there are null.
pub(crate) fn canonical(node: SchemaNode<'_>, value: &mut Value) {
    match (node.shape(), value) {
        (Shape::Struct(properties), Value::Object(map)) => {
            for (key, value) in map.iter_mut() {
                canonical(node.child(key), value);
            }
            map.retain(|key, value| !left_out(node, key, value));
            for key in properties.keys() {
                add_missing(node, key, map);
            }
        }
        (Shape::Map(item), Value::Object(map)) => map.values_mut().for_each(|value| canonical(item, value)),
        (Shape::List(item), Value::Array(list)) => list.iter_mut().for_each(|value| canonical(item, value)),
        _ => {}
    }
}

/// Go's `omitempty`: no default in the schema, and not required.
fn left_out(node: SchemaNode<'_>, key: &str, value: &Value) -> bool {
    let empty = match value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty() && matches!(node.child(key).shape(), Shape::Map(_)),
        _ => false,
    };
    empty && node.child(key).own.get("default").is_none() && !node.requires(key)
}

fn add_missing(node: SchemaNode<'_>, key: &str, map: &mut Map<String, Value>) {
    let child = node.child(key);
    if map.contains_key(key) {
        return;
    }
    if child.is_embedded() {
        let mut empty = Value::Object(Map::new());
        canonical(child, &mut empty);
        map.insert(key.to_owned(), empty);
    } else if node.requires(key) && matches!(child.shape(), Shape::List(_)) {
        map.insert(key.to_owned(), Value::Null);
    }
}
