//! The cluster in which the corpus is evaluated, and how its requests are made.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use countersign::testing::domain::access::{Binding, Policy, Principal, Role};
use countersign::testing::domain::policy_file::PolicyFile;
use countersign::testing::domain::request::Request;
use countersign::testing::domain::verdict::{AddressRange, ApiHosts, ClusterSnapshot, Grants, Host, Nodes};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::rbac::v1::{self as rbac};
use rcgen::KeyPair;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Case, Label};
use crate::support::pkcs10::Asked;

pub(crate) const CLIENT: &str = "kubernetes.io/kube-apiserver-client";
pub(crate) const KUBELET: &str = "kubernetes.io/kube-apiserver-client-kubelet";
pub(crate) const SERVING: &str = "kubernetes.io/kubelet-serving";
const CLUSTER: &str = include_str!("cluster.yaml");

/// The moment of judging.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_500_000, 0).unwrap()
}

/// The cluster.
pub(crate) struct FixtureCluster {
    known: ClusterSnapshot,
    nodes: Nodes,
}

impl FixtureCluster {
    pub(crate) fn open() -> Self {
        let objects: Vec<Value> =
            serde_yaml::Deserializer::from_str(CLUSTER).map(|one| Value::deserialize(one).unwrap()).collect();
        let of = |kind: &str| objects.iter().filter(move |object| object["kind"] == kind).cloned().collect::<Vec<_>>();
        let roles = read::<rbac::ClusterRole>(of("ClusterRole")).map(Role::from);
        let roles = roles.chain(read::<rbac::Role>(of("Role")).map(Role::from));
        let bindings = read::<rbac::ClusterRoleBinding>(of("ClusterRoleBinding")).map(Binding::from);
        let bindings = bindings.chain(read::<rbac::RoleBinding>(of("RoleBinding")).map(Binding::from));
        let nodes: Vec<Node> = read(of("Node")).collect();
        let known = ClusterSnapshot {
            grants: Some(Grants::new(&Policy::new(roles, bindings))),
            api_hosts: Some(api_hosts()),
            complete: true,
            me: Some(Principal { user: "desk-dora".into(), groups: vec!["deskers".into()] }),
            ..ClusterSnapshot::default()
        };
        Self { known, nodes: Nodes::new(&nodes) }
    }

    /// What is known when a case is judged.
    pub(crate) fn with(&mut self, case: &Case) -> &ClusterSnapshot {
        self.known.others = countersign::testing::domain::verdict::RelatedIndex::default();
        self.known.nodes = (!case.blind).then(|| self.nodes.clone());
        self.known.policy = PolicyFile::parse(case.policy).unwrap();
        self.known.limits = countersign::testing::domain::verdict::Limits::default();
        for request in case.beside.iter().chain([&case.request]) {
            self.known.upsert(request);
        }
        &self.known
    }
}

/// The API server runs on control-1, with a name for the world.
fn api_hosts() -> ApiHosts {
    let server = ["https://api.example.com:6443", "https://192.168.10.20:6443"];
    ApiHosts {
        server: server.into_iter().filter_map(Host::of_server).collect(),
        service: ["10.96.0.1".parse().unwrap()].into(),
        ranges: ["10.96.0.0/12", "fd00:96::/112"].into_iter().filter_map(AddressRange::parse).collect(),
        is_complete: true,
    }
}

fn read<T: DeserializeOwned>(objects: Vec<Value>) -> impl Iterator<Item = T> {
    objects.into_iter().map(|object| serde_json::from_value(object).unwrap())
}

/// A CSR in the making: by default asked for by the person itself, for a day, five minutes ago.
#[derive(Clone)]
pub(crate) struct Csr {
    pub name: String,
    pub pem: String,
    pub signer: String,
    pub usages: Vec<&'static str>,
    pub seconds: Option<i32>,
    pub user: String,
    pub groups: Vec<String>,
    pub age: TimeDelta,
    pub status: Value,
}

impl Csr {
    /// Of a PEM text, asked for by `user`.
    pub(crate) fn of(name: &str, pem: String, user: &str) -> Self {
        Self {
            name: name.to_owned(),
            pem,
            signer: CLIENT.to_owned(),
            usages: vec!["client auth"],
            seconds: Some(86_400),
            user: user.to_owned(),
            groups: vec!["system:authenticated".to_owned()],
            age: TimeDelta::minutes(5),
            status: json!({}),
        }
    }

    /// A user's request for their own name, with a new key.
    pub(crate) fn person(name: &str, user: &str, groups: &[&str]) -> Self {
        Self::asked(name, &Asked::person(user, groups), user).within(groups)
    }

    /// Any request, signed with a new key and created by `user`.
    pub(crate) fn asked(name: &str, asked: &Asked, user: &str) -> Self {
        Self::of(name, asked.sign(&KeyPair::generate().unwrap()), user)
    }

    /// A kubelet's own request for its serving certificate.
    pub(crate) fn serving(name: &str, node: &str, asked: &Asked) -> Self {
        let csr = Self::asked(name, asked, &format!("system:node:{node}")).within(&["system:nodes"]);
        Self { signer: SERVING.to_owned(), usages: vec!["digital signature", "server auth"], seconds: None, ..csr }
    }

    /// A request for a kubelet's client certificate, by a bootstrap token.
    pub(crate) fn bootstrap(name: &str, node: &str) -> Self {
        let csr = Self::asked(name, &Asked::node(node), "system:bootstrap:07401b");
        let csr = csr.within(&["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token"]);
        Self { signer: KUBELET.to_owned(), usages: vec!["digital signature", "client auth"], seconds: None, ..csr }
    }

    /// The requester is in these groups.
    pub(crate) fn within(mut self, groups: &[&str]) -> Self {
        self.groups = groups.iter().copied().chain(["system:authenticated"]).map(ToOwned::to_owned).collect();
        self
    }

    /// Sets the requester.
    pub(crate) fn by(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self.groups = vec!["system:authenticated".to_owned()];
        self
    }

    pub(crate) fn to(mut self, signer: &str) -> Self {
        signer.clone_into(&mut self.signer);
        self
    }

    pub(crate) fn usages(mut self, usages: &[&'static str]) -> Self {
        self.usages = usages.to_vec();
        self
    }

    pub(crate) fn for_seconds(mut self, seconds: impl Into<Option<i32>>) -> Self {
        self.seconds = seconds.into();
        self
    }

    pub(crate) fn old(mut self, age: TimeDelta) -> Self {
        self.age = age;
        self
    }

    /// Approved so long ago, without a certificate.
    pub(crate) fn approved(mut self, ago: TimeDelta) -> Self {
        let at = (noon() - ago).to_rfc3339();
        self.status = json!({"conditions": [{"type": "Approved", "status": "True", "lastUpdateTime": at}]});
        self
    }

    /// Issued so long ago. What the certificate says does not matter.
    pub(crate) fn issued(mut self, ago: TimeDelta) -> Self {
        self = self.approved(ago);
        self.status["certificate"] = STANDARD.encode("issued").into();
        self
    }

    /// Issued just now, with this certificate in Base64.
    pub(crate) fn with_certificate(mut self, certificate: String) -> Self {
        self = self.approved(TimeDelta::minutes(1));
        self.status["certificate"] = certificate.into();
        self
    }

    pub(crate) fn denied(mut self) -> Self {
        self.status = json!({"conditions": [{"type": "Denied", "status": "True"}]});
        self
    }

    /// As the API server keeps it, decoded.
    pub(crate) fn request(&self) -> Request {
        let mut spec = json!({
            "request": STANDARD.encode(&self.pem), "signerName": self.signer, "usages": self.usages,
            "username": self.user, "groups": self.groups,
        });
        if let Some(seconds) = self.seconds {
            spec["expirationSeconds"] = seconds.into();
        }
        let uid = uuid::Uuid::new_v4().to_string();
        let created = (noon() - self.age).to_rfc3339();
        let meta = json!({"name": self.name, "uid": uid, "resourceVersion": "1", "creationTimestamp": created});
        let object = json!({"metadata": meta, "spec": spec, "status": self.status});
        Request::from_object(&serde_json::from_value(object).unwrap())
    }

    /// As a labelled case.
    pub(crate) fn is(self, label: Label, must: &'static [&'static str], must_not: &'static [&'static str]) -> Case {
        let name = Box::leak(self.name.clone().into_boxed_str());
        Case { name, label, request: self.request(), beside: Vec::new(), must, must_not, policy: "", blind: false }
    }
}

impl Case {
    /// With another request there.
    pub(crate) fn beside(mut self, other: &Csr) -> Self {
        self.beside.push(other.request());
        self
    }

    /// Evaluated without permission to list nodes.
    pub(crate) fn blind(mut self) -> Self {
        self.blind = true;
        self
    }

    /// Under a policy.
    pub(crate) fn under(mut self, policy: &'static str) -> Self {
        self.policy = policy;
        self
    }
}
