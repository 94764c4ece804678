//! CA certificates, as a kubeconfig names them.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use super::certificate::Certificate;
use super::pkcs10::public_key;

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
    let (authorities, own) = (ders(authorities), ders(certificate));
    let Some(Ok((_, leaf))) = own.first().map(|der| X509Certificate::from_der(der)) else { return false };
    let parsed = authorities.iter().filter_map(|der| X509Certificate::from_der(der).ok());
    let same_name: Vec<_> = parsed
        .map(|(_, authority)| authority)
        .filter(|authority| authority.subject().as_raw() == leaf.issuer().as_raw())
        .collect();
    !same_name.is_empty() && same_name.iter().all(|authority| is_not_by(&leaf, authority))
}

fn is_not_by(leaf: &X509Certificate<'_>, authority: &X509Certificate<'_>) -> bool {
    // The library says of an RSA key below 2048 bits what it says of a bad signature (see `pkcs10`).
    let key = public_key(authority.public_key());
    let weak = key.algorithm == "RSA" && key.bits < 2048;
    let bad = leaf.verify_signature(Some(authority.public_key()));
    !weak && matches!(bad, Err(X509Error::SignatureVerificationError))
}

fn ders(pem: &[u8]) -> Vec<Vec<u8>> {
    let blocks = Pem::iter_from_buffer(pem).flatten().filter(|block| block.label == "CERTIFICATE");
    blocks.map(|block| block.contents).collect()
}
