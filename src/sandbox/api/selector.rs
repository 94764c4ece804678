//! Selectors by label and by field (`apimachinery/pkg/labels`, `pkg/fields`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::resource::Resource;
use super::status::Failure;

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

impl Labels {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    ///
    /// # Errors
    /// 400 with what cannot be read.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(requirement(part)?);
            }
        }
        Ok(Self(requirements))
    }

    /// Whether an object with these labels is meant.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Missing(key) => !labels.contains_key(key),
        })
    }
}

/// At commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Result<Requirement, Failure> {
    let wrong = || Failure::bad_request(format!("unable to parse requirement: {part:?} is no requirement"));
    let word = |text: &str| {
        let text = text.trim();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        if plain { Ok(text.to_owned()) } else { Err(wrong()) }
    };
    let set = |rest: &str| {
        let list = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
        list.split(',').map(word).collect::<Result<Vec<_>, _>>()
    };
    if let Some(key) = part.strip_prefix('!') {
        return word(key).map(Requirement::Missing);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(word(key)?, vec![word(value)?]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(word(key)?, vec![word(value)?]));
    }
    if let Some((key, rest)) = part.split_once(" notin ") {
        return Ok(Requirement::NotIn(word(key)?, set(rest)?));
    }
    if let Some((key, rest)) = part.split_once(" in ") {
        return Ok(Requirement::In(word(key)?, set(rest)?));
    }
    word(part).map(Requirement::Exists)
}

/// A field selector: each entry a path, whether it must be equal, and the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, bool, String)>);

impl Fields {
    /// Reads `metadata.name=a,status.phase!=b`.
    ///
    /// # Errors
    /// 400 with what cannot be read.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let entry = |part: &str| {
            let wrong = || Failure::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'"));
            let read = part.split_once("!=").map(|(key, value)| (key, false, value));
            let read = read.or_else(|| part.split_once("==").map(|(key, value)| (key, true, value)));
            let read = read.or_else(|| part.split_once('=').map(|(key, value)| (key, true, value)));
            let (key, equal, value) = read.ok_or_else(wrong)?;
            Ok((key.to_owned(), equal, value.replace("\\=", "=").replace("\\,", ",")))
        };
        text.split(',').filter(|part| !part.is_empty()).map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// The one value that a field must have.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(key, equal, _)| *equal && key == field).map(|(.., value)| value.as_str())
    }

    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this kind of object can be selected so.
    ///
    /// # Errors
    /// 400 with the field that cannot.
    pub fn check(&self, resource: &Resource) -> Result<(), Failure> {
        let known = |field: &str| {
            field == "metadata.name"
                || (field == "metadata.namespace" && (resource.namespaced || resource.fields.is_empty()))
                || resource.fields.contains(&field)
        };
        match self.0.iter().find(|(field, ..)| !known(field)) {
            None => Ok(()),
            // No conversion of its own: `runtime.DefaultMetaV1FieldSelectorConversion`.
            Some((field, ..)) if resource.fields.is_empty() => Err(Failure::bad_request(format!(
                "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            ))),
            Some((field, ..)) => Err(Failure::bad_request(format!("field label not supported: {field}"))),
        }
    }

    /// Whether this object is meant.
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(field, equal, wanted)| (value(object, field) == *wanted) == *equal)
    }
}

fn value(object: &Value, field: &str) -> String {
    let field = match field {
        "name" => "metadata.name",
        "source" => "source.component",
        other => other,
    };
    match object.pointer(&format!("/{}", field.replace('.', "/"))) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if field == "spec.unschedulable" || field == "spec.hostNetwork" => "false".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_selected_as_kubectl_writes_it() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "db".to_owned())]);
        for (selector, meant) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier!=db", false),
            ("app in (web, api),tier", true),
            ("app notin (web)", false),
            ("!app", false),
            ("!other,other!=x", true),
            ("other", false),
        ] {
            assert_eq!(Labels::parse(selector).unwrap().matches(&labels), meant, "{selector}");
        }
        assert_eq!(Labels::parse("a===b").unwrap_err().code, 400);
        assert_eq!(Labels::parse("a in b").unwrap_err().code, 400);
    }

    #[test]
    fn fields_are_selected_where_the_kind_has_them() {
        let object = json!({ "metadata": { "name": "a" }, "spec": { "signerName": "x/y" } });
        let selector = Fields::parse("metadata.name=a,spec.signerName!=z").unwrap();
        assert!(selector.matches(&object) && selector.exact("metadata.name") == Some("a"));
        assert!(selector.check(&super::super::resource::REQUESTS).is_ok());
        assert_eq!(
            Fields::parse("spec.foo=b").unwrap().check(&super::super::resource::REQUESTS).unwrap_err().code,
            400
        );
        assert_eq!(Fields::parse("nonsense").unwrap_err().code, 400);
    }
}
