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

#[test]
fn the_console_writes_to_the_terminal_in_one_place_and_waits_for_the_cluster_in_another() {
    for path in sources(&source().join("console")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        assert!(name == "terminal.rs" || !code.contains("stdout()") || name == "event_loop.rs", "{}", path.display());
        let waits = matches!(name, "runner.rs" | "event_loop.rs");
        assert!(waits || !code.contains(".await"), "{} waits", path.display());
    }
}
