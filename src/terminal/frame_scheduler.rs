//! When to draw: the first frame at once, then at most one per interval, sooner in response to input; none while nothing
//! changes.

use std::time::{Duration, Instant};

/// Shortest time between two frames.
const INTERVAL: Duration = Duration::from_millis(16);
/// The same for a frame that responds to input: the user is waiting for it.
const INPUT_INTERVAL: Duration = Duration::from_millis(3);

/// The same while the window does not have the keyboard focus.
const UNFOCUSED_INTERVAL: Duration = Duration::from_secs(1);

/// Whether a frame is to be drawn, and when.
#[derive(Debug, Default)]
pub(crate) struct FrameScheduler {
    requested: bool,
    urgent: bool,
    last: Option<Instant>,
    unfocused: bool,
}

impl FrameScheduler {
    /// Requests a frame.
    pub(crate) fn request(&mut self) {
        self.requested = true;
    }

    /// Requests a frame in response to input.
    pub(crate) fn request_urgently(&mut self) {
        (self.requested, self.urgent) = (true, true);
    }

    /// Makes the next frame urgent without requesting one: there was input that may change nothing.
    pub(crate) fn expect_urgent(&mut self) {
        self.urgent = true;
    }

    /// Sets whether the window has the keyboard focus. Without it, frames are less frequent.
    pub(crate) fn set_focused(&mut self, focused: bool) {
        self.unfocused = !focused;
    }

    /// When the next frame is due, if one is requested.
    pub(crate) fn next_frame_at(&self, now: Instant) -> Option<Instant> {
        let interval = match (self.urgent, self.unfocused) {
            (true, _) => INPUT_INTERVAL,
            (false, true) => UNFOCUSED_INTERVAL,
            (false, false) => INTERVAL,
        };
        self.requested.then(|| self.last.map_or(now, |last| last + interval))
    }

    /// Takes the request if it is due, and returns whether the caller has to draw now.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.next_frame_at(now).is_some_and(|due| due <= now);
        if is_due {
            *self = Self { requested: false, urgent: false, last: Some(now), unfocused: self.unfocused };
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_nothing_while_idle_and_limits_the_rate_while_busy() {
        let start = Instant::now();
        let mut frames = FrameScheduler::default();
        assert!(!frames.take_due(start) && frames.next_frame_at(start).is_none());
        frames.request();
        assert!(frames.take_due(start), "the first frame is drawn at once");
        frames.request();
        assert!(!frames.take_due(start + Duration::from_millis(1)));
        assert_eq!(frames.next_frame_at(start), Some(start + INTERVAL));
        assert!(frames.take_due(start + INTERVAL));
        assert!(!frames.take_due(start + INTERVAL * 2));
    }

    #[test]
    fn key_echo_does_not_wait_for_the_frame_interval() {
        let start = Instant::now();
        let mut frames = FrameScheduler::default();
        frames.request();
        assert!(frames.take_due(start));
        frames.request_urgently();
        frames.request();
        assert_eq!(frames.next_frame_at(start), Some(start + INPUT_INTERVAL));
        assert!(frames.take_due(start + INPUT_INTERVAL));
    }
}
