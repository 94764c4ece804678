//! Keys and signatures of all kinds.

use std::process::Command;

use rcgen::KeyPair;

use super::super::Case;
use super::super::Label::{Harmless, Hostile, Odd};
use super::super::fixture_cluster::Csr;
use crate::support::pkcs10::Asked;

pub(crate) fn keys() -> Vec<Case> {
    let made = |name: &str, arguments: &str| {
        Csr::of(name, openssl(&format!("req -new -nodes -subj /CN=jane/O=dev {arguments}")), "jane").within(&["dev"])
    };
    vec![
        Csr::of("bad-signature", Asked::person("jane", &["dev"]).sign_wrongly(&KeyPair::generate().unwrap()), "jane")
            .within(&["dev"])
            .is(Hostile, &["signature-invalid"], &["two-readings"]),
        made("rsa-1024", "-newkey rsa:1024").is(Odd, &["key-weak"], &["signature-invalid"]),
        made("sha1", "-newkey rsa:2048 -sha1").is(Odd, &["signature-weak"], &["key-weak", "signature-invalid"]),
        made("md5", "-newkey rsa:2048 -md5").is(Hostile, &["signature-weak", "signature-invalid"], &["key-weak"]),
        made("p224", "-newkey ec -pkeyopt ec_paramgen_curve:P-224").is(Odd, &["key-exotic"], &["signature-invalid"]),
        made("bitcoin", "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1").is(Hostile, &["request-unreadable"], &[]),
        made("ed448", "-newkey ed448").is(Hostile, &["key-exotic", "signature-invalid"], &[]),
        made("rsa-2048-here", "-newkey rsa:2048").is(Odd, &["key-weak"], &[]).under("leastKey: {rsa: 3072}"),
        Csr::asked("client-with-sans", &Asked::person("jane", &["dev"]).dns("jane.example").ip("10.0.0.9"), "jane")
            .within(&["dev"])
            .is(Harmless, &["client-sans"], &["serving-foreign-name"]),
    ]
}

/// What openssl prints.
pub(crate) fn openssl(arguments: &str) -> String {
    let output = Command::new("openssl").args(arguments.split(' ')).args(["-keyout", "/dev/null"]).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
