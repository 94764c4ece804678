//! The house's rules that no lint knows.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn the_domain_knows_no_terminal_no_client_no_clock_and_no_file() {
    let banned = [
        "kube::",
        "tokio",
        "ratatui",
        "crossterm",
        "Utc::now",
        "Local::now",
        "std::fs",
        "std::env",
        "crate::cluster",
        "crate::files",
        "crate::console",
    ];
    for path in sources(&source().join("domain")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in banned {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

/// A permit to write comes from the settings of a connection, of the console's session or of a command, and from nowhere
/// else; what the gate gives out has no other constructor (private fields).
#[test]
fn access_to_writes_is_decided_in_two_places() {
    let mut made = Vec::new();
    for path in sources(&source()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(source()).unwrap().display().to_string();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if code.contains("WriteAccess::new(") && !name.ends_with("tests.rs") {
            made.push(name);
        }
    }
    made.sort();
    assert_eq!(made, ["cluster/connect.rs", "console/state.rs"]);
}

#[test]
fn the_console_writes_to_the_terminal_in_one_place_and_waits_for_the_cluster_in_another() {
    for path in sources(&source().join("console")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        assert!(name == "terminal.rs" || !code.contains("stdout()") || name == "event_loop.rs", "{}", path.display());
        let waits = matches!(name, "runner.rs" | "event_loop.rs" | "handover.rs");
        assert!(waits || !code.contains(".await"), "{} waits", path.display());
    }
}

#[test]
fn no_sentence_of_the_console_names_a_key_by_hand_the_key_table_says_which_one_is_bound() {
    let names = ["Enter", "Esc", "Tab", "Space"];
    let is_key = |word: &str| names.contains(&word) || word.starts_with("Ctrl-");
    for path in sources(&source().join("console")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let tests = path.components().any(|part| part.as_os_str() == "tests") || name == "tests.rs";
        // The table itself, and how keys are read and written.
        if tests || path.extension().is_none_or(|end| end != "rs") || matches!(name, "key.rs" | "keys.rs" | "keymap.rs")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let texts = line.split('"').skip(1).step_by(2);
            let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '-'));
            let named: Vec<_> = words.filter(|word| is_key(word)).collect();
            assert!(named.is_empty(), "{}: {named:?} in {line}", path.display());
        }
    }
}
