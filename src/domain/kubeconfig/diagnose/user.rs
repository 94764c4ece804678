//! What about a user entry keeps clients from logging in (client-go, `tools/clientcmd/validation.go`,
//! `validateAuthInfo`; `crypto/tls`, `X509KeyPair`).

use std::path::Path;

use serde_yaml::Value;

use super::diagnosis::{Credential, Diagnosis};
use super::entry::{FileAccess, UserEntry, content, text};
use super::plugins;
use super::token::end_of_token;
use crate::domain::authority;
use crate::domain::certificate::Certificate;

/// Signatures of shorter RSA keys are refused by many programs.
const SHORT_RSA: u32 = 2048;

/// Looks at a user entry; `authority` is the CA of the cluster, and `encrypted` whether credentials are sent at all.
pub(super) fn check(
    seen: &mut Diagnosis,
    entry: &UserEntry,
    authority: Option<&[u8]>,
    encrypted: bool,
    files: &dyn FileAccess,
) {
    check_certificate(seen, entry, authority, encrypted, files);
    check_token(seen, entry, encrypted, files);
    plugins::check_exec_plugin(seen, entry, encrypted, files);
    plugins::check_auth_provider(seen, entry, encrypted);
    check_password(seen, entry, encrypted);
    let asks = |field: &&&str| entry.fields.get(**field).is_some_and(|value| !is_empty(value));
    if let Some(field) = ["as-uid", "as-groups", "as-user-extra"].iter().find(asks)
        && text(&entry.fields, "as").is_empty()
    {
        seen.problems.push(entry.problem(field, "it needs a user to impersonate in the field as"));
    }
    if encrypted && seen.credentials.is_empty() && seen.problems.is_empty() {
        seen.problems.push(entry.problem("user", "it has no credentials"));
    } else if !encrypted && !seen.credentials.is_empty() {
        seen.notes.push(entry.problem("user", "its credentials are not sent to a server without TLS"));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(fields) => fields.is_empty(),
        _ => false,
    }
}

fn check_certificate(
    seen: &mut Diagnosis,
    entry: &UserEntry,
    authority: Option<&[u8]>,
    encrypted: bool,
    files: &dyn FileAccess,
) {
    let certificate = content(&entry.fields, "client-certificate", files);
    let key = content(&entry.fields, "client-key", files);
    let (field, certificate) = match certificate {
        Some(certificate) => certificate,
        // A key alone is not used.
        None if key.is_some() => return seen.notes.push(entry.problem("client-key", "there is no client-certificate")),
        None => return,
    };
    seen.credentials.push(Credential::Certificate);
    for field in ["client-certificate", "client-key"] {
        if entry.has_both(field) {
            seen.problems.push(entry.problem(field, &format!("{field}-data is set, too; remove one")));
        }
    }
    let key = match key {
        Some((field, Ok(key))) => Some((field, key)),
        Some((field, Err(why))) => {
            seen.problems.push(entry.problem(&field, &why));
            None
        }
        None => {
            seen.problems.push(entry.problem("client-key", "there is no key for the client-certificate"));
            None
        }
    };
    // Without TLS it is enough that the files are there.
    let decode = |pem: Vec<u8>| Certificate::from_pem(&pem).map(|decoded| Some((pem, decoded)));
    let read = certificate.and_then(|pem| if encrypted { decode(pem) } else { Ok(None) });
    let (pem, decoded) = match read {
        Ok(Some(read)) => read,
        Ok(None) => return,
        Err(why) => return seen.problems.push(entry.problem(&field, &why)),
    };
    if let Some((field, key)) = key {
        compare(seen, entry, &field, &files.public_key(&key), &decoded);
    }
    if authority.is_some_and(|authority| authority::disowns(authority, &pem)) {
        let why = "it names this cluster's CA as its issuer, but that CA did not sign it: wrong CA or wrong cluster";
        seen.problems.push(entry.problem(&field, why));
    }
    if let Some(bits) = authority::rsa_bits(&pem).filter(|bits| *bits < SHORT_RSA) {
        let why = format!("its RSA key has only {bits} bits, which many servers and clients refuse");
        seen.notes.push(entry.problem(&field, &why));
    }
    seen.ends = Some(decoded.not_after);
    seen.certificate = Some(decoded);
}

fn compare(
    seen: &mut Diagnosis,
    entry: &UserEntry,
    field: &str,
    key: &Result<String, String>,
    certificate: &Certificate,
) {
    match key {
        Ok(digest) => {
            let fits = *digest == certificate.public_key_sha256;
            seen.key_fits = Some(fits);
            if !fits {
                let why = "the key is not the certificate's: no login with it can work";
                seen.problems.push(entry.problem(field, why));
            }
        }
        Err(why) => seen.problems.push(entry.problem(field, why)),
    }
}

fn check_token(seen: &mut Diagnosis, entry: &UserEntry, encrypted: bool, files: &dyn FileAccess) {
    let mut token = text(&entry.fields, "token");
    let file = text(&entry.fields, "tokenFile");
    if token.is_empty() && file.is_empty() {
        return;
    }
    seen.credentials.push(Credential::Token);
    if !file.is_empty() {
        match files.read(Path::new(&file)) {
            Ok(bytes) => {
                let read = String::from_utf8_lossy(&bytes).trim().to_owned();
                if read.is_empty() && token.is_empty() && encrypted {
                    seen.problems.push(entry.problem("tokenFile", &format!("{file} is empty")));
                }
                if !read.is_empty() {
                    token = read;
                }
            }
            // A token beside it is used instead; nothing is read for a server without TLS.
            Err(why) if token.is_empty() && encrypted => {
                seen.problems.push(entry.problem("tokenFile", &format!("{file}: {why}")));
            }
            Err(_) => {}
        }
    }
    if seen.ends.is_none() && encrypted {
        seen.ends = end_of_token(&token);
    }
}

fn check_password(seen: &mut Diagnosis, entry: &UserEntry, encrypted: bool) {
    let (name, password) = (text(&entry.fields, "username"), text(&entry.fields, "password"));
    if name.is_empty() && password.is_empty() {
        return;
    }
    let has_token =
        !text(&entry.fields, "token").is_empty() || (encrypted && seen.credentials.contains(&Credential::Token));
    if has_token {
        let field = if name.is_empty() { "password" } else { "username" };
        seen.problems.push(entry.problem(field, "a token is set, too; remove one"));
    }
    if !name.is_empty() {
        seen.credentials.push(Credential::Basic);
    }
}
