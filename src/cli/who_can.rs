//! `countersign who-can`: in the namespace in force unless another is named.

use clap::Args;
use serde_json::json;

use super::error::CliError;
use super::output::print_json;
use super::rbac::{AccessFormat, ActionWords, action, catalogue, chain, list_rbac, print_missing, subject_json};
use super::session::{CliSession, RunCommand};
use super::table::aligned;
use crate::domain::access::{Holder, MASTERS};
use crate::domain::text::printable;

/// Who may do something, and through which bindings
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
    #[arg(long, short, value_enum, default_value_t = AccessFormat::Table, value_name = "FORMAT")]
    pub output: AccessFormat,
}

impl RunCommand for WhoCanFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let (seen, catalogue) = tokio::join!(list_rbac(&cluster), catalogue(session.out, &cluster));
        let seen = seen?;
        if seen.lacks_bindings() {
            let text = "you may list neither rolebindings nor clusterrolebindings, so who holds what cannot be told";
            return Err(CliError::refused(text, "`countersign access` tells your own access."));
        }
        print_missing(session.out, &seen);
        let words = ActionWords {
            verb: &self.verb,
            resource: &self.resource,
            name: self.name.as_deref(),
            namespace: (!self.all_namespaces).then_some(cluster.namespace.as_str()),
        };
        let action = action(session.out, &catalogue, &words);
        let holders = seen.policy.who_can(&action);
        if self.output == AccessFormat::Json {
            let holder = |holder: &Holder<'_>| {
                let chains: Vec<_> = holder.grants.iter().map(|grant| chain(&seen.policy, grant)).collect();
                json!({"subject": subject_json(&holder.subject), "chains": chains})
            };
            let subjects: Vec<_> = holders.iter().map(holder).collect();
            return print_json(&json!({"action": action.to_string(), "subjects": subjects}));
        }
        session.out.print_note(&format!("who can {action} (group {MASTERS} can do everything, without any binding)"));
        if holders.is_empty() {
            return session.out.print("nobody");
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
        session.out.print(&aligned(&rows))
    }
}
