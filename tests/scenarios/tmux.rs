//! Inside of tmux: colours, clipboard, title, another size, suspend and resume.

use std::process::{Command, Output};

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::{Person, eventually, program, unique};

crate::on_both!(in_tmux_it_is_as_at_home_as_outside,);

struct Tmux<'a> {
    person: &'a Person,
    server: String,
}

impl Tmux<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.person.command(std::path::Path::new("tmux"));
        command.args(["-L", &self.server, "-f", "/dev/null"]).args(arguments).output().unwrap()
    }

    fn said(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.run(arguments).stdout).into_owned()
    }

    fn sees(&self, text: &str) -> String {
        eventually(text, || Some(self.said(&["capture-pane", "-p"])).filter(|screen| screen.contains(text)))
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

fn in_tmux_it_is_as_at_home_as_outside(plane: &dyn Plane) {
    if Command::new("tmux").arg("-V").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "tmux is not here, and CI must leave nothing out");
        eprintln!("LEFT OUT, for want of tmux");
        return;
    }
    let admin = Person::admin(plane);
    let name = unique("inside");
    create(plane, &name, &name, &["dev"]);
    let tmux = Tmux { person: &admin, server: format!("countersign-{}-{name}", std::process::id()) };
    let shell = "PS1='ready> ' bash --norc -i";
    assert!(tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", shell]).status.success());
    tmux.run(&["set-option", "-s", "set-clipboard", "on"]);
    tmux.sees("ready>");
    let title = tmux.said(&["display-message", "-p", "#{pane_title}"]);
    tmux.keys(&[&program().display().to_string(), "Enter"]);
    tmux.sees("● live");
    assert!(tmux.said(&["capture-pane", "-p", "-e"]).contains("\x1b[32m"), "no green in it");
    eventually("the title", || {
        tmux.said(&["display-message", "-p", "#{pane_title}"]).contains("countersign: admin").then_some(())
    });
    tmux.keys(&["/", &name, "Enter", "y"]);
    tmux.sees(&format!("copied {name}"));
    eventually("the clipboard", || (tmux.said(&["show-buffer"]) == name).then_some(()));
    for (width, height) in [("120", "40"), ("40", "10"), ("80", "24")] {
        tmux.run(&["resize-window", "-x", width, "-y", height]);
        let lines: usize = height.parse().unwrap();
        eventually("the footer on the last line", || {
            let screen = tmux.said(&["capture-pane", "-p"]);
            screen.lines().nth(lines - 1).is_some_and(|line| line.contains("approve")).then_some(())
        });
    }
    tmux.keys(&["C-z"]);
    tmux.sees("Stopped");
    tmux.keys(&["fg", "Enter"]);
    tmux.sees("● live");
    tmux.keys(&["q"]);
    tmux.sees("ready>");
    assert_eq!(tmux.said(&["display-message", "-p", "#{pane_title}"]), title);
    assert_eq!(tmux.said(&["display-message", "-p", "#{alternate_on}"]).trim(), "0");
}
