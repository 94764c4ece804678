//! The top-level modules of the crate import downward only.

use std::collections::BTreeSet;

use super::graph::Graph;

/// Low to high. A module may import those of lower layers; modules of one layer do not import each other.
const LAYERS: &[&[&str]] = &[
    &["error"],
    &["domain", "terminal", "panics"],
    &["config", "keys", "files"],
    &["cluster"],
    &["operations"],
    &["console", "cli", "sandbox"],
    &["lib", "main", "testing"],
];

/// These import nothing of the crate but what is named.
const CLOSED: &[(&str, &[&str])] =
    &[("domain", &["error"]), ("terminal", &[]), ("sandbox", &["domain", "keys", "files", "error"])];

/// Imports that break the rules today, as (from, to).
const ALLOWED: &[(&str, &str)] = &[
    // The command line starts the console and the practice cluster, and reads their settings.
    ("cli", "console"),
    ("cli", "sandbox"),
    ("files", "config"),
];

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("the module {module} has no place in LAYERS"))
}

fn is_permitted(from: &str, to: &str) -> bool {
    let is_closed_to = CLOSED.iter().any(|(closed, open)| *closed == from && !open.contains(&to));
    from == to || layer(to) < layer(from) && !is_closed_to
}

#[test]
fn modules_import_from_lower_layers_only() {
    let graph = Graph::load();
    let (mut found, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for (user, used, _) in graph.edges() {
        let (user, used) = (&graph.files[user], &graph.files[used]);
        let pair = (user.top_module(), used.top_module());
        if is_permitted(pair.0, pair.1) {
            continue;
        }
        if ALLOWED.contains(&pair) {
            found.insert(pair);
        } else {
            wrong.insert(format!("({:?}, {:?}): {} imports {}", pair.0, pair.1, user.path, used.path));
        }
    }
    assert!(wrong.is_empty(), "imports against the layers:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    let unneeded: Vec<_> = ALLOWED.iter().filter(|pair| !found.contains(*pair)).collect();
    assert!(unneeded.is_empty(), "delete from ALLOWED: {unneeded:?}");
}
