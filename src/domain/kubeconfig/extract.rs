//! Self-contained kubeconfigs: referenced files embedded (`kubectl config view --flatten`), one context alone
//! (`--minify`).

use std::path::Path;

use base64::Engine;
use serde_yaml::{Mapping, Value};

use super::set::{Kubeconfigs, resolve};
use super::{Kind, Kubeconfig};

/// Reads a file that a kubeconfig refers to.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> Result<Vec<u8>, String>;

/// The fields that name a file whose content can stand in the kubeconfig itself.
const EMBEDDABLE: [(Kind, &str, &str); 3] = [
    (Kind::Cluster, "certificate-authority", "certificate-authority-data"),
    (Kind::User, "client-certificate", "client-certificate-data"),
    (Kind::User, "client-key", "client-key-data"),
];

impl Kubeconfigs {
    /// One context with its cluster and user, all files embedded, and made the current one. What cannot be embedded (a
    /// token's file, a command) is named by its full path.
    ///
    /// # Errors
    /// Which part of it is missing or cannot be read.
    pub fn extract(&self, context: &str, read: ReadFile<'_>) -> Result<Kubeconfig, String> {
        let fields = self.get(Kind::Context, context).ok_or_else(|| format!("there is no context {context}"))?;
        let mut alone = self.merged(true).without_entries();
        for kind in [Kind::Cluster, Kind::User] {
            let Some(name) = fields.get(kind.word()).and_then(Value::as_str).filter(|name| !name.is_empty()) else {
                continue;
            };
            let missing = || format!("context {context} names the {} {name}, which is nowhere", kind.word());
            let mut entry = self.resolved(kind, name).ok_or_else(missing)?;
            embed(kind, &mut entry, read).map_err(|why| format!("{} {name}: {why}", kind.word()))?;
            alone.put(kind, name, entry);
        }
        alone.put(Kind::Context, context, fields);
        alone.set_current_context(Some(context));
        Ok(alone)
    }

    /// One context with what there is of its cluster and user, as they stand in their files.
    pub fn minified(&self, context: &str) -> Kubeconfig {
        let mut alone = self.merged(false).without_entries();
        let fields = self.get(Kind::Context, context).unwrap_or_default();
        for kind in [Kind::Cluster, Kind::User] {
            let name = fields.get(kind.word()).and_then(Value::as_str).unwrap_or_default();
            if let Some(entry) = self.get(kind, name) {
                alone.put(kind, name, entry);
            }
        }
        alone.put(Kind::Context, context, fields);
        alone.set_current_context(Some(context));
        alone
    }

    /// Embeds the files that a context's cluster and user refer to, in the files that they come from. Tells what was
    /// embedded.
    ///
    /// # Errors
    /// What is missing or cannot be read; nothing is changed then.
    pub fn embed(&mut self, context: &str, read: ReadFile<'_>) -> Result<Vec<String>, String> {
        let fields = self.get(Kind::Context, context).ok_or_else(|| format!("there is no context {context}"))?;
        let mut done = Vec::new();
        let mut entries = Vec::new();
        for kind in [Kind::Cluster, Kind::User] {
            let Some(name) = fields.get(kind.word()).and_then(Value::as_str) else { continue };
            let Some(at) = self.origin(kind, name) else { continue };
            let mut entry = self.get(kind, name).unwrap_or_default();
            let folder = &self.sources()[at].folder;
            let from_folder = |path: &Path| read(&folder.join(path));
            let embedded =
                embed(kind, &mut entry, &from_folder).map_err(|why| format!("{} {name}: {why}", kind.word()))?;
            done.extend(embedded.into_iter().map(|path| format!("embedded {path}")));
            entries.push((at, kind, name.to_owned(), entry));
        }
        for (at, kind, name, entry) in entries {
            self.source_mut(at).put(kind, &name, entry);
        }
        Ok(done)
    }
}

/// Puts the content of the files that an entry names in their place; tells which. Where both are there the content
/// counts, as it does for clients (client-go, `rest/config.go`, `dataFromSliceOrFile`).
///
/// # Errors
/// Which file cannot be read.
pub fn embed(kind: Kind, entry: &mut Mapping, read: ReadFile<'_>) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    for (_, file, data) in EMBEDDABLE.iter().filter(|(of, ..)| *of == kind) {
        let Some(path) = entry.get(*file).and_then(Value::as_str).filter(|path| !path.is_empty()) else { continue };
        let path = path.to_owned();
        let there = entry.get(*data).and_then(Value::as_str).is_some_and(|data| !data.is_empty());
        if !there {
            let bytes = read(Path::new(&path)).map_err(|why| format!("{path}: {why}"))?;
            entry.insert((*data).into(), base64::engine::general_purpose::STANDARD.encode(bytes).into());
            done.push(path);
        }
        entry.shift_remove(*file);
    }
    Ok(done)
}

/// Makes the entries of a file that lies in `folder` mean the same in any other file: paths in full, and what can be
/// read embedded. Tells what could not be.
pub fn detach(config: &mut Kubeconfig, folder: &Path, read: ReadFile<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for kind in [Kind::Cluster, Kind::User] {
        let names: Vec<_> = config.names(kind).into_iter().map(str::to_owned).collect();
        for name in names {
            let Some(mut entry) = config.get(kind, &name).cloned() else { continue };
            resolve(kind, &mut entry, folder);
            let in_full = entry.clone();
            if let Err(why) = embed(kind, &mut entry, read) {
                notes.push(format!("{} {name} still needs a file: {why}", kind.word()));
                entry = in_full;
            }
            config.put(kind, &name, entry);
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::set::testing::files;
    use super::*;

    const TEXT: &str = "clusters: [{name: c, cluster: {server: 'https://c', certificate-authority: ca.pem, x-own: 1}}, {name: d}]\nusers: [{name: u, user: {client-certificate: u.crt, client-key: u.key, client-key-data: S0VZ, tokenFile: t}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}, {name: half, context: {cluster: c, user: nobody}}]\nextensions: [{name: e, extension: {}}]";

    fn read(path: &Path) -> Result<Vec<u8>, String> {
        if path.starts_with("/k") { Ok(b"PEM".to_vec()) } else { Err("it is not there".to_owned()) }
    }

    #[test]
    fn a_context_alone_needs_no_other_file_for_its_certificates() {
        let alone = files(&[TEXT]).extract("a", &read).unwrap();
        assert_eq!((alone.names(Kind::Cluster), alone.names(Kind::User)), (vec!["c"], vec!["u"]));
        let cluster = alone.get(Kind::Cluster, "c").unwrap();
        assert_eq!((&cluster["certificate-authority-data"], &cluster["x-own"]), (&"UEVN".into(), &1.into()));
        let user = alone.get(Kind::User, "u").unwrap();
        assert_eq!((&user["client-key-data"], &user["tokenFile"]), (&"S0VZ".into(), &"/k/t".into()));
        assert!(user.get("client-key").is_none() && alone.current_context() == Some("a"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = files(&[TEXT]);
        assert!(all.extract("half", &read).err().unwrap().contains("the user nobody, which is nowhere"));
        let gone = |_: &Path| Err("it is not there".to_owned());
        assert!(all.extract("a", &gone).err().unwrap().contains("/k/ca.pem: it is not there"));
    }

    #[test]
    fn embedding_changes_the_entries_where_they_are() {
        let mut all = files(&["kind: Config", TEXT]);
        assert_eq!(all.embed("a", &read).unwrap(), ["embedded ca.pem", "embedded u.crt"]);
        assert!(all.sources()[1].config.get(Kind::User, "u").unwrap().get("client-certificate").is_none());
        assert!(all.sources()[0].config.names(Kind::User).is_empty());
    }
}
