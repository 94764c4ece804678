//! Certificates, tokens and passwords in a kubeconfig.

use serde_json::{Value, json};

use super::case::Case;
use super::parts::{Parts, encoded, parts, token};
use super::run::check;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::front::{Front, Step, unauthorized};

#[test]
fn certificates_tokens_and_passwords() {
    let Some(parts) = parts("certificates_tokens_and_passwords") else { return };
    check(parts, [certificates(parts), tokens(parts), passwords(parts)].concat());
}

fn certificates(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let files = json!({"client-certificate": "admin.crt", "client-key": "admin.key"});
    let by_file = |name: &str, user: &Value| {
        Case::new(name, &here, user)
            .file("admin.crt", parts.admin.certificate.as_str())
            .file("admin.key", parts.admin.key.as_str())
    };
    let (certificate, key) = (encoded(&parts.admin.certificate), encoded(&parts.admin.key));
    vec![
        Case::new("client certificate as data", &here, &parts.certificate(&json!({}))).console(),
        by_file("client certificate as files", &files).console(),
        by_file(
            "client certificate as data, files that are wrong",
            &parts.certificate(&json!({"client-certificate": "gone.crt", "client-key": "gone.key"})),
        )
        .more_than_kubectl(),
        by_file(
            "certificate as file, key as data",
            &json!({"client-certificate": "admin.crt", "client-key-data": key}),
        ),
        by_file(
            "certificate as data, key as file",
            &json!({"client-certificate-data": certificate, "client-key": "admin.key"}),
        ),
        by_file(
            "files by absolute paths",
            &json!({
                "client-certificate": "@HOME@/.kube/admin.crt", "client-key": "@HOME@/.kube/admin.key",
            }),
        ),
        by_file(
            "client certificate file missing",
            &json!({"client-certificate": "gone.crt", "client-key": "admin.key"}),
        )
        .fails(&["client-certificate", "gone.crt"]),
        by_file("client key file missing", &json!({"client-certificate": "admin.crt", "client-key": "gone.key"}))
            .fails(&["client-key", "gone.key"]),
        Case::new("client certificate without a key", &here, &parts.certificate(&json!({"client-key-data": null})))
            .fails(&["client-key"]),
        Case::new(
            "client key without a certificate",
            &here,
            &parts.certificate(&json!({"client-certificate-data": null})),
        )
        .fails(&["client-certificate|client-key"]),
        Case::new(
            "client certificate that is not base64",
            &here,
            &parts.certificate(&json!({"client-certificate-data": "%%%"})),
        )
        .fails(&["client-certificate-data"]),
        Case::new(
            "client certificate that is not PEM",
            &here,
            &parts.certificate(&json!({"client-certificate-data": encoded("none")})),
        )
        .fails(&["client-certificate-data"]),
        Case::new("client certificate and a wrong token", &here, &parts.certificate(&json!({"token": "s3cret-wrong"}))),
        Case::new("nobody", &here, &json!({})).fails(&["anonymous|context here"]),
    ]
}

fn tokens(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let file = json!({"tokenFile": "token"});
    let lines = |text: &str| format!("{text}\n");
    vec![
        Case::new("token", &here, &token(&json!({}))).console(),
        Case::new("token with a newline at its end", &here, &token(&json!({"token": lines(ADMIN_TOKEN)})))
            .more_than_kubectl(),
        Case::new("token with a newline inside", &here, &token(&json!({"token": format!("s3cret\n{ADMIN_TOKEN}")})))
            .fails(&["token"]),
        Case::new("a wrong token", &here, &token(&json!({"token": "s3cret-wrong"}))).fails(&["does not accept"]),
        Case::new("an empty token", &here, &token(&json!({"token": ""}))).fails(&["anonymous|context here"]),
        Case::new("token file", &here, &file).file("token", ADMIN_TOKEN).console(),
        Case::new("token file with a newline at its end", &here, &file).file("token", lines(ADMIN_TOKEN)).console(),
        Case::new("token file with spaces around", &here, &file).file("token", format!(" {ADMIN_TOKEN} \r\n")),
        Case::new("token file before token", &here, &token(&json!({"token": "s3cret-wrong", "tokenFile": "token"})))
            .file("token", ADMIN_TOKEN)
            .console(),
        Case::new("token that is right, token file that is wrong", &here, &token(&json!({"tokenFile": "token"})))
            .file("token", "s3cret-wrong")
            .fails(&["does not accept"]),
        Case::new("token that is right, token file missing", &here, &token(&json!({"tokenFile": "token"}))),
        Case::new("token file missing", &here, &file).fails(&["tokenFile", "token"]),
        Case::new("token file empty", &here, &file).file("token", "").fails(&["tokenFile|anonymous"]),
    ]
}

/// kube-apiserver knows no passwords any more: a front stands for a distribution's proxy that does.
fn passwords(parts: &Parts) -> Vec<Case> {
    let right = format!("Basic {}", encoded("admin:s3cret:wört"));
    let front = Front::start(&parts.plane, Some(parts.serving().serves(rustls::ALL_VERSIONS)), move |seen| {
        if seen.headers.get("authorization").is_some_and(|value| value.as_bytes() == right.as_bytes()) {
            Step::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
        } else {
            unauthorized()
        }
    });
    let there = parts.cluster(&json!({"server": front.url()}));
    let user = |name: &str, password: &str| json!({"username": name, "password": password});
    vec![
        Case::new("user name and password", &there, &user("admin", "s3cret:wört")).console(),
        Case::new("user name and a wrong password", &there, &user("admin", "s3cret")).fails(&["does not accept"]),
        Case::new("user name and password at a server without", &parts.cluster(&json!({})), &user("admin", "s3cret"))
            .fails(&["anonymous|does not accept"]),
        Case::new("password and token", &there, &token(&json!({"username": "admin", "password": "s3cret"})))
            .fails(&["token"]),
    ]
}
