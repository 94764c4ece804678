//! Words for a POSIX shell, so that a command that is shown can be pasted whatever the names in it are.

use std::borrow::Cow;

/// `word` as one shell word: as it is where nothing in it is special, else in single quotes
/// (POSIX.1-2017, Shell Command Language, 2.2.2).
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::quote;

    proptest! {
        #[test]
        fn a_real_shell_reads_back_every_word(word in "[^\0]{0,40}") {
            let script = format!("printf '%s' {}", quote(&word));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(quote("jane-7f3k"), "jane-7f3k");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("-o"), "-o");
    }
}
