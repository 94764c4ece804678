//! One gate for every decision and every write: verdict, policy file, read-only, confirmation.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::requests::{conditions, create, create_with, manifest};
use crate::support::terminal::{Redrawn, Terminal};
use crate::support::{PATIENCE, TestUser, eventually, limited, program, unique};

crate::on_both!(
    issue_checks_policy_and_verdict_and_requires_the_name_for_a_dangerous_user,
    resume_passes_the_write_gate_and_read_only_blocks_resume_and_undo,
    the_wizard_shows_the_verdict_and_requires_the_name_for_a_dangerous_user,
    several_names_make_a_bulk_decision,
    long_names_do_not_hide_identity_or_verdict_in_the_prompt,
    no_key_decides_while_the_identity_does_not_fit_on_screen,
    no_key_decides_on_a_screen_that_is_too_small,
    rejects_a_pasted_confirmation_name,
    enter_decides_deletes_and_undoes_nothing,
    read_only_in_the_config_file_blocks_kubeconfig_edits,
);

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

fn team(person: &TestUser) -> String {
    let team = unique("team");
    person.kubectl_ok(&["create", "namespace", &team]);
    team
}

fn configure(person: &TestUser, file: &str, text: &str) {
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    std::fs::write(person.path(&format!(".config/countersign/{file}")), text).unwrap();
}

fn exists(plane: &dyn Plane, name: &str) -> bool {
    plane.kubectl(&["get", "csr", name]).status.success()
}

/// Waits until the console has read every key that was sent.
fn wait_until_keys_are_read(console: &mut Terminal) {
    assert_eq!(console.redraw(PATIENCE), Redrawn::Yes);
}

fn issue_checks_policy_and_verdict_and_requires_the_name_for_a_dangerous_user(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (team, eve) = (team(&admin), unique("eve"));
    configure(&admin, "policy.yaml", "groups: {forbidden: ['*-admins']}\nlongestLife: 30d\nleastKey: {rsa: 3072}\n");
    let order = ["issue", &eve, "--group", "till-admins", "--no-access", "-n", &team];
    let with = |more: &[&'static str]| -> Vec<String> {
        order.iter().copied().chain(more.iter().copied()).map(ToOwned::to_owned).collect()
    };
    let run = |code: i32, arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = admin.countersign(&arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        error
    };
    let kubeconfig = std::fs::read(admin.kubeconfig()).unwrap();
    for more in [&[][..], &["--dry-run"], &["--dangerous", "other"], &["--expires", "40d", "--key-type", "rsa-2048"]] {
        let error = run(3, &with(more));
        assert!(
            error.contains("the policy forbids *-admins") && error.contains(&format!("--dangerous={eve}")),
            "{error}"
        );
    }
    let error = run(3, &with(&["--dry-run", "--expires", "40d"]));
    assert!(error.contains("✖ Verdict: danger") && error.contains("the policy allows 30"), "{error}");
    assert!(error.contains("the policy wants 3072"), "{error}");
    assert!(!exists(plane, &eve) && std::fs::read(admin.kubeconfig()).unwrap() == kubeconfig);
    assert!(admin.expect_failure(1, &["issue", "--resume"]).contains("nothing was left unfinished"));
    // What the cluster's bindings make of a group is dangerous without any policy.
    let owners = unique("owners");
    let subject_flag = format!("--group={owners}");
    admin.kubectl_ok(&["create", "clusterrolebinding", &owners, "--clusterrole=cluster-admin", &subject_flag]);
    let error = admin.expect_failure(3, &["issue", &eve, "--group", &owners, "--no-access", "-n", &team]);
    assert!(error.contains("access-cluster-admin"), "{error}");
    assert!(!exists(plane, &eve));
    // Confirmed by the user's name it is issued; warnings are printed.
    let mut named = with(&["--expires", "40d", "--dangerous"]);
    named.push(eve.clone());
    let report = run(0, &named);
    assert!(report.contains("! Verdict: warning"), "{report}");
    assert!(conditions(plane, &eve).contains("Approved"));
}

/// An issuance for a member of `group` whose issuer may not approve: it waits, and is killed there.
fn leave_waiting(plane: &dyn Plane, group: &str) -> (TestUser, String, String) {
    let (maker, user) = (unique("maker"), unique("resumed"));
    let person = limited(plane, &maker, "get,list,watch,create", "certificatesigningrequests.certificates.k8s.io");
    let mut issue = person.command(&program());
    issue.args(["issue", &user, "--group", group, "-n", &maker]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = issue.spawn().unwrap();
    eventually("the request", || exists(plane, &user).then_some(()));
    eventually("the journal", || {
        let journal = person.shell("cat .local/state/countersign/issuances/*/journal.yaml 2>/dev/null || true");
        journal.contains("csr_uid: ").then_some(()).filter(|()| !journal.contains("csr_uid: null"))
    });
    running.kill().unwrap();
    running.wait().unwrap();
    (person, maker, user)
}

fn resume_passes_the_write_gate_and_read_only_blocks_resume_and_undo(plane: &dyn Plane) {
    // A forbidden group does not keep a request from waiting: the verdict is for the person who approves.
    let (person, maker, user) = leave_waiting(plane, "till-admins");
    configure(&person, "policy.yaml", "groups: {forbidden: ['*-admins']}\n");
    // From now on it would be theirs to approve.
    std::fs::write(person.kubeconfig(), plane.kubeconfig_text("admin", Some("system:masters"))).unwrap();
    let before = std::fs::read(person.kubeconfig()).unwrap();
    let untouched = |person: &TestUser| {
        assert_eq!(conditions(plane, &user), "");
        assert_eq!(std::fs::read(person.kubeconfig()).unwrap(), before);
        assert!(
            !plane
                .kubectl(&["get", "rolebinding", "-n", &maker, &format!("developer-binding-{user}")])
                .status
                .success()
        );
    };
    let error = person.expect_failure(3, &["issue", "--resume", &user, "-n", &maker]);
    assert!(error.contains("the policy forbids *-admins"), "{error}");
    untouched(&person);
    let resume = ["issue", "--resume", &user, "--dangerous", &user, "-n", &maker];
    let error = person.expect_failure(3, &[&["--read-only"], &resume[..]].concat());
    assert!(error.contains("read-only"), "{error}");
    untouched(&person);
    let error = person.expect_failure(3, &["--read-only", "issue", "--undo", &user]);
    assert!(error.contains("read-only") && !error.contains("taken back"), "{error}");
    untouched(&person);
    for more in [&[][..], &["--dry-run"]] {
        let error = person.expect_failure(3, &[&["--read-only", "issue", "new-user", "-n", &maker], more].concat());
        assert!(error.contains("read-only"), "{error}");
    }
    configure(&person, "config.yaml", "read-only: [adm*]\n");
    for arguments in [&resume[..], &["issue", "--undo", &user], &["approve", &user], &["deny", &user]] {
        assert!(person.expect_failure(3, arguments).contains("context admin is read-only"));
    }
    assert!(exists(plane, &user));
    untouched(&person);
    configure(&person, "config.yaml", "");
    // Approved by another person and issued: with read-only the kubeconfig is not written either.
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    person.expect_failure(3, &[&["--read-only"], &resume[..]].concat());
    assert_eq!(std::fs::read(person.kubeconfig()).unwrap(), before);
    person.run_ok(&["issue", "--resume", &user, "-n", &maker]);
    assert!(person.kubectl_ok(&["config", "get-contexts", "-o", "name"]).contains(&user));
}

fn the_wizard_shows_the_verdict_and_requires_the_name_for_a_dangerous_user(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (team, user) = (team(&admin), unique("wizard-eve"));
    configure(&admin, "policy.yaml", "names: {forbidden: ['wizard-*']}\n");
    let mut console = Terminal::console(&admin, &["--namespace", &team]);
    console.expect_text("● live");
    console.keys("n");
    console.expect_text("User name");
    console.keys(&format!("{user}\tdev\x12"));
    let screen = console.expect_text("type the user's name");
    assert!(
        screen.contains("the policy forbids wizard-*") && screen.contains(&format!("{user}, groups dev")),
        "{screen}"
    );
    console.keys("y\r");
    console.expect_text("That is not the user's name");
    console.keys("\x15");
    console.keys(&format!("\x1b[200~{user}\x1b[201~"));
    console.expect_text("typed, not pasted");
    console.keys("\r");
    console.expect_text("That is not the user's name");
    assert!(!exists(plane, &user));
    console.type_text(&user);
    console.keys("\r");
    console.expect_text("Done in");
    console.expect_text(&format!("the cluster says: {user}"));
}

fn several_names_make_a_bulk_decision(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let names: Vec<String> = (0..3).map(|_| unique("line")).collect();
    for name in &names {
        create(plane, name, name, &["dev"]);
    }
    let all: Vec<&str> = ["approve"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let undecided = || names.iter().all(|name| conditions(plane, name).is_empty());
    for policy in ["bulk: {signers: ['example.com/*']}\n", "bulk: {levels: [notice]}\n"] {
        configure(&admin, "policy.yaml", policy);
        let error = admin.expect_failure(3, &all);
        assert!(error.contains("3 of 3 may not be approved together"), "{error}");
        for name in &names {
            assert!(error.contains(&format!("{name}: the policy file keeps it out of bulk decisions")), "{error}");
        }
        assert!(undecided());
        assert!(admin.expect_failure(3, &[&all[..], &["--dry-run"]].concat()).contains("may not be approved together"));
    }
    configure(&admin, "policy.yaml", "");
    let (doomed, danger) = (unique("doomed"), unique("danger"));
    create_with(plane, &doomed, &doomed, &[], "server auth");
    create(plane, &danger, "system:kube-controller-manager", &[]);
    let error = admin.expect_failure(3, &[&all[..], &[&doomed, &danger]].concat());
    assert!(error.contains("2 of 5 may not be approved together"), "{error}");
    assert!(error.contains(&format!("{doomed}: the signer will reject it")), "{error}");
    assert!(error.contains(&format!("{danger}: is dangerous")), "{error}");
    assert!(undecided(), "one that is refused refuses the whole command");
    let error = admin.expect_failure(3, &[&all[..], &[&danger]].concat());
    let again = format!("countersign approve --dangerous={danger} -- {} {danger}", names.join(" "));
    assert!(error.contains(&again), "{error}");
    // The same name twice is one request; and the policy's bulk part has no say in a single decision.
    configure(&admin, "policy.yaml", "bulk: {levels: []}\n");
    admin.run_ok(&["approve", &names[0], &names[0]]);
    admin.run_ok(&["deny", &names[1], &names[2]]);
    assert!(conditions(plane, &names[0]).contains("Approved"));
    assert_eq!(conditions(plane, &names[1]), "Denied");
    configure(&admin, "policy.yaml", "");
    let (one, two) = (unique("line"), unique("line"));
    create(plane, &one, &one, &[]);
    create(plane, &two, &two, &[]);
    admin.run_ok(&["approve", &one, &two, &danger, "--dangerous", &danger]);
    assert!([&one, &two, &danger].iter().all(|name| conditions(plane, name).contains("Approved")));
}

/// Makes a request with a name of any length.
fn create_named(plane: &dyn Plane, name: &str, user: &str, groups: &[&str]) {
    let mut object: Value = serde_yaml::from_str(&manifest("x", user, groups, "client auth")).unwrap();
    object["metadata"] = json!({"name": name});
    Api::admin(plane).post(CSRS, &object).ok();
}

fn state(plane: &dyn Plane, name: &str) -> String {
    Api::admin(plane).get(&format!("{CSRS}/{name}")).ok()["status"]["conditions"].to_string()
}

/// A console with the cursor on the only request that a search finds.
fn searched(admin: &TestUser, search: &str, text: &str) -> Terminal {
    let mut console = Terminal::console(admin, &[]);
    console.expect_text("● live");
    console.keys(&format!("/{search}\r"));
    console.expect_text(&format!("· /{search}"));
    console.expect_text(text);
    console
}

fn long_names_do_not_hide_identity_or_verdict_in_the_prompt(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    for (length, user) in [(400, unique("longa")), (900, unique("longb"))] {
        let name = format!("{user}-{}", "x".repeat(length));
        create_named(plane, &name, &user, &["dev", "qa"]);
        let mut console = searched(&admin, &user, &format!("CN={user}"));
        console.keys("a");
        let screen = console.expect_text("Approve it? y yes");
        assert!(screen.contains(&format!("{user}, groups dev, qa")) && screen.contains("nothing unusual"), "{screen}");
        assert!(screen.contains(&format!("Approve {user}-x")) && screen.contains("…x"), "{screen}");
        console.keys("y");
        eventually("it is approved", || state(plane, &name).contains("Approved").then_some(()));
    }
}

fn no_key_decides_while_the_identity_does_not_fit_on_screen(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("crowded");
    let groups: Vec<String> = (0..200).map(|at| format!("a-group-with-number-{at}")).collect();
    create(plane, &name, &name, &groups.iter().map(String::as_str).collect::<Vec<_>>());
    let mut console = searched(&admin, &name, &format!("CN={name}"));
    for (key, heading) in [("a", "Approve"), ("d", "Deny")] {
        console.keys(key);
        console.expect_text(&format!("{heading} {name}?"));
        console.expect_text("Too small: no key answers. Enlarge the terminal, or use the command line.");
        console.keys("y");
        wait_until_keys_are_read(&mut console);
        assert_eq!(conditions(plane, &name), "");
        console.keys("\x1b");
        console.expect_no_text("Too small");
    }
    console.resize(100, 120);
    console.keys("d");
    console.expect_text("Deny it? y yes");
    console.keys("y");
    eventually("it is denied", || (conditions(plane, &name) == "Denied").then_some(()));
}

/// Presses `answer` where the question cannot be seen; it must still be open when the screen is large again.
fn unseen(console: &mut Terminal, question: &str, answer: &str) {
    console.expect_text(question);
    console.resize(5, 20);
    console.expect_text("too small");
    console.keys(answer);
    wait_until_keys_are_read(console);
    console.resize(24, 80);
    console.expect_text(question);
}

fn no_key_decides_on_a_screen_that_is_too_small(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (team, prefix) = (team(&admin), unique("unseen"));
    let (calm, danger) = (format!("{prefix}-calm"), format!("{prefix}-danger"));
    create(plane, &calm, &calm, &[]);
    create(plane, &danger, "system:kube-controller-manager", &[]);
    admin.kubectl_ok(&["create", "role", &prefix, "-n", &team, "--verb=get", "--resource=pods"]);
    let kubeconfig = std::fs::read(admin.kubeconfig()).unwrap();
    let mut console = Terminal::console(&admin, &["-n", &team]);
    console.expect_text("● live");
    console.find(&calm, &format!("CN={calm}"));
    for (key, question) in [("a", "Approve it?"), ("d", "Deny it?"), ("x", "Delete it?")] {
        console.keys(key);
        unseen(&mut console, question, "y\ry");
        console.keys("\x1b");
        console.expect_no_text(question);
    }
    // Asked for where nothing is seen.
    console.resize(5, 20);
    console.expect_text("too small");
    console.keys("ay");
    wait_until_keys_are_read(&mut console);
    console.resize(24, 80);
    console.expect_text("Approve it?");
    console.keys("\x1b");
    console.expect_no_text("Approve it?");
    console.keys("\x1b");
    console.expect_no_text("· /");
    console.find(&danger, "CN=system:kube-controller-manager");
    console.keys("a");
    console.expect_text("type the request's name");
    console.resize(5, 20);
    console.expect_text("too small");
    for c in danger.chars() {
        console.keys(&c.to_string());
        wait_until_keys_are_read(&mut console);
    }
    console.keys("\r");
    wait_until_keys_are_read(&mut console);
    console.resize(24, 80);
    console.expect_text("type the request's name");
    console.keys("\x1b\x1b");
    console.expect_no_text("· /");
    // Many at once.
    console.keys(&format!("/{prefix}\r\x01"));
    console.expect_text("2 marked");
    console.keys("a");
    unseen(&mut console, "1 of 2 will be approved", "y\ry");
    console.keys("\x1b");
    console.expect_no_text("will be approved");
    // Roles, kubeconfigs, the wizard.
    console.keys("2v");
    console.expect_text("RBAC · Roles");
    console.keys(&format!("/{prefix}\r"));
    console.expect_text(&format!("· /{prefix}"));
    console.keys("D");
    unseen(&mut console, "Delete it?", "y\ry");
    console.keys("\x1b3x");
    unseen(&mut console, "Delete it?", "y\ry");
    console.keys("\x1b1n");
    console.expect_text("User name");
    console.keys(&format!("{prefix}-zoe\x12"));
    unseen(&mut console, "y runs it", "y\ry");
    assert_eq!((conditions(plane, &calm).as_str(), conditions(plane, &danger).as_str()), ("", ""));
    assert!(admin.kubectl(&["get", "role", &prefix, "-n", &team]).status.success());
    assert!(!exists(plane, &format!("{prefix}-zoe")));
    assert_eq!(std::fs::read(admin.kubeconfig()).unwrap(), kubeconfig);
    // Seen, it counts.
    console.keys("y");
    console.expect_text("Done in");
}

fn rejects_a_pasted_confirmation_name(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("pasted-helper");
    create(plane, &name, "system:kube-controller-manager", &[]);
    let mut console = searched(&admin, &name, "CN=system:kube-controller-manager");
    let refused = |console: &mut Terminal, paste: &str, asked: &str| {
        console.keys(paste);
        console.expect_text("typed, not pasted");
        console.keys("\r");
        wait_until_keys_are_read(console);
        console.expect_text(asked);
        assert_eq!(conditions(plane, &name), "");
    };
    console.keys("a");
    console.expect_text("type the request's name");
    refused(&mut console, &format!("\x1b[200~{name}\x1b[201~"), "type the request's name");
    refused(&mut console, &format!("\x1b[200~{name}\n\x1b[201~"), "type the request's name");
    // A terminal without bracketed paste sends what is pasted as keys, all at once.
    refused(&mut console, &format!("{name}\r"), "type the request's name");
    console.keys("\x1b");
    console.expect_no_text("type the request's name");
    // On the sheet of many likewise.
    console.keys(" a");
    console.expect_text("0 of 1 will be approved");
    console.keys("\x1b[B");
    console.expect_text("includes it");
    console.keys(&format!("\x1b[200~{name}\x1b[201~"));
    console.expect_text("typed, not pasted");
    console.keys(&format!("{name}\r"));
    console.expect_text("typed, not pasted");
    console.expect_text("0 of 1 will be approved");
    console.type_text(&name);
    console.keys("\r");
    console.expect_text("1 of 1 will be approved");
    assert_eq!(conditions(plane, &name), "");
    console.keys("\x1b\x1b");
    console.expect_no_text("will be approved");
    console.keys("U");
    console.expect_no_text("1 marked");
    console.keys("a");
    console.expect_text("type the request's name");
    console.type_text(&name);
    console.keys("\r");
    eventually("it is approved", || conditions(plane, &name).contains("Approved").then_some(()));
}

fn enter_decides_deletes_and_undoes_nothing(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (team, name) = (team(&admin), unique("entered"));
    create(plane, &name, &name, &[]);
    let kubeconfig = std::fs::read(admin.kubeconfig()).unwrap();
    let mut console = Terminal::console(&admin, &["-n", &team]);
    console.expect_text("● live");
    console.find(&name, &format!("CN={name}"));
    for (key, question) in [("a", "Approve it?"), ("d", "Deny it?"), ("x", "Delete it?")] {
        console.keys(key);
        console.expect_text(question);
        console.keys("\r");
        console.expect_text("Enter answers nothing here; y does");
        console.expect_text(question);
        console.keys("n");
        console.expect_no_text(question);
    }
    assert_eq!(conditions(plane, &name), "");
    console.keys("3x");
    console.expect_text("Delete it?");
    console.keys("\r");
    console.expect_text("Enter answers nothing here; y does");
    console.keys("n1n");
    console.expect_text("User name");
    let zoe = unique("entered-zoe");
    console.keys(&format!("{zoe}\x12"));
    console.expect_text("y runs it");
    console.keys("\r");
    console.expect_text("Enter answers nothing here; y does");
    assert!(!exists(plane, &zoe) && std::fs::read(admin.kubeconfig()).unwrap() == kubeconfig);
    console.keys("y");
    console.expect_text("Done in");
    console.keys("u");
    console.expect_text("Undo it? y yes");
    console.keys("\r");
    console.expect_text("Enter answers nothing here; y does");
    assert!(exists(plane, &zoe));
    console.keys("n");
    console.expect_text("Done in");
    console.keys("u");
    console.expect_text("Undo it?");
    console.keys("y");
    console.expect_text("Undone.");
    assert!(!exists(plane, &zoe));
}

fn read_only_in_the_config_file_blocks_kubeconfig_edits(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    admin.kubectl_ok(&["config", "set-context", "prod-eu", "--cluster=test", "--user=admin"]);
    admin.kubectl_ok(&["config", "set-context", "lab", "--cluster=test", "--user=admin"]);
    std::fs::write(admin.path("more.yaml"), plane.kubeconfig_text("more", None)).unwrap();
    let before = std::fs::read(admin.kubeconfig()).unwrap();
    configure(&admin, "config.yaml", "read-only: ['*']\n");
    let writes: [&[&str]; 8] = [
        &["use", "lab"],
        &["rename", "lab", "lab-2"],
        &["delete-context", "lab"],
        &["namespace", "dev"],
        &["namespace", "dev", "lab"],
        &["import", "more.yaml"],
        &["embed", "lab"],
        &["unlock"],
    ];
    for arguments in writes {
        let error = admin.expect_failure(3, arguments);
        assert!(error.contains("context admin is read-only"), "{arguments:?}: {error}");
    }
    // What only reads, and a new file, are free; to replace a file is not.
    admin.run_ok(&["contexts"]);
    admin.run_ok(&["import", "more.yaml", "--dry-run"]);
    admin.run_ok(&["extract", "lab", "--out", "alone.yaml"]);
    let alone = std::fs::read(admin.path("alone.yaml")).unwrap();
    assert!(admin.expect_failure(3, &["extract", "prod-eu", "--out", "alone.yaml", "--force"]).contains("read-only"));
    assert_eq!(std::fs::read(admin.path("alone.yaml")).unwrap(), alone);
    // The console's pane is closed as well.
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("read-only");
    console.keys("3");
    console.expect_text("3 contexts");
    for keys in ["G\r", "x", "r", "i", "n", "E"] {
        console.keys(keys);
        console.expect_text("read-only: it does not write kubeconfigs either");
        wait_until_keys_are_read(&mut console);
    }
    console.keys("q");
    console.expect_exit();
    assert_eq!(std::fs::read(admin.kubeconfig()).unwrap(), before);
    // Where only some contexts are closed: those, and whatever is done while one of them is in force.
    configure(&admin, "config.yaml", "read-only: ['prod-*']\n");
    for arguments in [
        &["use", "prod-eu"][..],
        &["rename", "prod-eu", "x"],
        &["rename", "lab", "prod-x"],
        &["delete-context", "prod-eu"],
    ] {
        assert!(admin.expect_failure(3, arguments).contains("is read-only"), "{arguments:?}");
    }
    assert!(
        admin
            .expect_failure(3, &["--context", "prod-eu", "rename", "lab", "lab-2"])
            .contains("context prod-eu is read-only")
    );
    assert_eq!(std::fs::read(admin.kubeconfig()).unwrap(), before);
    admin.run_ok(&["rename", "lab", "lab-2"]);
    assert_ne!(std::fs::read(admin.kubeconfig()).unwrap(), before);
}
