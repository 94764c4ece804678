//! `countersign list`: the oldest first.

use chrono::Utc;
use clap::{Args, ValueEnum};

use super::error::CliError;
use super::json;
use super::judge::judge_all;
use super::output::{print_data, print_json, print_yaml};
use super::session::{CliSession, RunCommand};
use super::table::aligned;
use crate::cluster::Cluster;
use crate::domain::request::{Request, RequestState, short_signer};
use crate::domain::text::printable;
use crate::domain::validity;
use crate::domain::verdict::Verdict;

const EXAMPLES: &str = "Examples:
  countersign list --state pending
  countersign list -o json | jq -r '.[] | select(.verdict.level == \"danger\") | .name'";

/// List certificate signing requests
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListFlags {
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ListFormat::Table, value_name = "FORMAT")]
    pub output: ListFormat,
    /// Only requests in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<StateFlag>,
    /// Only requests for this signer
    #[arg(long, value_name = "NAME")]
    pub signer: Option<String>,
}

/// Formats of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

/// States of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateFlag {
    Pending,
    Approved,
    Issued,
    Denied,
    Failed,
}

impl RunCommand for ListFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        match self.output {
            ListFormat::Table | ListFormat::Wide => print_table(session, &cluster, self).await,
            ListFormat::Json => print_as_json(session, &cluster, self).await,
            ListFormat::Yaml => print_objects(&cluster, self).await,
            ListFormat::Name => print_names(session, &cluster, self).await,
        }
    }
}

async fn print_table(session: &CliSession, cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let mut found = judge_all(session, cluster, cluster.read_requests()).await?;
    select(&mut found, flags);
    if found.is_empty() {
        session.out.print_note("No requests found");
        return Ok(());
    }
    session.out.print(&rows(&found, flags.output == ListFormat::Wide))
}

/// With everything that is known about them; signatures are checked.
async fn print_as_json(session: &CliSession, cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let objects = async { Ok(cluster.list_requests().await?.iter().map(Request::from_object).collect()) };
    let mut found = judge_all(session, cluster, objects).await?;
    select(&mut found, flags);
    let all: Vec<_> = found.iter().map(|(request, verdict)| json::request(request, verdict)).collect();
    print_json(&all)
}

/// The objects as they are.
async fn print_objects(cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let objects = cluster.list_requests().await?;
    let mut found: Vec<_> = objects.into_iter().map(|csr| (Request::from_object(&csr), csr)).collect();
    select(&mut found, flags);
    if found.is_empty() {
        return print_data("apiVersion: v1\nkind: List\nitems: []\n");
    }
    print_data("apiVersion: v1\nkind: List\nitems:\n")?;
    found.iter().try_for_each(|(_, csr)| print_yaml(&[csr]))
}

async fn print_names(session: &CliSession, cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let mut found: Vec<_> = cluster.read_requests().await?.into_iter().map(|request| (request, ())).collect();
    select(&mut found, flags);
    let kind = "certificatesigningrequest.certificates.k8s.io";
    let names: Vec<_> = found.iter().map(|(request, ())| format!("{kind}/{}", one_line(&request.pin.name))).collect();
    if names.is_empty() { Ok(()) } else { session.out.print(&names.join("\n")) }
}

/// Keeps what the flags ask for, the oldest first.
fn select<T>(found: &mut Vec<(Request, T)>, flags: &ListFlags) {
    found.retain(|(request, _)| flags.state.is_none_or(|state| state_of(state) == request.state()));
    found.retain(|(request, _)| flags.signer.as_ref().is_none_or(|signer| *signer == request.signer_name));
    found.sort_by(|(a, _), (b, _)| a.created_at.cmp(&b.created_at).then_with(|| a.pin.name.cmp(&b.pin.name)));
}

const fn state_of(flag: StateFlag) -> RequestState {
    match flag {
        StateFlag::Pending => RequestState::Pending,
        StateFlag::Approved => RequestState::Approved,
        StateFlag::Issued => RequestState::Issued,
        StateFlag::Denied => RequestState::Denied,
        StateFlag::Failed => RequestState::Failed,
    }
}

fn one_line(text: &str) -> String {
    printable(text).into_owned()
}

fn rows(found: &[(Request, Verdict)], wide: bool) -> String {
    let mut rows =
        vec![["NAME", "IDENTITY", "GROUPS", "SIGNER", "FOR", "AGE", "STATE", "VERDICT"].map(str::to_owned).to_vec()];
    if wide {
        rows[0].extend(["REQUESTER", "KEY"].map(str::to_owned));
    }
    let now = Utc::now();
    for (request, verdict) in found {
        let mut row = columns(request, verdict, request.created_at.map_or(0, |at| (now - at).num_seconds()), wide);
        if wide {
            let key = request
                .pkcs10
                .as_ref()
                .map_or("–".to_owned(), |pkcs10| format!("{} {}", pkcs10.key.algorithm, pkcs10.key.bits));
            row.extend([one_line(&request.requester.username), key]);
        }
        rows.push(row);
    }
    aligned(&rows)
}

fn columns(request: &Request, verdict: &Verdict, age: i64, wide: bool) -> Vec<String> {
    let identity = request.identity();
    let groups = if identity.groups.is_empty() { "–".to_owned() } else { identity.groups.join(",") };
    let signer = if wide { &request.signer_name } else { short_signer(&request.signer_name) };
    let life = request.expiration_seconds.map_or("–".to_owned(), |seconds| validity::human(seconds.into()));
    vec![
        one_line(&request.pin.name),
        one_line(&identity.user),
        one_line(&groups),
        one_line(signer),
        life,
        validity::age(age),
        request.state().word().to_owned(),
        verdict.headline().to_owned(),
    ]
}
