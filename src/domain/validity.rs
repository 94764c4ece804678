//! Lives and ages: how they are typed, and how they are read.

/// The API's shortest `expirationSeconds` (`pkg/apis/certificates/validation`): ten minutes.
pub(crate) const SHORTEST_SECONDS: i32 = 600;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const YEAR: i64 = 365 * DAY;

/// Reads a life such as `24h`, `10d`, `90m`, `1w`, `1y`, `3600s` or `86400`, as seconds within the API's limits.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<i32, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        "y" => YEAR,
        _ => return Err("a life is a number with s, m, h, d, w or y, such as 24h or 10d".into()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err("a life is a number with s, m, h, d, w or y, such as 24h or 10d".into());
    }
    let seconds = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(unit)).unwrap_or(i64::MAX);
    let seconds = i32::try_from(seconds).map_err(|_| format!("the API takes {} s (68 years) at most", i32::MAX))?;
    if seconds < SHORTEST_SECONDS {
        return Err("the API takes 600 s (10 minutes) at least".into());
    }
    Ok(seconds)
}

/// A life in the largest unit that fits it exactly: `1d`, `90m`, `86401s`.
pub(crate) fn human(seconds: i64) -> String {
    for (size, unit) in [(YEAR, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m")] {
        if seconds >= size && seconds % size == 0 {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

/// An age in one unit, rounded down: `12s`, `3m`, `5h`, `2d`, `3y`.
pub(crate) fn age(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (size, unit) = match seconds {
        ..MINUTE => (1, "s"),
        MINUTE..HOUR => (MINUTE, "m"),
        HOUR..DAY => (HOUR, "h"),
        _ if seconds < 2 * YEAR => (DAY, "d"),
        _ => (YEAR, "y"),
    };
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lives_are_read_as_people_write_them() {
        for (text, seconds) in [("24h", 86_400), ("10d", 864_000), ("600", 600), ("90m", 5400), (" 1w ", 604_800)] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_the_api_would_refuse_is_refused_here() {
        for text in ["599", "9m", "", "d", "-1d", "1.5h", "99999999999999999999y", "69y", "1d2h", "١٠٠٠d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_have_one_unit() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (86_400, "1d"), (-5, "0s")] {
            assert_eq!(age(seconds), text);
        }
    }

    proptest! {
        #[test]
        fn shown_durations_can_be_parsed(seconds in SHORTEST_SECONDS..i32::MAX) {
            prop_assert_eq!(parse(&human(seconds.into())), Ok(seconds));
        }

        #[test]
        fn no_input_breaks_it(text in ".*") {
            let _ = parse(&text);
        }
    }
}
