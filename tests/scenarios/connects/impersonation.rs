//! Acting as somebody else, as the kubeconfig says.

use serde_json::{Value, json};

use super::case::Case;
use super::parts::{Parts, parts, token};
use super::run::{check, run};
use crate::support::front::{Front, Seen, forward};
use crate::support::program;

#[test]
fn the_kubeconfig_says_as_whom_to_act() {
    let Some(parts) = parts("the_kubeconfig_says_as_whom_to_act") else { return };
    check(parts, cases(parts));
}

fn cases(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let as_whom = |name: &str, fields: &Value| Case::new(name, &here, &token(fields));
    let admins = json!(["system:masters"]);
    vec![
        as_whom("as, with groups", &json!({"as": "jane", "as-groups": admins})).console(),
        as_whom("as, without rights", &json!({"as": "jane"})).fails(&["jane"]),
        as_whom(
            "as, uid and extra",
            &json!({
                "as": "jane", "as-groups": admins, "as-uid": "7", "as-user-extra": {"team": ["a", "b"], "Reason/why": ["ü"]},
            }),
        ),
        as_whom("as-groups without as", &json!({"as-groups": admins})).fails(&["as-groups"]),
        as_whom("as-uid without as", &json!({"as-uid": "7"})).fails(&["as-uid"]),
        as_whom("as-user-extra without as", &json!({"as-user-extra": {"team": ["a"]}})).fails(&["as-user-extra"]),
        as_whom("--as instead of the kubeconfig's", &json!({"as": "jane", "as-groups": admins})).arguments(&[
            "--as",
            "joe",
            "--as-group",
            "system:masters",
        ]),
        as_whom("--as alone keeps the kubeconfig's groups", &json!({"as": "jane", "as-groups": admins}))
            .arguments(&["--as", "joe"]),
    ]
}

/// Who is meant by a request: its impersonation headers, in order.
fn meant(seen: &[Seen]) -> Vec<(String, String)> {
    let last = seen.iter().rev().find(|seen| seen.target.contains("/certificatesigningrequests")).unwrap();
    let said = last.headers.iter().filter(|(name, _)| name.as_str().starts_with("impersonate-"));
    let mut said: Vec<_> =
        said.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    said.sort();
    said
}

/// The API server sees exactly the same person.
#[test]
fn both_say_the_same_of_whom_they_act_for() {
    let Some(parts) = parts("both_say_the_same_of_whom_they_act_for") else { return };
    let extra = json!({"team": ["a", "b"], "Example.com/Why-%": ["because"]});
    let user = json!({"as": "jane", "as-groups": ["system:masters", "dev"], "as-uid": "7", "as-user-extra": extra});
    let told = |program: &std::path::Path, arguments: &[&str]| {
        let tls = parts.serving().serves(rustls::ALL_VERSIONS);
        let front = Front::start(&parts.plane, Some(tls), forward);
        let case = Case::new("as", &parts.cluster(&json!({"server": front.url()})), &token(&user));
        let ran = run(parts, &case, program, arguments);
        assert!(ran.done(), "{ran:?}");
        meant(&front.seen())
    };
    let kubectl = told(&parts.plane.kubectl_program(), &["get", "csr"]);
    assert!(kubectl.len() >= 7, "{kubectl:?}");
    assert_eq!(told(&program(), &["list"]), kubectl);
}
