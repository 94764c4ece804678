//! When to draw: the first frame at once, then at most one per interval, sooner for what a person did; nothing where
//! nothing changed.

use std::time::{Duration, Instant};

/// The shortest time between two frames.
const INTERVAL: Duration = Duration::from_millis(16);
/// The same for a frame that answers a key: a person waits for it.
const PROMPT: Duration = Duration::from_millis(3);

/// The same while nobody has the keyboard in the window.
const UNFOCUSED: Duration = Duration::from_secs(1);

/// Whether something is to be drawn, and when.
#[derive(Debug, Default)]
pub(crate) struct FrameScheduler {
    dirty: bool,
    prompt: bool,
    last: Option<Instant>,
    unfocused: bool,
}

impl FrameScheduler {
    /// Something on the screen is different.
    pub(crate) fn request(&mut self) {
        self.dirty = true;
    }

    /// [`Self::request`] for what a person did.
    pub(crate) fn request_promptly(&mut self) {
        (self.dirty, self.prompt) = (true, true);
    }

    /// A person did something: if that changes the screen, they wait for it.
    pub(crate) fn expect_promptly(&mut self) {
        self.prompt = true;
    }

    /// The window got the keyboard, or lost it: what nobody looks at closely is drawn less often.
    pub(crate) fn focus(&mut self, focused: bool) {
        self.unfocused = !focused;
    }

    /// When the next frame is due, if one is wanted.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let interval = match (self.prompt, self.unfocused) {
            (true, _) => PROMPT,
            (false, true) => UNFOCUSED,
            (false, false) => INTERVAL,
        };
        self.dirty.then(|| self.last.map_or(now, |last| last + interval))
    }

    /// Whether a frame is to be drawn now. It then counts as drawn.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let due = self.due(now).is_some_and(|due| due <= now);
        if due {
            *self = Self { dirty: false, prompt: false, last: Some(now), unfocused: self.unfocused };
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
        let mut frames = FrameScheduler::default();
        assert!(!frames.take(start) && frames.due(start).is_none());
        frames.request();
        assert!(frames.take(start), "the first frame is drawn at once");
        frames.request();
        assert!(!frames.take(start + Duration::from_millis(1)));
        assert_eq!(frames.due(start), Some(start + INTERVAL));
        assert!(frames.take(start + INTERVAL));
        assert!(!frames.take(start + INTERVAL * 2));
    }

    #[test]
    fn the_answer_to_a_key_does_not_wait_for_news_from_the_cluster() {
        let start = Instant::now();
        let mut frames = FrameScheduler::default();
        frames.request();
        assert!(frames.take(start));
        frames.request_promptly();
        frames.request();
        assert_eq!(frames.due(start), Some(start + PROMPT));
        assert!(frames.take(start + PROMPT));
    }
}
