//! Durations and request timeouts.

use std::fmt::Write;

use countersign::testing::domain::go_duration::{DurationError, parse, parse_timeout};

use super::{Question, compare};
use crate::dice::Dice;

const NUMBERS: &[&str] = &[
    "0",
    "00",
    "1",
    "-0",
    "30",
    "90",
    "059",
    "1.5",
    ".5",
    "1.",
    ".",
    "",
    "0.1",
    "9223372036854775807",
    "9223372036854775808",
    "9223372036854775809",
    "922337203685477580",
    "9223372036",
    "9223372037",
    "2562047",
    "2562048",
    "153722867",
    "1.123456789012345678901234567890",
    "0.9223372036854775808",
    "0.3333333333333333333",
    "99999999999999999999",
    "1_000",
    "1e3",
    "٣",
    "0x1",
];

const UNITS: &[&str] =
    &["", "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "S", "sec", " s", "s ", "é", "\u{0}", "hm"];

const SIGNS: &[&str] = &["", "", "", "", "-", "+", "--", "+-", " "];

fn text(dice: &mut Dice) -> String {
    let mut text = dice.word(SIGNS).to_owned();
    for _ in 0..=dice.below(3) {
        if dice.one_in(3) {
            let (whole, fraction) = (dice.below(4000), dice.below(1_000_000));
            write!(text, "{whole}.{fraction}").unwrap();
        } else {
            text.push_str(dice.word(NUMBERS));
        }
        text.push_str(dice.word(UNITS));
        if dice.one_in(2) {
            break;
        }
    }
    text
}

fn duration(text: &str) -> Question {
    let ours = match parse(text) {
        Ok(nanoseconds) => nanoseconds.to_string(),
        Err(DurationError::NoUnit) => "missing unit".to_owned(),
        Err(DurationError::UnknownUnit) => "unknown unit".to_owned(),
        Err(DurationError::Syntax | DurationError::TooLong) => "invalid duration".to_owned(),
    };
    Question { letter: b'D', text: text.into(), ours }
}

fn timeout(text: &str) -> Question {
    let overflows = text.parse::<i64>().is_ok_and(|seconds| seconds > i64::MAX / 1_000_000_000);
    let ours = match parse_timeout(text) {
        Ok(timeout) => timeout.as_nanos().to_string(),
        // kubectl takes what is left of them.
        Err(DurationError::TooLong) if overflows => "overflow".to_owned(),
        Err(_) => "refused".to_owned(),
    };
    Question { letter: b'T', text: text.into(), ours }
}

#[test]
fn durations_and_timeouts_are_those_of_kubectl() {
    let both = |text: &str| [duration(text), timeout(text)];
    let table: Vec<_> = NUMBERS
        .iter()
        .flat_map(|number| UNITS.iter().map(move |unit| format!("{number}{unit}")))
        .flat_map(|text| SIGNS.iter().flat_map(move |sign| both(&format!("{sign}{text}"))))
        .collect();
    let random = |dice: &mut Dice| {
        let text = text(dice);
        if dice.one_in(2) { duration(&text) } else { timeout(&text) }
    };
    compare(&table, random, |answer| answer.parse::<i64>().is_ok());
}
