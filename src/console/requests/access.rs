//! What the certificate of a request would hand out: CN and all O together, by the bindings that are there now.

use super::detail::Fact;
use crate::console::state::State;
use crate::domain::access::object::Kind;
use crate::domain::access::summary::{self, one_line};
use crate::domain::access::{Who, danger};
use crate::domain::request::{CLIENT_SIGNER, Request};
use crate::domain::verdict::Level;
use crate::domain::verdict::signer::KUBELET_CLIENT;

/// Columns of the line: the whole stands on the Access tab.
const LINE: usize = 150;

/// Whom the certificate logs in as; `None` where nobody logs in with it.
fn who(request: &Request) -> Option<Who> {
    let logs_in = [CLIENT_SIGNER, KUBELET_CLIENT].contains(&request.signer_name.as_str());
    let identity = request.identity();
    (logs_in && !identity.user.is_empty()).then(|| Who::named(&identity.user, &identity.groups))
}

/// Why it is not known what anybody would get, if it is not. A kind that may not be listed has told all that it will.
fn unknown(state: &State) -> Option<String> {
    let forbidden: Vec<_> = state.rbac.forbidden().map(Kind::plural).collect();
    match (forbidden.as_slice(), state.rbac.complete()) {
        ([], true) => None,
        ([], false) => Some("not known yet: roles and bindings are being read".to_owned()),
        (kinds, _) => Some(format!("not known: you may not list {}", kinds.join(", "))),
    }
}

/// What is not seen beside what is: of the other namespaces nothing, where only one may be looked at.
fn unseen(state: &State) -> Option<String> {
    let namespace = state.rbac.reach.values().find_map(|reach| reach.only.as_deref())?;
    Some(format!("you see roles and bindings of namespace {namespace} alone, and those of the cluster"))
}

/// In one line.
pub fn would_get(state: &State, request: &Request) -> Option<Fact> {
    let who = who(request)?;
    if let Some(why) = unknown(state) {
        return Some(Fact::new("Would get", why));
    }
    let text = one_line(&state.rbac.policy, &who);
    let cut = if text.chars().count() > LINE { "… (Access tab: all)" } else { "" };
    let level = summary::would_get(&state.rbac.policy, &who).iter().map(|line| line.level).max();
    let level = level.filter(|level| *level >= Level::Warning);
    let unseen = unseen(state).map(|unseen| format!(" ({unseen})")).unwrap_or_default();
    Some(Fact { level, ..Fact::new("Would get", text.chars().take(LINE).collect::<String>() + cut + &unseen) })
}

/// All of it: what is dangerous first, then binding by binding.
pub fn all(state: &State, request: &Request) -> Vec<Fact> {
    let Some(who) = who(request) else {
        return vec![Fact::new("Would get", "nothing: nobody logs in with a certificate of this signer")];
    };
    let mut facts = vec![Fact::new("Who", who.to_string())];
    if let Some(why) = unknown(state) {
        facts.push(Fact::new("Would get", why));
        return facts;
    }
    let policy = &state.rbac.policy;
    for finding in danger::findings(policy, &who) {
        let chain = finding.grant.map(|grant| format!(": {}", policy.chain(&grant))).unwrap_or_default();
        let text = format!("{} ({}){chain}", finding.text(), finding.danger.id);
        facts.push(Fact { level: Some(finding.level), ..Fact::new("Danger", text) });
    }
    for line in summary::would_get(policy, &who) {
        let level = Some(line.level).filter(|level| *level >= Level::Warning);
        facts.push(Fact { level, ..Fact::new("Would get", line.text()) });
    }
    if facts.len() == 1 {
        facts.push(Fact::new("Would get", "nothing beyond what everybody has who logs in"));
    }
    facts.extend(unseen(state).map(|unseen| Fact::new("Not seen", format!("the rest: {unseen}"))));
    facts
}
