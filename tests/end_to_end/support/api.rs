//! The API itself, asked directly: what it answers, word for word.

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use http::{Request, header};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::PATIENCE;
use super::plane::Plane;

/// A kubeconfig whose user entry is this.
pub(crate) fn kubeconfig_of(plane: &dyn Plane, user: &Value) -> String {
    let mut kubeconfig: Value = serde_yaml::from_str(&plane.kubeconfig_text("other", None)).unwrap();
    kubeconfig["users"][0]["user"] = user.clone();
    kubeconfig.to_string()
}

/// An API client with a user's credentials.
pub(crate) struct Api {
    client: Client,
    runtime: Runtime,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status code.
    pub code: u16,
    /// The JSON body; a string where it is not JSON.
    pub body: Value,
}

impl Answer {
    /// A Status' message.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The body of an answer that must be a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.code < 300, "{} {}", self.code, self.body);
        self.body
    }

    /// The message of an answer that must have this code and this reason.
    #[track_caller]
    pub(crate) fn refused(self, code: u16, reason: &str) -> String {
        assert_eq!(self.code, code, "{}", self.body);
        assert_eq!(self.body["reason"], reason, "{}", self.body);
        self.message().to_owned()
    }
}

impl Api {
    /// The admin's.
    pub(crate) fn admin(plane: &dyn Plane) -> Self {
        Self::with(&std::fs::read_to_string(plane.admin()).unwrap())
    }

    /// A user's, with a certificate of the cluster.
    pub(crate) fn user(plane: &dyn Plane, name: &str, group: Option<&str>) -> Self {
        Self::with(&plane.kubeconfig_text(name, group))
    }

    /// A client with this bearer token; anonymous without one.
    pub(crate) fn bearer(plane: &dyn Plane, token: Option<&str>) -> Self {
        Self::with(&kubeconfig_of(plane, &token.map_or_else(|| json!({}), |token| json!({ "token": token }))))
    }

    /// Whoever a kubeconfig says.
    pub(crate) fn with(kubeconfig: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
            Client::try_from(config).unwrap()
        });
        Self { client, runtime }
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: Option<&Value>) -> Answer {
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, kind).header(header::ACCEPT, "application/json");
        let request = request.body(Body::from(bytes)).unwrap();
        self.runtime.block_on(async {
            let answer = tokio::time::timeout(PATIENCE, self.client.send(request)).await.unwrap().unwrap();
            let code = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.unwrap().to_bytes();
            let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
            Answer { code, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) }
        })
    }

    /// A request that may fail with the server; `None` where there is no answer within a moment.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<u16> {
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(bytes)).unwrap();
        self.runtime.block_on(async {
            let answer = tokio::time::timeout(std::time::Duration::from_secs(2), self.client.send(request)).await;
            Some(answer.ok()?.ok()?.status().as_u16())
        })
    }

    /// GET.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "application/json", None)
    }

    /// POST of JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "application/json", Some(body))
    }

    /// POSTs of many objects, some at a time; each must succeed.
    pub(crate) fn post_all(&self, path: &str, objects: Vec<Value>) {
        let posts = futures::stream::iter(objects).map(|object| async move {
            let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
            let request = request.body(Body::from(serde_json::to_vec(&object).unwrap())).unwrap();
            let answer = self.client.send(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), 201);
            answer.into_body().collect().await.unwrap();
        });
        self.runtime.block_on(posts.buffer_unordered(32).for_each(|()| async {}));
    }

    /// PUT of JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, "application/json", Some(body))
    }

    /// PATCH; `kind` is `json-patch`, `merge-patch`, `strategic-merge-patch` or `apply-patch`.
    pub(crate) fn patch(&self, path: &str, kind: &str, body: &Value) -> Answer {
        let end = if kind == "apply-patch" { "yaml" } else { "json" };
        self.ask("PATCH", path, &format!("application/{kind}+{end}"), Some(body))
    }

    /// DELETE, with options.
    pub(crate) fn delete(&self, path: &str, options: Option<&Value>) -> Answer {
        self.ask("DELETE", path, "application/json", options)
    }

    /// Reads a watch until `enough` is true of an event, or the server ends it; what was read.
    pub(crate) fn watch(&self, path: &str, mut enough: impl FnMut(&Value) -> bool) -> Vec<Value> {
        let request = Request::get(path).body(Vec::new()).unwrap();
        let read = async {
            let mut lines = self.client.request_stream(request).await.unwrap().lines();
            let mut events = Vec::new();
            while let Some(line) = lines.try_next().await.unwrap() {
                let event: Value = serde_json::from_str(&line).unwrap();
                let last = enough(&event);
                events.push(event);
                if last {
                    break;
                }
            }
            events
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, read).await.unwrap() })
    }
}
