//! Bodies: JSON, YAML and protocol buffers, decoded by the schema.

use std::cell::RefCell;
use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::query::FieldValidation;
use crate::domain::yaml;
use crate::sandbox::resource::{RESOURCES, Resource};
use crate::sandbox::schema::{Schemas, check, protobuf};
use crate::sandbox::status::ApiFailure;

/// Limits on the report about duplicate keys: their number, and the characters of each path.
const MAX_DUPLICATES: usize = 100;
const MAX_PATH: usize = 1024;

const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// An object from a body, with what the client should be warned of.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The object; `kind` and `apiVersion` are in it.
    pub object: Value,
    /// Sentences for the header `Warning`.
    pub warnings: Vec<String>,
}

/// Any body as a value, duplicates named.
///
/// # Errors
/// 415 for a form that is not known, 400 for a body that is not of that form.
pub(crate) fn parse(content_type: &str, body: &Bytes) -> Result<(Value, Vec<String>), ApiFailure> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "" | "application/json" | "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            json(body)
        }
        "application/yaml" | "application/apply-patch+yaml" => {
            let text = std::str::from_utf8(body).map_err(|error| error.to_string());
            let value = text.and_then(|text| yaml::from_str(text).map_err(|error| error.to_string()));
            let value = value.map_err(|error| ApiFailure::bad_request(format!("error decoding YAML: {error}")))?;
            Ok((value, Vec::new()))
        }
        _ => Err(ApiFailure::unsupported_media(ACCEPTED)),
    }
}

fn json(body: &Bytes) -> Result<(Value, Vec<String>), ApiFailure> {
    let duplicates = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = DuplicateKeySeed { place: None, duplicates: &duplicates }.deserialize(&mut reader);
    let whole = read.and_then(|value| reader.end().map(|()| value));
    let value = whole
        .map_err(|error| ApiFailure::bad_request(format!("couldn't get version/kind; json parse error: {error}")))?;
    Ok((value, duplicates.into_inner()))
}

/// An object of `resource` from a body.
///
/// # Errors
/// 400 and 415.
pub(crate) fn object(
    schemas: &Schemas,
    resource: &Resource,
    content_type: &str,
    body: &Bytes,
    validation: FieldValidation,
) -> Result<Decoded, ApiFailure> {
    let (object, duplicates) = if content_type.starts_with("application/vnd.kubernetes.protobuf") {
        let envelope = protobuf::open(body).ok_or_else(|| broken(resource))?;
        let object = envelope.decode(schemas, resource.schema).ok_or_else(|| broken(resource))?;
        (object, Vec::new())
    } else {
        parse(content_type, body).map_err(|failure| unrecognized(resource, failure))?
    };
    let mut decoded = typed(schemas, resource, object, &duplicates, validation)?;
    check::canonical(schemas.node(resource.schema), &mut decoded.object);
    Ok(decoded)
}

/// The object says that it is something else.
fn other_kind(resource: &Resource, kind: &str, given: &str) -> ApiFailure {
    let wanted = resource.kind;
    let version = given.rsplit('/').next().unwrap_or_default();
    let why = if RESOURCES.iter().any(|known| known.kind == kind && known.api_version() == given) {
        let package = resource.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        format!("converting ({version}.{kind}) to ({package}.{wanted}): unknown conversion")
    } else {
        format!("no kind {kind:?} is registered for version {given:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"")
    };
    ApiFailure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {wanted}: {why}"))
}

/// A value as an object of `resource`: unknown fields are refused or taken out with a warning.
///
/// # Errors
/// 400 where it is none.
pub(crate) fn typed(
    schemas: &Schemas,
    resource: &Resource,
    mut object: Value,
    duplicates: &[String],
    validation: FieldValidation,
) -> Result<Decoded, ApiFailure> {
    let version = resource.api_version();
    let map = object.as_object_mut().ok_or_else(|| broken(resource))?;
    let text =
        |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, given) = (text(map, "kind"), text(map, "apiVersion"));
    if !kind.is_empty() && (kind != resource.kind || given != version) {
        return Err(other_kind(resource, &kind, &given));
    }
    map.insert("kind".to_owned(), resource.kind.into());
    map.insert("apiVersion".to_owned(), version.clone().into());
    let node = schemas.node(resource.schema);
    let cannot = |why: String| {
        let version = version.rsplit('/').next().unwrap_or_default();
        let kind = resource.kind;
        ApiFailure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    };
    let unknown = check::decode(node, &mut object).map_err(cannot)?;
    let warnings = duplicates.iter().map(|path| format!("duplicate field {path:?}"));
    let mut warnings: Vec<_> = warnings.chain(unknown.iter().map(|path| format!("unknown field {path:?}"))).collect();
    match validation {
        FieldValidation::Strict if !warnings.is_empty() => {
            return Err(cannot(format!("strict decoding error: {}", warnings.join(", "))));
        }
        FieldValidation::Ignore => warnings.clear(),
        FieldValidation::Strict | FieldValidation::Warn => {}
    }
    Ok(Decoded { object, warnings })
}

fn broken(resource: &Resource) -> ApiFailure {
    ApiFailure::bad_request(format!("the object provided is unrecognized (must be of type {})", resource.kind))
}

fn unrecognized(resource: &Resource, failure: ApiFailure) -> ApiFailure {
    if failure.code != 400 {
        return failure;
    }
    let message =
        format!("the object provided is unrecognized (must be of type {}): {}", resource.kind, failure.message);
    ApiFailure { message, ..failure }
}

/// Deserializes JSON and records duplicate keys of an object; the last value is kept.
#[derive(Clone, Copy)]
struct DuplicateKeySeed<'a> {
    place: Option<&'a KeyPath<'a>>,
    duplicates: &'a RefCell<Vec<String>>,
}

/// The path of a value. It is formatted only for a duplicate key: keys may be long.
struct KeyPath<'a> {
    above: Option<&'a Self>,
    key: &'a str,
}

impl KeyPath<'_> {
    fn path(&self) -> String {
        let mut keys = vec![self.key];
        let mut place = self.above;
        while let Some(above) = place {
            keys.push(above.key);
            place = above.above;
        }
        keys.reverse();
        keys.join(".").chars().take(MAX_PATH).collect()
    }
}

impl DuplicateKeySeed<'_> {
    fn note(&self, place: &KeyPath<'_>) {
        let mut duplicates = self.duplicates.borrow_mut();
        if duplicates.len() < MAX_DUPLICATES {
            duplicates.push(place.path());
        }
    }
}

impl<'de> DeserializeSeed<'de> for DuplicateKeySeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DuplicateKeySeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let place = KeyPath { above: self.place, key: "[]" };
        while let Some(value) = access.next_element_seed(DuplicateKeySeed { place: Some(&place), ..self })? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let place = KeyPath { above: self.place, key: &key };
            let value = access.next_value_seed(DuplicateKeySeed { place: Some(&place), ..self })?;
            if map.contains_key(&key) {
                self.note(&place);
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resource::ROLES;

    fn role(text: &str, validation: FieldValidation) -> Result<Decoded, ApiFailure> {
        let schemas = Schemas::load().unwrap();
        object(&schemas, &ROLES, "application/json", &Bytes::copy_from_slice(text.as_bytes()), validation)
    }

    #[test]
    fn duplicate_and_unknown_fields_are_errors_or_warnings() {
        let odd = r#"{"metadata":{"name":"a","nam":"b"},"metadata":{"name":"x"},"foo":1}"#;
        let refused = role(odd, FieldValidation::Strict).unwrap_err();
        assert!(
            refused.message.ends_with("strict decoding error: duplicate field \"metadata\", unknown field \"foo\""),
            "{refused:?}"
        );
        let taken = role(odd, FieldValidation::Warn).unwrap();
        assert_eq!(taken.object["metadata"]["name"], "x");
        assert_eq!(taken.warnings.len(), 2);
        assert!(role(odd, FieldValidation::Ignore).unwrap().warnings.is_empty());
    }

    #[test]
    fn rejects_alias_bombs_and_deep_nesting_and_reads_long_keys_in_linear_time() {
        let read = |kind: &str, text: String| parse(kind, &text.into());
        let bomb = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 500_000].join(", "));
        let refused = read("application/yaml", bomb).unwrap_err();
        assert!(
            refused.code == 400 && refused.message.contains("too large after expanding its aliases"),
            "{refused:?}"
        );
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(read("application/json", deep.clone()).unwrap_err().code, 400);
            assert_eq!(read("application/yaml", deep).unwrap_err().code, 400);
        }
        // A long key above many values: the path of each is as long.
        let began = std::time::Instant::now();
        let key = "k".repeat(1 << 20);
        let twice = format!("{{\"{key}\":{{{}\"b\":1}}}}", "\"a\":1,".repeat(100_000));
        let (_, duplicates) = read("application/json", twice).unwrap();
        assert!(duplicates.len() == MAX_DUPLICATES && duplicates[0].len() <= MAX_PATH);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn rejects_other_kinds_and_media_types() {
        let pod = r#"{"kind":"Pod","apiVersion":"v1"}"#;
        assert_eq!(role(pod, FieldValidation::Ignore).unwrap_err().code, 400);
        for broken in ["", "[", "[]", "\"x\"", "{\"metadata\":1}", "{} {}"] {
            assert_eq!(role(broken, FieldValidation::Ignore).unwrap_err().code, 400, "{broken}");
        }
        assert_eq!(parse("text/plain", &Bytes::new()).unwrap_err().code, 415);
    }
}
