//! Login programs that ask somebody at the terminal, with `countersign list`.

use serde_json::json;

use super::case::Case;
use super::login_programs::{exec, prints_token, program};
use super::parts::{Parts, parts};
use super::run::check;

/// The one-time password: letters that are keys of the console too.
pub const ONCE: &str = "qa?1-once";

/// A program that asks for the one-time password at the terminal, and takes it only once.
pub fn asks_at_the_terminal() -> String {
    asks("printf 'One-time password: ' >/dev/tty; IFS= read -r given </dev/tty")
}

/// A program that asks for the one-time password on standard error, reads it from standard input, and takes it only once.
pub fn asks_on_standard_input() -> String {
    asks("printf 'One-time password: ' >&2; IFS= read -r given")
}

pub(super) fn asks(question: &str) -> String {
    program(&format!(
        "{question}\n[ -n \"$given\" ] && [ \"$given\" = \"$(cat \"$HOME/.kube/once\")\" ] || \
         {{ echo 'not this one-time password' >&2; exit 4; }}\n\
         rm \"$HOME/.kube/once\"\n{}",
        prints_token()
    ))
}

#[test]
fn login_programs_ask_at_the_terminal() {
    let Some(parts) = parts("login_programs_ask_at_the_terminal") else { return };
    check(parts, cases(parts));
}

fn cases(parts: &Parts) -> Vec<Case> {
    let here = parts.cluster(&json!({}));
    let mut cases = Vec::new();
    for mode in ["IfAvailable", "Always", "Never"] {
        for (how, asks) in [("/dev/tty", asks_at_the_terminal()), ("standard input", asks_on_standard_input())] {
            let case = Case::new(&format!("asks on {how}, {mode}"), &here, &exec(&json!({"interactiveMode": mode})))
                .file("login", asks)
                .file("once", ONCE)
                .typed(ONCE);
            let deaf = mode == "Never" && how == "standard input";
            cases.push(if deaf { case.fails(&["login program", "/login"]) } else { case });
        }
    }
    let wrong = Case::new("a wrong one-time password", &here, &exec(&json!({"interactiveMode": "IfAvailable"})));
    cases.push(
        wrong.file("login", asks_at_the_terminal()).file("once", ONCE).typed("no").fails(&["login program", "/login"]),
    );
    cases
}
