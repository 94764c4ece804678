//! When to draw: the first frame at once, then at most one per interval; nothing where nothing changed.

use std::time::{Duration, Instant};

/// The shortest time between two frames.
const INTERVAL: Duration = Duration::from_millis(16);

/// Whether something is to be drawn, and when.
#[derive(Debug, Default)]
pub struct Frames {
    dirty: bool,
    last: Option<Instant>,
}

impl Frames {
    /// Something on the screen is different.
    pub fn request(&mut self) {
        self.dirty = true;
    }

    /// When the next frame is due, if one is wanted.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.dirty.then(|| self.last.map_or(now, |last| last + INTERVAL))
    }

    /// Whether a frame is to be drawn now. It then counts as drawn.
    pub fn take(&mut self, now: Instant) -> bool {
        let due = self.due(now).is_some_and(|due| due <= now);
        if due {
            (self.dirty, self.last) = (false, Some(now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_screen_draws_nothing_and_a_busy_one_not_too_often() {
        let start = Instant::now();
        let mut frames = Frames::default();
        assert!(!frames.take(start) && frames.due(start).is_none());
        frames.request();
        assert!(frames.take(start), "the first frame is drawn at once");
        frames.request();
        assert!(!frames.take(start + Duration::from_millis(1)));
        assert_eq!(frames.due(start), Some(start + INTERVAL));
        assert!(frames.take(start + INTERVAL));
        assert!(!frames.take(start + INTERVAL * 2));
    }
}
