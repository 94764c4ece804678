//! What is odd about the request itself.

use super::{Finding, Level, finding};
use crate::domain::request::{CLIENT_SIGNER, Request};
use crate::domain::text::is_plain;

/// It cannot be decoded: nobody here can say what it would hand out.
pub(super) fn unreadable(request: &Request) -> Option<Finding> {
    let why = request.pkcs10.as_ref().err()?;
    let text = format!("It cannot be decoded ({why}): nobody here can say what it would hand out.");
    finding(Level::Danger, "request-unreadable", "unreadable", text)
}

/// The signature does not fit the key. The API server refuses such requests when they are made.
pub(super) fn bad_signature(request: &Request) -> Option<Finding> {
    let bad = request.pkcs10.as_ref().is_ok_and(|pkcs10| pkcs10.signature_valid == Some(false));
    let text = "Its signature does not fit its key: whoever asks may not hold that key.";
    bad.then(|| finding(Level::Danger, "signature-invalid", "bad sig", text)).flatten()
}

/// Control, bidi or invisible characters in a name: it looks like another one.
pub(super) fn hidden_characters(request: &Request) -> Option<Finding> {
    let pkcs10 = request.pkcs10.as_ref().ok()?;
    let name = pkcs10.common_names.iter().chain(&pkcs10.organizations).find(|name| !is_plain(name))?;
    let text = format!("{name} has characters in it that hide or mislead. They are shown escaped here.");
    finding(Level::Danger, "name-hidden-characters", "hidden", text)
}

/// Several CNs: the last one is who the user becomes, which other tools do not show.
pub(super) fn several_names(request: &Request) -> Option<Finding> {
    let names = &request.pkcs10.as_ref().ok()?.common_names;
    let (last, others) = names.split_last()?;
    if others.is_empty() {
        return None;
    }
    let text =
        format!("It has {} CNs; the last one counts: it logs in as {last}, not as {}.", names.len(), others.join(", "));
    finding(Level::Danger, "several-common-names", "two names", text)
}

/// No CN: the certificate is issued, and useless.
pub(super) fn no_name(request: &Request) -> Option<Finding> {
    let pkcs10 = request.pkcs10.as_ref().ok()?;
    if request.signer_name != CLIENT_SIGNER || pkcs10.common_names.last().is_some_and(|name| !name.is_empty()) {
        return None;
    }
    finding(Level::Warning, "no-common-name", "no name", "It has no CN: it would be issued, but logs in as nobody.")
}

/// A key that can be broken.
pub(super) fn weak_key(request: &Request) -> Option<Finding> {
    let key = &request.pkcs10.as_ref().ok()?.key;
    if key.algorithm != "RSA" || key.bits >= 2048 {
        return None;
    }
    let text = format!("Its RSA key has {} bits; 2048 is the least that is safe.", key.bits);
    finding(Level::Warning, "key-weak", "weak key", text)
}

/// SANs on a client certificate are copied and mean nothing for logging in.
pub(super) fn names_without_meaning(request: &Request) -> Option<Finding> {
    let sans = &request.pkcs10.as_ref().ok()?.sans;
    if request.signer_name != CLIENT_SIGNER || sans.is_empty() {
        return None;
    }
    let text = "It asks for subject alternative names. They mean nothing for logging in to the API server.";
    finding(Level::Notice, "client-sans", "SANs", text)
}
