//! Output of login programs, terminal input, and settings files.

use countersign::testing::cluster::login::{ExecCredential, LoginError};
use countersign::testing::config::Config;
use countersign::testing::config::theme::ThemeFile;
use countersign::testing::domain::access::draft::Preset;
use countersign::testing::domain::policy_file::PolicyFile;
use countersign::testing::terminal::input::InputEvent;
use countersign::testing::terminal::input::parser::Parser;

use crate::harness::Target;

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn output_of_a_login_program_is_a_credential_or_rejected() {
    let seeds = seeds(&[
        r#"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "s3cret", "expirationTimestamp": "2026-11-23T17:31:18Z"}}"#,
        r#"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"clientCertificateData": "-----BEGIN CERTIFICATE-----\ns3cret\n", "clientKeyData": "s3cret", "token": null}}"#,
        "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: &s\n  token: s3cret\n  other: *s\n",
    ]);
    let words = &["null", "{}", "s3cret", "\u{feff}", "---\n", "*s", "&s ", "[[[[[[", "\\u0000", "\n"];
    Target { name: "login-program", seeds, words }.run(|bytes| {
        match ExecCredential::read(bytes, "client.authentication.k8s.io/v1") {
            Ok(read) => assert!(read.token.is_some() || (read.certificate.is_some() && read.key.is_some())),
            Err(reason) => {
                let failed = LoginError { program: "login".to_owned(), reason };
                assert!(!failed.to_string().contains("s3cret"), "{failed}");
            }
        }
    });
}

#[test]
fn terminal_input_reads_the_same_in_any_chunks() {
    let seeds = seeds(&[
        "jkG/name\r\x1b[A\x1b[1;5C\x1bOP\x1b[[B\x1b[24;2~\x12",
        "\x1b[200~y\r\x1b[A\x03\x1b[201~q",
        "\x1b[0n\x1b[?2026;2$y\x1b[?62;22c\x1b]11;rgb:0/0/0\x1b\\\x1bP1+r\x1b\\",
        "\x1b[<0;10;5M\x1b[<65;1;1m\x1b[I\x1b[O\x1b[Z",
        "花äö\u{1f600}\u{301}",
    ]);
    let words = &[
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "\x07",
        "\x1b\\",
        "\x1b[200~",
        "\x1b[201~",
        "65535",
        ";;;;",
        "\x1b[<",
        "$y",
        "M",
    ];
    let fed = |bytes: &[u8], size: usize| {
        let (mut parser, mut found) = (Parser::default(), Vec::new());
        bytes.chunks(size).for_each(|chunk| parser.feed(chunk, &mut found));
        parser.flush(&mut found);
        found
    };
    Target { name: "terminal", seeds, words }.run(|bytes| {
        let whole = fed(bytes, bytes.len().max(1));
        assert!(whole.len() <= bytes.len(), "more events than bytes");
        let pasted = |input: &InputEvent| if let InputEvent::Paste(text) = input { text.len() } else { 0 };
        // An invalid byte becomes a character of three bytes.
        assert!(whole.iter().map(pasted).sum::<usize>() <= 3 * bytes.len());
        assert_eq!(whole, fed(bytes, 3));
    });
}

#[test]
fn settings_are_read_or_rejected() {
    let seeds = seeds(&[
        include_str!("../../assets/config.example.yaml"),
        include_str!("../../assets/policy.yaml"),
        include_str!("../../assets/themes/dark.yaml"),
        include_str!("../../assets/presets/developer.yaml"),
        "theme: dark\nkeys:\n  requests:\n    approve: [a, Ctrl-A]\n    deny: d\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
    ]);
    let words = &[
        "*a",
        "&a ",
        "<<: *a",
        "[[[[[[[[",
        "- ",
        "!x ",
        "~",
        "90d",
        "999999999999y",
        "'*'",
        "\u{feff}",
        "#ffffff",
        "Ctrl-",
        "\t",
        "?",
        "\n",
    ];
    Target { name: "settings", seeds, words }.run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = Config::parse(&text);
        let _ = ThemeFile::parse(&text);
        let _ = PolicyFile::parse(&text);
        let _ = Preset::read(&text);
    });
}
