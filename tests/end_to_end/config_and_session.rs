//! The console on a bastion host: its config file, terminal settings and the session that it restores.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, program, unique};

crate::on_both!(
    config_file_makes_a_context_read_only,
    ignores_an_answer_typed_before_the_prompt_is_drawn,
    copies_a_name_and_restores_the_window_title,
    sends_ascii_without_color_if_the_locale_and_no_color_ask_for_it,
    enables_mouse_reports_only_on_request,
    restores_the_last_view_and_shows_the_introduction_once,
    restores_chosen_columns_and_their_order,
    the_palette_runs_the_typed_command,
    a_shell_completes_contexts_requests_and_users,
);

fn console(person: &TestUser, arguments: &[&str], variables: &[(&str, &str)]) -> Terminal {
    let mut command = vec![program().display().to_string()];
    command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    Terminal::start_with(person, &command, variables)
}

fn configure(person: &TestUser, text: &str) {
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    std::fs::write(person.path(".config/countersign/config.yaml"), text).unwrap();
}

fn sent(terminal: &Terminal) -> String {
    String::from_utf8_lossy(&terminal.bytes()).into_owned()
}

fn config_file_makes_a_context_read_only(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("closed");
    create(plane, &name, &name, &["dev"]);
    configure(&admin, "read-only: ['adm*']\nkeys: {requests: {open: F5}}\n");
    let error = admin.expect_failure(3, &["approve", &name]);
    assert!(error.contains("read-only"), "{error}");
    let mut console = console(&admin, &[], &[]);
    console.expect_text("read-only");
    console.find(&name, "F5 detail");
    console.expect_no_text("a approve");
    console.keys("\x1b[15~");
    console.expect_text("[Summary]");
    configure(&admin, "read-only: [other]\n");
    admin.run_ok(&["approve", &name]);
}

fn ignores_an_answer_typed_before_the_prompt_is_drawn(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("early");
    create(plane, &name, &name, &["dev"]);
    let mut console = console(&admin, &[], &[]);
    console.expect_text("● live");
    console.find(&name, &format!("O={}", "dev"));
    console.keys("ay");
    console.expect_text("Approve it?");
    console.keys("\x1b[200~y\r\x1b[201~");
    assert!(admin.run_ok(&["show", &name, "-o", "json"]).contains("\"state\": \"pending\""));
    console.keys("y");
    console.expect_text("is approved");
}

fn copies_a_name_and_restores_the_window_title(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("copied");
    create(plane, &name, &name, &["dev"]);
    let mut console = console(&admin, &[], &[]);
    console.expect_text("● live");
    console.find(&name, "Subject");
    console.keys("y");
    console.expect_text(&format!("copied {name}"));
    let encoded = base64(&name);
    eventually("the sequence", || sent(&console).contains(&format!("\x1b]52;c;{encoded}\x07")).then_some(()));
    assert!(sent(&console).contains("\x1b[22;2t") && sent(&console).contains("\x1b]2;countersign: admin\x07"));
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
    // The last bytes can arrive after the exit is known.
    eventually("the title is restored", || sent(&console).ends_with("\x1b[23;2t").then_some(()));
}

fn base64(text: &str) -> String {
    let script = format!("printf %s {text} | base64");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn sends_ascii_without_color_if_the_locale_and_no_color_ask_for_it(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("plain");
    create(plane, &name, "José 花子", &["dev"]);
    let mut terminal = console(&admin, &[], &[("LANG", "C"), ("NO_COLOR", "1")]);
    terminal.expect_text("@ live");
    terminal.find(&name, "Jos\\u{e9} \\u{82b1}");
    terminal.keys("\r");
    terminal.expect_text("[Summary]");
    // Esc and the next key may come in one piece over a link: they still are two keys.
    terminal.keys("\x1b?");
    terminal.expect_text("Requests (here)");
    terminal.keys("\x1b:");
    terminal.expect_text("What to do?");
    terminal.keys("\x1b");
    terminal.expect_no_text("What to do?");
    terminal.keys("a");
    terminal.expect_text("Approve it?");
    let bytes = terminal.bytes();
    assert!(bytes.is_ascii());
    let text = String::from_utf8(bytes).unwrap();
    let colour = |code: &str| text.contains(&format!("\x1b[{code}m")) || text.contains(&format!(";{code}m"));
    assert!(!["31", "32", "33", "36", "90", "38;5"].iter().any(|code| colour(code)), "{text:?}");
    let mut forced = console(&admin, &["--color", "always", "--ascii"], &[("NO_COLOR", "1")]);
    forced.expect_text("@ live");
    assert!(sent(&forced).contains("36m"));
    forced.keys("q");
}

fn enables_mouse_reports_only_on_request(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let mut console = console(&admin, &["--mouse"], &[]);
    console.expect_text("● live");
    console.wait_for("mouse reports", |screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    let text = console.expect_text("4 Activity");
    let tabs = text.lines().nth(1).unwrap();
    let column = tabs[..tabs.find("4 Activity").unwrap()].chars().count() + 1;
    console.keys(&format!("\x1b[<0;{column};2M"));
    console.expect_text("[4 Activity]");
    console.keys("q");
    assert_eq!(console.expect_exit(), 0);
    console.wait_for("no mouse reports", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    let plain = Terminal::console(&admin, &[]);
    plain.expect_text("● live");
    assert!(!sent(&plain).contains("\x1b[?1000h"));
}

fn restores_the_last_view_and_shows_the_introduction_once(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let mut first = Terminal::console(&admin, &[]);
    first.expect_text("Nothing is written unless you say so");
    first.expect_text("● live");
    first.keys("fs");
    first.expect_no_text("Nothing is written unless you say so");
    first.expect_text("approved, not issued · name");
    first.keys("4");
    first.expect_text("[4 Activity]");
    first.keys("q");
    assert_eq!(first.expect_exit(), 0);
    let mut second = Terminal::console(&admin, &[]);
    second.expect_text("[4 Activity]");
    second.keys("1");
    let text = second.expect_text("approved, not issued · name");
    assert!(!text.contains("Nothing is written unless"), "{text}");
}

fn restores_chosen_columns_and_their_order(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("columns");
    create(plane, &name, &name, &["dev"]);
    configure(&admin, "columns: [name, verdict, age]\n");
    let heading = |console: &Terminal, wanted: &str| {
        console.wait_for(&format!("the columns are {wanted}"), |screen| {
            let text = screen.contents();
            let words = text.lines().nth(3).unwrap_or_default().split([' ', '│']).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(" ") == wanted
        })
    };
    let mut first = console(&admin, &[], &[]);
    first.expect_text("● live");
    heading(&first, "NAME VERDICT AGE");
    first.find(&name, &name);
    first.keys("C");
    first.expect_text("┌ Columns");
    // The list follows while the sheet is open: shown, moved up, and age hidden.
    first.keys("jjjjjjjj ");
    heading(&first, "NAME VERDICT AGE ASKED BY");
    first.keys("KKKKKK\x1b[1;2A");
    let text = heading(&first, "NAME ASKED BY VERDICT AGE");
    assert!(text.contains("› ✓ requester") && text.contains(&name), "{text}");
    first.keys("jj ");
    heading(&first, "NAME ASKED BY VERDICT");
    first.keys("\r");
    first.expect_no_text("┌ Columns");
    // The hidden age still sorts, until another key is wanted: of those that are seen.
    first.expect_text("pending · age ↓");
    first.keys("s");
    first.expect_text("pending · name ↓");
    first.keys("s");
    first.expect_text("pending · requester ↓");
    first.keys("s");
    first.expect_text("pending · verdict ↓");
    first.keys("q");
    assert_eq!(first.expect_exit(), 0);
    let mut second = console(&admin, &[], &[]);
    second.expect_text("● live");
    heading(&second, "NAME ASKED BY VERDICT");
    second.keys(":choose col\r");
    second.expect_text("┌ Columns");
    second.keys("r");
    heading(&second, "NAME VERDICT AGE");
    second.keys("\x1b");
    second.expect_no_text("┌ Columns");
    second.keys("q");
    assert_eq!(second.expect_exit(), 0);
}

fn the_palette_runs_the_typed_command(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.keys(":activ");
    console.expect_text("show-activity");
    console.keys("\r");
    console.expect_text("[4 Activity]");
    console.keys("?/redraw");
    let text = console.expect_text("/redraw");
    assert!(text.contains("Ctrl-L") && !text.contains("Ctrl-Z"), "{text}");
}

fn a_shell_completes_contexts_requests_and_users(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
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

/// countersign without any cluster, in a new home folder.
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
    let printed = |arguments: &[&str]| String::from_utf8(alone(home.path(), arguments).stdout).unwrap();
    let path = home.path().join(".config/countersign/config.yaml");
    assert_eq!(printed(&["config", "path"]).trim(), path.display().to_string());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, printed(&["config", "example"])).unwrap();
    assert_eq!(alone(home.path(), &["config", "check"]).status.code(), Some(0));
    assert!(printed(&["config", "keys"]).contains("requests.approve"));
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
