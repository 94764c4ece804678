//! The control plane that these tests share, and the entries of kubeconfigs for it.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::control_plane::{ADMIN_TOKEN, ControlPlane};
use crate::support::certificates::Issued;
use crate::support::plane::{Plane, own};
use crate::support::requests::create;

/// The requests that exist on the control plane. Tests may add others.
pub(crate) const REQUESTS: [&str; 3] = ["one", "two", "three"];

/// A control plane, and the credentials of its admin.
pub(crate) struct Fixture {
    /// The control plane.
    pub plane: ControlPlane,
    /// The certificate of its CA, PEM.
    pub authority: String,
    /// The admin's client certificate.
    pub admin: Issued,
}

/// Starts the control plane on first use. `None`, with a message, where it cannot be built.
pub(crate) fn fixture(test: &str) -> Option<&'static Fixture> {
    static FIXTURE: OnceLock<Option<Fixture>> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(|| own().map(Fixture::of)).as_ref();
    if fixture.is_none() {
        eprintln!("SKIPPED, because neither Go nor KUBEBUILDER_ASSETS is available: {test}");
    }
    fixture
}

impl Fixture {
    fn of(plane: ControlPlane) -> Self {
        for name in REQUESTS {
            create(&plane, name, name, &["dev"]);
        }
        let read = |name: &str| std::fs::read_to_string(plane.path(name)).unwrap();
        let kubeconfig: Value = serde_yaml::from_str(&read("admin.kubeconfig")).unwrap();
        let pem = |name: &str| {
            let data = kubeconfig["users"][0]["user"][name].as_str().unwrap();
            String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
        };
        let admin = Issued { certificate: pem("client-certificate-data"), key: pem("client-key-data") };
        Self { authority: read("ca.crt"), admin, plane }
    }

    /// The cluster entry, with these fields replaced; `null` removes a field.
    pub(crate) fn cluster(&self, fields: &Value) -> Value {
        let entry = json!({"server": self.plane.server(), "certificate-authority-data": encoded(&self.authority)});
        with_fields(entry, fields)
    }

    /// A cluster entry for this server and this CA (PEM).
    pub(crate) fn cluster_at(&self, server: &str, authority: &str) -> Value {
        self.cluster(&json!({"server": server, "certificate-authority-data": encoded(authority)}))
    }

    /// A user entry with the admin's client certificate, and these fields replaced.
    pub(crate) fn certificate(&self, fields: &Value) -> Value {
        let entry = json!({
            "client-certificate-data": encoded(&self.admin.certificate),
            "client-key-data": encoded(&self.admin.key),
        });
        with_fields(entry, fields)
    }

    /// The port of the API server.
    pub(crate) fn port(&self) -> u16 {
        Plane::server(&self.plane).rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The certificate of the API server, valid for localhost, kubernetes.default.svc and 127.0.0.1.
    pub(crate) fn serving(&self) -> Issued {
        Issued::read(&self.plane.path("serving.crt"), &self.plane.path("serving.key"))
    }
}

/// A user entry with the admin's token, and these fields replaced.
pub(crate) fn token(fields: &Value) -> Value {
    with_fields(json!({"token": ADMIN_TOKEN}), fields)
}

/// The text in base64.
pub(crate) fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

fn with_fields(mut entry: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    entry
}

/// A kubeconfig with one context, `here`.
pub(crate) fn kubeconfig(cluster: &Value, user: &Value) -> String {
    serde_json::to_string_pretty(&json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }))
    .unwrap()
}
