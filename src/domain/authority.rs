//! CA certificates, as a kubeconfig names them.

use super::certificate::Certificate;
use super::x509::{pem, public_key, verify_issued_by};

/// Decodes the CAs in a PEM file.
///
/// # Errors
/// Where there is none in it, or one cannot be read. Nothing of the input is quoted.
pub(crate) fn read(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let ders = ders(pem);
    if ders.is_empty() {
        return Err("no PEM block CERTIFICATE in it".to_owned());
    }
    ders.iter().map(|der| Certificate::from_der(der)).collect()
}

/// [`read`], but as clients use a CA file: what cannot be read is passed over as long as something can
/// (`crypto/x509`, `AppendCertsFromPEM`).
///
/// # Errors
/// Where there is no certificate in it, or none can be read.
pub(crate) fn usable(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let read: Vec<_> = ders(pem).iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    if read.is_empty() { self::read(pem) } else { Ok(read) }
}

/// The size of the RSA key of the first certificate, if it has one.
pub(crate) fn rsa_bits(certificate: &[u8]) -> Option<u32> {
    let key = public_key(ders(certificate).first()?)?;
    (key.algorithm == "RSA").then_some(key.bits)
}

/// Whether a certificate names a CA of `authorities` as its issuer and none of that name has signed it: it is from
/// another CA that is called the same, such as every kubeadm cluster's `kubernetes`. What cannot be verified here does
/// not count as disowned.
pub(crate) fn disowns(authorities: &[u8], certificate: &[u8]) -> bool {
    let Some(leaf) = ders(certificate).into_iter().next() else { return false };
    let mut verified =
        ders(authorities).into_iter().filter_map(|authority| verify_issued_by(&leaf, &authority)).peekable();
    verified.peek().is_some() && verified.all(|signed| !signed)
}

fn ders(pem: &[u8]) -> Vec<Vec<u8>> {
    pem::blocks(pem).filter(|block| block.label == b"CERTIFICATE").map(|block| block.content).collect()
}
