//! The API: from a request to its answer. Authentication, authorisation, then the verb.

pub mod access;
mod body;
mod delete;
mod discovery;
mod duration;
mod openapi;
mod patch;
mod query;
mod read;
pub mod resource;
mod respond;
mod reviews;
mod route;
mod selector;
pub mod status;
mod table;
mod watch;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, Response, header};
use rustls::pki_types::CertificateDer;
use serde_json::Value;

use super::authentication::{AnyCertificate, User};
use super::impersonation::impersonated;
use super::kinds::Write;
use super::schema::Schemas;
use super::store::Store;
use crate::domain::access::{Policy, ResourceAction};
use access::{Authorizer, refusal};
use query::Query;
use resource::{Resource, find};
pub use respond::Body;
use respond::Form;
use route::Route;
use status::Failure;

/// The longest body that is read, in bytes (`MaxRequestBodyBytes`).
pub const LONGEST_BODY: usize = 3 * 1024 * 1024;

/// Everything that an answer needs.
pub struct Api {
    /// The objects.
    pub store: Arc<Store>,
    schemas: Schemas,
    authorizer: Authorizer,
    certificates: Arc<AnyCertificate>,
}

/// A request about a resource, taken apart.
struct Call<'a> {
    api: &'a Api,
    user: User,
    policy: Arc<Policy>,
    resource: &'static Resource,
    action: ResourceAction,
    query: Query,
    headers: &'a HeaderMap,
    body: Bytes,
    form: Form,
    yaml: bool,
}

impl Api {
    /// The API on a store.
    ///
    /// # Errors
    /// Where an asset is broken.
    pub fn new(store: Arc<Store>, certificates: Arc<AnyCertificate>) -> Result<Self, serde_json::Error> {
        Ok(Self { store, schemas: Schemas::load()?, authorizer: Authorizer::default(), certificates })
    }

    /// Answers one request of a client with these certificates; `body` reads its body, once it is known who asks.
    pub async fn answer(
        &self,
        parts: &Parts,
        certificates: &[CertificateDer<'_>],
        body: impl Future<Output = Result<Bytes, Failure>>,
    ) -> Response<Body> {
        self.try_answer(parts, certificates, body).await.unwrap_or_else(|failure| respond::failure(&failure))
    }

    async fn try_answer(
        &self,
        parts: &Parts,
        certificates: &[CertificateDer<'_>],
        body: impl Future<Output = Result<Bytes, Failure>>,
    ) -> Result<Response<Body>, Failure> {
        let user = self.certificates.user(certificates, &parts.headers)?;
        let query = Query::parse(parts.uri.query().unwrap_or_default(), &parts.method);
        let unread = Query::default();
        let route = Route::of(&parts.method, parts.uri.path(), query.as_ref().unwrap_or(&unread));
        let route = route.ok_or_else(|| Failure::bad_request("the path is no text"))?;
        let action = route.action(&parts.method);
        let policy = self.authorizer.policy(&self.store);
        let user = impersonated(user, &parts.headers, &action, &policy)?;
        if !policy.permits(&user.who, &action) {
            return Err(refusal(&user, &action, &policy));
        }
        match route {
            Route::Path(path) => self.path(&path, &parts.headers),
            Route::Resource(action) => {
                let resource = find(&action.group, &action.resource).ok_or_else(|| Self::unknown(&action))?;
                let (form, yaml) = respond::negotiate(&parts.headers)?;
                let (query, headers) = (query?, &parts.headers);
                let body = body.await?;
                Call { api: self, user, policy, resource, action, query, headers, body, form, yaml }.answer()
            }
        }
    }

    /// A group that is not there is no path; a resource that is not there is no resource.
    fn unknown(action: &ResourceAction) -> Failure {
        let known = action.group.is_empty() || resource::GROUPS.contains(&action.group.as_str());
        if known { Failure::no_resource() } else { Failure::no_path() }
    }

    fn path(&self, path: &str, headers: &HeaderMap) -> Result<Response<Body>, Failure> {
        let trimmed = path.trim_end_matches('/');
        if let Some(document) = trimmed.strip_prefix("/openapi/") {
            return openapi::answer(&self.schemas, document, headers);
        }
        match trimmed {
            "/readyz" | "/livez" | "/healthz" => Ok(respond::text(200, "ok")),
            "/version" => Ok(respond::data(200, discovery::version().to_string().into(), false)),
            _ => match discovery::answer(trimmed, headers) {
                Some(document) => Ok(document),
                None if trimmed.starts_with("/api") && trimmed.split('/').count() > 2 => Err(Failure::no_resource()),
                None => Err(Failure::no_path()),
            },
        }
    }
}

impl Call<'_> {
    fn answer(&self) -> Result<Response<Body>, Failure> {
        let (resource, action) = (self.resource, &self.action);
        let sub = action.subresource.as_str();
        if !sub.is_empty() && !resource.serves(sub) {
            return Err(Failure::no_resource());
        }
        // A kind with namespaces is listed across them; one object is found in its own alone.
        let misplaced = resource.namespaced && action.namespace.is_empty() && !self.is_list();
        let strange = !resource.namespaced && !action.namespace.is_empty() && resource.plural != "namespaces";
        if misplaced || strange {
            return Err(if misplaced { Failure::no_method() } else { Failure::no_resource() });
        }
        if resource.asked {
            return if action.verb == "create" && sub.is_empty() { self.review() } else { Err(Failure::no_method()) };
        }
        match (action.verb.as_str(), sub) {
            ("get", _) => self.get(),
            ("list", "") => self.list(),
            ("watch", "") => self.watch(),
            ("create", "") if action.name.is_empty() => self.create(),
            ("update", _) if !action.name.is_empty() => self.update(),
            ("patch", _) if !action.name.is_empty() && sub != "finalize" => self.patch(),
            ("delete", "") => self.delete(),
            ("deletecollection", "") if resource.verbs().contains(&"deletecollection") => self.delete_all(),
            _ => Err(Failure::no_method()),
        }
    }

    fn is_list(&self) -> bool {
        matches!(self.action.verb.as_str(), "list" | "watch" | "deletecollection")
    }

    fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Who owns the fields that are written: `fieldManager`, else the program's name.
    fn manager(&self) -> String {
        if !self.query.manager.is_empty() {
            return self.query.manager.clone();
        }
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
        agent.split('/').next().unwrap_or_default().chars().take(128).collect()
    }

    fn write<'a>(&'a self, name: &'a str) -> Write<'a> {
        Write {
            resource: self.resource,
            subresource: &self.action.subresource,
            namespace: &self.action.namespace,
            name,
            user: &self.user,
            policy: &self.policy,
            now: Utc::now(),
        }
    }

    fn data(&self, code: u16, json: &Value) -> Response<Body> {
        respond::data(code, json.to_string().into(), self.yaml)
    }
}
