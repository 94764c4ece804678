//! `countersign show`: one request, in the same words as the console's page.

use chrono::Utc;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::error::CliError;
use super::format::ObjectFormat;
use super::judge::judge_among_all;
use super::output::{print_json, print_yaml};
use super::session::{CliSession, RunCommand};
use super::{candidates, json};
use crate::console::core::clock::Clock;
use crate::console::panes::requests::{Loaded, access, detail};
use crate::domain::request::Request;
use crate::domain::text::printable;

/// Show one request: who, what, how long, and what to think of it
#[derive(Debug, Args)]
pub(crate) struct ShowFlags {
    /// The request
    #[arg(add = ArgValueCompleter::new(candidates::all))]
    pub name: String,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ObjectFormat::Text, value_name = "FORMAT")]
    pub output: ObjectFormat,
}

impl RunCommand for ShowFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let mut csr = cluster.request(&self.name).await?;
        csr.metadata.managed_fields = None;
        if self.output == ObjectFormat::Yaml {
            return print_yaml(&csr);
        }
        let request = Request::from_object(&csr);
        let (mut verdicts, rbac) = judge_among_all(session, &cluster, std::slice::from_ref(&request)).await;
        let verdict = verdicts.remove(0);
        if self.output == ObjectFormat::Json {
            return print_json(&json::request(&request, &verdict));
        }
        let would_get = rbac.as_ref().and_then(|rbac| access::line(rbac, &request));
        session.out.print(&text(&Loaded { request, verdict, yaml: String::new() }, would_get, session.global.utc))
    }
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
