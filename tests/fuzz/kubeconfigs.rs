//! Kubeconfigs.

use countersign::testing::domain::kubeconfig::{EntryKind, Kubeconfig, redact};
use serde_yaml::Mapping;

use crate::harness::Target;

const PLAIN: &str = "# mine\napiVersion: v1\nkind: Config\ncurrent-context: admin@test\nclusters:\n- name: test\n  cluster:\n    server: https://127.0.0.1:6443\n    certificate-authority-data: LS0tLS1CRUdJTg==\ncontexts:\n- name: admin@test # the one\n  context: {cluster: test, user: admin, namespace: 'yes'}\nusers:\n- name: admin\n  user:\n    client-certificate: ../pki/admin.crt\n    client-key: ../pki/admin.key\n";
const ALL: &str = "apiVersion: v1\nkind: Config\npreferences: {colors: true}\nextensions: [{name: x, extension: {a: [1, 2.5, ~]}}]\nclusters:\n- {name: c, cluster: &c {server: 'https://c', insecure-skip-tls-verify: yes, tls-server-name: n, proxy-url: 'http://u:p@h:1'}}\n- {name: d, cluster: {<<: *c, server: \"https://d\\u00e9\"}}\ncontexts: [{name: '01', context: {cluster: c, user: e}}, {name: on, context: {cluster: d, user: p}}]\nusers:\n- {name: e, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./x, args: [a, 'no'], env: [{name: A, value: '1'}], interactiveMode: Never}}}\n- name: p\n  user:\n    auth-provider: {name: oidc, config: {client-id: x, id-token: y}}\n    token: |\n      abc\n      def\n- {name: i, user: {as: x, as-uid: y, as-groups: [g], as-user-extra: {k: [v]}, tokenFile: t, username: u, password: >-\n    folded\n    text}}\n";
const JSON: &str = r#"{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": {"server": "https://c"}}], "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {"token": "t"}}], "current-context": "x"}"#;
const TWO: &str = "kind: Config\ncurrent-context: a\n---\nkind: Secret\ndata: {a: !!binary aGk=}\n...\n";
const ALIASES: &str = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c {k: *b, l: *b}\nd: [*c, *c, *c, *c]\n? k\n: v\n";

#[test]
fn a_kubeconfig_reads_the_same_after_writing() {
    let seeds = [PLAIN, ALL, JSON, TWO, ALIASES].map(|text| text.as_bytes().to_vec()).to_vec();
    let words = &[
        "<<: *c",
        "*a",
        "&a ",
        "- ",
        "? ",
        "!!str ",
        "!!int ",
        "!<x> ",
        "|\n",
        ">+2\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "yes",
        "0777",
        "0o7",
        "1_0",
        "1:30",
        ".inf",
        "2001-12-14",
        "~",
        "name: ",
        "\u{feff}",
        "\u{2028}",
        "\t",
        "[[[[[[[[",
        "{a: {a: {a: ",
        "'",
        "\"\\u0001\"",
        "\\x",
        "contexts:\n",
        "users:\n",
        "\r\n",
    ];
    Target { name: "kubeconfig", seeds, words }.run(check);
}

fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(config) = Kubeconfig::parse(&text) else { return };
    let _ = redact::yaml(&config);
    if let Ok(written) = config.to_yaml() {
        assert!(Kubeconfig::parse(&written).as_ref() == Ok(&config), "reads differently after writing:\n{written}");
    }
    let mut changed = config.clone();
    changed.put(EntryKind::Context, "new", Mapping::from_iter([("cluster".into(), "c".into())]));
    changed.remove(EntryKind::User, "admin");
    if let Ok((written, _)) = changed.to_yaml_like(&text, &config) {
        assert!(Kubeconfig::parse(&written).as_ref() == Ok(&changed), "reads differently after an edit:\n{written}");
    }
}
