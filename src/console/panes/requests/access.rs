//! What the certificate of a request would hand out: CN and all O together, by the bindings that are there now.

use k8s_openapi::api::rbac::v1::Subject;

use crate::console::core::ctx::Ctx;
use crate::console::panes::requests::detail::Fact;
use crate::console::widgets::theme::symbol;
use crate::domain::access::object::RbacKind;
use crate::domain::access::summary::{self, one_line};
use crate::domain::access::{self, Binding, Policy, Principal, Role, danger};
use crate::domain::request::Request;
use crate::domain::signer::is_for_login;
use crate::domain::verdict::Level;

/// Columns of the line: the whole is on the Access tab.
const LINE: usize = 150;

/// Bindings that a decision names before it counts them.
const NAMED: usize = 4;

/// The principal of the certificate; `None` where no one logs in with it.
fn who(request: &Request) -> Option<Principal> {
    let identity = request.identity();
    (is_for_login(&request.signer_name) && !identity.user.is_empty())
        .then(|| Principal::named(&identity.user, &identity.groups))
}

/// Why it is not known what anybody would get, if it is not. A kind that may not be listed has reported all that it will.
fn unknown(cx: &Ctx) -> Option<String> {
    let forbidden: Vec<_> = cx.rbac.forbidden().map(RbacKind::plural).collect();
    match (forbidden.as_slice(), cx.rbac.complete()) {
        ([], true) => None,
        ([], false) => Some("not known yet: roles and bindings are being read".to_owned()),
        (kinds, _) => Some(format!("not known: you may not list {}", kinds.join(", "))),
    }
}

/// What is not seen beside what is: of the other namespaces nothing, where only one may be looked at.
fn unseen(cx: &Ctx) -> Option<String> {
    let namespace = cx.rbac.reach.values().find_map(|reach| reach.only.as_deref())?;
    Some(format!("you see roles and bindings of namespace {namespace} alone, and those of the cluster"))
}

/// In one line, as far as it is known.
pub(crate) fn would_get(cx: &Ctx, request: &Request) -> Option<Fact> {
    who(request)?;
    if let Some(why) = unknown(cx) {
        return Some(Fact::new("Would get", why));
    }
    let mut fact = line(&cx.rbac.policy, request)?;
    if fact.text.chars().count() > LINE {
        fact.text = fact.text.chars().take(LINE).collect::<String>() + "… (Access tab: all)";
    }
    fact.text += &unseen(cx).map(|unseen| format!(" ({unseen})")).unwrap_or_default();
    Some(fact)
}

/// The line by roles and bindings that are all there; `None` where no one logs in with the certificate.
pub(crate) fn line(policy: &Policy, request: &Request) -> Option<Fact> {
    let who = who(request)?;
    let level = summary::would_get(policy, &who).iter().map(|line| line.level).max().and_then(noted);
    Some(Fact { level, ..Fact::new("Would get", one_line(policy, &who)) })
}

/// What a decision hands out, a line a binding, the most dangerous first.
pub(crate) fn could(cx: &Ctx, request: &Request) -> Vec<Fact> {
    let lines = match who(request) {
        Some(who) if unknown(cx).is_none() && !who.is_master() => summary::would_get(&cx.rbac.policy, &who),
        _ => Vec::new(),
    };
    if lines.is_empty() {
        return would_get(cx, request).into_iter().collect();
    }
    let fact = |(at, line): (usize, &summary::SummaryLine<'_>)| {
        let text = line.text().chars().take(LINE).collect::<String>();
        Fact { level: noted(line.level), ..Fact::new(if at == 0 { "It could" } else { "" }, text) }
    };
    let mut facts: Vec<_> = lines.iter().take(NAMED).enumerate().map(fact).collect();
    let more = lines.len().saturating_sub(NAMED);
    if more > 0 {
        facts.push(Fact::new("", format!("… and by {more} more bindings: its page, tab Access, shows all")));
    }
    facts.extend(unseen(cx).map(|unseen| Fact::new("Not seen", format!("the rest: {unseen}"))));
    facts
}

/// All of it: what is dangerous first, then binding by binding every rule.
pub(crate) fn all(cx: &Ctx, request: &Request) -> Vec<Fact> {
    let Some(who) = who(request) else {
        return vec![Fact::new("Would get", "nothing: nobody logs in with a certificate of this signer")];
    };
    let mut facts = vec![Fact::new("Who", who.to_string())];
    if let Some(why) = unknown(cx) {
        facts.push(Fact::new("Would get", why));
        return facts;
    }
    let policy = &cx.rbac.policy;
    for finding in danger::findings(policy, &who) {
        let chain = finding.grant.map(|grant| format!(": {}", policy.chain(&grant))).unwrap_or_default();
        let text = format!("{} {} ({}){chain}", symbol(finding.level), finding.text(), finding.danger.rule.id);
        facts.push(Fact { level: Some(finding.level), ..Fact::new(label(finding.level), text) });
    }
    let mut bindings = policy.all_bindings_of(&who);
    bindings.sort_by_key(|(binding, _)| std::cmp::Reverse(policy.level_of(binding)));
    for (binding, subject) in &bindings {
        facts.extend(of_binding(policy, binding, subject));
    }
    if bindings.is_empty() && !who.is_master() {
        facts.push(Fact::new("Would get", "nothing: no binding names this user or one of the groups"));
    }
    facts.extend(unseen(cx).map(|unseen| Fact::new("Not seen", format!("the rest: {unseen}"))));
    facts
}

/// A binding with its chain and every rule of its role.
fn of_binding(policy: &Policy, binding: &Binding, subject: &Subject) -> Vec<Fact> {
    let level = noted(policy.level_of(binding));
    let place = binding.scope.as_ref().map_or_else(|| "everywhere".to_owned(), |name| format!("in namespace {name}"));
    let path = access::path(binding, subject);
    let mut facts = vec![Fact { level, ..Fact::new("Through", format!("{path}, {place}")) }];
    match policy.role_of(binding) {
        Some(role) => facts.extend((0..role.rules.len()).map(|at| Fact::new("", rule(policy, role, at)))),
        None => facts.push(Fact::new("", "  nothing known: the role is not there, or may not be seen")),
    }
    facts
}

/// `rule 2  get list – pods, pods/log (aggregated from view)`.
fn rule(policy: &Policy, role: &Role, at: usize) -> String {
    let rule = &role.rules[at];
    let source = policy.source_of(role, rule).map(|(role, _)| format!(" (aggregated from {})", role.name));
    let (verbs, things) = (rule.verbs.join(" "), summary::things(rule).join(", "));
    format!("  rule {}  {verbs} – {things}{}", at + 1, source.unwrap_or_default())
}

/// A level that is worth a colour.
fn noted(level: Level) -> Option<Level> {
    Some(level).filter(|level| *level >= Level::Warning)
}

const fn label(level: Level) -> &'static str {
    match level {
        Level::Danger => "Danger",
        Level::Warning => "Warning",
        _ => "Notice",
    }
}
