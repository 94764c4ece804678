//! Certificates, tokens and passwords in a kubeconfig.

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, encoded, fixture, token};
use crate::control_plane::ADMIN_TOKEN;
use crate::support::reverse_proxy::{Action, ReverseProxy, unauthorized};

#[test]
fn connects_with_certificates_tokens_and_passwords() {
    let Some(fixture) = fixture("connects_with_certificates_tokens_and_passwords") else { return };
    check(fixture, [certificates(fixture), tokens(fixture), passwords(fixture)].concat());
}

fn certificates(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let files = json!({"client-certificate": "admin.crt", "client-key": "admin.key"});
    let with_files = |name: &str, user: &Value| {
        Case::new(name, &cluster, user)
            .file("admin.crt", fixture.admin.certificate.as_str())
            .file("admin.key", fixture.admin.key.as_str())
    };
    let (certificate, key) = (encoded(&fixture.admin.certificate), encoded(&fixture.admin.key));
    vec![
        Case::new("client certificate as data", &cluster, &fixture.certificate(&json!({}))).console(),
        with_files("client certificate as files", &files).console(),
        with_files(
            "client certificate as data, and missing files",
            &fixture.certificate(&json!({"client-certificate": "gone.crt", "client-key": "gone.key"})),
        )
        .only_countersign_connects(),
        with_files(
            "client certificate as file, key as data",
            &json!({"client-certificate": "admin.crt", "client-key-data": key}),
        ),
        with_files(
            "client certificate as data, key as file",
            &json!({"client-certificate-data": certificate, "client-key": "admin.key"}),
        ),
        with_files(
            "client certificate as files, absolute paths",
            &json!({
                "client-certificate": "@HOME@/.kube/admin.crt", "client-key": "@HOME@/.kube/admin.key",
            }),
        ),
        with_files(
            "client certificate file missing",
            &json!({"client-certificate": "gone.crt", "client-key": "admin.key"}),
        )
        .fails(&["client-certificate", "gone.crt"]),
        with_files("client key file missing", &json!({"client-certificate": "admin.crt", "client-key": "gone.key"}))
            .fails(&["client-key", "gone.key"]),
        Case::new(
            "client certificate without a key",
            &cluster,
            &fixture.certificate(&json!({"client-key-data": null})),
        )
        .fails(&["client-key"]),
        Case::new(
            "client key without a certificate",
            &cluster,
            &fixture.certificate(&json!({"client-certificate-data": null})),
        )
        .fails(&["client-certificate|client-key"]),
        Case::new(
            "client certificate is not base64",
            &cluster,
            &fixture.certificate(&json!({"client-certificate-data": "%%%"})),
        )
        .fails(&["client-certificate-data"]),
        Case::new(
            "client certificate is not PEM",
            &cluster,
            &fixture.certificate(&json!({"client-certificate-data": encoded("none")})),
        )
        .fails(&["client-certificate-data"]),
        Case::new(
            "client certificate and an invalid token",
            &cluster,
            &fixture.certificate(&json!({"token": "s3cret-wrong"})),
        ),
        Case::new("no credentials", &cluster, &json!({})).fails(&["anonymous|context here"]),
    ]
}

fn tokens(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let file = json!({"tokenFile": "token"});
    let lines = |text: &str| format!("{text}\n");
    vec![
        Case::new("token", &cluster, &token(&json!({}))).console(),
        Case::new("token with a trailing newline", &cluster, &token(&json!({"token": lines(ADMIN_TOKEN)})))
            .only_countersign_connects(),
        Case::new(
            "token with a newline in the middle",
            &cluster,
            &token(&json!({"token": format!("s3cret\n{ADMIN_TOKEN}")})),
        )
        .fails(&["token"]),
        Case::new("invalid token", &cluster, &token(&json!({"token": "s3cret-wrong"}))).fails(&["does not accept"]),
        Case::new("empty token", &cluster, &token(&json!({"token": ""}))).fails(&["anonymous|context here"]),
        Case::new("token file", &cluster, &file).file("token", ADMIN_TOKEN).console(),
        Case::new("token file with a newline at its end", &cluster, &file).file("token", lines(ADMIN_TOKEN)).console(),
        Case::new("token file with surrounding whitespace", &cluster, &file)
            .file("token", format!(" {ADMIN_TOKEN} \r\n")),
        Case::new(
            "token file has precedence over token",
            &cluster,
            &token(&json!({"token": "s3cret-wrong", "tokenFile": "token"})),
        )
        .file("token", ADMIN_TOKEN)
        .console(),
        Case::new("valid token, invalid token file", &cluster, &token(&json!({"tokenFile": "token"})))
            .file("token", "s3cret-wrong")
            .fails(&["does not accept"]),
        Case::new("valid token, missing token file", &cluster, &token(&json!({"tokenFile": "token"}))),
        Case::new("missing token file", &cluster, &file).fails(&["tokenFile", "token"]),
        Case::new("empty token file", &cluster, &file).file("token", "").fails(&["tokenFile|anonymous"]),
    ]
}

/// kube-apiserver does not support passwords since 1.19, but proxies in front of it do.
fn passwords(fixture: &Fixture) -> Vec<Case> {
    let valid = format!("Basic {}", encoded("admin:s3cret:wört"));
    let proxy = ReverseProxy::start(
        &fixture.plane,
        Some(fixture.serving().server_config(rustls::ALL_VERSIONS)),
        move |request| {
            if request.headers.get("authorization").is_some_and(|value| value.as_bytes() == valid.as_bytes()) {
                Action::Forward(request.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
            } else {
                unauthorized()
            }
        },
    );
    let cluster = fixture.cluster(&json!({"server": proxy.url()}));
    let user = |name: &str, password: &str| json!({"username": name, "password": password});
    vec![
        Case::new("user name and password", &cluster, &user("admin", "s3cret:wört")).console(),
        Case::new("user name and an invalid password", &cluster, &user("admin", "s3cret")).fails(&["does not accept"]),
        Case::new(
            "user name and password, not supported by the server",
            &fixture.cluster(&json!({})),
            &user("admin", "s3cret"),
        )
        .fails(&["anonymous|does not accept"]),
        Case::new(
            "password and token, of which only one is allowed",
            &cluster,
            &token(&json!({"username": "admin", "password": "s3cret"})),
        )
        .fails(&["token"]),
    ]
}
