//! Words of the style guide: names and comments use the terms of the field.

use std::collections::BTreeMap;

use super::lexer::{Piece, PieceKind, pieces, script_pieces};
use super::source::{files_below, root};

/// Where a word is looked for.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Scope {
    Everywhere,
    Names,
}
use Scope::{Everywhere, Names};

/// Words and phrases that are not used, where, and what is written instead.
const FORBIDDEN: [(&str, Scope, &str); 26] = [
    ("somebody", Everywhere, "a user, another client, the attacker"),
    ("nobody", Everywhere, "no user, no client"),
    ("whom", Everywhere, "name the user or client"),
    ("anew", Everywhere, "again, in full, retry, relist"),
    ("meanwhile", Everywhere, "in between, concurrently, since then"),
    ("told", Everywhere, "reported, notified, printed, informed by"),
    ("tell", Names, "report, print, notify, describe"),
    ("tells", Names, "reports, prints, notifies, describes"),
    ("said", Everywhere, "reported, stated, printed"),
    ("heard", Everywhere, "received, handled"),
    ("hear", Everywhere, "receive, handle"),
    ("hears", Everywhere, "receives, handles, dispatch"),
    ("by hand", Everywhere, "manually, with kubectl"),
    ("all the same", Everywhere, "nevertheless, still"),
    ("goes", Everywhere, "is sent, is passed, is removed, continues"),
    ("stands", Everywhere, "is, is written, is listed"),
    ("blanks", Everywhere, "spaces, whitespace"),
    ("house", Everywhere, "crate, organization"),
    ("room", Everywhere, "pane; space, width, height, capacity"),
    ("rooms", Everywhere, "panes"),
    ("story", Everywhere, "end-to-end test, scenario"),
    ("stories", Everywhere, "end-to-end tests, scenarios"),
    ("town", Everywhere, "cluster, fixture cluster"),
    ("taken back", Everywhere, "undone, released, revoked"),
    ("gone on with", Everywhere, "resumed, continued"),
    ("of its own", Everywhere, "own, separate, dedicated"),
];

/// How often a folder uses such words today, at most. The other folders of `src` and `tests` use none.
const ALLOWED: &[(&str, usize)] = &[
    // Texts of --help.
    ("src/cli", 2),
    ("src/cli/kubeconfig", 1),
];

/// The words of a name or a comment, in lower case, with a space before and behind each.
fn normalized(piece: &Piece) -> String {
    let mut words = String::from(" ");
    let mut previous = ' ';
    let mut chars = piece.text.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins_hump = c.is_uppercase() && (previous.is_lowercase() || previous.is_uppercase() && next_is_lower);
        if !c.is_alphanumeric() || begins_hump {
            words.push(' ');
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
        previous = c;
    }
    let joined = words.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(" {joined} ")
}

/// `file:line: "word" in name: write …` for each use in a file.
fn findings(name: &str, pieces: &[Piece]) -> Vec<String> {
    let patterns = FORBIDDEN.map(|(word, _, _)| format!(" {word} "));
    let mut found = Vec::new();
    for piece in pieces {
        let text = normalized(piece);
        for ((word, scope, instead), pattern) in FORBIDDEN.iter().zip(&patterns) {
            if *scope == Names && piece.kind != PieceKind::Name {
                continue;
            }
            let count = text.matches(pattern.as_str()).count();
            if count == 0 {
                continue;
            }
            let place = match piece.kind {
                PieceKind::Name => format!("the name {}", piece.text),
                PieceKind::Comment => "a comment that begins here".to_owned(),
            };
            let finding = format!("{name}:{}: \"{word}\" in {place}: write {instead}", piece.line);
            found.extend(std::iter::repeat_n(finding, count));
        }
    }
    found
}

/// The findings in `src` and `tests`, by folder.
fn findings_by_folder() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in ["src", "tests"].iter().flat_map(|top| files_below(&root().join(top))) {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let read = match path.extension().and_then(|end| end.to_str()) {
            // The list above names the words.
            Some("rs") if name.ends_with("structure/words.rs") => continue,
            Some("rs" | "go") => pieces(&text),
            Some("py" | "sh") => script_pieces(&text),
            None if text.starts_with("#!") => script_pieces(&text),
            _ => continue,
        };
        let folder = name.rsplit_once('/').unwrap().0.to_owned();
        found.entry(folder).or_default().extend(findings(&name, &read));
    }
    found.retain(|_, findings| !findings.is_empty());
    found
}

#[test]
fn names_and_comments_use_the_terms_of_the_style_guide() {
    let found = findings_by_folder();
    let allowed = |folder: &str| ALLOWED.iter().find(|(name, _)| *name == folder).map_or(0, |(_, count)| *count);
    let wrong: Vec<_> = found.iter().filter(|(folder, findings)| findings.len() > allowed(folder)).collect();
    let list = wrong.iter().flat_map(|(_, findings)| findings.iter().map(String::as_str)).collect::<Vec<_>>();
    let counts: Vec<_> =
        found.iter().map(|(folder, findings)| format!("    ({folder:?}, {}),", findings.len())).collect();
    assert!(wrong.is_empty(), "{}\n\nnow in use:\n{}", list.join("\n"), counts.join("\n"));
    let unneeded: Vec<_> = ALLOWED.iter().filter(|(folder, _)| !found.contains_key(*folder)).collect();
    assert!(unneeded.is_empty(), "delete from ALLOWED: {unneeded:?}");
}

#[test]
fn names_are_split_at_underscores_and_humps() {
    let name = |text: &str| normalized(&Piece { line: 1, text: text.into(), kind: PieceKind::Name });
    assert_eq!(name("made_by_hand"), " made by hand ");
    assert_eq!(name("TownHTTPServer2"), " town http server2 ");
    let comment = Piece { line: 1, text: " with a key of\n its own, ".into(), kind: PieceKind::Comment };
    assert_eq!(findings("x", &[comment]).len(), 1);
}
