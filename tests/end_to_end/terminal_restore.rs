//! The terminal is restored however the console exits.

use std::process::Command;

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, program};

crate::on_both!(
    restores_the_terminal_after_quit_and_signals,
    restores_the_terminal_after_an_error_and_a_panic,
    suspend_restores_the_terminal_and_resume_redraws,
    a_screen_of_another_size_fits,
);

/// Runs `command` in a shell in a terminal; what `stty` says before and after is in two files.
fn in_shell(person: &TestUser, command: &str) -> Terminal {
    let script = format!("stty -a > before; {command}; code=$?; stty -a > after; echo ended with $code; read -r _");
    Terminal::start(person, &["bash".to_owned(), "-c".to_owned(), script])
}

fn is_as_before(person: &TestUser, terminal: &Terminal, code: u8) -> String {
    let text = terminal.expect_text(&format!("ended with {code}"));
    let read = |name: &str| std::fs::read_to_string(person.path(name)).unwrap();
    assert_eq!(read("before"), read("after"));
    terminal.wait_for("a normal screen", |screen| {
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && !mouse
    });
    text
}

/// The console's process inside the shell.
fn console_of(terminal: &Terminal) -> String {
    let children = Command::new("pgrep").args(["-P", &terminal.pid(), "countersign"]).output().unwrap();
    String::from_utf8(children.stdout).unwrap().trim().to_owned()
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args(["-s", name, process]).status().unwrap().success());
}

fn restores_the_terminal_after_quit_and_signals(plane: &dyn Plane) {
    for (way, code) in [("q", 0), ("TERM", 143), ("INT", 130), ("HUP", 129), ("\x03", 0)] {
        let admin = TestUser::admin(plane);
        let mut terminal = in_shell(&admin, &format!("{} --mouse", program().display()));
        terminal.expect_text("● live");
        terminal.wait_for("everything that has to be given back", |screen| {
            let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste() && mouse
        });
        if way.len() > 1 {
            signal(way, &console_of(&terminal));
        } else {
            terminal.keys(way);
        }
        is_as_before(&admin, &terminal, code);
    }
}

fn restores_the_terminal_after_an_error_and_a_panic(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let terminal = in_shell(&admin, &format!("{} show nobody-of-that-name", program().display()));
    assert!(is_as_before(&admin, &terminal, 1).contains("is gone"));
    let panics = program().parent().unwrap().join("examples/panics");
    let terminal = in_shell(&admin, &panics.display().to_string());
    assert!(is_as_before(&admin, &terminal, 101).contains("on purpose"));
}

fn suspend_restores_the_terminal_and_resume_redraws(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let mut terminal = Terminal::start(&admin, &["bash".into(), "--norc".into(), "-i".into()]);
    terminal.keys("PS1='ready> '\r");
    terminal.expect_text("ready> ");
    terminal.keys(&format!("{}\r", program().display()));
    terminal.expect_text("● live");
    terminal.keys("\x1a");
    terminal
        .wait_for("the shell's screen", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    terminal.keys("echo still $((40+2)); fg\r");
    terminal.wait_for("the console again", |screen| screen.alternate_screen() && screen.contents().contains("● live"));
    terminal.keys("4");
    terminal.expect_text("[4 Activity]");
    terminal.keys("q");
    let text = terminal.wait_for("the shell again", |screen| !screen.alternate_screen());
    assert!(text.contains("still 42"), "{text}");
}

fn a_screen_of_another_size_fits(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    for (rows, cols) in [(10, 40), (60, 200), (24, 80)] {
        console.resize(rows, cols);
        console.wait_for("the footer on the last line", |screen| {
            // The most important keys come first; how many there are depends on the width.
            screen.rows(0, cols).last().is_some_and(|line| line.contains("approve") || line.contains("new user"))
        });
    }
}
