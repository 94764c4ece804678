//! Edits with kubectl's meaning (kubectl, `pkg/cmd/config`; client-go, `ModifyConfig`): each changes the file that its
//! entry comes from, the current context to the default file.

use serde_yaml::Value;

use super::set::Kubeconfigs;
use super::{EntryKind, Kubeconfig};

/// A change to kubeconfigs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `kubectl config use-context`.
    Use(String),
    /// `kubectl config rename-context`.
    Rename {
        old: String,
        /// The name that it gets.
        new: String,
    },
    /// `kubectl config delete-context`.
    Delete {
        /// The context.
        context: String,
        /// Whether its cluster and user go too, where no other context needs them.
        orphans: bool,
    },
    /// `kubectl config set-context --namespace`; an empty one takes it out.
    Namespace {
        /// The context, which must be there.
        context: String,
        /// The namespace.
        namespace: String,
    },
}

impl Kubeconfigs {
    /// Carries an edit out; returns what the user should know besides that it succeeded.
    ///
    /// # Errors
    /// Why it makes no sense; nothing is changed then.
    pub(crate) fn apply(&mut self, edit: &Edit) -> Result<Vec<String>, String> {
        match edit {
            Edit::Use(context) => {
                if context.is_empty() {
                    return Err("a context without a name cannot be the current one".to_owned());
                }
                self.known(context)?;
                self.make_current(context);
                Ok(Vec::new())
            }
            Edit::Rename { old, new } => self.rename(old, new),
            Edit::Delete { context, orphans } => self.delete(context, *orphans),
            Edit::Namespace { context, namespace } => self.set_namespace(context, namespace),
        }
    }

    fn known(&self, context: &str) -> Result<usize, String> {
        self.origin(EntryKind::Context, context).ok_or_else(|| {
            let names = self.names(EntryKind::Context);
            let known = if names.is_empty() { "there is none at all".to_owned() } else { names.join(", ") };
            format!("there is no context {context}; there are: {known}")
        })
    }

    /// Sets the current context, in the default file, unless it is so already.
    pub(crate) fn make_current(&mut self, context: &str) {
        if self.current_context() != Some(context) {
            let at = self.default_file();
            self.source_mut(at).set_current_context(Some(context));
        }
    }

    fn rename(&mut self, old: &str, new: &str) -> Result<Vec<String>, String> {
        let at = self.known(old)?;
        if new.is_empty() {
            return Err("the new name is empty".to_owned());
        }
        if self.origin(EntryKind::Context, new).is_some() {
            return Err(format!("there is a context {new} already"));
        }
        let current = self.current_context().unwrap_or_default() == old;
        self.source_mut(at).rename(EntryKind::Context, old, new);
        if current {
            self.make_current(new);
        }
        Ok(self.shadowed(EntryKind::Context, old))
    }

    fn delete(&mut self, context: &str, orphans: bool) -> Result<Vec<String>, String> {
        let at = self.known(context)?;
        let doomed = if orphans { self.orphans(context) } else { Vec::new() };
        let mut notes = Vec::new();
        self.source_mut(at).remove(EntryKind::Context, context);
        notes.extend(self.shadowed(EntryKind::Context, context));
        for (kind, name) in doomed {
            if let Some(at) = self.origin(kind, &name) {
                self.source_mut(at).remove(kind, &name);
                notes.push(format!("{} {name} went with it", kind.word()));
                notes.extend(self.shadowed(kind, &name));
            }
        }
        if self.current_context() == Some(context) {
            notes.push("it was the current context: no valid one is current now".to_owned());
        }
        Ok(notes)
    }

    /// The cluster and the user of a context that no other context, in any of the files, refers to.
    pub(crate) fn orphans(&self, context: &str) -> Vec<(EntryKind, String)> {
        let Some(fields) = self.get(EntryKind::Context, context) else { return Vec::new() };
        let mut orphans = Vec::new();
        for kind in [EntryKind::Cluster, EntryKind::User] {
            let Some(name) = fields.get(kind.word()).and_then(Value::as_str) else { continue };
            let needed = self.sources().iter().any(|source| refers(&source.config, context, kind, name));
            if !needed && self.origin(kind, name).is_some() {
                orphans.push((kind, name.to_owned()));
            }
        }
        orphans
    }

    fn set_namespace(&mut self, context: &str, namespace: &str) -> Result<Vec<String>, String> {
        if context.is_empty() {
            return Err("a context without a name has no namespace to set; rename it first".to_owned());
        }
        let at = self.known(context)?;
        let config = self.source_mut(at);
        let mut fields = config.get(EntryKind::Context, context).cloned().unwrap_or_default();
        if fields.get("namespace").and_then(Value::as_str).unwrap_or_default() == namespace {
            return Ok(Vec::new());
        }
        if namespace.is_empty() {
            fields.shift_remove("namespace");
        } else {
            fields.insert("namespace".into(), namespace.into());
        }
        config.put(EntryKind::Context, context, fields);
        Ok(Vec::new())
    }

    /// An entry of that name in a file further down, which was hidden until now.
    fn shadowed(&self, kind: EntryKind, name: &str) -> Vec<String> {
        let file = self.file(kind, name).map(|path| path.display().to_string());
        file.map(|file| format!("{file} has another {} {name}, which counts from now on", kind.word()))
            .into_iter()
            .collect()
    }
}

/// Whether a context other than `except` needs an entry.
fn refers(config: &Kubeconfig, except: &str, kind: EntryKind, name: &str) -> bool {
    let others = config.names(EntryKind::Context).into_iter().filter(|context| *context != except);
    others
        .filter_map(|context| config.get(EntryKind::Context, context))
        .any(|fields| fields.get(kind.word()).and_then(Value::as_str) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::super::set::testing::files;
    use super::*;

    const ONE: &str = "contexts: [{name: a, context: {cluster: c, user: u, x-own: 1}}, {name: b, context: {cluster: c, user: w}}]\nclusters: [{name: c}]\nusers: [{name: u}, {name: w}]\ncurrent-context: a";
    const TWO: &str = "contexts: [{name: z, context: {cluster: c, user: w}}, {name: a, context: {cluster: far}}]";

    #[test]
    fn a_rename_stays_in_its_place_and_the_current_context_follows() {
        let mut all = files(&[ONE, TWO]);
        let notes = all.apply(&Edit::Rename { old: "a".into(), new: "first".into() }).unwrap();
        assert_eq!(all.sources()[0].config.names(EntryKind::Context), ["first", "b"]);
        assert_eq!(all.current_context(), Some("first"));
        assert!(notes[0].contains("/k/1 has another context a"), "{notes:?}");
        assert!(all.apply(&Edit::Rename { old: "z".into(), new: "b".into() }).is_err());
    }

    #[test]
    fn deletion_removes_only_unused_entries() {
        let mut all = files(&[ONE, TWO]);
        assert_eq!(all.orphans("a"), [(EntryKind::User, "u".to_owned())]);
        all.apply(&Edit::Delete { context: "a".into(), orphans: true }).unwrap();
        assert_eq!((all.names(EntryKind::User), all.names(EntryKind::Cluster)), (vec!["w"], vec!["c"]));
        assert!(all.apply(&Edit::Use("nope".into())).unwrap_err().contains("no context nope"));
    }

    #[test]
    fn namespace_is_written_to_the_file_of_its_context() {
        let mut all = files(&[ONE, TWO]);
        all.apply(&Edit::Namespace { context: "z".into(), namespace: "dev".into() }).unwrap();
        assert_eq!(all.sources()[1].config.get(EntryKind::Context, "z").unwrap()["namespace"], "dev");
        all.apply(&Edit::Namespace { context: "z".into(), namespace: String::new() }).unwrap();
        assert!(all.get(EntryKind::Context, "z").unwrap().get("namespace").is_none());
        assert_eq!(all.get(EntryKind::Context, "a").unwrap()["x-own"], 1);
    }
}
