//! What the shell is offered while a command is typed: contexts, themes, requests, users.

use std::ffi::OsStr;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use crate::cluster::{Cluster, Prompt, Target};
use crate::config::theme::BUILT_IN;
use crate::domain::output::completion::is_offered;
use crate::domain::request::{Request, RequestState};
use crate::operations::issue::Journal;

/// How long a shell may wait for the cluster.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(3);

/// The contexts of the kubeconfig.
pub(super) fn contexts(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_prefix(typed, crate::cluster::contexts(target().kubeconfig.as_deref()).unwrap_or_default())
}

/// The built-in themes.
pub(super) fn themes(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_prefix(typed, BUILT_IN.map(|(name, _)| name.to_owned()))
}

/// The requests that can be decided.
pub(super) fn pending(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_prefix(typed, requests(|request| request.state() == RequestState::Pending))
}

/// The requests with a certificate.
pub(super) fn issued(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_prefix(typed, requests(|request| request.state() == RequestState::Issued))
}

/// Every request of the cluster.
pub(super) fn all(typed: &OsStr) -> Vec<CompletionCandidate> {
    with_prefix(typed, requests(|_| true))
}

/// The users whose issuance is unfinished.
pub(super) fn unfinished(typed: &OsStr) -> Vec<CompletionCandidate> {
    let journals = Journal::unfinished().unwrap_or_default();
    with_prefix(typed, journals.into_iter().map(|journal| journal.order.user))
}

/// The users that the requests of the cluster would log in as, people only.
pub(super) fn users(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut names: Vec<_> = cluster_requests().iter().map(|request| request.identity().user).collect();
    names.retain(|name| !name.is_empty() && !name.starts_with("system:"));
    names.sort();
    names.dedup();
    with_prefix(typed, names)
}

fn requests(wanted: impl Fn(&Request) -> bool) -> Vec<String> {
    cluster_requests().into_iter().filter(|request| wanted(request)).map(|request| request.pin.name).collect()
}

/// The cluster's requests; none where it cannot be asked: a shell shows no errors.
fn cluster_requests() -> Vec<Request> {
    let target = target();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let list = async {
        let cluster = Cluster::connect(&target, Prompt::Never).await.ok()?;
        cluster.read_requests().await.ok()
    };
    let list = runtime.block_on(async { tokio::time::timeout(CLUSTER_TIMEOUT, list).await });
    list.ok().flatten().unwrap_or_default()
}

/// A name that a terminal or a shell could misread is not offered (nor is it by the gate, which knows no names).
fn with_prefix(typed: &OsStr, names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names
        .into_iter()
        .filter(|name| name.starts_with(&*typed) && is_offered(name))
        .map(CompletionCandidate::new)
        .collect()
}

/// The cluster that the words typed so far mean.
fn target() -> Target {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let value = |name: &str| {
        let (flag, with) = (format!("--{name}"), format!("--{name}="));
        let after = words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).cloned();
        after.or_else(|| words.iter().find_map(|word| word.strip_prefix(&with).map(str::to_owned)))
    };
    Target {
        context: value("context").filter(|name| !name.is_empty()),
        kubeconfig: value("kubeconfig").filter(|name| !name.is_empty()).map(Into::into),
        read_only: true,
        ..Target::default()
    }
}
