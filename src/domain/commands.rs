//! The kubectl lines that do what the console does to a request.
//!
//! Names come after `--`, so that one that begins with a dash is never a flag; kubectl takes that for each of these
//! commands (`tests/end_to_end/pasted.rs` asks the real one).

use super::output::shell::{Kubectl, ShellCommand, ShellLine};

/// A line with more names would be longer than a terminal takes; there are then several lines.
const LONGEST_NAMES: usize = 3000;

/// Approves it.
pub fn approve(kubectl: &Kubectl, name: &str) -> ShellLine {
    kubectl.command("certificate approve").operands([name]).line()
}

/// Denies it.
pub fn deny(kubectl: &Kubectl, name: &str) -> ShellLine {
    kubectl.command("certificate deny").operands([name]).line()
}

/// Approves or denies many.
pub fn decide_all(kubectl: &Kubectl, verb: &'static str, names: &[&str]) -> ShellLine {
    let mut lines = Vec::new();
    let mut rest = names;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = |name: &&&str| {
            length += name.len() + 3;
            length <= LONGEST_NAMES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (now, after) = rest.split_at(count);
        lines.push(kubectl.command("certificate").word(verb).operands(now.iter().copied()).line());
        rest = after;
    }
    ShellLine::lines(&lines)
}

/// Deletes it.
pub(crate) fn delete(kubectl: &Kubectl, name: &str) -> ShellLine {
    kubectl.command("delete csr").operands([name]).line()
}

/// Prints its certificate.
pub fn export(kubectl: &Kubectl, name: &str) -> ShellLine {
    certificate(kubectl, name).then(" | base64 -d").line()
}

/// Prints its certificate in Base64.
pub(super) fn certificate(kubectl: &Kubectl, name: &str) -> ShellCommand {
    kubectl.command("get csr -o jsonpath='{.status.certificate}'").operands([name])
}

/// Everything that can be done to a request, a line each, with a word before it.
pub fn for_request(kubectl: &Kubectl, name: &str) -> Vec<ShellLine> {
    [
        ("look at it", kubectl.command("describe csr").operands([name]).line()),
        ("as YAML", kubectl.command("get csr -o yaml").operands([name]).line()),
        ("approve", approve(kubectl, name)),
        ("deny", deny(kubectl, name)),
        ("certificate", export(kubectl, name)),
        ("delete", delete(kubectl, name)),
    ]
    .into_iter()
    .flat_map(|(what, command)| [ShellLine::comment(what), command])
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_flag_and_each_line_says_which_cluster() {
        let kubectl = Kubectl::new([("context", "prod".to_owned())]);
        assert_eq!(delete(&kubectl, "--all").as_str(), "kubectl --context=prod delete csr -- --all");
        let export = export(&kubectl, "a b");
        let wanted = "kubectl --context=prod get csr -o jsonpath='{.status.certificate}' -- 'a b' | base64 -d";
        assert_eq!(export.as_str(), wanted);
    }

    #[test]
    fn many_names_are_several_lines_that_a_terminal_takes() {
        let names: Vec<_> = (0..1000).map(|number| format!("csr-{number:06}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let line = decide_all(&Kubectl::default(), "deny", &names);
        assert!(line.runs() && line.as_str().lines().all(|line| line.len() < 4000 && line.contains(" deny -- csr-")));
        assert_eq!(line.as_str().split_whitespace().filter(|word| word.starts_with("csr-")).count(), 1000);
        assert!(!decide_all(&Kubectl::default(), "deny", &["a", "\u{1b}"]).runs());
    }
}
