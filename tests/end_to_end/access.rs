//! Who may do what, as the console and the commands tell it: the same as the server.

use std::collections::BTreeSet;

use countersign::testing::cluster::{Cluster, Target};
use countersign::testing::domain::access::{Action, Policy, Principal, ResourceName, SubjectKey};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::dice::Dice;
use crate::support::plane::Plane;
use crate::support::{PATIENCE, TestUser, eventually, limited, unique};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const GROUP: &str = "rbac.authorization.k8s.io";

crate::on_both!(
    random_roles_and_bindings_are_read_as_the_server_reads_them,
    access_who_can_and_why_show_the_chain_from_binding_to_rule,
    the_suggested_change_grants_the_access,
    without_list_permission_shows_the_users_own_access,
    names_what_may_not_be_listed_and_shows_the_rest,
);

/// Roles and bindings that no admin would write, in their own namespaces and with their own subjects.
struct World {
    it: String,
    namespaces: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
}

const VERBS: [&str; 6] = ["get", "list", "watch", "create", "delete", "escalate"];
const GROUPS: [&str; 3] = ["", "apps", "example.com"];
const RESOURCES: [&str; 7] = ["pods", "pods/log", "secrets", "deployments", "deployments/scale", "widgets", "nodes"];
const NAMES: [&str; 3] = ["one", "two", "three"];
const PATHS: [&str; 5] = ["/healthz", "/metrics", "/debug/pprof", "/debug", "/api/x"];

impl World {
    fn new(it: &str) -> Self {
        let named = |kind: &str, count: usize| (1..=count).map(|at| format!("{it}-{kind}{at}")).collect::<Vec<_>>();
        Self { it: it.to_owned(), namespaces: named("ns", 2), users: named("user", 5), groups: named("group", 3) }
    }

    fn rule(dice: &mut Dice, paths: bool) -> Value {
        let verbs = if dice.one_in(7) { vec!["*"] } else { dice.some(&VERBS, 3) };
        if paths && dice.one_in(4) {
            let urls = dice.some(&["/healthz", "/debug/*", "/metrics", "*", "/api/*"], 2);
            return json!({"verbs": verbs, "nonResourceURLs": urls});
        }
        let groups = if dice.one_in(7) { vec!["*"] } else { dice.some(&GROUPS, 2) };
        let resources = match dice.below(8) {
            0 => vec!["*"],
            1 => vec!["*/scale", "pods"],
            2 => vec!["*/log"],
            _ => dice.some(&RESOURCES, 3),
        };
        let mut rule = json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
        if dice.one_in(4) {
            rule["resourceNames"] = json!(dice.some(&NAMES, 2));
        }
        rule
    }

    fn roles(&self, dice: &mut Dice, namespace: Option<&str>) -> Vec<Value> {
        let role = |at: usize| {
            let rules: Vec<_> = (0..dice.below(4)).map(|_| Self::rule(dice, namespace.is_none())).collect();
            let mut role = json!({"metadata": {"name": format!("{}-{at}", self.it)}, "rules": rules});
            if namespace.is_none() && at < 6 {
                // Those with a label are gathered by others, and those by one more.
                role["metadata"]["labels"] = json!({format!("{}-{}", self.it, at % 2): "true"});
            }
            if namespace.is_none() && (6..8).contains(&at) {
                let label = format!("{}-{}", self.it, at % 2);
                role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]});
            }
            role
        };
        (0..14).map(role).collect()
    }

    fn bindings(&self, dice: &mut Dice, namespace: Option<&str>) -> Vec<Value> {
        let binding = |at: usize| {
            let kind = if namespace.is_some() && dice.one_in(2) { "Role" } else { "ClusterRole" };
            let subjects: Vec<_> = (0..dice.below(4)).map(|_| self.subject(dice)).collect();
            json!({
                "metadata": {"name": format!("{}-{at}", self.it)},
                // The last few roles do not exist.
                "roleRef": {"apiGroup": GROUP, "kind": kind, "name": format!("{}-{}", self.it, dice.below(16))},
                "subjects": subjects,
            })
        };
        (0..14).map(binding).collect()
    }

    fn subject(&self, dice: &mut Dice) -> Value {
        match dice.below(5) {
            0 => json!({"kind": "ServiceAccount", "name": "bot", "namespace": dice.pick(&self.namespaces)}),
            1 => {
                let name = format!("system:serviceaccount:{}:bot", dice.pick(&self.namespaces));
                json!({"apiGroup": GROUP, "kind": "User", "name": name})
            }
            2 => json!({"apiGroup": GROUP, "kind": "Group", "name": dice.pick(&self.groups)}),
            _ => json!({"apiGroup": GROUP, "kind": "User", "name": dice.pick(&self.users)}),
        }
    }

    fn build(&self, api: &Api, dice: &mut Dice) {
        let namespaces = self.namespaces.iter().map(|name| json!({"metadata": {"name": name}})).collect();
        api.post_all("/api/v1/namespaces", namespaces);
        api.post_all(&format!("{RBAC}/clusterroles"), self.roles(dice, None));
        api.post_all(&format!("{RBAC}/clusterrolebindings"), self.bindings(dice, None));
        for namespace in &self.namespaces {
            let at = format!("{RBAC}/namespaces/{namespace}");
            api.post_all(&format!("{at}/roles"), self.roles(dice, Some(namespace)));
            api.post_all(&format!("{at}/rolebindings"), self.bindings(dice, Some(namespace)));
        }
    }

    fn who(&self, dice: &mut Dice) -> Principal {
        if dice.one_in(4) {
            let account = SubjectKey::ServiceAccount(dice.pick(&self.namespaces).clone(), "bot".into());
            return Principal::of(&account);
        }
        let groups = if dice.one_in(3) { Vec::new() } else { dice.some(&self.groups, 2) };
        Principal::named(dice.word(&self.users), &groups)
    }

    fn action(&self, dice: &mut Dice) -> Action {
        let verb = *dice.pick(&VERBS);
        if dice.one_in(8) {
            return Action::Path { verb: verb.to_owned(), path: (*dice.pick(&PATHS)).to_owned() };
        }
        let action = ResourceName::new(dice.word(&GROUPS), dice.word(&RESOURCES)).action(verb);
        let action = if dice.one_in(3) { action.named(dice.word(&NAMES)) } else { action };
        let namespace = if dice.one_in(4) { "" } else { dice.word(&self.namespaces) };
        Action::Resource(action.within(namespace))
    }
}

/// Asks the server all of it, some at a time; where it disagrees it is asked again until it agrees (its authorizer receives
/// roles a moment later) or the timeout expires. Returns the remaining differences.
async fn differences(
    cluster: &Cluster,
    mut questions: Vec<(Principal, Action, bool)>,
) -> Vec<(Principal, Action, bool)> {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let ask = |(who, action, expected): (Principal, Action, bool)| async move {
            let printed = cluster.may(&who, &action).await.unwrap();
            (printed.allowed != expected).then_some((who, action, expected))
        };
        questions =
            futures::stream::iter(questions).map(ask).buffer_unordered(32).filter_map(|q| async { q }).collect().await;
        if questions.is_empty() || std::time::Instant::now() > deadline {
            return questions;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// The policy once the gathered roles have their rules.
async fn settled(cluster: &Cluster, world: &World) -> Policy {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let listed = cluster.list_rbac().await.unwrap();
        assert!(listed.missing.is_empty());
        let role = |at: usize| listed.policy.role(None, &format!("{}-{at}", world.it)).unwrap().clone();
        let gathered = |gatherer: usize| {
            let wanted = (0..6).filter(|at| at % 2 == gatherer % 2).map(role).flat_map(|role| role.rules.clone());
            let has = role(gatherer).rules.clone();
            wanted.into_iter().all(|rule| has.contains(&rule))
        };
        if gathered(6) && gathered(7) {
            return listed.policy;
        }
        assert!(std::time::Instant::now() < deadline, "the roles were never gathered");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn random_roles_and_bindings_are_read_as_the_server_reads_them(plane: &dyn Plane) {
    let (world, mut dice) = (World::new(&unique("random")), Dice::new(20_261_124));
    world.build(&Api::admin(plane), &mut dice);
    let policy = crate::support::plane::finish(async {
        let target = Target { kubeconfig: Some(plane.admin()), ..Target::default() };
        let cluster = Cluster::connect(&target, countersign::testing::cluster::Prompt::Never).await.unwrap();
        let policy = settled(&cluster, &world).await;
        let mut questions: Vec<_> = (0..2400).map(|_| (world.who(&mut dice), world.action(&mut dice))).collect();
        let asked: Vec<_> =
            questions.iter().map(|(who, action)| (who.clone(), action.clone(), policy.permits(who, action))).collect();
        let yes = asked.iter().filter(|(_, _, allowed)| *allowed).count();
        assert!((300..2100).contains(&yes), "{yes} of 2400 allowed: that says little");
        assert_eq!(differences(&cluster, asked).await, [], "permits and the server differ");
        // Who can: everybody who is named by a binding, alone.
        questions.truncate(90);
        let subjects = policy.subjects().into_iter().filter(|(key, _)| key.name().starts_with(&world.it));
        let subjects: Vec<_> = subjects.map(|(key, _)| key.clone()).collect();
        assert!(subjects.len() >= 8, "{subjects:?}");
        let asked = questions.iter().flat_map(|(_, action)| {
            let holders: Vec<_> = policy.who_can(action).into_iter().map(|holder| holder.subject).collect();
            let alone = |key: &SubjectKey| match key {
                SubjectKey::Group(name) => Principal { user: String::new(), groups: vec![name.clone()] },
                other => Principal { user: Principal::of(other).user, groups: Vec::new() },
            };
            subjects.iter().map(move |key| (alone(key), action.clone(), holders.contains(key))).collect::<Vec<_>>()
        });
        assert_eq!(differences(&cluster, asked.collect()).await, [], "who-can and the server differ");
        policy
    });
    let admin = TestUser::admin(plane);
    for _ in 0..8 {
        assert_agrees_with_kubectl(&admin, &policy, &world.who(&mut dice), dice.word(&world.namespaces));
    }
}

/// `countersign access` and `kubectl auth can-i --list` name the same verbs, things and names.
fn assert_agrees_with_kubectl(admin: &TestUser, policy: &Policy, who: &Principal, namespace: &str) {
    let mut kubectl = vec!["auth", "can-i", "--list", "--no-headers", "-n", namespace, "--as", &who.user];
    let mut own = vec!["access", "-o", "json", "-n", namespace, "--user", &who.user];
    for group in &who.groups {
        kubectl.extend(["--as-group", group]);
        own.extend(["--group", group]);
    }
    let report = admin.kubectl_ok(&kubectl);
    let theirs: BTreeSet<String> = report.lines().flat_map(listed_rule).collect();
    let answer: Value = serde_json::from_str(&admin.run_ok(&own)).unwrap();
    let ours: BTreeSet<String> = answer["rules"].as_array().unwrap().iter().flat_map(json_rule).collect();
    assert_eq!(ours, theirs, "{who} in {namespace}");
    assert_eq!(answer["rules"].as_array().unwrap().len(), policy.rules_of(who, Some(namespace)).count());
}

/// One line of kubectl's list, as `verb thing name`.
fn listed_rule(line: &str) -> Vec<String> {
    let lists: Vec<Vec<&str>> =
        line.split('[').skip(1).map(|rest| rest.split(']').next().unwrap().split_whitespace().collect()).collect();
    let resource = line.split_whitespace().next().unwrap_or_default();
    let resources = if resource.starts_with('[') { vec![] } else { vec![resource] };
    combined(&lists[2], &[resources, lists[0].clone()].concat(), &lists[1])
}

/// One rule of our JSON, in the same form.
fn json_rule(rule: &Value) -> Vec<String> {
    let list = |name: &str| -> Vec<String> {
        let values = rule[name].as_array().into_iter().flatten();
        values.map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    // A RoleBinding grants no paths; kubectl leaves them out as the server does.
    let mut things = if rule["namespace"].is_null() { list("nonResourceURLs") } else { Vec::new() };
    for group in list("apiGroups") {
        things.extend(list("resources").iter().map(|name| ResourceName::new(&group, name).to_string()));
    }
    combined(&list("verbs"), &things, &list("resourceNames"))
}

fn combined(verbs: &[impl AsRef<str>], things: &[impl AsRef<str>], names: &[impl AsRef<str>]) -> Vec<String> {
    let mut all = Vec::new();
    for thing in things.iter().map(AsRef::as_ref) {
        for verb in verbs.iter().map(AsRef::as_ref) {
            all.extend(names.iter().map(|name| format!("{verb} {thing} {}", name.as_ref())));
            if names.is_empty() {
                all.push(format!("{verb} {thing}"));
            }
        }
    }
    all
}

/// A namespace in which the group `qa` reads secrets through a role that gathers another.
fn create_roles_and_bindings(plane: &dyn Plane) -> (String, String) {
    let (api, ns) = (Api::admin(plane), unique("shop"));
    api.post("/api/v1/namespaces", &json!({"metadata": {"name": ns}})).ok();
    let (debug, extra, team) = (format!("{ns}-debug"), format!("{ns}-debug-extra"), format!("{ns}-qa"));
    let secrets = json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]}]);
    let labels = json!({format!("{ns}-debug"): "true"});
    api.post(
        &format!("{RBAC}/clusterroles"),
        &json!({"metadata": {"name": extra, "labels": labels}, "rules": secrets}),
    )
    .ok();
    let gathers = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
    api.post(
        &format!("{RBAC}/clusterroles"),
        &json!({"metadata": {"name": debug}, "aggregationRule": gathers, "rules": []}),
    )
    .ok();
    let pods = json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}]);
    api.post(&format!("{RBAC}/namespaces/{ns}/roles"), &json!({"metadata": {"name": "developer"}, "rules": pods})).ok();
    let admin = TestUser::admin(plane);
    admin.kubectl_ok(&["create", "rolebinding", "qa-debug", "-n", &ns, "--clusterrole", &debug, "--group", &team]);
    admin.kubectl_ok(&[
        "create",
        "rolebinding",
        "devs",
        "-n",
        &ns,
        "--role=developer",
        "--user",
        &format!("{ns}-jane"),
    ]);
    let gathered =
        || api.get(&format!("{RBAC}/clusterroles/{debug}")).ok()["rules"].as_array().is_some_and(|r| !r.is_empty());
    eventually("the role gathers the other", || gathered().then_some(()));
    (ns, team)
}

fn access_who_can_and_why_show_the_chain_from_binding_to_rule(plane: &dyn Plane) {
    let (ns, team) = create_roles_and_bindings(plane);
    let (admin, jane) = (TestUser::admin(plane), format!("{ns}-jane"));
    let table = admin.run_ok(&["access", "--user", &jane, "--group", &team, "-n", &ns]);
    let chain = format!(
        "group {team} → RoleBinding {ns}/qa-debug → ClusterRole {ns}-debug → rule 1 (aggregated from {ns}-debug-extra)"
    );
    assert!(table.contains(&chain), "{table}");
    assert!(table.contains(&format!("! reads Secrets in namespace {ns} (access-secrets)")), "{table}");
    assert!(
        table.contains("pods,pods/log") && table.contains(&format!("user {jane} → RoleBinding {ns}/devs")),
        "{table}"
    );
    let without = admin.run_ok(&["access", "--user", &jane, "-n", &ns]);
    assert!(!without.contains("secrets"), "{without}");

    let holders = admin.run_ok(&["who-can", "list", "secret", "-n", &ns]);
    assert!(holders.contains(&format!("group {team}")) && !holders.contains(&jane), "{holders}");
    let json: Value =
        serde_json::from_str(&admin.run_ok(&["who-can", "get", "po/log", "-n", &ns, "-o", "json"])).unwrap();
    let named = |name: &str| json["subjects"].as_array().unwrap().iter().any(|s| s["subject"]["name"] == name);
    assert!(named(&jane) && !named(&team), "{json}");
    assert_eq!(json["action"], format!("get pods/log -n {ns}"));

    let because = admin.run_ok(&["why", &jane, "get", "secrets", "--group", &team, "-n", &ns, "--check"]);
    assert!(because.starts_with("✔") && because.contains(&chain), "{because}");
    assert!(because.contains("✔ the server agrees (SubjectAccessReview): RBAC: allowed by RoleBinding"), "{because}");
    let refused = admin.run_ok(&["why", &jane, "delete", "pods", "-n", &ns, "--check"]);
    assert!(refused.starts_with("✖") && refused.contains("✔ the server agrees"), "{refused}");
    assert!(refused.contains("Role"), "{refused}");
    let error = admin.expect_failure(2, &["who-can", "get"]);
    assert!(error.contains("RESOURCE"), "{error}");
    let unknown = admin.countersign(&["who-can", "get", "nosuchthings", "-n", &ns]);
    let report = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.success() && report.contains("does not know the resource nosuchthings"), "{report}");
}

fn the_suggested_change_grants_the_access(plane: &dyn Plane) {
    let (ns, _) = create_roles_and_bindings(plane);
    let (admin, jane) = (TestUser::admin(plane), format!("{ns}-jane"));
    let ask = |verb: &str, resource: &str| -> Value {
        serde_json::from_str(&admin.run_ok(&["why", &jane, verb, resource, "-n", &ns, "-o", "json", "--check"]))
            .unwrap()
    };
    for (verb, resource) in [("delete", "pods"), ("get", "deployments.apps"), ("patch", "configmaps")] {
        let answer = ask(verb, resource);
        assert_eq!((&answer["allowed"], &answer["server"]["allowed"]), (&json!(false), &json!(false)), "{answer}");
        let commands: Vec<_> =
            answer["near"][0]["commands"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        admin.shell(&commands.join("\n"));
        eventually("it is granted, and the server says so too", || {
            let now = ask(verb, resource);
            (now["allowed"] == true && now["server"]["allowed"] == true).then_some(())
        });
    }
}

fn without_list_permission_shows_the_users_own_access(plane: &dyn Plane) {
    let (ns, _) = create_roles_and_bindings(plane);
    let jane = format!("{ns}-jane");
    let person = TestUser::with(plane, &plane.kubeconfig_text(&jane, None));
    let report = person.countersign(&["access", "-n", &ns]);
    let (out, error) =
        (String::from_utf8_lossy(&report.stdout).into_owned(), String::from_utf8_lossy(&report.stderr).into_owned());
    assert!(report.status.success() && error.contains("SelfSubjectRulesReview"), "{error}");
    assert!(out.contains("pods,pods/log") && out.contains("through bindings that may not be seen"), "{out}");
    let json: Value = serde_json::from_str(&person.run_ok(&["access", "-n", &ns, "-o", "json"])).unwrap();
    assert_eq!((&json["source"], &json["user"]), (&json!("self"), &json!(jane)));
    let error = person.expect_failure(3, &["access", "--user", "somebody-else", "-n", &ns]);
    assert!(error.contains("only your own access can be told"), "{error}");
    person.expect_failure(3, &["who-can", "get", "pods", "-n", &ns]);
}

fn names_what_may_not_be_listed_and_shows_the_rest(plane: &dyn Plane) {
    let (ns, team) = create_roles_and_bindings(plane);
    let half = limited(
        plane,
        &unique("half"),
        "list",
        "rolebindings.rbac.authorization.k8s.io,clusterroles.rbac.authorization.k8s.io",
    );
    let report = half.countersign(&["who-can", "get", "secrets", "-n", &ns]);
    let (out, error) =
        (String::from_utf8_lossy(&report.stdout).into_owned(), String::from_utf8_lossy(&report.stderr).into_owned());
    assert!(out.contains(&format!("group {team}")), "{out} {error}");
    assert!(error.contains("you may not list roles, clusterrolebindings"), "{error}");
}
