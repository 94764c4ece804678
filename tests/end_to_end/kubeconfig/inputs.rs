//! Files as editors, scripts and typing errors leave them: byte by byte, read by us and by kubectl.

use std::path::Path;
use std::process::Command;

use countersign::testing::files::kubeconfig::load_from;
use serde_json::Value;

use super::differential::{difference, for_each, json, kubectl};
use super::sets::{BASE, Dice, SECOND};

/// What we make of a file that kubectl reads.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// The same; and where kubectl refuses it, we do.
    Same,
    /// We refuse it: what it means depends on who reads it.
    Refused,
    /// The same, or we refuse it.
    Either,
}

use Wanted::{Either, Refused, Same};

/// Texts of one file. Each says what is odd about it.
const TEXTS: &[(&str, Wanted, &str)] = &[
    ("only blanks", Same, "  \n\n"),
    ("JSON null", Same, "null"),
    ("JSON with text after it", Same, "{\"current-context\":\"a\"} x"),
    ("two JSON values", Same, "{\"current-context\":\"a\"}{\"current-context\":\"b\"}"),
    ("JSON with a trailing comma", Same, "{\"current-context\":\"a\",}"),
    ("JSON with tabs", Same, "{\n\t\"current-context\":\t\"a\"\n}"),
    ("JSON with a key twice", Same, "{\"current-context\":\"a\",\"current-context\":\"b\"}"),
    ("JSON with surrogates as escapes", Same, "{\"current-context\": \"\\ud83d\\ude00\"}"),
    ("JSON with an escaped slash", Same, "{\"current-context\": \"a\\/b\"}"),
    ("a key twice", Same, "current-context: a\ncurrent-context: b\n"),
    (
        "a list twice",
        Same,
        "clusters: [{name: a, cluster: {server: x}}]\nclusters: [{name: b, cluster: {server: z}}]\n",
    ),
    ("a key of an entry twice", Same, "clusters: [{name: a, cluster: {server: x, server: z}}]\n"),
    ("a merge key twice", Same, "clusters: [{name: a, cluster: {<<: {server: x}, <<: {server: z}}}]\n"),
    ("an unknown key twice", Same, "x: 1\nx: 2\ncurrent-context: a\n"),
    ("a key twice in an extension", Same, "extensions: [{name: e, extension: {a: 1, a: 2}}]\n"),
    ("a number as a server", Same, "clusters: [{name: a, cluster: {server: 5}}]\n"),
    ("a number with an exponent as a server", Same, "clusters: [{name: a, cluster: {server: 1e3}}]\n"),
    ("a date as a server", Same, "clusters: [{name: a, cluster: {server: 2001-01-01}}]\n"),
    ("a mapping of clusters", Same, "clusters: {}\n"),
    ("a text of clusters", Same, "clusters: ''\n"),
    ("a number of clusters", Same, "clusters: 0\n"),
    ("a list of preferences", Same, "preferences: []\n"),
    ("an apiVersion alone", Same, "apiVersion: v1\n"),
    ("a kind alone", Same, "kind: Config\n"),
    ("neither apiVersion nor kind", Same, "current-context: x\n"),
    ("the apiVersion v1beta1", Same, "apiVersion: v1beta1\nkind: Config\ncurrent-context: x\n"),
    ("a number as an apiVersion", Same, "apiVersion: 1\nkind: Config\n"),
    ("the internal apiVersion", Same, "apiVersion: __internal\nkind: Config\ncurrent-context: x\n"),
    ("an apiVersion with a group", Same, "apiVersion: x/v1\nkind: Config\n"),
    ("an apiVersion with an empty group", Same, "apiVersion: /v1\nkind: Config\ncurrent-context: x\n"),
    ("an apiVersion that is a slash", Same, "apiVersion: /\nkind: Config\ncurrent-context: x\n"),
    ("an apiVersion with two slashes", Same, "apiVersion: //v1\nkind: Config\ncurrent-context: x\n"),
    ("an apiVersion with an empty version", Same, "apiVersion: v1/\nkind: Config\n"),
    ("a null apiVersion", Same, "apiVersion:\nkind: Config\ncurrent-context: x\n"),
    ("an apiVersion with a blank", Same, "apiVersion: 'v1 '\nkind: Config\n"),
    ("a kind in small letters", Same, "apiVersion: v1\nkind: config\n"),
    ("a list as a kind", Same, "apiVersion: v1\nkind: []\n"),
    ("the kind Status", Same, "apiVersion: v1\nkind: Status\n"),
    ("another version in other letters", Same, "APIVersion: v2\nkind: Config\n"),
    ("versions in several letters, the right one last", Same, "ApiVersion: v2\napiVersion: v1\nkind: Config\n"),
    ("versions in several letters, the wrong one last", Same, "apiVersion: v1\napiversion: v2\nkind: Config\n"),
    ("another kind in other letters", Same, "Kind: Pod\n"),
    ("another kind in letters that fold", Same, "\u{212a}ind: Pod\n"),
    (
        "an empty tls-server-name",
        Same,
        "clusters: [{name: a, cluster: {server: 'https://x', tls-server-name: \"\"}}]\n",
    ),
    ("a number", Same, "5\n"),
    ("a boolean", Same, "yes\n"),
    ("a second document that is broken", Same, "current-context: a\n---\ncurrent-context: [\n"),
    ("garbage after the end of the document", Same, "current-context: a\n...\ngarbage: [\n"),
    ("a NUL", Same, "current-context: a\0\n"),
    ("a control character", Same, "current-context: \"a\u{1}\"\n"),
    ("DEL", Same, "current-context: \"a\u{7f}\"\n"),
    ("a noncharacter", Same, "current-context: \"\u{ffff}\"\n"),
    ("NEL in quotes", Refused, "current-context: \"a\u{85}b\"\n"),
    ("a line separator", Refused, "current-context: a\u{2028}kind: Config\n"),
    ("a line separator in a comment", Refused, "current-context: a # \u{2028}kind: Pod\n"),
    ("a byte order mark in the second line", Refused, "current-context: a\n\u{feff}kind: Config\n"),
    ("two byte order marks", Refused, "\u{feff}\u{feff}current-context: a\n"),
    ("CR as line ends", Same, "current-context: a\rkind: Config\r"),
    ("tabs as indentation", Same, "clusters:\n- name: a\n\tcluster: {}\n"),
    ("a tab after a colon", Same, "current-context:\ta\n"),
    ("a tab after a dash", Same, "clusters:\n-\tname: a\n"),
    ("a tab on a line of its own", Same, "current-context: a\n\t\nkind: Config\n"),
    ("a tab before a comment", Same, "current-context: a\n\t# c\nkind: Config\n"),
    ("a tab after a value", Same, "current-context: a\t\nkind: Config\t# c\n"),
    ("a tab in a flow mapping", Same, "contexts: [{name: a,\n\tcontext: {user: u}}]\n"),
    ("a blank in base64", Same, "users: [{name: u, user: {client-key-data: \"QU JD\"}}]\n"),
    ("line ends in base64", Same, "users: [{name: u, user: {client-key-data: \"QU\\r\\nJD\"}}]\n"),
    ("empty base64", Same, "users: [{name: u, user: {client-key-data: \"\"}}]\n"),
    ("base64 with bits left over", Same, "users: [{name: u, user: {client-key-data: QUJ=}}]\n"),
    ("bytes instead of base64", Refused, "users: [{name: u, user: {client-key-data: [65, 66]}}]\n"),
    ("a null as an argument", Same, "users: [{name: u, user: {exec: {command: x, args: [null], env: [null]}}}]\n"),
    ("a null of groups", Same, "users: [{name: u, user: {as: x, as-user-extra: {a: null}, as-groups: null}}]\n"),
    (
        "a number in a plugin's settings",
        Same,
        "users: [{name: u, user: {auth-provider: {name: oidc, config: {a: 5}}}}]\n",
    ),
    ("an unknown interactiveMode", Same, "users: [{name: u, user: {exec: {command: x, interactiveMode: Foo}}}]\n"),
    ("keys in other letters", Same, "users: [{name: u, USER: {TOKEN: t}, user: {Token: t}}]\n"),
    ("a text as a boolean", Same, "clusters: [{name: c, cluster: {insecure-skip-tls-verify: \"true\"}}]\n"),
    ("a number as a boolean", Same, "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 1}}]\n"),
    ("a null as a boolean", Same, "clusters: [{name: c, cluster: {insecure-skip-tls-verify: null}}]\n"),
    ("a time as a namespace", Same, "contexts: [{name: c, context: {namespace: 12:30}}]\n"),
    ("a number as a name", Same, "contexts: [{name: 1, context: {namespace: a}}]\n"),
    ("a number as the current context", Same, "current-context: 5\n"),
    ("a null as the current context", Same, "current-context: ~\n"),
    ("a null as a key in an extension", Same, "extensions: [{name: e, extension: {~: d}}]\n"),
    ("keys of several kinds in an extension", Same, "extensions: [{name: e, extension: {1: a, 2.5: b, true: c}}]\n"),
    ("a list as a key", Same, "extensions: [{name: e, extension: {[1]: a}}]\n"),
    ("large numbers", Same, "extensions: [{name: e, extension: {a: 18446744073709551615, c: 1.0, d: 0.5}}]\n"),
    ("a number without end", Same, "x: .inf\n"),
    ("bytes that are no text", Refused, "current-context: !!binary /w==\n"),
    ("a set", Same, "x: !!set {a, b}\ncurrent-context: a\n"),
    ("a tag of its own", Same, "clusters: !foo [{name: a}]\n"),
    ("a tag for texts on a list", Same, "clusters: !!str [{name: a}]\n"),
    ("YAML 1.2", Same, "%YAML 1.2\n---\ncurrent-context: a\n"),
    ("YAML 1.1", Same, "%YAML 1.1\n---\ncurrent-context: a\n"),
    ("a tag directive", Same, "%TAG !e! tag:e,2000:\n---\ncurrent-context: !e!x a\n"),
    ("an unknown directive", Same, "%FOO x\n---\ncurrent-context: a\n"),
    ("a key with a question mark", Same, "? current-context\n: a\n"),
    ("a flow mapping without a blank after the colon", Same, "{current-context:a}\n"),
    ("an address in a flow mapping", Same, "clusters: [{name: c, cluster: {server: https://a:1/x?y#z}}]\n"),
    ("a colon before a text in brackets", Same, "contexts: [{name: :a, context: {user: u}}]\n"),
    ("a colon on another line than its key", Same, "{\"current-context\"\n: \"a\"}\n"),
    ("a key in brackets without a value", Same, "contexts: [{name: a, context: {user\n}}]\n"),
    ("an at sign", Same, "current-context: @a\n"),
    ("a backtick", Same, "current-context: `a\n"),
    ("a percent sign", Same, "current-context: %a\n"),
    ("a bracket too many", Same, "current-context: a]\n"),
    ("a quote that is not closed", Same, "current-context: \"a\n"),
    ("an escape that there is not", Same, "current-context: \"\\z\"\n"),
    ("escapes", Same, "current-context: \"\\x41\\u00e9\\N\\_\\e\\t\"\n"),
    ("a key over two lines", Same, "a\n b: 1\n"),
    ("a block as a key", Same, "? |\n  a\n: 1\ncurrent-context: a\n"),
    ("a colon in a value", Same, "current-context: a: b\n"),
    ("a comment without a blank before it", Same, "current-context: a#b\n"),
    ("a dash without a blank", Same, "clusters:\n-name: a\n"),
    ("an entry indented too little", Same, "clusters:\n  - name: a\n cluster: {}\n"),
    ("an anchor that is not used", Same, "current-context: &a x\nx: *a\n"),
    ("an alias as a key", Same, "x: &a current-context\n*a : b\n"),
    ("a document that ends at once", Same, "...\ncurrent-context: a\n"),
    ("a document on the line of its mark", Same, "--- {current-context: a}\n"),
    ("a block scalar with an indentation indicator", Same, "current-context: |2\n    a\n"),
    ("a block scalar with all line ends", Same, "current-context: |+\n  a\n\n\nkind: Config\n"),
    ("a folded scalar with deeper lines", Same, "current-context: >\n  a\n   b\n  c\n\n  d\n"),
    ("a value on the next line", Same, "current-context:\n  a\n"),
    ("a value on the next line without indentation", Same, "current-context:\na\n"),
    ("single quotes over lines", Same, "current-context: 'a\n\n  b'\n"),
    ("octal digits after 0o", Same, "clusters: [{name: a, cluster: {server: 0o7}}]\n"),
    ("underscores in a number", Same, "contexts: [{name: a, context: {user: 1_000}}]\n"),
    ("a sign alone", Same, "contexts: [{name: a, context: {user: +, cluster: '-', namespace: .}}]\n"),
    ("a dash alone in brackets", Refused, "contexts: [{name: a, context: {user: -, cluster: c}}]\n"),
    ("a dash at the end", Same, "clusters:\n- cluster: {server: s}\n  name: c\n-"),
    ("a dash alone", Same, "contexts:\n- "),
    ("= and <<", Same, "contexts: [{name: =, context: {user: '<<'}}]\n"),
];

/// The same in bytes that are no UTF-8 text.
fn encoded() -> Vec<(String, Wanted, Vec<u8>)> {
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    let (little, big) = (u16::to_le_bytes, u16::to_be_bytes);
    let text = "current-context: 'é花😀'\n";
    let marked = format!("\u{feff}{text}");
    let mut all = vec![
        ("UTF-16, little-endian", Same, utf16(&marked, little)),
        ("UTF-16, big-endian", Same, utf16(&marked, big)),
        ("UTF-16 of a whole kubeconfig", Same, utf16(&format!("\u{feff}{}", BASE.replace('\n', "\r\n")), little)),
        ("UTF-16 of JSON", Same, utf16("\u{feff}{\"current-context\":\"a\"}", little)),
        ("UTF-16 without a mark", Same, utf16(text, little)),
        ("UTF-16 that ends in the middle", Same, [utf16(&marked, little), b"\n".to_vec()].concat()),
        (
            "UTF-16 with half a pair",
            Same,
            [utf16("\u{feff}current-context: 'a", little), vec![0, 0xd8, b'\'', 0]].concat(),
        ),
        ("a UTF-16 mark alone", Same, vec![0xff, 0xfe]),
        ("UTF-32", Same, b"\xff\xfe\0\0c\0\0\0:\0\0\0".to_vec()),
        ("UTF-8 with a mark", Same, marked.clone().into_bytes()),
        ("JSON with a mark", Same, "\u{feff}{\"current-context\":\"a\"}".as_bytes().to_vec()),
        ("Latin-1", Same, b"current-context: \xe9\n".to_vec()),
        ("Latin-1 in a comment", Same, b"current-context: a # \xe9\n".to_vec()),
        ("an overlong encoding", Same, b"current-context: \xc1\x81\n".to_vec()),
        ("a surrogate in UTF-8", Same, b"current-context: \xed\xa0\x80\n".to_vec()),
    ];
    all.extend(TEXTS.iter().map(|(name, wanted, text)| (*name, *wanted, text.as_bytes().to_vec())));
    all.into_iter().map(|(name, wanted, bytes)| (name.to_owned(), wanted, bytes)).collect()
}

/// Files of people with something changed at random, the same ones each time.
fn mutations(count: usize) -> Vec<(String, Wanted, Vec<u8>)> {
    const PIECES: [&str; 40] = [
        "\t", " ", "  ", "\n", "\r\n", ":", ": ", "- ", "-", "#", " #", "'", "\"", "{", "}", "[", "]", ",", ", ",
        "|\n", ">-\n", "&a ", "*a", "!", "!!str ", "? ", "<<: ", "yes", "null", "~", "0x1f", "1e3", "---\n", "...\n",
        "%", "@", "\\", "é", "name: a", "user: {}",
    ];
    let mut dice = Dice::new();
    let bases =
        [BASE, SECOND, "{\"contexts\": [{\"name\": \"a\", \"context\": {\"user\": \"u\"}}], \"kind\": \"Config\"}\n"];
    let mut all = Vec::new();
    while all.len() < count {
        let mut text: Vec<char> = dice.of(&bases).chars().collect();
        let changes = 1 + dice.roll(3);
        for _ in 0..changes {
            let at = dice.roll(text.len().max(1)).min(text.len());
            let end = (at + 1 + dice.roll(4)).min(text.len());
            match dice.roll(5) {
                0 => drop(text.drain(at..end)),
                1 => text.splice(at..at, dice.of(&PIECES).chars()).for_each(drop),
                2 => text.splice(at..end, dice.of(&PIECES).chars()).for_each(drop),
                3 => text.truncate(at.max(1)),
                _ => repeat_line(&mut text, at),
            }
        }
        let text: String = text.into_iter().collect();
        all.push((format!("mutation {}", all.len()), Either, text.into_bytes()));
    }
    all
}

fn repeat_line(text: &mut Vec<char>, at: usize) {
    let begin = text[..at].iter().rposition(|c| *c == '\n').map_or(0, |at| at + 1);
    let end = text[at..].iter().position(|c| *c == '\n').map_or(text.len(), |length| at + length + 1);
    let line = text[begin..end].to_vec();
    text.splice(begin..begin, line).for_each(drop);
}

fn view(kubectl: &Path, folder: &Path, file: &str) -> Result<Value, String> {
    let mut command = Command::new(kubectl);
    command.env_clear().env("HOME", folder).current_dir(folder);
    json(&command.args(["--kubeconfig", file, "config", "view", "--raw", "-o", "json"]).output().unwrap())
}

fn compare((name, wanted, bytes): &(String, Wanted, Vec<u8>), kubectl: &Path) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, bytes).unwrap();
    let theirs = view(kubectl, folder.path(), "config");
    let ours = load_from(std::slice::from_ref(&path)).map_err(|error| error.to_string());
    let shown = || format!("{name}: {:?}", String::from_utf8_lossy(bytes));
    match (ours, theirs) {
        (Err(why), _) if !why.starts_with(&format!("{}: ", path.display())) => vec![format!("{}: {why}", shown())],
        (Err(_), Ok(_)) if *wanted != Same => Vec::new(),
        (Ok(_), Ok(_)) if *wanted == Refused => vec![format!("{}: not refused", shown())],
        (Err(_), Err(_)) => Vec::new(),
        (Err(why), Ok(view)) => vec![format!("{}\n  ours   {why}\n  theirs {view}", shown())],
        (Ok(_), Err(why)) => vec![format!("{}\n  ours   accepted\n  theirs {why}", shown())],
        (Ok(all), Ok(theirs)) => {
            std::fs::write(folder.path().join("merged"), all.merged(false).to_yaml().unwrap()).unwrap();
            let ours = view(kubectl, folder.path(), "merged").unwrap();
            difference(&shown(), &ours, &theirs).into_iter().collect()
        }
    }
}

#[test]
fn every_file_is_read_as_kubectl_reads_it_or_refused_with_its_name() {
    let Some(kubectl) = kubectl() else { return };
    for_each(&encoded(), |input| compare(input, &kubectl));
}

#[test]
fn files_changed_at_random_are_read_as_kubectl_reads_them_or_refused_with_their_names() {
    let Some(kubectl) = kubectl() else { return };
    let inputs = mutations(200);
    for_each(&inputs, |input| compare(input, &kubectl));
    let accepted = inputs.iter().filter(|(_, _, bytes)| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, bytes).unwrap();
        load_from(&[path]).is_ok()
    });
    // What refuses everything would pass.
    assert!(accepted.count() > 40);
}
