//! The RBAC pane as its user sees it.

use std::sync::Arc;

use crossterm::event::KeyCode;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use super::{TestConsole, three};
use crate::cluster::rbac::{OwnRules, Review};
use crate::cluster::watch::WatchStatus;
use crate::cluster::watch::rbac::{RbacMessage, Reach};
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::panes::rbac::{RbacResult, RbacTask};
use crate::domain::access::object::RbacKind;
use crate::domain::access::{Binding, Catalogue, Policy, Role};
use crate::error::UserError;

/// The roles and bindings of a small shop: the group qa reads secrets through a role that gathers another.
pub(super) const SHOP: &str = r#"
roles:
- {metadata: {name: cluster-admin}, rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]}
- {metadata: {name: debug}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}], aggregationRule: {clusterRoleSelectors: [{matchLabels: {debug: "true"}}]}}
- {metadata: {name: debug-extra, labels: {debug: "true"}}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}]}
- {metadata: {name: developer, namespace: default}, rules: [{apiGroups: [""], resources: [pods, configmaps], verbs: [get, list, create, update, delete]}, {apiGroups: [apps], resources: [deployments], verbs: [get, list], resourceNames: [web]}]}
bindings:
- {metadata: {name: admins}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: ops}]}
- {metadata: {name: developers, namespace: default}, roleRef: {kind: Role, name: developer}, subjects: [{kind: User, name: jane}, {kind: ServiceAccount, name: deployer, namespace: ci}]}
- {metadata: {name: qa-debug, namespace: default}, roleRef: {kind: ClusterRole, name: debug}, subjects: [{kind: Group, name: qa}, {kind: User, name: pavel}]}
- {metadata: {name: old, namespace: attic}, roleRef: {kind: Role, name: gone}, subjects: [{kind: User, name: jane}]}
"#;

fn shop() -> Policy {
    policy(&serde_yaml::from_str(SHOP).unwrap())
}

/// The policy of such roles and bindings.
pub(super) fn policy(shop: &Value) -> Policy {
    use k8s_openapi::api::rbac::v1 as rbac;
    let list = |name: &str| shop[name].as_array().unwrap().clone();
    let inside = |object: &Value| object["metadata"].get("namespace").is_some();
    let roles = list("roles").into_iter().map(|object| {
        if inside(&object) {
            Role::from(serde_json::from_value::<rbac::Role>(object).unwrap())
        } else {
            Role::from(serde_json::from_value::<rbac::ClusterRole>(object).unwrap())
        }
    });
    let bindings = list("bindings").into_iter().map(|mut object| {
        object["roleRef"]["apiGroup"] = json!("rbac.authorization.k8s.io");
        if inside(&object) {
            Binding::from(serde_json::from_value::<rbac::RoleBinding>(object).unwrap())
        } else {
            Binding::from(serde_json::from_value::<rbac::ClusterRoleBinding>(object).unwrap())
        }
    });
    Policy::new(roles, bindings)
}

pub(super) fn forbidden(kind: RbacKind) -> Reach {
    let status = WatchStatus::Forbidden { verb: "list".into(), resource: kind.plural().into(), message: "no".into() };
    Reach { status, only: None }
}

/// A console that sees the shop, on the RBAC pane.
fn console() -> TestConsole {
    let mut console = TestConsole::with(&three());
    console.news(RbacResult::Discovered(Ok(Catalogue::fallback())));
    console.news(RbacResult::Watch(RbacMessage::Policy(Arc::new(shop()))));
    for kind in RbacKind::ALL {
        console.news(RbacResult::Watch(RbacMessage::Status(kind, Reach { status: WatchStatus::Live, only: None })));
    }
    console.effects.clear();
    console.types("2");
    console
}

impl TestConsole {
    pub(super) fn news(&mut self, news: RbacResult) {
        self.dispatch(Event::Rbac(news));
    }

    fn finds(&mut self, text: &str) {
        self.types("/");
        self.types(text);
        self.press(KeyCode::Enter);
    }

    fn task(&mut self) -> RbacTask {
        match self.effects.pop() {
            Some(Effect::Rbac(task)) => task,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_subjects_are_those_of_the_bindings_and_those_that_requests_would_make() {
    let mut console = console();
    insta::assert_snapshot!("rbac_subjects", console.screen());
    console.finds("future");
    let screen = console.screen();
    assert!(screen.contains("jane + dev, qa") && screen.contains("kube-controller-manager"), "{screen}");
}

#[test]
fn a_decision_and_the_access_tab_show_what_would_be_granted() {
    let requests = three();
    let mut console = console();
    console.types("1");
    console.reads(&requests);
    console.types("a");
    insta::assert_snapshot!("decision_could", console.screen());
    console.press(KeyCode::Esc);
    console.press(KeyCode::Enter);
    console.press(KeyCode::Tab);
    insta::assert_snapshot!("request_access", console.screen());
}

#[test]
fn the_cell_under_the_cursor_is_explained_and_the_server_is_asked() {
    let mut console = console();
    console.finds("jane + dev");
    console.press(KeyCode::Enter);
    console.finds("secrets");
    console.types("x");
    let RbacTask::Review(id, who, action) = console.task() else { panic!("the server is not asked") };
    assert_eq!((who.to_string(), action.to_string()), ("jane + dev, qa".into(), "get secrets -n default".into()));
    let review = Review { allowed: true, reason: "RBAC: allowed by …".into(), ..Review::default() };
    console.news(RbacResult::Reviewed(id, Ok(review), 4));
    insta::assert_snapshot!("rbac_access_dangerous", console.screen());
    console.types("x");
    let RbacTask::Review(id, ..) = console.task() else { panic!("the server is not asked") };
    console.news(RbacResult::Reviewed(id, Ok(Review::default()), 4));
    assert!(console.screen().contains("! the server differs: it does not allow it"), "{}", console.screen());
}

#[test]
fn an_empty_cell_says_what_would_fill_it() {
    let mut console = console();
    console.finds("user");
    console.press(KeyCode::Enter);
    console.types("ll");
    insta::assert_snapshot!("rbac_access_why_not", console.screen());
    console.press(KeyCode::Enter);
    insta::assert_snapshot!("rbac_why_not", console.screen());
}

#[test]
fn enter_walks_from_the_cell_to_who_else_holds_the_role_and_esc_all_the_way_back() {
    let mut console = console();
    console.finds("jane + dev");
    console.press(KeyCode::Enter);
    console.finds("secrets");
    for (title, enter) in [("qa-debug", true), ("ClusterRole debug", true), ("who holds ClusterRole debug", true)] {
        if enter {
            console.press(KeyCode::Enter);
        }
        assert!(console.screen().contains(title), "{title}: {}", console.screen());
    }
    insta::assert_snapshot!("rbac_holders", console.screen());
    // One more Esc for each of the two searches.
    for _ in 0..6 {
        console.press(KeyCode::Esc);
    }
    assert!(console.screen().contains("RBAC · Subjects · "), "{}", console.screen());
}

#[test]
fn roles_bindings_and_who_can_are_one_key_further() {
    let mut console = console();
    console.types("v");
    insta::assert_snapshot!("rbac_roles", console.screen());
    console.types("v");
    insta::assert_snapshot!("rbac_bindings", console.screen());
    console.types("v");
    console.types("secre");
    insta::assert_snapshot!("rbac_who_can_form", console.screen());
    console.press(KeyCode::Right);
    console.press(KeyCode::Enter);
    insta::assert_snapshot!("rbac_who_can", console.screen());
}

#[test]
fn who_may_see_no_bindings_sees_what_the_server_says_of_them() {
    let mut console = TestConsole::with(&three());
    for kind in RbacKind::ALL {
        console.news(RbacResult::Watch(RbacMessage::Status(kind, forbidden(kind))));
    }
    let RbacTask::Own(namespace) = console.task() else { panic!("own rules are not asked for") };
    let rule = PolicyRule {
        verbs: vec!["get".into(), "list".into()],
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["pods".into()]),
        ..PolicyRule::default()
    };
    console.news(RbacResult::Own(namespace, Ok(OwnRules { rules: vec![rule], incomplete: true })));
    console.types("2");
    console.press(KeyCode::Enter);
    insta::assert_snapshot!("rbac_own_access", console.screen());
}

#[test]
fn one_kind_that_is_forbidden_leaves_the_others_working() {
    let mut console = console();
    console.news(RbacResult::Watch(RbacMessage::Status(RbacKind::Role, forbidden(RbacKind::Role))));
    let screen = console.screen();
    assert!(screen.contains("✖ not seen: roles (you may not list them)") && screen.contains("jane"), "{screen}");
}

#[test]
fn a_new_role_is_rehearsed_and_shown_before_it_is_written() {
    let mut console = console();
    console.types("n");
    console.press(KeyCode::Tab);
    console.press(KeyCode::Right);
    insta::assert_snapshot!("rbac_new_role", console.screen());
    console.ctrl('r');
    let RbacTask::Put { id, named, object, create: true, dry_run: true, .. } = console.task() else {
        panic!("no dry run")
    };
    assert_eq!(named.to_string(), "Role default/viewer");
    console.news(RbacResult::Put(id, Ok(Some(*object))));
    insta::assert_snapshot!("rbac_new_role_review", console.screen());
    console.types("y");
    assert!(console.effects.is_empty(), "its end was not seen");
    console.types("Gy");
    let RbacTask::Put { id, dry_run: false, .. } = console.task() else { panic!("it is not written") };
    console.news(RbacResult::Put(id, Ok(Some(json!({})))));
    assert!(console.screen().contains("✔ Role default/viewer created"), "{}", console.screen());
    assert_eq!(console.state.activity.records().len(), 1);
}

/// Opens the change of the role `developer`, with someone else managing its rules.
fn change_developer(console: &mut TestConsole) -> Value {
    console.types("v");
    console.finds("developer");
    console.types("e");
    let RbacTask::Read(id, _) = console.task() else { panic!("it is not read") };
    let object = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "developer", "namespace": "default", "uid": "u", "resourceVersion": "7",
            "managedFields": [{"manager": "helm", "fieldsV1": {"f:rules": {}}}]},
        "rules": [
            {"apiGroups": ["", "extra"], "resources": ["pods"], "verbs": ["get"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
        ],
    });
    console.news(RbacResult::Read(id, Ok(object.clone())));
    object
}

#[test]
fn a_change_keeps_what_was_not_touched_and_says_who_else_manages_it() {
    let mut console = console();
    change_developer(&mut console);
    // The second rule gets a verb; the first, which no line could say exactly, stays as it is.
    console.press(KeyCode::Tab);
    console.press(KeyCode::Home);
    console.types("list ");
    console.ctrl('r');
    let RbacTask::Put { id, object, create: false, dry_run: true, .. } = console.task() else { panic!("no dry run") };
    assert_eq!(object["rules"][0], json!({"apiGroups": ["", "extra"], "resources": ["pods"], "verbs": ["get"]}));
    assert_eq!(object["rules"][1]["verbs"], json!(["list", "get"]));
    assert_eq!(object["metadata"]["resourceVersion"], "7");
    console.news(RbacResult::Put(id, Ok(Some(*object))));
    insta::assert_snapshot!("rbac_change_review", console.screen());
}

#[test]
fn a_refusal_for_want_of_rights_keeps_what_was_typed() {
    let mut console = console();
    change_developer(&mut console);
    console.types("x");
    console.ctrl('r');
    let RbacTask::Put { id, .. } = console.task() else { panic!("no dry run") };
    let refusal = UserError::new("you do not hold: get secrets").with_hint("Leave that out.");
    console.news(RbacResult::Put(id, Err(refusal)));
    assert!(console.screen().contains("✖ you do not hold: get secrets"), "{}", console.screen());
    console.press(KeyCode::Esc);
    assert!(console.screen().contains("Change Role default/developer"), "{}", console.screen());
    console.press(KeyCode::Esc);
    assert!(console.screen().contains("Esc again drops what was typed"), "{}", console.screen());
    console.press(KeyCode::Esc);
    assert!(console.screen().contains("RBAC · Roles"), "{}", console.screen());
}

#[test]
fn a_deletion_lists_who_loses_what() {
    let mut console = console();
    console.types("vv");
    console.finds("qa-debug");
    console.types("D");
    let RbacTask::Read(id, _) = console.task() else { panic!("it is not read") };
    console.news(RbacResult::Read(id, Ok(json!({"metadata": {"uid": "u", "resourceVersion": "7"}}))));
    insta::assert_snapshot!("rbac_delete", console.screen());
    console.types("y");
    let RbacTask::Delete { deletion, .. } = console.task() else { panic!("it is not deleted") };
    let (uid, version) = (&*deletion.pin().uid, &*deletion.pin().resource_version);
    assert_eq!((uid, version), ("u", "7"));
}

#[test]
fn a_binding_begins_with_what_the_cursor_is_on() {
    let mut console = console();
    console.finds("user");
    console.types("b");
    console.types("dev");
    insta::assert_snapshot!("rbac_bind", console.screen());
}

#[test]
fn nothing_is_offered_that_would_write_in_a_console_that_only_reads() {
    let mut console = console();
    console.state.cx.session.read_only = true;
    console.types("v");
    let screen = console.screen();
    assert!(!screen.lines().last().unwrap().contains("new role"), "{screen}");
    for key in ["n", "b", "e", "D"] {
        console.types(key);
        assert!(console.state.rbac.sheet.is_none() && console.effects.is_empty(), "{key}");
    }
}

/// A console on its requests, the first of which is jane's, with the shop's roles from watches of these states.
fn requests(reach: impl Fn(RbacKind) -> Reach) -> TestConsole {
    let mut console = TestConsole::with(&three());
    console.news(RbacResult::Watch(RbacMessage::Policy(Arc::new(shop()))));
    for kind in RbacKind::ALL {
        console.news(RbacResult::Watch(RbacMessage::Status(kind, reach(kind))));
    }
    console
}

#[test]
fn what_a_request_would_hand_out_is_never_claimed_where_roles_or_bindings_may_not_be_seen() {
    let live = |only: Option<&str>| Reach { status: WatchStatus::Live, only: only.map(ToOwned::to_owned) };
    assert!(requests(|_| live(None)).screen().contains("qa-debug"), "{}", requests(|_| live(None)).screen());
    let mut console = TestConsole::with(&three());
    console.news(RbacResult::Watch(RbacMessage::Policy(Arc::default())));
    for kind in RbacKind::ALL {
        console.news(RbacResult::Watch(RbacMessage::Status(kind, forbidden(kind))));
    }
    for keys in [0, 1] {
        (0..keys).for_each(|_| [KeyCode::Enter, KeyCode::Tab].into_iter().for_each(|key| console.press(key)));
        let screen = console.screen();
        assert!(screen.contains("not known: you may not list") && !screen.contains("nothing beyond"), "{screen}");
    }
    let part = requests(|kind| if kind == RbacKind::ClusterRole { forbidden(kind) } else { live(None) }).screen();
    assert!(part.contains("not known: you may not list clusterroles"), "{part}");
    let one =
        requests(|kind| live(Some("default").filter(|_| [RbacKind::Role, RbacKind::RoleBinding].contains(&kind))));
    assert!(one.screen().contains("of namespace default alone"), "{}", one.screen());
}
