//! No import circle spans two folders. Files of one folder, pane or dialog may use each other.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, UseKind};
use super::source::SourceFile;

/// Folders whose subfolders count as part of them; in those that end with a slash it is each subfolder that does.
const UNITS: &[&str] = &["console/panes/", "console/dialogs/", "console/wizard"];

/// Today's circles: the folders of each, largest first. A circle whose folders are all in one entry is accepted.
const ALLOWED: &[&[&str]] = &[];

/// The folder that a file counts as part of.
fn unit(file: &SourceFile) -> &str {
    let folder = file.folder();
    for unit in UNITS {
        if let Some(below) = folder.strip_prefix(unit) {
            let is_whole = !unit.ends_with('/') && (below.is_empty() || below.starts_with('/'));
            let end = if is_whole { unit.len() } else { unit.len() + below.find('/').unwrap_or(below.len()) };
            if is_whole || unit.ends_with('/') {
                return &folder[..end];
            }
        }
    }
    folder
}

/// Strongly connected components of more than one node (Tarjan).
struct Components<'a> {
    uses: &'a [Vec<usize>],
    order: Vec<Option<usize>>,
    lowest: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    visited: usize,
    found: Vec<Vec<usize>>,
}

impl<'a> Components<'a> {
    fn of(uses: &'a [Vec<usize>]) -> Vec<Vec<usize>> {
        let count = uses.len();
        let mut components = Self {
            uses,
            order: vec![None; count],
            lowest: vec![0; count],
            is_open: vec![false; count],
            open: Vec::new(),
            visited: 0,
            found: Vec::new(),
        };
        (0..count).for_each(|node| components.visit(node));
        components.found
    }

    fn visit(&mut self, node: usize) {
        if self.order[node].is_some() {
            return;
        }
        self.order[node] = Some(self.visited);
        self.lowest[node] = self.visited;
        self.visited += 1;
        self.open.push(node);
        self.is_open[node] = true;
        for &used in &self.uses[node] {
            self.visit(used);
            if self.is_open[used] {
                self.lowest[node] = self.lowest[node].min(self.lowest[used]);
            }
        }
        if self.order[node] == Some(self.lowest[node]) {
            let start = self.open.iter().rposition(|open| *open == node).unwrap();
            let component = self.open.split_off(start);
            for node in &component {
                self.is_open[*node] = false;
            }
            if component.len() > 1 {
                self.found.push(component);
            }
        }
    }
}

/// The circles that span two folders or more: by folder the files, each with what it uses within the circle.
fn circles(graph: &Graph) -> Vec<BTreeMap<&str, Vec<String>>> {
    let mut uses = vec![Vec::new(); graph.files.len()];
    for (user, used, kind) in graph.edges() {
        if kind == UseKind::Item {
            uses[user].push(used);
        }
    }
    let mut circles: Vec<_> = Components::of(&uses)
        .into_iter()
        .map(|component| {
            let mut by_unit: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for &file in &component {
                let inside: Vec<_> = uses[file]
                    .iter()
                    .filter(|used| component.contains(used))
                    .map(|used| &*graph.files[*used].path)
                    .collect();
                let text = format!("{} uses {}", graph.files[file].path, inside.join(", "));
                by_unit.entry(unit(&graph.files[file])).or_default().push(text);
            }
            by_unit
        })
        .filter(|by_unit| by_unit.len() > 1)
        .collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

#[test]
fn no_import_circle_spans_two_folders() {
    let graph = Graph::load();
    let (mut found, mut wrong) = (BTreeSet::new(), Vec::new());
    for circle in circles(&graph) {
        let units: Vec<_> = circle.keys().copied().collect();
        if let Some(at) = ALLOWED.iter().position(|allowed| units.iter().all(|unit| allowed.contains(unit))) {
            found.extend(units.into_iter().map(|unit| (at, unit)));
        } else {
            let uses: Vec<_> = circle.into_values().flatten().collect();
            wrong.push(format!("{units:?}\n  {}", uses.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "import circles:\n{}", wrong.join("\n"));
    let entries = ALLOWED.iter().enumerate().flat_map(|(at, units)| units.iter().map(move |unit| (at, *unit)));
    let unneeded: Vec<_> = entries.filter(|entry| !found.contains(entry)).collect();
    assert!(unneeded.is_empty(), "delete from ALLOWED (entry, folder): {unneeded:?}");
}

#[test]
fn a_component_is_a_circle_of_uses() {
    assert_eq!(Components::of(&[vec![1], vec![2], vec![0], vec![0]]), [vec![0, 1, 2]]);
    assert!(Components::of(&[vec![1, 2], vec![2], vec![]]).is_empty());
}
