//! Inside of GNU screen, in a terminal of ours: what it passes on of colours, clipboard, another size, suspend and resume,
//! every way out, and a line that is lost.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, program, unique};

crate::on_both!(
    works_in_gnu_screen_as_outside,
    in_gnu_screen_every_exit_restores_the_terminal,
    console_exits_when_gnu_screen_loses_its_connection,
);

/// A shell in a separate GNU screen; `None` where GNU screen is not installed.
fn shell(person: &TestUser) -> Option<Terminal> {
    if Command::new("screen").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "GNU screen is not here, and CI must leave nothing out");
        eprintln!("LEFT OUT, for want of GNU screen");
        return None;
    }
    // Autodetach off: when the connection is lost everything in it ends. By default it would keep running.
    let settings = "startup_message off\nautodetach off\naltscreen on\ndefutf8 on\n";
    std::fs::write(person.path("screenrc"), settings).unwrap();
    let sockets = person.path("sockets");
    std::fs::create_dir(&sockets).unwrap();
    std::fs::set_permissions(&sockets, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let command = ["screen", "-U", "-c", "screenrc", "bash", "--norc", "-i"].map(str::to_owned);
    let sockets = sockets.display().to_string();
    let mut terminal = Terminal::start_with(person, &command, &[("SCREENDIR", &sockets), ("PS1", "ready> ")]);
    terminal.expect_text("ready>");
    // The shell asks for marked pastes, too: then nothing could be seen of what the console leaves behind.
    terminal.keys("bind 'set enable-bracketed-paste off'\r");
    terminal.keys("stty -a > before; echo $$ > shell\r");
    eventually("the shell's number", || read(person, "shell").filter(|text| text.ends_with('\n')));
    Some(terminal)
}

fn read(person: &TestUser, name: &str) -> Option<String> {
    std::fs::read_to_string(person.path(name)).ok()
}

fn console_of(person: &TestUser) -> String {
    let shell = read(person, "shell").unwrap();
    let children = Command::new("pgrep").args(["-P", shell.trim(), "countersign"]).output().unwrap();
    String::from_utf8(children.stdout).unwrap().trim().to_owned()
}

fn works_in_gnu_screen_as_outside(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(mut terminal) = shell(&admin) else { return };
    let name = unique("within");
    create(plane, &name, &name, &["dev"]);
    terminal.keys(&format!("{}\r", program().display()));
    terminal.expect_text("● live");
    let green = |screen: &vt100::Screen| {
        let (rows, cols) = screen.size();
        let mut cells = (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
        cells.any(|(row, col)| screen.cell(row, col).is_some_and(|cell| cell.fgcolor() == vt100::Color::Idx(2)))
    };
    terminal.wait_for("green", green);
    terminal.find(&name, &name);
    terminal.keys("y");
    terminal.expect_text(&format!("copied {name}"));
    let wanted = format!("\x1b]52;c;{}\x07", STANDARD.encode(&name));
    eventually("the clipboard", || String::from_utf8_lossy(&terminal.bytes()).contains(&wanted).then_some(()));
    for (rows, cols) in [(40, 120), (10, 40), (24, 80)] {
        terminal.resize(rows, cols);
        terminal.wait_for("the footer on the last line", |screen| {
            screen.rows(0, cols).last().is_some_and(|line| line.contains("approve"))
        });
    }
    terminal.keys("\x1a");
    terminal.expect_text("Stopped");
    terminal.keys("fg\r");
    terminal.expect_text("● live");
    terminal.keys("q");
    terminal.expect_no_text("● live");
    terminal.expect_text("ready>");
}

fn in_gnu_screen_every_exit_restores_the_terminal(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(mut terminal) = shell(&admin) else { return };
    for (way, code) in [("q", 0), ("\x03", 0), ("TERM", 143), ("INT", 130), ("HUP", 129), ("panic", 101)] {
        let program = if way == "panic" { program().parent().unwrap().join("examples/panics") } else { program() };
        terminal.keys(&format!("clear; {} --mouse; echo ended with $?; stty -a > after\r", program.display()));
        if way != "panic" {
            terminal.expect_text("● live");
            terminal.wait_for("the console's modes", |screen| {
                screen.hide_cursor() && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
            });
        }
        match way {
            "panic" => {}
            "q" | "\x03" => terminal.keys(way),
            signal => {
                assert!(Command::new("kill").args(["-s", signal, &console_of(&admin)]).status().unwrap().success());
            }
        }
        terminal.expect_text(&format!("ended with {code}"));
        terminal.wait_for("the modes as before", |screen| {
            let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
            !screen.hide_cursor() && !mouse && !screen.bracketed_paste() && screen.contents().contains("ready>")
        });
        eventually("stty's word", || read(&admin, "after").filter(|after| !after.is_empty()));
        assert_eq!(read(&admin, "after"), read(&admin, "before"), "{way}");
        std::fs::remove_file(admin.path("after")).unwrap();
    }
}

fn console_exits_when_gnu_screen_loses_its_connection(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(mut terminal) = shell(&admin) else { return };
    terminal.keys(&format!("{}\r", program().display()));
    terminal.expect_text("● live");
    let console = console_of(&admin);
    assert!(!console.is_empty());
    drop(terminal);
    let there = || Command::new("kill").args(["-s", "0", &console]).output().unwrap().status.success();
    eventually("the console's end", || (!there()).then_some(()));
}
