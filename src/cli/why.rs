//! `countersign why`.

use clap::Args;
use serde_json::{Value, json};

use super::error::CliError;
use super::output::{Output, print_json};
use super::rbac::{AccessFormat, ActionWords, action, catalogue, chain, list_rbac, print_missing};
use super::session::{CliSession, RunCommand};
use crate::cluster::rbac::Review;
use crate::domain::access::why::WhyAnswer;
use crate::domain::access::{Action, Policy, Principal};
use crate::domain::output::shell::Kubectl;
use crate::domain::text::printable;

/// Why somebody may do something, or why not and what would change that
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
    #[arg(long, short, value_enum, default_value_t = AccessFormat::Table, value_name = "FORMAT")]
    pub output: AccessFormat,
}

impl RunCommand for WhyFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let (seen, catalogue) = tokio::join!(list_rbac(&cluster), catalogue(session.out, &cluster));
        let seen = seen?;
        if seen.lacks_bindings() {
            let text = "you may list neither rolebindings nor clusterrolebindings, so nothing can be explained";
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
        let who = Principal::named(&self.user, &self.groups);
        let answer = seen.policy.why(&who, &action);
        let review = if self.check { Some(cluster.may(&who, &action).await?) } else { None };
        let explanation = Explanation { policy: &seen.policy, who: &who, action: &action, answer: &answer, review };
        match self.output {
            AccessFormat::Json => print_json(&explanation.as_json(&cluster.kubectl)),
            AccessFormat::Table => session.out.print(&explanation.as_text(session.out, &cluster.kubectl)),
        }
    }
}

/// An answer, and what it is about.
struct Explanation<'a> {
    policy: &'a Policy,
    who: &'a Principal,
    action: &'a Action,
    answer: &'a WhyAnswer<'a>,
    /// The server's own answer, with `--check`.
    review: Option<Review>,
}

impl Explanation<'_> {
    fn as_json(&self, kubectl: &Kubectl) -> Value {
        let Self { policy, who, action, answer, review } = self;
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
        let server = review.as_ref().map(|review| {
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

    fn as_text(&self, out: Output, kubectl: &Kubectl) -> String {
        let Self { who, action, answer, review, .. } = self;
        let line = |text: String| printable(&text).into_owned();
        let mut lines = Vec::new();
        match answer {
            WhyAnswer::BypassesRbac => lines.push(format!("✔ {who} may {action}: system:masters is above RBAC")),
            WhyAnswer::Granted(grants) => {
                lines.push(line(format!("✔ {who} may {action}:")));
                lines.extend(grants.iter().map(|grant| line(format!("  {}", self.policy.chain(grant)))));
            }
            WhyAnswer::Denied(near) => {
                lines.push(line(format!("✖ {who} may not {action}. Nearest, the smallest change first:")));
                for near in near {
                    lines.push(line(format!("- {}", near.text)));
                    lines.push(line(format!("  {}:", near.change)));
                    lines.extend(
                        near.change.commands(kubectl).iter().map(|command| format!("    {}", out.shell_line(command))),
                    );
                }
            }
        }
        if let Some(review) = review {
            lines.push(line(review.agreement(!matches!(answer, WhyAnswer::Denied(_)))));
        }
        lines.join("\n")
    }
}
