//! Sets of fields, as `metadata.managedFields` writes them (`FieldsV1`, sigs.k8s.io/structured-merge-diff).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A set of paths. A step is `f:NAME`, `k:{"KEY":"VALUE"}` or `v:VALUE`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    /// Whether the path to here is in the set.
    member: bool,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Adds a path.
    pub(crate) fn insert(&mut self, path: &[String]) {
        let mut at = self;
        for step in path {
            at = at.children.entry(step.clone()).or_default();
        }
        at.member = true;
    }

    /// Whether it has no path.
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// The set below a step, if any.
    pub(crate) fn below(&self, step: &str) -> Option<&Self> {
        self.children.get(step)
    }

    /// Whether the path to here is in the set.
    pub(crate) fn is_member(&self) -> bool {
        self.member
    }

    /// What is in either.
    #[must_use]
    pub(crate) fn union(mut self, other: &Self) -> Self {
        self.member |= other.member;
        for (step, theirs) in &other.children {
            let ours = self.children.remove(step).unwrap_or_default();
            self.children.insert(step.clone(), ours.union(theirs));
        }
        self
    }

    /// What is here and not in `other`.
    #[must_use]
    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.member &= !other.member;
        let children = std::mem::take(&mut self.children);
        let kept = children.into_iter().map(|(step, ours)| {
            let left = match other.children.get(&step) {
                Some(theirs) => ours.without(theirs),
                None => ours,
            };
            (step, left)
        });
        self.children = kept.filter(|(_, left)| !left.is_empty()).collect();
        self
    }

    /// What is in both.
    #[must_use]
    pub(crate) fn common(&self, other: &Self) -> Self {
        let both = self.children.iter().filter_map(|(step, ours)| {
            let common = ours.common(other.children.get(step)?);
            (!common.is_empty()).then(|| (step.clone(), common))
        });
        Self { member: self.member && other.member, children: both.collect() }
    }

    /// Takes a path out with everything below it.
    pub(crate) fn remove_below(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => {
                self.children.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.remove_below(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// Takes one path out and leaves what is below it.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        match path {
            [] => self.member = false,
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.remove(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// As `fieldsV1`.
    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        map.extend(self.children.iter().map(|(step, child)| (step.clone(), child.to_json())));
        Value::Object(map)
    }

    /// From `fieldsV1`; `None` where it is none.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let mut set = Self::read(json)?;
        set.member = false;
        Some(set)
    }

    fn read(json: &Value) -> Option<Self> {
        let map = json.as_object()?;
        let children = map.iter().filter(|(step, _)| *step != ".");
        let children: Option<BTreeMap<_, _>> =
            children.map(|(step, child)| Some((step.clone(), Self::read(child)?))).collect();
        let children = children?;
        Some(Self { member: children.is_empty() || map.contains_key("."), children })
    }

    /// The paths in readable form: `.metadata.labels.app`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths(&mut String::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &mut String, paths: &mut Vec<String>) {
        if self.member {
            paths.push(prefix.clone());
        }
        for (step, child) in &self.children {
            let length = prefix.len();
            match step.split_once(':') {
                Some(("f", name)) => prefix.extend([".", name]),
                Some((_, value)) => prefix.extend(["[", value.trim_matches(['{', '}']), "]"]),
                None => {}
            }
            child.collect_paths(prefix, paths);
            prefix.truncate(length);
        }
    }
}
