//! `countersign show`.

use chrono::Utc;

use super::flags::{Output, ShowFlags};
use super::json;
use super::output::{Failed, print, print_data, print_json};
use crate::cluster::Cluster;
use crate::console::clock::Clock;
use crate::console::requests::{Loaded, detail};
use crate::domain::request::Request;
use crate::domain::text::printable;
use crate::domain::verdict::judge;

/// Shows one request, in the same words as the console's page.
pub(super) async fn run(cluster: &Cluster, flags: &ShowFlags) -> Result<(), Failed> {
    let mut csr = cluster.request(&flags.name).await?;
    csr.metadata.managed_fields = None;
    let request = Request::from_object(&csr);
    let verdict = judge(&request);
    match flags.output {
        Output::Json => print_json(&json::request(&request, &verdict)),
        Output::Yaml => {
            print_data(&crate::domain::yaml::to_string(&csr).map_err(|error| Failed::new(error.to_string()))?)
        }
        Output::Text => {
            let loaded = Loaded { request, verdict, yaml: String::new() };
            print(&text(&loaded))
        }
    }
}

fn text(loaded: &Loaded) -> String {
    let clock = Clock { now: Utc::now(), utc: false };
    let mut facts = detail::full(loaded, &clock);
    if loaded.request.certificate.is_some() {
        facts.extend(detail::certificate(loaded, &clock));
    }
    let line = |fact: &detail::Fact| format!("{:<12} {}", fact.label, printable(&fact.text));
    facts.iter().map(line).collect::<Vec<_>>().join("\n")
}
