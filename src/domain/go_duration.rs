//! Durations as Go's `time.ParseDuration` reads them, and kubectl's `--request-timeout`.

use std::time::Duration;

/// Why a text is not a duration. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not numbers with units.
    #[error("not a duration: use seconds, or numbers with h, m, s, ms, us or ns, such as 30, 1m30s or 1.5h")]
    Syntax,
    /// A number without a unit among others, such as `1m30`.
    #[error("a number has no unit: use h, m, s, ms, us or ns, such as 1m30s")]
    NoUnit,
    /// A unit that Go does not have, such as `d`.
    #[error("unknown unit: use h, m, s, ms, us or ns, such as 1m30s")]
    UnknownUnit,
    /// More than Go's 64 bits of nanoseconds hold.
    #[error("too long: at most 2562047h (292 years)")]
    TooLong,
}

/// The most that Go's arithmetic lets pass before it looks at the sign.
const LIMIT: u64 = 1 << 63;

/// `time.ParseDuration` (Go, `time/format.go`): nanoseconds, negative ones too.
///
/// # Errors
/// Where Go has one.
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(DurationError::Syntax);
    }
    let (mut total, mut rest) = (0_u64, unsigned);
    while !rest.is_empty() {
        let (part, after) = leading_part(rest)?;
        // Go's sum of two halves overflows to zero.
        total = total.wrapping_add(part);
        if total > LIMIT {
            return Err(DurationError::TooLong);
        }
        rest = after;
    }
    if negative { Ok(0_i64.wrapping_sub_unsigned(total)) } else { total.try_into().map_err(|_| DurationError::TooLong) }
}

/// One number with its unit as nanoseconds, at most [`LIMIT`], and what follows it.
fn leading_part(text: &str) -> Result<(u64, &str), DurationError> {
    let (whole, after) = digits(text);
    let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Syntax);
    }
    let number = leading_integer(whole).ok_or(DurationError::TooLong)?;
    let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
    let (name, rest) = after.split_at(end);
    if name.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let unit = unit(name).ok_or(DurationError::UnknownUnit)?;
    let nanoseconds = number.checked_mul(unit).filter(|total| *total <= LIMIT).ok_or(DurationError::TooLong)?;
    let total = nanoseconds + fraction_of(fraction, unit);
    if total > LIMIT { Err(DurationError::TooLong) } else { Ok((total, rest)) }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `leadingInt`; `None` where it overflows.
fn leading_integer(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |number, digit| {
        let number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        (number <= LIMIT).then_some(number)
    })
}

/// `leadingFraction`, in nanoseconds: digits that no longer fit are dropped.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go's rounding is that of float64; the result is less than the unit, an hour in nanoseconds at most"
)]
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        if number > (LIMIT - 1) / 10 {
            break;
        }
        let next = number * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        (number, scale) = (next, scale * 10.0);
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        // U+00B5 micro sign, U+03BC Greek mu
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// kubectl's `--request-timeout` (client-go, `tools/clientcmd/helpers.go`, `ParseTimeout`): seconds, or a Go duration. Zero
/// where there is no timeout: for nothing, for zero, and for negative durations, which client-go ignores (`rest/request.go`,
/// `net/http`).
///
/// Seconds that do not fit into a Go duration are an error; kubectl takes whatever the overflow leaves of them.
///
/// # Errors
/// Where kubectl has one, in our words.
pub fn parse_timeout(text: &str) -> Result<Duration, DurationError> {
    if text.is_empty() {
        return Ok(Duration::ZERO);
    }
    if let Ok(seconds) = text.parse::<i64>()
        && seconds >= 0
    {
        return seconds.checked_mul(1_000_000_000).map(positive).ok_or(DurationError::TooLong);
    }
    parse(text).map(positive)
}

fn positive(nanoseconds: i64) -> Duration {
    Duration::from_nanos(nanoseconds.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn durations_have_several_parts_and_fractions() {
        for (text, nanoseconds) in [
            ("1m30s", 90 * SECOND),
            ("1.5s", 3 * SECOND / 2),
            (".5h", 1800 * SECOND),
            ("1.s", SECOND),
            ("-2h45m", -9900 * SECOND),
            ("+5us", 5000),
            ("5\u{b5}s", 5000),
            ("1s1s", 2 * SECOND),
            ("0", 0),
            ("-9223372036854775808ns", i64::MIN),
            ("0.100000000000000000000h", 360 * SECOND),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn errors_name_their_cause() {
        for (text, error) in [
            ("", DurationError::Syntax),
            ("soon", DurationError::Syntax),
            ("-", DurationError::Syntax),
            (".s", DurationError::Syntax),
            (" 1s", DurationError::Syntax),
            ("--1s", DurationError::Syntax),
            ("30", DurationError::NoUnit),
            ("1m30", DurationError::NoUnit),
            ("1d", DurationError::UnknownUnit),
            ("1S", DurationError::UnknownUnit),
            ("1s ", DurationError::UnknownUnit),
            ("9223372036854775808ns", DurationError::TooLong),
            ("2562048h", DurationError::TooLong),
            ("99999999999999999999h", DurationError::TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_a_number_of_seconds_or_a_duration() {
        for (text, timeout) in [
            ("30", Duration::from_secs(30)),
            ("+30", Duration::from_secs(30)),
            ("1m30s", Duration::from_secs(90)),
            ("1.5s", Duration::from_millis(1500)),
            ("9223372036", Duration::from_secs(9_223_372_036)),
        ] {
            assert_eq!(parse_timeout(text), Ok(timeout), "{text}");
        }
        for text in ["", "0", "00", "0s", "-0", "-00", "-5s"] {
            assert_eq!(parse_timeout(text), Ok(Duration::ZERO), "{text:?} is no timeout");
        }
        for text in ["-5", "1_000", "1e3", " 30", "9223372037", "99999999999999999999"] {
            assert!(parse_timeout(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_an_error(text in any::<String>()) {
            let _ = (parse(&text), parse_timeout(&text));
        }

        #[test]
        fn whole_nanoseconds_are_exact(nanoseconds in any::<i64>()) {
            prop_assert_eq!(parse(&format!("{nanoseconds}ns")), Ok(nanoseconds));
        }
    }
}
