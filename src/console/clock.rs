//! What time it is for the screen, and how moments are written.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::domain::life;

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
    pub fn absolute(&self, at: DateTime<Utc>) -> String {
        const FORMAT: &str = "%Y-%m-%d %H:%M:%S %:z";
        if self.utc {
            at.format("%Y-%m-%d %H:%M:%SZ").to_string()
        } else {
            at.with_timezone(&Local).format(FORMAT).to_string()
        }
    }

    /// The time of day: `18:31:40`.
    pub fn time_of_day(&self, at: DateTime<Utc>) -> String {
        const FORMAT: &str = "%H:%M:%S";
        if self.utc { at.format(FORMAT).to_string() } else { at.with_timezone(&Local).format(FORMAT).to_string() }
    }

    /// How long ago `at` was, in one unit: `12s`, `3m`, `5h`. A moment ahead of us (two clocks differ) is `0s`.
    pub fn age(&self, at: DateTime<Utc>) -> String {
        life::age(self.seconds_since(at))
    }

    /// Whole seconds since `at`, never negative.
    pub fn seconds_since(&self, at: DateTime<Utc>) -> i64 {
        (self.now - at).num_seconds().max(0)
    }

    /// When [`Self::age`] of `at` will read differently.
    pub fn age_changes(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.seconds_since(at);
        let unit = match seconds {
            ..60 => 1,
            60..3600 => 60,
            3600..86_400 => 3600,
            _ => 86_400,
        };
        at.max(self.now - TimeDelta::seconds(seconds)) + TimeDelta::seconds((seconds / unit + 1) * unit)
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
}
