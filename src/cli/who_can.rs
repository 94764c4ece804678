//! `countersign who-can`.

use clap::Args;
use serde_json::json;

use super::list::aligned;
use super::output::{CliError, print, print_json, tell};
use super::rbac::{AccessOutput, Words, action, catalogue, chain, see, subject_json, tell_missing};
use crate::cluster::Cluster;
use crate::domain::access::MASTERS;
use crate::domain::text::printable;

/// `countersign who-can`.
#[derive(Debug, Args)]
pub(crate) struct WhoCanFlags {
    /// get, list, create, approve, …
    pub verb: String,
    /// As kubectl takes it: pods, po, pods/log, deployments.apps/scale, '*'; or a path such as /metrics
    pub resource: String,
    /// One object (default: any)
    pub name: Option<String>,
    /// In all namespaces at once, instead of in one
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = AccessOutput::Table, value_name = "FORMAT")]
    pub output: AccessOutput,
}

/// Tells who may do it, in the namespace in force unless another is named.
pub(super) async fn run(cluster: &Cluster, flags: &WhoCanFlags) -> Result<(), CliError> {
    let (seen, catalogue) = tokio::join!(see(cluster), catalogue(cluster));
    let seen = seen?;
    if seen.nothing() {
        let text = "you may list neither rolebindings nor clusterrolebindings, so who holds what cannot be told";
        return Err(CliError::refused(text, "`countersign access` tells your own access."));
    }
    tell_missing(&seen);
    let words = Words {
        verb: &flags.verb,
        resource: &flags.resource,
        name: flags.name.as_deref(),
        namespace: (!flags.all_namespaces).then_some(cluster.namespace.as_str()),
    };
    let action = action(&catalogue, &words);
    let holders = seen.policy.who_can(&action);
    if flags.output == AccessOutput::Json {
        let holder = |holder: &crate::domain::access::Holder<'_>| {
            let chains: Vec<_> = holder.grants.iter().map(|grant| chain(&seen.policy, grant)).collect();
            json!({"subject": subject_json(&holder.subject), "chains": chains})
        };
        let subjects: Vec<_> = holders.iter().map(holder).collect();
        return print_json(&json!({"action": action.to_string(), "subjects": subjects}));
    }
    tell(&format!("who can {action} (group {MASTERS} can do everything, without any binding)"));
    if holders.is_empty() {
        return print("nobody");
    }
    let mut rows = vec![["SUBJECT", "THROUGH"].map(str::to_owned).to_vec()];
    for holder in &holders {
        for (at, grant) in holder.grants.iter().enumerate() {
            let subject = if at == 0 { holder.subject.to_string() } else { String::new() };
            let through = seen.policy.chain(grant);
            let (_, through) = through.split_once(" → ").unwrap_or(("", &through));
            rows.push(vec![printable(&subject).into_owned(), printable(through).into_owned()]);
        }
    }
    print(&aligned(&rows))
}
