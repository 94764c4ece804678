//! Words that a shell is offered to complete.

/// Whether `word` means itself in every shell, as an operand and as a value: bash puts what it is offered on the command
/// line without quotes, so anything else could run as a command. A word that begins with `-` would be a flag.
pub(crate) fn is_offered(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:@/-".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_could_take_for_something_else_is_not_offered() {
        for word in
            ["jane", "system:node:n1", "jane@example.com", "a/b", "/tmp/x.pem", "kubernetes-admin@kubernetes", "a_b"]
        {
            assert!(is_offered(word), "{word}");
        }
        for word in [
            "",
            "-x",
            "--all",
            "x;touch${IFS}P",
            "$(x)",
            "`x`",
            "a b",
            "a\nb",
            "~",
            "*",
            "a=b",
            "José",
            "'",
            "!x",
            "a\\b",
        ] {
            assert!(!is_offered(word), "{word}");
        }
    }
}
