//! RBAC as the server evaluates it, and how it is guarded against those who would give themselves more.

use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

crate::on_both!(
    access_follows_from_bindings_and_the_reason_names_the_chain,
    rejects_granting_permissions_that_the_user_lacks,
    role_ref_of_a_binding_is_immutable,
    rejects_invalid_roles_and_bindings,
    an_aggregated_role_contains_the_rules_of_matching_roles,
    impersonation_requires_its_own_permission,
);

fn user(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name})
}

fn group(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name})
}

fn rule(verbs: &str, groups: &str, resources: &str) -> Value {
    let list = |text: &str| text.split(',').map(ToOwned::to_owned).collect::<Vec<_>>();
    json!({"verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)})
}

/// Where roles are: in a namespace, or for the cluster.
fn path(namespace: &str, roles: bool) -> String {
    let plural = if roles { "roles" } else { "rolebindings" };
    if namespace.is_empty() {
        format!("{RBAC}/cluster{plural}")
    } else {
        format!("{RBAC}/namespaces/{namespace}/{plural}")
    }
}

fn make_role(api: &Api, namespace: &str, name: &str, rules: &Value) -> Answer {
    api.post(&path(namespace, true), &json!({"metadata": {"name": name}, "rules": rules}))
}

fn bind(api: &Api, namespace: &str, name: &str, role: (&str, &str), subjects: &Value) -> Answer {
    let reference = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
    api.post(&path(namespace, false), &json!({"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}))
}

/// What a review says of `verb resource[/sub][.group][:name][@namespace]`, or of `verb /path`.
fn review(api: &Api, who: &str, groups: &[&str], action: &str) -> (bool, String) {
    let (verb, what) = action.split_once(' ').unwrap();
    let mut spec = json!({"user": who, "groups": groups});
    if what.starts_with('/') {
        spec["nonResourceAttributes"] = json!({"verb": verb, "path": what});
    } else {
        let (what, namespace) = what.split_once('@').unwrap_or((what, ""));
        let (what, name) = what.split_once(':').unwrap_or((what, ""));
        let (what, group) = what.split_once('.').unwrap_or((what, ""));
        let (resource, sub) = what.split_once('/').unwrap_or((what, ""));
        spec["resourceAttributes"] = json!({
            "verb": verb, "group": group, "resource": resource, "subresource": sub, "name": name, "namespace": namespace,
        });
    }
    let made = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
    let status = api.post(&format!("{REVIEWS}/subjectaccessreviews"), &made).ok()["status"].clone();
    (status["allowed"] == true, status["reason"].as_str().unwrap_or_default().to_owned())
}

fn access_follows_from_bindings_and_the_reason_names_the_chain(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (it, ns) = (unique("rbac"), unique("shop"));
    api.post("/api/v1/namespaces", &json!({"metadata": {"name": ns}})).ok();
    let named = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["tls"]}]);
    let wide = json!([rule("get,list", "", "pods,pods/log"), rule("*", "apps", "*"), rule("update", "*", "*/scale")]);
    let paths = json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics", "/debug/*"]}]);
    make_role(&api, &ns, &format!("{it}-named"), &named).ok();
    make_role(&api, "", &format!("{it}-wide"), &wide).ok();
    make_role(&api, "", &format!("{it}-paths"), &paths).ok();
    let (ann, team) = (format!("{it}-ann"), format!("{it}-team"));
    bind(&api, &ns, &format!("{it}-named"), ("Role", &format!("{it}-named")), &json!([user(&ann)])).ok();
    bind(&api, &ns, &format!("{it}-local"), ("ClusterRole", &format!("{it}-wide")), &json!([group(&team)])).ok();
    bind(&api, "", &format!("{it}-paths"), ("ClusterRole", &format!("{it}-paths")), &json!([group(&team)])).ok();
    let account = json!([{"kind": "ServiceAccount", "name": "robot", "namespace": ns}]);
    bind(&api, "", &format!("{it}-robots"), ("ClusterRole", &format!("{it}-wide")), &account).ok();
    bind(&api, &ns, &format!("{it}-dangling"), ("Role", "no-such-role"), &json!([user(&ann)])).ok();
    let robot = format!("system:serviceaccount:{ns}:robot");
    eventually("the server hears of it", || review(&api, &robot, &[], "list pods").0.then_some(()));

    let by_named = format!("RBAC: allowed by RoleBinding \"{it}-named/{ns}\" of Role \"{it}-named\" to User \"{ann}\"");
    let by_local =
        format!("RBAC: allowed by RoleBinding \"{it}-local/{ns}\" of ClusterRole \"{it}-wide\" to Group \"{team}\"");
    let by_paths =
        format!("RBAC: allowed by ClusterRoleBinding \"{it}-paths\" of ClusterRole \"{it}-paths\" to Group \"{team}\"");
    let by_robots = format!(
        "RBAC: allowed by ClusterRoleBinding \"{it}-robots\" of ClusterRole \"{it}-wide\" to ServiceAccount \"robot/{ns}\""
    );
    let dangling = "RBAC: role.rbac.authorization.k8s.io \"no-such-role\" not found";
    let here = |action: &str| format!("{action}@{ns}");
    let team = [team.as_str(), "system:authenticated"];
    let (ann, robot) = (ann.as_str(), robot.as_str());
    let cases: Vec<(&str, &[&str], String, bool, &str)> = vec![
        (ann, &[], here("get secrets:tls"), true, &by_named),
        (ann, &[], here("get secrets:other"), false, dangling),
        (ann, &[], here("get secrets"), false, dangling),
        (ann, &[], here("list secrets:tls"), false, dangling),
        (ann, &[], "get secrets:tls".to_owned(), false, ""),
        (ann, &[], here("list pods"), false, dangling),
        (ann, &team, here("list pods"), true, &by_local),
        (ann, &team, here("get pods/log:p"), true, &by_local),
        (ann, &team, here("get pods/exec:p"), false, dangling),
        (ann, &team, here("create pods"), false, dangling),
        (ann, &team, "list pods".to_owned(), false, ""),
        (ann, &team, here("deletecollection deployments.apps"), true, &by_local),
        (ann, &team, here("patch anything/at-all.apps"), true, &by_local),
        (ann, &team, here("patch deployments.extensions"), false, dangling),
        (ann, &team, here("update machines/scale.example.com"), true, &by_local),
        (ann, &team, here("get machines/scale.example.com"), false, dangling),
        (ann, &team, "get /metrics".to_owned(), true, &by_paths),
        (ann, &team, "get /debug/pprof/heap".to_owned(), true, &by_paths),
        (ann, &team, "get /debug".to_owned(), false, ""),
        (ann, &team, "get /metrics/cadvisor".to_owned(), false, ""),
        (ann, &team, "post /metrics".to_owned(), false, ""),
        (robot, &[], "list pods".to_owned(), true, &by_robots),
        (robot, &[], here("list pods"), true, &by_robots),
        (robot, &[], "list secrets".to_owned(), false, ""),
        ("somebody", &["system:masters"], "escalate clusterroles.rbac.authorization.k8s.io".to_owned(), true, ""),
        (
            "somebody",
            &["system:authenticated"],
            "create selfsubjectaccessreviews.authorization.k8s.io".to_owned(),
            true,
            "RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to Group \"system:authenticated\"",
        ),
    ];
    for (who, groups, action, allowed, reason) in cases {
        assert_eq!(review(&api, who, groups, &action), (allowed, reason.to_owned()), "{who} {groups:?} {action}");
    }
    // Several chains grant this; the server names any one of them.
    let (allowed, reason) = review(&api, ann, &team, "get /version");
    assert!(allowed && reason.starts_with("RBAC: allowed by ClusterRoleBinding \"system:"), "{reason}");
    let local = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "LocalSubjectAccessReview", "metadata": {"namespace": ns},
        "spec": {"user": ann, "groups": team, "resourceAttributes": {"verb": "list", "resource": "pods", "namespace": ns}},
    });
    let at = format!("{REVIEWS}/namespaces/{ns}/localsubjectaccessreviews");
    assert_eq!(api.post(&at, &local).ok()["status"]["allowed"], true);
    let mut elsewhere = local.clone();
    elsewhere["spec"]["resourceAttributes"]["namespace"] = "other".into();
    let refused = api.post(&at, &elsewhere).refused(422, "Invalid");
    assert!(
        refused.ends_with("spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace"),
        "{refused}"
    );
    let nothing =
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": ann}});
    let refused = api.post(&format!("{REVIEWS}/subjectaccessreviews"), &nothing).refused(422, "Invalid");
    assert!(
        refused.contains("exactly one of nonResourceAttributes or resourceAttributes must be specified"),
        "{refused}"
    );
}

/// A user who may write roles and bindings in the cluster, and read pods in it.
fn clerk(plane: &dyn Plane) -> (Api, String) {
    let (admin, who) = (Api::admin(plane), unique("clerk"));
    let all = "roles,rolebindings,clusterroles,clusterrolebindings";
    let rules = json!([
        rule("get,list,create,update,patch,delete", "rbac.authorization.k8s.io", all),
        rule("get,list", "", "pods")
    ]);
    make_role(&admin, "", &who, &rules).ok();
    bind(&admin, "", &who, ("ClusterRole", &who), &json!([user(&who)])).ok();
    let api = Api::user(plane, &who, None);
    eventually("their rights", || (api.get("/api/v1/pods").code == 200).then_some(()));
    (api, who)
}

fn rejects_granting_permissions_that_the_user_lacks(plane: &dyn Plane) {
    let (clerk, who) = clerk(plane);
    let (admin, it) = (Api::admin(plane), unique("given"));
    make_role(&clerk, "default", &it, &json!([rule("get", "", "pods")])).ok();
    let refused = make_role(&clerk, "default", &format!("{it}-more"), &json!([rule("get,delete", "", "pods,secrets")]));
    let refused = refused.refused(403, "Forbidden");
    assert_eq!(
        refused,
        format!(
            "roles.rbac.authorization.k8s.io \"{it}-more\" is forbidden: user \"{who}\" (groups=[\"system:authenticated\"]) \
             is attempting to grant RBAC permissions not currently held:\n\
             {{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}}\n\
             {{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"delete\"]}}"
        )
    );
    let wider = json!({"rules": [rule("*", "*", "*")]});
    let refused =
        clerk.patch(&format!("{}/{it}", path("default", true)), "merge-patch", &wider).refused(403, "Forbidden");
    assert!(refused.ends_with("{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}"), "{refused}");
    let refused =
        bind(&clerk, "", &it, ("ClusterRole", "cluster-admin"), &json!([user(&who)])).refused(403, "Forbidden");
    assert!(
        refused.starts_with(&format!(
            "clusterrolebindings.rbac.authorization.k8s.io \"{it}\" is forbidden: user \"{who}\""
        )),
        "{refused}"
    );
    assert!(refused.ends_with("{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}"), "{refused}");
    let refused = bind(&clerk, "default", &it, ("Role", "no-such"), &json!([user(&who)])).refused(404, "NotFound");
    assert_eq!(refused, "rolebindings.rbac.authorization.k8s.io \"no-such\" not found");
    bind(&clerk, "default", &it, ("Role", &it), &json!([user("anybody")])).ok();
    // The right to bind that one role, and the right to escalate, lift it.
    let bind_view = json!([{"verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": ["view"]}]);
    make_role(&admin, "", &format!("{it}-bind"), &bind_view).ok();
    bind(&admin, "", &format!("{it}-bind"), ("ClusterRole", &format!("{it}-bind")), &json!([user(&who)])).ok();
    eventually("the right to bind", || {
        (bind(&clerk, "default", &format!("{it}-view"), ("ClusterRole", "view"), &json!([user("anybody")])).code == 201)
            .then_some(())
    });
    bind(&clerk, "default", &format!("{it}-edit"), ("ClusterRole", "edit"), &json!([user("anybody")]))
        .refused(403, "Forbidden");
    make_role(&admin, "", &format!("{it}-esc"), &json!([rule("escalate", "rbac.authorization.k8s.io", "roles")])).ok();
    bind(&admin, "", &format!("{it}-esc"), ("ClusterRole", &format!("{it}-esc")), &json!([user(&who)])).ok();
    eventually("the right to escalate", || {
        (make_role(&clerk, "default", &format!("{it}-all"), &json!([rule("*", "*", "*")])).code == 201).then_some(())
    });
}

fn role_ref_of_a_binding_is_immutable(plane: &dyn Plane) {
    let (api, it) = (Api::admin(plane), unique("fixed"));
    bind(&api, "", &it, ("ClusterRole", "view"), &json!([user(&it)])).ok();
    let at = format!("{}/{it}", path("", false));
    let other = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}});
    let refused = api.patch(&at, "merge-patch", &other).refused(422, "Invalid");
    assert!(refused.contains("roleRef: Invalid value: "), "{refused}");
    assert!(refused.ends_with("cannot change roleRef"), "{refused}");
    let more = api.patch(&at, "json-patch", &json!([{"op": "add", "path": "/subjects/-", "value": group(&it)}])).ok();
    assert_eq!(more["subjects"].as_array().unwrap().len(), 2);
}

fn rejects_invalid_roles_and_bindings(plane: &dyn Plane) {
    let (api, it) = (Api::admin(plane), unique("odd"));
    let no_verbs = json!([{"verbs": [], "apiGroups": [""], "resources": ["pods"]}]);
    let refused = make_role(&api, "default", &it, &no_verbs).refused(422, "Invalid");
    assert!(refused.contains("rules[0].verbs: Required value: verbs must contain at least one value"), "{refused}");
    let no_groups = json!([{"verbs": ["get"], "resources": ["pods"]}]);
    let refused = make_role(&api, "default", &it, &no_groups).refused(422, "Invalid");
    assert!(
        refused.contains("rules[0].apiGroups: Required value: resource rules must supply at least one api group"),
        "{refused}"
    );
    let path_in_namespace = json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]);
    let refused = make_role(&api, "default", &it, &path_in_namespace).refused(422, "Invalid");
    assert!(refused.contains("namespaced rules cannot apply to non-resource URLs"), "{refused}");
    let refused = bind(&api, "default", &it, ("ClusterRole", ""), &json!([])).refused(422, "Invalid");
    assert!(refused.contains("roleRef.name: Required value"), "{refused}");
    let refused = bind(&api, "default", &it, ("Thing", "view"), &json!([])).refused(422, "Invalid");
    assert!(
        refused.contains("roleRef.kind: Unsupported value: \"Thing\": supported values: \"Role\", \"ClusterRole\""),
        "{refused}"
    );
    let refused = bind(&api, "", &it, ("Role", "view"), &json!([])).refused(422, "Invalid");
    assert!(
        refused.contains("roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\""),
        "{refused}"
    );
    let homeless = json!([{"kind": "ServiceAccount", "name": "robot"}]);
    let refused = bind(&api, "", &it, ("ClusterRole", "view"), &homeless).refused(422, "Invalid");
    assert!(refused.contains("subjects[0].namespace: Required value"), "{refused}");
    let strange = json!([{"kind": "Robot", "name": "r2"}]);
    let refused = bind(&api, "", &it, ("ClusterRole", "view"), &strange).refused(422, "Invalid");
    assert!(refused.contains("subjects[0].kind: Unsupported value: \"Robot\""), "{refused}");
    let refused = make_role(&api, "default", "a/b", &json!([])).refused(422, "Invalid");
    assert!(refused.contains("metadata.name: Invalid value: \"a/b\": may not contain '/'"), "{refused}");
}

fn an_aggregated_role_contains_the_rules_of_matching_roles(plane: &dyn Plane) {
    let (api, it) = (Api::admin(plane), unique("gathered"));
    let whole = json!({
        "metadata": {"name": it}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"for": it}}]}, "rules": [],
    });
    api.post(&path("", true), &whole).ok();
    let part = |name: &str, resource: &str| json!({"metadata": {"name": format!("{it}-{name}"), "labels": {"for": it}}, "rules": [rule("get", "", resource)]});
    api.post(&path("", true), &part("a", "pods")).ok();
    api.post(&path("", true), &part("b", "secrets")).ok();
    let has = |resources: &[&str]| {
        let rules = api.get(&format!("{}/{it}", path("", true))).ok()["rules"].clone();
        let rules = rules.as_array().cloned().unwrap_or_default();
        let found: Vec<_> = rules.iter().map(|rule| rule["resources"][0].as_str().unwrap().to_owned()).collect();
        (found == resources).then_some(())
    };
    eventually("both parts", || has(&["pods", "secrets"]));
    api.delete(&format!("{}/{it}-a", path("", true)), None).ok();
    eventually("one part", || has(&["secrets"]));
}

fn impersonation_requires_its_own_permission(plane: &dyn Plane) {
    let (_, who) = clerk(plane);
    let kubeconfig = plane
        .kubeconfig_text("admin", Some("system:masters"))
        .replace("  user:\n", "  user:\n    as: jane\n    as-groups: [dev]\n");
    let as_jane = Api::with(&kubeconfig);
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let me = as_jane.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).ok();
    assert_eq!(me["status"]["userInfo"]["username"], "jane");
    assert_eq!(me["status"]["userInfo"]["groups"], json!(["dev", "system:authenticated"]));
    let refused = as_jane.get("/api/v1/secrets").refused(403, "Forbidden");
    assert!(refused.contains("User \"jane\" cannot list resource \"secrets\""), "{refused}");
    let admin = Api::admin(plane);
    let kubeconfig = plane.kubeconfig_text(&who, None).replace("  user:\n", "  user:\n    as: jane\n");
    let as_jane = Api::with(&kubeconfig);
    let refused = as_jane.get("/api/v1/pods").refused(403, "Forbidden");
    assert_eq!(
        refused,
        format!(
            "pods is forbidden: User \"{who}\" cannot impersonate-on:user-info:list resource \"pods\" in API group \"\" at the cluster scope"
        )
    );
    // Constrained: to be jane, for listing pods alone; what jane may not is refused to jane.
    let (it, review) = (unique("posing"), "authentication.k8s.io");
    let rules = json!([
        rule("impersonate:user-info", review, "users"),
        rule("impersonate-on:user-info:list", "", "pods,secrets")
    ]);
    make_role(&admin, "", &it, &rules).ok();
    bind(&admin, "", &it, ("ClusterRole", &it), &json!([user(&who)])).ok();
    let refused = eventually("the right to pose", || {
        let answer = as_jane.get("/api/v1/pods");
        answer.message().contains("User \"jane\"").then(|| answer.message().to_owned())
    });
    assert_eq!(
        refused,
        "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
    );
    let refused = as_jane.get("/api/v1/nodes").refused(403, "Forbidden");
    assert!(refused.contains("cannot impersonate-on:user-info:list resource \"nodes\""), "{refused}");
    // The old way: the right to be whoever.
    make_role(&admin, "", &format!("{it}-old"), &json!([rule("impersonate", "", "users")])).ok();
    bind(&admin, "", &format!("{it}-old"), ("ClusterRole", &format!("{it}-old")), &json!([user(&who)])).ok();
    eventually("the old right", || as_jane.get("/api/v1/nodes").message().contains("User \"jane\"").then_some(()));
}
