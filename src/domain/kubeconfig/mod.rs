//! Kubeconfigs: one document read, edited and written back with its order and its unknown fields ([`Kubeconfig`]),
//! and several files merged and edited as kubectl does it ([`set::Kubeconfigs`]).

pub(crate) mod credentials;
pub(crate) mod diagnose;
pub(crate) mod edit;
pub(crate) mod extract;
pub(crate) mod import;
#[cfg(test)]
mod properties;
pub(crate) mod redact;
pub(crate) mod risks;
pub(crate) mod schema;
pub(crate) mod set;

use std::sync::LazyLock;

use serde_yaml::{Mapping, Value};

use super::yaml;

/// A kubeconfig. It may hold keys and tokens, so it has no `Debug`.
#[derive(Clone, PartialEq)]
pub struct Kubeconfig {
    root: Mapping,
    /// YAML documents that follow it in its file. kubectl reads only the first.
    others: Vec<Value>,
    /// What writing it back would lose, such as documents that cannot be read.
    unwritable: Option<String>,
}

/// The three lists of named entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Servers.
    Cluster,
    /// Credentials.
    User,
    /// A cluster with a user.
    Context,
}

impl EntryKind {
    const fn list(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::User => "users",
            Self::Context => "contexts",
        }
    }

    /// The word for one of them, and the key under which an entry has its fields.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::Context => "context",
        }
    }
}

impl Default for Kubeconfig {
    /// An empty one, as kubectl begins it.
    fn default() -> Self {
        let mut root = Mapping::new();
        root.insert("apiVersion".into(), "v1".into());
        root.insert("kind".into(), "Config".into());
        for list in ["clusters", "contexts", "users"] {
            root.insert(list.into(), Value::Sequence(Vec::new()));
        }
        Self { root, others: Vec::new(), unwritable: None }
    }
}

impl Kubeconfig {
    /// Reads YAML or JSON as kubectl does: the first document, words as in YAML 1.1, of duplicate keys the last, and only
    /// what it can read. An empty text is an empty kubeconfig.
    ///
    /// # Errors
    /// What is wrong and in which line. The text is not quoted: it may hold keys.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut read = yaml::read::documents(text)?;
        let first = if read.values.is_empty() { Value::Null } else { read.values.remove(0) };
        let root = match first {
            Value::Null => Self::default().root,
            Value::Mapping(root) => root,
            _ => return Err("it is no kubeconfig: not a mapping".to_owned()),
        };
        schema::check(&root)?;
        let duplicate = |line| format!("line {line}: a key is there twice, and the first value would be lost");
        let broken = |why| format!("what follows its first document would be lost: {why}");
        let unwritable = read.duplicate.map(duplicate).or(read.broken.map(broken));
        Ok(Self { root, others: read.values, unwritable })
    }

    /// As YAML, with the documents that follow it.
    ///
    /// # Errors
    /// Where a part of it has no form in YAML, or something of its text would be lost: documents that could not be read,
    /// a key that was there twice.
    pub fn to_yaml(&self) -> Result<String, String> {
        if let Some(why) = &self.unwritable {
            return Err(why.clone());
        }
        let unwritable = |_| "it cannot be written as YAML".to_owned();
        let mut text = yaml::to_string(&self.root).map_err(unwritable)?;
        for other in &self.others {
            text = text + "---\n" + &yaml::to_string(other).map_err(unwritable)?;
        }
        Ok(text)
    }

    /// [`Self::to_yaml`], but where possible as a change of the `text` that reads as `old`, so that comments and layout
    /// stay; returns whether that was possible.
    ///
    /// # Errors
    /// As there.
    pub fn to_yaml_like(&self, text: &str, old: &Self) -> Result<(String, bool), String> {
        let whole = self.to_yaml()?;
        if self.others.is_empty() && old.others.is_empty() {
            let (before, after) = (Value::Mapping(old.root.clone()), Value::Mapping(self.root.clone()));
            let patched = yaml::patch::patched(text, &before, &after);
            if let Some(patched) = patched.filter(|text| Self::parse(text).is_ok_and(|read| read == *self)) {
                return Ok((patched, true));
            }
        }
        Ok((whole, false))
    }

    /// The whole document.
    pub(crate) const fn root(&self) -> &Mapping {
        &self.root
    }

    fn root_mut(&mut self) -> &mut Mapping {
        &mut self.root
    }

    /// The document without its clusters, users and contexts.
    #[must_use]
    fn without_entries(mut self) -> Self {
        for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
            self.root.insert(kind.list().into(), Value::Sequence(Vec::new()));
        }
        self
    }

    /// The current context's name, if one is set.
    pub fn current_context(&self) -> Option<&str> {
        self.root.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// Makes a context the current one; `None` unsets it.
    pub fn set_current_context(&mut self, name: Option<&str>) {
        self.root.insert("current-context".into(), name.unwrap_or_default().into());
    }

    /// The names in a list, in order.
    pub fn names(&self, kind: EntryKind) -> Vec<&str> {
        self.entries(kind).map(name_of).collect()
    }

    /// Whether there is an entry of that name.
    pub fn has(&self, kind: EntryKind, name: &str) -> bool {
        self.entries(kind).any(|entry| named(entry, name))
    }

    /// The fields of an entry that has some.
    pub fn get(&self, kind: EntryKind, name: &str) -> Option<&Mapping> {
        self.entries(kind).find(|entry| named(entry, name))?.get(kind.word())?.as_mapping()
    }

    /// The entries of a list. A null, such as after a dash at the end of a file, is one without a name and fields, as
    /// kubectl reads it.
    fn entries(&self, kind: EntryKind) -> impl Iterator<Item = &Mapping> {
        static NOTHING: LazyLock<Mapping> = LazyLock::new(Mapping::new);
        let entry = |value: &'_ Value| if value.is_null() { Some(&*NOTHING) } else { None };
        let items = self.root.get(kind.list()).and_then(Value::as_sequence).into_iter().flatten();
        items.filter_map(move |value| value.as_mapping().or_else(|| entry(value)))
    }

    /// Puts an entry in: in the place of the one of that name, else at the end.
    pub fn put(&mut self, kind: EntryKind, name: &str, fields: Mapping) {
        let list = self.root.entry(kind.list().into()).or_insert(Value::Null);
        if !list.is_sequence() {
            *list = Value::Sequence(Vec::new());
        }
        let Some(list) = list.as_sequence_mut() else { return };
        let entries = list.iter_mut().filter_map(Value::as_mapping_mut);
        if let Some(entry) = entries.into_iter().find(|entry| named(entry, name)) {
            entry.insert(kind.word().into(), Value::Mapping(fields));
            return;
        }
        let mut entry = Mapping::new();
        entry.insert(kind.word().into(), Value::Mapping(fields));
        entry.insert("name".into(), name.into());
        list.push(Value::Mapping(entry));
    }

    /// Takes the entries of that name out.
    pub fn remove(&mut self, kind: EntryKind, name: &str) {
        if let Some(Value::Sequence(list)) = self.root.get_mut(kind.list()) {
            list.retain(|entry| entry.as_mapping().map_or(!name.is_empty(), |entry| !named(entry, name)));
        }
    }

    /// Gives an entry another name, in its place.
    pub(crate) fn rename(&mut self, kind: EntryKind, old: &str, new: &str) {
        let list = self.root.get_mut(kind.list()).and_then(Value::as_sequence_mut);
        let entries = list.into_iter().flatten().filter_map(Value::as_mapping_mut);
        if let Some(entry) = entries.into_iter().find(|entry| named(entry, old)) {
            entry.insert("name".into(), new.into());
        }
    }
}

/// An entry's name; kubectl reads a missing one as empty.
fn name_of(entry: &Mapping) -> &str {
    entry.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn named(entry: &Mapping, name: &str) -> bool {
    name_of(entry) == name
}

/// Whether a kubeconfig's text has comment lines: writing it back would lose them.
pub(crate) fn has_comments(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests;
