//! The two types of time as Go reads them: parsed with `time.Parse`, written again, and refused unless both texts are equal
//! (`encoding/asn1` `parseUTCTime`, `parseGeneralizedTime`; `cryptobyte` `ReadASN1UTCTime`, `ReadASN1GeneralizedTime`).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{Malformed, Result};

const INVALID: Malformed = Malformed("a time is invalid");

/// Which of Go's two readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// `encoding/asn1`: generalized times may have fractions of a second.
    Asn1,
    /// `cryptobyte`.
    Cryptobyte,
}

/// A UTC time, `YYMMDDhhmm[ss]` and a zone.
pub(super) fn utc(text: &[u8], _: TimeFormat) -> Result<DateTime<Utc>> {
    let (digits, offset) = split_zone(text).ok_or(INVALID)?;
    if !matches!(digits.len(), 10 | 12) {
        return Err(INVALID);
    }
    let year = two(digits, 0).ok_or(INVALID)?;
    // 50 to 99 are of the twentieth century (RFC 5280, 4.1.2.5.1).
    let year = if year >= 50 { 1900 + year } else { 2000 + year };
    moment(year, &digits[2..], offset).ok_or(INVALID)
}

/// A generalized time, `YYYYMMDDhhmmss` and a zone.
pub(super) fn generalized(text: &[u8], reader: TimeFormat) -> Result<DateTime<Utc>> {
    let (digits, offset) = split_zone(text).ok_or(INVALID)?;
    let (digits, fraction) = match digits.split_at_checked(14) {
        Some((digits, b"")) => (digits, None),
        Some((digits, [b'.', fraction @ ..])) if reader == TimeFormat::Asn1 => (digits, Some(fraction)),
        _ => return Err(INVALID),
    };
    // Written again, a fraction has at most nine digits and no zero at its end.
    let fits = |fraction: &[u8]| {
        (1..=9).contains(&fraction.len()) && fraction.iter().all(u8::is_ascii_digit) && !fraction.ends_with(b"0")
    };
    if fraction.is_some_and(|fraction| !fits(fraction)) {
        return Err(INVALID);
    }
    let year = two(digits, 0).zip(two(digits, 2)).map(|(hundreds, rest)| hundreds * 100 + rest).ok_or(INVALID)?;
    moment(year, &digits[4..], offset).ok_or(INVALID)
}

/// The text before the zone, and the zone's offset. Zero is written as `Z` alone.
fn split_zone(text: &[u8]) -> Option<(&[u8], TimeDelta)> {
    if let Some(digits) = text.strip_suffix(b"Z") {
        return Some((digits, TimeDelta::zero()));
    }
    let (digits, zone) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (hours, minutes) = (two(zone, 1)?, two(zone, 3)?);
    if hours > 24 || minutes > 59 || (hours, minutes) == (0, 0) {
        return None;
    }
    let offset = TimeDelta::minutes((hours * 60 + minutes).into());
    match zone.first()? {
        b'+' => Some((digits, offset)),
        b'-' => Some((digits, -offset)),
        _ => None,
    }
}

/// `MMDDhhmm[ss]` of a year.
fn moment(year: i32, digits: &[u8], offset: TimeDelta) -> Option<DateTime<Utc>> {
    let part = |at| two(digits, at).and_then(|number| u32::try_from(number).ok());
    let second = if digits.len() > 8 { part(8)? } else { 0 };
    let date = NaiveDate::from_ymd_opt(year, part(0)?, part(2)?)?;
    let local = date.and_hms_opt(part(4)?, part(6)?, second)?;
    local.and_utc().checked_sub_signed(offset)
}

/// Two digits.
fn two(text: &[u8], at: usize) -> Option<i32> {
    match text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_takes_and_what_it_refuses() {
        let utc = |text: &str| utc(text.as_bytes(), TimeFormat::Cryptobyte).map(|at| at.to_rfc3339()).ok();
        assert_eq!(utc("491231235959Z").as_deref(), Some("2049-12-31T23:59:59+00:00"));
        assert_eq!(utc("500101000000Z").as_deref(), Some("1950-01-01T00:00:00+00:00"));
        assert_eq!(utc("2601010000+0130").as_deref(), Some("2025-12-31T22:30:00+00:00"));
        for refused in
            ["260101000000+0000", "260230000000Z", "260101240000Z", "260101000060Z", "26010100Z", "2601010000"]
        {
            assert_eq!(utc(refused), None, "{refused}");
        }
        let long = |text: &str, reader| generalized(text.as_bytes(), reader).is_ok();
        assert!(long("20500101000000.5Z", TimeFormat::Asn1) && !long("20500101000000.50Z", TimeFormat::Asn1));
        assert!(!long("20500101000000.5Z", TimeFormat::Cryptobyte) && long("20500101000000Z", TimeFormat::Cryptobyte));
    }
}
