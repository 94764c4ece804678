//! New requests at intervals, so that the list changes.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde_json::Value;

use super::requests::{object, person};
use crate::domain::request::CLIENT_SIGNER;
use crate::sandbox::schema::Schemas;
use crate::sandbox::seed::insert::{SeedError, put};
use crate::sandbox::store::Store;

const PEOPLE: [(&str, &[&str]); 10] = [
    ("amara", &["dev"]),
    ("bjorn", &["dev", "on-call"]),
    ("chen", &["qa"]),
    ("dilek", &["payments"]),
    ("elias", &["dev"]),
    ("fatou", &["qa", "dev"]),
    ("goran", &["on-call"]),
    ("hana", &["payments"]),
    ("ivan", &["contractors"]),
    ("julia", &["dev"]),
];

/// Makes `per_minute` requests a minute, until the store is dropped. 0 makes none.
pub(crate) async fn run(store: Arc<Store>, per_minute: u32) {
    if per_minute == 0 {
        return;
    }
    let Ok(schemas) = Schemas::load() else { return };
    let pause = Duration::from_secs(60) / per_minute;
    for number in 0.. {
        tokio::time::sleep(pause).await;
        let made = one(number).map(|request| put(&store, &schemas, request, Utc::now()));
        if made.is_err() {
            return;
        }
    }
}

/// The n-th request: the next user, with a unique name.
fn one(number: usize) -> Result<Value, SeedError> {
    let (user, groups) = PEOPLE[number % PEOPLE.len()];
    let request = person(user, groups).map_err(SeedError::of)?;
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let name = format!("{user}-{}", &unique[..5]);
    let portal = "system:serviceaccount:onboarding:portal";
    let accounts = ["system:serviceaccounts", "system:serviceaccounts:onboarding"];
    Ok(object(&name, &request, portal, &accounts, CLIENT_SIGNER, &["client auth"], Some(86_400)))
}
