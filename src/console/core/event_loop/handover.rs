//! The terminal in the hands of a login program.

use std::time::Duration;

use color_eyre::eyre::Result;
use crossterm::event::KeyEvent;
use rustix::process::Signal;

use crate::cluster::login::Handover;
use crate::console::core::effect::Effect;
use crate::console::core::event_loop::{Ended, LAST_ANSWER, Loop, sleep_until};
use crate::console::core::keymap::{Action, Key, KeyContext};
use crate::domain::text::printable;
use crate::terminal::guard;
use crate::terminal::input::{InputEvent, TerminalReply};

/// How long a login program can be canceled before it gets the terminal.
const BEFORE: Duration = Duration::from_millis(700);
/// How often it is looked whether the terminal is not read any more.
const LOOK: Duration = Duration::from_millis(2);

impl Loop {
    /// Gives the terminal to a login program until it has ended, then takes it again. No key that is meant for one of the
    /// two reaches the other.
    pub(super) async fn hand_over(&mut self, mut handover: Handover) -> Result<()> {
        let (program, context) = (printable(&handover.program), printable(&handover.context));
        let what = format!("{program} asks you to log in to context {context}");
        if handover.waits {
            let cancel = self.state.cx.keymap.word(KeyContext::Everywhere, Action::Back);
            self.state.cx.notify(true, format!("{what}; {cancel} cancels"));
            self.frames.request_urgently();
            if self.cancels_within(BEFORE).await {
                return Ok(());
            }
        }
        self.last_answer().await;
        self.pause_input().await;
        guard::restore();
        guard::write_line(&format!("countersign: {what}. ^C cancels.\r\n"));
        if handover.free.send(()).is_ok() {
            tokio::select! {
                _ = &mut handover.ended => {}
                _ = self.signals.hangup.recv() => self.ended = Some(Ended::Signal(Signal::HUP.as_raw())),
                _ = self.signals.terminate.recv() => self.ended = Some(Ended::Signal(Signal::TERM.as_raw())),
            }
        }
        if self.ended.is_some() {
            self.runner.carry_out(Effect::CancelLogin);
            let _ = tokio::time::timeout(LAST_ANSWER, handover.ended).await;
            return Ok(());
        }
        self.state.cx.notice = None;
        // What was typed for the program and not read; the terminal's own answers come after it.
        guard::discard_input();
        self.retake()?;
        self.input.resume();
        Ok(())
    }

    /// Whether the key for back is pressed within this time. Other keys are dropped.
    async fn cancels_within(&mut self, time: Duration) -> bool {
        let until = tokio::time::Instant::now() + time;
        loop {
            self.draw();
            let frame = self.wake();
            tokio::select! {
                biased;
                arrival = self.input.events.recv() => match arrival {
                    Some((_, Ok(InputEvent::Key(key)))) if self.cancels(key) => return true,
                    Some((at, Ok(InputEvent::Reply(TerminalReply::Ready)))) => self.flow.record_reply(at),
                    Some((_, Ok(_))) => {}
                    _ => {
                        self.lost();
                        return true;
                    }
                },
                Some(progress) = self.writer.progress.recv() => self.progressed(&progress),
                () = tokio::time::sleep_until(until) => return false,
                () = sleep_until(frame) => {}
            }
        }
    }

    fn cancels(&self, key: KeyEvent) -> bool {
        self.state.cx.keymap.lookup(&[KeyContext::Everywhere], Key::of(key)) == Some(Action::Back)
    }

    /// Stops reading the terminal. What has been read is for no one.
    async fn pause_input(&mut self) {
        self.input.pause();
        while !self.input.is_paused() {
            while self.input.events.try_recv().is_ok() {}
            tokio::time::sleep(LOOK).await;
        }
        while self.input.events.try_recv().is_ok() {}
    }
}
