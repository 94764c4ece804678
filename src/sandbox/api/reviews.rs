//! Questions: who am I, who may do what (`pkg/registry/authentication`, `pkg/registry/authorization`).

use std::collections::BTreeMap;

use http::Response;
use serde_json::{Value, json};

use super::Call;
use super::body::{self, Decoded};
use super::respond::{self, Body};
use crate::domain::access::{Action, Principal, ResourceAction};
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::node;
use crate::sandbox::object::{items, text};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::tokens::Tokens;

impl Call<'_> {
    pub(super) fn review(&self) -> Result<Response<Body>, ApiFailure> {
        let (schemas, content_type) = (&self.api.schemas, self.content_type());
        let Decoded { mut object, warnings } =
            body::object(schemas, self.resource, content_type, &self.body, self.query.validation)?;
        let status = match self.resource.plural {
            "selfsubjectreviews" => json!({ "userInfo": self.user.to_json() }),
            "selfsubjectrulesreviews" => self.rules(&object)?,
            "selfsubjectaccessreviews" => {
                self.check_question(&object)?;
                self.verdict(&self.user.who, &object)
            }
            "tokenreviews" => self.token_review(&object)?,
            _ => {
                self.check_question(&object)?;
                self.verdict(&subject(&object), &object)
            }
        };
        object["status"] = status;
        if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut)
            && self.resource.plural == "selfsubjectreviews"
        {
            meta.insert("creationTimestamp".to_owned(), crate::sandbox::object::stamp(chrono::Utc::now()).into());
        }
        let mut response = self.data(201, &object);
        respond::warn(&mut response, &warnings);
        Ok(response)
    }

    fn invalid(&self, cause: Cause) -> ApiFailure {
        ApiFailure::invalid(self.resource.group, self.resource.kind, "", &[cause])
    }

    fn check_question(&self, object: &Value) -> Result<(), ApiFailure> {
        let spec = &object["spec"];
        let (resource, path) = (spec.get("resourceAttributes"), spec.get("nonResourceAttributes"));
        let one = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        match (resource, path) {
            (Some(_), Some(_)) => {
                let why = "cannot be specified in combination with resourceAttributes";
                return Err(self.invalid(Cause::invalid(
                    "spec.nonResourceAttributes",
                    &spec["nonResourceAttributes"],
                    why,
                )));
            }
            (None, None) => return Err(self.invalid(Cause::invalid("spec.resourceAttributes", &Value::Null, one))),
            _ => {}
        }
        let by_subject =
            self.resource.plural.ends_with("subjectaccessreviews") && !self.resource.plural.starts_with("self");
        if by_subject && text(spec, "/user").is_empty() && items(spec, "/groups").next().is_none() {
            let why = "at least one of user or group must be specified";
            return Err(self.invalid(Cause::invalid("spec.user", &"".into(), why)));
        }
        let namespace = text(spec, "/resourceAttributes/namespace");
        if self.resource.namespaced && namespace != self.action.namespace {
            let field = "spec.resourceAttributes.namespace";
            return Err(self.invalid(Cause::invalid(field, &namespace.into(), "must match metadata.namespace")));
        }
        Ok(())
    }

    fn verdict(&self, who: &Principal, object: &Value) -> Value {
        let decision = self.access.decide(who, &action(&object["spec"]), &selected_fields(object));
        let mut status = json!({ "allowed": decision.allowed });
        if !decision.reason.is_empty() {
            status["reason"] = decision.reason.into();
        }
        status
    }

    /// `pkg/registry/authentication/tokenreview`.
    fn token_review(&self, object: &Value) -> Result<Value, ApiFailure> {
        let token = text(object, "/spec/token");
        if token.is_empty() {
            return Err(ApiFailure::bad_request("token is required for TokenReview in authentication"));
        }
        let audiences: Vec<_> =
            items(object, "/spec/audiences").filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        let audiences = if audiences.is_empty() { Tokens::api_audiences() } else { audiences };
        Ok(match self.api.tokens.authenticate(token, &audiences, chrono::Utc::now()) {
            Ok(found) => {
                json!({ "authenticated": true, "user": found.user.to_json(), "audiences": found.audiences })
            }
            Err(why) => json!({ "user": {}, "error": why }),
        })
    }

    fn rules(&self, object: &Value) -> Result<Value, ApiFailure> {
        let namespace = text(object, "/spec/namespace");
        if namespace.is_empty() {
            return Err(ApiFailure::bad_request("no namespace on request"));
        }
        let (mut resources, mut paths) = (Vec::new(), Vec::new());
        for grant in self.access.policy().rules_of(&self.user.who, Some(namespace)) {
            let rule = grant.rule;
            if rule.resources.is_some() {
                let mut entry = json!({ "verbs": rule.verbs });
                let lists = [
                    ("apiGroups", &rule.api_groups),
                    ("resources", &rule.resources),
                    ("resourceNames", &rule.resource_names),
                ];
                for (name, list) in lists {
                    if let Some(list) = list {
                        entry[name] = json!(list);
                    }
                }
                resources.push(entry);
            }
            if let Some(urls) = &rule.non_resource_urls {
                paths.push(json!({ "verbs": rule.verbs, "nonResourceURLs": urls }));
            }
        }
        let mut status = json!({ "resourceRules": resources, "nonResourceRules": paths, "incomplete": false });
        if node::node_name(&self.user.who).is_some() {
            status["incomplete"] = true.into();
            status["evaluationError"] = "node authorizer does not support user rule resolution".into();
        }
        Ok(status)
    }
}

/// `fieldSelector` of a question, as far as the Node authorizer looks at it.
fn selected_fields(object: &Value) -> FieldSelector {
    let selector = "/spec/resourceAttributes/fieldSelector";
    let raw = text(object, &format!("{selector}/rawSelector"));
    let mut fields = FieldSelector::parse(raw).unwrap_or_default();
    for requirement in items(object, &format!("{selector}/requirements")) {
        let values: Vec<_> = items(requirement, "/values").filter_map(Value::as_str).collect();
        if let ("In", [value]) = (text(requirement, "/operator"), values.as_slice()) {
            fields.require(text(requirement, "/key"), value);
        }
    }
    fields
}

fn subject(object: &Value) -> Principal {
    let groups = items(object, "/spec/groups").filter_map(Value::as_str).map(ToOwned::to_owned);
    Principal { user: text(object, "/spec/user").to_owned(), groups: groups.collect() }
}

fn action(spec: &Value) -> Action {
    let of = |part: &str, name: &str| text(spec, &format!("/{part}/{name}")).to_owned();
    if spec.get("nonResourceAttributes").is_some() {
        return Action::Path { verb: of("nonResourceAttributes", "verb"), path: of("nonResourceAttributes", "path") };
    }
    let part: BTreeMap<_, _> = ["verb", "group", "resource", "subresource", "name", "namespace"]
        .into_iter()
        .map(|name| (name, of("resourceAttributes", name)))
        .collect();
    let part = |name: &str| part.get(name).cloned().unwrap_or_default();
    Action::Resource(ResourceAction {
        verb: part("verb"),
        group: part("group"),
        resource: part("resource"),
        subresource: part("subresource"),
        name: part("name"),
        namespace: part("namespace"),
    })
}
