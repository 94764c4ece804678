use std::fmt::Write as _;

use super::*;

fn one(text: &str) -> Value {
    documents(text).unwrap().values.remove(0)
}

#[test]
fn plain_words_are_what_kubectl_takes_them_for_and_quoted_ones_are_texts() {
    let read = one("{a: yes, b: 'yes', c: 0777, d: 1_000, e: 1:30, f: ~, g: 2001-12-14, h: 0b11, i: 08, on: .5}");
    let wanted: Value = serde_yaml::from_str(
        "{a: true, b: 'yes', c: 511, d: 1000, e: '1:30', f: null, g: '2001-12-14', h: 3, i: 8.0, 'true': 0.5}",
    )
    .unwrap();
    assert_eq!(read, wanted);
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let read = one("base: &b {x: 1, z: 2}\nown: {<<: *b, z: 3}\nmany: {<<: [{x: 5}, *b]}");
    assert_eq!(read["own"], serde_yaml::from_str::<Value>("{x: 1, z: 3}").unwrap());
    assert_eq!(read["many"]["x"], 5);
}

#[test]
fn last_value_of_a_duplicate_key_counts_and_its_line_is_reported() {
    let read = documents("a: 1\nb: {c: 1, c: 2}\na: 3\n").unwrap();
    assert_eq!(read.values, [serde_yaml::from_str::<Value>("{a: 3, b: {c: 2}}").unwrap()]);
    assert_eq!(read.duplicate, Some(2));
    let merged = documents("base: &b {x: 1}\nown: {<<: *b, x: 3}\n").unwrap();
    assert_eq!(merged.duplicate, None);
}

#[test]
fn a_text_made_to_exhaust_its_reader_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(text, "a{n}: &a{n} [{items}]").unwrap();
    }
    assert!(documents(&text).unwrap_err().contains("too large"));
    assert!(documents(&"[".repeat(5000)).is_err());
    // Few nodes, each with a long text.
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 2000].join(", "));
    assert!(documents(&long).unwrap_err().contains("too large"));
    // Each anchor keeps a copy of its content.
    let anchors: Vec<_> = (0..90).map(|n| format!("&a{n} [")).collect();
    let nested = format!("{}{}{}", anchors.concat(), "x, ".repeat(50_000), "]".repeat(90));
    assert!(documents(&nested).unwrap_err().contains("too large"));
    assert!(documents(&format!("[{}]", "[],".repeat(500_000))).unwrap_err().contains("more than 500000 nodes"));
    assert!(documents(&format!("[{}]\n---\n", "[],".repeat(9_000)).repeat(60)).unwrap().broken.is_some());
}

#[test]
fn a_kubeconfig_with_ten_thousand_contexts_is_read() {
    let mut text = "kind: Config\ncontexts:\n".to_owned();
    for n in 0..10_000 {
        writeln!(text, "- name: c{n}\n  context: {{cluster: c{n}, user: u{n}, namespace: n}}").unwrap();
    }
    text.push_str("clusters:\n");
    (0..10_000).for_each(|n| writeln!(text, "- {{name: c{n}, cluster: {{server: s}}}}").unwrap());
    text.push_str("users:\n");
    (0..10_000).for_each(|n| writeln!(text, "- {{name: u{n}, user: {{token: t}}}}").unwrap());
    assert_eq!(one(&text)["contexts"].as_sequence().unwrap().len(), 10_000);
}

#[test]
fn what_follows_the_first_document_is_read_and_may_be_broken() {
    let read = documents("a: 1\n---\nb: 2\n").unwrap();
    assert_eq!(read.values.len(), 2);
    let read = documents("a: 1\n---\nb: [\n").unwrap();
    assert_eq!((read.values.len(), read.broken.is_some()), (1, true));
    assert!(documents("").unwrap().values.is_empty());
    assert!(documents("# only a comment\n").unwrap().values.is_empty());
}

#[test]
fn an_error_names_the_line_and_quotes_nothing() {
    for text in ["secret: [", "a: .nan # secret", "? [secret]\n: 1", "*secret"] {
        let error = documents(text).unwrap_err();
        assert!(error.contains("line") && !error.contains("secret"), "{error}");
    }
}
