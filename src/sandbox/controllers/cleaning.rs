//! csrcleaner (`pkg/controller/certificates/cleaner`). It looks once a minute; the real one once an hour.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use serde_json::Value;

use crate::domain::request::Request;
use crate::sandbox::controllers::edit::remove;
use crate::sandbox::resource::REQUESTS;
use crate::sandbox::store::Store;

const INTERVAL: Duration = Duration::from_secs(60);
/// How long issued, denied and failed requests stay.
const DECIDED: TimeDelta = TimeDelta::hours(1);
/// How long pending ones stay, and approved ones that are not signed.
const UNDECIDED: TimeDelta = TimeDelta::hours(24);

/// Deletes old requests, until the store is dropped.
pub(super) async fn run(store: Arc<Store>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let store = store.clone();
        // Blocking: thousands of requests take long enough to delay responses.
        let cleaned = tokio::task::spawn_blocking(move || clean(&store, Utc::now())).await;
        if cleaned.is_err() {
            return;
        }
    }
}

fn clean(store: &Store, now: DateTime<Utc>) {
    for (key, record) in store.all(&REQUESTS) {
        if is_old(&record.object(), now) {
            remove(store, &REQUESTS, &key, |object| is_old(object, now));
        }
    }
}

fn is_old(object: &Value, now: DateTime<Utc>) -> bool {
    let csr: Result<CertificateSigningRequest, _> = serde_json::from_value(object.clone());
    csr.is_ok_and(|csr| is_past(&Request::from_object(&csr), now))
}

fn is_past(request: &Request, now: DateTime<Utc>) -> bool {
    let older = |time: Option<DateTime<Utc>>, than: TimeDelta| time.is_some_and(|time| now - time > than);
    let any = |kind: &str, than: TimeDelta| {
        request.conditions.iter().any(|condition| condition.kind == kind && older(condition.last_update, than))
    };
    let approved = request.conditions.iter().any(|condition| condition.kind == "Approved");
    let expired = request.certificate.as_ref().is_some_and(|own| own.as_ref().is_ok_and(|own| own.not_after < now));
    (request.conditions.is_empty() && older(request.created_at, UNDECIDED))
        || any("Denied", DECIDED)
        || any("Failed", DECIDED)
        || any("Approved", if request.certificate.is_some() { DECIDED } else { UNDECIDED })
        || (approved && expired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::Condition;

    fn request(kind: Option<&str>, minutes: i64, now: DateTime<Utc>) -> Request {
        let condition = |kind: &str| Condition {
            kind: kind.to_owned(),
            status: "True".to_owned(),
            reason: String::new(),
            message: String::new(),
            last_update: Some(now - TimeDelta::minutes(minutes)),
        };
        let mut request = Request::from_object(&CertificateSigningRequest::default());
        request.created_at = Some(now - TimeDelta::minutes(minutes));
        request.conditions = kind.map(condition).into_iter().collect();
        request
    }

    #[test]
    fn requests_are_kept_as_long_as_in_a_real_cluster() {
        let now = Utc::now();
        for (kind, minutes, is_removed) in [
            (None, 24 * 60 - 1, false),
            (None, 24 * 60 + 1, true),
            (Some("Denied"), 59, false),
            (Some("Denied"), 61, true),
            (Some("Failed"), 61, true),
            (Some("Approved"), 61, false), // not signed
            (Some("Approved"), 24 * 60 + 1, true),
            (Some("Other"), 48 * 60, false),
        ] {
            assert_eq!(is_past(&request(kind, minutes, now), now), is_removed, "{kind:?} {minutes}");
        }
        let mut issued = request(Some("Approved"), 61, now);
        issued.certificate = Some(Err("any".to_owned()));
        assert!(is_past(&issued, now));
    }
}
