//! What the shell completes while a command is typed: contexts, requests, users. `countersign completions SHELL` gives
//! the shell the few lines that make it ask; the flags themselves come from their one definition.

use std::ffi::OsStr;
use std::io::Write;
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::CompleteEnv;

use super::complete_gate::SHELLS;
use super::flags::Arguments;
use super::output::{CliError, print_data};
use crate::cluster::{Cluster, Prompt, Target};
use crate::config::theme::BUILT_IN;
use crate::domain::output::completion::is_offered;
use crate::domain::request::{Request, RequestState};

/// How long a shell may wait for the cluster.
const PATIENCE: Duration = Duration::from_secs(3);

/// The variable by which the shell says that it wants to complete.
const VARIABLE: &str = "COUNTERSIGN_COMPLETE";

/// Answers the shell, if it is the one who asks; then this process is done.
pub(super) fn answer_shell() {
    CompleteEnv::with_factory(Arguments::command).var(VARIABLE).shells(SHELLS).complete();
}

/// Prints what makes a shell ask us.
pub(super) fn registration(shell: clap_complete::Shell) -> Result<(), CliError> {
    let name = shell.to_string();
    let completer =
        SHELLS.completer(&name).ok_or_else(|| CliError::usage(format!("completion for {name} is not supported")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "countersign", "countersign", "countersign", &mut script)?;
    writeln!(script)?;
    print_data(&String::from_utf8_lossy(&script))
}

/// The contexts of the kubeconfig.
pub(super) fn contexts(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, crate::cluster::contexts(target().kubeconfig.as_deref()).unwrap_or_default())
}

/// The themes.
pub(super) fn themes(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, BUILT_IN.map(|(name, _)| name.to_owned()))
}

/// The requests that can be decided.
pub(super) fn pending(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, requests(|request| request.state() == RequestState::Pending))
}

/// The requests with a certificate.
pub(super) fn issued(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, requests(|request| request.state() == RequestState::Issued))
}

/// All requests.
pub(super) fn all(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, requests(|_| true))
}

/// The users whose issuance is unfinished.
pub(super) fn unfinished(typed: &OsStr) -> Vec<CompletionCandidate> {
    let journals = crate::operations::issue::Journal::unfinished().unwrap_or_default();
    beginning(typed, journals.into_iter().map(|journal| journal.order.user))
}

/// The users that the requests of the cluster would log in as, people only.
pub(super) fn users(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut names: Vec<_> = listed().iter().map(|request| request.identity().user).collect();
    names.retain(|name| !name.is_empty() && !name.starts_with("system:"));
    names.sort();
    names.dedup();
    beginning(typed, names)
}

fn requests(wanted: impl Fn(&Request) -> bool) -> Vec<String> {
    listed().into_iter().filter(|request| wanted(request)).map(|request| request.pin.name).collect()
}

/// The cluster's requests; none where it cannot be asked: a shell is told no errors.
fn listed() -> Vec<Request> {
    let target = target();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let list = async {
        let cluster = Cluster::connect(&target, Prompt::Never).await.ok()?;
        cluster.read_requests().await.ok()
    };
    let list = runtime.block_on(async { tokio::time::timeout(PATIENCE, list).await });
    list.ok().flatten().unwrap_or_default()
}

/// A name that a terminal or a shell could misread is not offered (nor is it by the gate, which knows no names).
fn beginning(typed: &OsStr, names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
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
