//! The control plane of these tests, and the parts that kubeconfigs for it are made of.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::control_plane::{ADMIN_TOKEN, ControlPlane};
use crate::support::certificates::Issued;
use crate::support::plane::{Plane, own};
use crate::support::requests::create;

/// A control plane whose requests stay the same, and what the admin has to log in.
pub struct Parts {
    /// It.
    pub plane: ControlPlane,
    /// Its CA, PEM.
    pub authority: String,
    /// The admin's client certificate.
    pub admin: Issued,
}

/// They are made once. `None`, said loudly, where there is no control plane.
pub fn parts(story: &str) -> Option<&'static Parts> {
    static PARTS: OnceLock<Option<Parts>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| own().map(Parts::of)).as_ref();
    if parts.is_none() {
        eprintln!("LEFT OUT, for want of Go or KUBEBUILDER_ASSETS: {story}");
    }
    parts
}

impl Parts {
    fn of(plane: ControlPlane) -> Self {
        for name in ["one", "two", "three"] {
            create(&plane, name, name, &["dev"]);
        }
        let read = |name: &str| std::fs::read_to_string(plane.path(name)).unwrap();
        let kubeconfig: Value = serde_yaml::from_str(&read("admin.kubeconfig")).unwrap();
        let part = |name: &str| {
            let data = kubeconfig["users"][0]["user"][name].as_str().unwrap();
            String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
        };
        let admin = Issued { certificate: part("client-certificate-data"), key: part("client-key-data") };
        Self { authority: read("ca.crt"), admin, plane }
    }

    /// The cluster entry, with other fields; `null` takes a field away.
    pub fn cluster(&self, fields: &Value) -> Value {
        let entry = json!({"server": self.plane.server(), "certificate-authority-data": encoded(&self.authority)});
        changed(entry, fields)
    }

    /// A cluster entry for another server with another CA (PEM).
    pub fn cluster_at(&self, server: &str, authority: &str) -> Value {
        self.cluster(&json!({"server": server, "certificate-authority-data": encoded(authority)}))
    }

    /// A user entry with the admin's client certificate, with other fields.
    pub fn certificate(&self, fields: &Value) -> Value {
        let entry = json!({
            "client-certificate-data": encoded(&self.admin.certificate),
            "client-key-data": encoded(&self.admin.key),
        });
        changed(entry, fields)
    }

    /// The port of the API server.
    pub fn port(&self) -> u16 {
        Plane::server(&self.plane).rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The certificate of the API server: for localhost, kubernetes.default.svc and 127.0.0.1.
    pub fn serving(&self) -> Issued {
        Issued::read(&self.plane.path("serving.crt"), &self.plane.path("serving.key"))
    }
}

/// A user entry with the admin's token, with other fields.
pub fn token(fields: &Value) -> Value {
    changed(json!({"token": ADMIN_TOKEN}), fields)
}

/// Base64.
pub fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

fn changed(mut entry: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    entry
}

/// A kubeconfig of one context, which is `here`.
pub fn kubeconfig(cluster: &Value, user: &Value) -> String {
    serde_json::to_string_pretty(&json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }))
    .unwrap()
}
