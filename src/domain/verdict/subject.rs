//! What is odd about the request itself.

use super::case::Case;
use super::confusables::mixed_word;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::pkcs10::Pkcs10;
use crate::domain::rules;
use crate::domain::signer;
use crate::domain::signer::CLIENT_SIGNER;
use crate::domain::text::is_plain;

fn pkcs10<'a>(case: &Case<'a>) -> Option<&'a Pkcs10> {
    case.request.pkcs10.as_ref().ok()
}

/// Every CN and O.
fn names<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a String> {
    pkcs10(case).into_iter().flat_map(|pkcs10| pkcs10.common_names.iter().chain(&pkcs10.organizations))
}

/// It cannot be decoded, so that its effect is unknown.
pub(super) fn unreadable(case: &Case<'_>) -> Option<Finding> {
    let why = case.request.pkcs10.as_ref().err()?;
    let text = format!("It cannot be decoded ({why}): nobody here can say what it would hand out.");
    finding(&rules::REQUEST_UNREADABLE, Level::Danger, text)
}

/// The signature does not fit the key, or is of a kind that Kubernetes does not verify. The API server refuses such requests
/// when they are made.
pub(super) fn bad_signature(case: &Case<'_>) -> Option<Finding> {
    let bad = pkcs10(case)?.signature_valid == Some(false);
    let text = "Its signature cannot be verified with its key: the requester may not hold that key.";
    bad.then(|| finding(&rules::SIGNATURE_INVALID, Level::Danger, text)).flatten()
}

/// A digest that can be forged.
pub(super) fn weak_signature(case: &Case<'_>) -> Option<Finding> {
    let algorithm = &pkcs10(case)?.signature_algorithm;
    let text = format!("It is signed with {algorithm}, which can be forged.");
    is_weak_signature(algorithm).then(|| finding(&rules::SIGNATURE_WEAK, Level::Warning, text)).flatten()
}

fn is_weak_signature(algorithm: &str) -> bool {
    ["MD2-RSA", "MD5-RSA", "SHA1-RSA", "DSA-SHA1", "ECDSA-SHA1"].contains(&algorithm)
}

/// Control, bidi or invisible characters in a name: it looks like another one.
pub(super) fn hidden_characters(case: &Case<'_>) -> Option<Finding> {
    let name = names(case).find(|name| !is_plain(name))?;
    let text = format!("{name} has characters in it that hide or mislead. They are shown escaped here.");
    finding(&rules::NAME_HIDDEN_CHARACTERS, Level::Danger, text)
}

/// Letters of several scripts in one word.
pub(super) fn mixed_script(case: &Case<'_>) -> Option<Finding> {
    let (name, word) = names(case).find_map(|name| Some((name, mixed_word(name)?)))?;
    let foreign: Vec<_> =
        word.chars().filter(|c| !c.is_ascii()).map(|c| format!("{c} (U+{:04X})", u32::from(c))).collect();
    let text = format!("{name} mixes letters of several scripts in one word: {}.", foreign.join(", "));
    finding(&rules::NAME_MIXED_SCRIPT, Level::Warning, text)
}

/// Leading or trailing whitespace, and groups without a name.
pub(super) fn outer_whitespace(case: &Case<'_>) -> Option<Finding> {
    let edges = |name: &&String| name.trim().len() != name.len();
    if let Some(name) = names(case).find(edges) {
        let text = format!("{name:?} begins or ends with a blank: it is not the same as {:?}.", name.trim());
        return finding(&rules::NAME_WHITESPACE, Level::Warning, text);
    }
    let nameless = pkcs10(case)?.organizations.iter().any(String::is_empty);
    nameless.then(|| finding(&rules::NAME_WHITESPACE, Level::Warning, "It asks for a group without a name.")).flatten()
}

/// A CN or O in a string type that is not `UTF8String` or `PrintableString`.
pub(super) fn string_type(case: &Case<'_>) -> Option<Finding> {
    let odd = pkcs10(case)?.odd_strings.first()?;
    let text = format!("It writes {odd}: programs differ in how they read that.");
    finding(&rules::NAME_STRING_TYPE, Level::Warning, text)
}

/// Several CNs: the last one is who the user becomes, which other tools do not show.
pub(super) fn several_names(case: &Case<'_>) -> Option<Finding> {
    let names = &pkcs10(case)?.common_names;
    let (last, others) = names.split_last()?;
    if others.is_empty() {
        return None;
    }
    let text =
        format!("It has {} CNs; the last one counts: it logs in as {last}, not as {}.", names.len(), others.join(", "));
    finding(&rules::SEVERAL_COMMON_NAMES, Level::Danger, text)
}

/// No CN: the certificate is issued, and useless.
pub(super) fn no_name(case: &Case<'_>) -> Option<Finding> {
    let named = pkcs10(case)?.common_names.last().is_some_and(|name| !name.is_empty());
    if named || !signer::is_for_login(&case.request.signer_name) {
        return None;
    }
    finding(&rules::NO_COMMON_NAME, Level::Warning, "It has no CN: it would be issued, but logs in as nobody.")
}

/// A key that can be broken, or is shorter than the policy requires.
pub(super) fn weak_key(case: &Case<'_>) -> Option<Finding> {
    let pkcs10 = pkcs10(case)?;
    let least = is_short(case, pkcs10)?;
    let key = &pkcs10.key;
    let text = if key.algorithm == "RSA" && key.bits < 2048 {
        format!("Its RSA key has {} bits; 2048 is the least that is safe.", key.bits)
    } else {
        format!("Its {} key has {} bits; the policy wants {least} at least.", key.algorithm, key.bits)
    };
    finding(&rules::KEY_WEAK, Level::Warning, text)
}

/// The least size that the key falls short of.
fn is_short(case: &Case<'_>, pkcs10: &Pkcs10) -> Option<u32> {
    let least = match pkcs10.key.algorithm.as_str() {
        "RSA" => case.policy.least_key.rsa.max(2048),
        "ECDSA" if pkcs10.key.bits != 0 => case.policy.least_key.ecdsa,
        _ => return None,
    };
    (pkcs10.key.bits < least).then_some(least)
}

/// A key of a kind, or on a curve, that few programs know.
pub(super) fn exotic_key(case: &Case<'_>) -> Option<Finding> {
    let key = &pkcs10(case)?.key;
    let text = match (key.algorithm.as_str(), key.bits) {
        ("RSA" | "Ed25519", _) | ("ECDSA", 256 | 384 | 521) => return None,
        ("ECDSA", 0) => "Its ECDSA key is on a curve that Kubernetes does not know.".to_owned(),
        ("ECDSA", bits) => format!("Its ECDSA key is on a curve of {bits} bits that few programs use."),
        (other, _) => format!("Its key is of the kind {other}, which few programs use."),
    };
    finding(&rules::KEY_EXOTIC, Level::Warning, text)
}

/// SANs on a client certificate are copied and mean nothing for logging in.
pub(super) fn names_without_meaning(case: &Case<'_>) -> Option<Finding> {
    if case.request.signer_name != CLIENT_SIGNER || pkcs10(case)?.sans.is_empty() {
        return None;
    }
    let text = "It asks for subject alternative names. They mean nothing for logging in to the API server.";
    finding(&rules::CLIENT_SANS, Level::Notice, text)
}
