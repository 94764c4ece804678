//! Copies of a kubeconfig from before an edit: `NAME.YYYYMMDD-HHMMSS.bak` beside it, for its owner alone, the last few.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Utc;

use super::super::{FileError, atomic};
use super::text::Text;
use crate::config::DEFAULT_BACKUPS;
use crate::domain::kubeconfig::Kubeconfig;
use crate::domain::secret::Secret;

static KEPT: AtomicUsize = AtomicUsize::new(DEFAULT_BACKUPS);

/// From now on so many backups of a file are kept; with 0 none is made.
pub(crate) fn keep(count: usize) {
    KEPT.store(count, Ordering::Relaxed);
}

pub(super) fn kept() -> usize {
    KEPT.load(Ordering::Relaxed)
}

/// Writes a copy beside the file, named by the second, made unique.
pub(super) fn make(path: &Path, content: &[u8], owner: Option<&Metadata>) -> Result<PathBuf, FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let moment = Utc::now().format("%Y%m%d-%H%M%S");
    let mut backup = path.with_file_name(format!("{name}.{moment}.bak"));
    let mut number = 1;
    while backup.exists() {
        number += 1;
        backup = path.with_file_name(format!("{name}.{moment}-{number}.bak"));
    }
    atomic::write_private_for(&backup, content, owner)?;
    Ok(backup)
}

/// Removes all but the last few. One that cannot be removed stays until the next time.
pub(super) fn prune(path: &Path) {
    let all = all(path);
    for backup in &all[..all.len().saturating_sub(kept())] {
        let _ = std::fs::remove_file(backup);
    }
}

/// The backups of a file, the oldest first.
pub(crate) fn all(path: &Path) -> Vec<PathBuf> {
    let Some(own) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(atomic::folder(path)).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name();
        let parts = name.to_str().filter(|_| is_file).and_then(parts).filter(|(of, ..)| *of == own);
        found.extend(parts.map(|(_, moment, number)| (moment.to_owned(), number, entry.path())));
    }
    found.sort();
    found.into_iter().map(|(.., path)| path).collect()
}

/// The newest backup of a file that is the one wanted.
pub(crate) fn newest(path: &Path, is_wanted: impl Fn(&Kubeconfig) -> bool) -> Option<Kubeconfig> {
    let read = |backup: &PathBuf| super::read(backup).ok().filter(&is_wanted);
    all(path).iter().rev().find_map(read)
}

/// The name of the file that a backup of this name is of.
pub(crate) fn backup_of(name: &str) -> Option<&str> {
    parts(name).map(|(of, ..)| of)
}

/// The file's name, the moment, and the number among those of one second.
fn parts(name: &str) -> Option<(&str, &str, u32)> {
    let (of, moment) = name.strip_suffix(".bak")?.rsplit_once('.')?;
    let mut fields = moment.splitn(3, '-');
    let (day, time, number) = (fields.next()?, fields.next()?, fields.next());
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = match number {
        None => 1,
        Some(number) => number.parse().ok().filter(|number| *number > 1)?,
    };
    let moment = &moment[..day.len() + 1 + time.len()];
    (!of.is_empty() && digits(day, 8) && digits(time, 6)).then_some((of, moment, number))
}

/// The backups of a file in which a key, token or password still is.
pub(crate) fn holding(path: &Path, secret: &Secret) -> Vec<PathBuf> {
    all(path).into_iter().filter(|backup| holds(backup, secret)).collect()
}

fn holds(backup: &Path, secret: &Secret) -> bool {
    let Ok(Some(text)) = Text::read(backup) else { return false };
    match Kubeconfig::parse(text.expose()) {
        Ok(config) => config.secrets().iter().any(|(_, there)| there.expose() == secret.expose()),
        Err(_) => text.expose().contains(secret.expose()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_pattern_are_backups() {
        assert_eq!(backup_of("config.20261125-031500.bak"), Some("config"));
        assert_eq!(backup_of("a.b.20261125-031500-12.bak"), Some("a.b"));
        for name in [
            "config.bak",
            "config.20261125.bak",
            "config.20261125-0315.bak",
            "config.20261125-031500-.bak",
            "config.20261125-031500-1.bak",
            "config.20261125-031500-x.bak",
            "config.2026112x-031500.bak",
            ".20261125-031500.bak",
            "config.20261125-031500.bak.gz",
        ] {
            assert_eq!(backup_of(name), None, "{name}");
        }
    }

    #[test]
    fn the_oldest_go_first_and_files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        let names =
            ["20250101-000000", "20250101-000000-2", "20250101-000000-10", "20260101-000000", "20260101-000001"];
        for name in names {
            put(&format!("config.{name}.bak"));
        }
        for name in ["config.bak", "other.20250101-000000.bak", "config.20250101-000000.bak~"] {
            put(name);
        }
        std::os::unix::fs::symlink("other", folder.path().join("config.20200101-000000.bak")).unwrap();
        let config = folder.path().join("config");
        prune(&config);
        let left: Vec<_> =
            all(&config).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        let wanted = names[2..].iter().map(|name| format!("config.{name}.bak")).collect::<Vec<_>>();
        assert_eq!(left, wanted);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3 + 3 + 1);
    }
}
