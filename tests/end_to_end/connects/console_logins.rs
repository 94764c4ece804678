//! Login programs that prompt while the console runs: the console leaves the terminal to them, and restores its screen.

use serde_json::json;

use super::case::Case;
use super::fixture::{Fixture, fixture};
use super::login_programs::{exec, program};
use super::login_prompts::{ONCE, prompt_on_stdin, prompt_on_tty};
use super::workspace::Workspace;
use crate::support::eventually;
use crate::support::terminal::Terminal;

const PROMPT: &str = "One-time password:";

/// Starts the console with this login program.
fn start(fixture: &Fixture, mode: &str, login: String) -> (Workspace, Terminal) {
    let case = Case::new("", &fixture.cluster(&json!({})), &exec(&json!({"interactiveMode": mode})));
    let workspace = Workspace::new(fixture, &case.file("login", login).file("once", ONCE));
    let console = Terminal::console(&workspace.person, &[]);
    (workspace, console)
}

/// Waits for the line that names the program and the context.
fn wait_for_announcement(console: &Terminal) -> String {
    console.wait_for("a line with the program and the context", |screen| {
        // The first line of the console always contains the name of the context.
        let text = screen.contents();
        let heading = text.lines().next().filter(|_| screen.alternate_screen()).unwrap_or_default();
        let text = joined(&text[heading.len()..]);
        text.contains("/login") && text.contains("here")
    })
}

/// The text of a screen without line breaks, because a path may be wrapped.
fn joined(screen: &str) -> String {
    screen.replace('\n', "")
}

/// Waits until the program has written this text. Presses Enter first, if the console requires it.
fn start_program(console: &mut Terminal, words: &str) {
    wait_for_announcement(console);
    let text = console.wait_for("the program or a prompt of the console", |screen| {
        let text = screen.contents();
        text.contains(words) || text.contains("Enter")
    });
    if !text.contains(words) {
        console.keys("\r");
    }
    console.wait_for("the program on the main screen", |screen| {
        !screen.alternate_screen() && screen.contents().contains(words)
    });
}

/// Waits until the console names the key that retries the login, and returns the input for it.
fn retry_key(console: &Terminal) -> String {
    let text = console.wait_for("the key that retries", |screen| find_retry_key(&screen.contents()).is_some());
    find_retry_key(&text).unwrap_or_default()
}

/// The input for the key in a text like "r tries again" or "press Ctrl-R to try again".
fn find_retry_key(text: &str) -> Option<String> {
    let text = text.split(['\n', '│']).map(str::trim).collect::<Vec<_>>().join(" ");
    let words = [
        "tries again",
        "try again",
        "logs in again",
        "log in again",
        "tries it again",
        "try it again",
        "retries",
        "to retry",
    ];
    let before = words.iter().find_map(|words| text.split_once(words).map(|(before, _)| before.to_owned()))?;
    let key = before.split_whitespace().rfind(|word| *word != "to")?.trim_matches([':', ',', '.', '(']).to_owned();
    Some(match (key.as_str(), key.strip_prefix("Ctrl-")) {
        ("Enter" | "⏎", _) => "\r".to_owned(),
        (_, Some(letter)) => char::from(letter.as_bytes().first()? & 0x1f).to_string(),
        _ => key,
    })
}

#[test]
fn finds_the_retry_key_on_the_screen() {
    for (text, key) in [
        ("│ The login was canceled: r tries again.  │", "r"),
        ("The login was canceled. Press\nCtrl-R to try again.", "\x12"),
        ("Enter: try again", "\r"),
    ] {
        assert_eq!(find_retry_key(text).as_deref(), Some(key), "{text}");
    }
    assert_eq!(find_retry_key("The login was canceled."), None);
}

fn wait_until_live(console: &Terminal) -> String {
    console.wait_for("the console is live", |screen| screen.alternate_screen() && screen.contents().contains("● live"))
}

#[test]
fn leaves_the_terminal_to_a_program_that_prompts() {
    let Some(fixture) = fixture("leaves_the_terminal_to_a_program_that_prompts") else { return };
    for mode in ["IfAvailable", "Always"] {
        for login in [prompt_on_tty(), prompt_on_stdin()] {
            let (workspace, mut console) = start(fixture, mode, login);
            start_program(&mut console, PROMPT);
            console.keys(&format!("{ONCE}\r"));
            let text = wait_until_live(&console);
            assert!(!text.contains(PROMPT) && !text.contains(ONCE), "the prompt is still on the screen:\n{text}");
            // The console took none of the typed characters as keys: it shows no help and no dialog, and still runs.
            assert!(text.contains("[1 Requests]") && !text.contains("Approve it?"), "{text}");
            assert_eq!(workspace.login_runs(), 1);
            console.keys("4");
            console.expect_text("[4 Activity]");
            console.keys("q");
            assert_eq!(console.expect_exit(), 0);
        }
    }
}

/// Whether a process exists and is not a zombie.
fn is_running(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[test]
fn ctrl_c_stops_a_login_program_and_its_children() {
    let Some(fixture) = fixture("ctrl_c_stops_a_login_program_and_its_children") else { return };
    let script = "sleep 600 & echo $! > \"$HOME/child\"; echo $$ > \"$HOME/leader\"; printf 'waiting for the browser ' >&2; wait";
    for mode in ["Always", "IfAvailable", "Never"] {
        let (workspace, mut console) = start(fixture, mode, program(script));
        if mode == "Always" {
            start_program(&mut console, "waiting for the browser");
        } else {
            // It does not use the terminal, so the console stays, and shows what it says.
            let screen = console.expect_text("waiting for the browser");
            assert!(screen.contains("cancels"), "{screen}");
        }
        console.keys("\x03");
        console.wait_for("the message of the console", |screen| {
            screen.alternate_screen() && screen.contents().contains("cancel")
        });
        for name in ["child", "leader"] {
            let process = std::fs::read_to_string(workspace.person.path(name)).unwrap();
            eventually(&format!("the {name} process ends"), || (!is_running(&process)).then_some(()));
        }
        assert_eq!(workspace.login_runs(), 1);
        if mode == "Never" {
            continue;
        }
        workspace.write("login", prompt_on_tty().as_bytes());
        let key = retry_key(&console);
        console.keys(&key);
        start_program(&mut console, PROMPT);
        console.keys(&format!("{ONCE}\r"));
        wait_until_live(&console);
        assert_eq!(workspace.login_runs(), 2);
    }
}

#[test]
fn esc_cancels_a_login_before_it_starts() {
    let Some(fixture) = fixture("esc_cancels_a_login_before_it_starts") else { return };
    let (workspace, mut console) = start(fixture, "Always", prompt_on_tty());
    wait_for_announcement(&console);
    console.keys("\x1b");
    console.wait_for("the message of the console", |screen| {
        screen.alternate_screen() && screen.contents().contains("canceled")
    });
    // The console remains usable, and does not start the program.
    console.keys("4");
    console.expect_text("[4 Activity]");
    console.keys("1");
    console.expect_text("[1 Requests]");
    assert_eq!(workspace.login_runs(), 0);
    let key = retry_key(&console);
    console.keys(&key);
    start_program(&mut console, PROMPT);
    console.keys(&format!("{ONCE}\r"));
    wait_until_live(&console);
    assert_eq!(workspace.login_runs(), 1);
}

#[test]
fn retries_a_failed_interactive_login_only_on_a_key() {
    let Some(fixture) = fixture("retries_a_failed_interactive_login_only_on_a_key") else { return };
    let (workspace, mut console) = start(fixture, "IfAvailable", prompt_on_tty());
    start_program(&mut console, PROMPT);
    console.keys("another\r");
    let text = console.wait_for("the message of the console", |screen| {
        screen.alternate_screen() && joined(&screen.contents()).contains("/login")
    });
    assert!(!text.contains("● live"), "{text}");
    // These panes read from the server, which requires credentials.
    for (key, tab) in [("2", "[2 RBAC]"), ("1", "[1 Requests]"), ("2", "[2 RBAC]"), ("1", "[1 Requests]")] {
        console.keys(key);
        console.wait_for(tab, |screen| screen.alternate_screen() && screen.contents().contains(tab));
    }
    assert_eq!(workspace.login_runs(), 1);
    let key = retry_key(&console);
    console.keys(&key);
    start_program(&mut console, PROMPT);
    console.keys(&format!("{ONCE}\r"));
    wait_until_live(&console);
    assert_eq!(workspace.login_runs(), 2);
}
