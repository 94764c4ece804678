//! Lines for a shell. A line that is shown can be pasted into sh, bash, zsh and fish, whatever the names in it are: it
//! means the same in each of them, and what is shown is what is copied.
//!
//! A word is quoted so that all four shells read it alike: in single quotes, with `'` and `\` outside of them after a
//! backslash (fish takes `\'` and `\\` for escapes inside single quotes, the others do not). Single quotes also keep
//! bash's history expansion away. Text that a terminal would not show as it is (control, bidi and invisible characters)
//! has no form that is the same in all four: such a line is replaced by a comment with the reason.

use std::borrow::Cow;
use std::fmt;

use super::super::text::{ascii_only, is_plain, printable};

/// A terminal in line mode cuts a longer line off (Linux, `N_TTY_BUF_SIZE` 4096); so a shell without a line editor would
/// run only the beginning of it.
const LONGEST: usize = 4000;

/// A longer word may be broken on a screen. In quotes its first part, copied with the mouse, is never another name.
const LONGEST_PLAIN: usize = 40;

/// Line continuation.
const CONTINUED: &str = " \\\n  ";

/// `word` as one shell word.
fn quote(word: &str) -> Cow<'_, str> {
    if word.len() <= LONGEST_PLAIN && is_harmless(word) {
        return Cow::Borrowed(word);
    }
    let mut out = String::with_capacity(word.len() + 2);
    for (number, part) in word.split_inclusive(['\'', '\\']).enumerate() {
        let (text, escaped) = match part.strip_suffix(['\'', '\\']) {
            Some(text) => (text, part.chars().last()),
            None => (part, None),
        };
        if !text.is_empty() || (number == 0 && escaped.is_none()) {
            out.extend(["'", text, "'"]);
        }
        if let Some(c) = escaped {
            out.extend(['\\', c]);
        }
    }
    if out.is_empty() { Cow::Borrowed("''") } else { Cow::Owned(out) }
}

/// Whether every shell reads it as it is. zsh replaces `=name` by the program's path.
fn is_harmless(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    !word.is_empty() && !word.starts_with('=') && word.chars().all(plain)
}

/// `kubectl` with the flags that mean one cluster and one user, so that a line that is pasted means the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kubectl {
    flags: Vec<(&'static str, String)>,
}

impl Kubectl {
    /// `kubectl` with flags, each a name and a value.
    pub fn new(flags: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { flags: flags.into_iter().collect() }
    }

    /// A command of countersign, which has the same flags.
    pub fn own(&self, words: &'static str) -> ShellCommand {
        self.flags
            .iter()
            .fold(ShellCommand::new("countersign").word(words), |line, (name, value)| line.flag(name, value))
    }

    /// `kubectl` alone.
    pub const fn plain() -> Self {
        Self { flags: Vec::new() }
    }

    /// A command of it, such as `certificate approve`.
    pub fn command(&self, words: &'static str) -> ShellCommand {
        let command =
            self.flags.iter().fold(ShellCommand::new("kubectl"), |line, (name, value)| line.flag(name, value));
        command.word(words)
    }
}

/// Why there is no line to paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Unprintable,
    LeadingDash,
    Separator,
}

impl Refusal {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unprintable => "it has control or invisible characters, which no line to paste can hold",
            Self::LeadingDash => "kubectl create takes no name that begins with a dash",
            Self::Separator => "it has a comma or a quotation mark, which kubectl would read as two values",
        }
    }
}

/// A line being built. Fixed words are ours; everything else is quoted.
#[derive(Debug, Clone)]
#[must_use]
pub struct ShellCommand {
    text: String,
    /// The fixed words, with the placeholders of what is refused: what is shown where there is no line.
    sketch: String,
    refused: Option<Refusal>,
}

impl ShellCommand {
    /// A command that begins with these fixed words.
    pub(crate) fn new(words: &'static str) -> Self {
        Self { text: words.to_owned(), sketch: words.to_owned(), refused: None }
    }

    /// `words=value`: an assignment.
    pub(crate) fn assign(words: &'static str, value: &str) -> Self {
        let mut command = Self::new(words);
        command.text.push('=');
        let lengthy = value.len() > LONGEST_PLAIN && is_harmless(value);
        if !lengthy {
            return command.value(value, "=VALUE");
        }
        // It is for a program that reads the output, and not shown on a screen that would break it.
        command.text.push_str(value);
        command
    }

    /// Adds fixed words.
    pub fn word(mut self, words: &'static str) -> Self {
        self.text.extend([" ", words]);
        self.sketch.extend([" ", words]);
        self
    }

    /// Adds `--name=value`.
    pub fn flag(mut self, name: &'static str, value: &str) -> Self {
        self.text.extend([" --", name, "="]);
        self.value(value, &format!(" --{name}=VALUE"))
    }

    /// Adds `--name=value` where there is a value.
    pub(crate) fn flag_if(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.flag(name, value),
            None => self,
        }
    }

    /// Adds `--name=a,b,c` as kubectl reads it: comma-separated, in quotation marks where a value has them.
    pub(crate) fn list(mut self, name: &'static str, values: &[impl AsRef<str>]) -> Self {
        if values.iter().any(|value| value.as_ref().contains([',', '"'])) {
            return self.refuse(Refusal::Separator, &format!(" --{name}=VALUE"));
        }
        let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
        self.text.extend([" --", name, "="]);
        self.value(&values.join(","), &format!(" --{name}=VALUE"))
    }

    /// Adds an operand that must come before `--`, as `kubectl create role NAME` wants it.
    pub(crate) fn leading_operand(mut self, name: &str) -> Self {
        if name.starts_with('-') {
            return self.refuse(Refusal::LeadingDash, " NAME");
        }
        self.text.push(' ');
        self.value(name, " NAME")
    }

    /// Adds ` -- a b c`: operands that are never taken for flags. Nothing but [`Self::then`] may follow.
    pub fn operands<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.text.push_str(" --");
        self.sketch.push_str(" --");
        for name in names {
            self.text.push(' ');
            self = self.value(name, " NAME");
        }
        self
    }

    /// Adds fixed text of the shell's grammar, such as ` | base64 -d`.
    pub(crate) fn then(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Adds ` option 'value'`, for programs that do not take `--name=value`.
    pub(crate) fn option(mut self, option: &'static str, value: &str) -> Self {
        self.text.extend([" ", option, " "]);
        self.value(value, &format!(" {option} VALUE"))
    }

    /// Adds `--name="$(command)"`: the value is what the command prints.
    pub(crate) fn flag_of(mut self, name: &'static str, command: &Self) -> Self {
        self.text.extend([" --", name, "="]);
        self.substituted("", command)
    }

    /// Adds ` > file`.
    pub(crate) fn write_to(mut self, path: &str) -> Self {
        self.text.push_str(" > ");
        self.value(path, "")
    }

    /// Adds ` < file`.
    pub(crate) fn read_from(mut self, path: &str) -> Self {
        self.text.push_str(" < ");
        self.value(path, "")
    }

    /// Adds ` | command`, or with another sign another command.
    pub(crate) fn chain(mut self, sign: &'static str, next: &Self) -> Self {
        self.text.extend([" ", sign, " ", &next.text]);
        self.refused = self.refused.or(next.refused);
        self
    }

    /// Adds an operand on a separate line.
    pub(crate) fn line_operand(mut self, text: &str) -> Self {
        self.text.push_str(CONTINUED);
        self.value(text, "")
    }

    /// Adds an operand on a separate line: fixed text, then what a command prints.
    pub(crate) fn line_operand_of(mut self, before: &'static str, command: &Self) -> Self {
        self.text.push_str(CONTINUED);
        self.substituted(before, command)
    }

    fn substituted(mut self, before: &'static str, command: &Self) -> Self {
        self.text.extend(["\"", before, "$(", &command.text, ")\""]);
        self.refused = self.refused.or(command.refused);
        self
    }

    fn value(mut self, value: &str, placeholder: &str) -> Self {
        if is_plain(value) {
            self.text.push_str(&quote(value));
            self
        } else {
            self.refuse(Refusal::Unprintable, placeholder)
        }
    }

    fn refuse(mut self, refusal: Refusal, placeholder: &str) -> Self {
        self.sketch.push_str(placeholder);
        self.refused.get_or_insert(refusal);
        self
    }

    /// The line.
    #[must_use]
    pub fn line(self) -> ShellLine {
        let reason = match self.refused {
            Some(refusal) => refusal.reason(),
            None if self.text.split('\n').all(|line| line.len() <= LONGEST) => {
                return ShellLine { text: self.text, kind: WordKind::Command };
            }
            None => "the line would be longer than a terminal takes",
        };
        let comment = ShellLine::comment(&format!("{}: not shown, {reason}", self.sketch));
        ShellLine { kind: WordKind::Refused, ..comment }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum WordKind {
    #[default]
    Comment,
    Command,
    /// A comment in the place of a command that has no line.
    Refused,
}

/// A line, or a few, that any shell can be given. Printable, whatever it was made from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ShellLine {
    text: String,
    kind: WordKind,
}

impl ShellLine {
    /// A comment. zsh knows none at its prompt: what it could obey becomes `_`.
    #[must_use]
    pub fn comment(text: &str) -> Self {
        let mut out = "# ".to_owned();
        for c in printable(text).chars() {
            let equals = c == '=' && out.ends_with(|before: char| before.is_alphanumeric());
            let harmless = c.is_alphanumeric() || " -_.,:/@+".contains(c) || equals;
            out.push(if harmless { c } else { '_' });
        }
        Self { text: out, kind: WordKind::Comment }
    }

    /// Whether it is a command, and not a comment or nothing.
    pub fn runs(&self) -> bool {
        self.kind == WordKind::Command
    }

    /// The line as it is copied.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[cfg(test)]
    /// Several commands in one line. Where one of them has no line, its reason is all there is.
    #[must_use]
    pub(crate) fn sequence(lines: &[Self]) -> Self {
        Self::joined(lines, "; ")
    }

    /// Several commands, a line each. Where one of them has no line, its reason is all there is.
    #[must_use]
    pub(crate) fn lines(lines: &[Self]) -> Self {
        Self::joined(lines, "\n")
    }

    fn joined(lines: &[Self], between: &str) -> Self {
        if let Some(refused) = lines.iter().find(|line| !line.runs()) {
            return refused.clone();
        }
        let texts: Vec<_> = lines.iter().map(Self::as_str).collect();
        Self { text: texts.join(between), kind: if lines.is_empty() { WordKind::Comment } else { WordKind::Command } }
    }

    /// The lines of a script: all of them, or only comments where one command has no line, because running the others
    /// would do something else.
    #[must_use]
    pub(crate) fn script(lines: Vec<Self>) -> Vec<Self> {
        let whole = lines.iter().all(|line| line.kind != WordKind::Refused);
        if whole { lines } else { lines.into_iter().filter(|line| !line.runs()).collect() }
    }
}

/// A line as it is shown. Where the terminal shows ASCII alone, escapes would make it another command: the reason is
/// shown.
pub(crate) fn shown(line: &str) -> &str {
    if ascii_only() && !line.is_ascii() { "# not shown, it has characters beyond ASCII" } else { line }
}

impl fmt::Display for ShellLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(shown(&self.text))
    }
}

impl fmt::Debug for ShellLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl serde::Serialize for ShellLine {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
