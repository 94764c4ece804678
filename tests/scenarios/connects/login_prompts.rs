//! Login programs that prompt for a password, run by `countersign list` in a terminal.

use serde_json::json;

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture};
use super::login_programs::{exec, print_token, program};

/// The one-time password. It contains keys of the console.
pub const ONCE: &str = "qa?1-once";

/// A program that prompts on /dev/tty, and accepts the one-time password only once.
pub fn prompt_on_tty() -> String {
    prompt("printf 'One-time password: ' >/dev/tty; IFS= read -r password </dev/tty")
}

/// A program that prompts on standard error and reads from standard input, and accepts the one-time password only once.
pub fn prompt_on_stdin() -> String {
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
