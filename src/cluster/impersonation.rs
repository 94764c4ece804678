//! Impersonation (client-go, `transport/round_trippers.go`).

use http::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_yaml::{Mapping, Value};

use super::target::Target;

/// The impersonation headers; flags have precedence over the kubeconfig.
///
/// # Errors
/// Which fields cannot be used, and why.
pub(super) fn headers(user: &Mapping, target: &Target) -> Result<HeaderMap, String> {
    let text = |field: &str| user.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let texts = |value: &Value| {
        let items = value.as_sequence().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let name = target.as_user.clone().or_else(|| text("as"));
    let own_groups = || user.get("as-groups").map(texts).unwrap_or_default();
    let groups = if target.as_groups.is_empty() { own_groups() } else { target.as_groups.clone() };
    let uid = text("as-uid");
    let extra = user.get("as-user-extra").and_then(Value::as_mapping);
    if name.is_none() && (!groups.is_empty() || uid.is_some() || extra.is_some_and(|extra| !extra.is_empty())) {
        return Err("as-groups, as-uid and as-user-extra need a user to act as (as)".to_owned());
    }
    let mut headers = HeaderMap::new();
    let mut add = |header: &str, value: &str| -> Result<(), String> {
        let wrong =
            |()| "a user, group, uid or extra to act as has characters that no HTTP header can carry".to_owned();
        let header = HeaderName::try_from(header).map_err(|_| wrong(()))?;
        headers.append(header, HeaderValue::from_str(value).map_err(|_| wrong(()))?);
        Ok(())
    };
    if let Some(name) = &name {
        add("impersonate-user", name)?;
    }
    if let Some(uid) = &uid {
        add("impersonate-uid", uid)?;
    }
    groups.iter().try_for_each(|group| add("impersonate-group", group))?;
    for (key, values) in extra.into_iter().flatten() {
        let key = percent_encode(key.as_str().unwrap_or_default().as_bytes(), EXTRA_KEY);
        for value in texts(values) {
            add(&format!("impersonate-extra-{key}"), &value)?;
        }
    }
    Ok(headers)
}

/// What a key of `as-user-extra` is escaped by in a header's name (client-go, `transport/round_trippers.go`,
/// `headerKeyEscape`): everything that is no token character (RFC 9110, 5.6.2), and `%`.
const EXTRA_KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
