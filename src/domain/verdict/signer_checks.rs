//! What the built-in signers demand; else they add the condition Failed, reason `SignerValidationFailure`
//! (`pkg/controller/certificates/signer/signer.go`, `pkg/apis/certificates/helpers.go`).

use super::case::Case;
use super::facts::NODE_PREFIX;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::pkcs10::San;
use crate::domain::request::Request;
use crate::domain::rules;
use crate::domain::signer::{CLIENT_SIGNER, KUBELET_CLIENT, KUBELET_SERVING, is_signed_here};

/// Says in the signer's own words why it will refuse.
pub(super) fn will_fail(case: &Case<'_>) -> Option<Finding> {
    let reason = refusal(case.request)?;
    let text =
        format!("The signer will refuse it: {reason}. Approving it changes nothing; it has to be asked for anew.");
    finding(&rules::SIGNER_REFUSES, Level::WillFail, text)
}

/// Usages of authorities. The built-in signers refuse them, so that the finding is about other signers.
pub(super) fn authority_usages(case: &Case<'_>) -> Option<Finding> {
    let request = case.request;
    let usage = request.usages.iter().find(|usage| matches!(usage.as_str(), "cert sign" | "crl sign"))?;
    if is_signed_here(&request.signer_name) {
        return None;
    }
    let text = format!("It asks for the usage {usage}: that of an authority, which can hand out certificates itself.");
    finding(&rules::USAGE_CA, Level::Warning, text)
}

/// Why the signer will refuse an approved request, in its own words. The order of its checks counts: it says the first.
pub fn refusal(request: &Request) -> Option<String> {
    let reason = match request.signer_name.as_str() {
        CLIENT_SIGNER => return client_usages(&request.usages),
        KUBELET_CLIENT => not_system_nodes(request)
            .or_else(|| unwanted_sans(request, &["DNS", "Email", "IP", "URI"]))
            .or_else(|| not_a_node(request))
            .or_else(|| kubelet_usages(request, &["client auth", "digital signature", "key encipherment"])),
        KUBELET_SERVING => not_system_nodes(request)
            .or_else(|| no_host(request))
            .or_else(|| unwanted_sans(request, &["Email", "URI"]))
            .or_else(|| kubelet_usages(request, &["digital signature", "key encipherment", "server auth"]))
            .or_else(|| not_a_node(request)),
        _ => None,
    };
    reason.map(|reason| reason.to_string())
}

fn client_usages(usages: &[String]) -> Option<String> {
    let allowed = ["client auth", "digital signature", "key encipherment"];
    if let Some(other) = usages.iter().find(|usage| !allowed.contains(&usage.as_str())) {
        return Some(format!("invalid usage for client certificate: {other}"));
    }
    let missing = !usages.iter().any(|usage| usage == "client auth");
    missing.then(|| "missing required usage for client certificate: client auth".to_owned())
}

/// A reason; what a kubelet's signer says is fixed but for the usages.
type Reason = std::borrow::Cow<'static, str>;

/// Exactly these, with key encipherment or without.
fn kubelet_usages(request: &Request, required: &[&str]) -> Option<Reason> {
    let given = |usage: &&&str| request.usages.iter().any(|own| own == **usage);
    let needed = |usage: &&&str| **usage != "key encipherment";
    let all = required.iter().filter(needed).all(|usage| given(&usage));
    let only = request.usages.iter().all(|usage| required.contains(&usage.as_str()));
    (!all || !only).then(|| format!("usages did not match [{}]", required.join(" ")).into())
}

fn not_system_nodes(request: &Request) -> Option<Reason> {
    (request.identity().groups != ["system:nodes"]).then(|| "subject organization is not system:nodes".into())
}

fn not_a_node(request: &Request) -> Option<Reason> {
    let node = request.identity().user.starts_with(NODE_PREFIX);
    (!node).then(|| "subject common name does not begin with system:node:".into())
}

/// Go's name of a kind of subject alternative name; it overlooks all others.
const fn kind(san: &San) -> Option<&'static str> {
    match san {
        San::Dns(_) => Some("DNS"),
        San::Ip(_) => Some("IP"),
        San::Email(_) => Some("Email"),
        San::Uri(_) => Some("URI"),
        San::Other(_) => None,
    }
}

fn has(request: &Request, wanted: &str) -> bool {
    request.pkcs10.as_ref().is_ok_and(|pkcs10| pkcs10.sans.iter().any(|san| kind(san) == Some(wanted)))
}

fn unwanted_sans(request: &Request, unwanted: &[&'static str]) -> Option<Reason> {
    let found = unwanted.iter().find(|kind| has(request, kind))?;
    Some(format!("{found} subjectAltNames are not allowed").into())
}

fn no_host(request: &Request) -> Option<Reason> {
    (!has(request, "DNS") && !has(request, "IP")).then(|| "DNS or IP subjectAltName is required".into())
}
