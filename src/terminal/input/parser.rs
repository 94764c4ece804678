//! From the terminal's bytes to what they mean (ECMA-48, xterm's control sequences). Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::terminal::input::{InputEvent, TerminalReply};

const ESC: u8 = 0x1b;
/// What ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";
/// A paste that is longer is cut: nothing here takes so much text.
const LONGEST_PASTE: usize = 1 << 20;
/// A sequence that is longer is none.
const LONGEST_SEQUENCE: usize = 4096;

/// Keeps what has come of a sequence so far.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// How much of the pending bytes was understood.
enum ParseStep {
    /// So many bytes, which mean this or nothing.
    Taken(usize, Option<InputEvent>),
    /// A paste begins after so many bytes.
    Paste(usize),
    /// More bytes are needed.
    More,
}

impl Parser {
    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8], found: &mut Vec<InputEvent>) {
        for byte in bytes {
            self.pending.push(*byte);
            self.advance(found);
        }
    }

    /// Whether something has begun that is not complete.
    pub(crate) fn is_within(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    /// Nothing more came for a while: what has come is all.
    pub fn rest(&mut self, found: &mut Vec<InputEvent>) {
        let pending = std::mem::take(&mut self.pending);
        match pending.as_slice() {
            [ESC] => found.push(key(KeyCode::Esc, KeyModifiers::NONE)),
            // Alt and a character that begins a sequence.
            [ESC, byte @ (b'[' | b'O' | b']' | b'P' | b'_' | b'^' | b'X')] => {
                found.push(key(KeyCode::Char((*byte).into()), KeyModifiers::ALT));
            }
            _ => {}
        }
    }

    fn advance(&mut self, found: &mut Vec<InputEvent>) {
        if let Some(paste) = &mut self.paste {
            let Some(byte) = self.pending.pop() else { return };
            paste.push(byte);
            if paste.ends_with(PASTE_END) {
                paste.truncate(paste.len() - PASTE_END.len());
                found.push(InputEvent::Paste(String::from_utf8_lossy(paste).into_owned()));
                self.paste = None;
            } else if paste.len() > LONGEST_PASTE {
                // The end must still be recognised.
                let keep = paste.len() - PASTE_END.len();
                let _ = paste.remove(keep);
            }
            return;
        }
        while !self.pending.is_empty() {
            match step(&self.pending) {
                ParseStep::Taken(count, input) => {
                    self.pending.drain(..count);
                    found.extend(input);
                }
                ParseStep::Paste(count) => {
                    self.pending.drain(..count);
                    self.paste = Some(std::mem::take(&mut self.pending));
                    return;
                }
                ParseStep::More if self.pending.len() > LONGEST_SEQUENCE => self.pending.clear(),
                ParseStep::More => return,
            }
        }
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> InputEvent {
    InputEvent::Key(KeyEvent::new(code, modifiers))
}

fn step(bytes: &[u8]) -> ParseStep {
    match bytes {
        [ESC] => ParseStep::More,
        [ESC, ESC, ..] => ParseStep::Taken(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        [ESC, b'[', rest @ ..] => control_sequence(rest),
        [ESC, b'O', rest @ ..] => match rest.first() {
            None => ParseStep::More,
            Some(last) => ParseStep::Taken(3, letter_key(*last).map(|code| key(code, KeyModifiers::NONE))),
        },
        // Answers that are texts: nobody here asks for one.
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => {
            text_end(rest).map_or(ParseStep::More, |end| ParseStep::Taken(2 + end, None))
        }
        [ESC, rest @ ..] => match character(rest) {
            ParseStep::Taken(count, Some(InputEvent::Key(event))) => {
                ParseStep::Taken(count + 1, Some(key(event.code, event.modifiers | KeyModifiers::ALT)))
            }
            ParseStep::Taken(count, other) => ParseStep::Taken(count + 1, other),
            more => more,
        },
        other => character(other),
    }
}

/// Where a string ends: at BEL or ST.
fn text_end(bytes: &[u8]) -> Option<usize> {
    let bell = bytes.iter().position(|byte| *byte == 7).map(|at| at + 1);
    let terminator = bytes.windows(2).position(|pair| pair == [ESC, b'\\']).map(|at| at + 2);
    bell.into_iter().chain(terminator).min()
}

/// A character, or a key that sends a control code.
fn character(bytes: &[u8]) -> ParseStep {
    let one = |code, modifiers| ParseStep::Taken(1, Some(key(code, modifiers)));
    match bytes[0] {
        0 => one(KeyCode::Char(' '), KeyModifiers::CONTROL),
        b'\r' => one(KeyCode::Enter, KeyModifiers::NONE),
        b'\t' => one(KeyCode::Tab, KeyModifiers::NONE),
        0x7f => one(KeyCode::Backspace, KeyModifiers::NONE),
        code @ 1..=0x1a => one(KeyCode::Char((code - 1 + b'a').into()), KeyModifiers::CONTROL),
        code @ 0x1c..=0x1f => one(KeyCode::Char((code - 0x1c + b'4').into()), KeyModifiers::CONTROL),
        first => {
            let length = match first {
                ..0x80 => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return ParseStep::Taken(1, None),
            };
            let Some(encoded) = bytes.get(..length) else {
                // A byte that cannot go on is where the next character begins.
                let broken = bytes[1..].iter().position(|byte| !(0x80..0xc0).contains(byte));
                return broken.map_or(ParseStep::More, |at| ParseStep::Taken(at + 1, None));
            };
            match std::str::from_utf8(encoded).ok().and_then(|text| text.chars().next()) {
                Some(c) => {
                    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
                    ParseStep::Taken(length, Some(key(KeyCode::Char(c), shift)))
                }
                None => ParseStep::Taken(1, None),
            }
        }
    }
}

/// What comes after `ESC [`.
fn control_sequence(bytes: &[u8]) -> ParseStep {
    // The Linux console's F1 to F5.
    if let [b'[', rest @ ..] = bytes {
        return match rest.first() {
            None => ParseStep::More,
            Some(last @ b'A'..=b'E') => ParseStep::Taken(4, Some(key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE))),
            Some(_) => ParseStep::Taken(4, None),
        };
    }
    let Some(end) = bytes.iter().position(|byte| !(0x20..0x40).contains(byte)) else { return ParseStep::More };
    let (body, last) = (&bytes[..end], bytes[end]);
    let taken = 2 + end + 1;
    if !(0x40..0x7f).contains(&last) {
        // Broken off by something else, which is looked at on its own.
        return ParseStep::Taken(2 + end, None);
    }
    if (body, last) == (b"200", b'~') {
        return ParseStep::Paste(taken);
    }
    ParseStep::Taken(taken, meaning(body, last))
}

fn meaning(body: &[u8], last: u8) -> Option<InputEvent> {
    if let Some(rest) = body.strip_prefix(b"<") {
        return mouse(&numbers(rest), last).map(InputEvent::Mouse);
    }
    if let Some(rest) = body.strip_prefix(b"?") {
        let rest = rest.strip_suffix(b"$").filter(|_| last == b'y')?;
        let [mode, state] = numbers(rest)[..] else { return None };
        // Set, reset: known. Not recognised, permanently reset: of no use.
        return Some(InputEvent::Reply(TerminalReply::Mode(mode, matches!(state, 1 | 2))));
    }
    let numbers = numbers(body);
    let first = numbers.first().copied().unwrap_or(0);
    let modifiers = modifiers(numbers.get(1).copied().unwrap_or(1));
    match last {
        b'n' => (first == 0).then_some(InputEvent::Reply(TerminalReply::Ready)),
        b'I' => Some(InputEvent::Focus(true)),
        b'O' => Some(InputEvent::Focus(false)),
        b'Z' => Some(key(KeyCode::BackTab, KeyModifiers::SHIFT)),
        b'~' => Some(key(number_key(first)?, modifiers)),
        b'u' => {
            let c = char::from_u32(first.into()).filter(|c| !c.is_control())?;
            Some(key(KeyCode::Char(c), modifiers))
        }
        letter => Some(key(letter_key(letter)?, modifiers)),
    }
}

fn numbers(body: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(body);
    text.split(';').map(|number| number.split(':').next().unwrap_or_default().parse().unwrap_or(0)).collect()
}

/// xterm's: one more than a sum of bits.
fn modifiers(number: u16) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

const fn letter_key(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn number_key(number: u16) -> Option<KeyCode> {
    let function = |first: u16, at: u16| u8::try_from(first + at).ok().map(KeyCode::F);
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(1, number - 11),
        17..=21 => function(6, number - 17),
        23..=26 => function(11, number - 23),
        _ => None,
    }
}

/// SGR mouse reports: button and modifiers, column, row.
fn mouse(numbers: &[u16], last: u8) -> Option<MouseEvent> {
    let [button, column, row] = numbers[..] else { return None };
    let kind = match button & 0b1110_0011 {
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        0 if last == b'M' => MouseEventKind::Down(MouseButton::Left),
        0 => MouseEventKind::Up(MouseButton::Left),
        _ => return None,
    };
    let (column, row) = (column.checked_sub(1)?, row.checked_sub(1)?);
    Some(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(bytes: &[u8]) -> Vec<InputEvent> {
        let (mut parser, mut found) = (Parser::default(), Vec::new());
        parser.feed(bytes, &mut found);
        parser.rest(&mut found);
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
    fn keys_of_every_kind() {
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
    fn esc_and_what_is_typed_after_it_stay_apart() {
        assert_eq!(keys(b"\x1b\x1b[A").iter().map(|key| key.0).collect::<Vec<_>>(), [KeyCode::Esc, KeyCode::Up]);
    }

    #[test]
    fn a_paste_is_one_thing_whatever_is_in_it() {
        assert_eq!(parsed(b"\x1b[200~y\r\x1b[A\x03\x1b[201~"), [InputEvent::Paste("y\r\u{1b}[A\u{3}".into())]);
    }

    #[test]
    fn answers_are_no_keys() {
        assert_eq!(parsed(b"\x1b[0n"), [InputEvent::Reply(TerminalReply::Ready)]);
        assert_eq!(parsed(b"\x1b[?2026;2$y"), [InputEvent::Reply(TerminalReply::Mode(2026, true))]);
        assert_eq!(parsed(b"\x1b[?2026;0$y"), [InputEvent::Reply(TerminalReply::Mode(2026, false))]);
        assert_eq!(parsed(b"\x1b[?62;22c\x1b]11;rgb:0/0/0\x1b\\\x1bP1+r\x1b\\"), []);
        assert_eq!(parsed(b"\x1b[I\x1b[O"), [InputEvent::Focus(true), InputEvent::Focus(false)]);
    }

    #[test]
    fn the_mouse_is_understood() {
        let kinds = |bytes| match &parsed(bytes)[..] {
            [InputEvent::Mouse(event)] => (event.kind, event.column, event.row),
            other => panic!("{other:?}"),
        };
        assert_eq!(kinds(b"\x1b[<0;10;5M"), (MouseEventKind::Down(MouseButton::Left), 9, 4));
        assert_eq!(kinds(b"\x1b[<65;1;1M"), (MouseEventKind::ScrollDown, 0, 0));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it_and_pieces_mean_what_the_whole_means(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0usize..64) {
            let (mut parser, mut found) = (Parser::default(), Vec::new());
            let at = at.min(bytes.len());
            parser.feed(&bytes[..at], &mut found);
            parser.feed(&bytes[at..], &mut found);
            parser.rest(&mut found);
            prop_assert_eq!(found, parsed(&bytes));
        }

        #[test]
        fn every_text_is_typed_as_it_is(text in "[a-zA-Zäöü花é0-9 ]{0,20}") {
            let typed: String = keys(text.as_bytes()).iter().map(|key| match key.0 { KeyCode::Char(c) => c, _ => '?' }).collect();
            prop_assert_eq!(typed, text);
        }
    }
}
