//! `countersign list`.

use chrono::Utc;
use unicode_width::UnicodeWidthStr;

use super::flags::{ListFlags, ListOutput, StateFlag};
use super::json;
use super::judge::judged_all;
use super::output::{CliError, print, print_data, print_json, print_yaml, tell};
use crate::cluster::Cluster;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::{Request, RequestState};
use crate::domain::text::printable;
use crate::domain::validity;
use crate::domain::verdict::Verdict;

/// Lists requests, the oldest first.
pub(super) async fn run(cluster: &Cluster, policy: &PolicyFile, flags: &ListFlags) -> Result<(), CliError> {
    match flags.output {
        ListOutput::Table | ListOutput::Wide => table(cluster, policy, flags).await,
        ListOutput::Json => json(cluster, policy, flags).await,
        ListOutput::Yaml => yaml(cluster, flags).await,
        ListOutput::Name => names(cluster, flags).await,
    }
}

async fn table(cluster: &Cluster, policy: &PolicyFile, flags: &ListFlags) -> Result<(), CliError> {
    let mut found = judged_all(cluster, policy, cluster.read_requests()).await?;
    choose(&mut found, flags);
    if found.is_empty() {
        tell("No requests found");
        return Ok(());
    }
    print(&rows(&found, flags.output == ListOutput::Wide))
}

/// With everything that is known of them, signatures checked.
async fn json(cluster: &Cluster, policy: &PolicyFile, flags: &ListFlags) -> Result<(), CliError> {
    let objects = async { Ok(cluster.list_requests().await?.iter().map(Request::from_object).collect()) };
    let mut found = judged_all(cluster, policy, objects).await?;
    choose(&mut found, flags);
    let all: Vec<_> = found.iter().map(|(request, verdict)| json::request(request, verdict)).collect();
    print_json(&all)
}

/// The objects as they are.
async fn yaml(cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let objects = cluster.list_requests().await?;
    let mut found: Vec<_> = objects.into_iter().map(|csr| (Request::from_object(&csr), csr)).collect();
    choose(&mut found, flags);
    if found.is_empty() {
        return print_data("apiVersion: v1\nkind: List\nitems: []\n");
    }
    print_data("apiVersion: v1\nkind: List\nitems:\n")?;
    found.iter().try_for_each(|(_, csr)| print_yaml(&[csr]))
}

async fn names(cluster: &Cluster, flags: &ListFlags) -> Result<(), CliError> {
    let mut found: Vec<_> = cluster.read_requests().await?.into_iter().map(|request| (request, ())).collect();
    choose(&mut found, flags);
    let kind = "certificatesigningrequest.certificates.k8s.io";
    let names: Vec<_> = found.iter().map(|(request, ())| format!("{kind}/{}", one_line(&request.pin.name))).collect();
    if names.is_empty() { Ok(()) } else { print(&names.join("\n")) }
}

/// Keeps what the flags ask for, the oldest first.
fn choose<T>(found: &mut Vec<(Request, T)>, flags: &ListFlags) {
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
    let signer =
        if wide { request.signer_name.as_str() } else { request.signer_name.rsplit('/').next().unwrap_or_default() };
    let life = request.expiration_seconds.map_or("–".to_owned(), |seconds| validity::human(seconds.into()));
    vec![
        one_line(&request.pin.name),
        one_line(&identity.user),
        one_line(&groups),
        one_line(signer),
        life,
        validity::age(age),
        json::state(request.state()).to_owned(),
        verdict.headline().to_owned(),
    ]
}

/// Rows in columns as wide as their widest cell.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
