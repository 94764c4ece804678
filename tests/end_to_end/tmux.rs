//! Inside of tmux: colours, clipboard, title, another size, suspend and resume, every way out, a window that is closed.

use std::process::{Command, Output};

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::{TestUser, eventually, program, unique};

crate::on_both!(
    works_in_tmux_as_outside,
    in_tmux_every_exit_restores_the_terminal,
    console_exits_when_its_tmux_window_is_closed,
);

struct Tmux<'a> {
    person: &'a TestUser,
    server: String,
}

impl<'a> Tmux<'a> {
    /// A shell in a separate tmux server; `None` where tmux is not installed.
    fn shell(person: &'a TestUser) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "tmux is not here, and CI must leave nothing out");
            eprintln!("LEFT OUT, for want of tmux");
            return None;
        }
        let server = format!("countersign-{}-{}", std::process::id(), unique("tmux"));
        let tmux = Self { person, server };
        let shell = "PS1='ready> ' bash --norc -i";
        assert!(tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", shell]).status.success());
        tmux.run(&["set-option", "-s", "set-clipboard", "on"]);
        tmux.expect_text("ready>");
        // The shell asks for marked pastes, too: then nothing could be seen of what the console leaves behind.
        tmux.keys(&["bind 'set enable-bracketed-paste off'", "Enter"]);
        Some(tmux)
    }

    /// What tmux knows of the terminal inside: screen, cursor, mouse, keypad, title.
    fn modes(&self) -> String {
        self.printed(&[
            "display-message",
            "-p",
            "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_sgr_flag} #{keypad_flag} #{insert_flag} #{pane_title}",
        ])
    }

    /// The console's process.
    fn console(&self) -> String {
        let shell = self.printed(&["display-message", "-p", "#{pane_pid}"]);
        let children = Command::new("pgrep").args(["-P", shell.trim(), "countersign"]).output().unwrap();
        String::from_utf8(children.stdout).unwrap().trim().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.person.command(std::path::Path::new("tmux"));
        command.args(["-L", &self.server, "-f", "/dev/null"]).args(arguments).output().unwrap()
    }

    fn printed(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.run(arguments).stdout).into_owned()
    }

    fn expect_text(&self, text: &str) -> String {
        eventually(text, || Some(self.printed(&["capture-pane", "-p"])).filter(|screen| screen.contains(text)))
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.run(&[&["send-keys"], keys].concat()).status.success());
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

fn works_in_tmux_as_outside(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(tmux) = Tmux::shell(&admin) else { return };
    let name = unique("inside");
    create(plane, &name, &name, &["dev"]);
    let title = tmux.printed(&["display-message", "-p", "#{pane_title}"]);
    tmux.keys(&[&program().display().to_string(), "Enter"]);
    tmux.expect_text("● live");
    assert!(tmux.printed(&["capture-pane", "-p", "-e"]).contains("\x1b[32m"), "no green in it");
    eventually("the title", || {
        tmux.printed(&["display-message", "-p", "#{pane_title}"]).contains("countersign: admin").then_some(())
    });
    tmux.keys(&["/", &name, "Enter", "y"]);
    tmux.expect_text(&format!("copied {name}"));
    eventually("the clipboard", || (tmux.printed(&["show-buffer"]) == name).then_some(()));
    for (width, height) in [("120", "40"), ("40", "10"), ("80", "24")] {
        tmux.run(&["resize-window", "-x", width, "-y", height]);
        let lines: usize = height.parse().unwrap();
        eventually("the footer on the last line", || {
            let screen = tmux.printed(&["capture-pane", "-p"]);
            screen.lines().nth(lines - 1).is_some_and(|line| line.contains("approve")).then_some(())
        });
    }
    tmux.keys(&["C-z"]);
    tmux.expect_text("Stopped");
    tmux.keys(&["fg", "Enter"]);
    tmux.expect_text("● live");
    tmux.keys(&["q"]);
    tmux.expect_text("ready>");
    assert_eq!(tmux.printed(&["display-message", "-p", "#{pane_title}"]), title);
    assert_eq!(tmux.printed(&["display-message", "-p", "#{alternate_on}"]).trim(), "0");
}

fn in_tmux_every_exit_restores_the_terminal(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(tmux) = Tmux::shell(&admin) else { return };
    let read = |name: &str| std::fs::read_to_string(admin.path(name)).unwrap();
    tmux.keys(&["stty -a > before", "Enter"]);
    let before = tmux.modes();
    for (way, code) in [("q", 0), ("C-c", 0), ("TERM", 143), ("INT", 130), ("HUP", 129), ("panic", 101)] {
        let program = if way == "panic" { program().parent().unwrap().join("examples/panics") } else { program() };
        tmux.keys(&[&format!("clear; {} --mouse; echo ended with $?; stty -a > after", program.display()), "Enter"]);
        if way != "panic" {
            tmux.expect_text("● live");
            let taken = tmux.modes();
            assert!(taken.starts_with("1 0 1 1"), "{way}: {taken}");
        }
        match way {
            "panic" => {}
            "q" | "C-c" => tmux.keys(&[way]),
            signal => assert!(Command::new("kill").args(["-s", signal, &tmux.console()]).status().unwrap().success()),
        }
        tmux.expect_text(&format!("ended with {code}"));
        eventually("stty's word", || admin.path("after").exists().then_some(()));
        tmux.expect_text("ready>");
        assert_eq!(tmux.modes(), before, "{way}");
        assert_eq!(read("after"), read("before"), "{way}");
        // A paste that is marked as one would show its marks here.
        tmux.run(&["set-buffer", "echo pasted-by-tmux"]);
        tmux.run(&["paste-buffer", "-p"]);
        let screen = tmux.expect_text("echo pasted-by-tmux");
        assert!(!screen.contains("200~"), "{way}: {screen}");
        tmux.keys(&["C-u"]);
        std::fs::remove_file(admin.path("after")).unwrap();
    }
}

fn console_exits_when_its_tmux_window_is_closed(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let Some(tmux) = Tmux::shell(&admin) else { return };
    tmux.keys(&[&program().display().to_string(), "Enter"]);
    tmux.expect_text("● live");
    let console = tmux.console();
    assert!(!console.is_empty());
    tmux.run(&["kill-server"]);
    let there = || Command::new("kill").args(["-s", "0", &console]).output().unwrap().status.success();
    eventually("the console's end", || (!there()).then_some(()));
}
