//! What a request says, as labelled facts: the same for the part below the list and for the page.

use chrono::TimeDelta;

use crate::console::core::clock::Clock;
use crate::console::panes::requests::Loaded;
use crate::console::panes::requests::list::STUCK_SECONDS;
use crate::console::widgets::theme::symbol;
use crate::domain::certificate::Certificate;
use crate::domain::request::short_signer;
use crate::domain::request::{Condition, Pkcs10, Request, RequestState, Requester, San};
use crate::domain::signer::is_for_login;
use crate::domain::validity;
use crate::domain::verdict::{Level, Verdict};

/// One labelled fact. The text is not yet made printable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it is about; empty: it continues the one before.
    pub label: &'static str,
    /// What is so.
    pub text: String,
    /// How much attention it wants.
    pub level: Option<Level>,
}

impl Fact {
    /// A fact that wants no attention.
    pub(crate) fn new(label: &'static str, text: impl Into<String>) -> Self {
        Self { label, text: text.into(), level: None }
    }
}

/// The facts for the part below the list, the most telling first, a line each. Pairs of short ones share a line.
pub(crate) fn brief(loaded: &Loaded, clock: &Clock, would_get: Option<Fact>) -> Vec<(Fact, Option<Fact>)> {
    let request = &loaded.request;
    let mut lines = vec![
        (
            Fact::new("Asked by", asked_by(request, clock)),
            Some(Fact::new("Signer", short_signer(&request.signer_name))),
        ),
        (Fact::new("Subject", subject(request)), Some(Fact::new("Key", key(request)))),
        (Fact::new("Life", life_text(request, clock)), None),
        (Fact::new("Usages", request.usages.join(", ")), Some(Fact::new("SANs", sans(request)))),
    ];
    if request.state() != RequestState::Pending {
        lines.push((status(request, clock), None));
    }
    lines.extend(would_get.into_iter().chain(verdict(&loaded.verdict)).map(|fact| (fact, None)));
    lines
}

/// Everything the page's summary says.
pub(crate) fn full(loaded: &Loaded, clock: &Clock, would_get: Option<Fact>) -> Vec<Fact> {
    let request = &loaded.request;
    let mut facts = vec![Fact::new("Name", &request.pin.name), status(request, clock)];
    facts.extend(verdict_with_advice(&loaded.verdict));
    facts.extend([Fact::new("Subject", subject(request)), Fact::new("Logs in as", logs_in_as(request))]);
    facts.extend(would_get);
    facts.extend([
        Fact::new("Key", key(request)),
        Fact::new("SANs", sans(request)),
        Fact::new("Signer", &request.signer_name),
        Fact::new("Usages", request.usages.join(", ")),
        Fact::new("Life", life_text(request, clock)),
    ]);
    facts.extend(requester(&request.requester));
    if let Some(created) = request.created_at {
        facts.push(Fact::new("Created", format!("{} ({} ago)", clock.absolute(created), clock.age(created))));
    }
    facts.extend(request.conditions.iter().map(|condition| condition_fact(condition, clock)));
    facts
}

/// How long what is decided would last.
pub(crate) fn lasts(request: &Request, clock: &Clock) -> Fact {
    Fact::new("Life", format!("{}. A certificate cannot be revoked.", life_text(request, clock)))
}

/// Who a certificate made from it is: user and every group; of one that serves, the names and addresses too.
pub(crate) fn identity(request: &Request) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Logs in as", logs_in_as(request))];
    if request.pkcs10.is_err() {
        facts = vec![Fact::new("Subject", subject(request))];
    }
    if !is_for_login(&request.signer_name) {
        facts.push(Fact::new("SANs", sans(request)));
    }
    facts
}

/// What else a decision needs beside identity and verdict.
pub(crate) fn decision(request: &Request, clock: &Clock) -> Vec<Fact> {
    vec![
        Fact::new("Asked by", asked_by(request, clock)),
        Fact::new("Signer", &request.signer_name),
        Fact::new("Usages", request.usages.join(", ")),
        Fact::new("Subject", subject(request)),
        Fact::new("Key", key(request)),
        Fact::new("SANs", sans(request)),
    ]
}

/// What the page says about the certificate.
pub(crate) fn certificate(loaded: &Loaded, clock: &Clock) -> Vec<Fact> {
    match &loaded.request.certificate {
        None => vec![Fact::new("Certificate", "none issued yet")],
        Some(Err(why)) => {
            vec![Fact { level: Some(Level::Warning), ..Fact::new("Certificate", format!("cannot be read: {why}")) }]
        }
        Some(Ok(certificate)) => certificate_facts(&loaded.request, certificate, clock),
    }
}

fn certificate_facts(request: &Request, certificate: &Certificate, clock: &Clock) -> Vec<Fact> {
    let fits = match &request.pkcs10 {
        Ok(pkcs10) if pkcs10.key.sha256 == certificate.public_key_sha256 => "the request's key",
        _ => "NOT the request's key",
    };
    vec![
        Fact::new("Subject", &certificate.subject),
        Fact::new("Logs in as", identity_text(&certificate.identity.user, &certificate.identity.groups)),
        Fact::new("Issuer", &certificate.issuer),
        Fact::new("Serial", &certificate.serial),
        Fact::new("Valid from", clock.absolute(certificate.not_before)),
        Fact::new("Valid until", until(certificate, clock)),
        Fact::new("Public key", fits),
        Fact::new("SHA-256", &certificate.sha256),
    ]
}

fn until(certificate: &Certificate, clock: &Clock) -> String {
    format!("{} ({})", clock.absolute(certificate.not_after), clock.left(certificate.not_after))
}

fn asked_by(request: &Request, clock: &Clock) -> String {
    let groups: Vec<_> =
        request.requester.groups.iter().filter(|group| *group != "system:authenticated").map(String::as_str).collect();
    let groups = if groups.is_empty() { String::new() } else { format!(" ({})", groups.join(", ")) };
    let ago = request.created_at.map(|at| format!(", {} ago", clock.age(at))).unwrap_or_default();
    format!("{}{groups}{ago}", request.requester.username)
}

fn requester(requester: &Requester) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Asked by", &requester.username)];
    facts.push(Fact::new("with groups", requester.groups.join(", ")));
    if !requester.uid.is_empty() {
        facts.push(Fact::new("with uid", &requester.uid));
    }
    facts.extend(
        requester.extra.iter().map(|(name, values)| Fact::new("with", format!("{name}={}", values.join(", ")))),
    );
    facts
}

fn subject(request: &Request) -> String {
    match &request.pkcs10 {
        Ok(pkcs10) => pkcs10.subject.clone(),
        Err(why) => format!("cannot be read: {why}"),
    }
}

fn logs_in_as(request: &Request) -> String {
    let identity = request.identity();
    let text = identity_text(&identity.user, &identity.groups);
    match request.pkcs10.as_ref().map_or(0, |pkcs10| pkcs10.common_names.len()) {
        0 | 1 => text,
        several => format!("{text}: of {several} CNs the last one counts"),
    }
}

/// Who a certificate for that user and those groups logs in as.
pub(crate) fn logs_in(user: &str, groups: &[String]) -> Fact {
    Fact::new("Logs in as", identity_text(user, groups))
}

fn identity_text(user: &str, groups: &[String]) -> String {
    let user = if user.is_empty() { "nobody (no CN)" } else { user };
    if groups.is_empty() { format!("{user}, no groups") } else { format!("{user}, groups {}", groups.join(", ")) }
}

fn key(request: &Request) -> String {
    let Ok(Pkcs10 { key, signature_algorithm, signature_valid, .. }) = &request.pkcs10 else { return "–".to_owned() };
    let bits = if key.bits == 0 { String::new() } else { format!(" {}", key.bits) };
    let signature = match signature_valid {
        Some(true) => "signature valid".to_owned(),
        Some(false) => "signature INVALID".to_owned(),
        None => format!("signature {signature_algorithm} not verified"),
    };
    format!("{}{bits}, {signature}", key.algorithm)
}

fn sans(request: &Request) -> String {
    let Ok(pkcs10) = &request.pkcs10 else { return "–".to_owned() };
    let text = |san: &San| match san {
        San::Dns(name) => name.clone(),
        San::Ip(address) => address.clone(),
        San::Email(address) => format!("e-mail {address}"),
        San::Uri(uri) => format!("URI {uri}"),
        San::Other(what) => format!("other {what}"),
    };
    if pkcs10.sans.is_empty() { "none".to_owned() } else { pkcs10.sans.iter().map(text).collect::<Vec<_>>().join(", ") }
}

/// What was asked for, and what was granted or would be if it were approved now.
fn life_text(request: &Request, clock: &Clock) -> String {
    let asked = request.expiration_seconds.map(i64::from);
    let asked_text = asked.map_or_else(|| "as long as the signer allows".to_owned(), validity::human);
    if let Some(Ok(certificate)) = &request.certificate {
        let granted = (certificate.not_after - certificate.not_before).num_seconds();
        let granted = validity::human(granted);
        let (end, left) = (clock.absolute(certificate.not_after), clock.left(certificate.not_after));
        return format!("{asked_text} asked, {granted} granted: until {end} ({left})");
    }
    match (request.state(), asked) {
        (RequestState::Pending | RequestState::Approved, Some(seconds)) => {
            let end = TimeDelta::try_seconds(seconds).and_then(|life| clock.now.checked_add_signed(life));
            let end = end.map(|end| format!(": until {} at the latest", clock.minute(end))).unwrap_or_default();
            format!("{asked_text}{end}")
        }
        _ => asked_text,
    }
}

/// Where it is, with the reason and, for a request that no signer takes, the likely causes.
fn status(request: &Request, clock: &Clock) -> Fact {
    let last = |kind: &str| request.conditions.iter().find(|condition| condition.kind == kind);
    let condition_of = |condition: Option<&Condition>| condition.map(|c| condition_text(c, clock)).unwrap_or_default();
    let (text, level) = match request.state() {
        RequestState::Pending => ("pending: nobody has decided yet".to_owned(), None),
        RequestState::Denied => (format!("✖ denied {}. Final.", condition_of(last("Denied"))), Some(Level::Warning)),
        RequestState::Failed => (format!("✖ failed {}. Final.", condition_of(last("Failed"))), Some(Level::Warning)),
        RequestState::Issued => (format!("✔ issued; approved {}", condition_of(last("Approved"))), Some(Level::Ok)),
        RequestState::Approved => match request.approved_at().map(|at| clock.seconds_since(at)) {
            Some(seconds) if seconds >= STUCK_SECONDS => (stuck(&request.signer_name, seconds), Some(Level::Warning)),
            _ => ("approved, waiting for the signer".to_owned(), None),
        },
    };
    Fact { level, ..Fact::new("Status", text) }
}

fn stuck(signer: &str, seconds: i64) -> String {
    let causes = if signer.starts_with("kubernetes.io/") {
        "kube-controller-manager is down or runs without --cluster-signing-cert-file and -key-file, or the provider \
         (EKS for one) signs nothing for this signer"
    } else {
        "no controller for this signer runs here, or it has not acted yet"
    };
    format!("! approved {} ago, no certificate yet. Likely: {causes}", validity::age(seconds))
}

fn condition_fact(condition: &Condition, clock: &Clock) -> Fact {
    let text = format!("{}={} {}", condition.kind, condition.status, condition_text(condition, clock));
    Fact::new("Condition", text)
}

fn condition_text(condition: &Condition, clock: &Clock) -> String {
    let at = condition.last_update.map(|at| format!(" ({})", clock.absolute(at))).unwrap_or_default();
    let message = if condition.message.is_empty() { String::new() } else { format!(": {}", condition.message) };
    format!("{}{message}{at}", condition.reason)
}

/// The verdict's findings, the worst first, each with its rule.
pub(crate) fn verdict(verdict: &Verdict) -> Vec<Fact> {
    if verdict.findings.is_empty() {
        return vec![Fact { level: Some(Level::Ok), ..Fact::new("Verdict", "✔ nothing unusual") }];
    }
    let label = |at: usize| if at == 0 { "Verdict" } else { "" };
    let fact = |(at, finding): (usize, &crate::domain::verdict::Finding)| Fact {
        label: label(at),
        text: format!("{} {} ({})", symbol(finding.level), finding.text, finding.rule),
        level: Some(finding.level),
    };
    verdict.findings.iter().enumerate().map(fact).collect()
}

/// [`verdict`], with what to do about each finding.
fn verdict_with_advice(judged: &Verdict) -> Vec<Fact> {
    let todos = judged.findings.iter().map(|finding| Some(Fact::new("", format!("  → {}", finding.todo))));
    verdict(judged).into_iter().zip(todos.chain([None])).flat_map(|(fact, todo)| [Some(fact), todo]).flatten().collect()
}
