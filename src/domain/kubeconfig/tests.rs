use proptest::prelude::*;

use super::*;

const TEXT: &str = "apiVersion: v1\nkind: Config\nx-own: {a: 1}\nclusters:\n- name: prod\n  cluster: {server: 'https://p', extensions: [{name: e, extension: {k: v}}]}\nusers:\n- name: jane\n  user: {token: t, odd: [1, 2]}\ncontexts: null\ncurrent-context: ''\n";

#[test]
fn untouched_lines_stay_in_place() {
    let mut config = Kubeconfig::parse(TEXT).unwrap();
    let before: Value = serde_yaml::from_str(TEXT).unwrap();
    config.put(EntryKind::Context, "new", Mapping::new());
    config.remove(EntryKind::Context, "new");
    let after: Value = serde_yaml::from_str(&config.to_yaml().unwrap()).unwrap();
    for field in ["apiVersion", "x-own", "clusters", "users"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    let keys = |value: &Value| value.as_mapping().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after));
}

#[test]
fn what_kubectl_cannot_read_is_refused_with_its_place() {
    for (text, place) in [
        ("users: [{name: jane, user: {token: t}}, {name: jane}]", "users has two entries of the name \"jane\""),
        ("contexts: [{name: yes}]", "contexts[0].name is a boolean"),
        ("users: [{name: a, user: {token: 0777}}]", "users[0].user.token is a number"),
        ("clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'yes'}}]", "should be true or false"),
        ("users: [{name: a, user: {client-key-data: '%'}}]", "client-key-data is no base64"),
        ("kind: Secret", "kind is Secret"),
        ("apiVersion: v2", "apiVersion is v2"),
        ("contexts: [a]", "contexts[0] is a text"),
    ] {
        let error = Kubeconfig::parse(text).err().unwrap();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn documents_after_the_first_are_kept_and_broken_ones_are_not_overwritten() {
    let mut config = Kubeconfig::parse("kind: Config\n---\nkind: Secret\n").unwrap();
    config.set_current_context(Some("a"));
    let text = config.to_yaml().unwrap();
    assert!(text.ends_with("---\nkind: Secret\n"), "{text}");
    let config = Kubeconfig::parse("kind: Config\n---\n[\n").unwrap();
    assert!(config.to_yaml().unwrap_err().contains("would be lost"));
}

#[test]
fn a_duplicate_key_is_read_as_kubectl_reads_it_and_never_written() {
    let config = Kubeconfig::parse("current-context: a\ncurrent-context: b\n").unwrap();
    assert_eq!(config.current_context(), Some("b"));
    assert!(config.to_yaml().unwrap_err().contains("line 2: a key is there twice"));
}

#[test]
fn rejects_input_that_is_not_a_kubeconfig_without_quoting_it() {
    for text in ["- a", "secret: [", "users: secret", "just text"] {
        let error = Kubeconfig::parse(text).err().unwrap();
        assert!(!error.contains("secret"), "{error}");
    }
    assert!(Kubeconfig::parse("").is_ok());
}

proptest! {
    #[test]
    fn added_entries_are_read_back_for_any_name(name in any::<String>(), server in any::<String>()) {
        let mut config = Kubeconfig::parse(TEXT).unwrap();
        let fields: Mapping = [(Value::from("server"), Value::from(server))].into_iter().collect();
        config.put(EntryKind::Cluster, &name, fields.clone());
        config.set_current_context(Some(&name));
        let read = Kubeconfig::parse(&config.to_yaml().unwrap()).unwrap();
        prop_assert_eq!(read.get(EntryKind::Cluster, &name), Some(&fields));
        prop_assert_eq!(read.current_context().unwrap_or_default(), name);
        prop_assert_eq!(read.get(EntryKind::User, "jane"), config.get(EntryKind::User, "jane"));
    }
}
