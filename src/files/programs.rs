//! Finding the file that a command runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

/// The file that a command runs, as Go's `exec.LookPath` finds it (`os/exec`, `lp_unix.go`): a command with a slash is
/// that file, any other is looked up in `PATH`, of which relative folders do not count.
///
/// # Errors
/// Why it cannot be run, in words, without its name.
pub(crate) fn look_path(command: &str) -> Result<PathBuf, String> {
    look_path_in(command, &std::env::var_os("PATH").unwrap_or_default())
}

fn look_path_in(command: &str, path: &OsStr) -> Result<PathBuf, String> {
    if matches!(command, "" | "." | "..") {
        return Err("names no program".to_owned());
    }
    if command.contains('/') {
        let path = Path::new(command);
        return executable(path).map(|()| path.to_owned());
    }
    for folder in std::env::split_paths(path) {
        let found = folder.join(command);
        if executable(&found).is_ok() {
            if folder.is_relative() {
                return Err("found only in a relative folder of PATH, from which nothing is run".to_owned());
            }
            return Ok(found);
        }
    }
    Err("not found in PATH".to_owned())
}

fn executable(path: &Path) -> Result<(), String> {
    let meta = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "not found".to_owned(),
        _ => error.to_string(),
    })?;
    if meta.is_dir() {
        return Err("a folder and no program".to_owned());
    }
    accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).map_err(|_| "not executable".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_command_is_found_where_go_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, mode) in [("plugin", 0o755), ("data", 0o644)] {
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), PermissionsExt::from_mode(mode)).unwrap();
        }
        std::fs::create_dir(at("folder")).unwrap();
        let path = std::env::join_paths([Path::new("/nowhere"), folder.path()]).unwrap();
        let full = |name: &str| at(name).display().to_string();
        assert_eq!(look_path_in("plugin", &path).unwrap(), at("plugin"));
        assert_eq!(look_path_in(&full("plugin"), OsStr::new("")).unwrap(), at("plugin"));
        for (command, wanted) in [
            ("data", "not found in PATH"),
            ("folder", "not found in PATH"),
            ("", "names no program"),
            (&full("data"), "not executable"),
            (&full("folder"), "a folder and no program"),
            (&full("missing"), "not found"),
        ] {
            assert_eq!(look_path_in(command, &path).unwrap_err(), wanted, "{command}");
        }
    }
}
