//! The default issuance creates exactly what the seven manual steps create.

use serde_json::Value;

use crate::support::plane::Plane;
use crate::support::{TestUser, unique};

crate::on_both!(default_issuance_creates_what_the_kubectl_steps_create,);

fn object(person: &TestUser, kind: &str, name: &str, namespace: &str, path: &str) -> Value {
    let text = person.kubectl_ok(&["get", kind, name, "-n", namespace, "-o", "json", "--kubeconfig", "admin"]);
    let object: Value = serde_json::from_str(&text).unwrap();
    object.pointer(path).unwrap().clone()
}

fn default_issuance_creates_what_the_kubectl_steps_create(plane: &dyn Plane) {
    let (ours, theirs) = (TestUser::admin(plane), TestUser::admin(plane));
    let user = unique("myuser");
    let (team_a, team_b) = (unique("team"), unique("team"));
    for (person, team) in [(&ours, &team_a), (&theirs, &team_b)] {
        person.kubectl_ok(&["create", "namespace", team]);
        person.kubectl_ok(&["config", "set-context", "admin", "--namespace", team]);
        std::fs::copy(person.kubeconfig(), person.path("admin")).unwrap();
    }
    ours.run_ok(&["issue", &user]);
    let spec_a = object(&ours, "csr", &user, &team_a, "/spec");
    ours.kubectl_ok(&["delete", "csr", &user, "--kubeconfig", "admin"]);
    theirs.shell(&format!(
        "openssl genrsa -out k 2048 2>/dev/null; openssl req -new -key k -subj /CN={user} -out r
         kubectl create -f - <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: {user}}}
spec:
  request: $(base64 < r | tr -d '\\n')
  signerName: kubernetes.io/kube-apiserver-client
  expirationSeconds: 86400
  usages: [client auth]
EOF
         kubectl certificate approve {user}
         kubectl wait csr {user} --for=jsonpath='{{.status.certificate}}' --timeout=30s
         kubectl get csr {user} -o jsonpath='{{.status.certificate}}' | base64 -d > c
         kubectl create role developer --verb=create,get,list,update,delete --resource=pods
         kubectl create rolebinding developer-binding-{user} --role=developer --user={user}
         kubectl config set-credentials {user} --client-certificate=c --client-key=k --embed-certs
         kubectl config set-context {user} --cluster=test --user={user} --namespace={team_b}
         kubectl config use-context {user}"
    ));
    let spec_b = object(&theirs, "csr", &user, &team_b, "/spec");
    for field in ["signerName", "expirationSeconds", "usages", "groups", "username"] {
        assert_eq!(spec_a[field], spec_b[field], "{field}");
    }
    assert_eq!(subject(&ours, &spec_a), subject(&theirs, &spec_b));
    let binding = format!("developer-binding-{user}");
    for (kind, name, path) in
        [("role", "developer", "/rules"), ("rolebinding", &binding, "/subjects"), ("rolebinding", &binding, "/roleRef")]
    {
        let (a, b) = (object(&ours, kind, name, &team_a, path), object(&theirs, kind, name, &team_b, path));
        assert_eq!(a, b, "{kind} {path}");
    }
    assert_eq!(shape(&ours, &team_a), shape(&theirs, &team_b));
}

/// The subject of the request inside a spec, as openssl reads it.
fn subject(person: &TestUser, spec: &Value) -> String {
    let request = spec["request"].as_str().unwrap();
    person.shell(&format!("echo {request} | base64 -d | openssl req -noout -subject"))
}

/// A kubeconfig as kubectl reads it, without what differs from run to run.
fn shape(person: &TestUser, team: &str) -> Value {
    let text = person.kubectl_ok(&["config", "view", "-o", "json"]);
    serde_json::from_str(&text.replace(team, "team")).unwrap()
}
