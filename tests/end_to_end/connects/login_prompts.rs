//! Login programs that prompt for a password, run by `countersign list` in a terminal.

use serde_json::json;

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture};
use super::login_programs::{exec, print_token, program};
use super::run::run;

/// The one-time password. It contains keys of the console.
pub(crate) const ONCE: &str = "qa?1-once";

/// A program that prompts on /dev/tty, and accepts the one-time password only once.
pub(crate) fn prompt_on_tty() -> String {
    prompt("printf 'One-time password: ' >/dev/tty; IFS= read -r password </dev/tty")
}

/// A program that prompts on standard error and reads from standard input, and accepts the one-time password only once.
pub(crate) fn prompt_on_stdin() -> String {
    prompt("printf 'One-time password: ' >&2; IFS= read -r password")
}

fn prompt(prompt: &str) -> String {
    program(&format!(
        "{prompt}\n[ -n \"$password\" ] && [ \"$password\" = \"$(cat \"$HOME/.kube/once\")\" ] || \
         {{ echo 'invalid one-time password' >&2; exit 4; }}\n\
         rm \"$HOME/.kube/once\"\n{}",
        print_token()
    ))
}

#[test]
fn shows_the_prompts_of_login_programs() {
    let Some(fixture) = fixture("shows_the_prompts_of_login_programs") else { return };
    check(fixture, cases(fixture));
}

fn cases(fixture: &Fixture) -> Vec<Case> {
    let cluster = fixture.cluster(&json!({}));
    let mut cases = Vec::new();
    for mode in ["IfAvailable", "Always", "Never"] {
        for (place, script) in [("/dev/tty", prompt_on_tty()), ("standard input", prompt_on_stdin())] {
            let case = Case::new(
                &format!("prompts on {place}, interactiveMode {mode}"),
                &cluster,
                &exec(&json!({"interactiveMode": mode})),
            )
            .file("login", script)
            .file("once", ONCE)
            .types_password(ONCE);
            let no_stdin = mode == "Never" && place == "standard input";
            cases.push(if no_stdin { case.fails(&["login program", "/login"]) } else { case });
        }
    }
    let invalid = Case::new("invalid one-time password", &cluster, &exec(&json!({"interactiveMode": "IfAvailable"})));
    cases.push(
        invalid
            .file("login", prompt_on_tty())
            .file("once", ONCE)
            .types_password("no")
            .fails(&["login program", "/login"]),
    );
    cases
}

/// The output of a program without a prompt, such as a URL to visit, matters only while the user waits for it.
#[test]
fn forwards_the_output_of_a_slow_login_program() {
    let Some(fixture) = fixture("passes_on_what_a_slow_login_program_says") else { return };
    let says = "printf 'visit https://login.test \\033[2J\\n' >&2";
    for (wait, printed) in [("", ""), ("sleep 2", "visit https://login.test \\u{1b}[2J\n")] {
        let case = Case::new("", &fixture.cluster(&json!({})), &exec(&json!({})));
        let case = case.file("login", program(&format!("{says}\n{wait}\n{}", print_token())));
        let result = run(fixture, &case, &crate::support::program(), &["list", "-o", "name"]);
        assert!(result.succeeded(), "{result:?}");
        assert_eq!(result.stderr, printed);
    }
}
