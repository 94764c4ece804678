//! Sets of kubeconfig files as people have them, and odd ones.

/// Files by name, in the order of `KUBECONFIG`; `None` is a file that is not there.
pub(crate) type Set = Vec<(&'static str, Option<String>)>;

fn set(files: &[(&'static str, &str)]) -> Set {
    files.iter().map(|(name, text)| (*name, Some((*text).to_owned()))).collect()
}

pub(crate) const BASE: &str = "apiVersion: v1\nkind: Config\nclusters:\n- cluster: {server: 'https://p:6443', certificate-authority: ca.pem}\n  name: prod\ncontexts:\n- context: {cluster: prod, user: alice, namespace: web}\n  name: prod\n- context: {cluster: prod, user: bob}\n  name: bob\ncurrent-context: prod\nusers:\n- name: alice\n  user: {client-certificate: pki/a.crt, client-key: pki/a.key}\n- name: bob\n  user: {token: t0ken}\npreferences: {}\n";

pub(crate) const SECOND: &str = "apiVersion: v1\nkind: Config\nclusters:\n- cluster: {server: 'https://other'}\n  name: prod\n- cluster: {server: 'https://stage', insecure-skip-tls-verify: true}\n  name: stage\ncontexts:\n- context: {cluster: stage, user: carol}\n  name: stage\n- context: {cluster: stage, user: nobody}\n  name: prod\ncurrent-context: stage\nusers:\n- name: carol\n  user: {username: carol, password: 'pa ss'}\npreferences: {colors: true}\n";

/// Hand-written sets. The first of each pair says what is odd about it.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn handmade() -> Vec<(&'static str, Set)> {
    let one = |text: &str| set(&[("config", text)]);
    vec![
        ("an empty file", one("")),
        ("a comment alone", one("# nothing yet\n")),
        ("an empty document", one("---\n")),
        ("blanks and line ends", one("\n  \n\n")),
        ("null", one("null\n")),
        ("no file at all", vec![("config", None)]),
        ("one file", one(BASE)),
        ("two files", set(&[("config", BASE), ("second", SECOND)])),
        ("two files, the other way round", set(&[("second", SECOND), ("config", BASE)])),
        ("a missing file first", vec![("gone", None), ("config", Some(BASE.into())), ("second", Some(SECOND.into()))]),
        ("a missing file last", vec![("config", Some(BASE.into())), ("gone", None)]),
        ("an empty file first", set(&[("empty", ""), ("config", BASE), ("second", SECOND)])),
        ("the same file twice", set(&[("config", BASE), ("config", BASE)])),
        ("files in folders, relative paths", set(&[("a/config", BASE), ("b/c/config", SECOND)])),
        (
            "the current context only in the second file",
            set(&[("config", &BASE.replace("current-context: prod\n", "")), ("second", SECOND)]),
        ),
        (
            "an empty current context first",
            set(&[("config", &BASE.replace("current-context: prod", "current-context: ''")), ("second", SECOND)]),
        ),
        ("a current context that is nowhere", one(&BASE.replace("current-context: prod", "current-context: lost"))),
        (
            "JSON",
            one(
                r#"{"apiVersion":"v1","kind":"Config","clusters":[{"name":"j","cluster":{"server":"https://j"}}],"users":[{"name":"j","user":{"token":"x"}}],"contexts":[{"name":"j","context":{"cluster":"j","user":"j"}}],"current-context":"j"}"#,
            ),
        ),
        (
            "flow style and quoted keys",
            one(
                "{\"contexts\": [{'name': \"q x\", \"context\": {'cluster': c, user: \"u\"}}, {name: r, context: {cluster: c, user: u}}], \"current-context\": r}\n",
            ),
        ),
        (
            "anchors, aliases and merge keys",
            one(
                "x-base: &base {cluster: c, user: u}\nx-more: &more {namespace: deep, user: w}\ncontexts:\n- name: one\n  context: *base\n- name: two\n  context: {<<: *base, namespace: ns}\n- name: three\n  context: {<<: [*more, *base]}\n- name: four\n  context: {user: first, <<: *base}\n",
            ),
        ),
        (
            "YAML 1.1 booleans where booleans belong",
            one(
                "clusters:\n- {name: a, cluster: {server: s, insecure-skip-tls-verify: yes, disable-compression: off}}\n- {name: b, cluster: {server: s, insecure-skip-tls-verify: True}}\n- {name: c, cluster: {server: s, insecure-skip-tls-verify: Off}}\ncontexts:\n- {name: a, context: {cluster: a, user: u}}\npreferences: {colors: on}\n",
            ),
        ),
        ("YAML 1.1 booleans where texts belong", one("contexts:\n- {name: a, context: {cluster: yes, user: u}}\n")),
        ("a name that is a plain no", one("contexts:\n- {name: no, context: {cluster: c, user: u}}\n")),
        (
            "quoted words that look like something else",
            one(
                "contexts:\n- {name: 'no', context: {cluster: \"yes\", user: '0777', namespace: 'null'}}\n- {name: '1e3', context: {cluster: '~', user: '.5'}}\n- {name: '2001-12-14', context: {cluster: '0x1f', user: '1_000'}}\n",
            ),
        ),
        ("a plain date as a name", one("contexts:\n- {name: 2001-12-14, context: {cluster: c, user: 12:30:45}}\n")),
        (
            "a number as a token",
            one("users:\n- {name: u, user: {token: 0123}}\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n"),
        ),
        (
            "a version as a name",
            one(
                "contexts:\n- {name: v1.29.0, context: {cluster: 1.2.3, user: 0x}}\n- {name: 08x, context: {cluster: 1., user: u}}\n",
            ),
        ),
        ("a number with a dot as a name", one("contexts:\n- {name: 1.29, context: {cluster: c, user: u}}\n")),
        (
            "explicit tags",
            one(
                "contexts:\n- {name: !!str 5, context: {cluster: !!str yes, user: !!binary aGk=}}\n- {name: b, context: {cluster: !own x, user: ! 7}}\n",
            ),
        ),
        ("tags that do not fit", one("contexts:\n- {name: !!int x, context: {cluster: c, user: u}}\n")),
        ("CRLF", one(&BASE.replace('\n', "\r\n"))),
        ("a byte order mark", one(&format!("\u{feff}{BASE}"))),
        ("tabs where blanks may be", one("contexts:\t\n- name:\ta\n  context:\t{cluster:\tc,\tuser:\tu}\t# comment\n")),
        ("tabs as indentation", one("contexts:\n- name: a\n\tcontext: {}\n")),
        (
            "block scalars",
            one(
                "users:\n- name: u\n  user:\n    client-certificate-data: |\n      QUJD\n      REVG\n    client-key-data: >-\n      R0hJ\n    token: |-\n      to\n      ken\ncontexts:\n- name: a\n  context:\n    cluster: |\n      c\n    user: u\n",
            ),
        ),
        (
            "a block scalar at the end without a line end",
            one("contexts:\n- name: a\n  context:\n    user: u\n    cluster: |\n      c"),
        ),
        (
            "long folded lines",
            one(
                "contexts:\n- name: a\n  context: {cluster: \"one\n    two\\\n    three\", user: plain words\n    over lines}\n",
            ),
        ),
        ("two documents", one(&format!("{BASE}---\n{SECOND}"))),
        ("two documents, the first empty", one(&format!("---\n---\n{SECOND}"))),
        ("an explicit document with its end", one(&format!("%YAML 1.1\n---\n{BASE}...\n"))),
        (
            "unknown fields everywhere",
            one(
                "x-own: {deep: [1, 2.5, yes, null]}\nclusters:\n- {name: c, cluster: {server: s, x: 1}, y: 2}\ncontexts:\n- {name: a, context: {cluster: c, user: u, z: [1]}, w: {}}\nusers:\n- {name: u, user: {token: t, v: 3}}\ncurrent-context: a\n",
            ),
        ),
        (
            "extensions",
            one(
                "extensions:\n- {name: e, extension: {k: v, n: 1, b: yes}}\nclusters:\n- {name: c, cluster: {server: s, extensions: [{name: minikube.sigs.k8s.io, extension: {last-update: 'Mon', version: v1}}]}}\ncontexts:\n- {name: a, context: {cluster: c, user: u, extensions: [{name: x, extension: [1, 2]}]}}\npreferences: {extensions: [{name: p, extension: text}]}\n",
            ),
        ),
        (
            "extensions in two files",
            set(&[
                (
                    "one",
                    "extensions: [{name: e, extension: {from: one}}, {name: f, extension: {from: one}}]\npreferences: {extensions: [{name: p, extension: {from: one}}]}\n",
                ),
                (
                    "two",
                    "extensions: [{name: e, extension: {from: two}}, {name: g, extension: {from: two}}]\npreferences: {colors: true, extensions: [{name: p, extension: {from: two}}, {name: q, extension: {}}]}\n",
                ),
            ]),
        ),
        (
            "exec plugins and providers",
            one(
                "users:\n- {name: e, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], env: [{name: A, value: 'yes'}], interactiveMode: Never}}}\n- {name: o, user: {auth-provider: {name: oidc, config: {client-id: x, id-token: y}}}}\n- {name: i, user: {as: x, as-uid: y, as-groups: [g], as-user-extra: {k: [v]}, token: t}}\n- {name: old, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./rel, args: null, env: null}}}\ncontexts:\n- {name: a, context: {cluster: c, user: e}}\n- {name: b, context: {cluster: c, user: old}}\n",
            ),
        ),
        (
            "nulls where lists and entries belong",
            one(
                "clusters: null\nusers: ~\ncontexts:\n- {name: a, context: }\n- {name: b, context: {cluster: null, user: ~}}\n- name: c\npreferences:\ncurrent-context:\n",
            ),
        ),
        (
            "an entry without a name",
            one("contexts:\n- {context: {cluster: c, user: u}}\n- {name: a, context: {cluster: c, user: u}}\n"),
        ),
        (
            "a name twice in one file",
            one(
                "contexts:\n- {name: a, context: {cluster: c, user: u}}\n- {name: a, context: {cluster: d, user: u}}\n",
            ),
        ),
        ("an extension's name twice", one("extensions: [{name: e, extension: 1}, {name: e, extension: 2}]\n")),
        ("another kind", one("apiVersion: v1\nkind: Secret\n")),
        ("another version", one("apiVersion: v2\nkind: Config\n")),
        ("a list", one("- a\n")),
        ("a word", one("just a word\n")),
        ("a text where a list belongs", one("contexts: a\n")),
        ("a list of words where entries belong", one("contexts: [a]\n")),
        (
            "no base64",
            one(
                "users: [{name: u, user: {client-key-data: '***'}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
            ),
        ),
        ("base64 without padding", one("users: [{name: u, user: {client-key-data: QUI}}]\n")),
        ("an unclosed list", one("contexts: [\n")),
        ("an unknown alias", one("contexts: *nowhere\n")),
        ("not a number", one("x: .nan\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n")),
        ("a null as a key", one("~: 1\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n")),
        (
            "words as keys that are something else",
            one("yes: 1\n5: 2\n'on': 3\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"),
        ),
        (
            "control characters, quotes and other writing systems",
            one(
                "contexts:\n- {name: \"tab\\there\", context: {cluster: \"quo\\\"te\", user: \"花子 ünï\"}}\n- {name: ' blanks ', context: {cluster: 'it''s', user: \"new\\nline\"}}\n- {name: '#no comment', context: {cluster: '- x', user: ': y'}}\n",
            ),
        ),
        ("a broken file beside a good one", set(&[("config", BASE), ("broken", "contexts: [")])),
        (
            "cases of letters matter",
            one("Contexts: [{name: x}]\ncontexts: [{Name: y, name: a, context: {Cluster: c, cluster: d, user: u}}]\n"),
        ),
        (
            "a context in a later file that an earlier one hides",
            set(&[
                ("one", "contexts: [{name: a, context: {cluster: c1, user: u1}}]\n"),
                (
                    "two",
                    "contexts: [{name: a, context: {cluster: c2, user: u2}}, {name: b, context: {cluster: c2, user: u2}}]\ncurrent-context: b\n",
                ),
            ]),
        ),
    ]
}

/// Sets made at random, the same ones each time.
pub(crate) fn generated(count: usize) -> Vec<Set> {
    let mut dice = Dice::new();
    (0..count).map(|_| dice.set()).collect()
}

/// Numbers that look random, the same ones each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    pub(crate) fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }

    fn set(&mut self) -> Set {
        let names = ["one", "two", "deep/three"];
        let count = 1 + self.roll(3);
        names[..count].iter().map(|name| (*name, (self.roll(6) > 0).then(|| self.file()))).collect()
    }

    fn file(&mut self) -> String {
        const NAMES: [&str; 6] = ["a", "b", "'c d'", "\"e\"", "f@g", "h-1"];
        let mut text = String::new();
        let mut order = ["clusters", "users", "contexts"];
        order.swap(0, self.roll(3));
        for list in order {
            let mut names = NAMES.to_vec();
            text.extend([list, ":\n"]);
            for _ in 0..self.roll(4) {
                let name = names.remove(self.roll(names.len()));
                let fields = match list {
                    "clusters" => format!(
                        "server: 'https://{}', certificate-authority: {}",
                        self.roll(9),
                        self.of(&["ca.pem", "../ca.pem", "''"])
                    ),
                    "users" => format!("token: t{}, x-own: {}", self.roll(9), self.of(&["1", "yes", "[a]", "~"])),
                    _ => format!(
                        "cluster: {}, user: {}, namespace: {}",
                        self.of(&NAMES),
                        self.of(&NAMES),
                        self.of(&["ns", "''", "~"])
                    ),
                };
                let word = list.trim_end_matches('s');
                let entry = if self.roll(2) == 0 {
                    format!("- {{name: {name}, {word}: {{{fields}}}}}\n")
                } else {
                    format!("- {word}: {{{fields}}}\n  name: {name}\n")
                };
                text.push_str(&entry);
            }
        }
        if self.roll(3) > 0 {
            text.extend(["current-context: ", self.of(&NAMES), "\n"]);
        }
        text
    }
}
