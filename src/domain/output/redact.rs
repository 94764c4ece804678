//! Secrets in texts that are about to be shown: what a URL carries beside the address.

use std::borrow::Cow;

/// Replaces a secret, as in kubectl's output.
pub(crate) const REDACTED: &str = "REDACTED";

/// A field that is an address, without user, password, query and fragment. One without a scheme counts as well. Where an
/// `@` comes after the host (a password that was not escaped, or a path that would pass for a host), nothing is shown.
pub(crate) fn url(field: &str) -> Cow<'_, str> {
    let (scheme, rest) = match field.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, field),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    let userinfo = authority.rsplit_once('@');
    let secret = tail.find(['?', '#']);
    if userinfo.is_none() && secret.is_none() && !tail.contains('@') {
        return Cow::Borrowed(field);
    }
    let mut out = String::new();
    out.extend(scheme.into_iter().flat_map(|scheme| [scheme, "://"]));
    if tail.contains('@') {
        out.push_str(REDACTED);
        return Cow::Owned(out);
    }
    match userinfo {
        Some((_, host)) => out.extend([REDACTED, "@", host]),
        None => out.push_str(authority),
    }
    match secret {
        Some(end) => out.extend([&tail[..=end], REDACTED]),
        None => out.push_str(tail),
    }
    Cow::Owned(out)
}

/// A sentence, each URL in it as [`url`] gives it.
pub(crate) fn urls(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>()[]{}|\\,;".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let start = rest[..at].rfind(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let start = start.map_or(0, |before| before + rest[before..].chars().next().map_or(0, char::len_utf8));
        let after = at + "://".len();
        let length = end_of_url(&rest[after..], ends);
        out.push_str(&rest[..start]);
        let found = rest[start..after + length].trim_end_matches([':', '.']);
        out.push_str(&url(found));
        rest = &rest[start + found.len()..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where a URL ends. A password may hold characters that otherwise end one: it reaches to the last `@` before a space.
fn end_of_url(text: &str, ends: impl Fn(char) -> bool + Copy) -> usize {
    let word = text.find(char::is_whitespace).unwrap_or(text.len());
    let host = text[..word].rfind('@').unwrap_or(0);
    text[host..].find(ends).map_or(text.len(), |end| host + end)
}

/// A YAML reader's words without the values that they quote, as in `invalid type: string "…"`: who gives a kubeconfig where
/// a policy belongs must not see a token in the error. Names of fields and of choices stay, which are in backquotes and
/// are made of letters.
pub(crate) fn without_values(text: &str) -> String {
    const TEXT: &str = "string \"";
    let letters = |value: &str| value.len() <= 40 && value.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let plain = |value: &str| letters(value) || (value.len() <= 4 && value.chars().all(|c| c.is_ascii_digit()));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = [rest.find(TEXT).map(|at| at + TEXT.len() - 1), rest.find('`')].into_iter().flatten().min()
    {
        let mark = if rest[start..].starts_with('`') { '`' } else { '"' };
        let inside = &rest[start + 1..];
        let mut escaped = false;
        let end = inside.find(|c| {
            let ends = c == mark && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inside.len());
        let value = &inside[..end];
        out.push_str(&rest[..start]);
        if mark == '`' && plain(value) {
            out.extend(["`", value, "`"]);
        } else {
            out.push_str("(not shown)");
        }
        rest = inside.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_keeps_its_host_and_loses_what_may_be_secret() {
        for (field, shown) in [
            ("https://me:s3cret@proxy:1", "https://REDACTED@proxy:1"),
            ("socks5h://u:s3cret@h", "socks5h://REDACTED@h"),
            ("http://u:s3cret@x@h:80/p", "http://REDACTED@h:80/p"),
            ("http://u:s3@cr/et@h:80/p", "http://REDACTED"),
            ("https://evil/?@good", "https://REDACTED"),
            ("u:s3cret@h:80", "REDACTED@h:80"),
            ("https://h/p?token=s3cret", "https://h/p?REDACTED"),
            ("https://h/p#s3cret", "https://h/p#REDACTED"),
            ("https://h:6443/k8s/clusters/c", "https://h:6443/k8s/clusters/c"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
        ] {
            assert_eq!(url(field), shown);
        }
    }

    #[test]
    fn every_url_in_a_sentence_is_found() {
        let text = "configured proxy \"socks5h://u:s3cret@h/\" and (https://a:s3\"cret@b?x=s3cret), https://c: refused";
        assert_eq!(
            urls(text),
            "configured proxy \"socks5h://REDACTED@h/\" and (https://REDACTED@b?REDACTED), https://c: refused"
        );
        assert_eq!(urls("nothing here"), "nothing here");
        assert_eq!(urls("://"), "://");
    }

    proptest! {
        #[test]
        fn no_password_comes_through(before in "[a-z é:\"(]{0,8}", password in "s3cret[!-~&&[^@]]{0,8}", after in "[a-z :/\")]{0,8}") {
            let text = format!("{before} https://user:{password}@host{after}");
            prop_assert!(!urls(&text).contains("s3cret"), "{}", urls(&text));
        }

        #[test]
        fn any_text_can_be_looked_through(text in any::<String>()) {
            let once = urls(&text).into_owned();
            prop_assert_eq!(urls(&once), once.as_str());
        }
    }
}
