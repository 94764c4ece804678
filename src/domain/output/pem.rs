//! Certificates for a file: decoded and encoded again, so that nothing else of what a signer wrote leaves.

use crate::domain::certificate::Certificate;
use crate::domain::x509::pem::{blocks, encode, label};

const LABEL: &str = "CERTIFICATE";

/// The certificates of a `status.certificate`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Certificates {
    /// Canonical PEM, and nothing else.
    pub pem: String,
    /// Whether there was text around the certificates, which is left out.
    pub had_other_text: bool,
}

impl Certificates {
    /// Reads what a signer wrote: blocks of certificates, with text around them where a signer adds some.
    ///
    /// # Errors
    /// Where there is no certificate, a block of another kind, or one that cannot be read.
    pub(crate) fn read(written: &[u8]) -> Result<Self, String> {
        let (mut pem, mut had_other_text, mut end) = (String::new(), false, 0);
        for block in blocks(written) {
            let found = label(block.label);
            if found != LABEL {
                let what = if found.contains("PRIVATE KEY") { "a private key" } else { "a block of another kind" };
                return Err(format!("status.certificate holds {what} beside the certificate; nothing was written"));
            }
            Certificate::from_der(&block.content).map_err(|_| "a certificate cannot be read".to_owned())?;
            had_other_text |= is_text(&written[end..block.start]) || block.headers;
            pem.push_str(&encode(LABEL, &block.content));
            end = block.end;
        }
        if pem.is_empty() {
            return Err("status.certificate holds no certificate in PEM".to_owned());
        }
        had_other_text |= is_text(&written[end..]);
        Ok(Self { pem, had_other_text })
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "jane");
        parameters.self_signed(&key).unwrap().pem().replace("\r\n", "\n")
    }

    #[test]
    fn certificates_come_out_alone_and_canonical() {
        let (one, two) = (certificate(), certificate());
        let read = Certificates::read(format!("{one}{two}").as_bytes()).unwrap();
        assert_eq!(read, Certificates { pem: format!("{one}{two}"), had_other_text: false });
        let odd = one.replace('\n', "  \r\n");
        let hostile = format!("\u{1b}]52;c;eA==\u{7}\nsubject=jane\u{202e}\n{odd}\u{1b}[2J\n{two}trailer");
        let read = Certificates::read(hostile.as_bytes()).unwrap();
        assert_eq!(read, Certificates { pem: format!("{one}{two}"), had_other_text: true });
    }

    #[test]
    fn rejects_input_that_is_not_a_certificate() {
        let one = certificate();
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let refused = |text: &str| Certificates::read(text.as_bytes()).unwrap_err();
        assert!(refused(&format!("{one}{key}")).contains("a private key"));
        assert!(refused(&one.replace("CERTIFICATE", "TRUSTED CERTIFICATE")).contains("another kind"));
        assert!(refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").contains("cannot be read"));
        // Go finds no block there at all.
        assert!(refused(&one.replacen('M', "\u{1b}", 1)).contains("no certificate"));
        assert!(refused("").contains("no certificate"));
    }
}
