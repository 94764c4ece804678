//! Field selectors (`apimachinery/pkg/fields/selector.go`).

use serde_json::Value;

use crate::sandbox::resource::Resource;
use crate::sandbox::status::ApiFailure;

/// A field selector: terms in Go's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldOperator {
    Equal,
    NotEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    operator: FieldOperator,
    value: String,
}

impl FieldSelector {
    /// Reads `metadata.name=a,status.phase!=b`; `\` escapes `,`, `=` and itself in a value.
    ///
    /// # Errors
    /// 400 with what cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiFailure> {
        let mut terms = split(text);
        terms.sort_unstable();
        let terms = terms.into_iter().filter(|term| !term.is_empty());
        terms.map(|term| self::term(text, term)).collect::<Result<_, _>>().map(Self)
    }

    /// The one value that a field must have (`RequiresExactMatch`).
    pub(crate) fn exact(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|term| term.operator == FieldOperator::Equal && term.field == field)
            .map(|term| term.value.as_str())
    }

    /// Whether one of the terms is `field=value`.
    pub(crate) fn requires(&self, field: &str, value: &str) -> bool {
        self.0.iter().any(|term| term.operator == FieldOperator::Equal && term.field == field && term.value == value)
    }

    /// Adds the term `field=value`.
    pub(crate) fn require(&mut self, field: &str, value: &str) {
        self.0.push(Term { field: field.to_owned(), operator: FieldOperator::Equal, value: value.to_owned() });
    }

    /// Whether it has no terms.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this kind of object can be selected so.
    ///
    /// # Errors
    /// 400 with the field that cannot.
    pub(crate) fn check(&self, resource: &Resource) -> Result<(), ApiFailure> {
        let known = |field: &str| {
            field == "metadata.name"
                || (field == "metadata.namespace" && (resource.namespaced || resource.fields.is_empty()))
                || resource.fields.contains(&field)
        };
        match self.0.iter().map(|term| &term.field).find(|field| !known(field)) {
            None => Ok(()),
            // No conversion for this kind: `runtime.DefaultMetaV1FieldSelectorConversion`.
            Some(field) if resource.fields.is_empty() => Err(ApiFailure::bad_request(format!(
                "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            ))),
            Some(field) => Err(ApiFailure::bad_request(format!("field label not supported: {field}"))),
        }
    }

    /// Whether this object is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|term| (value(object, &term.field) == term.value) == (term.operator == FieldOperator::Equal))
    }
}

/// Splits at unescaped commas.
fn split(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn term(selector: &str, term: &str) -> Result<Term, ApiFailure> {
    let operator = |at: usize| ["!=", "==", "="].into_iter().find(|operator| term[at..].starts_with(operator));
    let found = term.char_indices().find_map(|(at, _)| Some((at, operator(at)?)));
    let (at, operator) = found
        .ok_or_else(|| ApiFailure::bad_request(format!("invalid selector: '{selector}'; can't understand '{term}'")))?;
    let value = unescape(&term[at + operator.len()..]).map_err(ApiFailure::bad_request)?;
    let operator = if operator == "!=" { FieldOperator::NotEqual } else { FieldOperator::Equal };
    Ok(Term { field: term[..at].to_owned(), operator, value })
}

fn unescape(text: &str) -> Result<String, String> {
    let (mut value, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some(escaped @ ('\\' | ',' | '='))) => value.push(escaped),
            ('\\', next) => {
                let sequence: String = [Some('\\'), next].into_iter().flatten().collect();
                return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
            }
            (',' | '=', _) => return Err(format!("invalid field selector: unescaped character in value: {c}")),
            _ => value.push(c),
        }
    }
    Ok(value)
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
    use crate::sandbox::resource::REQUESTS;

    #[test]
    fn selects_by_fields_of_the_kind() {
        let object = json!({ "metadata": { "name": "a" }, "spec": { "signerName": "x/y" } });
        let selector = FieldSelector::parse("metadata.name=a,spec.signerName!=z").unwrap();
        assert!(selector.matches(&object) && selector.exact("metadata.name") == Some("a"));
        assert!(selector.check(&REQUESTS).is_ok());
        assert_eq!(FieldSelector::parse("spec.foo=b").unwrap().check(&REQUESTS).unwrap_err().code, 400);
        for wrong in ["nonsense", "a=b=c", "a=\\b", "a=b\\", "a===b"] {
            assert_eq!(FieldSelector::parse(wrong).unwrap_err().code, 400, "{wrong}");
        }
        assert_eq!(FieldSelector::parse("a=b\\,c\\=d,metadata.name=z").unwrap().exact("a"), Some("b,c=d"));
    }
}
