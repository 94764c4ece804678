//! What a login program prints (client-go, `pkg/apis/clientauthentication`).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::HeaderValue;
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::entry::bearer;
use super::failed::{LONGEST, Reason};
use crate::cluster::transport::tls::{PairError, key_pair};
use crate::domain::yaml;

/// What requests are sent with.
#[derive(Debug, Clone, Default)]
pub(in crate::cluster) struct Credential {
    /// The `Authorization` header.
    pub authorization: Option<HeaderValue>,
    /// The client certificate with its key.
    pub certificate: Option<Arc<CertifiedKey>>,
    /// When they end.
    pub expires: Option<DateTime<Utc>>,
}

impl Credential {
    /// Whether requests look the same with another one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let chain = |one: &Self| one.certificate.as_ref().map(|pair| pair.cert.clone());
        self.authorization == other.authorization && chain(self) == chain(other)
    }

    /// What a program's answer means.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn from_answer(answer: &ExecCredential) -> Result<Self, Reason> {
        let authorization = answer.token.as_ref().map(|token| bearer(token)).transpose();
        let certificate = match (&answer.certificate, &answer.key) {
            (Some(certificate), Some(key)) => {
                let pair = key_pair(certificate.as_bytes(), key.as_bytes());
                Some(pair.map_err(|(PairError::Certificate(why) | PairError::Key(why))| Reason::KeyPair(why))?)
            }
            _ => None,
        };
        Ok(Self { authorization: authorization.map_err(|_| Reason::Token)?, certificate, expires: answer.expires })
    }
}

/// The answer of a login program.
#[derive(Debug, Default)]
pub struct ExecCredential {
    /// A token.
    pub token: Option<Zeroizing<String>>,
    /// A certificate, PEM.
    pub certificate: Option<String>,
    /// Its key, PEM.
    pub key: Option<Zeroizing<String>>,
    /// When they end.
    pub expires: Option<DateTime<Utc>>,
}

impl ExecCredential {
    /// Reads an `ExecCredential`: JSON, or YAML, which client-go takes as well. `version` is the apiVersion that the
    /// kubeconfig asks for.
    ///
    /// # Errors
    /// [`Reason::Long`], [`Reason::Unreadable`], [`Reason::Version`], [`Reason::Nothing`], [`Reason::Half`].
    pub fn read(printed: &[u8], version: &str) -> Result<Self, Reason> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Document {
            kind: Option<String>,
            api_version: Option<String>,
            status: Option<ExecStatus>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ExecStatus {
            expiration_timestamp: Option<String>,
            token: Option<String>,
            client_certificate_data: Option<String>,
            client_key_data: Option<String>,
        }
        if printed.len() > LONGEST {
            return Err(Reason::Long);
        }
        let text = std::str::from_utf8(printed).map_err(|_| Reason::Unreadable("not valid UTF-8"))?;
        if text.trim().is_empty() {
            return Err(Reason::Unreadable("its output is empty"));
        }
        let document = serde_json::from_str::<Document>(text).or_else(|_| yaml::from_str(text));
        let document = document.map_err(|_| Reason::Unreadable("neither JSON nor YAML of that shape"))?;
        if document.kind.as_deref() != Some("ExecCredential") {
            return Err(Reason::Unreadable("kind is not ExecCredential"));
        }
        let answered = document.api_version.unwrap_or_default();
        if answered != version {
            // Only a version that is one is quoted: the rest may be anything.
            let named =
                ["v1", "v1beta1", "v1alpha1"].into_iter().find(|known| answered.ends_with(&format!("/{known}")));
            let named = named.map(|known| format!(": {known}, not {version}")).unwrap_or_default();
            return Err(Reason::Version(named));
        }
        let status = document.status.ok_or(Reason::Nothing)?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let expires = filled(status.expiration_timestamp).map(|text| DateTime::parse_from_rfc3339(&text));
        let expires = expires.transpose().map_err(|_| Reason::Unreadable("expirationTimestamp is not a time"))?;
        let answer = Self {
            token: filled(status.token).map(Zeroizing::new),
            certificate: filled(status.client_certificate_data),
            key: filled(status.client_key_data).map(Zeroizing::new),
            expires: expires.map(|at| at.to_utc()),
        };
        match (&answer.token, &answer.certificate, &answer.key) {
            (None, None, None) => Err(Reason::Nothing),
            (_, Some(_), None) | (_, None, Some(_)) => Err(Reason::Half),
            _ => Ok(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "client.authentication.k8s.io/v1";

    fn read(status: &str) -> Result<ExecCredential, Reason> {
        let text = format!(r#"{{"kind": "ExecCredential", "apiVersion": "{V1}", "status": {status}}}"#);
        ExecCredential::read(text.as_bytes(), V1)
    }

    #[test]
    fn reads_a_token_or_a_certificate_with_its_key_in_json_and_yaml() {
        let answer = read(r#"{"token": "t", "expirationTimestamp": "2026-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!((answer.token.unwrap().as_str(), answer.expires.is_some()), ("t", true));
        let yaml =
            format!("kind: ExecCredential\napiVersion: {V1}\nstatus: {{clientCertificateData: c, clientKeyData: k}}\n");
        let answer = ExecCredential::read(yaml.as_bytes(), V1).unwrap();
        assert_eq!((answer.certificate.as_deref(), answer.token.is_none()), (Some("c"), true));
    }

    #[test]
    fn refuses_what_client_go_refuses() {
        assert_eq!(read("{}").unwrap_err(), Reason::Nothing);
        assert_eq!(read("null").unwrap_err(), Reason::Nothing);
        assert_eq!(read(r#"{"token": "t", "clientKeyData": "k"}"#).unwrap_err(), Reason::Half);
        assert!(matches!(read(r#"{"token": "t", "expirationTimestamp": "soon"}"#), Err(Reason::Unreadable(_))));
        for text in ["", "s3cret", r#"{"status": {"token": "s3cret"}}"#, r#"{"kind": "List"}"#] {
            let Err(Reason::Unreadable(why)) = ExecCredential::read(text.as_bytes(), V1) else {
                panic!("{text:?} was read")
            };
            assert!(!why.contains("s3cret"));
        }
        let other = r#"{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "t"}}"#;
        assert!(matches!(ExecCredential::read(other.as_bytes(), V1), Err(Reason::Version(_))));
        assert_eq!(ExecCredential::read(&vec![b' '; LONGEST + 1], V1).unwrap_err(), Reason::Long);
    }
}
