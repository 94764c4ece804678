//! `countersign show`.

use chrono::Utc;

use super::flags::{Output, ShowFlags};
use super::json;
use super::judge::judged_among_all;
use super::output::{CliError, print, print_json, print_yaml};
use crate::cluster::Cluster;
use crate::console::core::clock::Clock;
use crate::console::panes::requests::{Loaded, access, detail};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::text::printable;

/// Shows one request, in the same words as the console's page.
pub(super) async fn run(cluster: &Cluster, policy: &PolicyFile, flags: &ShowFlags, utc: bool) -> Result<(), CliError> {
    let mut csr = cluster.request(&flags.name).await?;
    csr.metadata.managed_fields = None;
    if flags.output == Output::Yaml {
        return print_yaml(&csr);
    }
    let request = Request::from_object(&csr);
    let (mut verdicts, rbac) = judged_among_all(cluster, policy, std::slice::from_ref(&request)).await;
    let verdict = verdicts.remove(0);
    if flags.output == Output::Json {
        return print_json(&json::request(&request, &verdict));
    }
    let would_get = rbac.as_ref().and_then(|rbac| access::line(rbac, &request));
    print(&text(&Loaded { request, verdict, yaml: String::new() }, would_get, utc))
}

fn text(loaded: &Loaded, would_get: Option<detail::Fact>, utc: bool) -> String {
    let clock = Clock { now: Utc::now(), utc };
    let mut facts = detail::full(loaded, &clock, would_get);
    if loaded.request.certificate.is_some() {
        facts.extend(detail::certificate(loaded, &clock));
    }
    let line = |fact: &detail::Fact| format!("{:<12} {}", fact.label, printable(&fact.text));
    facts.iter().map(line).collect::<Vec<_>>().join("\n")
}
