//! Impersonation (`as`, `as-groups`, `as-uid`, `as-user-extra` of a kubeconfig).

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use super::run::run;
use crate::support::program;
use crate::support::reverse_proxy::{ReceivedRequest, ReverseProxy, forward};

#[test]
fn impersonates_as_the_kubeconfig_says() {
    let Some(fixture) = fixture("impersonates_as_the_kubeconfig_says") else { return };
    check(fixture, cases(fixture));
}

fn cases(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let impersonating = |name: &str, fields: &Value| Case::new(name, &cluster, &token(fields));
    let admins = json!(["system:masters"]);
    vec![
        impersonating("as, with groups", &json!({"as": "jane", "as-groups": admins})).console(),
        impersonating("as, without rights", &json!({"as": "jane"})).fails(&["jane"]),
        impersonating(
            "as, uid and extra",
            &json!({
                "as": "jane", "as-groups": admins, "as-uid": "7", "as-user-extra": {"team": ["a", "b"], "Reason/why": ["ü"]},
            }),
        ),
        impersonating("as-groups without as", &json!({"as-groups": admins})).fails(&["as-groups"]),
        impersonating("as-uid without as", &json!({"as-uid": "7"})).fails(&["as-uid"]),
        impersonating("as-user-extra without as", &json!({"as-user-extra": {"team": ["a"]}})).fails(&["as-user-extra"]),
        impersonating("--as overrides the kubeconfig", &json!({"as": "jane", "as-groups": admins})).arguments(&[
            "--as",
            "joe",
            "--as-group",
            "system:masters",
        ]),
        impersonating("--as alone keeps the kubeconfig's groups", &json!({"as": "jane", "as-groups": admins}))
            .arguments(&["--as", "joe"]),
    ]
}

/// The impersonation headers of the last request for CertificateSigningRequests, sorted.
fn impersonation_headers(requests: &[ReceivedRequest]) -> Vec<(String, String)> {
    let last = requests.iter().rev().find(|request| request.target.contains("/certificatesigningrequests")).unwrap();
    let headers = last.headers.iter().filter(|(name, _)| name.as_str().starts_with("impersonate-"));
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    headers
}

#[test]
fn sends_the_impersonation_headers_of_kubectl() {
    let Some(fixture) = fixture("sends_the_impersonation_headers_of_kubectl") else { return };
    let extra = json!({"team": ["a", "b"], "Example.com/Why-%": ["because"]});
    let user = json!({"as": "jane", "as-groups": ["system:masters", "dev"], "as-uid": "7", "as-user-extra": extra});
    let headers_of = |program: &std::path::Path, arguments: &[&str]| {
        let tls = fixture.serving().server_config(rustls::ALL_VERSIONS);
        let proxy = ReverseProxy::start(&fixture.plane, Some(tls), forward);
        let case = Case::new("as", &fixture.cluster(&json!({"server": proxy.url()})), &token(&user));
        let ran = run(fixture, &case, program, arguments);
        assert!(ran.succeeded(), "{ran:?}");
        impersonation_headers(&proxy.requests())
    };
    let kubectl = headers_of(&fixture.plane.kubectl_program(), &["get", "csr"]);
    assert!(kubectl.len() >= 7, "{kubectl:?}");
    assert_eq!(headers_of(&program(), &["list"]), kubectl);
}
