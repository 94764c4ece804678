//! Flow control: a frame is sent only when the terminal has shown the previous one.
//!
//! Between this process and a remote screen lie buffers of thousands of bytes. A program that writes into them on every
//! change shows its user frames that are already outdated. So every frame ends with a status request (DSR 5), and the
//! next frame is drawn when the reply arrives; it then contains all changes since. A terminal that does not reply to
//! the first request is not sent another.

use std::time::{Duration, Instant};

/// After this time without a reply, frames are sent again: the reply is lost, perhaps with a connection that tmux
/// outlived.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// Terminals that reply within this time count as local.
const LOCAL_LATENCY: Duration = Duration::from_millis(25);

/// Device status report request (DSR 5, ECMA-48 8.3.35); the terminal replies when it has processed all bytes before it.
pub(crate) const STATUS_REQUEST: &str = "\x1b[5n";

/// Decides when the next frame may be sent.
#[derive(Debug, Default)]
pub(crate) struct FramePacer {
    /// Whether the terminal has replied to a request before.
    replies: bool,
    requested_at: Option<Instant>,
    latency: Option<Duration>,
    writing: bool,
}

impl FramePacer {
    /// Records that a frame is being sent. Returns whether the frame has to end with [`STATUS_REQUEST`].
    pub(crate) fn start_frame(&mut self, now: Instant) -> bool {
        self.writing = true;
        self.requested_at = self.replies.then_some(now);
        self.replies
    }

    /// Records that all bytes of the frame have been written.
    pub(crate) fn finish_frame(&mut self) {
        self.writing = false;
    }

    /// Records the terminal's reply to a status request.
    pub(crate) fn record_reply(&mut self, now: Instant) {
        self.replies = true;
        let latency = self.requested_at.take().map(|requested| now.saturating_duration_since(requested));
        self.latency = latency.or(self.latency);
    }

    /// Whether the terminal replied so quickly that the number of bytes does not matter.
    pub(crate) fn is_local(&self) -> bool {
        self.latency.is_some_and(|latency| latency < LOCAL_LATENCY)
    }

    /// Whether the terminal has shown everything sent so far, as far as this can be known.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        !self.writing && self.requested_at.is_none_or(|requested| now >= requested + REPLY_TIMEOUT)
    }

    /// Abandons a request whose reply is overdue and returns whether it did. No further request is sent until a reply
    /// arrives nevertheless.
    pub(crate) fn expire_request(&mut self, now: Instant) -> bool {
        let expired = self.requested_at.is_some_and(|requested| now >= requested + REPLY_TIMEOUT);
        if expired {
            (self.requested_at, self.replies) = (None, false);
        }
        expired
    }

    /// Whether a reply is still to come. A process that exits now leaves it to the shell's input.
    pub(crate) fn is_awaiting_reply(&self) -> bool {
        self.requested_at.is_some()
    }

    /// When [`Self::expire_request`] has to be called.
    pub(crate) fn expires_at(&self) -> Option<Instant> {
        self.requested_at.filter(|_| !self.writing).map(|requested| requested + REPLY_TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_frame_waits_for_the_reply_to_the_previous_one() {
        let now = Instant::now();
        let mut pacer = FramePacer::default();
        assert!(!pacer.start_frame(now), "no request before the terminal is known to reply");
        assert!(!pacer.is_ready(now));
        pacer.finish_frame();
        assert!(pacer.is_ready(now));
        pacer.record_reply(now);
        assert!(pacer.start_frame(now) && !pacer.is_local());
        pacer.finish_frame();
        assert!(!pacer.is_ready(now + Duration::from_secs(3)) && pacer.is_awaiting_reply());
        pacer.record_reply(now + Duration::from_secs(3));
        assert!(pacer.is_ready(now + Duration::from_secs(3)) && !pacer.is_local());
        pacer.start_frame(now);
        pacer.record_reply(now + Duration::from_millis(2));
        assert!(pacer.is_local());
    }

    #[test]
    fn lost_reply_does_not_stop_frames() {
        let now = Instant::now();
        let mut pacer = FramePacer::default();
        pacer.record_reply(now);
        pacer.start_frame(now);
        pacer.finish_frame();
        assert_eq!(pacer.expires_at(), Some(now + REPLY_TIMEOUT));
        assert!(pacer.is_ready(now + REPLY_TIMEOUT) && pacer.expire_request(now + REPLY_TIMEOUT));
        assert!(!pacer.start_frame(now + REPLY_TIMEOUT), "no further request");
    }
}
