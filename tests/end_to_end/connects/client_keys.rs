//! The formats of client certificates, client keys and CA certificates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use crate::support::certificates::{Authority, openssl};

#[test]
fn reads_client_keys_in_every_format() {
    let Some(fixture) = fixture("reads_client_keys_in_every_format") else { return };
    check(fixture, client_keys(fixture));
}

#[test]
fn reads_ca_certificates_in_every_format() {
    let Some(fixture) = fixture("reads_ca_certificates_in_every_format") else { return };
    check(fixture, authorities(fixture));
}

/// Keys and certificates of an admin, signed by the CA of the control plane.
fn create_files(fixture: &Fixture) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture.plane.path("ca.crt"), folder.path().join("ca.crt")).unwrap();
    std::fs::copy(fixture.plane.path("ca.key"), folder.path().join("ca.key")).unwrap();
    openssl(
        folder.path(),
        "echo extendedKeyUsage=clientAuth > client.ext
         openssl genrsa -out rsa2048.key 2048; openssl genrsa -out rsa1024.key 1024; openssl genrsa -out rsa4096.key 4096
         for curve in prime256v1 secp384r1 secp521r1 secp224r1; do
             openssl ecparam -name $curve -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out $curve.key
         done
         openssl genpkey -algorithm ed25519 -out ed25519.key
         for key in rsa2048 rsa1024 rsa4096 prime256v1 secp384r1 secp521r1 secp224r1 ed25519; do
             openssl req -new -key $key.key -subj '/O=system:masters/CN=key-admin' -out $key.csr
             openssl x509 -req -in $key.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile client.ext -out $key.crt
         done
         openssl x509 -req -in rsa2048.csr -CA ca.crt -CAkey ca.key -days -1 -extfile client.ext -out expired.crt
         openssl x509 -req -in rsa2048.csr -CA ca.crt -CAkey ca.key -days 30 -out version1.crt
         openssl rsa -in rsa2048.key -traditional -out pkcs1.key
         openssl ec -in prime256v1.key -out sec1.key
         { openssl ecparam -name prime256v1; cat sec1.key; } > with-parameters.key
         openssl pkcs8 -topk8 -in rsa2048.key -passout pass:s3cret -out encrypted.key
         openssl rsa -in rsa2048.key -traditional -aes128 -passout pass:s3cret -out encrypted-pkcs1.key
         openssl rsa -in rsa2048.key -outform DER -out der.key
         openssl x509 -in rsa2048.crt -outform DER -out der.crt
         { openssl x509 -in rsa2048.crt -text; cat ca.crt; } > chain.crt
         { cat rsa2048.crt; cat rsa2048.key; } > both.pem
         sed 's/$/\\r/' rsa2048.key > crlf.key; sed 's/$/\\r/' rsa2048.crt > crlf.crt",
    );
    folder
}

fn client_keys(fixture: &Fixture) -> Vec<Case> {
    let folder = create_files(fixture);
    let cluster = fixture.cluster(&json!({}));
    let case = |name: &str, certificate: &str, key: &str| {
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let user = json!({"client-certificate": "admin.crt", "client-key": "admin.key"});
        Case::new(name, &cluster, &user).file("admin.crt", read(certificate)).file("admin.key", read(key))
    };
    let fails = |name: &str, certificate: &str, key: &str| case(name, certificate, key).fails(&["client-key"]);
    vec![
        case("client key RSA 2048", "rsa2048.crt", "rsa2048.key"),
        case("client key RSA 4096", "rsa4096.crt", "rsa4096.key"),
        case("client key RSA 1024", "rsa1024.crt", "rsa1024.key").only_kubectl_connects(&["client-key", "2048"]),
        case("client key ECDSA P-256", "prime256v1.crt", "prime256v1.key"),
        case("client key ECDSA P-384", "secp384r1.crt", "secp384r1.key"),
        case("client key ECDSA P-521", "secp521r1.crt", "secp521r1.key"),
        fails("client key ECDSA P-224", "secp224r1.crt", "secp224r1.key").fails(&["client"]),
        case("client key Ed25519", "ed25519.crt", "ed25519.key"),
        case("client key in PKCS#1 format", "rsa2048.crt", "pkcs1.key"),
        case("client key in SEC1 format", "prime256v1.crt", "sec1.key"),
        case("client key in SEC1 format, preceded by EC PARAMETERS", "prime256v1.crt", "with-parameters.key"),
        case("client certificate of X.509 version 1", "version1.crt", "rsa2048.key"),
        case("client certificate preceded by text and followed by the CA", "chain.crt", "rsa2048.key"),
        case("client certificate and key in one file", "both.pem", "both.pem"),
        case("client certificate and key with CRLF line endings", "crlf.crt", "crlf.key"),
        fails("encrypted client key", "rsa2048.crt", "encrypted.key"),
        fails("encrypted client key in PKCS#1 format", "rsa2048.crt", "encrypted-pkcs1.key"),
        fails("client key of another certificate", "rsa2048.crt", "rsa4096.key"),
        fails("client key of another algorithm", "rsa2048.crt", "prime256v1.key"),
        fails("client key in DER", "rsa2048.crt", "der.key"),
        fails("client certificate in DER", "der.crt", "rsa2048.key").fails(&["client-certificate"]),
        fails("expired client certificate", "expired.crt", "rsa2048.key").fails(&["does not accept|expired"]),
    ]
}

fn authorities(fixture: &Fixture) -> Vec<Case> {
    let folder = create_files(fixture);
    openssl(
        folder.path(),
        "openssl x509 -in ca.crt -outform DER -out ca.der; openssl x509 -in ca.crt -trustout -out trusted.crt",
    );
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let with = |name: &str, data: &[u8]| {
        let cluster = fixture.cluster(&json!({"certificate-authority-data": STANDARD.encode(data)}));
        Case::new(name, &cluster, &token(&json!({})))
    };
    let with_file = |name: &str| {
        let fields = json!({"certificate-authority-data": null, "certificate-authority": "ca.crt"});
        Case::new(name, &fixture.cluster(&fields), &token(&json!({})))
    };
    let valid = fixture.authority.clone();
    let crlf = valid.replace('\n', "\r\n");
    let field = "certificate-authority";
    let wrapped =
        STANDARD.encode(&valid).as_bytes().chunks(60).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    vec![
        with_file("CA as a file").file("ca.crt", valid.as_str()).console(),
        with("CA with CRLF line endings", crlf.as_bytes()),
        with("CA preceded by text", format!("Subject: test\n{valid}").as_bytes()),
        with("CA followed by text", format!("{valid}\ntext").as_bytes()),
        with(
            "CA followed by a malformed certificate",
            format!("{valid}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").as_bytes(),
        ),
        with("CA preceded by a key", format!("{}{valid}", fixture.admin.key).as_bytes()),
        with("CA without a trailing newline", valid.trim_end().as_bytes()),
        Case::new(
            "CA as data with line breaks",
            &fixture.cluster(&json!({"certificate-authority-data": wrapped})),
            &token(&json!({})),
        ),
        Case::new(
            "CA as data, and a missing file",
            &fixture.cluster(&json!({"certificate-authority": "gone.crt"})),
            &token(&json!({})),
        )
        .only_countersign_connects(),
        with_file("missing CA file").fails(&[field, "ca.crt"]),
        with_file("empty CA file").file("ca.crt", "").fails(&[field]),
        with_file("CA in DER").file("ca.crt", read("ca.der")).fails(&[field]),
        with("CA is not PEM", b"s3cret").fails(&[field]),
        with("CA contains only a key", fixture.admin.key.as_bytes()).fails(&[field]),
        with("CA as a TRUSTED CERTIFICATE of OpenSSL", &read("trusted.crt")).fails(&[field]),
        with("CA of another cluster", Authority::new().certificate.as_bytes()).fails(&["certificate"]),
        Case::new("CA is empty", &fixture.cluster(&json!({"certificate-authority-data": ""})), &token(&json!({})))
            .fails(&["certificate"]),
        Case::new("no CA", &fixture.cluster(&json!({"certificate-authority-data": null})), &token(&json!({})))
            .fails(&["certificate"]),
        Case::new(
            "no CA, SSL_CERT_FILE",
            &fixture.cluster(&json!({"certificate-authority-data": null})),
            &token(&json!({})),
        )
        .file("roots.pem", valid.as_str())
        .env("SSL_CERT_FILE", "@HOME@/.kube/roots.pem"),
        Case::new(
            "CA is not base64",
            &fixture.cluster(&json!({"certificate-authority-data": "%%%"})),
            &token(&json!({})),
        )
        .fails(&["certificate-authority-data"]),
    ]
}
