//! csrsigning (`pkg/controller/certificates/signer`).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use serde_json::{Value, json};

use crate::domain::request::{Request, RequestState};
use crate::domain::verdict;
use crate::sandbox::authority::Authority;
use crate::sandbox::controllers::edit::{modify, note_owner};
use crate::sandbox::controllers::follower::Follower;
use crate::sandbox::object::stamp;
use crate::sandbox::resource::REQUESTS;
use crate::sandbox::schema::Schemas;
use crate::sandbox::store::{ObjectKey, Record, Store};

/// Short, but long enough for the user to see the request approved and then signed.
const DELAY: Duration = Duration::from_millis(250);

/// Signs approved requests, or marks them as failed, until the store is dropped.
pub(super) async fn run(store: Arc<Store>, authority: Arc<Authority>) {
    let Ok(schemas) = Schemas::load() else { return };
    let signer = Signer { store: &store, authority: &authority, schemas };
    let (mut follower, present) = Follower::start(&store, &REQUESTS);
    for (key, record) in present {
        signer.act(&key, &record);
    }
    while let Some(changes) = follower.next().await {
        tokio::time::sleep(DELAY).await;
        for change in changes {
            signer.act(&change.key, &change.record);
        }
    }
}

struct Signer<'a> {
    store: &'a Store,
    authority: &'a Authority,
    schemas: Schemas,
}

impl Signer<'_> {
    fn act(&self, key: &ObjectKey, record: &Record) {
        // Cheap check first: most changes are of requests that are not approved.
        if !record.json.windows(10).any(|bytes| bytes == b"\"Approved\"") {
            return;
        }
        modify(self.store, &REQUESTS, key, |before| {
            let mut object = signed(self.authority, before.clone())?;
            // The status is the signer's.
            note_owner(&self.schemas, &REQUESTS, "status", &before, &mut object);
            Some(object)
        });
    }
}

/// The request with its certificate or its failure; `None` where there is nothing to do.
fn signed(authority: &Authority, mut object: Value) -> Option<Value> {
    let csr: CertificateSigningRequest = serde_json::from_value(object.clone()).ok()?;
    let request = Request::from_object(&csr);
    if request.state() != RequestState::Approved || !verdict::is_signed_here(&request.signer_name) {
        return None;
    }
    let now = Utc::now();
    if let Some(reason) = verdict::refusal(&request) {
        let stamp = stamp(now);
        let failed = json!({
            "type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": reason,
            "lastUpdateTime": stamp, "lastTransitionTime": stamp,
        });
        object["status"]["conditions"].as_array_mut()?.push(failed);
        return Some(object);
    }
    // A request that cannot be signed is tried again with its next change, as the controller does.
    let pem = authority.sign(&csr.spec.request.0, &request.usages, request.expiration_seconds, now).ok()?;
    object["status"]["certificate"] = STANDARD.encode(pem).into();
    Some(object)
}
