//! Our edits of kubeconfigs, compared with kubectl's.

mod check;
mod commands;
mod differential;
mod inputs;
mod kuberc;
mod named;
mod pane;
mod sets;

use countersign::testing::domain::gate::{WriteAccess, WritePermit};
use countersign::testing::domain::kubeconfig::EntryKind;
use countersign::testing::files::kubeconfig::edit;
use serde_yaml::{Mapping, Value};

use crate::support::plane::Plane;
use crate::support::{TestUser, eventually};

crate::on_both!(adds_a_context_exactly_as_kubectl_does, concurrent_writes_with_kubectl_lose_nothing,);

/// Kubeconfigs as people have them.
const FILES: &[&str] = &[
    "",
    "apiVersion: v1\nkind: Config\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"Config\", \"clusters\": [{\"name\": \"json\", \"cluster\": {\"server\": \"https://j\"}}]}",
    "clusters:\n- {name: prod, cluster: {server: 'https://p:6443', tls-server-name: x}}\ncontexts: null\nusers: []\n",
    "users:\n- name: jane\n  user: {token: old, username: u}\ncontexts:\n- name: jane\n  context: {cluster: c, user: jane, namespace: old}\n",
    "kind: Config\napiVersion: v1\npreferences: {colors: true}\ncurrent-context: a\ncontexts:\n- context: {cluster: a, user: a}\n  name: a\n- context: {cluster: b, user: b}\n  name: b\n",
    "users:\n- name: 'exec'\n  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], env: [{name: A, value: 'yes'}], interactiveMode: Never}\n",
    "anchors: &base {cluster: prod, user: a}\ncontexts:\n- {name: one, context: *base}\n- {name: two, context: *base}\n",
    "extensions:\n- name: own\n  extension: {deep: [1, {k: v}], text: \"with: colon\"}\nclusters:\n- name: \"quoted name\"\n  cluster: {server: \"https://q\", insecure-skip-tls-verify: true}\n",
    "users:\n- name: multi\n  user:\n    client-certificate-data: |\n      QUJD\n      REVG\n    client-key-data: |\n      R0hJ\ncurrent-context: \"\"\n",
];

fn mapping(fields: &[(&str, &str)]) -> Mapping {
    fields.iter().map(|(name, value)| (Value::from(*name), Value::from(*value))).collect()
}

fn adds_a_context_exactly_as_kubectl_does(plane: &dyn Plane) {
    for (number, text) in FILES.iter().enumerate() {
        let person = TestUser::with(plane, text);
        let (ours, theirs) = (person.path("ours"), person.path("theirs"));
        std::fs::write(&ours, text).unwrap();
        std::fs::write(&theirs, text).unwrap();
        edit(permit(), &ours, |config| {
            config.put(
                EntryKind::Context,
                "new ctx",
                mapping(&[("cluster", "prod"), ("user", "me"), ("namespace", "ns")]),
            );
            config.set_current_context(Some("new ctx"));
        })
        .unwrap();
        person.shell(
            "export KUBECONFIG=theirs
             kubectl config set-context 'new ctx' --cluster=prod --user=me --namespace=ns
             kubectl config use-context 'new ctx'",
        );
        let view = |file: &str| person.kubectl_ok(&["--kubeconfig", file, "config", "view", "--raw", "-o", "json"]);
        assert_eq!(view("ours"), view("theirs"), "file {number}:\n{text}");
    }
}

fn concurrent_writes_with_kubectl_lose_nothing(plane: &dyn Plane) {
    let person = TestUser::with(plane, "apiVersion: v1\nkind: Config\n");
    let path = person.kubeconfig();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..15 {
                edit(permit(), &path, |config| {
                    config.put(EntryKind::Context, &format!("ours-{n}"), mapping(&[("user", "u")]));
                })
                .unwrap();
            }
        });
        scope.spawn(|| {
            // kubectl gives up at once where the lock is taken; its user tries again.
            for n in 0..15 {
                let context = format!("theirs-{n}");
                eventually("kubectl gets the lock", || {
                    person.kubectl(&["config", "set-context", &context, "--user=u"]).status.success().then_some(())
                });
            }
        });
    });
    let names = person.kubectl_ok(&["config", "get-contexts", "-o", "name"]);
    assert_eq!(names.lines().count(), 30, "{names}");
    assert!(!path.with_extension("lock").exists());
}

fn permit() -> WritePermit {
    WriteAccess::new(false, None).permit().unwrap()
}
