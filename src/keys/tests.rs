//! Generated requests, read by openssl and by our decoder.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::domain::request::Pkcs10;

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn groups(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn openssl_verifies_a_request_of_every_key_type() {
    for kind in KeyType::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        let request = certification_request(&key, "jane", &groups(&["dev", "qa"])).unwrap();
        let text = openssl(&["req", "-verify", "-noout", "-subject"], &request);
        assert!(text.contains("CN = jane, O = dev, O = qa"), "{kind}: {text}");
        let decoded = Pkcs10::from_pem(request.as_bytes()).unwrap();
        assert_eq!(decoded.signature_valid, Some(true), "{kind}");
        assert_eq!(format!("{} {}", decoded.key.algorithm, decoded.key.bits).to_uppercase(), label(kind), "{kind}");
        let read = PrivateKey::from_pem(key.to_pem().expose()).unwrap();
        let again = certification_request(&read, "jane", &[]).unwrap();
        assert_eq!(Pkcs10::from_pem(again.as_bytes()).unwrap().key.sha256, decoded.key.sha256);
    }
}

fn label(kind: KeyType) -> String {
    match kind {
        KeyType::EcdsaP256 => "ECDSA 256".into(),
        KeyType::EcdsaP384 => "ECDSA 384".into(),
        KeyType::Ed25519 => "ED25519 256".into(),
        rsa => rsa.to_string(),
    }
}

#[test]
fn encodes_the_same_request_as_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let key = PrivateKey::generate(KeyType::Rsa2048).unwrap();
    std::fs::write(&path, key.to_pem().as_bytes()).unwrap();
    let ours = certification_request(&key, "josé", &groups(&["a,b", "c+d"])).unwrap();
    let path = path.to_str().unwrap();
    let theirs = openssl(&["req", "-new", "-utf8", "-key", path, "-subj", r"/CN=josé/O=a,b/O=c\+d"], "");
    // RSA PKCS#1 v1.5 signatures are deterministic, so equal subjects, keys and attributes make equal requests.
    assert_eq!(ours, theirs);
}

#[test]
fn reads_repeated_names_and_multi_valued_rdns_as_the_signer_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, PrivateKey::generate(KeyType::EcdsaP256).unwrap().to_pem().as_bytes()).unwrap();
    let path = path.to_str().unwrap();
    let subject = "/CN=harmless/CN=evil/O=a+O=b/O=c";
    let request = openssl(&["req", "-new", "-multivalue-rdn", "-key", path, "-subj", subject], "");
    let decoded = Pkcs10::from_pem(request.as_bytes()).unwrap();
    assert_eq!(decoded.identity().user, "evil");
    assert_eq!(decoded.identity().groups, ["a", "b", "c"]);
    assert_eq!(decoded.subject, "CN=harmless,CN=evil,O=a+O=b,O=c");
}

#[test]
fn reads_subject_alternative_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, PrivateKey::generate(KeyType::EcdsaP256).unwrap().to_pem().as_bytes()).unwrap();
    let path = path.to_str().unwrap();
    let sans = "subjectAltName=DNS:n1,IP:10.0.0.1,IP:fe80::1,email:a@b,URI:spiffe://x/y";
    let request = openssl(&["req", "-new", "-key", path, "-subj", "/CN=n1", "-addext", sans], "");
    let texts: Vec<_> =
        Pkcs10::from_pem(request.as_bytes()).unwrap().sans.iter().map(|san| format!("{san:?}")).collect();
    assert_eq!(
        texts,
        ["Dns(\"n1\")", "Ip(\"10.0.0.1\")", "Ip(\"fe80::1\")", "Email(\"a@b\")", "Uri(\"spiffe://x/y\")"]
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Pkcs10::from_pem(&bytes);
        let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(&bytes)
        });
        let _ = Pkcs10::from_pem(pem.as_bytes());
    }

    #[test]
    fn a_changed_byte_never_changes_the_subject_under_a_valid_signature(
        at in 0usize..200,
        change in 1u8..=255,
    ) {
        use std::sync::LazyLock;
        static REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
            let pem = certification_request(&key, "jane", &["dev".to_owned()]).unwrap();
            CertReq::from_der(&der::Document::from_pem(&pem).unwrap().1.into_vec()).unwrap().to_der().unwrap()
        });
        use base64::Engine;
        let mut bytes = REQUEST.clone();
        let at = at % bytes.len();
        bytes[at] ^= change;
        let body = base64::engine::general_purpose::STANDARD.encode(&bytes);
        let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n");
        if let Ok(decoded) = Pkcs10::from_pem(pem.as_bytes()) {
            // A changed byte outside of what is signed may be read over; what is signed may not.
            let as_made = decoded.subject == "CN=jane,O=dev";
            prop_assert!(decoded.signature_valid != Some(true) || as_made, "{decoded:?}");
        }
    }
}
