//! An admin at the console decides about requests of others.

use serde_json::json;

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::requests::{conditions, create, create_with};
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, limited, unique};

crate::on_both!(
    a_request_appears_by_itself_and_is_approved_and_another_is_denied,
    a_dangerous_request_wants_its_name_typed,
    what_somebody_else_decided_meanwhile_is_told_and_not_decided_again,
    a_request_that_the_signer_will_refuse_is_predicted_and_its_refusal_shown,
    deleting_and_exporting_ask_and_tell,
    a_read_only_console_offers_and_makes_no_write,
    what_a_request_would_hand_out_is_said_with_its_chain_and_the_server_agrees,
    the_access_tab_tells_every_rule_that_the_server_would_grant_and_no_other,
    who_may_not_list_bindings_is_not_told_that_a_request_hands_out_nothing,
);

fn a_request_appears_by_itself_and_is_approved_and_another_is_denied(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    let (good, bad) = (unique("good"), unique("bad"));
    create(plane, &good, "jane", &["dev"]);
    console.finds(&good, "CN=jane,O=dev");
    console.keys("a");
    console.sees("Approve it? y yes");
    console.keys("y");
    console.sees("is approved");
    eventually("approved in the cluster", || conditions(plane, &good).contains("Approved").then_some(()));
    create(plane, &bad, "mallory", &[]);
    console.keys("\x1b");
    console.sees_no("· /");
    console.finds(&bad, "CN=mallory");
    console.keys("d");
    console.sees("Deny it?");
    console.keys("\t");
    console.keys("\x15NotOneOfUs\r");
    console.sees("NotOneOfUs");
    console.keys("y");
    console.sees("is denied");
    assert_eq!(conditions(plane, &bad), "Denied");
    let reason = plane.kubectl(&["get", "csr", &bad, "-o", "jsonpath={.status.conditions[0].reason}"]);
    assert_eq!(String::from_utf8_lossy(&reason.stdout), "NotOneOfUs");
    console.keys("4");
    let activity = console.sees("kubectl certificate deny");
    assert!(activity.contains(&format!("csr/{good}")), "{activity}");
    console.keys("q");
    assert_eq!(console.ends(), 0);
}

fn a_dangerous_request_wants_its_name_typed(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("helper");
    create(plane, &name, "system:kube-controller-manager", &[]);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.finds(&name, "CN=system:kube-controller-manager");
    console.keys("a");
    console.sees("type the request's name");
    // A verdict that gets worse is another question, which an answer to the first one does not answer.
    console.sees("It reads Secrets in the whole cluster");
    console.keys("\r");
    console.sees("That is not its name");
    assert_eq!(conditions(plane, &name), "");
    console.types(&name);
    console.sees_no("That is not its name");
    console.keys("\r");
    eventually("approved in the cluster", || conditions(plane, &name).contains("Approved").then_some(()));
}

fn what_somebody_else_decided_meanwhile_is_told_and_not_decided_again(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("contested");
    create(plane, &name, "jane", &[]);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.finds(&name, "CN=jane");
    console.keys("a");
    console.sees("Approve it?");
    assert!(plane.kubectl(&["certificate", "deny", &name]).status.success());
    console.sees("it is denied now");
    console.keys("y");
    console.sees("it changed since it was judged");
    assert_eq!(conditions(plane, &name), "Denied");
}

fn a_request_that_the_signer_will_refuse_is_predicted_and_its_refusal_shown(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("wrong");
    create_with(plane, &name, "bob", &[], "server auth");
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.finds(&name, "will fail");
    console.keys("a");
    console.sees("Approve it? y yes");
    console.keys("y");
    console.sees("✖ failed");
    console.sees("invalid usage for client");
}

fn deleting_and_exporting_ask_and_tell(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("jane");
    create(plane, &name, "jane", &[]);
    assert!(plane.kubectl(&["certificate", "approve", &name]).status.success());
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.keys("fffff/");
    console.keys(&format!("{name}\r"));
    console.sees("✔ issued");
    console.keys("e");
    console.sees("Export the certificate");
    console.keys("\r");
    console.sees("certificate written to");
    let text = std::fs::read_to_string(admin.path(&format!("{name}.crt"))).unwrap();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"));
    console.keys("e\r");
    console.sees("There is a file of that name. Replace it? y yes");
    console.keys("\x1b");
    console.sees("Enter writes it");
    console.keys("\x1b");
    console.sees_no("Export the certificate");
    console.keys("x");
    console.sees("stays valid until it expires");
    console.keys("y");
    console.sees("is deleted");
    assert!(!plane.kubectl(&["get", "csr", &name]).status.success());
}

fn a_read_only_console_offers_and_makes_no_write(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("untouched");
    create(plane, &name, "jane", &[]);
    let mut console = Terminal::console(&admin, &["--read-only"]);
    console.sees("read-only");
    console.finds(&name, "CN=jane");
    let screen = console.waits("the footer", |screen| screen.contents().contains("quit"));
    assert!(!screen.lines().last().unwrap().contains("approve"), "{screen}");
    console.keys("ady");
    console.keys("4");
    console.sees("0 writes by this console");
    assert_eq!(conditions(plane, &name), "");
    let error = admin.fails(3, &["--read-only", "approve", &name]);
    assert!(error.contains("read-only"), "{error}");
}

fn what_a_request_would_hand_out_is_said_with_its_chain_and_the_server_agrees(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let group = unique("till");
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    run(&["create", "role", &group, "-n", "default", "--verb=get,list", "--resource=pods,secrets"]);
    run(&["create", "rolebinding", &group, "-n", "default", &format!("--role={group}"), &format!("--group={group}")]);
    create(plane, &group, "joe", &[&group]);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.finds(&group, "Would get get list pods, secrets in default");
    console.keys("\r");
    console.sees("[Summary]");
    console.keys("\t");
    let access = console.sees("[Access]");
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
fn told_rules(page: &str) -> Vec<(Option<String>, Vec<String>, Vec<String>)> {
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

fn the_access_tab_tells_every_rule_that_the_server_would_grant_and_no_other(plane: &dyn Plane) {
    let (admin, it) = (Person::admin(plane), unique("grid"));
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
    console.sees("● live");
    console.finds(&it, "Would get");
    console.resize(60, 200);
    console.keys("\r");
    console.sees("[Summary]");
    console.keys("\t");
    let deeds: Vec<_> = ["get", "list", "watch", "create", "delete"]
        .into_iter()
        .flat_map(|verb| ["pods", "pods/exec", "secrets", "configmaps", "nodes"].map(|resource| (verb, resource)))
        .flat_map(|(verb, resource)| [Some(&one), Some(&two), None].map(|namespace| (verb, resource, namespace)))
        .collect();
    let told = |page: &str| -> Vec<bool> {
        let rules = told_rules(page);
        let has = |list: &[String], wanted: &str| list.iter().any(|entry| entry == wanted);
        let fits = |(verb, resource, namespace): &(&str, &str, Option<&String>)| {
            rules.iter().any(|(scope, verbs, things)| {
                (scope.is_none() || scope.as_ref() == *namespace) && has(verbs, verb) && has(things, resource)
            })
        };
        deeds.iter().map(fits).collect()
    };
    // Four by the Role, two in the other namespace, and four deeds in each of three places.
    let page = console
        .waits("every rule", |screen| told(&screen.contents()).iter().filter(|told| **told).count() == 4 + 2 + 4 * 3);
    let api = Api::admin(plane);
    let may = |verb: &str, resource: &str, namespace: Option<&String>| {
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = json!({"verb": verb, "resource": resource, "subresource": part, "namespace": namespace});
        let groups = [&team, &ops, "system:authenticated"];
        let review = json!({"spec": {"user": user, "groups": groups, "resourceAttributes": attributes}});
        api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review).ok()["status"]["allowed"] == true
    };
    for ((verb, resource, namespace), told) in deeds.iter().zip(told(&page)) {
        eventually(&format!("{verb} {resource} in {namespace:?} is granted as it is told ({told})"), || {
            (may(verb, resource, *namespace) == told).then_some(())
        });
    }
}

fn who_may_not_list_bindings_is_not_told_that_a_request_hands_out_nothing(plane: &dyn Plane) {
    let name = unique("approver");
    let person = limited(plane, &name, "list,watch,get", "certificatesigningrequests");
    create(plane, &name, "joe", &["ops"]);
    let mut console = Terminal::console(&person, &[]);
    console.sees("● live");
    console.finds(&name, "not known: you may not list");
    console.keys("\r");
    console.sees("[Summary]");
    console.keys("\t");
    let access = console.waits("the tab says that it is not known", |screen| {
        let screen = screen.contents();
        screen.contains("[Access]") && screen.contains("Who ") && screen.contains("not known: you may not list")
    });
    assert!(!access.contains("nothing beyond"), "{access}");
}
