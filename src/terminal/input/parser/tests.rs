use proptest::prelude::*;

use super::*;

fn parsed(bytes: &[u8]) -> Vec<InputEvent> {
    let (mut parser, mut found) = (Parser::default(), Vec::new());
    parser.feed(bytes, &mut found);
    parser.flush(&mut found);
    found
}

fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
    let of = |input| match input {
        InputEvent::Key(event) => (event.code, event.modifiers),
        other => panic!("{other:?}"),
    };
    parsed(bytes).into_iter().map(of).collect()
}

#[test]
fn parses_keys_of_every_kind() {
    const NONE: KeyModifiers = KeyModifiers::NONE;
    for (bytes, code, modifiers) in [
        (&b"a"[..], KeyCode::Char('a'), NONE),
        (b"S", KeyCode::Char('S'), KeyModifiers::SHIFT),
        ("花".as_bytes(), KeyCode::Char('花'), NONE),
        (b"\r", KeyCode::Enter, NONE),
        (b"\x12", KeyCode::Char('r'), KeyModifiers::CONTROL),
        (b"\x7f", KeyCode::Backspace, NONE),
        (b"\x1b", KeyCode::Esc, NONE),
        (b"\x1bx", KeyCode::Char('x'), KeyModifiers::ALT),
        (b"\x1b[", KeyCode::Char('['), KeyModifiers::ALT),
        (b"\x1b[A", KeyCode::Up, NONE),
        (b"\x1bOB", KeyCode::Down, NONE),
        (b"\x1b[1;5C", KeyCode::Right, KeyModifiers::CONTROL),
        (b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT),
        (b"\x1b[5~", KeyCode::PageUp, NONE),
        (b"\x1b[15~", KeyCode::F(5), NONE),
        (b"\x1b[24;2~", KeyCode::F(12), KeyModifiers::SHIFT),
        (b"\x1bOP", KeyCode::F(1), NONE),
        (b"\x1b[[B", KeyCode::F(2), NONE),
    ] {
        assert_eq!(keys(bytes), [(code, modifiers)], "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn keeps_esc_apart_from_the_next_key() {
    assert_eq!(keys(b"\x1b\x1b[A").iter().map(|key| key.0).collect::<Vec<_>>(), [KeyCode::Esc, KeyCode::Up]);
}

#[test]
fn paste_with_control_characters_is_one_event() {
    assert_eq!(parsed(b"\x1b[200~y\r\x1b[A\x03\x1b[201~"), [InputEvent::Paste("y\r\u{1b}[A\u{3}".into())]);
}

#[test]
fn replies_are_not_keys() {
    assert_eq!(parsed(b"\x1b[0n"), [InputEvent::Reply(TerminalReply::Ready)]);
    assert_eq!(
        parsed(b"\x1b[?2026;2$y"),
        [InputEvent::Reply(TerminalReply::Mode { number: 2026, is_supported: true })]
    );
    assert_eq!(
        parsed(b"\x1b[?2026;0$y"),
        [InputEvent::Reply(TerminalReply::Mode { number: 2026, is_supported: false })]
    );
    assert_eq!(parsed(b"\x1b[?62;22c\x1b]11;rgb:0/0/0\x1b\\\x1bP1+r\x1b\\"), []);
    assert_eq!(parsed(b"\x1b[I\x1b[O"), [InputEvent::Focus(true), InputEvent::Focus(false)]);
}

#[test]
fn parses_mouse_reports() {
    let kinds = |bytes| match &parsed(bytes)[..] {
        [InputEvent::Mouse(event)] => (event.kind, event.column, event.row),
        other => panic!("{other:?}"),
    };
    assert_eq!(kinds(b"\x1b[<0;10;5M"), (MouseEventKind::Down(MouseButton::Left), 9, 4));
    assert_eq!(kinds(b"\x1b[<65;1;1M"), (MouseEventKind::ScrollDown, 0, 0));
}

proptest! {
    #[test]
    fn parses_any_bytes_the_same_at_every_chunk_boundary(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0usize..64) {
        let (mut parser, mut found) = (Parser::default(), Vec::new());
        let at = at.min(bytes.len());
        parser.feed(&bytes[..at], &mut found);
        parser.feed(&bytes[at..], &mut found);
        parser.flush(&mut found);
        prop_assert_eq!(found, parsed(&bytes));
    }

    #[test]
    fn typed_text_is_unchanged(text in "[a-zA-Zäöü花é0-9 ]{0,20}") {
        let typed: String = keys(text.as_bytes()).iter().map(|key| match key.0 { KeyCode::Char(c) => c, _ => '?' }).collect();
        prop_assert_eq!(typed, text);
    }
}
