//! The claims of a token (`pkg/serviceaccount/claims.go`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::access::{Principal, SubjectKey};
use crate::sandbox::user::{CREDENTIAL, User};

/// The claims of a token; times in seconds since 1970. Fields are in Go's order, which sorts them by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub aud: Vec<String>,
    /// Expiration time.
    pub exp: i64,
    /// Issue time.
    pub iat: i64,
    pub iss: String,
    /// The token's own identifier.
    pub jti: String,
    /// The service account, and what else the token is bound to.
    #[serde(rename = "kubernetes.io")]
    pub bound: BoundObjects,
    /// Start of validity.
    pub nbf: i64,
    /// The service account's user name.
    pub sub: String,
}

/// The objects that a token is bound to: when one of them is deleted, the token is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct BoundObjects {
    /// The namespace of all but the node.
    pub namespace: String,
    /// The node; together with a pod only informational.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Reference>,
    /// The service account.
    pub serviceaccount: Reference,
    /// Time from which use of the token counts as stale; only in tokens with an extended lifetime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnafter: Option<i64>,
}

/// An object by name and UID.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub name: String,
    /// UID; empty for a node that does not exist.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

impl Claims {
    /// The user that logs in with the token (`ServiceAccountInfo.UserInfo`).
    pub(crate) fn user(&self) -> User {
        let account = &self.bound.serviceaccount;
        let mut extra = BTreeMap::new();
        let mut add = |key: &str, value: &str| {
            if !value.is_empty() {
                extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value.to_owned()]);
            }
        };
        for (kind, bound) in [("pod", &self.bound.pod), ("node", &self.bound.node)] {
            let bound = bound.as_ref();
            add(&format!("{kind}-name"), bound.map(|bound| bound.name.as_str()).unwrap_or_default());
            add(&format!("{kind}-uid"), bound.map(|bound| bound.uid.as_str()).unwrap_or_default());
        }
        extra.insert(CREDENTIAL.to_owned(), vec![format!("JTI={}", self.jti)]);
        let who = Principal::of(&SubjectKey::ServiceAccount(self.bound.namespace.clone(), account.name.clone()));
        User { who, uid: account.uid.clone(), extra }
    }
}
