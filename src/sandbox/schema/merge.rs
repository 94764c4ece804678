//! Comparing, merging and pruning objects field by field (sigs.k8s.io/structured-merge-diff, `typed`).

use serde_json::{Map, Value};

use super::fields::FieldSet;
use super::{Merge, SchemaNode, Shape};

/// What changed between two objects.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Paths that are new or have another value.
    pub written: FieldSet,
    /// Paths that were removed.
    pub removed: FieldSet,
}

/// Compares two versions of an object.
pub(crate) fn compare(node: SchemaNode<'_>, old: &Value, new: &Value) -> Comparison {
    let mut found = Comparison::default();
    compare_at(node, Some(old), Some(new), &mut Vec::new(), &mut found);
    found
}

fn compare_at(
    node: SchemaNode<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<String>,
    found: &mut Comparison,
) {
    let empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    };
    let Some(keys) = parts_of(node).filter(|_| !(empty(old) && empty(new))) else {
        if old != new {
            note(old, path, found, new);
        }
        return;
    };
    let (old_parts, new_parts) = (parts(&keys, old), parts(&keys, new));
    for (step, key, value) in &old_parts {
        let other = new_parts.iter().find(|(other, ..)| other == step).map(|(_, _, value)| *value);
        path.push(step.clone());
        compare_at(item(node, key), Some(value), other, path, found);
        path.pop();
    }
    for (step, key, value) in &new_parts {
        if !old_parts.iter().any(|(other, ..)| other == step) {
            path.push(step.clone());
            compare_at(item(node, key), None, Some(value), path, found);
            path.pop();
        }
    }
    if old.is_none() || new.is_none() {
        note(old, path, found, new);
    }
}

fn note(old: Option<&Value>, path: &[String], found: &mut Comparison, new: Option<&Value>) {
    if new.is_some() || old.is_none() { found.written.insert(path) } else { found.removed.insert(path) }
}

/// How the parts of a value are identified.
enum Parts<'a> {
    Fields,
    Values,
    Keys(Vec<&'a str>),
}

fn parts_of(node: SchemaNode<'_>) -> Option<Parts<'_>> {
    match (node.shape(), node.merge()) {
        (Shape::Leaf, _) | (_, Merge::Atomic) => None,
        (Shape::List(_), Merge::Set) => Some(Parts::Values),
        (Shape::List(_), Merge::ByKeys(keys)) => Some(Parts::Keys(keys)),
        _ => Some(Parts::Fields),
    }
}

/// Each part with its step and, for fields, its key.
fn parts<'a>(kind: &Parts<'_>, value: Option<&'a Value>) -> Vec<(String, String, &'a Value)> {
    match (kind, value) {
        (Parts::Fields, Some(Value::Object(map))) => {
            map.iter().map(|(key, value)| (format!("f:{key}"), key.clone(), value)).collect()
        }
        (Parts::Values, Some(Value::Array(list))) => {
            list.iter().map(|value| (format!("v:{value}"), String::new(), value)).collect()
        }
        (Parts::Keys(keys), Some(Value::Array(list))) => {
            list.iter().map(|value| (key_step(keys, value), String::new(), value)).collect()
        }
        _ => Vec::new(),
    }
}

fn key_step(keys: &[&str], item: &Value) -> String {
    let mut chosen = Map::new();
    for key in keys {
        if let Some(value) = item.get(*key) {
            chosen.insert((*key).to_owned(), value.clone());
        }
    }
    chosen.sort_keys();
    format!("k:{}", Value::Object(chosen))
}

fn item<'a>(node: SchemaNode<'a>, key: &str) -> SchemaNode<'a> {
    match node.shape() {
        Shape::List(item) => item,
        _ => node.child(key),
    }
}

/// Every field of an object (`ToFieldSet`).
pub(crate) fn fields_of(node: SchemaNode<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(node, value, &mut Vec::new(), &mut set);
    set
}

fn collect(node: SchemaNode<'_>, value: &Value, path: &mut Vec<String>, set: &mut FieldSet) {
    let Some(kind) = parts_of(node) else { return set.insert(path) };
    let is_struct = matches!(node.shape(), Shape::Struct(_));
    for (step, key, part) in parts(&kind, Some(value)) {
        path.push(step);
        collect(item(node, &key), part, path, set);
        let empty = part.is_null() || part.as_object().is_some_and(Map::is_empty);
        if empty || !is_struct {
            set.insert(path);
        }
        path.pop();
    }
}

/// `config` laid over `live`: what it says wins, what it does not mention stays.
pub(crate) fn merge(node: SchemaNode<'_>, live: &Value, config: &Value) -> Value {
    match (parts_of(node), live, config) {
        (Some(Parts::Fields), Value::Object(live), Value::Object(config)) => {
            let mut merged = live.clone();
            for (key, value) in config {
                let value = live.get(key).map_or_else(|| value.clone(), |live| merge(node.child(key), live, value));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Some(kind @ (Parts::Values | Parts::Keys(_))), Value::Array(_), Value::Array(_)) => {
            let mut merged = parts(&kind, Some(live)).into_iter().map(|(step, _, value)| (step, value.clone()));
            let mut merged: Vec<_> = merged.by_ref().collect();
            for (step, key, value) in parts(&kind, Some(config)) {
                match merged.iter_mut().find(|(other, _)| *other == step) {
                    Some((_, live)) => *live = merge(item(node, &key), live, value),
                    None => merged.push((step, value.clone())),
                }
            }
            Value::Array(merged.into_iter().map(|(_, value)| value).collect())
        }
        _ => config.clone(),
    }
}

/// Removes from `value` what is in `dropped` and not in `kept`, and containers that become empty.
pub(crate) fn prune(node: SchemaNode<'_>, value: &mut Value, dropped: &FieldSet, kept: &FieldSet) {
    let nothing = FieldSet::default();
    let Some(kind) = parts_of(node) else { return };
    let mut gone = Vec::new();
    let steps: Vec<_> = parts(&kind, Some(value)).into_iter().map(|(step, key, _)| (step, key)).collect();
    for (at, (step, key)) in steps.iter().enumerate() {
        let Some(dropped) = dropped.below(step) else { continue };
        let kept = kept.below(step).unwrap_or(&nothing);
        let part = match value {
            Value::Object(map) => map.get_mut(key),
            Value::Array(list) => list.get_mut(at),
            _ => None,
        };
        let Some(part) = part else { continue };
        prune(item(node, key), part, dropped, kept);
        let key_only = matches!(&kind, Parts::Keys(keys) if only(part, keys));
        if dropped.is_member() && kept.is_empty() && (key_only || is_bare(item(node, key), part)) {
            gone.push((at, key.clone()));
        }
    }
    for (at, key) in gone.into_iter().rev() {
        match value {
            Value::Object(map) => drop(map.shift_remove(&key)),
            Value::Array(list) => drop(list.remove(at)),
            _ => {}
        }
    }
}

fn only(item: &Value, keys: &[&str]) -> bool {
    item.as_object().is_some_and(|map| map.keys().all(|key| keys.contains(&key.as_str())))
}

/// A leaf or an empty container.
fn is_bare(node: SchemaNode<'_>, value: &Value) -> bool {
    parts_of(node).is_none_or(|kind| parts(&kind, Some(value)).is_empty())
}
