//! Bearer tokens.

use base64::Engine;
use chrono::{DateTime, Utc};

/// When a JWT (RFC 7519) ends, if it is one and says so. Its signature is the server's concern.
pub(super) fn end_of_token(token: &str) -> Option<DateTime<Utc>> {
    let payload = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    DateTime::from_timestamp(claims.get("exp")?.as_i64()?, 0)
}
