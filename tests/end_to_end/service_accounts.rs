//! Service accounts: what every namespace has for them, and the volumes and keys of their tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::api::{Api, kubeconfig_of};
use crate::support::plane::Plane;
use crate::support::{TestUser, eventually, unique};

crate::on_both!(
    every_namespace_has_a_default_account_and_the_certificate_of_the_cluster,
    the_issuer_publishes_its_key,
    pods_mount_the_token_unless_they_or_their_account_opt_out,
);

pub(super) const ISSUER: &str = "https://kubernetes.default.svc";

/// A new namespace with a service account `robot`; its default account is there.
pub(super) fn namespace(api: &Api) -> String {
    let name = unique("accounts");
    api.post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).ok();
    let accounts = format!("/api/v1/namespaces/{name}/serviceaccounts");
    api.post(&accounts, &json!({"metadata": {"name": "robot"}})).ok();
    eventually("the default account", || (api.get(&format!("{accounts}/default")).code == 200).then_some(()));
    name
}

/// A token for `robot`, as the request's `spec` asks for it.
pub(super) fn token(api: &Api, namespace: &str, spec: &Value) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/robot/token");
    api.post(&path, &json!({"spec": spec})).ok()["status"]["token"].as_str().unwrap().to_owned()
}

/// A part of a token, decoded: 0 is the header, 1 are the claims.
pub(super) fn part(token: &str, at: usize) -> Value {
    let part = token.trim().split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(super) fn create_pod(api: &Api, namespace: &str, name: &str, spec: &Value) -> Value {
    let mut pod =
        json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "example.com/c:1"}]}});
    pod["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    api.post(&format!("/api/v1/namespaces/{namespace}/pods"), &pod).ok()
}

fn every_namespace_has_a_default_account_and_the_certificate_of_the_cluster(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let kubeconfig: Value = serde_yaml::from_str(&std::fs::read_to_string(plane.admin()).unwrap()).unwrap();
    let ca = kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
    let ca = String::from_utf8(STANDARD.decode(ca).unwrap()).unwrap();
    let ns = namespace(&api);
    for namespace in ["default", "kube-system", &ns] {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/kube-root-ca.crt");
        let map = eventually("the certificate", || Some(api.get(&path)).filter(|map| map.code == 200)).ok();
        assert_eq!(map["data"], json!({"ca.crt": ca}), "{namespace}");
    }
    let path = format!("/api/v1/namespaces/{ns}/configmaps/kube-root-ca.crt");
    let first = api.get(&path).ok();
    let description = first["metadata"]["annotations"]["kubernetes.io/description"].as_str().unwrap();
    assert!(
        description.starts_with("Contains a CA bundle that can be used to verify the kube-apiserver"),
        "{description}"
    );
    let owner = &first["metadata"]["managedFields"][0];
    let fields = json!({"f:data": {".": {}, "f:ca.crt": {}}, "f:metadata": {"f:annotations": {".": {}, "f:kubernetes.io/description": {}}}});
    assert_eq!((&owner["manager"], &owner["fieldsV1"]), (&"kube-controller-manager".into(), &fields));
    // Deleted, it is created again.
    api.delete(&path, None).ok();
    let second = eventually("another one", || Some(api.get(&path)).filter(|map| map.code == 200)).ok();
    assert!(second["metadata"]["uid"] != first["metadata"]["uid"] && second["data"] == first["data"]);
    // Edited, it is restored; other fields stay as they are.
    let edited = json!({"metadata": {"name": "kube-root-ca.crt", "annotations": {"team": "shop"}}, "data": {"ca.crt": "", "more": "x"}});
    api.put(&path, &edited).ok();
    let third = eventually("the old content", || Some(api.get(&path).ok()).filter(|map| map["data"] == first["data"]));
    assert_eq!(third["metadata"]["annotations"], json!({"team": "shop", "kubernetes.io/description": description}));
    // The account, too.
    let path = format!("/api/v1/namespaces/{ns}/serviceaccounts/default");
    let account = api.get(&path).ok();
    assert_eq!(account["secrets"], Value::Null, "no token is made for it");
    api.delete(&path, None).ok();
    eventually("another account", || {
        let answer = api.get(&path);
        (answer.code == 200 && answer.body["metadata"]["uid"] != account["metadata"]["uid"]).then_some(())
    });
    // All of it is deleted with its namespace, and not created again.
    api.delete(&format!("/api/v1/namespaces/{ns}"), None).ok();
    eventually("the end of the namespace", || (api.get(&format!("/api/v1/namespaces/{ns}")).code == 404).then_some(()));
    for kind in ["configmaps", "serviceaccounts"] {
        let left = api.get(&format!("/api/v1/namespaces/{ns}/{kind}")).ok();
        assert_eq!(left["items"], json!([]), "{kind}");
    }
}

fn the_issuer_publishes_its_key(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let ns = namespace(&api);
    let made = token(&api, &ns, &json!({}));
    let robot = Api::bearer(plane, Some(&made));
    let configuration = robot.get("/.well-known/openid-configuration").ok();
    let header = part(&made, 0);
    assert_eq!(configuration["issuer"], ISSUER);
    assert_eq!(configuration["id_token_signing_alg_values_supported"], json!([header["alg"]]));
    assert_eq!(configuration["response_types_supported"], json!(["id_token"]));
    assert_eq!(configuration["subject_types_supported"], json!(["public"]));
    let address = configuration["jwks_uri"].as_str().unwrap();
    assert!(address.starts_with("https://") && address.ends_with("/openid/v1/jwks"), "{address}");
    let wrong_form = robot.get("/openid/v1/jwks").refused(406, "NotAcceptable");
    assert_eq!(wrong_form, "406: Not Acceptable\n\nAvailable representations: application/jwk-set+json");
    let person = TestUser::with(plane, &kubeconfig_of(plane, &json!({"token": made})));
    let keys = person.kubectl_ok(&["get", "--raw", "/openid/v1/jwks"]);
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let key = &keys["keys"][0];
    assert_eq!((&key["kid"], &key["alg"], &key["use"]), (&header["kid"], &header["alg"], &"sig".into()));
    for path in ["/.well-known/openid-configuration", "/openid/v1/jwks"] {
        Api::bearer(plane, None).get(path).refused(403, "Forbidden");
    }
}

fn pods_mount_the_token_unless_they_or_their_account_opt_out(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let ns = namespace(&api);
    let accounts = format!("/api/v1/namespaces/{ns}/serviceaccounts");
    for (name, mounts) in [("mount", true), ("nomount", false)] {
        api.post(&accounts, &json!({"metadata": {"name": name}, "automountServiceAccountToken": mounts})).ok();
    }
    let cases = [
        ("default", None, true),
        ("mount", None, true),
        ("nomount", None, false),
        ("default", Some(true), true),
        ("mount", Some(true), true),
        ("nomount", Some(true), true),
        ("default", Some(false), false),
        ("mount", Some(false), false),
        ("nomount", Some(false), false),
    ];
    for (at, (account, wanted, mounted)) in cases.into_iter().enumerate() {
        let mut spec = json!({"serviceAccountName": account});
        if let Some(wanted) = wanted {
            spec["automountServiceAccountToken"] = wanted.into();
        }
        let pod = create_pod(&api, &ns, &format!("p{at}"), &spec);
        let volume = &pod["spec"]["volumes"][0];
        let mount = &pod["spec"]["containers"][0]["volumeMounts"][0];
        if !mounted {
            assert_eq!((volume, mount), (&Value::Null, &Value::Null), "{account} {wanted:?}");
            continue;
        }
        let name = volume["name"].as_str().unwrap();
        assert!(name.starts_with("kube-api-access-") && name.len() == 21, "{name}");
        let path = "/var/run/secrets/kubernetes.io/serviceaccount";
        assert_eq!(*mount, json!({"name": name, "readOnly": true, "mountPath": path}));
        let namespace =
            json!({"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}});
        let sources = json!([
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [namespace]}},
        ]);
        assert_eq!(volume["projected"], json!({"defaultMode": 420, "sources": sources}));
    }
    // One that has something else there keeps it.
    let container = json!({
        "name": "c", "image": "example.com/c:1",
        "volumeMounts": [{"name": "own", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    });
    let pod =
        create_pod(&api, &ns, "own", &json!({"containers": [container], "volumes": [{"name": "own", "emptyDir": {}}]}));
    assert_eq!(pod["spec"]["volumes"].as_array().unwrap().len(), 1);
    assert_eq!(pod["spec"]["serviceAccountName"], "default");
    let without_account = json!({"metadata": {"name": "n"}, "spec": {"serviceAccountName": "nobody", "containers": [{"name": "c", "image": "c"}]}});
    let refused = api.post(&format!("/api/v1/namespaces/{ns}/pods"), &without_account).refused(403, "Forbidden");
    let why = format!(
        "pods \"n\" is forbidden: error looking up service account {ns}/nobody: serviceaccount \"nobody\" not found"
    );
    assert_eq!(refused, why);
}
