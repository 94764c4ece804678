//! Parser from the terminal's bytes to events (ECMA-48, xterm's control sequences). Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::terminal::input::event::{InputEvent, TerminalReply};

const ESC: u8 = 0x1b;
/// End of a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";
/// Bytes; longer pastes are cut.
const MAX_PASTE: usize = 1 << 20;
/// Bytes; longer sequences are discarded.
const MAX_SEQUENCE: usize = 4096;

/// Incremental parser; keeps the bytes of an incomplete sequence.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// Result of parsing the start of the pending bytes.
enum ParseStep {
    /// This many bytes are consumed; they are this event, or are ignored.
    Consumed(usize, Option<InputEvent>),
    /// A paste starts after this many bytes.
    Paste(usize),
    Incomplete,
}

impl Parser {
    /// Parses bytes and appends the events to `found`.
    pub fn feed(&mut self, bytes: &[u8], found: &mut Vec<InputEvent>) {
        for byte in bytes {
            self.pending.push(*byte);
            self.advance(found);
        }
    }

    /// Whether a sequence has started and is not complete. False within a paste, which has no time limit.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    /// Ends an incomplete sequence after a timeout: an ESC byte was the Esc key.
    pub fn flush(&mut self, found: &mut Vec<InputEvent>) {
        let pending = std::mem::take(&mut self.pending);
        match pending.as_slice() {
            [ESC] => found.push(key(KeyCode::Esc, KeyModifiers::NONE)),
            // Alt with a character that would otherwise introduce a sequence.
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
            } else if paste.len() > MAX_PASTE {
                // Keeps the tail, so that the end is still recognized.
                let keep = paste.len() - PASTE_END.len();
                let _ = paste.remove(keep);
            }
            return;
        }
        while !self.pending.is_empty() {
            match step(&self.pending) {
                ParseStep::Consumed(count, input) => {
                    self.pending.drain(..count);
                    found.extend(input);
                }
                ParseStep::Paste(count) => {
                    self.pending.drain(..count);
                    self.paste = Some(std::mem::take(&mut self.pending));
                    return;
                }
                ParseStep::Incomplete if self.pending.len() > MAX_SEQUENCE => self.pending.clear(),
                ParseStep::Incomplete => return,
            }
        }
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> InputEvent {
    InputEvent::Key(KeyEvent::new(code, modifiers))
}

fn step(bytes: &[u8]) -> ParseStep {
    match bytes {
        [ESC] => ParseStep::Incomplete,
        [ESC, ESC, ..] => ParseStep::Consumed(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        [ESC, b'[', rest @ ..] => control_sequence(rest),
        [ESC, b'O', rest @ ..] => match rest.first() {
            None => ParseStep::Incomplete,
            Some(last) => ParseStep::Consumed(3, letter_key(*last).map(|code| key(code, KeyModifiers::NONE))),
        },
        // OSC, DCS, APC, PM and SOS strings: no reply of that form is ever requested.
        [ESC, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => {
            string_end(rest).map_or(ParseStep::Incomplete, |end| ParseStep::Consumed(2 + end, None))
        }
        [ESC, rest @ ..] => match character(rest) {
            ParseStep::Consumed(count, Some(InputEvent::Key(event))) => {
                ParseStep::Consumed(count + 1, Some(key(event.code, event.modifiers | KeyModifiers::ALT)))
            }
            ParseStep::Consumed(count, other) => ParseStep::Consumed(count + 1, other),
            more => more,
        },
        other => character(other),
    }
}

/// Length of a control string including its terminator, BEL or ST.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let bell = bytes.iter().position(|byte| *byte == 7).map(|at| at + 1);
    let terminator = bytes.windows(2).position(|pair| pair == [ESC, b'\\']).map(|at| at + 2);
    bell.into_iter().chain(terminator).min()
}

/// A character, or a key that sends a control code.
fn character(bytes: &[u8]) -> ParseStep {
    let one = |code, modifiers| ParseStep::Consumed(1, Some(key(code, modifiers)));
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
                _ => return ParseStep::Consumed(1, None),
            };
            let Some(encoded) = bytes.get(..length) else {
                // An invalid continuation byte starts the next character.
                let broken = bytes[1..].iter().position(|byte| !(0x80..0xc0).contains(byte));
                return broken.map_or(ParseStep::Incomplete, |at| ParseStep::Consumed(at + 1, None));
            };
            match std::str::from_utf8(encoded).ok().and_then(|text| text.chars().next()) {
                Some(c) => {
                    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
                    ParseStep::Consumed(length, Some(key(KeyCode::Char(c), shift)))
                }
                None => ParseStep::Consumed(1, None),
            }
        }
    }
}

/// Parses what follows CSI (`ESC [`).
fn control_sequence(bytes: &[u8]) -> ParseStep {
    // The Linux console's F1 to F5.
    if let [b'[', rest @ ..] = bytes {
        return match rest.first() {
            None => ParseStep::Incomplete,
            Some(last @ b'A'..=b'E') => {
                ParseStep::Consumed(4, Some(key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE)))
            }
            Some(_) => ParseStep::Consumed(4, None),
        };
    }
    let Some(end) = bytes.iter().position(|byte| !(0x20..0x40).contains(byte)) else { return ParseStep::Incomplete };
    let (body, last) = (&bytes[..end], bytes[end]);
    let length = 2 + end + 1;
    if !(0x40..0x7f).contains(&last) {
        // Interrupted by another character, which is parsed next.
        return ParseStep::Consumed(2 + end, None);
    }
    if (body, last) == (b"200", b'~') {
        return ParseStep::Paste(length);
    }
    ParseStep::Consumed(length, control_event(body, last))
}

fn control_event(body: &[u8], last: u8) -> Option<InputEvent> {
    if let Some(rest) = body.strip_prefix(b"<") {
        return mouse(&numbers(rest), last).map(InputEvent::Mouse);
    }
    if let Some(rest) = body.strip_prefix(b"?") {
        let rest = rest.strip_suffix(b"$").filter(|_| last == b'y')?;
        let [number, state] = numbers(rest)[..] else { return None };
        // 1 set, 2 reset; otherwise unknown, or permanently set or reset.
        let is_supported = matches!(state, 1 | 2);
        return Some(InputEvent::Reply(TerminalReply::Mode { number, is_supported }));
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

/// xterm's modifier parameter: 1 plus a bit set.
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
mod tests;
