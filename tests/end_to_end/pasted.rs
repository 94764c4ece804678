//! Lines that are shown, pasted into real shells: every word arrives as it was meant, or nothing runs.

use std::process::{Command, Stdio};

use base64::Engine;
use countersign::testing::domain::commands;
use countersign::testing::domain::issuance_request::{Grant, IssuanceRequest, OrderDefaults};
use countersign::testing::domain::output::shell::{Kubectl, ShellCommand, ShellLine};
use countersign::testing::domain::plan::Plan;

use crate::support::plane::Plane;
use crate::support::stub::Stubs;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, unique};

/// The shells that people paste into.
const SHELLS: [&str; 4] = ["sh", "bash", "zsh", "fish"];

/// Names that attack whoever pastes them, and that a line can hold.
const PASTABLE: [&str; 38] = [
    "jane",
    "--all",
    "--server=https://evil",
    "-n",
    "-",
    "--",
    "a b",
    " a",
    "it's",
    "a\"b",
    "$(touch PWNED)",
    "`touch PWNED`",
    "x;touch PWNED",
    "x;touch${IFS}PWNED",
    "a|touch PWNED",
    "a&touch PWNED",
    "!!",
    "!touch",
    "a\\",
    "a\\'b",
    "\\\\",
    "\\n",
    "*",
    "~",
    "=ls",
    "{a,b}",
    "#x",
    "%1",
    "José",
    "花子",
    "$HOME",
    "a>PWNED",
    "<a",
    "(touch PWNED)",
    "^a^b",
    "'; touch PWNED; '",
    "\\'; touch PWNED; \\'",
    "a\u{301}",
];

/// Names that no line can hold.
const UNPASTABLE: [&str; 9] = [
    "a\nb",
    "a\ntouch PWNED\n",
    "\u{1b}[201~\ntouch PWNED\n",
    "\u{1b}]52;c;dG91Y2g=\u{7}",
    "a\rtouch PWNED\r",
    "a\u{202e}b",
    "a\u{200b}b",
    "\u{9b}31m",
    "a\tb",
];

fn kubectl() -> Kubectl {
    Kubectl::new([("context", "it's $(touch PWNED)".to_owned()), ("as", "-x;touch PWNED".to_owned())])
}

fn flags() -> [String; 3] {
    ["kubectl", "--context=it's $(touch PWNED)", "--as=-x;touch PWNED"].map(str::to_owned)
}

fn call(words: &[&str]) -> Vec<String> {
    flags().into_iter().chain(words.iter().map(|word| (*word).to_owned())).collect()
}

/// Runs a script in a shell that is not interactive.
fn run(stubs: &Stubs, shell: &str, script: &str) {
    let arguments: &[&str] = match shell {
        "fish" => &["--no-config"],
        "zsh" => &["-f"],
        _ => &[],
    };
    // As a file: an argument of 100,000 characters would be one too long.
    let file = stubs.path("script");
    std::fs::write(&file, format!("{script}\nkubectl end\n")).unwrap();
    let mut command = Command::new(shell);
    command.args(arguments).arg(&file).env("PATH", stubs.search_path()).current_dir(stubs.path("work"));
    command.stdin(Stdio::null()).output().unwrap();
}

#[test]
fn displayed_commands_mean_the_same_in_every_shell() {
    let stubs = Stubs::new();
    for shell in SHELLS {
        for name in PASTABLE {
            let lines = commands::for_request(&kubectl(), name);
            let script: Vec<_> = lines.iter().map(ShellLine::as_str).collect();
            run(&stubs, shell, &script.join("\n"));
            let wanted = [
                call(&["describe", "csr", "--", name]),
                call(&["get", "csr", "-o", "yaml", "--", name]),
                call(&["certificate", "approve", "--", name]),
                call(&["certificate", "deny", "--", name]),
                call(&["get", "csr", "-o", "jsonpath={.status.certificate}", "--", name]),
                call(&["delete", "csr", "--", name]),
            ];
            assert_eq!(stubs.calls_before("end"), wanted, "{shell} {name:?}");
        }
        let all = commands::decide_all(&kubectl(), "deny", &PASTABLE);
        run(&stubs, shell, all.as_str());
        let wanted = call(&[&["certificate", "deny", "--"], &PASTABLE[..]].concat());
        assert_eq!(stubs.calls_before("end"), [wanted], "{shell}");
        assert!(!stubs.was_hit(), "{shell}");
    }
}

#[test]
fn a_line_that_cannot_be_pasted_has_no_effect_in_any_shell() {
    let stubs = Stubs::new();
    let long = "x".repeat(100_000);
    for name in UNPASTABLE.iter().copied().chain([long.as_str()]) {
        let lines = commands::for_request(&kubectl(), name);
        assert!(lines.iter().all(|line| !line.runs() && line.as_str().len() < 300), "{name:?}");
        let bulk = commands::decide_all(&kubectl(), "approve", &["jane", name]);
        let script: Vec<_> = lines.iter().chain([&bulk]).map(ShellLine::as_str).collect();
        for shell in SHELLS {
            run(&stubs, shell, &script.join("\n"));
            assert_eq!(stubs.calls_before("end"), Vec::<Vec<String>>::new(), "{shell} {name:?}");
        }
    }
    assert!(!stubs.was_hit());
}

fn order(user: &str) -> IssuanceRequest {
    let around = OrderDefaults { namespace: "dev".into(), cluster: user.into(), kubeconfig: "/k/con fig".into() };
    let mut order = IssuanceRequest::new(user, &around);
    order.groups = vec!["it's".into(), "$(touch PWNED)".into()];
    order.csr_name = user.into();
    order.grant = Grant::NewRole {
        name: format!("r{user}"),
        verbs: vec!["get".into(), "list".into()],
        resources: vec!["pods".into()],
    };
    order.binding_name = format!("b{user}");
    if let Some(target) = &mut order.kubeconfig {
        target.separate = true;
    }
    order
}

#[test]
fn an_issuance_script_means_the_same_in_every_shell() {
    let stubs = Stubs::new();
    for user in PASTABLE {
        let script = Plan::new(&order(user)).script(&kubectl());
        let script: Vec<_> = script.iter().map(ShellLine::as_str).collect();
        for shell in SHELLS {
            run(&stubs, shell, &script.join("\n"));
            let calls = stubs.calls_before("end");
            for wanted in [
                call(&["certificate", "approve", "--", user]),
                call(&["create", "-f", "-"]),
                call(&["create", "role", &format!("r{user}"), "--verb=get,list", "--resource=pods", "--namespace=dev"]),
                call(&[
                    "create",
                    "rolebinding",
                    &format!("b{user}"),
                    &format!("--role=r{user}"),
                    &format!("--user={user}"),
                    "--namespace=dev",
                ]),
                ["kubectl", "config", "use-context", "--kubeconfig=/k/con fig", "--", user].map(str::to_owned).to_vec(),
                ["kubectl", "--kubeconfig=/k/con fig", &format!("--context={user}"), "auth", "whoami"]
                    .map(str::to_owned)
                    .to_vec(),
            ] {
                assert!(calls.contains(&wanted), "{shell} {user:?}: {wanted:?} is not among {calls:?}");
            }
            let subject = user.replace('\\', r"\\").replace('+', r"\+").replace('/', r"\/");
            let subject = format!("/CN={subject}/O=it's/O=$(touch PWNED)");
            assert!(calls.iter().any(|call| call[0] == "openssl" && call.contains(&subject)), "{shell} {calls:?}");
            assert!(!stubs.was_hit(), "{shell} {user:?}");
        }
    }
}

/// Types lines at the prompt of a shell in a real terminal, as a paste without marks arrives.
fn type_lines(stubs: &Stubs, person: &TestUser, shell: &str, lines: &[String]) -> Vec<Vec<String>> {
    let command: &[&str] = match shell {
        "fish" => &["fish", "--no-config", "-i"],
        "zsh" => &["zsh", "-f", "-i"],
        "bash" => &["bash", "--norc", "-i"],
        _ => &["sh", "-i"],
    };
    let command: Vec<_> = command.iter().map(|word| (*word).to_owned()).collect();
    let work = stubs.path("work").display().to_string();
    let mut terminal = Terminal::start_with(person, &command, &[("STUBS", &stubs.search_path()), ("WORK", &work)]);
    let path = if shell == "fish" { "set -gx PATH (string split : $STUBS)" } else { "PATH=$STUBS; export PATH" };
    terminal.keys(&format!("{path}; cd $WORK; kubectl ready\r"));
    assert_eq!(stubs.calls_before("ready"), Vec::<Vec<String>>::new(), "{shell}");
    for line in lines {
        terminal.keys(&line.replace('\n', "\r"));
        terminal.keys("\r");
    }
    terminal.keys("kubectl end\r");
    let calls = stubs.calls_before("end");
    terminal.keys("exit\r");
    terminal.expect_exit();
    calls
}

fn command_lines_mean_the_same_when_typed_at_an_interactive_prompt(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let stubs = Stubs::new();
    let approve = |name: &&str| commands::approve(&Kubectl::plain(), name).as_str().to_owned();
    let pastable: Vec<_> = PASTABLE.iter().map(approve).collect();
    let comment = ShellLine::comment("$(touch PWNED); a!b").as_str().to_owned();
    let unpastable: Vec<_> = UNPASTABLE.iter().map(approve).chain([comment]).collect();
    for shell in SHELLS {
        let wanted: Vec<_> = PASTABLE
            .iter()
            .map(|name| ["kubectl", "certificate", "approve", "--", name].map(str::to_owned).to_vec())
            .collect();
        assert_eq!(type_lines(&stubs, &person, shell, &pastable), wanted, "{shell}");
        assert_eq!(type_lines(&stubs, &person, shell, &unpastable), Vec::<Vec<String>>::new(), "{shell}");
        assert!(!stubs.was_hit(), "{shell}");
    }
}

/// kubectl takes names after `--`, in each of the commands that are shown.
fn the_real_kubectl_takes_names_after_two_dashes(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = format!("--{}", unique("dashes"));
    let api = crate::support::api::Api::admin(plane);
    let manifest = crate::support::requests::manifest("x", &unique("user"), &[], "client auth");
    let mut request: serde_json::Value = serde_yaml::from_str(&manifest).unwrap();
    request["metadata"]["name"] = name.clone().into();
    api.post("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request).ok();
    let role = serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": []});
    api.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", &role).ok();
    let binding = serde_json::json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}, "subjects": []});
    api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).ok();
    let kubectl = Kubectl::plain();
    let words = |command: ShellCommand| command.operands([name.as_str()]).line();
    for line in [
        commands::approve(&kubectl, &name),
        words(kubectl.command("wait --for=jsonpath='{.status.certificate}' --timeout=60s csr")),
        commands::export(&kubectl, &name),
        words(kubectl.command("describe csr")),
        words(kubectl.command("get csr -o yaml")),
        words(kubectl.command("set subject clusterrolebinding").flag("user", "-x")),
        words(kubectl.command("patch clusterrole").flag("type", "json").flag("patch", "[]")),
        words(kubectl.command("get -o yaml").word("clusterroles")),
        words(kubectl.command("config set-context").flag("cluster", "test").flag("user", "admin")),
        words(kubectl.command("config set-credentials").flag("token", "x")),
        words(kubectl.command("config use-context")),
        kubectl.command("config rename-context").operands([name.as_str(), "-other"]).line(),
        kubectl.command("config delete-context").operands(["-other"]).line(),
        kubectl.command("config use-context").operands(["admin"]).line(),
        kubectl.command("auth can-i").flag("namespace", "default").operands(["get", "pods/--all"]).line(),
        words(kubectl.command("delete clusterrolebindings")),
        words(kubectl.command("delete csr")),
    ] {
        admin.shell(line.as_str());
    }
    let left = plane.kubectl(&["get", "csr", "-o", "name"]);
    assert!(!String::from_utf8_lossy(&left.stdout).contains(&name));
}

/// What the console shows and what it copies are the same line, and nothing else is copied.
fn copies_the_displayed_text_without_control_characters(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = format!("{}\u{1b}[201~\ntouch PWNED\n", unique("copied"));
    let api = crate::support::api::Api::admin(plane);
    let manifest = crate::support::requests::manifest("x", "jane", &[], "client auth");
    let mut request: serde_json::Value = serde_yaml::from_str(&manifest).unwrap();
    request["metadata"]["name"] = name.clone().into();
    api.post("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request).ok();
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(name.split('\u{1b}').next().unwrap(), "\\u{1b}[201~");
    console.keys("y");
    console.expect_text("not copied: it has control or invisible characters");
    console.keys("K");
    console.expect_text("# kubectl certificate approve -- NAME: not shown");
    console.keys("y");
    let copies = || -> Vec<String> {
        let bytes = String::from_utf8_lossy(&console.bytes()).into_owned();
        let copies = bytes.split("\u{1b}]52;c;").skip(1).filter_map(|copy| copy.split_once('\u{7}'));
        copies.map(|(encoded, _)| encoded.to_owned()).collect()
    };
    let copies = eventually("the copy", || Some(copies()).filter(|copies| !copies.is_empty()));
    assert_eq!(copies.len(), 1, "the name was copied");
    let encoded = &copies[0];
    let copied = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let copied = String::from_utf8(copied).unwrap();
    assert!(
        copied.lines().all(|line| line.starts_with("# ")) && !copied.replace('\n', "").contains(char::is_control),
        "{copied:?}"
    );
}

crate::on_both!(
    command_lines_mean_the_same_when_typed_at_an_interactive_prompt,
    the_real_kubectl_takes_names_after_two_dashes,
    copies_the_displayed_text_without_control_characters,
);

/// The advice of the command line, pasted.
#[test]
fn advice_with_a_hostile_name_is_one_quoted_command() {
    let stubs = Stubs::new();
    for name in PASTABLE {
        let own = kubectl().own("approve").flag("dangerous", name).operands([name]).line();
        let resume = kubectl().own("issue").flag("resume", name).line();
        for shell in SHELLS {
            run(&stubs, shell, &format!("{own}\n{resume}"));
            let with = |words: &[String]| {
                let mut call = flags().to_vec();
                call[0] = "countersign".to_owned();
                call.extend_from_slice(words);
                call
            };
            let wanted = [
                with(&["approve".into(), format!("--dangerous={name}"), "--".into(), name.into()]),
                with(&["issue".into(), format!("--resume={name}")]),
            ];
            let calls = stubs.calls_before("end");
            // The program's own words come before its flags.
            let sorted = |mut call: Vec<String>| {
                call.sort();
                call
            };
            let (calls, wanted): (Vec<_>, Vec<_>) =
                (calls.into_iter().map(sorted).collect(), wanted.into_iter().map(sorted).collect());
            assert_eq!(calls, wanted, "{shell} {name:?}");
        }
    }
    assert!(!stubs.was_hit());
}
