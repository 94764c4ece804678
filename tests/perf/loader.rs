//! Fills a cluster with requests, and keeps it busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::domain::key_type::KeyType;
use countersign::testing::keys::{PrivateKey, certification_request};
use futures::StreamExt;
use http::{Method, Request, header};
use http_body_util::BodyExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

/// Where requests are.
const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// A client of the cluster.
#[derive(Clone)]
pub(crate) struct Loader {
    client: Client,
}

impl Loader {
    /// As a kubeconfig says.
    pub(crate) async fn new(kubeconfig: &std::path::Path) -> Self {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Self { client: Client::try_from(config).unwrap() }
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: &Value) -> Value {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        let request = request.body(kube::client::Body::from(serde_json::to_vec(body).unwrap())).unwrap();
        let answer = self.client.send(request).await.unwrap();
        let code = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(code.is_success(), "{code} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Creates one request for a user of the same name, with a new key.
    pub(crate) async fn create(&self, name: &str) {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let pem = certification_request(&key, name, &["dev".to_owned()]).unwrap();
        let object = json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
            "spec": {
                "request": STANDARD.encode(pem), "signerName": "kubernetes.io/kube-apiserver-client",
                "expirationSeconds": 86_400, "usages": ["client auth"],
            },
        });
        self.ask(Method::POST, PATH, "application/json", &object).await;
    }

    /// Makes the requests `prefix-000000` and so on, from one number to another.
    pub(crate) async fn fill(&self, prefix: &str, from: usize, to: usize) {
        let started = Instant::now();
        let done = AtomicUsize::new(0);
        let posts = futures::stream::iter(from..to).map(|number| {
            let done = &done;
            async move {
                self.create(&format!("{prefix}-{number:06}")).await;
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(10_000) {
                    eprintln!("{done} of {} requests made, {:.0} s", to - from, started.elapsed().as_secs_f64());
                }
            }
        });
        posts.buffer_unordered(48).for_each(|()| async {}).await;
    }

    /// Changes requests, one after the other, `rate` a second, until stopped: a label each time.
    pub(crate) async fn keep_busy(self, prefix: &'static str, count: usize, rate: u32, stop: Arc<AtomicBool>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
        for turn in 0.. {
            tick.tick().await;
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let path = format!("{PATH}/{prefix}-{:06}", turn * 7919 % count);
            let body = json!({"metadata": {"labels": {"turn": turn.to_string()}}});
            let this = self.clone();
            tokio::spawn(async move { this.ask(Method::PATCH, &path, "application/merge-patch+json", &body).await });
        }
    }

    /// How many requests of this prefix are approved, and how often: by the number of their Approved conditions.
    pub(crate) async fn approvals(&self, prefix: &str, count: usize) -> Vec<usize> {
        let reads = futures::stream::iter(0..count).map(|number| async move {
            let path = format!("{PATH}/{prefix}-{number:06}");
            let object = self.ask(Method::GET, &path, "application/json", &json!({})).await;
            let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().filter(|condition| condition["type"] == "Approved").count()
        });
        reads.buffer_unordered(16).collect().await
    }
}
