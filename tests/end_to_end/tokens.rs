//! Tokens of service accounts: made, used to log in, and reviewed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::service_accounts::{ISSUER, create_pod, namespace, part, token};
use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::{TestUser, eventually, unique};

crate::on_both!(
    a_token_is_what_the_request_asks_for,
    a_token_logs_in_for_its_audience_until_what_it_is_bound_to_is_deleted,
    a_token_review_says_whose_token_it_is_or_why_it_is_none,
    a_token_of_a_pod_names_the_pod_and_its_node,
);

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const SELF_REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

fn who_am_i(api: &Api) -> Value {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    api.post(SELF_REVIEWS, &review).ok()["status"]["userInfo"].clone()
}

fn review(api: &Api, token: &str, audiences: &[&str]) -> Value {
    let spec = json!({"token": token, "audiences": audiences});
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec});
    api.post(TOKEN_REVIEWS, &review).ok()["status"].clone()
}

fn a_token_is_what_the_request_asks_for(plane: &dyn Plane) {
    let (api, person) = (Api::admin(plane), TestUser::admin(plane));
    let ns = namespace(&api);
    let uid = api.get(&format!("/api/v1/namespaces/{ns}/serviceaccounts/robot")).ok()["metadata"]["uid"].clone();
    let made = person.kubectl_ok(&[
        "create",
        "token",
        "robot",
        "-n",
        &ns,
        "--duration",
        "20m",
        "--audience",
        "vault",
        "--audience",
        "x",
    ]);
    let claims = part(&made, 1);
    assert_eq!(part(&made, 0)["typ"], Value::Null);
    let mut keys: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"]);
    assert_eq!(claims["aud"], json!(["vault", "x"]));
    assert_eq!((&claims["iss"], &claims["sub"]), (&ISSUER.into(), &format!("system:serviceaccount:{ns}:robot").into()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 20 * 60);
    assert_eq!(claims["nbf"], claims["iat"]);
    assert_eq!(claims["kubernetes.io"], json!({"namespace": ns, "serviceaccount": {"name": "robot", "uid": uid}}));
    // By default: an hour, for the API server.
    let path = format!("/api/v1/namespaces/{ns}/serviceaccounts/robot/token");
    let request = api.post(&path, &json!({})).ok();
    assert_eq!(
        (&request["kind"], &request["apiVersion"]),
        (&"TokenRequest".into(), &"authentication.k8s.io/v1".into())
    );
    assert_eq!(request["spec"], json!({"audiences": [ISSUER], "expirationSeconds": 3600, "boundObjectRef": null}));
    for (key, value) in [("name", json!("robot")), ("namespace", json!(ns)), ("uid", uid.clone())] {
        assert_eq!(request["metadata"][key], value, "{key}");
    }
    let claims = part(request["status"]["token"].as_str().unwrap(), 1);
    assert_eq!(claims["aud"], json!([ISSUER]));
    // What cannot be is refused.
    let refused = |body: &Value, code: u16, reason: &str| api.post(&path, body).refused(code, reason);
    let life = |seconds: u64| json!({"spec": {"expirationSeconds": seconds}});
    let invalid = "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value";
    let short = format!("{invalid}: 599: may not specify a duration less than 10 minutes");
    assert_eq!(refused(&life(599), 422, "Invalid"), short);
    let long = format!("{invalid}: 4294967297: may not specify a duration larger than 2^32 seconds");
    assert_eq!(refused(&life((1 << 32) + 1), 422, "Invalid"), long);
    api.post(&path, &life(1 << 32)).ok();
    let other = "TokenRequest.authentication.k8s.io \"robot\" is invalid: metadata.name: Invalid value: \"x\": must match \
                 the service account name if specified";
    assert_eq!(refused(&json!({"metadata": {"name": "x"}}), 422, "Invalid"), other);
    let conflict = refused(&json!({"metadata": {"uid": "x"}}), 409, "Conflict");
    let wanted = "the UID in the token request (x) does not match the UID of the service account";
    assert!(conflict.contains(wanted), "{conflict}");
    let bound = |reference: Value| json!({"spec": {"boundObjectRef": reference}});
    let missing = refused(&bound(json!({"apiVersion": "v1", "kind": "Secret", "name": "x"})), 404, "NotFound");
    assert_eq!(missing, "secrets \"x\" not found");
    let strange =
        refused(&bound(json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"})), 400, "BadRequest");
    assert_eq!(strange, "cannot bind token to object of type apps/v1, Kind=Deployment");
    let missing_account = format!("/api/v1/namespaces/{ns}/serviceaccounts/nobody/token");
    assert_eq!(api.post(&missing_account, &json!({})).refused(404, "NotFound"), "serviceaccounts \"nobody\" not found");
    api.get(&path).refused(405, "MethodNotAllowed");
    let visitor = Api::user(plane, &unique("visitor"), None);
    let denied = visitor.post(&path, &json!({})).refused(403, "Forbidden");
    assert!(denied.contains("cannot create resource \"serviceaccounts/token\" in API group \"\""), "{denied}");
}

fn a_token_logs_in_for_its_audience_until_what_it_is_bound_to_is_deleted(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let ns = namespace(&api);
    let account = format!("/api/v1/namespaces/{ns}/serviceaccounts/robot");
    let uid = api.get(&account).ok()["metadata"]["uid"].clone();
    let secrets = format!("/api/v1/namespaces/{ns}/secrets");
    let secret = api.post(&secrets, &json!({"metadata": {"name": "vault"}})).ok();
    let reference = json!({"apiVersion": "v1", "kind": "Secret", "name": "vault", "uid": secret["metadata"]["uid"]});
    let (plain, bound) = (token(&api, &ns, &json!({})), token(&api, &ns, &json!({"boundObjectRef": reference})));
    let login = |token: &str| Api::bearer(plane, Some(token));
    let user = who_am_i(&login(&plain));
    assert_eq!((&user["username"], &user["uid"]), (&format!("system:serviceaccount:{ns}:robot").into(), &uid));
    let groups = json!(["system:serviceaccounts", format!("system:serviceaccounts:{ns}"), "system:authenticated"]);
    assert_eq!(user["groups"], groups);
    let id = format!("JTI={}", part(&plain, 1)["jti"].as_str().unwrap());
    assert_eq!(user["extra"], json!({"authentication.kubernetes.io/credential-id": [id]}));
    // It has the rights of the account, and no others.
    let secret_path = format!("{secrets}/vault");
    login(&bound).get(&secret_path).refused(403, "Forbidden");
    let grant = json!({
        "metadata": {"name": "robot"}, "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": ns}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
    });
    api.post(&format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings"), &grant).ok();
    eventually("the right to read secrets", || (login(&bound).get(&secret_path).code == 200).then_some(()));
    // For another audience, changed, or not a token at all: not authenticated.
    let elsewhere = token(&api, &ns, &json!({"audiences": ["vault"]}));
    let (head, signature) = plain.rsplit_once('.').unwrap();
    let mut claims = part(&plain, 1);
    claims["sub"] = "system:serviceaccount:kube-system:admin".into();
    let header = plain.split('.').next().unwrap();
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let unsigned = format!("{head}.");
    let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"), plain.split('.').nth(1).unwrap());
    for bad in [elsewhere.as_str(), &forged, &unsigned, &none, "abc", "a.b.c"] {
        login(bad).get(&secret_path).refused(401, "Unauthorized");
    }
    assert_eq!(Api::bearer(plane, None).get("/version").code, 200, "nobody is logged in without a token, too");
    // The server may remember a token for ten seconds.
    api.delete(&secret_path, None).ok();
    eventually("the end of the bound token", || (login(&bound).get(&account).code == 401).then_some(()));
    login(&plain).get(&account).ok();
    api.delete(&account, None).ok();
    eventually("the end of the token", || (login(&plain).get(&account).code == 401).then_some(()));
    api.post(&format!("/api/v1/namespaces/{ns}/serviceaccounts"), &json!({"metadata": {"name": "robot"}})).ok();
    login(&plain).get(&account).refused(401, "Unauthorized");
    assert!(
        review(&api, &plain, &[])["error"]
            .as_str()
            .unwrap()
            .starts_with("[invalid bearer token, service account UID (")
    );
}

fn a_token_review_says_whose_token_it_is_or_why_it_is_none(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let ns = namespace(&api);
    let made = token(&api, &ns, &json!({"audiences": ["vault", "x", ISSUER]}));
    let status = review(&api, &made, &[]);
    assert_eq!((&status["authenticated"], &status["audiences"]), (&true.into(), &json!([ISSUER])));
    assert_eq!(status["user"], who_am_i(&Api::bearer(plane, Some(&made))));
    assert_eq!(review(&api, &made, &["y", "x", "vault"])["audiences"], json!(["x", "vault"]));
    let refused = |token: &str, audiences: &[&str], why: &str| {
        assert_eq!(review(&api, token, audiences), json!({"user": {}, "error": why}), "{token}");
    };
    let wrong = format!(
        "[invalid bearer token, token audiences [\"vault\" \"x\" \"{ISSUER}\"] is invalid for the target audiences [\"y\"]]"
    );
    refused(&made, &["y"], &wrong);
    refused("abc", &[], "invalid bearer token");
    let foreign = format!(
        "{}.{}.AAAA",
        URL_SAFE_NO_PAD.encode("{\"alg\":\"ES256\"}"),
        URL_SAFE_NO_PAD.encode("{\"iss\":\"https://x\"}")
    );
    refused(&foreign, &[], "invalid bearer token");
    let header = URL_SAFE_NO_PAD.encode("{\"alg\":\"ES256\",\"kid\":\"x\"}");
    let other_key = format!("{header}.{}", made.split_once('.').unwrap().1);
    refused(&other_key, &[], "[invalid bearer token, invalid signature, no keys found]");
    let changed = format!("{}.{}", made.rsplit_once('.').unwrap().0, "A".repeat(86));
    refused(&changed, &[], "[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]");
    let empty = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {}});
    let empty = api.post(TOKEN_REVIEWS, &empty).refused(400, "BadRequest");
    assert_eq!(empty, "token is required for TokenReview in authentication");
    Api::bearer(plane, Some(&made)).post(TOKEN_REVIEWS, &json!({})).refused(403, "Forbidden");
}

fn a_token_of_a_pod_names_the_pod_and_its_node(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (ns, node) = (namespace(&api), unique("worker"));
    let node_uid = api.post("/api/v1/nodes", &json!({"metadata": {"name": node}})).ok()["metadata"]["uid"].clone();
    let pod = create_pod(&api, &ns, "p", &json!({"serviceAccountName": "robot", "nodeName": node}));
    let uid = &pod["metadata"]["uid"];
    let reference = json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid});
    let made = token(&api, &ns, &json!({"boundObjectRef": reference, "expirationSeconds": 3607}));
    let claims = part(&made, 1);
    assert_eq!(claims["kubernetes.io"]["pod"], json!({"name": "p", "uid": uid}));
    assert_eq!(claims["kubernetes.io"]["node"], json!({"name": node, "uid": node_uid}));
    // What the volume of a pod asks for lives for a year, and counts as stale after the time asked for.
    let since = |claim: &Value| claim.as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!((since(&claims["exp"]), since(&claims["kubernetes.io"]["warnafter"])), (365 * 24 * 60 * 60, 3607));
    let extra = &who_am_i(&Api::bearer(plane, Some(&made)))["extra"];
    for (key, value) in
        [("pod-name", &json!("p")), ("pod-uid", uid), ("node-name", &json!(node)), ("node-uid", &node_uid)]
    {
        assert_eq!(extra[format!("authentication.kubernetes.io/{key}")], json!([value]), "{key}");
    }
    // Only by its own account, and only by its own UID.
    create_pod(&api, &ns, "other", &json!({"serviceAccountName": "default"}));
    let path = format!("/api/v1/namespaces/{ns}/serviceaccounts/robot/token");
    let bound = |reference: Value| api.post(&path, &json!({"spec": {"boundObjectRef": reference}}));
    let refused = bound(json!({"apiVersion": "v1", "kind": "Pod", "name": "other"})).refused(400, "BadRequest");
    let why = "cannot bind token for serviceaccount \"robot\" to pod running with different serviceaccount name.";
    assert_eq!(refused, why);
    let refused = bound(json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "x"})).refused(409, "Conflict");
    assert!(
        refused.starts_with("Operation cannot be fulfilled on Pod \"p\": the UID in the bound object reference (x)"),
        "{refused}"
    );
    // A token that is bound to the node alone ends with it.
    let reference = json!({"apiVersion": "v1", "kind": "Node", "name": node, "uid": node_uid});
    let of_node = token(&api, &ns, &json!({"boundObjectRef": reference}));
    api.delete(&format!("/api/v1/nodes/{node}"), None).ok();
    eventually("the end of the node's token", || review(&api, &of_node, &[])["error"].is_string().then_some(()));
    // Beside a pod, the node is only information.
    assert_eq!(review(&api, &made, &[])["authenticated"], true);
    api.delete(&format!("/api/v1/namespaces/{ns}/pods/p"), Some(&json!({"gracePeriodSeconds": 0}))).ok();
    let why =
        eventually("the end of the pod's token", || review(&api, &made, &[])["error"].as_str().map(ToOwned::to_owned));
    assert_eq!(why, "[invalid bearer token, service account token has been invalidated]");
}
