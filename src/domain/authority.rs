//! CA certificates, as a kubeconfig names them.

use super::certificate::Certificate;
use super::x509::{pem, verify_issued_by};

/// Decodes the CAs in a PEM file.
///
/// # Errors
/// Where there is none in it, or one cannot be read. Nothing of the input is quoted.
pub fn read(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let ders = ders(pem);
    if ders.is_empty() {
        return Err("no PEM block CERTIFICATE in it".to_owned());
    }
    ders.iter().map(|der| Certificate::from_der(der)).collect()
}

/// Whether a certificate names a CA of `authorities` as its issuer and none of that name has signed it: it is from
/// another CA that is called the same, such as every kubeadm cluster's `kubernetes`. What cannot be verified here does
/// not count as disowned.
pub fn disowns(authorities: &[u8], certificate: &[u8]) -> bool {
    let Some(leaf) = ders(certificate).into_iter().next() else { return false };
    let mut verified =
        ders(authorities).into_iter().filter_map(|authority| verify_issued_by(&leaf, &authority)).peekable();
    verified.peek().is_some() && verified.all(|signed| !signed)
}

fn ders(pem: &[u8]) -> Vec<Vec<u8>> {
    pem::blocks(pem).filter(|block| block.label == b"CERTIFICATE").map(|block| block.content).collect()
}
