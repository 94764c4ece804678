use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use serde_yaml::Mapping;

use super::edit::Edited;
use super::read::source;
use super::text::Text;
use super::*;
use crate::domain::gate::WriteAccess;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::kubeconfig::{EntryKind, Kubeconfig};
use crate::files::FileError;
use crate::files::lock::lock_name;

fn edit(path: &Path, change: impl Fn(&mut Kubeconfig)) -> Result<Edited, FileError> {
    edit::edit(WriteAccess::new(false, None).permit().unwrap(), path, change)
}

#[test]
fn an_edit_keeps_a_backup_and_closes_the_file_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let old = "# mine\nclusters: []\nx: 1\n";
    std::fs::write(&path, old).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let edited = edit(&path, |config| config.put(EntryKind::Context, "jane", Mapping::new())).unwrap();
    assert_eq!(std::fs::read_to_string(edited.backup.unwrap()).unwrap(), old);
    assert!(edited.comments_lost);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read(&path).unwrap().names(EntryKind::Context), ["jane"]);
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
fn a_file_in_utf_16_is_written_in_utf_8_and_its_backup_is_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = "\u{feff}# é\ncurrent-context: x\n";
    let original: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, &original).unwrap();
    let edited = edit(&path, |config| config.set_current_context(Some("x"))).unwrap();
    assert_eq!((edited.backup, std::fs::read(&path).unwrap()), (None, original.clone()), "nothing changes");
    let edited = edit(&path, |config| config.set_current_context(Some("z"))).unwrap();
    assert_eq!(std::fs::read(edited.backup.unwrap()).unwrap(), original);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# é\ncurrent-context: z\n");
}

#[test]
fn a_file_with_a_duplicate_key_is_read_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, "current-context: a\ncurrent-context: b\n").unwrap();
    assert_eq!(read(&path).unwrap().current_context(), Some("b"));
    let error = edit(&path, |config| config.set_current_context(Some("c"))).unwrap_err().to_string();
    assert!(error.contains("config: line 2: a key is there twice"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "current-context: a\ncurrent-context: b\n");
}

#[test]
fn the_null_device_is_an_empty_kubeconfig_and_never_written() {
    let null = Path::new("/dev/null");
    assert!(read(null).unwrap().is_empty());
    let error = edit(null, |config| config.set_current_context(Some("c"))).unwrap_err().to_string();
    assert!(error.contains("/dev/null: not a regular file"), "{error}");
    assert!(!Path::new("/dev/null.lock").exists());
    assert!(read(Path::new("/dev/zero")).is_err());
}

#[test]
fn a_file_of_the_flag_must_exist_and_those_of_a_list_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("typo");
    let error = load(Some(&path)).err().unwrap();
    assert!(matches!(&error, FileError::Missing(missing) if *missing == path), "{error}");
    assert!(load_from(&[path]).unwrap().current_context().is_none());
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
fn kubectls_lock_on_a_link_is_heeded() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&real, "kind: Config\n").unwrap();
    symlink(&real, &link).unwrap();
    for locked in [&real, &link] {
        let lock = lock_name(locked);
        std::fs::write(&lock, "").unwrap();
        let free = std::thread::spawn({
            let lock = lock.clone();
            move || {
                std::thread::sleep(Duration::from_millis(60));
                std::fs::remove_file(lock).unwrap();
            }
        });
        edit(&link, |config| config.put(EntryKind::Context, &locked.display().to_string(), Mapping::new())).unwrap();
        assert!(free.is_finished(), "the edit waited for {}", lock.display());
        free.join().unwrap();
    }
    assert!(link.is_symlink());
}

#[test]
fn a_change_of_several_files_is_atomic() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("closed/two"));
    std::fs::create_dir(folder.path().join("closed")).unwrap();
    std::fs::write(&one, "current-context: a\n").unwrap();
    std::fs::write(&two, "contexts: [{name: a, context: {cluster: c, user: u}}]\n").unwrap();
    let sources = || {
        vec![
            source(&one, Text::read(&one).unwrap().as_ref()).unwrap(),
            source(&two, Text::read(&two).unwrap().as_ref()).unwrap(),
        ]
    };
    let before = Kubeconfigs::new(sources()).unwrap();
    let mut after = before.clone();
    let edit = crate::domain::kubeconfig::edit::Edit::Rename { old: "a".into(), new: "b".into() };
    after.apply(&edit).unwrap();
    let plans = || {
        let pairs = before.sources().iter().zip(after.sources());
        pairs
            .map(|(old, new)| {
                write::Plan::new(&old.path, Text::read(&old.path).unwrap(), &old.config, &new.config).unwrap()
            })
            .collect()
    };
    let plans_for_later: Vec<write::Plan> = plans();
    std::fs::remove_file(&two).unwrap();
    std::fs::create_dir(&two).unwrap();
    assert!(write::all(plans_for_later, Comments::Keep).is_err());
    assert_eq!(std::fs::read_to_string(&one).unwrap(), "current-context: a\n");
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
                    edit(path, |config| config.put(EntryKind::Context, &format!("{writer}-{n}"), Mapping::new()))
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(read(&path).unwrap().names(EntryKind::Context).len(), 20);
}
