//! kubectl's own settings on disk: `KUBERC`, else `~/.kube/kuberc` (kubectl, `pkg/kuberc/kuberc.go`).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folders::{home, is_unreachable};
use super::{FileError, bounded};
use crate::domain::kuberc::{Broken, Kuberc, PluginPolicy};
use crate::domain::yaml::encoding::decode;

/// The policy in force, and a warning about its file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadedKuberc {
    /// Which programs a kubeconfig may run.
    pub policy: PluginPolicy,
    /// What kubectl would warn of, with the file's name: an ignored file or field.
    pub note: Option<String>,
}

/// Which programs a kubeconfig may run, as kubectl decides it. A file that is not there, and one that kubectl only warns
/// of, allow any; [`find`] distinguishes them. [`super::folders::problems`] reports a folder that cannot be read.
///
/// # Errors
/// [`FileError::Content`] where the policy contradicts itself; [`FileError::Content`], [`FileError::Io`] where the file that `KUBERC`
/// names cannot be read.
pub(crate) fn plugin_policy() -> Result<PluginPolicy, FileError> {
    find().map(|found| found.policy)
}

/// Where the settings are: the file that `KUBERC` names, else `~/.kube/kuberc`.
pub(crate) fn path() -> Option<PathBuf> {
    let named = std::env::var_os("KUBERC").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(home().ok()?.join(".kube/kuberc")))
}

/// [`plugin_policy`] with a warning about its file.
///
/// # Errors
/// As there.
pub(crate) fn find() -> Result<LoadedKuberc, FileError> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_off = variable("KUBECTL_KUBERC").is_some_and(|value| value.eq_ignore_ascii_case("false"));
    match variable("KUBERC") {
        _ if is_off => Ok(LoadedKuberc::default()),
        Some(value) if value == "off" => Ok(LoadedKuberc::default()),
        Some(path) => read(&PathBuf::from(path), true),
        None => home().map_or_else(|_| Ok(LoadedKuberc::default()), |home| read(&home.join(".kube/kuberc"), false)),
    }
}

fn read(path: &Path, named: bool) -> Result<LoadedKuberc, FileError> {
    let content = |why: String| FileError::Content { path: path.to_owned(), why };
    let broken = |error: FileError| {
        // kubectl warns and continues.
        let note = Some(format!("kubectl's settings are ignored: {error}"));
        if named { Err(error) } else { Ok(LoadedKuberc { policy: PluginPolicy::AllowAll, note }) }
    };
    let text = match bounded::read(path, bounded::SETTINGS) {
        // kubectl splits it into documents before it is decoded.
        Ok(bytes) if matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => {
            Err("it is UTF-16, which kubectl does not read here".to_owned())
        }
        Ok(bytes) => decode(bytes),
        Err(error) if !named && (error.kind() == ErrorKind::NotFound || is_unreachable(path, &error)) => {
            return Ok(LoadedKuberc::default());
        }
        Err(error) => return broken(FileError::io(path)(error)),
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => return broken(content(why)),
    };
    match Kuberc::parse(&text) {
        Ok(Kuberc { policy, note }) => {
            let note = note.map(|note| content(note).to_string());
            Ok(LoadedKuberc { policy, note })
        }
        Err(Broken::Policy(why)) => Err(content(why)),
        Err(Broken::Unreadable(why)) => broken(content(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_file_is_a_note_unless_kuberc_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        assert_eq!(read(&path, false).unwrap(), LoadedKuberc::default());
        assert!(matches!(read(&path, true), Err(FileError::Io { .. })));
        for broken in [b"[".to_vec(), b"kind: Other\n".to_vec(), vec![0xff]] {
            std::fs::write(&path, broken).unwrap();
            let found = read(&path, false).unwrap();
            assert_eq!(found.policy, PluginPolicy::AllowAll);
            assert!(found.note.is_some_and(|note| note.contains(path.to_str().unwrap())));
            assert!(read(&path, true).unwrap_err().to_string().contains("kuberc: "));
        }
    }

    #[test]
    fn a_contradictory_policy_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        let head = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";
        std::fs::write(&path, format!("{head}credentialPluginPolicy: Allowlist\n")).unwrap();
        for named in [false, true] {
            let error = read(&path, named).unwrap_err().to_string();
            assert!(error.contains("kuberc: credentialPluginPolicy is Allowlist"), "{error}");
        }
        std::fs::write(&path, format!("{head}credentialPluginPolicy: DenyAll\nx: 1\n")).unwrap();
        let found = read(&path, false).unwrap();
        assert_eq!(found.policy, PluginPolicy::DenyAll);
        assert!(found.note.is_some_and(|note| note.contains("the field x is unknown")));
    }
}
