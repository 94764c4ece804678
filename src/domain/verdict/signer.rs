//! What the built-in signers demand; else they add the condition Failed, reason `SignerValidationFailure`
//! (`pkg/controller/certificates/signer/signer.go`, `pkg/apis/certificates/helpers.go`).

use super::{Finding, Level, finding};
use crate::domain::request::{CLIENT_SIGNER, Request, San};

/// Says in the signer's own words why it will refuse.
pub(super) fn will_fail(request: &Request) -> Option<Finding> {
    let reason = refusal(request)?;
    let text =
        format!("The signer will refuse it: {reason}. Approving it changes nothing; it has to be asked for anew.");
    finding(Level::WillFail, "signer-refuses", "will fail", text)
}

/// Whether kube-controller-manager signs for this signer; others need a program of their own.
pub fn is_signed_here(signer: &str) -> bool {
    [CLIENT_SIGNER, "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"].contains(&signer)
}

/// Why the signer will refuse an approved request, in its own words.
pub fn refusal(request: &Request) -> Option<String> {
    match request.signer_name.as_str() {
        CLIENT_SIGNER => client_usages(&request.usages),
        "kubernetes.io/kube-apiserver-client-kubelet" => {
            kubelet_subject(request).or_else(|| no_sans(request)).or_else(|| kubelet_usages(request, "client auth"))
        }
        "kubernetes.io/kubelet-serving" => kubelet_subject(request)
            .or_else(|| serving_sans(request))
            .or_else(|| kubelet_usages(request, "server auth")),
        _ => None,
    }
}

fn client_usages(usages: &[String]) -> Option<String> {
    let allowed = ["client auth", "digital signature", "key encipherment"];
    if let Some(other) = usages.iter().find(|usage| !allowed.contains(&usage.as_str())) {
        return Some(format!("invalid usage for client certificate: {other}"));
    }
    let missing = !usages.iter().any(|usage| usage == "client auth");
    missing.then(|| "missing required usage for client certificate: client auth".to_owned())
}

/// Exactly digital signature and the purpose, with key encipherment or without.
fn kubelet_usages(request: &Request, purpose: &str) -> Option<String> {
    let mut usages: Vec<_> = request.usages.iter().map(String::as_str).collect();
    usages.retain(|usage| *usage != "key encipherment");
    usages.sort_unstable();
    usages.dedup();
    let mut wanted = ["digital signature", purpose];
    wanted.sort_unstable();
    (usages != wanted).then(|| format!("usages did not match [digital signature, key encipherment, {purpose}]"))
}

fn kubelet_subject(request: &Request) -> Option<String> {
    let identity = request.identity();
    if identity.groups != ["system:nodes"] {
        return Some("subject organization is not system:nodes".to_owned());
    }
    let node = identity.user.starts_with("system:node:");
    (!node).then(|| "subject common name does not begin with system:node: ".trim_end().to_owned())
}

fn no_sans(request: &Request) -> Option<String> {
    let sans = &request.pkcs10.as_ref().ok()?.sans;
    let what = match sans.first()? {
        San::Dns(_) => "DNS",
        San::Ip(_) => "IP",
        San::Email(_) => "Email",
        San::Uri(_) | San::Other(_) => "URI",
    };
    Some(format!("{what} subjectAltNames are not allowed"))
}

fn serving_sans(request: &Request) -> Option<String> {
    let sans = &request.pkcs10.as_ref().ok()?.sans;
    if !sans.iter().any(|san| matches!(san, San::Dns(_) | San::Ip(_))) {
        return Some("DNS or IP subjectAltName is required".to_owned());
    }
    if sans.iter().any(|san| matches!(san, San::Email(_))) {
        return Some("Email subjectAltNames are not allowed".to_owned());
    }
    sans.iter().any(|san| matches!(san, San::Uri(_))).then(|| "URI subjectAltNames are not allowed".to_owned())
}
