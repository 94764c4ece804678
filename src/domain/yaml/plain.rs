//! What a plain word is in YAML 1.1, word for word as go.yaml.in/yaml/v2 decides it (`resolve.go`).

use base64::Engine;
use serde_yaml::Value;

/// The value of a word without quotes and tag.
///
/// # Errors
/// Where it is a number that JSON cannot say, so that kubectl cannot read it either.
pub(crate) fn resolve(text: &str) -> Result<Value, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Ok(true.into()),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(false.into());
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err("a number that is none has no form in JSON, and kubectl cannot read it"),
        _ => {}
    }
    Ok(number(text).unwrap_or_else(|| text.into()))
}

/// The value of a word with one of YAML's own tags, such as `int`.
///
/// # Errors
/// Where the word is not of that kind.
pub(crate) fn resolve_as(kind: &str, text: &str) -> Result<Value, &'static str> {
    const OTHER: &str = "a value is not what its tag says";
    if kind == "binary" {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.replace(['\n', '\r', ' '], ""));
        return bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()).map(Value::from).ok_or(OTHER);
    }
    let value = resolve(text)?;
    match (kind, &value) {
        ("null", Value::Null) | ("bool", Value::Bool(_)) | ("timestamp", Value::String(_)) => Ok(value),
        ("int", Value::Number(number)) if !number.is_f64() => Ok(value),
        ("float", Value::Number(number)) => Ok(number.as_f64().unwrap_or_default().into()),
        ("null" | "bool" | "int" | "float" | "timestamp", _) => Err(OTHER),
        _ => Ok(text.into()),
    }
}

fn number(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        b'.' => real(text),
        b'0'..=b'9' | b'+' | b'-' => {
            if is_date(text) {
                return None;
            }
            let plain = text.replace('_', "");
            whole(&plain).or_else(|| float_shaped(&plain).then(|| real(&plain)).flatten())
        }
        _ => None,
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: a base by prefix, octal by a leading zero.
fn whole(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !digits.chars().all(|c| c.is_digit(base)) || digits.is_empty() {
        return None;
    }
    if negative {
        return i64::from_str_radix(&format!("-{digits}"), base).ok().map(Value::from);
    }
    let number = u64::from_str_radix(digits, base).ok()?;
    // ParseUint takes no sign.
    (i64::try_from(number).is_ok() || !text.starts_with('+')).then(|| number.into())
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn float_shaped(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", after)) => digits(after),
        Some((before, after)) => digits(before) && (after.is_empty() || digits(after)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

fn real(text: &str) -> Option<Value> {
    let shaped = float_shaped(text);
    text.parse::<f64>().ok().filter(|number| shaped && number.is_finite()).map(Value::from)
}

/// Whether Go takes it for a moment, which it then leaves as the text that it is. Only what would otherwise be a number
/// matters, and no number has a dash after four digits.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}
