//! How long the credentials of a context are valid.

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::error::CliError;
use crate::cli::global::Global;
use crate::domain::kubeconfig::diagnose::{Diagnosis, Life};
use crate::domain::validity;
use crate::files::kubeconfig::{self, disk::Disk};

/// A bare 401 does not say why; where the certificate or token in use has expired, the hint says that.
pub(in crate::cli) fn explain_unauthorized(error: CliError, global: &Global) -> CliError {
    if !error.is_unauthorized() {
        return error;
    }
    match expired(global) {
        Some(since) => error.with_hint(format!("What you log in with expired {since} ago: get a new certificate.")),
        None => error,
    }
}

/// How long ago the credential in use expired, if it did.
fn expired(global: &Global) -> Option<String> {
    let all = kubeconfig::load(global.kubeconfig.as_deref()).ok()?;
    let name = global.context.as_deref().or(all.current_context())?.to_owned();
    let context = all.diagnose(&Disk).into_iter().find(|context| context.name == name)?;
    let now = Utc::now();
    match life(&context, now, None) {
        Life::Expired(end) => Some(validity::age((now - end).num_seconds())),
        _ => None,
    }
}

pub(super) fn life(context: &Diagnosis, now: DateTime<Utc>, warn: Option<TimeDelta>) -> Life {
    context.life(now, warn.unwrap_or_else(|| context.default_warning()))
}

/// The value of `--warn`.
pub(super) fn parse_warning(text: &str) -> Result<TimeDelta, String> {
    validity::parse(text).map(|seconds| TimeDelta::seconds(seconds.into()))
}
