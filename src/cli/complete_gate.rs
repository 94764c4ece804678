//! Filters what shells are offered, wherever it comes from: names of a cluster, of a kubeconfig, of files.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::engine::{CompletionCandidate, complete};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};

use crate::domain::output::completion::is_offered;

/// The supported shells.
pub(super) const SHELLS: Shells<'static> = Shells(&[
    &FilteredShell { shell: &Bash, style: Style::Listed },
    &FilteredShell { shell: &Elvish, style: Style::Listed },
    &FilteredShell { shell: &Fish, style: Style::Explained },
    &FilteredShell { shell: &Powershell, style: Style::Explained },
    &FilteredShell { shell: &Zsh, style: Style::Zsh },
]);

/// The format of a shell's candidates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Words, separated as the shell says in a variable.
    Listed,
    /// Lines, each with an explanation after a tab.
    Explained,
    /// Lines, each with an explanation after a colon.
    Zsh,
}

/// A shell of `clap_complete`, offered only words that it does not expand or split.
struct FilteredShell {
    shell: &'static dyn EnvCompleter,
    style: Style,
}

impl EnvCompleter for FilteredShell {
    fn name(&self) -> &'static str {
        self.shell.name()
    }

    fn is(&self, name: &str) -> bool {
        self.shell.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        program: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        self.shell.write_registration(variable, name, program, completer, to)
    }

    fn write_complete(
        &self,
        command: &mut Command,
        mut words: Vec<OsString>,
        folder: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let index = match self.style {
            Style::Explained => words.len().saturating_sub(1),
            Style::Listed | Style::Zsh => number("_CLAP_COMPLETE_INDEX"),
        };
        // zsh leaves an empty word out.
        if words.len() == index {
            words.push(OsString::new());
        }
        let candidates = complete(command, words, index, folder)?;
        let offered: Vec<_> = candidates.iter().filter_map(|candidate| offered(command, candidate)).collect();
        let lines: Vec<_> = offered.iter().map(|(word, help)| self.style.line(word, help)).collect();
        let (between, end) = match self.style {
            Style::Listed => (std::env::var("_CLAP_IFS").unwrap_or_else(|_| "\n".to_owned()), ""),
            Style::Explained => ("\n".to_owned(), "\n"),
            Style::Zsh => ("\n".to_owned(), ""),
        };
        if !lines.is_empty() {
            write!(to, "{}{end}", lines.join(&between))?;
        }
        Ok(())
    }
}

impl Style {
    fn line(self, word: &str, help: &str) -> String {
        let help = help.lines().next().unwrap_or_default();
        match self {
            Self::Explained if !help.is_empty() => format!("{word}\t{help}"),
            Self::Zsh if help.is_empty() => word.replace(':', "\\:"),
            Self::Zsh => format!("{}:{}", word.replace(':', "\\:"), help.replace('\\', "\\\\")),
            Self::Listed | Self::Explained => word.to_owned(),
        }
    }
}

fn number(variable: &str) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A candidate that no shell expands or splits, and its explanation, which comes from the flag definitions.
fn offered(command: &Command, candidate: &CompletionCandidate) -> Option<(String, String)> {
    let word = candidate.get_value().to_str()?;
    let fits = if word.starts_with('-') {
        let (flag, value) = word.split_once('=').unwrap_or((word, ""));
        is_flag(command, flag) && (value.is_empty() || is_offered(value))
    } else {
        is_offered(word)
    };
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    fits.then(|| (word.to_owned(), help))
}

/// Whether it is one of the program's own flags, alone or short with a value; a file may be named like anything.
fn is_flag(command: &Command, word: &str) -> bool {
    let is_own = command.get_arguments().any(|argument| match word.strip_prefix("--") {
        Some(name) => {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(name) || aliases.contains(&name)
        }
        None => argument
            .get_short()
            .and_then(|short| word.strip_prefix(['-'])?.strip_prefix(short))
            .is_some_and(|rest| rest.is_empty() || is_offered(rest)),
    });
    is_own || command.get_subcommands().any(|command| is_flag(command, word))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Arguments;

    fn fits(word: impl AsRef<OsStr>) -> bool {
        let mut command = Arguments::command();
        command.build();
        offered(&command, &CompletionCandidate::new(word.as_ref())).is_some()
    }

    #[test]
    fn offers_defined_flags_and_no_file_that_looks_like_one() {
        for word in ["list", "--context", "--context=prod", "-o", "-ojson", "--help", "-h", "requests/a.pem"] {
            assert!(fits(word), "{word}");
        }
        for word in ["--context=x;y", "-x;touch P", "--no-such", "-ox;y", "a b", "$(x)", "--all=$(x)"] {
            assert!(!fits(word), "{word}");
        }
    }

    #[test]
    fn formats_candidates_for_each_shell() {
        assert_eq!(Style::Zsh.line("a:b", "x:y"), "a\\:b:x:y");
        assert_eq!(Style::Explained.line("a", "b\nc"), "a\tb");
        assert_eq!(Style::Listed.line("a", "b"), "a");
    }
}
