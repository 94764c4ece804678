//! The user of a request, and the names that the API server gives to users and groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::access::Principal;

/// Group of all nodes.
pub(crate) const NODES: &str = "system:nodes";
/// User name of requests without credentials.
pub(crate) const ANONYMOUS: &str = "system:anonymous";
/// Group of requests without credentials.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The key of a user's extra attributes that names the credential (`user.CredentialIDKey`).
pub(crate) const CREDENTIAL: &str = "authentication.kubernetes.io/credential-id";

/// A user as the API server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct User {
    /// Name and groups.
    pub who: Principal,
    /// User id, mostly empty.
    pub uid: String,
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// The user of requests without credentials.
    pub(crate) fn anonymous() -> Self {
        let who = Principal { user: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()] };
        Self { who, ..Self::default() }
    }

    /// As `UserInfo` (`authentication.k8s.io/v1`).
    pub(crate) fn to_json(&self) -> Value {
        let mut info = json!({ "username": self.who.user, "groups": self.who.groups });
        if !self.uid.is_empty() {
            info["uid"] = self.uid.clone().into();
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }
}
