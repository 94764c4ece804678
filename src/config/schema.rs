//! The part of the JSON schema that is made from the key table. A test keeps the file in assets equal to the whole.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::console::core::keymap::{BINDINGS, KeyContext};

/// Places and actions as the key table has them.
pub(crate) fn keys(_: &mut SchemaGenerator) -> Schema {
    let key = json!({"anyOf": [{"type": "string"}, {"type": "integer"}]});
    let several = json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": key}]});
    let mut places = Map::new();
    for &place in KeyContext::ALL {
        let mut actions = Map::new();
        for binding in BINDINGS.iter().filter(|binding| binding.place == place) {
            let mut keys = several.clone();
            keys["description"] = binding.help.into();
            actions.insert(binding.action.name().to_owned(), keys);
        }
        let place_schema = json!({
            "description": place.title(), "type": "object", "additionalProperties": false, "properties": actions,
        });
        places.insert(place.name().to_owned(), place_schema);
    }
    let mut schema = json_schema!({"type": "object", "additionalProperties": false});
    schema.insert("properties".to_owned(), Value::Object(places));
    schema
}
