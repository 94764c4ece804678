//! The one boundary between Kubernetes' times (jiff) and ours (chrono).

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// A Kubernetes time as ours; `None` where it lies beyond what chrono can hold.
pub(crate) fn from_k8s(time: &Time) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.0.as_second(), u32::try_from(time.0.subsec_nanosecond()).ok()?)
}

/// Our time as a Kubernetes one, in whole seconds as the API keeps it; `None` where it lies beyond what jiff can hold.
pub(crate) fn to_k8s(time: DateTime<Utc>) -> Option<Time> {
    k8s_openapi::jiff::Timestamp::from_second(time.timestamp()).ok().map(Time)
}
