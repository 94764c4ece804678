//! What the program is built from, against `deny.toml`: licenses, sources, bans, versions that were yanked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The values between quotes in a list of `deny.toml`.
fn listed(name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let (_, list) = text.split_once(&format!("\n{name} = [")).unwrap();
    // Tables in it have braces and names, never a bracket.
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What cargo says.
fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = command.args(arguments).arg("--locked").current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages that are built for Linux, those for tests too.
fn packages() -> Vec<Value> {
    // The metadata lists what can be built, the tree what is.
    let mut built = BTreeSet::new();
    for target in ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"] {
        let tree = cargo(&["tree", "--target", target, "--edges", "normal,build,dev", "--prefix", "none"]);
        for line in tree.lines() {
            let mut words = line.split(' ');
            let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            built.insert((name.to_owned(), version.trim_start_matches('v').to_owned()));
        }
    }
    let linux = ["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let metadata: Value =
        serde_json::from_str(&cargo(&[&linux[..], &["--filter-platform", "x86_64-unknown-linux-musl"]].concat()))
            .unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let is_built = |package: &Value| built.contains(&(text(package, "name").into(), text(package, "version").into()));
    packages.filter(|package| is_built(package)).cloned().collect()
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

/// Whether an SPDX expression can be fulfilled with these licenses. AND binds more tightly than OR.
fn is_satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let words = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "_WITH_");
    let words: Vec<_> = words.split_whitespace().map(|word| word.replace("_WITH_", " WITH ")).collect();
    let (is_satisfied, rest) = any_of(&words, allowed);
    assert!(rest.is_empty(), "{expression}");
    is_satisfied
}

fn any_of<'a>(mut words: &'a [String], allowed: &BTreeSet<String>) -> (bool, &'a [String]) {
    let mut is_satisfied = false;
    loop {
        let (all, rest) = all_of(words, allowed);
        is_satisfied |= all;
        match rest.split_first() {
            Some((or, rest)) if or == "OR" => words = rest,
            _ => return (is_satisfied, rest),
        }
    }
}

fn all_of<'a>(mut words: &'a [String], allowed: &BTreeSet<String>) -> (bool, &'a [String]) {
    let mut is_satisfied = true;
    loop {
        let (first, mut rest) = words.split_first().unwrap();
        if first == "(" {
            let (any, after) = any_of(rest, allowed);
            is_satisfied &= any;
            assert_eq!(after.first().map(String::as_str), Some(")"));
            rest = &after[1..];
        } else {
            is_satisfied &= allowed.contains(first);
        }
        match rest.split_first() {
            Some((and, rest)) if and == "AND" => words = rest,
            _ => return (is_satisfied, rest),
        }
    }
}

#[test]
fn evaluates_license_expressions() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/Apache-2.0",
        "ISC AND (GPL-3.0 OR MIT)",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0 AND MIT OR ISC",
    ] {
        assert!(is_satisfied(yes, &allowed), "{yes}");
    }
    for no in ["GPL-3.0", "Apache-2.0", "ISC AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "GPL-3.0 OR MPL-2.0 AND MIT"] {
        assert!(!is_satisfied(no, &allowed), "{no}");
    }
}

#[test]
fn every_license_and_source_is_allowed() {
    let allowed = listed("allow");
    let (packages, mut sources) = (packages(), BTreeSet::new());
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages.iter().filter(|package| text(package, "name") != "countersign") {
        let (name, license, source) = (text(package, "name"), text(package, "license"), text(package, "source"));
        assert!(is_satisfied(license, &allowed), "{name}: {license:?} is not allowed by deny.toml");
        // cargo's own registry alone: a second one, or a repository, would have another source.
        sources.insert(source.to_owned());
        assert!(source.starts_with("registry+"), "{name}: {source:?} is not a registry");
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
}

#[test]
fn no_dependency_is_banned_and_duplicates_are_those_in_deny_toml() {
    let (banned, known) = (listed("deny"), listed("skip"));
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let name = text(&package, "name").to_owned();
        assert!(!banned.contains(&name), "{name} is banned by deny.toml");
        versions.entry(name).or_default().insert(text(&package, "version").to_owned());
    }
    let twice: BTreeSet<_> =
        versions.into_iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name).collect();
    assert_eq!(twice, known, "left: what is there in several versions; right: what deny.toml knows of");
}

/// The registry's own record of a crate, as cargo keeps it from the last download; one JSON object a version.
fn record(index: &Path, name: &str) -> Option<Vec<u8>> {
    let name = name.to_lowercase();
    let folder = match name.len() {
        length @ 1..=2 => length.to_string(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    };
    std::fs::read(index.join(".cache").join(folder).join(name)).ok()
}

#[test]
fn no_dependency_is_yanked_in_cargos_index() {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).unwrap();
    let Ok(indices) = std::fs::read_dir(home.join("registry/index")) else {
        eprintln!("LEFT OUT, without cargo's index: versions that were yanked");
        return;
    };
    let indices: Vec<_> = indices.map(|entry| entry.unwrap().path()).collect();
    let mut seen = 0;
    for package in packages() {
        let (name, version) = (text(&package, "name"), text(&package, "version"));
        for bytes in indices.iter().filter_map(|index| record(index, name)) {
            for line in bytes.split(|byte| *byte == 0).filter(|line| line.first() == Some(&b'{')) {
                let line: Value = serde_json::from_slice(line).unwrap();
                // The cache keeps a version in the form that it was published in.
                if line["vers"].as_str().map(|vers| vers.split('+').next()) == Some(version.split('+').next()) {
                    assert_ne!(line["yanked"], true, "{name} {version} was yanked");
                    seen += 1;
                }
            }
        }
    }
    eprintln!("dependencies: {seen} versions known to cargo's index, none yanked");
}
