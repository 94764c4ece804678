//! What kubectl can read as a kubeconfig (client-go, `tools/clientcmd/api/v1/types.go` and `conversion.go`): kinds of
//! values, and names that are there once. Fields that it does not know may be anything.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_yaml::{Mapping, Value};

/// The kind of value that a field takes. `null` is always taken for nothing.
pub(in crate::domain) enum Shape {
    Text,
    Flag,
    Base64,
    Any,
    Texts,
    MapOf(&'static Shape),
    ListOf(&'static Shape),
    Fields(&'static [(&'static str, Shape)]),
    /// A list whose items have a name, no two the same.
    Named(&'static [(&'static str, Shape)]),
}

const EXTENSIONS: Shape = Shape::Named(&[("name", Shape::Text), ("extension", Shape::Any)]);

const CLUSTER: Shape = Shape::Fields(&[
    ("server", Shape::Text),
    ("tls-server-name", Shape::Text),
    ("insecure-skip-tls-verify", Shape::Flag),
    ("certificate-authority", Shape::Text),
    ("certificate-authority-data", Shape::Base64),
    ("proxy-url", Shape::Text),
    ("disable-compression", Shape::Flag),
    ("extensions", EXTENSIONS),
]);

const EXEC: Shape = Shape::Fields(&[
    ("command", Shape::Text),
    ("args", Shape::Texts),
    ("env", Shape::ListOf(&Shape::Fields(&[("name", Shape::Text), ("value", Shape::Text)]))),
    ("apiVersion", Shape::Text),
    ("installHint", Shape::Text),
    ("provideClusterInfo", Shape::Flag),
    ("interactiveMode", Shape::Text),
]);

const USER: Shape = Shape::Fields(&[
    ("client-certificate", Shape::Text),
    ("client-certificate-data", Shape::Base64),
    ("client-key", Shape::Text),
    ("client-key-data", Shape::Base64),
    ("token", Shape::Text),
    ("tokenFile", Shape::Text),
    ("as", Shape::Text),
    ("as-uid", Shape::Text),
    ("as-groups", Shape::Texts),
    ("as-user-extra", Shape::MapOf(&Shape::Texts)),
    ("username", Shape::Text),
    ("password", Shape::Text),
    ("auth-provider", Shape::Fields(&[("name", Shape::Text), ("config", Shape::MapOf(&Shape::Text))])),
    ("exec", EXEC),
    ("extensions", EXTENSIONS),
]);

const CONTEXT: Shape = Shape::Fields(&[
    ("cluster", Shape::Text),
    ("user", Shape::Text),
    ("namespace", Shape::Text),
    ("extensions", EXTENSIONS),
]);

const KUBECONFIG: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("preferences", Shape::Fields(&[("colors", Shape::Flag), ("extensions", EXTENSIONS)])),
    ("clusters", Shape::Named(&[("name", Shape::Text), ("cluster", CLUSTER)])),
    ("users", Shape::Named(&[("name", Shape::Text), ("user", USER)])),
    ("contexts", Shape::Named(&[("name", Shape::Text), ("context", CONTEXT)])),
    ("current-context", Shape::Text),
    ("extensions", EXTENSIONS),
]);

/// Whether kubectl can read this.
///
/// # Errors
/// What it cannot read, and where. No value is quoted but names, versions and kinds.
pub(crate) fn check(root: &Mapping) -> Result<(), String> {
    let version = type_field(root, "apiVersion")?;
    if !matches!(version.strip_prefix('/').unwrap_or(&version), "" | "v1" | "__internal") {
        return Err(format!("it is no kubeconfig: apiVersion is {version} and not v1"));
    }
    let kind = type_field(root, "kind")?;
    if !matches!(kind.as_str(), "" | "Config") {
        return Err(format!("it is no kubeconfig: kind is {kind} and not Config"));
    }
    check_fields(root, &KUBECONFIG, "")
}

/// `apiVersion` or `kind`, whose case does not matter: they are read with Go's `encoding/json` from keys in the order of
/// their bytes, and the last that is set counts (apimachinery, `runtime/serializer/json/meta.go`, `Interpret`).
pub(in crate::domain) fn type_field(root: &Mapping, name: &str) -> Result<String, String> {
    let folded = |key: &str| key.replace('\u{17f}', "s").replace('\u{212a}', "k").to_ascii_lowercase();
    let mut found: Vec<_> = root
        .iter()
        .filter_map(|(key, value)| Some((key.as_str()?, value)))
        .filter(|(key, _)| folded(key) == name.to_ascii_lowercase())
        .collect();
    found.sort_by_key(|(key, _)| *key);
    let mut value = String::new();
    for (key, found) in found {
        match found {
            Value::Null => {}
            Value::String(text) => value.clone_from(text),
            other => return Err(format!("{key} is {} and should be a text", kind_of(other))),
        }
    }
    Ok(value)
}

/// Whether the fields of a mapping have the kinds of values that they should; `at` is what it is called, if anything.
///
/// # Errors
/// Which field has another kind. No value is quoted.
pub(in crate::domain) fn check_fields(fields: &Mapping, shape: &Shape, at: &str) -> Result<(), String> {
    let (Shape::Fields(known) | Shape::Named(known)) = shape else { return Ok(()) };
    for (name, shape) in *known {
        if let Some(value) = fields.get(*name) {
            let at = if at.is_empty() { (*name).to_owned() } else { format!("{at}.{name}") };
            check_value(value, shape, &at)?;
        }
    }
    Ok(())
}

fn check_value(value: &Value, shape: &Shape, at: &str) -> Result<(), String> {
    match (shape, value) {
        (Shape::Any, _) | (_, Value::Null) | (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::Base64, Value::String(text)) => check_base64(text, at),
        (Shape::Texts, Value::Sequence(items)) => items.iter().try_for_each(|item| check_value(item, &Shape::Text, at)),
        (Shape::ListOf(item), Value::Sequence(items)) => items.iter().try_for_each(|one| check_value(one, item, at)),
        (Shape::MapOf(item), Value::Mapping(map)) => map.values().try_for_each(|one| check_value(one, item, at)),
        (Shape::Fields(_), Value::Mapping(fields)) => check_fields(fields, shape, at),
        (Shape::Named(_), Value::Sequence(items)) => check_named(items, shape, at),
        _ => Err(format!("{at} is {} and should be {}", kind_of(value), wanted(shape))),
    }
}

fn check_named(items: &[Value], shape: &Shape, at: &str) -> Result<(), String> {
    let mut seen = std::collections::HashSet::new();
    let empty = Mapping::new();
    for (number, item) in items.iter().enumerate() {
        let fields = match item {
            Value::Mapping(fields) => fields,
            Value::Null => &empty,
            other => return Err(format!("{at}[{number}] is {} and should be a mapping", kind_of(other))),
        };
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
        check_fields(fields, shape, &format!("{at}[{number}]"))?;
        if !seen.insert(name.to_owned()) {
            return Err(format!("{at} has two entries of the name \"{name}\"; kubectl reads no such file"));
        }
    }
    Ok(())
}

/// Go's `base64.StdEncoding`: padding is required, line ends are skipped, the bits that padding leaves over may be
/// anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

fn check_base64(text: &str, at: &str) -> Result<(), String> {
    match decoded(text) {
        Some(_) => Ok(()),
        None => Err(format!("{at} is no base64")),
    }
}

/// The bytes of a field such as `client-certificate-data`.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace(['\r', '\n'], "")).ok()
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean (quotes make it a text)",
        Value::Number(_) => "a number (quotes make it a text)",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) | Value::Tagged(_) => "a mapping",
    }
}

const fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Base64 => "a text",
        Shape::Flag => "true or false",
        Shape::Texts | Shape::ListOf(_) | Shape::Named(_) => "a list",
        Shape::MapOf(_) | Shape::Fields(_) | Shape::Any => "a mapping",
    }
}
