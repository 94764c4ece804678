//! Reading regular files up to a limit, without blocking.
//!
//! A FIFO, a device or a socket in the place of a file could block forever or have no end.

use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// The largest kubeconfig, in bytes. One with a thousand contexts and embedded certificates has 6 MiB.
pub(crate) const KUBECONFIG: u64 = 16 << 20;
/// The largest certificate, key, CA bundle, token or certificate request, in bytes.
pub(crate) const CREDENTIAL: u64 = 1 << 20;
/// The largest file of our own kinds, in bytes: config, policy, theme, preset, journal, memory.
pub(crate) const SETTINGS: u64 = 1 << 20;

/// The content of a regular file of at most `most` bytes.
///
/// # Errors
/// The system's; that it is no regular file, or too large.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = open(path, OFlags::RDONLY)?;
    let length = file.metadata()?.len();
    if length > most {
        return Err(too_large(most));
    }
    // One byte more than its length, so that the end is found without reallocating.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    // The length may have changed, and files in /proc have none.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// [`read`] of a text.
///
/// # Errors
/// As there, and where it is not UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| Error::new(ErrorKind::InvalidData, "not valid UTF-8"))
}

/// Opens a regular file without blocking.
///
/// # Errors
/// The system's; that it is no regular file.
pub(crate) fn open(path: &Path, access: OFlags) -> Result<File> {
    // Checked before, too: opening a device can have an effect.
    regular(std::fs::metadata(path)?.file_type())?;
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn regular(kind: FileType) -> Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "folder",
        kind if kind.is_fifo() => "FIFO",
        kind if kind.is_socket() => "socket",
        _ => "device",
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("not a regular file but a {what}")))
}

fn too_large(most: u64) -> Error {
    Error::new(ErrorKind::FileTooLarge, format!("larger than {} MiB", most >> 20))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, Instant};

    use rustix::fs::{CWD, FileType as Kind, mknodat};

    use super::*;

    #[test]
    fn rejects_fifos_devices_sockets_and_folders_without_blocking() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        mknodat(CWD, path("fifo"), Kind::Fifo, Mode::RWXU, 0).unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        std::os::unix::fs::symlink(path("fifo"), path("link")).unwrap();
        let began = Instant::now();
        for (path, what) in [
            (path("fifo"), "a FIFO"),
            (path("link"), "a FIFO"),
            (path("socket"), "a socket"),
            (path("folder"), "a folder"),
            ("/dev/zero".into(), "a device"),
            ("/dev/tty".into(), "a device"),
        ] {
            let error = read(&path, CREDENTIAL).unwrap_err().to_string();
            assert!(error.contains(what), "{}: {error}", path.display());
        }
        assert!(began.elapsed() < Duration::from_secs(1));
        assert_eq!(read(&path("missing"), 1).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn reads_a_file_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [b'x'; 64]).unwrap();
        assert_eq!(read(&path, 64).unwrap().len(), 64);
        assert!(read(&path, 63).is_err());
        let sparse = File::create(folder.path().join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        let error = read(&folder.path().join("sparse"), KUBECONFIG).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 64).unwrap_err().to_string(), "not valid UTF-8");
        // These have no length.
        assert!(read(Path::new("/proc/self/status"), CREDENTIAL).is_ok_and(|bytes| !bytes.is_empty()));
    }
}
