//! Requests to practise on: harmless, odd, failing and hostile ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use serde_json::{Value, json};

use crate::domain::key_type::KeyType;
use crate::domain::request::CLIENT_SIGNER;
use crate::keys::{PrivateKey, certification_request, certification_request_for};
use crate::sandbox::authority::Authority;
use crate::sandbox::object::stamp;

const KUBELET_CLIENT: &str = "kubernetes.io/kube-apiserver-client-kubelet";
const KUBELET_SERVING: &str = "kubernetes.io/kubelet-serving";
/// An RSA key of 1024 bits, which no library here makes any more.
const WEAK: &str = include_str!("../../../assets/sandbox/weak-key.csr");
const PORTAL: Requester = Requester(
    "system:serviceaccount:onboarding:portal",
    &["system:serviceaccounts", "system:serviceaccounts:onboarding"],
);
const CI: Requester = Requester("ci-runner", &["ci"]);

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Who asks: user name and groups.
#[derive(Clone, Copy)]
struct Requester(&'static str, &'static [&'static str]);

/// One request to be made.
struct SeedRequest {
    name: &'static str,
    request: String,
    requester: Requester,
    signer: &'static str,
    usages: &'static [&'static str],
    seconds: Option<i32>,
    minutes: i64,
}

impl SeedRequest {
    fn new(name: &'static str, request: String, requester: Requester, minutes: i64) -> Self {
        let usages = &["client auth"];
        Self { name, request, requester, signer: CLIENT_SIGNER, usages, seconds: Some(86_400), minutes }
    }

    fn object(&self) -> Value {
        object(self.name, &self.request, self.requester.0, self.requester.1, self.signer, self.usages, self.seconds)
    }
}

/// A request as the API server stores it.
pub(super) fn object(
    name: &str,
    request: &str,
    user: &str,
    groups: &[&str],
    signer: &str,
    usages: &[&str],
    seconds: Option<i32>,
) -> Value {
    let groups: Vec<_> = groups.iter().copied().chain(["system:authenticated"]).collect();
    let mut spec = json!({
        "request": STANDARD.encode(request), "signerName": signer, "usages": usages, "username": user, "groups": groups,
    });
    if let Some(seconds) = seconds {
        spec["expirationSeconds"] = seconds.into();
    }
    json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": { "name": name },
        "spec": spec, "status": {},
    })
}

/// All of them, each with its age in minutes.
pub(super) fn all(authority: &Authority, now: DateTime<Utc>) -> Result<Vec<(Value, i64)>, BoxedError> {
    let mut found: Vec<_> = harmless()?.into_iter().chain(kubelets()?).chain(odd()?).chain(hostile()?).collect();
    found.sort_by_key(|ask| std::cmp::Reverse(ask.minutes));
    let mut objects: Vec<_> = found.iter().map(|ask| (ask.object(), ask.minutes)).collect();
    objects.extend(decided(authority, now)?);
    Ok(objects)
}

fn harmless() -> Result<Vec<SeedRequest>, BoxedError> {
    let lena = Requester("lena", &["on-call"]);
    Ok(vec![
        SeedRequest::new("jane-laptop", person("jane", &["dev"])?, PORTAL, 3),
        SeedRequest::new("omar-7f3k", person("omar", &["dev", "qa"])?, PORTAL, 26),
        SeedRequest {
            seconds: Some(28_800),
            ..SeedRequest::new("lena-on-call", person("lena", &["on-call"])?, lena, 11)
        },
    ])
}

fn kubelets() -> Result<Vec<SeedRequest>, BoxedError> {
    const CLIENT: &[&str] = &["digital signature", "client auth"];
    const SERVING: &[&str] = &["digital signature", "server auth"];
    let client = |name, node: &str, minutes| {
        let bootstrap = Requester(
            "system:bootstrap:07401b",
            &["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token"],
        );
        let request = person(&format!("system:node:{node}"), &["system:nodes"])?;
        Ok::<_, BoxedError>(SeedRequest {
            signer: KUBELET_CLIENT,
            usages: CLIENT,
            ..SeedRequest::new(name, request, bootstrap, minutes)
        })
    };
    let serving = |name, user: &'static str, request, minutes| SeedRequest {
        signer: KUBELET_SERVING,
        usages: SERVING,
        seconds: None,
        ..SeedRequest::new(name, request, Requester(user, &["system:nodes"]), minutes)
    };
    let (one, two) = ("system:node:worker-1", "system:node:worker-2");
    Ok(vec![
        client("csr-4tmxq", "worker-3", 2)?,
        serving("csr-8zk5d", one, node(one, &["worker-1"], &["192.168.10.21"])?, 48),
        serving("csr-p2c9w", two, node(two, &["worker-2"], &["192.168.10.22"])?, 47),
        serving("csr-qqd7x", two, node(two, &["kubernetes.default.svc"], &["10.96.0.1"])?, 6),
    ])
}

fn odd() -> Result<Vec<SeedRequest>, BoxedError> {
    let vpn = person("priya-phone", &["payments"])?;
    Ok(vec![
        // The signer wants "client auth".
        SeedRequest {
            usages: &["server auth"],
            ..SeedRequest::new("web-frontend-tls", person("web-frontend", &[])?, CI, 33)
        },
        SeedRequest::new("legacy-printer", WEAK.to_owned(), CI, 190),
        SeedRequest {
            seconds: Some(315_360_000),
            ..SeedRequest::new("backup-forever", person("backup", &["ops"])?, CI, 74)
        },
        // This signer does not exist here.
        SeedRequest {
            signer: "example.com/vpn",
            ..SeedRequest::new("priya-vpn", vpn, Requester("priya", &["payments"]), 15)
        },
    ])
}

fn hostile() -> Result<Vec<SeedRequest>, BoxedError> {
    let mallory = Requester("mallory", &["contractors"]);
    Ok(vec![
        SeedRequest::new("metrics-agent", person("system:kube-controller-manager", &[])?, CI, 9),
        SeedRequest::new("harmless-bot", two_names("harmless-bot", "priya")?, mallory, 21),
        SeedRequest::new("maria-tablet", person("maria\u{202e}nimda \u{1b}[31mroot", &["dev"])?, mallory, 5),
        SeedRequest::new("eve-new-starter", person("eve", &["dev", "platform-admins"])?, mallory, 1),
    ])
}

/// What has been decided already.
fn decided(authority: &Authority, now: DateTime<Utc>) -> Result<Vec<(Value, i64)>, BoxedError> {
    let condition = |kind: &str, reason: &str, message: &str, minutes: i64| {
        let at = stamp(now - TimeDelta::minutes(minutes));
        json!({ "type": kind, "status": "True", "reason": reason, "message": message,
            "lastUpdateTime": at, "lastTransitionTime": at })
    };
    let request = person("tom", &["qa"])?;
    let signed = now - TimeDelta::minutes(37);
    let certificate = authority.sign(request.as_bytes(), &["client auth".to_owned()], Some(86_400), signed)?;
    let mut issued = SeedRequest::new("tom-workstation", request, PORTAL, 42).object();
    let approved = condition("Approved", "KubectlApprove", "This CSR was approved by kubectl certificate approve.", 37);
    issued["status"] = json!({ "conditions": [approved], "certificate": STANDARD.encode(certificate) });
    let mut denied = SeedRequest::new("unknown-vm", person("root", &["platform-admins"])?, CI, 55).object();
    let refused = condition("Denied", "Unexpected", "Nobody ordered this machine.", 51);
    denied["status"] = json!({ "conditions": [refused] });
    Ok(vec![(issued, 42), (denied, 55)])
}

/// A user's request; its private key is discarded.
pub(super) fn person(user: &str, groups: &[&str]) -> Result<String, BoxedError> {
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
    Ok(certification_request(&key, user, &groups)?)
}

/// A request with two common names. The last one counts.
fn two_names(first: &str, last: &str) -> Result<String, BoxedError> {
    use std::str::FromStr;
    let key = PrivateKey::generate(KeyType::EcdsaP256)?;
    // RFC 4514 writes a name from its end.
    Ok(certification_request_for(&key, x509_cert::name::Name::from_str(&format!("CN={last},CN={first}"))?)?)
}

/// The request of a kubelet for its serving certificate.
fn node(user: &str, names: &[&str], addresses: &[&str]) -> Result<String, BoxedError> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    for address in addresses {
        params.subject_alt_names.push(SanType::IpAddress(address.parse()?));
    }
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "system:nodes");
    params.distinguished_name.push(DnType::CommonName, user);
    Ok(params.serialize_request(&KeyPair::generate()?)?.pem()?)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::certificates::v1::CertificateSigningRequest;

    use super::*;
    use crate::domain::request::Request;
    use crate::domain::verdict::{Context, Level, judge};

    #[test]
    fn covers_every_kind_of_request() {
        let now = Utc::now();
        let all = all(&Authority::new(now).unwrap(), now).unwrap();
        let judged: Vec<_> = all
            .iter()
            .map(|(object, _)| {
                let csr: CertificateSigningRequest = serde_json::from_value(object.clone()).unwrap();
                let request = Request::from_object(&csr);
                let level = judge(&request, &Context::default()).level();
                (request, level)
            })
            .collect();
        let level = |name: &str| judged.iter().find(|(request, _)| request.pin.name == name).unwrap().1;
        for name in ["jane-laptop", "lena-on-call", "csr-8zk5d"] {
            assert!(level(name) <= Level::Notice, "{name}");
        }
        assert_eq!(level("web-frontend-tls"), Level::WillFail);
        for name in ["metrics-agent", "harmless-bot", "maria-tablet"] {
            assert!(level(name) > Level::Notice, "{name}");
        }
        let names = judged.iter().find(|(request, _)| request.pin.name == "harmless-bot").unwrap();
        assert_eq!(names.0.identity().user, "priya");
        let weak = judged.iter().find(|(request, _)| request.pin.name == "legacy-printer").unwrap();
        assert_eq!(weak.0.pkcs10.as_ref().unwrap().key.bits, 1024);
        assert!(judged.iter().filter(|(request, _)| request.conditions.is_empty()).count() >= 12);
    }
}
