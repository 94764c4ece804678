use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// What a shell takes a line's words for: the arguments of `printf`, each followed by a newline.
fn read_by(shell: &str, line: &ShellLine) -> String {
    let arguments: &[&str] = match shell {
        "fish" => &["--no-config", "-c"],
        "zsh" => &["-f", "-c"],
        _ => &["-c"],
    };
    let output = Command::new(shell).args(arguments).arg(line.as_str()).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{shell}: {line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_reads_back_every_hostile_word() {
    let words = [
        "it's", "''", "\\", "\\\\", "\\'", "a\\", "'\\''", "$(id)", "`id`", "${IFS}", "!!", "!x", "a b", "*", "?",
        "[a]", "{a,b}", "~", "~root", "=ls", "-n", "--all", "#x", "a;b", "a&b", "a|b", ">x", "<x", "(x)", "%1", "^x^y",
        "José", "花子", "\"q\"", "x=y", "", "$'x'", "\\n", "@", "%self", "a\u{301}",
    ];
    for shell in ["sh", "bash", "zsh", "fish"] {
        for word in words {
            let line = ShellCommand::new("printf '%s\\n'").operands([word, "end"]).line();
            assert_eq!(read_by(shell, &line), format!("--\n{word}\nend\n"), "{shell}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_shell_reads_back_every_printable_word(words in prop::collection::vec("[ -~éß花]{0,12}", 1..8)) {
        let line = ShellCommand::new("printf '%s\\n'").operands(words.iter().map(String::as_str)).line();
        let wanted = format!("--\n{}\n", words.join("\n"));
        for shell in ["sh", "bash", "zsh", "fish"] {
            prop_assert_eq!(read_by(shell, &line), wanted.as_str(), "{}", shell);
        }
    }

    #[test]
    fn lines_are_printable_for_any_input(name in any::<String>()) {
        for line in [
            ShellCommand::new("kubectl").flag("as", &name).operands([name.as_str()]).line(),
            ShellLine::comment(&name),
        ] {
            prop_assert!(is_plain(line.as_str()), "{:?}", line);
            prop_assert!(line.runs() || line.as_str().starts_with("# "));
        }
    }
}

#[test]
fn plain_names_stay_as_they_are_and_no_name_is_a_flag() {
    let line = Kubectl::new([("context", "it's".to_owned())]).command("certificate approve").operands(["--all"]).line();
    assert_eq!(line.as_str(), r"kubectl --context='it'\''s' certificate approve -- --all");
    assert_eq!(quote("jane-7f3k"), "jane-7f3k");
    assert_eq!(quote("a\\b"), r"'a'\\'b'");
    assert_eq!(quote(""), "''");
    assert_eq!(quote("=ls"), "'=ls'");
}

#[test]
fn a_line_that_no_shell_could_be_given_is_a_comment_with_the_reason() {
    let approve = |name: &str| ShellCommand::new("kubectl certificate approve").operands([name]).line();
    for name in ["a\nb", "a\u{1b}[201~b", "a\u{202e}b", "a\u{200b}b", "a\u{9b}b"] {
        let line = approve(name);
        assert!(!line.runs(), "{line}");
        let reason = "it has control or invisible characters, which no line to paste can hold";
        assert_eq!(line.as_str(), format!("# kubectl certificate approve -- NAME: not shown, {reason}"));
    }
    assert!(!approve(&"x".repeat(100_000)).runs());
    let role = ShellCommand::new("kubectl create role").leading_operand("--all").line();
    assert!(role.as_str().contains("begins with a dash"), "{role}");
    let verbs = ShellCommand::new("kubectl create role").leading_operand("a").list("verb", &["get,delete"]).line();
    assert!(verbs.as_str().contains("comma"), "{verbs}");
}

#[test]
fn a_script_with_a_line_that_cannot_be_shown_runs_nothing() {
    let good = ShellCommand::new("kubectl version").line();
    let bad = ShellCommand::new("kubectl").flag("as", "\u{1b}").line();
    assert_eq!(ShellLine::script(vec![ShellLine::comment("a"), good.clone()]).len(), 2);
    assert!(ShellLine::script(vec![good.clone(), bad.clone()]).iter().all(|line| !line.runs()));
    assert!(!ShellLine::sequence(&[good, bad]).runs());
}

#[test]
fn a_comment_holds_nothing_that_a_shell_could_obey() {
    assert_eq!(ShellLine::comment("approve it").as_str(), "# approve it");
    assert_eq!(ShellLine::comment("CSR $(x); CN=José =y").as_str(), "# CSR __x__ CN=José _y");
    assert_eq!(ShellLine::comment("a\nb").as_str(), "# a_u_a_b");
}
