//! Tokens of service accounts: made by `TokenRequest`, accepted as a login, and reviewed (`pkg/serviceaccount`).

mod claims;
mod issuer;
mod validation;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

pub(crate) use claims::{BoundObjects, Claims, Reference};
pub use issuer::TokenIssuer;
pub(crate) use issuer::URL;

use crate::sandbox::store::Store;
use crate::sandbox::user::User;

/// The error for an unknown token (`authentication/request/bearertoken`).
const UNKNOWN: &str = "invalid bearer token";

/// Issues tokens and recognizes them.
pub struct Tokens {
    /// Signs and verifies.
    pub issuer: TokenIssuer,
    store: Arc<Store>,
}

/// A user authenticated by a token.
#[derive(Debug, PartialEq)]
pub(crate) struct Authenticated {
    pub user: User,
    /// The requested audiences that the token was issued for.
    pub audiences: Vec<String>,
}

impl Tokens {
    /// Tokens of that issuer for the accounts of that store.
    pub fn new(issuer: TokenIssuer, store: Arc<Store>) -> Self {
        Self { issuer, store }
    }

    /// The audiences of the API server.
    pub(crate) fn api_audiences() -> Vec<String> {
        vec![URL.to_owned()]
    }

    /// The user of a token that is valid at that time for one of these audiences.
    ///
    /// # Errors
    /// Why not, in the server's words, as a `TokenReview` shows it.
    pub(crate) fn authenticate(
        &self,
        token: &str,
        audiences: &[String],
        now: DateTime<Utc>,
    ) -> Result<Authenticated, String> {
        let refused = |why: String| if why.is_empty() { UNKNOWN.to_owned() } else { format!("[{UNKNOWN}, {why}]") };
        self.try_authenticate(token, audiences, now).map_err(refused)
    }

    fn try_authenticate(&self, token: &str, audiences: &[String], now: DateTime<Utc>) -> Result<Authenticated, String> {
        let claims = self.issuer.verify(token)?;
        let matching: Vec<_> = audiences.iter().filter(|audience| claims.aud.contains(audience)).cloned().collect();
        if matching.is_empty() {
            return Err(format!(
                "token audiences {} is invalid for the target audiences {}",
                go_list(&claims.aud),
                go_list(audiences)
            ));
        }
        validation::check(&self.store, &claims, now)?;
        Ok(Authenticated { user: claims.user(), audiences: matching })
    }
}

/// A list as Go's `%q` prints it.
fn go_list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", texts.join(" "))
}

/// The token of the header `Authorization`, if it has the form of one (RFC 6750, 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, rest) = value.split_once(' ')?;
    let token = rest.split(' ').next().unwrap_or_default();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn reads_bearer_tokens_and_nothing_else() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("  Bearer abc  ", Some("abc")),
            ("Bearer abc def", Some("abc")),
            ("Bearer", None),
            ("Bearer  abc", None),
            ("Basic abc", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), token, "{value:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
