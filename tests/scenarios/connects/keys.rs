//! Client keys and CA files in all the forms that there are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::case::Case;
use super::parts::{Parts, parts, token};
use super::run::check;
use crate::support::certificates::{Authority, openssl};

#[test]
fn client_keys_in_every_form() {
    let Some(parts) = parts("client_keys_in_every_form") else { return };
    check(parts, client_keys(parts));
}

#[test]
fn authorities_in_every_form() {
    let Some(parts) = parts("authorities_in_every_form") else { return };
    check(parts, authorities(parts));
}

/// Keys and certificates of an admin, signed by the control plane's CA.
fn made(parts: &Parts) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(parts.plane.path("ca.crt"), folder.path().join("ca.crt")).unwrap();
    std::fs::copy(parts.plane.path("ca.key"), folder.path().join("ca.key")).unwrap();
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
         openssl x509 -req -in rsa2048.csr -CA ca.crt -CAkey ca.key -days -1 -extfile client.ext -out old.crt
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

fn client_keys(parts: &Parts) -> Vec<Case> {
    let folder = made(parts);
    let here = parts.cluster(&json!({}));
    let case = |name: &str, certificate: &str, key: &str| {
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let user = json!({"client-certificate": "admin.crt", "client-key": "admin.key"});
        Case::new(name, &here, &user).file("admin.crt", read(certificate)).file("admin.key", read(key))
    };
    let refused = |name: &str, certificate: &str, key: &str| case(name, certificate, key).fails(&["client-key"]);
    vec![
        case("client key RSA 2048", "rsa2048.crt", "rsa2048.key"),
        case("client key RSA 4096", "rsa4096.crt", "rsa4096.key"),
        case("client key RSA 1024", "rsa1024.crt", "rsa1024.key"),
        case("client key ECDSA P-256", "prime256v1.crt", "prime256v1.key"),
        case("client key ECDSA P-384", "secp384r1.crt", "secp384r1.key"),
        case("client key ECDSA P-521", "secp521r1.crt", "secp521r1.key"),
        refused("client key ECDSA P-224", "secp224r1.crt", "secp224r1.key").fails(&["client"]),
        case("client key Ed25519", "ed25519.crt", "ed25519.key"),
        case("client key of PKCS#1", "rsa2048.crt", "pkcs1.key"),
        case("client key of SEC1", "prime256v1.crt", "sec1.key"),
        case("client key of SEC1 behind its parameters", "prime256v1.crt", "with-parameters.key"),
        case("client certificate of X.509 version 1", "version1.crt", "rsa2048.key"),
        case("client certificate with text and the CA", "chain.crt", "rsa2048.key"),
        case("client certificate and key in one file", "both.pem", "both.pem"),
        case("client certificate and key with CRLF", "crlf.crt", "crlf.key"),
        refused("client key encrypted", "rsa2048.crt", "encrypted.key"),
        refused("client key encrypted, PKCS#1", "rsa2048.crt", "encrypted-pkcs1.key"),
        refused("client key of another certificate", "rsa2048.crt", "rsa4096.key"),
        refused("client key of another kind", "rsa2048.crt", "prime256v1.key"),
        refused("client key in DER", "rsa2048.crt", "der.key"),
        refused("client certificate in DER", "der.crt", "rsa2048.key").fails(&["client-certificate"]),
        refused("client certificate expired", "old.crt", "rsa2048.key").fails(&["does not accept|expired"]),
    ]
}

fn authorities(parts: &Parts) -> Vec<Case> {
    let folder = made(parts);
    openssl(
        folder.path(),
        "openssl x509 -in ca.crt -outform DER -out ca.der; openssl x509 -in ca.crt -trustout -out trusted.crt",
    );
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let with = |name: &str, data: &[u8]| {
        let cluster = parts.cluster(&json!({"certificate-authority-data": STANDARD.encode(data)}));
        Case::new(name, &cluster, &token(&json!({})))
    };
    let by_file = |name: &str| {
        let fields = json!({"certificate-authority-data": null, "certificate-authority": "ca.crt"});
        Case::new(name, &parts.cluster(&fields), &token(&json!({})))
    };
    let right = parts.authority.clone();
    let crlf = right.replace('\n', "\r\n");
    let field = "certificate-authority";
    let wrapped =
        STANDARD.encode(&right).as_bytes().chunks(60).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    vec![
        by_file("CA as a file").file("ca.crt", right.as_str()).console(),
        with("CA with CRLF", crlf.as_bytes()),
        with("CA behind text", format!("Subject: test\n{right}").as_bytes()),
        with("CA and rubbish behind it", format!("{right}\nrubbish").as_bytes()),
        with(
            "CA and a broken certificate",
            format!("{right}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").as_bytes(),
        ),
        with("CA and a key", format!("{}{right}", parts.admin.key).as_bytes()),
        with("CA without a newline at its end", right.trim_end().as_bytes()),
        Case::new(
            "CA as data over several lines",
            &parts.cluster(&json!({"certificate-authority-data": wrapped})),
            &token(&json!({})),
        ),
        Case::new(
            "CA as data before a file that is missing",
            &parts.cluster(&json!({"certificate-authority": "gone.crt"})),
            &token(&json!({})),
        )
        .more_than_kubectl(),
        by_file("CA file missing").fails(&[field, "ca.crt"]),
        by_file("CA file empty").file("ca.crt", "").fails(&[field]),
        by_file("CA in DER").file("ca.crt", read("ca.der")).fails(&[field]),
        with("CA that is none", b"s3cret").fails(&[field]),
        with("CA is a key", parts.admin.key.as_bytes()).fails(&[field]),
        with("CA as a trusted certificate of OpenSSL", &read("trusted.crt")).fails(&[field]),
        with("CA of another cluster", Authority::new().certificate.as_bytes()).fails(&["certificate"]),
        Case::new("CA is empty", &parts.cluster(&json!({"certificate-authority-data": ""})), &token(&json!({})))
            .fails(&["certificate"]),
        Case::new("no CA", &parts.cluster(&json!({"certificate-authority-data": null})), &token(&json!({})))
            .fails(&["certificate"]),
        Case::new(
            "no CA, SSL_CERT_FILE",
            &parts.cluster(&json!({"certificate-authority-data": null})),
            &token(&json!({})),
        )
        .file("roots.pem", right.as_str())
        .variable("SSL_CERT_FILE", "@HOME@/.kube/roots.pem"),
        Case::new(
            "CA is not base64",
            &parts.cluster(&json!({"certificate-authority-data": "%%%"})),
            &token(&json!({})),
        )
        .fails(&["certificate-authority-data"]),
    ]
}
