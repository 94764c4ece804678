//! An admin decides many requests at once, and two admins decide side by side.

use crate::support::api::Api;
use crate::support::plane::{Plane, own_with};
use crate::support::requests::{conditions, create, manifest};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, limited, unique};

crate::on_both!(
    bulk_decides_marked_requests_except_one_that_has_changed,
    names_the_missing_permission_and_succeeds_once_it_is_granted,
    a_stopped_bulk_run_resumes_without_losing_or_repeating_a_decision,
    bulk_approval_requires_the_names_of_dangerous_requests,
    two_consoles_show_each_other_s_decisions_and_a_race_is_won_by_one,
    marks_stay_on_their_requests_while_the_list_changes,
    decides_several_named_requests_with_one_command,
);

const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// Creates `count` pending requests, each for a different user; returns their names.
fn several(plane: &dyn Plane, prefix: &str, count: usize) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("{prefix}-{number:03}")).collect();
    let object = |name: &String| serde_yaml::from_str(&manifest(name, name, &["dev"], "client auth")).unwrap();
    Api::admin(plane).post_all(PATH, names.iter().map(object).collect());
    names
}

/// A console that shows only requests with this prefix, `count` of them, all marked.
fn marked(person: &TestUser, prefix: &str, count: usize) -> Terminal {
    let mut console = Terminal::console(person, &[]);
    console.expect_text("● live");
    // Which of many were made first is the server's business.
    console.keys(&format!("/{prefix}\r"));
    console.wait_for("only these are listed", |screen| {
        let screen = screen.contents();
        let rows = screen.lines().skip_while(|line| !line.contains("NAME")).skip(1);
        let mut rows =
            rows.take_while(|line| !line.starts_with('├')).filter(|line| !line.trim_matches(['│', ' ']).is_empty());
        screen.contains(&format!("├ {prefix}-")) && rows.all(|line| line.contains(&format!("{prefix}-")))
    });
    console.keys("\x01");
    console.expect_text(&format!("{count} marked"));
    console
}

fn approved(plane: &dyn Plane, prefix: &str) -> usize {
    let all = Api::admin(plane).get(PATH).ok();
    let ours = all["items"].as_array().unwrap().iter().filter(|csr| {
        let ours = csr["metadata"]["name"].as_str().unwrap().starts_with(prefix);
        let conditions = csr["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let times = conditions.iter().filter(|condition| condition["type"] == "Approved").count();
        assert!(!ours || times <= 1, "{csr}");
        ours && times == 1
    });
    ours.count()
}

fn bulk_decides_marked_requests_except_one_that_has_changed(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let prefix = unique("many");
    let names = several(plane, &prefix, 5);
    let mut console = marked(&admin, &prefix, 5);
    console.keys("a");
    console.expect_text("Approve 5 requests?");
    assert!(plane.kubectl(&["certificate", "deny", &names[2]]).status.success());
    let late = several(plane, &format!("{prefix}-late"), 1);
    console.expect_text("5 of 5 will be approved");
    console.keys("\r");
    console.expect_text("Enter decides nothing here; y does");
    console.keys("y");
    let screen = console.expect_text("Ended: 4 approved, 1 changed meanwhile");
    assert!(screen.contains(&format!("{} is already denied", names[2])), "{screen}");
    assert_eq!((conditions(plane, &names[2]).as_str(), conditions(plane, &late[0]).as_str()), ("Denied", ""));
    assert!(conditions(plane, &names[4]).contains("Approved"));
    let message = plane.kubectl(&["get", "csr", &names[4], "-o", "jsonpath={.status.conditions[0].message}"]);
    assert_eq!(String::from_utf8_lossy(&message.stdout), "approved by admin with countersign");
    console.keys("\r");
    console.expect_no_text("Ended:");
    console.keys("4");
    console.expect_text("4 approved, 1 changed meanwhile");
}

fn names_the_missing_permission_and_succeeds_once_it_is_granted(plane: &dyn Plane) {
    let (name, prefix) = (unique("helper"), unique("wanted"));
    let resources =
        "certificatesigningrequests.certificates.k8s.io,certificatesigningrequests.certificates.k8s.io/approval";
    let person = limited(plane, &name, "get,list,watch,update", resources);
    several(plane, &prefix, 3);
    let mut console = marked(&person, &prefix, 3);
    console.keys("a");
    console.expect_text("3 of 3 will be approved");
    console.keys("y");
    let screen = console.expect_text("Ended: 0 approved, 3 refused");
    assert!(screen.contains("you may not approve requests for the signer"), "{screen}");
    assert_eq!(approved(plane, &prefix), 0);
    let role = format!("{name}-signer");
    let api = Api::admin(plane);
    let rule = serde_json::json!({
        "apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "verbs": ["approve"],
        "resourceNames": ["kubernetes.io/kube-apiserver-client"],
    });
    let object = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": [rule],
    });
    api.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", &object).ok();
    let (to, subject_flag) = (format!("--clusterrole={role}"), format!("--user={name}"));
    assert!(plane.kubectl(&["create", "clusterrolebinding", &role, &to, &subject_flag]).status.success());
    // The server receives the binding a moment later; until then each attempt is rejected.
    eventually("they may", || {
        console.keys("r");
        console.expect_text("will be approved");
        console.keys("y");
        let screen =
            console.wait_for("an end", |screen| ["Ended:", "Done:"].iter().any(|end| screen.contents().contains(end)));
        (approved(plane, &prefix) == 3 && screen.contains("Done:")).then_some(())
    });
}

fn a_stopped_bulk_run_resumes_without_losing_or_repeating_a_decision(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let prefix = unique("long");
    several(plane, &prefix, 400);
    let mut console = marked(&admin, &prefix, 400);
    console.keys("a");
    console.expect_text("400 of 400 will be approved");
    console.keys("y");
    console.expect_text("Esc stops");
    console.keys("\x1b");
    let screen = console.expect_text("Stopped:");
    assert!(screen.contains("not decided"), "{screen}");
    let before = approved(plane, &prefix);
    assert!(screen.contains(&format!("Stopped: {before} approved")), "{before}: {screen}");
    console.keys("r");
    console.expect_text(&format!("Approve {} requests?", 400 - before));
    console.keys("y");
    console.expect_text(&format!("Done: {} approved in", 400 - before));
    assert_eq!(approved(plane, &prefix), 400);
}

fn bulk_approval_requires_the_names_of_dangerous_requests(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let prefix = unique("mixed");
    several(plane, &prefix, 2);
    let danger = format!("{prefix}-002");
    create(plane, &danger, "system:kube-controller-manager", &[]);
    let mut console = marked(&admin, &prefix, 3);
    console.keys("a");
    let screen = console.expect_text("2 of 3 will be approved");
    assert!(screen.contains("by name only") && screen.contains(&danger), "{screen}");
    console.keys("jj");
    console.expect_text("Name ");
    console.type_text(&danger);
    console.keys("\r");
    console.expect_text("3 of 3 will be approved");
    console.keys("\x1b");
    console.expect_text("y approve 3");
    console.keys("y");
    console.expect_text("Done: 3 approved");
    assert_eq!(approved(plane, &prefix), 3);
}

fn two_consoles_show_each_other_s_decisions_and_a_race_is_won_by_one(plane: &dyn Plane) {
    let (alice, bob) = (TestUser::admin(plane), TestUser::admin(plane));
    let prefix = unique("race");
    several(plane, &prefix, 30);
    let mut consoles = [marked(&alice, &prefix, 30), marked(&bob, &prefix, 30)];
    for console in &mut consoles {
        console.keys("a");
        console.expect_text("30 of 30 will be approved");
    }
    for console in &mut consoles {
        console.keys("y");
    }
    let won = |console: &Terminal| {
        let screen =
            console.wait_for("an end", |screen| ["Ended:", "Done:"].iter().any(|end| screen.contents().contains(end)));
        let words: Vec<_> = screen.split_whitespace().collect();
        let at = words.iter().position(|word| matches!(*word, "Ended:" | "Done:")).unwrap();
        words[at + 1].parse::<usize>().unwrap()
    };
    let wins: Vec<_> = consoles.iter().map(won).collect();
    assert_eq!((wins.iter().sum::<usize>(), approved(plane, &prefix)), (30, 30), "{wins:?}");
    for console in &mut consoles {
        console.keys("\r");
        console.expect_no_text("requests?");
    }
    // What one decides the other shows.
    let single = several(plane, &format!("{prefix}-single"), 1).remove(0);
    let [first, second] = &mut consoles;
    second.expect_text(&single);
    first.expect_text(&single);
    first.keys("\x1b");
    first.expect_no_text("· /");
    first.find(&single, &format!("CN={single}"));
    first.keys("U");
    first.expect_no_text("marked");
    first.keys("d");
    first.expect_text("Deny it?");
    first.keys("y");
    first.expect_text("is denied");
    second.wait_for("the other's decision", |screen| {
        let text = screen.contents();
        !text.contains(&format!(" {single} ")) || text.contains("✖ denied")
    });
}

fn marks_stay_on_their_requests_while_the_list_changes(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let prefix = unique("kept");
    let names = several(plane, &prefix, 4);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&prefix, &names[3]);
    console.keys("sgj ");
    console.expect_text(&format!("✓ {}", names[1]));
    several(plane, &format!("{prefix}-000"), 3);
    console.expect_text(&format!("{prefix}-000-002"));
    console.expect_text(&format!("✓ {}", names[1]));
    assert!(plane.kubectl(&["certificate", "approve", &names[0]]).status.success());
    console.keys("S");
    console.expect_text("name ↑");
    console.keys("f");
    console.expect_text("approved, not issued");
    console.keys("fffff");
    let screen = console.expect_text(&format!("✓ {}", names[1]));
    assert!(screen.contains("1 marked") && screen.matches('✓').count() == 1, "{screen}");
    assert!(plane.kubectl(&["delete", "csr", &names[1]]).status.success());
    console.expect_no_text("1 marked");
}

fn decides_several_named_requests_with_one_command(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let prefix = unique("line");
    let names = several(plane, &prefix, 20);
    assert!(plane.kubectl(&["certificate", "deny", &names[7]]).status.success());
    let arguments: Vec<_> = ["approve"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let error = admin.expect_failure(1, &arguments);
    assert!(error.contains("1 of 20 were not decided") && error.contains(&format!("{} is already denied", names[7])));
    assert_eq!(approved(plane, &prefix), 19);
}

#[test]
fn honors_retry_after() {
    // Like clusters without priority and fairness, the server answers 429 with Retry-After when there are too many at once.
    // system:masters are exempt, so a different user decides here.
    let flags =
        ["--enable-priority-and-fairness=false", "--max-mutating-requests-inflight=1", "--max-requests-inflight=40"];
    let Some(plane) = own_with(&flags) else { return };
    assert!(
        plane
            .kubectl(&["create", "clusterrolebinding", "busy", "--clusterrole=cluster-admin", "--user=busy"])
            .status
            .success()
    );
    let person = TestUser::with(&plane, &Plane::kubeconfig_text(&plane, "busy", None));
    let names = several(&plane, "patient", 40);
    eventually("their rights", || person.kubectl(&["auth", "can-i", "delete", "nodes"]).status.success().then_some(()));
    let arguments: Vec<_> = ["approve"].into_iter().chain(names.iter().map(String::as_str)).collect();
    person.run_ok(&arguments);
    assert_eq!(approved(&plane, "patient"), 40);
    let metrics = plane.kubectl(&["get", "--raw", "/metrics"]);
    assert!(String::from_utf8_lossy(&metrics.stdout).contains("code=\"429\""), "the server never asked to wait");
}
