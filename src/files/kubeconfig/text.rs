//! A kubeconfig's text, and the bytes that it was read from.

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::super::{FileError, bounded};
use crate::domain::secret::Secret;
use crate::domain::yaml::encoding::decode;

/// The text of a kubeconfig, which may hold keys.
pub(super) struct Text {
    text: Secret,
    /// What is in the file, where that is not the text in UTF-8.
    original: Option<Zeroizing<Vec<u8>>>,
}

impl Text {
    /// Reads a file; `None` where there is none. `/dev/null` is an empty one, as for kubectl.
    ///
    /// # Errors
    /// [`FileError::Io`], [`FileError::Content`] where it is not in an encoding that kubectl reads.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, FileError> {
        let bytes = match bounded::read(path, bounded::KUBECONFIG) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(_) if is_null_device(path) => Vec::new(),
            Err(error) => return Err(FileError::io(path)(error)),
        };
        let original = matches!(bytes.first(), Some(0xef | 0xfe | 0xff)).then(|| Zeroizing::new(bytes.clone()));
        let text = decode(bytes).map(Secret::new).map_err(|why| FileError::Content { path: path.to_owned(), why })?;
        let original = original.filter(|bytes| **bytes != text.as_bytes());
        Ok(Some(Self { text, original }))
    }

    /// The text.
    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The file as it is.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.original.as_ref().map_or(self.text.as_bytes(), |bytes| bytes.as_slice())
    }

    /// Whether writing the text in UTF-8 makes another file of it, even where the text stays the same.
    pub(crate) const fn is_reencoded(&self) -> bool {
        self.original.is_some()
    }
}

fn is_null_device(path: &Path) -> bool {
    let device = |path: &Path| path.metadata().ok().filter(|meta| meta.file_type().is_char_device());
    let number = device(path).map(|meta| meta.rdev());
    number.is_some() && number == device(Path::new("/dev/null")).map(|meta| meta.rdev())
}
