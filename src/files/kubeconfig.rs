//! The kubeconfig on disk: which file, and editing it safely.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;

use super::lock::Lock;
use super::{Error, atomic, folders};
use crate::domain::kubeconfig::{Kubeconfig, has_comments};

/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A kubeconfig larger than this is not one.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The previous file's copy, where there was one and something changed.
    pub backup: Option<PathBuf>,
    /// Whether comments were lost (the backup has them).
    pub comments_lost: bool,
}

/// The files that kubectl reads: those of `KUBECONFIG`, else `~/.kube/config` (client-go, `tools/clientcmd/loader.go`).
pub fn search_path() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let listed: Vec<_> = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if listed.is_empty() { folders::home().map(|home| home.join(".kube/config")).into_iter().collect() } else { listed }
}

/// The file that kubectl writes a new entry to: `--kubeconfig`, else the first of the search path that exists, else
/// the last of it (client-go, `tools/clientcmd/config.go`, `GetDefaultFilename`).
///
/// # Errors
/// [`Error::NoHome`] where there is neither.
pub fn for_new_entries(explicit: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    let paths = search_path();
    paths.iter().find(|path| path.exists()).or(paths.last()).cloned().ok_or(Error::NoHome)
}

/// The kubeconfig in a file; an empty one where there is no file.
///
/// # Errors
/// [`Error::Content`] where it is none, [`Error::Io`].
pub fn read(path: &Path) -> Result<Kubeconfig, Error> {
    parse(path, &text(path)?.unwrap_or_default())
}

/// Changes a kubeconfig under kubectl's lock: the old file stays as a backup, the new one takes its place whole and
/// is for its owner alone, and a link stays a link. Where nothing changes, nothing is written. Blocks.
///
/// # Errors
/// [`Error::Locked`], [`Error::Content`], [`Error::Raced`], [`Error::Io`]; the file is as before then.
pub fn edit(path: &Path, change: impl Fn(&mut Kubeconfig)) -> Result<Edited, Error> {
    let path = followed(path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        folders::make_private(folder)?;
    }
    let _lock = Lock::take(&path, PATIENCE)?;
    let before = text(&path)?;
    let old = parse(&path, before.as_deref().unwrap_or_default())?;
    let mut new = old.clone();
    change(&mut new);
    if new == old && before.is_some() {
        return Ok(Edited { backup: None, comments_lost: false });
    }
    let yaml = new.to_yaml().map_err(|why| Error::Content { path: path.clone(), why })?;
    let backup = before.as_deref().map(|text| back_up(&path, text)).transpose()?;
    if text(&path)? != before {
        return Err(Error::Raced(path));
    }
    atomic::write_private(&path, yaml.as_bytes())?;
    Ok(Edited { backup, comments_lost: before.is_some_and(|text| has_comments(&text)) })
}

fn parse(path: &Path, text: &str) -> Result<Kubeconfig, Error> {
    Kubeconfig::parse(text).map_err(|why| Error::Content { path: path.to_owned(), why })
}

/// The file that a link leads to, so that the link stays.
fn followed(path: &Path) -> Result<PathBuf, Error> {
    if path.is_symlink() && path.exists() { path.canonicalize().map_err(Error::io(path)) } else { Ok(path.to_owned()) }
}

fn text(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            return Err(Error::Content { path: path.to_owned(), why: "it is not a file".to_owned() });
        }
        Ok(meta) if meta.len() > LARGEST => {
            return Err(Error::Content { path: path.to_owned(), why: "it is too large for a kubeconfig".to_owned() });
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path)(error)),
    }
    std::fs::read_to_string(path).map(Some).map_err(Error::io(path))
}

/// A copy beside the file, named by the second, made unique.
fn back_up(path: &Path, text: &str) -> Result<PathBuf, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let moment = Utc::now().format("%Y%m%d-%H%M%S");
    let mut backup = path.with_file_name(format!("{name}.{moment}.bak"));
    let mut number = 1;
    while backup.exists() {
        number += 1;
        backup = path.with_file_name(format!("{name}.{moment}-{number}.bak"));
    }
    atomic::write_private(&backup, text.as_bytes())?;
    Ok(backup)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_yaml::Mapping;

    use super::*;
    use crate::domain::kubeconfig::Kind;

    #[test]
    fn an_edit_keeps_a_backup_and_closes_the_file_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let old = "# mine\nclusters: []\nx: 1\n";
        std::fs::write(&path, old).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let edited = edit(&path, |config| config.put(Kind::Context, "jane", Mapping::new())).unwrap();
        assert_eq!(std::fs::read_to_string(edited.backup.unwrap()).unwrap(), old);
        assert!(edited.comments_lost);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().names(Kind::Context), ["jane"]);
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 2, "no lock and no half file is left: {files:?}");
    }

    #[test]
    fn a_link_stays_a_link_and_a_missing_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real/config"), folder.path().join("link"));
        edit(&real, |config| config.set_current_context(Some("a"))).unwrap();
        symlink(&real, &link).unwrap();
        edit(&link, |config| config.set_current_context(Some("b"))).unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&real).unwrap().current_context(), Some("b"));
    }

    #[test]
    fn where_nothing_changes_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "# as I like it\ncurrent-context:   x\n").unwrap();
        let edited = edit(&path, |config| config.set_current_context(Some("x"))).unwrap();
        assert_eq!(edited.backup, None);
        assert!(std::fs::read_to_string(&path).unwrap().contains("as I like it"));
    }

    #[test]
    fn a_file_that_is_no_kubeconfig_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "users: [").unwrap();
        let error = edit(&path, |config| config.set_current_context(Some("x"))).unwrap_err();
        assert!(error.to_string().contains("line"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "users: [");
        assert!(!folder.path().join("config.lock").exists());
    }

    #[test]
    fn many_writers_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for n in 0..5 {
                        edit(path, |config| config.put(Kind::Context, &format!("{writer}-{n}"), Mapping::new()))
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&path).unwrap().names(Kind::Context).len(), 20);
    }
}
