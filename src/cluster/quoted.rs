//! What a server's message may quote of the object that it refuses. A request is base64 to the server, and the text of a
//! request that was made wrongly may hold a private key.

/// Characters of a message that are shown at most.
const LONGEST: usize = 2000;
/// Characters of a quoted value that are shown at most.
const LONGEST_VALUE: usize = 100;
/// So many characters of base64 in a row are data and no word.
const LONGEST_WORD: usize = 64;

/// A server's message without long values and without encoded data.
pub(super) fn bounded(message: &str) -> String {
    let text = without_data(&without_long_values(message));
    let text = text.split("PRIVATE KEY").next().unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} characters left out)", &text[..at], text[at..].chars().count()),
        None => text.to_owned(),
    }
}

/// Values in quotes, as the API server writes them: `Invalid value: "…"` (apimachinery, `pkg/util/validation/field`).
fn without_long_values(message: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(" value: \"") {
        let end = end_of_quoted(after);
        let (value, more) = after.split_at(end);
        out.push_str(before);
        out.push_str(" value: \"");
        match value.chars().count() {
            count if count > LONGEST_VALUE => out.push_str(&left_out(count)),
            _ => out.push_str(value),
        }
        rest = more;
    }
    out + rest
}

/// Where a Go string in quotes ends: at the first quote without a backslash.
fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

fn without_data(text: &str) -> String {
    let is_data = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_data) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_data(c)).unwrap_or(from.len()));
        out.push_str(before);
        if word.len() >= LONGEST_WORD {
            out.push_str(&left_out(word.len()));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out + rest
}

fn left_out(count: usize) -> String {
    format!("({count} characters left out)")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_refusal_quotes_nothing_of_a_request() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7s3cr3ts3cr3ts\n-----END PRIVATE KEY-----\n";
        let encoded = STANDARD.encode(pem.repeat(3));
        for quoted in [encoded.as_str(), &pem.replace('\n', "\\n"), pem, &encoded[..80]] {
            for message in [
                format!(
                    "CertificateSigningRequest.certificates.k8s.io \"x\" is invalid: spec.request: Invalid value: \"{quoted}\": PEM block type must be CERTIFICATE REQUEST"
                ),
                format!("cannot unmarshal {quoted} into Go value"),
            ] {
                let shown = bounded(&message);
                assert!(!shown.contains("s3cr3t") && !shown.contains(&encoded[..30]), "{shown}");
                assert!(!shown.contains("PRIVATE KEY") && shown.len() < 400, "{shown}");
            }
        }
    }

    #[test]
    fn ordinary_messages_stay_as_they_are() {
        for message in [
            "",
            "spec.signerName: Invalid value: \"nodomain\": must be a fully qualified domain and path",
            "certificatesigningrequests.certificates.k8s.io \"a-name-that-is-rather-long-but-still-a-name.example.com\" not found",
            "Invalid value: \"with \\\" a quote\": no",
            "Invalid value: \"without an end",
        ] {
            assert_eq!(bounded(message), message);
        }
        assert!(bounded(&"word ".repeat(5000)).ends_with("characters left out)"));
    }
}
