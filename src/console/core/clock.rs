//! What time it is for the screen, and how moments are written.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::domain::validity;

/// The moment that the screen shows, moved on by every event.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now.
    pub now: DateTime<Utc>,
    /// Whether moments are written in UTC instead of the local zone.
    pub utc: bool,
}

impl Clock {
    /// A moment in full, with its zone: `2026-11-24 18:31:40 +01:00`.
    pub(crate) fn absolute(&self, at: DateTime<Utc>) -> String {
        const FORMAT: &str = "%Y-%m-%d %H:%M:%S %:z";
        if self.utc {
            at.format("%Y-%m-%d %H:%M:%SZ").to_string()
        } else {
            at.with_timezone(&Local).format(FORMAT).to_string()
        }
    }

    /// A moment to the minute, with its zone: `2026-11-24 18:31 +01:00`.
    pub(crate) fn minute(&self, at: DateTime<Utc>) -> String {
        const FORMAT: &str = "%Y-%m-%d %H:%M %:z";
        if self.utc {
            at.format("%Y-%m-%d %H:%MZ").to_string()
        } else {
            at.with_timezone(&Local).format(FORMAT).to_string()
        }
    }

    /// How long until `end`, in one unit: `23h left`, or `expired`.
    pub(crate) fn left(&self, end: DateTime<Utc>) -> String {
        let seconds = self.seconds_until(end);
        if seconds > 0 { format!("{} left", validity::age(seconds)) } else { "expired".to_owned() }
    }

    /// When [`Self::left`] of `end` will read differently; never, once it has expired.
    pub(crate) fn left_changes(&self, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let seconds = self.seconds_until(end);
        let over = seconds % unit(seconds);
        (seconds > 0).then(|| end - TimeDelta::seconds(seconds - over - 1))
    }

    /// Seconds until `end`, a part of one counting as one: it is expired at its end, not before.
    fn seconds_until(&self, end: DateTime<Utc>) -> i64 {
        let left = end - self.now;
        left.num_seconds() + i64::from(left.subsec_nanos() > 0)
    }

    /// When a moment that lies `life` seconds ahead of now will be in another minute.
    pub(crate) fn minute_changes(&self, life: i64) -> DateTime<Utc> {
        let into = (self.now.timestamp() + life).rem_euclid(60);
        self.now - TimeDelta::nanoseconds(self.now.timestamp_subsec_nanos().into()) + TimeDelta::seconds(60 - into)
    }

    /// The time of day: `18:31:40`.
    pub(crate) fn time_of_day(&self, at: DateTime<Utc>) -> String {
        const FORMAT: &str = "%H:%M:%S";
        if self.utc { at.format(FORMAT).to_string() } else { at.with_timezone(&Local).format(FORMAT).to_string() }
    }

    /// How long ago `at` was, in one unit: `12s`, `3m`, `5h`. A moment ahead of us (two clocks differ) is `0s`.
    pub(crate) fn age(&self, at: DateTime<Utc>) -> String {
        validity::age(self.seconds_since(at))
    }

    /// Whole seconds since `at`, never negative.
    pub(crate) fn seconds_since(&self, at: DateTime<Utc>) -> i64 {
        (self.now - at).num_seconds().max(0)
    }

    /// When [`Self::age`] of `at` will read differently.
    pub(crate) fn age_changes(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.seconds_since(at);
        let unit = unit(seconds);
        at.max(self.now - TimeDelta::seconds(seconds)) + TimeDelta::seconds((seconds / unit + 1) * unit)
    }
}

/// The unit, in seconds, in which an age is written.
const fn unit(seconds: i64) -> i64 {
    match seconds {
        ..60 => 1,
        60..3600 => 60,
        3600..86_400 => 3600,
        _ => 86_400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_drawn_again_exactly_when_it_reads_differently() {
        let born = DateTime::from_timestamp(1_795_500_000, 0).unwrap();
        for seconds in [0, 1, 59, 60, 61, 119, 120, 3599, 3600, 7199, 86_399, 86_400, 200_000] {
            let clock = Clock { now: born + TimeDelta::seconds(seconds), utc: true };
            let next = clock.age_changes(born);
            let just_before = Clock { now: next - TimeDelta::milliseconds(1), utc: true };
            let then = Clock { now: next, utc: true };
            assert_eq!(clock.age(born), just_before.age(born), "{seconds}");
            assert_ne!(clock.age(born), then.age(born), "{seconds}");
        }
    }

    #[test]
    fn a_moment_ahead_of_our_clock_is_no_negative_age() {
        let now = DateTime::from_timestamp(1_795_500_000, 0).unwrap();
        let clock = Clock { now, utc: true };
        assert_eq!(clock.age(now + TimeDelta::seconds(5)), "0s");
        assert!(clock.age_changes(now + TimeDelta::seconds(5)) > now);
    }

    #[test]
    fn what_is_left_is_drawn_again_exactly_when_it_reads_differently() {
        let end = DateTime::from_timestamp(1_795_500_000, 0).unwrap();
        for seconds in [1, 2, 59, 60, 61, 3599, 3600, 3601, 7200, 86_400, 90_000, 200_000] {
            let clock = Clock { now: end - TimeDelta::seconds(seconds), utc: true };
            let next = clock.left_changes(end).unwrap();
            let just_before = Clock { now: next - TimeDelta::milliseconds(1), utc: true };
            let then = Clock { now: next, utc: true };
            assert_eq!(clock.left(end), just_before.left(end), "{seconds}");
            assert_ne!(clock.left(end), then.left(end), "{seconds}");
        }
        assert_eq!(Clock { now: end, utc: true }.left_changes(end), None);
    }
}
