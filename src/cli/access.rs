//! `countersign access`: what a user may do, in the namespace of `-n`, else everywhere.

use clap::Args;
use serde_json::{Value, json};

use super::error::CliError;
use super::output::print_json;
use super::rbac::{AccessFormat, chain, list_rbac, print_missing};
use super::session::{CliSession, RunCommand};
use super::table::aligned;
use crate::cluster::Cluster;
use crate::console::widgets::theme::symbol;
use crate::domain::access::{AUTHENTICATED, Grant, Policy, Principal, ResourceName, danger, own};
use crate::domain::text::printable;

/// What somebody may do, through which bindings, and what is dangerous in it
#[derive(Debug, Args)]
pub(crate) struct AccessFlags {
    /// The user (default: who you are); a service account is system:serviceaccount:NAMESPACE:NAME
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// A group of the user; can be repeated. Alone: any member of it
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = AccessFormat::Table, value_name = "FORMAT")]
    pub output: AccessFormat,
}

/// What was found, and where from.
struct AccessFindings {
    who: Principal,
    policy: Policy,
    /// `bindings`, or `self` where the server's answer about ourselves is all that there is.
    source: &'static str,
    /// The one namespace that is looked at; `None`: all of them.
    namespace: Option<String>,
}

impl RunCommand for AccessFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let found = find(session, &cluster, self).await?;
        let grants: Vec<_> = match &found.namespace {
            Some(namespace) => found.policy.rules_of(&found.who, Some(namespace)).collect(),
            None => found.policy.all_rules_of(&found.who).collect(),
        };
        let mut findings = danger::findings(&found.policy, &found.who);
        let here = |scope: &Option<String>| found.namespace.is_none() || scope.is_none() || *scope == found.namespace;
        findings.retain(|finding| here(&finding.scope));
        match self.output {
            AccessFormat::Json => print_json(&as_json(&found, &grants, &findings)),
            AccessFormat::Table => session.out.print(&as_table(&found, &grants, &findings)),
        }
    }
}

async fn find(session: &CliSession, cluster: &Cluster, flags: &AccessFlags) -> Result<AccessFindings, CliError> {
    let is_self = flags.user.is_none() && flags.groups.is_empty();
    let seen = list_rbac(cluster).await?;
    let who = if is_self || seen.lacks_bindings() {
        let me = cluster.who_am_i().await?;
        let other = flags.user.as_ref().is_some_and(|user| *user != me.username);
        if other || (flags.user.is_none() && !is_self) {
            let text = "you may list neither rolebindings nor clusterrolebindings, so only your own access can be told";
            return Err(CliError::refused(text, "Leave out --user and --group, or ask for those rights."));
        }
        Principal::new(me.username, me.groups)
    } else {
        Principal::named(flags.user.as_deref().unwrap_or_default(), &flags.groups)
    };
    if !seen.lacks_bindings() {
        print_missing(session.out, &seen);
        return Ok(AccessFindings {
            who,
            policy: seen.policy,
            source: "bindings",
            namespace: session.global.namespace.clone(),
        });
    }
    let rules = cluster.own_rules(&cluster.namespace).await?;
    session.out.print_note("! you may not list bindings: this is what the server says of you (SelfSubjectRulesReview)");
    if rules.incomplete {
        session.out.print_note("! the server says that there may be more");
    }
    let policy = own::policy(&who, &cluster.namespace, rules.rules);
    Ok(AccessFindings { who, policy, source: "self", namespace: Some(cluster.namespace.clone()) })
}

fn as_json(found: &AccessFindings, grants: &[Grant<'_>], findings: &[danger::RiskFinding<'_>]) -> Value {
    let rule = |grant: &Grant<'_>| {
        json!({
            "namespace": grant.binding.scope,
            "verbs": grant.rule.verbs,
            "apiGroups": grant.rule.api_groups,
            "resources": grant.rule.resources,
            "resourceNames": grant.rule.resource_names,
            "nonResourceURLs": grant.rule.non_resource_urls,
            "chain": chain(&found.policy, grant),
        })
    };
    let finding = |finding: &danger::RiskFinding<'_>| {
        json!({
            "rule": finding.danger.rule.id,
            "level": finding.level,
            "namespace": finding.scope,
            "text": finding.text(),
            "chain": finding.grant.as_ref().map(|grant| chain(&found.policy, grant)),
        })
    };
    json!({
        "user": found.who.user,
        "groups": found.who.groups,
        "namespace": found.namespace,
        "source": found.source,
        "aboveRBAC": found.who.is_master(),
        "rules": grants.iter().map(rule).collect::<Vec<_>>(),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn as_table(found: &AccessFindings, grants: &[Grant<'_>], findings: &[danger::RiskFinding<'_>]) -> String {
    let mut lines = vec![format!("{} (in {AUTHENTICATED} too)", found.who)];
    if found.who.is_master() {
        lines.push("may do everything: system:masters is above RBAC".to_owned());
    }
    let mut rows = vec![["RESOURCES", "VERBS", "ONLY", "IN", "THROUGH"].map(str::to_owned).to_vec()];
    rows.extend(grants.iter().map(|grant| row(found, grant)));
    lines.push(if grants.is_empty() { "no rule holds".to_owned() } else { aligned(&rows) });
    if !findings.is_empty() {
        lines.push(String::new());
    }
    for finding in findings {
        let text = format!("{} {} ({})", symbol(finding.level), finding.text(), finding.danger.rule.id);
        lines.push(printable(&text).into_owned());
    }
    lines.join("\n")
}

fn row(found: &AccessFindings, grant: &Grant<'_>) -> Vec<String> {
    let rule = grant.rule;
    let groups = rule.api_groups.iter().flatten();
    let resources = groups
        .flat_map(|group| rule.resources.iter().flatten().map(move |name| ResourceName::new(group, name).to_string()));
    let things: Vec<_> = resources.chain(rule.non_resource_urls.iter().flatten().cloned()).collect();
    let only = rule.resource_names.as_ref().map_or_else(|| "–".to_owned(), |names| names.join(","));
    let place = match (&grant.binding.scope, found.source) {
        (Some(namespace), _) => namespace.clone(),
        (None, _) => "everywhere".to_owned(),
    };
    [things.join(","), rule.verbs.join(","), only, place, found.policy.chain(grant)]
        .map(|cell| printable(&cell).into_owned())
        .to_vec()
}
