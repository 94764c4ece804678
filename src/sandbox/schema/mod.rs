//! The shapes of the API's objects, from the API server's own `OpenAPI` documents (`assets/sandbox/schemas.json`).
//!
//! Everything that depends on an object's shape is driven by them: decoding, field ownership, server-side apply,
//! strategic merge patches, protobuf, and the documents that clients ask for.

pub(crate) mod check;
pub(crate) mod fields;
pub(crate) mod managed;
pub(crate) mod merge;
pub(crate) mod protobuf;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Value};

const SCHEMAS: &str = include_str!("../../../assets/sandbox/schemas.json");
/// Field numbers of the API's protocol buffers (`generated.proto` of `k8s.io/api` and `k8s.io/apimachinery`).
const NUMBERS: &str = include_str!("../../../assets/sandbox/protobuf.json");

/// All schemas, by name.
pub(crate) struct Schemas {
    all: Map<String, Value>,
    numbers: HashMap<String, HashMap<String, Value>>,
}

/// A node of a schema.
#[derive(Clone, Copy)]
pub(crate) struct SchemaNode<'a> {
    schemas: &'a Schemas,
    /// The property's own attributes: default, list type, patch strategy.
    own: &'a Value,
    /// The schema that it refers to.
    body: &'a Value,
    /// The name of that schema.
    name: &'a str,
}

/// The shape of a value.
pub(crate) enum Shape<'a> {
    /// An object with these properties.
    Struct(&'a Map<String, Value>),
    /// An object with any keys.
    Map(SchemaNode<'a>),
    List(SchemaNode<'a>),
    /// A value without parts.
    Leaf,
}

/// How two lists (or objects) are merged (`x-kubernetes-list-type`, `x-kubernetes-map-type`).
pub(crate) enum Merge<'a> {
    /// Replaced as a whole.
    Atomic,
    /// Item by item, by value.
    Set,
    /// Item by item, by these keys; for objects by their fields, without keys.
    ByKeys(Vec<&'a str>),
}

impl Schemas {
    /// Reads the documents that are built in.
    ///
    /// # Errors
    /// Where an asset is broken, which its test excludes.
    pub(crate) fn load() -> Result<Self, serde_json::Error> {
        Ok(Self { all: serde_json::from_str(SCHEMAS)?, numbers: serde_json::from_str(NUMBERS)? })
    }

    /// The schema of that name; an unknown one is free of shape.
    pub(crate) fn node<'a>(&'a self, name: &'a str) -> SchemaNode<'a> {
        let body = self.all.get(name).unwrap_or(&Value::Null);
        SchemaNode { schemas: self, own: body, body, name }
    }

    /// The documents of all names that `wanted` accepts, and of what they refer to.
    pub(crate) fn documents(&self, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let mut found = Map::new();
        let mut todo: Vec<&str> = self.all.keys().map(String::as_str).filter(|name| wanted(name)).collect();
        while let Some(name) = todo.pop() {
            if let Some(schema) = self.all.get(name).filter(|_| !found.contains_key(name)) {
                found.insert(name.to_owned(), schema.clone());
                references(schema, &mut todo);
            }
        }
        found.sort_keys();
        found
    }
}

fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(target));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn target(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

impl<'a> SchemaNode<'a> {
    fn at(self, own: &'a Value) -> Self {
        let reference = own.get("$ref").or_else(|| own.get("allOf")?.get(0)?.get("$ref"));
        match reference.and_then(target) {
            Some(name) => Self { own, ..self.schemas.node(name) },
            None => Self { schemas: self.schemas, own, body: own, name: "" },
        }
    }

    /// What belongs here.
    pub(crate) fn shape(self) -> Shape<'a> {
        if let Some(properties) = self.body.get("properties").and_then(Value::as_object) {
            return Shape::Struct(properties);
        }
        if let Some(item) = self.body.get("additionalProperties") {
            return Shape::Map(self.at(item));
        }
        match self.body.get("items") {
            Some(item) => Shape::List(self.at(item)),
            None => Shape::Leaf,
        }
    }

    /// The property of a struct.
    pub(crate) fn property(self, name: &str) -> Option<Self> {
        let Shape::Struct(properties) = self.shape() else { return None };
        properties.get(name).map(|own| self.at(own))
    }

    /// What belongs at a key of a struct or map; a key that is not known is free of shape.
    #[must_use]
    pub(crate) fn child(self, key: &str) -> Self {
        let free = Self { schemas: self.schemas, own: &Value::Null, body: &Value::Null, name: "" };
        match self.shape() {
            Shape::Struct(_) => self.property(key).unwrap_or(free),
            Shape::Map(item) => item,
            _ => free,
        }
    }

    /// How lists or objects of this place are merged by server-side apply.
    pub(crate) fn merge(self) -> Merge<'a> {
        let text = |name: &str| self.own.get(name).or_else(|| self.body.get(name)).and_then(Value::as_str);
        match (self.shape(), text("x-kubernetes-list-type")) {
            (Shape::List(_), Some("set")) => Merge::Set,
            (Shape::List(_), Some("map")) => Merge::ByKeys(self.strings("x-kubernetes-list-map-keys")),
            (Shape::List(_) | Shape::Leaf, _) => Merge::Atomic,
            _ if text("x-kubernetes-map-type") == Some("atomic") => Merge::Atomic,
            _ => Merge::ByKeys(Vec::new()),
        }
    }

    /// Whether a strategic merge patch merges this list, and by which key; `Some("")` for lists of plain values.
    pub(crate) fn patch_key(self) -> Option<&'a str> {
        let merges = self.text("x-kubernetes-patch-strategy").is_some_and(|strategy| strategy.contains("merge"));
        merges.then(|| self.text("x-kubernetes-patch-merge-key").unwrap_or_default())
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.own.get(name).and_then(Value::as_str)
    }

    fn strings(self, name: &str) -> Vec<&'a str> {
        let list = self.own.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// `string`, `integer`, …; empty where there is none.
    fn json_type(self) -> &'a str {
        self.body.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    fn format(self) -> &'a str {
        self.body.get("format").and_then(Value::as_str).unwrap_or_default()
    }

    /// A struct that is always there, if empty (`default: {}`).
    fn is_embedded(self) -> bool {
        let empty = self.own.get("default").and_then(Value::as_object).is_some_and(Map::is_empty);
        empty && matches!(self.shape(), Shape::Struct(_))
    }

    fn requires(self, property: &str) -> bool {
        let required = self.body.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|name| name == property))
    }

    /// `CertificateSigningRequestSpec`, for messages.
    fn type_name(self) -> &'a str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}
