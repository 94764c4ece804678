//! `countersign why`.

use clap::Args;
use serde_json::{Value, json};

use super::output::{CliError, print, print_json, shown};
use super::rbac::{AccessOutput, Words, action, catalogue, chain, see, tell_missing};
use crate::cluster::Cluster;
use crate::cluster::rbac::Review;
use crate::domain::access::why::WhyAnswer;
use crate::domain::access::{Action, Policy, Principal};
use crate::domain::output::shell::Kubectl;
use crate::domain::text::printable;

/// `countersign why`.
#[derive(Debug, Args)]
pub(crate) struct WhyFlags {
    /// The user; a service account is system:serviceaccount:NAMESPACE:NAME
    pub user: String,
    /// get, list, create, approve, …
    pub verb: String,
    /// As kubectl takes it: pods, po, pods/log, deployments.apps/scale; or a path such as /metrics
    pub resource: String,
    /// One object (default: any)
    pub name: Option<String>,
    /// A group of the user; can be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// In all namespaces at once, instead of in one
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Ask the server too (`SubjectAccessReview`), and say whether it agrees
    #[arg(long)]
    pub check: bool,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = AccessOutput::Table, value_name = "FORMAT")]
    pub output: AccessOutput,
}

/// Tells why, or why not.
pub(super) async fn run(cluster: &Cluster, flags: &WhyFlags) -> Result<(), CliError> {
    let (seen, catalogue) = tokio::join!(see(cluster), catalogue(cluster));
    let seen = seen?;
    if seen.nothing() {
        let text = "you may list neither rolebindings nor clusterrolebindings, so nothing can be explained";
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
    let who = Principal::named(&flags.user, &flags.groups);
    let answer = seen.policy.why(&who, &action);
    let review = if flags.check { Some(cluster.may(&who, &action).await?) } else { None };
    match flags.output {
        AccessOutput::Json => {
            print_json(&as_json(&seen.policy, &who, &action, &answer, review.as_ref(), &cluster.kubectl))
        }
        AccessOutput::Table => print(&as_text(&seen.policy, &who, &action, &answer, review.as_ref(), &cluster.kubectl)),
    }
}

fn as_json(
    policy: &Policy,
    who: &Principal,
    action: &Action,
    answer: &WhyAnswer<'_>,
    review: Option<&Review>,
    kubectl: &Kubectl,
) -> Value {
    let (chains, near) = match answer {
        WhyAnswer::BypassesRbac => (Vec::new(), Vec::new()),
        WhyAnswer::Granted(grants) => (grants.iter().map(|grant| chain(policy, grant)).collect(), Vec::new()),
        WhyAnswer::Denied(near) => {
            let near = near.iter().map(|near| {
                json!({
                    "text": near.text,
                    "change": near.change.to_string(),
                    "commands": near.change.commands(kubectl),
                    "chain": near.grant.as_ref().map(|grant| chain(policy, grant)),
                })
            });
            (Vec::new(), near.collect())
        }
    };
    let server = review.map(|review| {
        json!({"allowed": review.allowed, "denied": review.denied, "reason": review.reason, "error": review.error})
    });
    json!({
        "user": who.user,
        "groups": who.groups,
        "action": action.to_string(),
        "allowed": !matches!(answer, WhyAnswer::Denied(_)),
        "chains": chains,
        "near": near,
        "server": server,
    })
}

fn as_text(
    policy: &Policy,
    who: &Principal,
    action: &Action,
    answer: &WhyAnswer<'_>,
    review: Option<&Review>,
    kubectl: &Kubectl,
) -> String {
    let line = |text: String| printable(&text).into_owned();
    let mut lines = Vec::new();
    match answer {
        WhyAnswer::BypassesRbac => lines.push(format!("✔ {who} may {action}: system:masters is above RBAC")),
        WhyAnswer::Granted(grants) => {
            lines.push(line(format!("✔ {who} may {action}:")));
            lines.extend(grants.iter().map(|grant| line(format!("  {}", policy.chain(grant)))));
        }
        WhyAnswer::Denied(near) => {
            lines.push(line(format!("✖ {who} may not {action}. Nearest, the smallest change first:")));
            for near in near {
                lines.push(line(format!("- {}", near.text)));
                lines.push(line(format!("  {}:", near.change)));
                lines.extend(near.change.commands(kubectl).iter().map(|command| format!("    {}", shown(command))));
            }
        }
    }
    if let Some(review) = review {
        lines.push(line(review.agreement(!matches!(answer, WhyAnswer::Denied(_)))));
    }
    lines.join("\n")
}
