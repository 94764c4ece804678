//! Access to the parts of objects as JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// A timestamp as objects contain it: RFC 3339, in whole seconds.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The string at a JSON pointer, empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list at a JSON pointer, none where there is no list.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Sets or removes a top-level field of an object.
pub(crate) fn set_part(object: &mut Value, part: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => drop(map.insert(part.to_owned(), value)),
        None => drop(map.shift_remove(part)),
    }
}
