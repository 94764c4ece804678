//! Login programs that ask somebody at the terminal, from within the console: it gives the terminal away, and takes it
//! back.

use serde_json::json;

use super::case::Case;
use super::login_programs::{exec, program};
use super::parts::{Parts, parts};
use super::place::Place;
use super::prompts::{ONCE, asks_at_the_terminal, asks_on_standard_input};
use crate::support::eventually;
use crate::support::terminal::Terminal;

const PROMPT: &str = "One-time password:";

/// A console in a home with this login program.
fn start(parts: &Parts, mode: &str, login: String) -> (Place, Terminal) {
    let case = Case::new("", &parts.cluster(&json!({})), &exec(&json!({"interactiveMode": mode})));
    let place = Place::new(parts, &case.file("login", login).file("once", ONCE));
    let console = Terminal::console(&place.person, &[]);
    (place, console)
}

/// Waits for the line that says which program asks, and for which context.
fn is_announced(console: &Terminal) -> String {
    console.waits("who asks, and for what", |screen| {
        // The console's first line always has the context's name.
        let text = screen.contents();
        let heading = text.lines().next().filter(|_| screen.alternate_screen()).unwrap_or_default();
        let text = joined(&text[heading.len()..]);
        text.contains("/login") && text.contains("here")
    })
}

/// A screen's text without the line breaks that its width makes.
fn joined(screen: &str) -> String {
    screen.replace('\n', "")
}

/// Lets the program begin, if a key is asked for, and waits until it has written this.
fn begins(console: &mut Terminal, words: &str) {
    is_announced(console);
    let text = console.waits("a program or a question", |screen| {
        let text = screen.contents();
        text.contains(words) || text.contains("Enter")
    });
    if !text.contains(words) {
        console.keys("\r");
    }
    console.waits("the program on the shell's screen", |screen| {
        !screen.alternate_screen() && screen.contents().contains(words)
    });
}

/// Waits until the console says which key tries again, and gives what is to be typed for it.
fn key_that_tries_again(console: &Terminal) -> String {
    let text = console.waits("how to try again", |screen| key_before_again(&screen.contents()).is_some());
    key_before_again(&text).unwrap_or_default()
}

/// The key in words like "r tries again" or "press Ctrl-R to try again", as it is typed.
fn key_before_again(text: &str) -> Option<String> {
    let text = text.split(['\n', '│']).map(str::trim).collect::<Vec<_>>().join(" ");
    let words = ["tries again", "try again", "logs in again", "log in again", "tries it again", "try it again"];
    let before = words.iter().find_map(|words| text.split_once(words).map(|(before, _)| before.to_owned()))?;
    let key = before.split_whitespace().rfind(|word| *word != "to")?.trim_matches([':', ',', '.', '(']).to_owned();
    Some(match (key.as_str(), key.strip_prefix("Ctrl-")) {
        ("Enter" | "⏎", _) => "\r".to_owned(),
        (_, Some(letter)) => char::from(letter.as_bytes().first()? & 0x1f).to_string(),
        _ => key,
    })
}

#[test]
fn the_key_that_tries_again_is_read_from_the_screen() {
    for (text, key) in [
        ("│ The login was canceled: r tries again.  │", "r"),
        ("The login was canceled. Press\nCtrl-R to try again.", "\x12"),
        ("Enter: try again", "\r"),
    ] {
        assert_eq!(key_before_again(text).as_deref(), Some(key), "{text}");
    }
    assert_eq!(key_before_again("The login was canceled."), None);
}

fn is_back_and_live(console: &Terminal) -> String {
    console.waits("the console, live", |screen| screen.alternate_screen() && screen.contents().contains("● live"))
}

#[test]
fn a_program_that_asks_has_the_terminal_until_it_ends() {
    let Some(parts) = parts("a_program_that_asks_has_the_terminal_until_it_ends") else { return };
    for mode in ["IfAvailable", "Always"] {
        for login in [asks_at_the_terminal(), asks_on_standard_input()] {
            let (place, mut console) = start(parts, mode, login);
            begins(&mut console, PROMPT);
            console.keys(&format!("{ONCE}\r"));
            let text = is_back_and_live(&console);
            assert!(!text.contains(PROMPT) && !text.contains(ONCE), "a trace of the prompt:\n{text}");
            // None of what was typed was taken for a key: neither help, nor a decision, nor the end.
            assert!(text.contains("[1 Requests]") && !text.contains("Approve it?"), "{text}");
            assert_eq!(place.logins(), 1);
            console.keys("4");
            console.sees("[4 Activity]");
            console.keys("q");
            assert_eq!(console.ends(), 0);
        }
    }
}

/// Whether a process is there, and not as a corpse.
fn runs(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[test]
fn ctrl_c_ends_a_login_program_with_all_that_it_started() {
    let Some(parts) = parts("ctrl_c_ends_a_login_program_with_all_that_it_started") else { return };
    let script =
        "sleep 600 & echo $! > \"$HOME/child\"; echo $$ > \"$HOME/leader\"; printf 'in the browser ' >&2; wait";
    let (place, mut console) = start(parts, "IfAvailable", program(script));
    begins(&mut console, "in the browser");
    console.keys("\x03");
    console.waits("the console, which says so", |screen| {
        screen.alternate_screen() && screen.contents().contains("cancel")
    });
    for name in ["child", "leader"] {
        let process = std::fs::read_to_string(place.person.path(name)).unwrap();
        eventually(&format!("the end of the {name}"), || (!runs(&process)).then_some(()));
    }
    assert_eq!(place.logins(), 1);
    place.write("login", asks_at_the_terminal().as_bytes());
    let key = key_that_tries_again(&console);
    console.keys(&key);
    begins(&mut console, PROMPT);
    console.keys(&format!("{ONCE}\r"));
    is_back_and_live(&console);
    assert_eq!(place.logins(), 2);
}

#[test]
fn esc_cancels_a_login_before_it_starts() {
    let Some(parts) = parts("esc_cancels_a_login_before_it_starts") else { return };
    let (place, mut console) = start(parts, "Always", asks_at_the_terminal());
    is_announced(&console);
    console.keys("\x1b");
    console.waits("the console, which says so", |screen| {
        screen.alternate_screen() && screen.contents().contains("cancel")
    });
    // It goes on with its work, and that is not the program's.
    console.keys("4");
    console.sees("[4 Activity]");
    console.keys("1");
    console.sees("[1 Requests]");
    assert_eq!(place.logins(), 0);
    let key = key_that_tries_again(&console);
    console.keys(&key);
    begins(&mut console, PROMPT);
    console.keys(&format!("{ONCE}\r"));
    is_back_and_live(&console);
    assert_eq!(place.logins(), 1);
}

#[test]
fn a_login_that_failed_is_tried_again_by_a_key_alone() {
    let Some(parts) = parts("a_login_that_failed_is_tried_again_by_a_key_alone") else { return };
    let (place, mut console) = start(parts, "IfAvailable", asks_at_the_terminal());
    begins(&mut console, PROMPT);
    console.keys("another\r");
    let text = console.waits("the console, which says so", |screen| {
        screen.alternate_screen() && joined(&screen.contents()).contains("/login")
    });
    assert!(!text.contains("● live"), "{text}");
    // What is behind these keys needs the server, and so a login.
    for (key, tab) in [("2", "[2 RBAC]"), ("1", "[1 Requests]"), ("2", "[2 RBAC]"), ("1", "[1 Requests]")] {
        console.keys(key);
        console.waits(tab, |screen| screen.alternate_screen() && screen.contents().contains(tab));
    }
    assert_eq!(place.logins(), 1);
    let key = key_that_tries_again(&console);
    console.keys(&key);
    begins(&mut console, PROMPT);
    console.keys(&format!("{ONCE}\r"));
    is_back_and_live(&console);
    assert_eq!(place.logins(), 2);
}
