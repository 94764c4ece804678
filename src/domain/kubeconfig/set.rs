//! Several kubeconfig files as one, as client-go merges them (`tools/clientcmd/loader.go`, `merge.go`): of entries of one
//! name the first file's counts as a whole, the current context is the first that is set, and relative paths lie in the
//! folder of the file that names them.

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::{EntryKind, Kubeconfig, name_of};

/// One file of several.
#[derive(Clone)]
pub(crate) struct Source {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Its folder in full.
    pub folder: PathBuf,
    /// Whether it exists.
    pub exists: bool,
    /// What is in it.
    pub config: Kubeconfig,
}

/// The files of `KUBECONFIG`, or the one of `--kubeconfig`, the most important first.
#[derive(Clone)]
pub struct Kubeconfigs {
    /// The files. There is at least one.
    sources: Vec<Source>,
}

impl Kubeconfigs {
    /// The files in order; `None` where there are none.
    pub(crate) fn new(sources: Vec<Source>) -> Option<Self> {
        (!sources.is_empty()).then_some(Self { sources })
    }

    /// The files in order.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(super) fn source_mut(&mut self, at: usize) -> &mut Kubeconfig {
        &mut self.sources[at].config
    }

    /// The name of the current context, if one is set. There may be no context of that name.
    pub(crate) fn current_context(&self) -> Option<&str> {
        self.sources.iter().find_map(|source| source.config.current_context())
    }

    /// The names of all entries of a kind, each once, in the order of the files.
    pub fn names(&self, kind: EntryKind) -> Vec<&str> {
        let mut names = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for source in &self.sources {
            names.extend(source.config.names(kind).into_iter().filter(|name| seen.insert(*name)));
        }
        names
    }

    /// Which file an entry comes from: the first that has one of that name.
    pub(crate) fn origin(&self, kind: EntryKind, name: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.config.has(kind, name))
    }

    /// The file that an entry comes from.
    pub(crate) fn file(&self, kind: EntryKind, name: &str) -> Option<&Path> {
        self.origin(kind, name).map(|at| self.sources[at].path.as_path())
    }

    /// The fields of an entry as its file has them; `None` where there is no such entry.
    pub fn get(&self, kind: EntryKind, name: &str) -> Option<Mapping> {
        let at = self.origin(kind, name)?;
        Some(self.sources[at].config.get(kind, name).cloned().unwrap_or_default())
    }

    /// The fields of an entry with its paths in full.
    pub(crate) fn resolved(&self, kind: EntryKind, name: &str) -> Option<Mapping> {
        let at = self.origin(kind, name)?;
        let mut fields = self.get(kind, name)?;
        resolve(kind, &mut fields, &self.sources[at].folder);
        Some(fields)
    }

    /// The file that a new entry and the current context go to: the only one, else the first that exists, else the
    /// last (client-go, `tools/clientcmd/config.go`, `GetDefaultFilename`).
    pub(crate) fn default_file(&self) -> usize {
        self.sources.iter().position(|source| source.exists).unwrap_or(self.sources.len() - 1)
    }

    /// The whole as one document, as `kubectl config view --raw` shows it; with `in_full` the paths are absolute, as
    /// clients take them.
    pub fn merged(&self, in_full: bool) -> Kubeconfig {
        let mut merged = Kubeconfig::default();
        for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
            let entries = self.merged_entries(kind, in_full);
            merged.root_mut().insert(kind.list().into(), Value::Sequence(entries));
        }
        merged.set_current_context(self.current_context());
        let mut preferences = Mapping::new();
        if self.preferences().any(|own| own.get("colors") == Some(&Value::Bool(true))) {
            preferences.insert("colors".into(), true.into());
        }
        let extensions = first_of_each_name(self.preferences().filter_map(|own| own.get("extensions")));
        if !extensions.is_empty() {
            preferences.insert("extensions".into(), Value::Sequence(extensions));
        }
        let extensions = first_of_each_name(self.sources.iter().filter_map(|s| s.config.root().get("extensions")));
        let root = merged.root_mut();
        if !preferences.is_empty() {
            root.insert("preferences".into(), Value::Mapping(preferences));
        }
        if !extensions.is_empty() {
            root.insert("extensions".into(), Value::Sequence(extensions));
        }
        merged
    }

    /// The first entry of each name, in one pass: there may be thousands.
    fn merged_entries(&self, kind: EntryKind, in_full: bool) -> Vec<Value> {
        let (mut entries, mut seen) = (Vec::new(), std::collections::HashSet::new());
        for source in &self.sources {
            for entry in source.config.entries(kind).filter(|entry| seen.insert(name_of(entry))) {
                let mut fields = entry.get(kind.word()).and_then(Value::as_mapping).cloned().unwrap_or_default();
                if in_full {
                    resolve(kind, &mut fields, &source.folder);
                }
                let mut merged = Mapping::new();
                merged.insert(kind.word().into(), Value::Mapping(fields));
                merged.insert("name".into(), name_of(entry).into());
                entries.push(Value::Mapping(merged));
            }
        }
        entries
    }

    fn preferences(&self) -> impl Iterator<Item = &Mapping> {
        self.sources.iter().filter_map(|source| source.config.root().get("preferences")?.as_mapping())
    }
}

fn first_of_each_name<'a>(lists: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    let items = lists.filter_map(Value::as_sequence).flatten();
    items.filter(|item| seen.insert(item.get("name").and_then(Value::as_str).unwrap_or_default())).cloned().collect()
}

/// The fields that name a file (client-go, `GetClusterFileReferences`, `GetAuthInfoFileReferences`).
pub(super) const fn file_fields(kind: EntryKind) -> &'static [&'static str] {
    match kind {
        EntryKind::Cluster => &["certificate-authority"],
        EntryKind::User => &["client-certificate", "client-key", "tokenFile"],
        EntryKind::Context => &[],
    }
}

/// Makes the paths in an entry absolute. An exec command is one only if it has a slash in it.
pub(super) fn resolve(kind: EntryKind, fields: &mut Mapping, folder: &Path) {
    for name in file_fields(kind) {
        in_full(fields.get_mut(*name), folder);
    }
    if kind == EntryKind::User
        && let Some(exec) = fields.get_mut("exec").and_then(Value::as_mapping_mut)
        && exec.get("command").and_then(Value::as_str).is_some_and(|command| command.contains('/'))
    {
        in_full(exec.get_mut("command"), folder);
    }
}

fn in_full(field: Option<&mut Value>, folder: &Path) {
    let Some(field) = field else { return };
    let Some(path) = field.as_str().filter(|path| !path.is_empty()) else { return };
    *field = cleaned(&folder.join(path)).into();
}

/// Go's `filepath.Join` leaves no `.` and no `..` that it can take away.
fn cleaned(path: &Path) -> String {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if out.parent().is_some() => {
                out.pop();
            }
            Component::CurDir | Component::ParentDir => {}
            other => out.push(other),
        }
    }
    out.display().to_string()
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Kubeconfigs from texts, as the files `/k/0`, `/k/1`, …; an empty text is a file that is not there.
    pub(crate) fn files(texts: &[&str]) -> Kubeconfigs {
        let source = |(number, text): (usize, &&str)| Source {
            path: format!("/k/{number}").into(),
            folder: "/k".into(),
            exists: !text.is_empty(),
            config: Kubeconfig::parse(text).unwrap(),
        };
        Kubeconfigs::new(texts.iter().enumerate().map(source).collect()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::files;
    use super::*;

    #[test]
    fn the_first_file_wins_with_its_whole_entry_and_paths_lie_beside_it() {
        let all = files(&[
            "users: [{name: a, user: {client-key: ../b/k.pem}}]",
            "users: [{name: a, user: {token: t}}, {name: b, user: {exec: {command: ./x, args: []}}}]\ncurrent-context: c",
            "current-context: d",
        ]);
        assert_eq!(all.names(EntryKind::User), ["a", "b"]);
        assert_eq!(all.current_context(), Some("c"));
        let merged = all.merged(true);
        let a = merged.get(EntryKind::User, "a").unwrap();
        assert_eq!((a.get("client-key"), a.get("token")), (Some(&Value::from("/b/k.pem")), None));
        assert_eq!(merged.get(EntryKind::User, "b").unwrap()["exec"]["command"], "/k/x");
        assert_eq!(all.file(EntryKind::User, "b"), Some(Path::new("/k/1")));
    }

    #[test]
    fn new_entry_is_written_to_the_first_existing_file() {
        assert_eq!(files(&["", "kind: Config", ""]).default_file(), 1);
        assert_eq!(files(&["", ""]).default_file(), 1);
    }
}
