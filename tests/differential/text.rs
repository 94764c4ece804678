//! PEM that is written in odd ways.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::dice::Dice;

/// As every program writes it.
pub(crate) fn plain(label: &str, der: &[u8]) -> Vec<u8> {
    let digits = STANDARD.encode(der);
    let lines: Vec<_> = digits.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

/// Lines that stand around blocks and in them.
const LINES: &[&str] = &[
    "-----BEGIN CERTIFICATE REQUEST-----",
    "-----END CERTIFICATE REQUEST-----",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----BEGIN CERTIFICATE REQUEST----- ",
    "-----END CERTIFICATE REQUEST----- x",
    "-----BEGIN CERTIFICATE REQUEST",
    " -----BEGIN CERTIFICATE REQUEST-----",
    "-----BEGIN -----",
    "-----END -----",
    "-----END CERTIFICATE REQUEST-----:",
    "-----BEGIN a:b-----",
    "Proc-Type: 4,ENCRYPTED",
    ":",
    "",
    " ",
    "\t",
    "AAAA",
    "=",
    "text",
    "\r",
];

/// Writes it in an odd way: one change, or several; `other` is another block, to be put somewhere.
pub(crate) fn odd(mut text: Vec<u8>, other: &[u8], dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(3) {
        text = change(text, other, dice);
    }
    text
}

fn change(text: Vec<u8>, other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let at = dice.below(text.len() + 1);
    let line_start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let (before, after) = text.split_at(line_start);
    let lines = |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    match dice.below(15) {
        0 => [before, dice.word(LINES).as_bytes(), b"\n", after].concat(),
        1 => [before, dice.word(LINES).as_bytes(), after].concat(),
        2 => [other, &text].concat(),
        3 => [&text, other].concat(),
        4 => [before, other, after].concat(),
        5 => text.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] }).collect(),
        6 => {
            let mut lines = lines(&text);
            let index = dice.below(lines.len().max(1));
            if index < lines.len() {
                lines.remove(index);
            }
            lines.concat()
        }
        7 => {
            let mut lines = lines(&text);
            if lines.len() > 1 {
                let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(a, b);
            }
            lines.concat()
        }
        8 => text[..at].to_vec(),
        9 => text[at..].to_vec(),
        10 => [&text[..at], &[*dice.pick(b" \t\r\n=-:\x00A/+\x80")], &text[at..]].concat(),
        11 => {
            let mut text = text;
            if let Some(byte) = text.get_mut(at) {
                *byte = *dice.pick(b" \t\r\n=-:AZaz09+/_");
            }
            text
        }
        // All Base64 in one line, or in lines of another length.
        12 => {
            let width = *dice.pick(&[1, 4, 63, 76, 10_000]);
            rewrapped(&text, width)
        }
        13 => text.into_iter().filter(|byte| *byte != b'=').collect(),
        _ if at < text.len() => [&text[..at], &text[at + 1..]].concat(),
        _ => text,
    }
}

fn rewrapped(text: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        if line.starts_with(b"-") {
            out.extend([line, b"\n"].concat());
        } else {
            line.chunks(width).for_each(|piece| out.extend([piece, b"\n"].concat()));
        }
    }
    out
}
