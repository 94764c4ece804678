//! `POST …/serviceaccounts/NAME/token` (`pkg/registry/core/serviceaccount/storage/token.go`).

use chrono::{DateTime, TimeDelta, Utc};
use http::Response;
use serde_json::{Value, json};

use super::Call;
use super::body::{self, Decoded};
use super::respond::{self, Body};
use crate::sandbox::kinds::node_restriction;
use crate::sandbox::object::{items, stamp, text};
use crate::sandbox::resource::{NODES, PODS, Resource, SECRETS, TOKEN_REQUESTS};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::store::{ObjectKey, Record};
use crate::sandbox::tokens::{BoundObjects, Claims, Reference, Tokens, URL};

/// Default lifetime of a token, in seconds.
const DEFAULT_LIFETIME: i64 = 60 * 60;
/// Minimum and maximum lifetime, in seconds (`authentication/validation`).
const MIN_LIFETIME: i64 = 10 * 60;
const MAX_LIFETIME: i64 = 1 << 32;
/// The lifetime in the volumes of the `ServiceAccount` admission plugin: such a token is valid for a year, and its use
/// counts as stale after the requested time (`WarnOnlyBoundTokenExpirationSeconds`, `ExpirationExtensionSeconds`).
const INJECTED_LIFETIME: i64 = 60 * 60 + 7;
const EXTENDED_LIFETIME: i64 = 365 * 24 * 60 * 60;

impl Call<'_> {
    pub(super) fn token_request(&self) -> Result<Response<Body>, ApiFailure> {
        let (schemas, content_type) = (&self.api.schemas, self.content_type());
        let decoded = body::object(schemas, &TOKEN_REQUESTS, content_type, &self.body, self.query.validation)?;
        let Decoded { object: mut request, warnings } = decoded;
        node_restriction::admit_token(&request, &self.write(&self.action.name), &self.api.store)?;
        self.check_request_place(&request)?;
        let account = self.api.store.get(self.resource, &self.key());
        let account = account.ok_or_else(|| ApiFailure::not_found(self.resource, &self.action.name))?;
        let now = Utc::now();
        self.complete_request(&mut request, &account, now)?;
        let bound = self.bound(&request, &account)?;
        let token = self.token(&request, bound, now)?;
        let life = request.pointer("/spec/expirationSeconds").and_then(Value::as_i64).unwrap_or(DEFAULT_LIFETIME);
        request["status"] = json!({ "token": token, "expirationTimestamp": stamp(now + TimeDelta::seconds(life)) });
        let mut response = self.data(201, &request);
        respond::warn(&mut response, &warnings);
        Ok(response)
    }

    /// Name and namespace, where the request has them, are those of the path.
    fn check_request_place(&self, request: &Value) -> Result<(), ApiFailure> {
        let name = &self.action.name;
        for (part, wanted) in [("name", name), ("namespace", &self.action.namespace)] {
            let given = text(request, &format!("/metadata/{part}"));
            if !given.is_empty() && given != wanted {
                let why = format!("must match the service account {part} if specified");
                let cause = Cause::invalid(format!("metadata.{part}"), &given.into(), &why);
                return Err(invalid(name, cause));
            }
        }
        Ok(())
    }

    fn complete_request(&self, request: &mut Value, account: &Record, now: DateTime<Utc>) -> Result<(), ApiFailure> {
        let uid = text(request, "/metadata/uid");
        if !uid.is_empty() && uid != account.uid {
            let why = format!(
                "the UID in the token request ({uid}) does not match the UID of the service account ({})",
                account.uid
            );
            return Err(ApiFailure::conflict(&by_kind("TokenRequest", &TOKEN_REQUESTS), &self.action.name, &why));
        }
        let meta = &mut request["metadata"];
        for (part, value) in [
            ("name", self.action.name.clone()),
            ("namespace", self.action.namespace.clone()),
            ("uid", account.uid.clone()),
            ("creationTimestamp", stamp(now)),
        ] {
            meta[part] = value.into();
        }
        if items(request, "/spec/audiences").next().is_none() {
            request["spec"]["audiences"] = json!(Tokens::api_audiences());
        }
        let spec = &mut request["spec"];
        let seconds = spec.get("expirationSeconds").and_then(Value::as_i64).unwrap_or(DEFAULT_LIFETIME);
        spec["expirationSeconds"] = seconds.into();
        if spec.get("boundObjectRef").is_none() {
            spec["boundObjectRef"] = Value::Null;
        }
        let wrong = match seconds {
            ..MIN_LIFETIME => "may not specify a duration less than 10 minutes",
            MIN_LIFETIME..=MAX_LIFETIME => return Ok(()),
            _ => "may not specify a duration larger than 2^32 seconds",
        };
        Err(invalid("", Cause::invalid("spec.expirationSeconds", &seconds.into(), wrong)))
    }

    /// What the token is bound to: the account, and the object that the request names.
    fn bound(&self, request: &Value, account: &Record) -> Result<BoundObjects, ApiFailure> {
        let serviceaccount = Reference { name: self.action.name.clone(), uid: account.uid.clone() };
        let mut bound =
            BoundObjects { namespace: self.action.namespace.clone(), serviceaccount, ..BoundObjects::default() };
        let Some(wanted) = request.pointer("/spec/boundObjectRef").filter(|wanted| !wanted.is_null()) else {
            return Ok(bound);
        };
        let (version, kind, name) = (text(wanted, "/apiVersion"), text(wanted, "/kind"), text(wanted, "/name"));
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let resource: &'static Resource = match (group, kind) {
            ("", "Pod") => &PODS,
            ("", "Node") => &NODES,
            ("", "Secret") => &SECRETS,
            _ => {
                let version = version.rsplit('/').next().unwrap_or_default();
                let kind = format!("{group}/{version}, Kind={kind}");
                return Err(ApiFailure::bad_request(format!("cannot bind token to object of type {kind}")));
            }
        };
        let namespace = if resource.namespaced { self.action.namespace.as_str() } else { "" };
        let record = self.api.store.get(resource, &ObjectKey::new(namespace, name));
        let record = record.ok_or_else(|| ApiFailure::not_found(resource, name))?;
        let reference = Some(Reference { name: name.to_owned(), uid: record.uid.clone() });
        match kind {
            "Pod" => {
                bound.node = self.node_of(&record.object())?;
                bound.pod = reference;
            }
            "Node" => bound.node = reference,
            _ => bound.secret = reference,
        }
        let uid = text(wanted, "/uid");
        if !uid.is_empty() && uid != record.uid {
            let why = format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have \
                 been deleted and then recreated"
            );
            return Err(ApiFailure::conflict(&by_kind(resource.kind, resource), name, &why));
        }
        Ok(bound)
    }

    /// The node of a pod that runs as this account; one that does not exist only by name.
    fn node_of(&self, pod: &Value) -> Result<Option<Reference>, ApiFailure> {
        let account = &self.action.name;
        if text(pod, "/spec/serviceAccountName") != account {
            return Err(ApiFailure::bad_request(format!(
                "cannot bind token for serviceaccount {account:?} to pod running with different serviceaccount name."
            )));
        }
        let name = text(pod, "/spec/nodeName");
        let node = self.api.store.get(&NODES, &ObjectKey::new("", name));
        let uid = node.map(|node| node.uid.clone()).unwrap_or_default();
        Ok((!name.is_empty()).then(|| Reference { name: name.to_owned(), uid }))
    }

    fn token(&self, request: &Value, mut bound: BoundObjects, now: DateTime<Utc>) -> Result<String, ApiFailure> {
        let audiences: Vec<_> = items(request, "/spec/audiences").filter_map(Value::as_str).collect();
        let own = Tokens::api_audiences();
        let for_api = audiences.iter().all(|audience| own.iter().any(|own| own == audience));
        let requested = request.pointer("/spec/expirationSeconds").and_then(Value::as_i64).unwrap_or(DEFAULT_LIFETIME);
        let extended = bound.pod.is_some() && requested == INJECTED_LIFETIME && for_api;
        let now = now.timestamp();
        if extended {
            bound.warnafter = Some(now + requested);
        }
        let claims = Claims {
            aud: audiences.into_iter().map(ToOwned::to_owned).collect(),
            exp: now + if extended { EXTENDED_LIFETIME } else { requested },
            iat: now,
            iss: URL.to_owned(),
            jti: uuid::Uuid::new_v4().to_string(),
            sub: format!("system:serviceaccount:{}:{}", bound.namespace, bound.serviceaccount.name),
            bound,
            nbf: now,
        };
        self.api
            .tokens
            .issuer
            .sign(&claims)
            .map_err(|error| ApiFailure::internal(format!("failed to generate token: {error}")))
    }
}

fn invalid(name: &str, cause: Cause) -> ApiFailure {
    ApiFailure::invalid(TOKEN_REQUESTS.group, TOKEN_REQUESTS.kind, name, &[cause])
}

/// The server names the kind in these conflicts, not the resource.
fn by_kind(kind: &'static str, resource: &Resource) -> Resource {
    Resource { plural: kind, ..*resource }
}
