//! Homes without usable folders: reading commands work, and report once what does not apply.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, program, unique};

crate::on_both!(
    reading_commands_work_without_usable_folders,
    reading_commands_work_in_the_home_of_another_user,
    an_unreadable_policy_file_is_an_error,
    the_console_names_the_folder_that_cannot_be_used,
);

const READING: &[&[&str]] =
    &[&["list"], &["contexts"], &["check", "--warn", "10m"], &["access", "--user", "admin"], &["extract", "admin"]];

fn notes(output: &Output) -> Vec<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    error.lines().filter(|line| line.starts_with("note: ")).map(str::to_owned).collect()
}

fn succeeds(what: &str, command: &mut Command, wanted: &[&str]) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{what}: {output:?}");
    let notes = notes(&output);
    assert_eq!(notes.len(), usize::from(!wanted.is_empty()), "{what}: {notes:?}");
    for folder in wanted {
        assert!(notes[0].contains(folder), "{what}: {notes:?} without {folder}");
    }
}

/// countersign with the admin's kubeconfig, wherever its home is.
fn away(person: &TestUser, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = person.command(&program());
    command.env("KUBECONFIG", person.kubeconfig()).env_remove("HOME");
    command.envs(variables.iter().copied()).args(arguments);
    command
}

fn reading_commands_work_without_usable_folders(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    std::fs::write(person.path("file"), "").unwrap();
    let (file, home) = (person.path("file").display().to_string(), person.path("").display().to_string());
    let below = |path: &str| format!("{path}/countersign");
    let user = unique("folders");
    let issue: &[&str] = &["issue", &user, "--no-access", "--no-switch"];
    for (variables, wanted, refusal) in [
        (vec![], vec![], "no home folder is known".to_owned()),
        (vec![("HOME", "")], vec![], "no home folder is known".to_owned()),
        (
            vec![("HOME", "/dev/null")],
            vec!["/dev/null/.config/countersign cannot be read", "/dev/null/.local/state/countersign cannot be used"],
            "the folder /dev/null/.local/state/countersign cannot be used".to_owned(),
        ),
        (
            vec![("HOME", home.as_str()), ("XDG_STATE_HOME", file.as_str())],
            vec![&file],
            format!("the folder {} cannot be used", below(&file)),
        ),
    ] {
        for arguments in READING {
            succeeds(&format!("{variables:?} {arguments:?}"), &mut away(&person, &variables, arguments), &wanted);
        }
        let output = away(&person, &variables, issue).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{variables:?}: {error}");
        assert!(error.contains(&format!("error: {refusal}")), "{variables:?}: {error}");
    }
    let config = [("HOME", home.as_str()), ("XDG_CONFIG_HOME", file.as_str())];
    for arguments in READING {
        succeeds("XDG_CONFIG_HOME", &mut away(&person, &config, arguments), &[&below(&file)]);
    }
    succeeds("XDG_CONFIG_HOME", &mut away(&person, &config, issue), &[&below(&file)]);
}

/// countersign as a user without privileges, whose HOME belongs to root; `None` where this is not root.
fn unprivileged(person: &TestUser, arguments: &[&str]) -> Option<Command> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None; // Only root can become another user.
    }
    let own = person.path("countersign");
    if !own.exists() {
        std::fs::copy(program(), &own).unwrap();
        std::fs::copy(person.kubeconfig(), person.path("readable")).unwrap();
        person.shell("chmod 755 . countersign; chmod 644 readable; mkdir other; chmod 700 other");
    }
    let mut command = person.command(Path::new("setpriv"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&own).args(arguments);
    command.env("KUBECONFIG", person.path("readable")).env("HOME", person.path("other"));
    Some(command)
}

fn reading_commands_work_in_the_home_of_another_user(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    for arguments in READING {
        let Some(mut command) = unprivileged(&person, arguments) else { return };
        let wanted = ["other/.config/countersign", "other/.local/state/countersign", "other/.kube", "consent"];
        succeeds(&format!("{arguments:?}"), &mut command, &wanted);
    }
    let user = unique("folders");
    let issue = &["issue", &user, "--no-access", "--no-switch"];
    let output = unprivileged(&person, issue).unwrap().output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("other/.local/state/countersign cannot be used: Permission denied"), "{error}");
    // One folder alone, which exists.
    person.shell("mkdir -p open/.config/countersign; chown -R 65534 open; chmod 0 open/.config; chown 0 open/.config");
    let mut command = unprivileged(&person, &["list"]).unwrap();
    succeeds("~/.config", command.env("HOME", person.path("open")), &["open/.config/countersign cannot be read"]);
}

fn an_unreadable_policy_file_is_an_error(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let below = person.kubeconfig().join("policy.yaml").display().to_string();
    assert!(person.expect_failure(2, &["--policy", &below, "list"]).contains(&below));
    person.shell("mkdir -p .config/countersign/policy.yaml");
    assert!(person.expect_failure(2, &["list"]).contains("policy.yaml: not a regular file but a folder"));
    person.shell("rmdir .config/countersign/policy.yaml");
    let Some(mut command) = unprivileged(&person, &["list"]) else { return };
    person.shell("mkdir -p home/.config/countersign home/.local; chown 65534 home/.local");
    for name in ["policy.yaml", "config.yaml"] {
        let path = person.path("home/.config/countersign").join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let output = command.env("HOME", person.path("home")).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(&format!("{}: Permission denied", path.display())), "{error}");
        std::fs::remove_file(path).unwrap();
    }
    succeeds("none of them", command.env("HOME", person.path("home")), &[]);
    // In a folder that cannot be read it is an error only where it is named.
    let named = person.path("other/policy.yaml").display().to_string();
    let output = unprivileged(&person, &["--policy", &named, "list"]).unwrap().output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

fn the_console_names_the_folder_that_cannot_be_used(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    std::fs::write(person.path(".config"), "").unwrap();
    let console = Terminal::console(&person, &[]);
    console.expect_text(".config/countersign cannot be read");
}
