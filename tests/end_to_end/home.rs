//! The console at home on a bastion host: its config file, its manners at the terminal, what it remembers.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, program, unique};

crate::on_both!(
    a_context_can_be_closed_to_writes_in_the_config_file,
    a_key_typed_before_its_question_is_seen_answers_nothing,
    a_name_is_copied_and_the_windows_title_is_given_back,
    without_a_utf8_locale_and_with_no_color_nothing_else_is_sent,
    the_mouse_is_ours_only_when_asked_for,
    it_looks_next_time_as_it_was_left_and_explains_itself_only_once,
    columns_are_chosen_put_in_order_and_found_again_the_next_time,
    the_palette_does_what_is_typed,
    a_shell_completes_contexts_requests_and_users,
);

fn console(person: &Person, arguments: &[&str], variables: &[(&str, &str)]) -> Terminal {
    let mut command = vec![program().display().to_string()];
    command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    Terminal::start_with(person, &command, variables)
}

fn configure(person: &Person, text: &str) {
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    std::fs::write(person.path(".config/countersign/config.yaml"), text).unwrap();
}

fn sent(terminal: &Terminal) -> String {
    String::from_utf8_lossy(&terminal.bytes()).into_owned()
}

fn a_context_can_be_closed_to_writes_in_the_config_file(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("closed");
    create(plane, &name, &name, &["dev"]);
    configure(&admin, "read-only: ['adm*']\nkeys: {requests: {open: F5}}\n");
    let error = admin.fails(3, &["approve", &name]);
    assert!(error.contains("read-only"), "{error}");
    let mut console = console(&admin, &[], &[]);
    console.sees("read-only");
    console.finds(&name, "F5 detail");
    console.sees_no("a approve");
    console.keys("\x1b[15~");
    console.sees("[Summary]");
    configure(&admin, "read-only: [other]\n");
    admin.done(&["approve", &name]);
}

fn a_key_typed_before_its_question_is_seen_answers_nothing(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("early");
    create(plane, &name, &name, &["dev"]);
    let mut console = console(&admin, &[], &[]);
    console.sees("● live");
    console.finds(&name, &format!("O={}", "dev"));
    console.keys("ay");
    console.sees("Approve it?");
    console.keys("\x1b[200~y\r\x1b[201~");
    assert!(admin.done(&["show", &name, "-o", "json"]).contains("\"state\": \"pending\""));
    console.keys("y");
    console.sees("is approved");
}

fn a_name_is_copied_and_the_windows_title_is_given_back(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("copied");
    create(plane, &name, &name, &["dev"]);
    let mut console = console(&admin, &[], &[]);
    console.sees("● live");
    console.finds(&name, "Subject");
    console.keys("y");
    console.sees(&format!("copied {name}"));
    let encoded = base64(&name);
    eventually("the sequence", || sent(&console).contains(&format!("\x1b]52;c;{encoded}\x07")).then_some(()));
    assert!(sent(&console).contains("\x1b[22;2t") && sent(&console).contains("\x1b]2;countersign: admin\x07"));
    console.keys("q");
    assert_eq!(console.ends(), 0);
    // The last bytes can arrive after the exit is known.
    eventually("the title is restored", || sent(&console).ends_with("\x1b[23;2t").then_some(()));
}

fn base64(text: &str) -> String {
    let script = format!("printf %s {text} | base64");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn without_a_utf8_locale_and_with_no_color_nothing_else_is_sent(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("plain");
    create(plane, &name, "José 花子", &["dev"]);
    let mut terminal = console(&admin, &[], &[("LANG", "C"), ("NO_COLOR", "1")]);
    terminal.sees("@ live");
    terminal.finds(&name, "Jos\\u{e9} \\u{82b1}");
    terminal.keys("\r");
    terminal.sees("[Summary]");
    // Esc and the next key may come in one piece over a link: they are two keys all the same.
    terminal.keys("\x1b?");
    terminal.sees("Requests (here)");
    terminal.keys("\x1b:");
    terminal.sees("What to do?");
    terminal.keys("\x1b");
    terminal.sees_no("What to do?");
    terminal.keys("a");
    terminal.sees("Approve it?");
    let bytes = terminal.bytes();
    assert!(bytes.is_ascii());
    let text = String::from_utf8(bytes).unwrap();
    let colour = |code: &str| text.contains(&format!("\x1b[{code}m")) || text.contains(&format!(";{code}m"));
    assert!(!["31", "32", "33", "36", "90", "38;5"].iter().any(|code| colour(code)), "{text:?}");
    let mut forced = console(&admin, &["--color", "always", "--ascii"], &[("NO_COLOR", "1")]);
    forced.sees("@ live");
    assert!(sent(&forced).contains("36m"));
    forced.keys("q");
}

fn the_mouse_is_ours_only_when_asked_for(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let mut console = console(&admin, &["--mouse"], &[]);
    console.sees("● live");
    console.waits("mouse reports", |screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    let text = console.sees("4 Activity");
    let tabs = text.lines().nth(1).unwrap();
    let column = tabs[..tabs.find("4 Activity").unwrap()].chars().count() + 1;
    console.keys(&format!("\x1b[<0;{column};2M"));
    console.sees("[4 Activity]");
    console.keys("q");
    assert_eq!(console.ends(), 0);
    console.waits("no mouse reports", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    let plain = Terminal::console(&admin, &[]);
    plain.sees("● live");
    assert!(!sent(&plain).contains("\x1b[?1000h"));
}

fn it_looks_next_time_as_it_was_left_and_explains_itself_only_once(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let mut first = Terminal::console(&admin, &[]);
    first.sees("Nothing is written unless you say so");
    first.sees("● live");
    first.keys("fs");
    first.sees_no("Nothing is written unless you say so");
    first.sees("approved, not issued · name");
    first.keys("4");
    first.sees("[4 Activity]");
    first.keys("q");
    assert_eq!(first.ends(), 0);
    let mut second = Terminal::console(&admin, &[]);
    second.sees("[4 Activity]");
    second.keys("1");
    let text = second.sees("approved, not issued · name");
    assert!(!text.contains("Nothing is written unless"), "{text}");
}

fn columns_are_chosen_put_in_order_and_found_again_the_next_time(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("columns");
    create(plane, &name, &name, &["dev"]);
    configure(&admin, "columns: [name, verdict, age]\n");
    let heading = |console: &Terminal, wanted: &str| {
        console.waits(&format!("the columns are {wanted}"), |screen| {
            let text = screen.contents();
            let words = text.lines().nth(3).unwrap_or_default().split([' ', '│']).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(" ") == wanted
        })
    };
    let mut first = console(&admin, &[], &[]);
    first.sees("● live");
    heading(&first, "NAME VERDICT AGE");
    first.finds(&name, &name);
    first.keys("C");
    first.sees("┌ Columns");
    // The list follows while the sheet is open: shown, moved up, and age hidden.
    first.keys("jjjjjjjj ");
    heading(&first, "NAME VERDICT AGE ASKED BY");
    first.keys("KKKKKK\x1b[1;2A");
    let text = heading(&first, "NAME ASKED BY VERDICT AGE");
    assert!(text.contains("› ✓ requester") && text.contains(&name), "{text}");
    first.keys("jj ");
    heading(&first, "NAME ASKED BY VERDICT");
    first.keys("\r");
    first.sees_no("┌ Columns");
    // The hidden age still sorts, until another key is wanted: of those that are seen.
    first.sees("pending · age ↓");
    first.keys("s");
    first.sees("pending · name ↓");
    first.keys("s");
    first.sees("pending · requester ↓");
    first.keys("s");
    first.sees("pending · verdict ↓");
    first.keys("q");
    assert_eq!(first.ends(), 0);
    let mut second = console(&admin, &[], &[]);
    second.sees("● live");
    heading(&second, "NAME ASKED BY VERDICT");
    second.keys(":choose col\r");
    second.sees("┌ Columns");
    second.keys("r");
    heading(&second, "NAME VERDICT AGE");
    second.keys("\x1b");
    second.sees_no("┌ Columns");
    second.keys("q");
    assert_eq!(second.ends(), 0);
}

fn the_palette_does_what_is_typed(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.keys(":activ");
    console.sees("show-activity");
    console.keys("\r");
    console.sees("[4 Activity]");
    console.keys("?/redraw");
    let text = console.sees("/redraw");
    assert!(text.contains("Ctrl-L") && !text.contains("Ctrl-Z"), "{text}");
}

fn a_shell_completes_contexts_requests_and_users(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("completed");
    create(plane, &name, &format!("{name}-user"), &["dev"]);
    let folder = program().parent().unwrap().display().to_string();
    let completed = |words: &str| {
        let count = words.split(' ').count() - 1;
        let script = format!(
            "PATH={folder}:$PATH; source <(countersign completions bash); COMP_WORDS=({words}); COMP_CWORD={count}; \
             COMP_TYPE=9; _clap_complete_countersign countersign; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = admin.command(Path::new("bash")).args(["-c", &script]).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(completed("countersign --context adm").contains("admin"));
    assert!(completed(&format!("countersign approve {name}")).contains(&name));
    assert!(completed(&format!("countersign issue {name}")).contains(&format!("{name}-user")));
    assert!(completed("countersign --theme hi").contains("high-contrast"));
    assert!(!completed(&format!("countersign export {name}")).contains(&name), "it has no certificate");
}

/// countersign without any cluster, in a home of its own.
fn alone(home: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).env_clear().env("HOME", home).env("LANG", "C.UTF-8").output().unwrap()
}

#[test]
fn a_wrong_config_file_is_a_clear_error_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/countersign");
    std::fs::create_dir_all(folder.join("themes")).unwrap();
    std::fs::write(folder.join("themes/mine.yaml"), "good: {fg: gren}\n").unwrap();
    for (text, words) in [
        ("utc: true\nreadonly: [prod]\n", "config.yaml: line 2, column 1: unknown field `readonly`"),
        ("confirm: now\n", "config.yaml: line 1, column 10: confirm: unknown variant `now`"),
        (
            "keys:\n  requests:\n    approve: d\n",
            "config.yaml: line 3, column 14: d is taken: in requests it means deny",
        ),
        ("theme: drak\n", "config.yaml: line 1, column 8: there is no theme \"drak\""),
        ("theme: mine\n", "themes/mine.yaml: line 1, column 12: good.fg: \"gren\" is no colour"),
    ] {
        std::fs::write(folder.join("config.yaml"), text).unwrap();
        for arguments in [&["config", "check"][..], &["list"], &[]] {
            let output = alone(home.path(), arguments);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {text}: {error}");
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}

#[test]
fn the_config_command_shows_path_example_and_keys() {
    let home = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| String::from_utf8(alone(home.path(), arguments).stdout).unwrap();
    let path = home.path().join(".config/countersign/config.yaml");
    assert_eq!(said(&["config", "path"]).trim(), path.display().to_string());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, said(&["config", "example"])).unwrap();
    assert_eq!(alone(home.path(), &["config", "check"]).status.code(), Some(0));
    assert!(said(&["config", "keys"]).contains("requests.approve"));
}

#[test]
fn the_manual_page_comes_from_the_flags() {
    let home = tempfile::tempdir().unwrap();
    let page = String::from_utf8(alone(home.path(), &["man"]).stdout).unwrap();
    for words in [".TH countersign 1", "\\-\\-read\\-only", "countersign\\-issue(1)", "Exit codes"] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let page = String::from_utf8(alone(home.path(), &["man", "issue"]).stdout).unwrap();
    assert!(page.contains("\\-\\-cluster\\-role") && page.contains(".TH countersign-issue 1"), "{page}");
    assert_eq!(alone(home.path(), &["man", "nothing"]).status.code(), Some(2));
}
