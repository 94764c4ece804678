//! The API: a request is authenticated, authorized and dispatched by its verb.

mod body;
mod delete;
mod discovery;
mod duration;
mod labels;
mod openapi;
mod partial;
mod patch;
mod query;
mod read;
pub(crate) mod request_info;
mod respond;
mod reviews;
mod table;
mod token_request;
mod watch;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, Method, Response, header};
use rustls::pki_types::CertificateDer;
use serde_json::Value;

use crate::domain::access::{Action, ResourceAction};
use crate::sandbox::authentication::{AnyCertificate, authenticate};
use crate::sandbox::authorization::{Access, Authorizer, refusal};
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::impersonation::effective_user;
use crate::sandbox::resource::{GROUPS, Resource, VERSION, find};
use crate::sandbox::schema::Schemas;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::Store;
use crate::sandbox::tokens::{TokenIssuer, Tokens};
use crate::sandbox::user::User;
use crate::sandbox::write::WriteRequest;
use query::Query;
use request_info::{RequestInfo, Unreadable};
pub(crate) use respond::Body;
use respond::{Encoding, Representation};

/// Bytes of the largest request body (`MaxRequestBodyBytes`).
pub(crate) const MAX_BODY: usize = 3 * 1024 * 1024;

/// The API server.
pub struct Api {
    /// The objects of the cluster.
    pub store: Arc<Store>,
    schemas: Schemas,
    authorizer: Authorizer,
    certificates: Arc<AnyCertificate>,
    tokens: Arc<Tokens>,
    /// The URL for clients, such as `https://127.0.0.1:6443`.
    url: String,
}

/// A parsed request for a resource.
struct Call<'a> {
    api: &'a Api,
    user: User,
    access: Access,
    resource: &'static Resource,
    action: ResourceAction,
    query: Query,
    headers: &'a HeaderMap,
    body: Bytes,
    representation: Representation,
    encoding: Encoding,
}

impl Api {
    /// The API on a store, for clients that reach it at `url`.
    ///
    /// # Errors
    /// Where an asset is broken.
    pub fn new(
        store: Arc<Store>,
        certificates: Arc<AnyCertificate>,
        tokens: Arc<Tokens>,
        url: String,
    ) -> Result<Self, serde_json::Error> {
        let (schemas, authorizer) = (Schemas::load()?, Authorizer::new()?);
        Ok(Self { store, schemas, authorizer, certificates, tokens, url })
    }

    /// Answers one request of a client with these certificates. `body` is awaited only after authorization.
    pub async fn answer(
        &self,
        parts: &Parts,
        certificates: &[CertificateDer<'_>],
        body: impl Future<Output = Result<Bytes, ApiFailure>>,
    ) -> Response<Body> {
        self.try_answer(parts, certificates, body).await.unwrap_or_else(|failure| respond::failure(&failure))
    }

    async fn try_answer(
        &self,
        parts: &Parts,
        certificates: &[CertificateDer<'_>],
        body: impl Future<Output = Result<Bytes, ApiFailure>>,
    ) -> Result<Response<Body>, ApiFailure> {
        let raw_query = parts.uri.query().unwrap_or_default();
        let info = RequestInfo::of(&parts.method, parts.uri.path(), raw_query);
        let info = info.map_err(|unreadable| match unreadable {
            Unreadable::Encoding => ApiFailure::bad_request("the path is not percent-encoded UTF-8"),
            Unreadable::Incomplete => ApiFailure::no_request_info(&parts.uri.to_string()),
        })?;
        let user = authenticate(&self.certificates, &self.tokens, certificates, &parts.headers)?;
        let access = self.authorizer.access(&self.store);
        let user = effective_user(user, &parts.headers, &info.action, &access)?;
        // An invalid selector does not restrict authorization.
        let fields = FieldSelector::parse(&info.fields).unwrap_or_default();
        let decision = access.decide(&user.who, &info.action, &fields);
        if !decision.allowed {
            return Err(refusal(&user, &info.action, &decision.reason));
        }
        let action = match &info.action {
            Action::Path { path, .. } => return self.path(path, parts),
            Action::Resource(action) => action.clone(),
        };
        let resource = find_resource(&info, &action)?;
        let (representation, encoding) = respond::negotiate(&parts.headers)?;
        let mut query = Query::parse(raw_query, &parts.method)?;
        if info.verb_in_path {
            watch_by_path(&parts.method, &action, &mut query)?;
        }
        let (headers, body) = (&parts.headers, body.await?);
        Call { api: self, user, access, resource, action, query, headers, body, representation, encoding }.answer()
    }

    fn path(&self, path: &str, parts: &Parts) -> Result<Response<Body>, ApiFailure> {
        let (trimmed, headers) = (path.trim_end_matches('/'), &parts.headers);
        if let Some(document) = trimmed.strip_prefix("/openapi/") {
            return openapi::answer(&self.schemas, document, headers);
        }
        match trimmed {
            "/readyz" | "/livez" | "/healthz" => Ok(respond::text(200, "ok")),
            "/version" => Ok(respond::data(200, discovery::version().to_string().into(), Encoding::Json)),
            "/.well-known/openid-configuration" => {
                respond::public(headers, "application/json", &TokenIssuer::configuration(&self.url))
            }
            "/openid/v1/jwks" => respond::public(headers, "application/jwk-set+json", &self.tokens.issuer.keys()),
            _ => discovery::answer(trimmed, headers).ok_or_else(|| unknown_path(trimmed)),
        }
    }
}

/// An unknown version of a known group is a missing resource; anything else is an unknown path.
fn unknown_path(path: &str) -> ApiFailure {
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["api", _] => ApiFailure::no_resource(),
        ["apis", group, _] if GROUPS.contains(group) => ApiFailure::no_resource(),
        _ => ApiFailure::no_path(),
    }
}

/// The resource of a path. An unknown group is an unknown path; an unknown version or resource is a missing resource.
fn find_resource(info: &RequestInfo, action: &ResourceAction) -> Result<&'static Resource, ApiFailure> {
    let known = if info.prefix == "api" { action.group.is_empty() } else { GROUPS.contains(&action.group.as_str()) };
    if !known {
        return Err(ApiFailure::no_path());
    }
    // A subresource has no further path segments.
    let shallow = info.depth <= 3 && info.version == VERSION;
    find(&action.group, &action.resource).filter(|_| shallow).ok_or_else(ApiFailure::no_resource)
}

/// `GET /api/v1/watch/…`, the old form of a watch.
fn watch_by_path(method: &Method, action: &ResourceAction, query: &mut Query) -> Result<(), ApiFailure> {
    if action.verb != "watch" || !action.subresource.is_empty() {
        return Err(ApiFailure::no_resource());
    }
    if method != Method::GET {
        return Err(ApiFailure::no_method());
    }
    query.watch = true;
    if !action.name.is_empty() {
        query.fields.require("metadata.name", &action.name);
    }
    Ok(())
}

impl Call<'_> {
    fn answer(&self) -> Result<Response<Body>, ApiFailure> {
        let (resource, action) = (self.resource, &self.action);
        let sub = action.subresource.as_str();
        if !sub.is_empty() && !resource.serves(sub) {
            return Err(ApiFailure::no_resource());
        }
        // A namespaced kind may be listed across namespaces; a single object needs its namespace.
        let misplaced = resource.namespaced && action.namespace.is_empty() && !self.is_list();
        let strange = !resource.namespaced && !action.namespace.is_empty() && resource.plural != "namespaces";
        if misplaced || strange {
            return Err(if misplaced { ApiFailure::no_method() } else { ApiFailure::no_resource() });
        }
        if sub == "token" {
            return if action.verb == "create" { self.token_request() } else { Err(ApiFailure::no_method()) };
        }
        if resource.is_review {
            return if action.verb == "create" && sub.is_empty() {
                self.review()
            } else {
                Err(ApiFailure::no_method())
            };
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
            _ => Err(ApiFailure::no_method()),
        }
    }

    fn is_list(&self) -> bool {
        matches!(self.action.verb.as_str(), "list" | "watch" | "deletecollection")
    }

    fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The field manager of a write: `fieldManager`, else the client's name from `User-Agent`.
    fn manager(&self) -> String {
        if !self.query.manager.is_empty() {
            return self.query.manager.clone();
        }
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
        agent.split('/').next().unwrap_or_default().chars().take(128).collect()
    }

    fn write<'a>(&'a self, name: &'a str) -> WriteRequest<'a> {
        WriteRequest {
            resource: self.resource,
            subresource: &self.action.subresource,
            namespace: &self.action.namespace,
            name,
            user: &self.user,
            access: &self.access,
            now: Utc::now(),
        }
    }

    fn data(&self, code: u16, json: &Value) -> Response<Body> {
        respond::data(code, json.to_string().into(), self.encoding)
    }
}
