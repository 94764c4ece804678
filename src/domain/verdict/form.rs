//! How a request is written, and whether what was issued is what it asks for.

use std::collections::BTreeSet;

use super::case::Case;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::pkcs10::Oddity;
use crate::domain::request::Request;
use crate::domain::rules;
use crate::domain::signer;
use crate::domain::signer::KUBELET_CLIENT;
use crate::domain::x509::READ_BY_GKE;

/// Object identifiers of extended key usages (RFC 5280, 4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

fn oddities<'a>(case: &Case<'a>) -> &'a [Oddity] {
    case.request.pkcs10.as_ref().map_or(&[], |pkcs10| &pkcs10.oddities)
}

/// Blocks by which GKE's kubelets prove which machine they run on.
fn is_attestation(case: &Case<'_>, oddity: &Oddity) -> bool {
    case.request.signer_name == KUBELET_CLIENT
        && matches!(oddity, Oddity::OtherBlock(label) if READ_BY_GKE.contains(&label.as_str()))
}

/// It is not one canonical block of canonical DER: programs may read different requests from it.
pub(super) fn two_readings(case: &Case<'_>) -> Option<Finding> {
    let what = oddities(case).iter().find_map(|oddity| match oddity {
        Oddity::SecondRequest => Some("holds a second certificate request"),
        Oddity::TextAround => Some("has text outside of its PEM block"),
        Oddity::OddPem => Some("has a PEM block with headers, blanks or misplaced lines"),
        Oddity::OddDer => Some("is not in the canonical encoding (DER)"),
        Oddity::PrivateKey | Oddity::OtherBlock(_) => None,
    })?;
    let text = format!("It {what}: other programs may read another name from it than Kubernetes does.");
    finding(&rules::TWO_READINGS, Level::Danger, text)
}

/// Something other than a request is in it. Everyone who may read requests can read that too.
pub(super) fn extra_content(case: &Case<'_>) -> Option<Finding> {
    if oddities(case).contains(&Oddity::PrivateKey) {
        let text = "It holds a private key, which everyone who can read requests can read: the key is compromised.";
        return finding(&rules::EXTRA_CONTENT, Level::Danger, text);
    }
    let other = oddities(case).iter().find_map(|oddity| match oddity {
        Oddity::OtherBlock(label) if !is_attestation(case, oddity) => Some(label),
        _ => None,
    })?;
    finding(&rules::EXTRA_CONTENT, Level::Danger, format!("It holds another PEM block besides the request: {other}."))
}

/// The certificate is not what the request asks for. The built-in signers copy; those of others may have their reasons.
pub(super) fn issued_differs(case: &Case<'_>) -> Option<Finding> {
    let what = difference_from_request(case.request)?;
    let level = if signer::is_signed_here(&case.request.signer_name) { Level::Danger } else { Level::Warning };
    finding(&rules::ISSUED_DIFFERS, level, format!("The certificate is not what the request asks for: {what}."))
}

/// In what the issued certificate differs from its request; `None` where it does not, or either cannot be read.
pub(crate) fn difference_from_request(request: &Request) -> Option<String> {
    let (Ok(pkcs10), Some(Ok(issued))) = (&request.pkcs10, &request.certificate) else { return None };
    let asked = pkcs10.identity();
    let groups = |groups: &[String]| groups.iter().cloned().collect::<BTreeSet<_>>();
    let unasked = |purpose: &str, usage: &str| {
        let asked = request.usages.iter().any(|asked| asked == usage || asked == "any");
        !asked && issued.purposes.iter().any(|issued| issued == purpose)
    };
    Some(if issued.identity.user != asked.user {
        format!("it is for the user {}, not {}", issued.identity.user, asked.user)
    } else if groups(&issued.identity.groups) != groups(&asked.groups) {
        format!("its groups are {}, not {}", listed(&issued.identity.groups), listed(&asked.groups))
    } else if issued.public_key_sha256 != pkcs10.key.sha256 {
        "it is for another key".to_owned()
    } else if issued.is_authority {
        "it may sign certificates itself".to_owned()
    } else if unasked(CLIENT_AUTH, "client auth") {
        "it is for client auth, which was not asked for".to_owned()
    } else if unasked(SERVER_AUTH, "server auth") {
        "it is for server auth, which was not asked for".to_owned()
    } else {
        return None;
    })
}

fn listed(groups: &[String]) -> String {
    if groups.is_empty() { "none".to_owned() } else { groups.join(", ") }
}
