//! The little of a request that rules about its surroundings need, slim enough for a hundred thousand of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::interner::{Interner, RequesterKind, Uid, bytes};
use crate::domain::request::{Request, RequestState, San};
use crate::domain::signer::KUBELET_SERVING;

/// The prefix of nodes' user names.
pub(crate) const NODE_PREFIX: &str = "system:node:";

/// A uid, or half of a SHA-256: enough to distinguish any two.
pub(crate) type Id = [u8; 16];

/// What other requests, bindings, nodes and time are compared with. The texts are hostile until made printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// [`uid_id`] of the uid.
    pub uid: Id,
    /// Name of the object.
    pub name: Arc<str>,
    /// The state of the request.
    pub state: RequestState,
    /// Creation.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// The signer, in full.
    pub signer: Arc<str>,
    /// Who the certificate logs in as; empty where there is no CN.
    pub user: Arc<str>,
    /// Its groups.
    pub groups: Arc<[Arc<str>]>,
    /// Who asked.
    pub requester: Arc<RequesterKind>,
    /// The first half of the SHA-256 of the public key; `None` where it cannot be read.
    pub key: Option<Id>,
    /// Names and addresses that a kubelet wants to serve under.
    pub hosts: Arc<[San]>,
    /// Life asked for, in seconds.
    pub expiration_seconds: Option<i32>,
}

impl RequestFacts {
    /// The facts of a request.
    pub(crate) fn of(request: &Request) -> Self {
        Self::shared(request, &mut Interner::default())
    }

    /// The facts of a request; what others have too is shared with them.
    pub(crate) fn shared(request: &Request, interner: &mut Interner) -> Self {
        let identity = request.identity();
        let pkcs10 = request.pkcs10.as_ref().ok();
        let serving = request.signer_name == KUBELET_SERVING;
        let hosts = pkcs10.filter(|_| serving).map(|pkcs10| pkcs10.sans.as_slice().into()).unwrap_or_default();
        Self {
            uid: uid_id(&request.pin.uid),
            name: interner.own(&request.pin.name),
            state: request.state(),
            created_at: request.created_at,
            approved_at: request.approved_at(),
            signer: interner.text(&request.signer_name),
            user: interner.own(&identity.user),
            groups: interner.texts(&identity.groups),
            requester: interner.requester(&request.requester.username, &request.requester.groups),
            key: pkcs10.and_then(|pkcs10| bytes(pkcs10.key.sha256.as_bytes())),
            hosts,
            expiration_seconds: request.expiration_seconds,
        }
    }

    /// The node's name, where the user is a node.
    pub(crate) fn node(&self) -> Option<&str> {
        self.user.strip_prefix(NODE_PREFIX).filter(|node| !node.is_empty())
    }

    /// Whether it is still undecided.
    pub(crate) fn is_pending(&self) -> bool {
        self.state == RequestState::Pending
    }
}

/// A uid in little space: the API server's are UUIDs; of any other text, the half of its SHA-256.
pub fn uid_id(uid: &str) -> Id {
    use sha2::{Digest, Sha256};
    match Uid::of(uid) {
        Uid::Uuid(bytes) => bytes,
        Uid::Other(text) => {
            let mut half = Id::default();
            half.copy_from_slice(&Sha256::digest(&*text)[..16]);
            half
        }
    }
}
