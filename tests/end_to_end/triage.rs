//! An admin at the console decides about requests of others.

use serde_json::json;

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::requests::{conditions, create, create_with};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, limited, unique};

crate::on_both!(
    a_request_appears_by_itself_and_is_approved_and_another_is_denied,
    a_dangerous_request_requires_its_name,
    reports_a_concurrent_decision_and_does_not_repeat_it,
    a_request_that_the_signer_will_refuse_is_predicted_and_its_refusal_shown,
    deleting_and_exporting_ask_first_and_report_the_result,
    a_read_only_console_offers_and_makes_no_write,
    shows_the_access_that_a_request_grants_as_the_server_does,
    the_access_tab_lists_exactly_the_rules_that_the_server_grants,
    without_list_permission_on_bindings_no_access_is_claimed,
);

fn a_request_appears_by_itself_and_is_approved_and_another_is_denied(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    let (good, bad) = (unique("good"), unique("bad"));
    create(plane, &good, "jane", &["dev"]);
    console.find(&good, "CN=jane,O=dev");
    console.keys("a");
    console.expect_text("Approve it? y yes");
    console.keys("y");
    console.expect_text("is approved");
    eventually("approved in the cluster", || conditions(plane, &good).contains("Approved").then_some(()));
    create(plane, &bad, "mallory", &[]);
    console.keys("\x1b");
    console.expect_no_text("· /");
    console.find(&bad, "CN=mallory");
    console.keys("d");
    console.expect_text("Deny it?");
    console.keys("\t");
    console.keys("\x15NotOneOfUs\r");
    console.expect_text("NotOneOfUs");
    console.keys("y");
    console.expect_text("is denied");
    assert_eq!(conditions(plane, &bad), "Denied");
    let reason = plane.kubectl(&["get", "csr", &bad, "-o", "jsonpath={.status.conditions[0].reason}"]);
    assert_eq!(String::from_utf8_lossy(&reason.stdout), "NotOneOfUs");
    console.keys("4");
    let activity = console.expect_text("kubectl certificate deny");
    assert!(activity.contains(&format!("csr/{good}")), "{activity}");
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
}

fn a_dangerous_request_requires_its_name(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("helper");
    create(plane, &name, "system:kube-controller-manager", &[]);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&name, "CN=system:kube-controller-manager");
    console.keys("a");
    console.expect_text("type the request's name");
    // A verdict that gets worse is another question, which an answer to the first one does not answer.
    console.expect_text("It reads Secrets in the whole cluster");
    console.keys("\r");
    console.expect_text("That is not its name");
    assert_eq!(conditions(plane, &name), "");
    console.type_text(&name);
    console.expect_no_text("That is not its name");
    console.keys("\r");
    eventually("approved in the cluster", || conditions(plane, &name).contains("Approved").then_some(()));
}

fn reports_a_concurrent_decision_and_does_not_repeat_it(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("contested");
    create(plane, &name, "jane", &[]);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&name, "CN=jane");
    console.keys("a");
    console.expect_text("Approve it?");
    assert!(plane.kubectl(&["certificate", "deny", &name]).status.success());
    console.expect_text("it is denied now");
    console.keys("y");
    console.expect_text("it changed since it was judged");
    assert_eq!(conditions(plane, &name), "Denied");
}

fn a_request_that_the_signer_will_refuse_is_predicted_and_its_refusal_shown(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("wrong");
    create_with(plane, &name, "bob", &[], "server auth");
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&name, "will fail");
    console.keys("a");
    console.expect_text("Approve it? y yes");
    console.keys("y");
    console.expect_text("✖ failed");
    console.expect_text("invalid usage for client");
}

fn deleting_and_exporting_ask_first_and_report_the_result(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("jane");
    create(plane, &name, "jane", &[]);
    assert!(plane.kubectl(&["certificate", "approve", &name]).status.success());
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.keys("fffff/");
    console.keys(&format!("{name}\r"));
    console.expect_text("✔ issued");
    console.keys("e");
    console.expect_text("Export the certificate");
    console.keys("\r");
    console.expect_text("certificate written to");
    let text = std::fs::read_to_string(admin.path(&format!("{name}.crt"))).unwrap();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"));
    console.keys("e\r");
    console.expect_text("There is a file of that name. Replace it? y yes");
    console.keys("\x1b");
    console.expect_text("Enter writes it");
    console.keys("\x1b");
    console.expect_no_text("Export the certificate");
    console.keys("x");
    console.expect_text("stays valid until it expires");
    console.keys("y");
    console.expect_text("is deleted");
    assert!(!plane.kubectl(&["get", "csr", &name]).status.success());
}

fn a_read_only_console_offers_and_makes_no_write(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("untouched");
    create(plane, &name, "jane", &[]);
    let mut console = Terminal::console(&admin, &["--read-only"]);
    console.expect_text("read-only");
    console.find(&name, "CN=jane");
    let screen = console.wait_for("the footer", |screen| screen.contents().contains("quit"));
    assert!(!screen.lines().last().unwrap().contains("approve"), "{screen}");
    console.keys("ady");
    console.keys("4");
    console.expect_text("0 writes by this console");
    assert_eq!(conditions(plane, &name), "");
    let error = admin.expect_failure(3, &["--read-only", "approve", &name]);
    assert!(error.contains("read-only"), "{error}");
}

fn shows_the_access_that_a_request_grants_as_the_server_does(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let group = unique("till");
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    run(&["create", "role", &group, "-n", "default", "--verb=get,list", "--resource=pods,secrets"]);
    run(&["create", "rolebinding", &group, "-n", "default", &format!("--role={group}"), &format!("--group={group}")]);
    create(plane, &group, "joe", &[&group]);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&group, "Would get get list pods, secrets in default");
    console.keys("\r");
    console.expect_text("[Summary]");
    console.keys("\t");
    let access = console.expect_text("[Access]");
    let chain = format!("RoleBinding default/{group} → Role default/{group}");
    assert!(access.contains("access-secrets") && access.contains(&chain), "{access}");
    let may = |verb: &str| {
        let who = ["--as", "joe", "--as-group", &group];
        admin.kubectl(&[&["auth", "can-i", verb, "secrets", "-n", "default"], &who[..]].concat()).status.success()
    };
    eventually("the server agrees", || may("list").then_some(()));
    assert!(!may("delete"));
}

/// The rules on an Access tab: namespace (none: everywhere), verbs, things.
fn shown_rules(page: &str) -> Vec<(Option<String>, Vec<String>, Vec<String>)> {
    let (mut rules, mut scope) = (Vec::new(), None);
    for line in page.lines().map(|line| line.trim_matches(['│', ' '])) {
        if let Some((_, namespace)) = line.strip_prefix("Through").and_then(|rest| rest.split_once(", in namespace ")) {
            scope = Some(namespace.to_owned());
        } else if line.starts_with("Through") {
            scope = None;
        }
        let words = |text: &str, between: &str| text.split(between).map(str::to_owned).collect();
        if let Some((_, (verbs, things))) =
            line.strip_prefix("rule ").and_then(|rest| Some((rest, rest.split_once("  ")?.1.split_once(" – ")?)))
        {
            rules.push((scope.clone(), words(verbs, " "), words(things, ", ")));
        }
    }
    rules
}

fn the_access_tab_lists_exactly_the_rules_that_the_server_grants(plane: &dyn Plane) {
    let (admin, it) = (TestUser::admin(plane), unique("grid"));
    let (user, team, ops) = (format!("{it}-u"), format!("{it}-team"), format!("{it}-ops"));
    let (one, two) = (format!("{it}-1"), format!("{it}-2"));
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    run(&["create", "namespace", &one]);
    run(&["create", "namespace", &two]);
    // The user by a Role, one group by a ClusterRole in a namespace, the other in the whole cluster.
    run(&["create", "role", "own", "-n", &one, "--verb=get,delete", "--resource=pods,secrets"]);
    run(&["create", "rolebinding", "own", "-n", &one, "--role=own", "--user", &user]);
    let (debug, watch) = (format!("{it}-debug"), format!("{it}-watch"));
    run(&["create", "clusterrole", &debug, "--verb=create", "--resource=pods/exec,configmaps"]);
    run(&["create", "rolebinding", "debug", "-n", &two, "--clusterrole", &debug, "--group", &team]);
    run(&["create", "clusterrole", &watch, "--verb=list,watch", "--resource=pods,nodes"]);
    run(&["create", "clusterrolebinding", &watch, "--clusterrole", &watch, "--group", &ops]);
    create(plane, &it, &user, &[&team, &ops]);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&it, "Would get");
    console.resize(60, 200);
    console.keys("\r");
    console.expect_text("[Summary]");
    console.keys("\t");
    let deeds: Vec<_> = ["get", "list", "watch", "create", "delete"]
        .into_iter()
        .flat_map(|verb| ["pods", "pods/exec", "secrets", "configmaps", "nodes"].map(|resource| (verb, resource)))
        .flat_map(|(verb, resource)| [Some(&one), Some(&two), None].map(|namespace| (verb, resource, namespace)))
        .collect();
    let report = |page: &str| -> Vec<bool> {
        let rules = shown_rules(page);
        let has = |list: &[String], wanted: &str| list.iter().any(|entry| entry == wanted);
        let fits = |(verb, resource, namespace): &(&str, &str, Option<&String>)| {
            rules.iter().any(|(scope, verbs, things)| {
                (scope.is_none() || scope.as_ref() == *namespace) && has(verbs, verb) && has(things, resource)
            })
        };
        deeds.iter().map(fits).collect()
    };
    // Four by the Role, two in the other namespace, and four deeds in each of three places.
    let page = console.wait_for("every rule", |screen| {
        report(&screen.contents()).iter().filter(|report| **report).count() == 4 + 2 + 4 * 3
    });
    let api = Api::admin(plane);
    let may = |verb: &str, resource: &str, namespace: Option<&String>| {
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = json!({"verb": verb, "resource": resource, "subresource": part, "namespace": namespace});
        let groups = [&team, &ops, "system:authenticated"];
        let review = json!({"spec": {"user": user, "groups": groups, "resourceAttributes": attributes}});
        api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review).ok()["status"]["allowed"] == true
    };
    for ((verb, resource, namespace), report) in deeds.iter().zip(report(&page)) {
        eventually(&format!("{verb} {resource} in {namespace:?} is granted as it is told ({report})"), || {
            (may(verb, resource, *namespace) == report).then_some(())
        });
    }
}

fn without_list_permission_on_bindings_no_access_is_claimed(plane: &dyn Plane) {
    let name = unique("approver");
    let person = limited(plane, &name, "list,watch,get", "certificatesigningrequests");
    create(plane, &name, "joe", &["ops"]);
    let mut console = Terminal::console(&person, &[]);
    console.expect_text("● live");
    console.find(&name, "not known: you may not list");
    console.keys("\r");
    console.expect_text("[Summary]");
    console.keys("\t");
    let access = console.wait_for("the tab says that it is not known", |screen| {
        let screen = screen.contents();
        screen.contains("[Access]") && screen.contains("Who ") && screen.contains("not known: you may not list")
    });
    assert!(!access.contains("nothing beyond"), "{access}");
}
