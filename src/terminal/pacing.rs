//! When the terminal can take a frame: after it has shown the one before.
//!
//! Between us and a screen far away lie buffers that hold thousands of bytes. Whoever writes into them whenever
//! something changes makes the person wait for pictures that are old by then. So every frame ends with a question to
//! the terminal ("device status", DSR 5), and the next is drawn when the answer is here: what changed meanwhile is in it.
//! A terminal that does not answer the first time is not asked again.

use std::time::{Duration, Instant};

/// After so long without an answer a frame is sent all the same: the answer was lost, perhaps with a connection that
/// tmux outlived.
const LOST: Duration = Duration::from_secs(10);

/// A terminal that answers sooner is near.
const NEAR: Duration = Duration::from_millis(25);

/// What the terminal is asked.
pub(crate) const QUESTION: &str = "\x1b[5n";

/// What is on its way to the terminal.
#[derive(Debug, Default)]
pub(crate) struct FramePacer {
    answers: bool,
    asked: Option<Instant>,
    took: Option<Duration>,
    writing: bool,
}

impl FramePacer {
    /// A frame goes out. Whether it has to end with the question.
    pub(crate) fn send(&mut self, now: Instant) -> bool {
        self.writing = true;
        self.asked = self.answers.then_some(now);
        self.answers
    }

    /// The frame has left us.
    pub(crate) fn written(&mut self) {
        self.writing = false;
    }

    /// The terminal answered.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.answers = true;
        self.took = self.asked.take().map(|asked| now.saturating_duration_since(asked)).or(self.took);
    }

    /// Whether the terminal is known to be so near that bytes cost nothing.
    pub(crate) fn is_near(&self) -> bool {
        self.took.is_some_and(|took| took < NEAR)
    }

    /// Whether the terminal shows everything that was sent, as far as can be known.
    pub(crate) fn is_clear(&self, now: Instant) -> bool {
        !self.writing && self.asked.is_none_or(|asked| now >= asked + LOST)
    }

    /// Whether the answer is lost. The terminal is then not asked again until one comes all the same.
    pub(crate) fn gives_up(&mut self, now: Instant) -> bool {
        let lost = self.asked.is_some_and(|asked| now >= asked + LOST);
        if lost {
            (self.asked, self.answers) = (None, false);
        }
        lost
    }

    /// Whether an answer is on its way: whoever leaves now would leave it to the shell.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// When to look again although nothing happened.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.asked.filter(|_| !self.writing).map(|asked| asked + LOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_frame_waits_until_the_one_before_is_seen() {
        let now = Instant::now();
        let mut flow = FramePacer::default();
        assert!(!flow.send(now), "a terminal is not asked before it is known to answer");
        assert!(!flow.is_clear(now));
        flow.written();
        assert!(flow.is_clear(now));
        flow.answered(now);
        assert!(flow.send(now) && !flow.is_near());
        flow.written();
        assert!(!flow.is_clear(now + Duration::from_secs(3)) && flow.is_asked());
        flow.answered(now + Duration::from_secs(3));
        assert!(flow.is_clear(now + Duration::from_secs(3)) && !flow.is_near());
        flow.send(now);
        flow.answered(now + Duration::from_millis(2));
        assert!(flow.is_near());
    }

    #[test]
    fn a_lost_answer_does_not_stop_the_screen() {
        let now = Instant::now();
        let mut flow = FramePacer::default();
        flow.answered(now);
        flow.send(now);
        flow.written();
        assert_eq!(flow.due(), Some(now + LOST));
        assert!(flow.is_clear(now + LOST) && flow.gives_up(now + LOST));
        assert!(!flow.send(now + LOST), "it is not asked again");
    }
}
