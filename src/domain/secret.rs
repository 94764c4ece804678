//! A text that must not be seen: a private key, or a document that holds one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A secret text, zeroized when dropped. It has no `Debug`, `Display`, `Serialize` or `Clone`, so that it cannot slip
/// into a message, a log or a journal.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over.
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The base64 of some bytes, as a kubeconfig holds a key.
    pub(crate) fn base64_of(bytes: &[u8]) -> Self {
        // Encoded in place: a buffer that had to grow would leave a copy behind.
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        STANDARD.encode_string(bytes, &mut text);
        Self::new(text)
    }

    /// The text itself. It must reach nothing but a file for its owner or a cryptographic library.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes of the text, on the same terms.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
