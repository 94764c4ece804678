//! How a kubeconfig's user entry logs in: the fields in the order in which client-go prefers them
//! (`tools/clientcmd/client_config.go`, `transport/round_trippers.go`).

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use rustls::sign::CertifiedKey;
use serde_yaml::{Mapping, Value};
use zeroize::Zeroizing;

use super::content::content;
use super::program::Program;
use crate::cluster::transport::tls::{PairError, key_pair};

/// What a user entry logs in with.
#[derive(Debug)]
pub(in crate::cluster) struct LoginEntry {
    /// A client certificate, from the entry or from files that it names.
    pub certificate: Option<Arc<CertifiedKey>>,
    /// What every request carries besides.
    pub method: Method,
}

/// Where the `Authorization` header comes from.
#[derive(Debug)]
pub(in crate::cluster) enum Method {
    /// There is none.
    None,
    /// A token or a password of the entry itself.
    Fixed(HeaderValue),
    /// A file with a token, and the entry's own token for as long as the file cannot be read.
    File(PathBuf, Option<HeaderValue>),
    /// A login program.
    Program(Box<Program>),
}

impl LoginEntry {
    /// An entry without credentials.
    pub(crate) fn anonymous() -> Self {
        Self { certificate: None, method: Method::None }
    }

    /// Reads a user entry whose paths are absolute; `cluster` is the entry of the cluster, for login programs that want it.
    ///
    /// # Errors
    /// Which field cannot be used, and why. No value of a field is quoted.
    pub(crate) fn read(user: &Mapping, cluster: &Mapping) -> Result<Self, String> {
        let text = |field: &str| user.get(field).and_then(Value::as_str).unwrap_or_default();
        let token = Zeroizing::new(text("token").trim().to_owned());
        let (name, password) = (text("username"), text("password"));
        let basic = !name.is_empty() || !password.is_empty();
        let provider = user.get("auth-provider").and_then(Value::as_mapping);
        let exec = user.get("exec").and_then(Value::as_mapping);
        if !token.is_empty() && basic {
            return Err("token and username/password are both set, and only one is allowed".to_owned());
        }
        if exec.is_some() && provider.is_some() {
            return Err("exec and auth-provider are both set, and only one is allowed".to_owned());
        }
        let certificate = certificate(user)?;
        // Both are checked even where something else has precedence, as in client-go.
        let provider = provider.map(from_provider).transpose()?;
        let program = exec.map(|exec| Program::read(exec, cluster)).transpose()?;
        let method = if let Some(path) = Some(text("tokenFile")).filter(|path| !path.is_empty()) {
            let own = (!token.is_empty()).then(|| bearer(&token)).transpose();
            Method::File(path.into(), own.map_err(|why| format!("token: {why}"))?)
        } else if !token.is_empty() {
            Method::Fixed(bearer(&token).map_err(|why| format!("token: {why}"))?)
        } else if basic {
            Method::Fixed(basic_header(name, password).map_err(|why| format!("username, password: {why}"))?)
        } else if let Some(provider) = provider {
            Method::Fixed(provider)
        } else if let Some(program) = program.filter(|_| certificate.is_none()) {
            Method::Program(Box::new(program))
        } else if certificate.is_none() && ["client-key", "client-key-data"].iter().any(|field| !text(field).is_empty())
        {
            return Err("there is a client-key and no client-certificate".to_owned());
        } else {
            Method::None
        };
        Ok(Self { certificate, method })
    }
}

/// client-go's plugins `gcp` and `azure` were removed in 1.26; of `oidc` the token that the kubeconfig holds is sent.
fn from_provider(provider: &Mapping) -> Result<HeaderValue, String> {
    let name = provider.get("name").and_then(Value::as_str).unwrap_or_default();
    if name != "oidc" {
        return Err(format!("auth-provider: {name} is not supported, nor by kubectl since 1.26; use an exec plugin"));
    }
    let config = provider.get("config").and_then(Value::as_mapping);
    let token = config.and_then(|config| config.get("id-token")?.as_str()).unwrap_or_default();
    if token.is_empty() {
        return Err("auth-provider: oidc: there is no id-token; log in with the tool that writes it".to_owned());
    }
    bearer(token.trim()).map_err(|why| format!("auth-provider: id-token: {why}"))
}

fn certificate(user: &Mapping) -> Result<Option<Arc<CertifiedKey>>, String> {
    let certificate = content(user, "client-certificate")?;
    let key = content(user, "client-key")?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => key_pair(&certificate, &key).map(Some).map_err(|error| match error {
            PairError::Certificate(why) => format!("{}: {why}", named(user, "client-certificate")),
            PairError::Key(why) => format!("{}: {why}", named(user, "client-key")),
        }),
        (Some(_), None) => Err("there is a client-certificate and no client-key".to_owned()),
        // client-go ignores a key without a certificate, where there is another login.
        (None, _) => Ok(None),
    }
}

/// The field that counts of two: the embedded one, or the file's with its path.
fn named(entry: &Mapping, field: &str) -> String {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text(&format!("{field}-data")), text(field)) {
        (None, Some(path)) => format!("{field}: {path}"),
        _ => format!("{field}-data"),
    }
}

/// The header for a bearer token (RFC 6750).
///
/// # Errors
/// Where it cannot be a header's value.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, String> {
    header(&Zeroizing::new(format!("Bearer {token}")))
}

fn basic_header(name: &str, password: &str) -> Result<HeaderValue, String> {
    let plain = Zeroizing::new(format!("{name}:{password}"));
    header(&Zeroizing::new(format!("Basic {}", Zeroizing::new(STANDARD.encode(plain.as_bytes())).as_str())))
}

fn header(text: &str) -> Result<HeaderValue, String> {
    let mut header =
        HeaderValue::from_str(text).map_err(|_| "it has characters that no HTTP header can carry".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(user: &str) -> Result<LoginEntry, String> {
        LoginEntry::read(&serde_yaml::from_str(user).unwrap(), &Mapping::new())
    }

    #[test]
    fn a_token_file_has_precedence_over_a_token_and_both_over_a_program() {
        let entry = read(
            "{token: \"a\\n\", tokenFile: /t, exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1}}",
        );
        assert!(
            matches!(entry.unwrap().method, Method::File(path, Some(own)) if path == Path::new("/t") && own == "Bearer a")
        );
        let entry = read("{token: a, exec: {command: x, apiVersion: client.authentication.k8s.io/v1beta1}}").unwrap();
        assert!(matches!(entry.method, Method::Fixed(header) if header == "Bearer a"));
        assert!(matches!(read("{}").unwrap().method, Method::None));
        assert!(
            matches!(read("{username: u, password: p}").unwrap().method, Method::Fixed(header) if header == "Basic dTpw")
        );
    }

    #[test]
    fn an_error_names_the_field_and_quotes_no_value() {
        for (user, field) in [
            ("{token: \"s3cr\\net\"}", "token: "),
            ("{token: s3cret, username: u}", "username"),
            ("{client-certificate-data: s3cret}", "client-certificate-data: "),
            ("{client-certificate: /nowhere/s, client-key: /nowhere/k}", "client-certificate: /nowhere/s"),
            ("{client-certificate-data: czNjcmV0}", "no client-key"),
            ("{client-certificate-data: czNjcmV0, client-key-data: czNjcmV0}", "client-certificate-data: no PEM block"),
            ("{auth-provider: {name: gcp, config: {access-token: s3cret}}}", "auth-provider: gcp"),
            ("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}", "exec: apiVersion"),
        ] {
            let why = read(user).unwrap_err();
            assert!(why.contains(field) && !why.contains("s3cr"), "{user}: {why}");
        }
    }
}
