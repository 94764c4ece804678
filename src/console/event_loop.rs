//! The loop: signals, keys, answers, news from the cluster, frames. The nearer to the person, the sooner.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::{Result, WrapErr, bail};
use crossterm::event::{Event as Terminal, EventStream, KeyEventKind};
use futures::StreamExt;
use ratatui::layout::{Position, Rect, Size};
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc;

use super::clock::Clock;
use super::effect::Effect;
use super::event::Event;
use super::frame::Frames;
use super::runner::Runner;
use super::state::State;
use super::theme::Theme;
use super::update::update;
use super::{terminal, view};
use crate::cluster::Target;

/// As many events of one kind as are taken in before the next frame.
const BURST: usize = 64;
/// Keys that may wait.
const KEYS: usize = 256;
/// Batches from the cluster that may wait.
const CLUSTER_BATCHES: usize = 8;

/// Runs the console until it is left; `practice` marks it as being on a practice cluster. Returns the number of the
/// signal that ended it, if one did.
///
/// # Errors
/// Where there is no terminal, or it fails.
pub async fn run(target: Target, practice: bool) -> Result<Option<i32>> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        bail!("the console needs a terminal; `countersign list` and the other commands do not (see --help)");
    }
    let signals = Signals::new().wrap_err("signals cannot be listened to")?;
    let guard = terminal::Guard;
    terminal::take().wrap_err("the terminal cannot be used")?;
    let ended = Loop::new(target, practice, signals).wrap_err("the terminal cannot be used")?.run().await;
    drop(guard);
    ended
}

struct Signals {
    hangup: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    stop: unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            stop: unix::signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
        })
    }
}

struct Loop {
    state: State,
    screen: terminal::Screen,
    frames: Frames,
    input: mpsc::Receiver<std::io::Result<Terminal>>,
    signals: Signals,
    runner: Runner,
    answers: mpsc::UnboundedReceiver<Event>,
    cluster: mpsc::Receiver<Event>,
    ended: Option<Ended>,
}

enum Ended {
    Quit,
    Signal(i32),
}

impl Loop {
    fn new(target: Target, practice: bool, signals: Signals) -> std::io::Result<Self> {
        let screen = terminal::screen()?;
        let size = screen.size()?;
        let (to_answers, answers) = mpsc::unbounded_channel();
        let (to_cluster, cluster) = mpsc::channel(CLUSTER_BATCHES);
        let clock = Clock { now: Utc::now(), utc: false };
        let mut state = State::new(clock, size, Theme::from_environment(), target.read_only);
        state.session.practice = practice;
        let runner = Runner::start(target, to_answers, to_cluster);
        let (frames, input) = (Frames::default(), keyboard());
        Ok(Self { state, screen, frames, input, signals, runner, answers, cluster, ended: None })
    }

    async fn run(mut self) -> Result<Option<i32>> {
        self.frames.request();
        loop {
            self.draw()?;
            match self.ended {
                Some(Ended::Quit) => return Ok(None),
                Some(Ended::Signal(number)) => return Ok(Some(number)),
                None => self.wait().await?,
            }
        }
    }

    fn draw(&mut self) -> Result<()> {
        if self.frames.take(Instant::now()) {
            let state = &self.state;
            self.screen.draw(|frame| view::draw(frame, state)).wrap_err("the terminal cannot be written to")?;
        }
        Ok(())
    }

    /// Waits for the next thing to happen, then takes in all that has happened besides.
    async fn wait(&mut self) -> Result<()> {
        let wake = self.wake();
        tokio::select! {
            biased;
            _ = self.signals.hangup.recv() => {
                terminal::hung_up();
                self.ended = Some(Ended::Signal(Signal::HUP.as_raw()));
            }
            _ = self.signals.terminate.recv() => self.ended = Some(Ended::Signal(Signal::TERM.as_raw())),
            _ = self.signals.interrupt.recv() => self.ended = Some(Ended::Signal(Signal::INT.as_raw())),
            _ = self.signals.stop.recv() => self.suspend()?,
            event = self.input.recv() => self.typed(event)?,
            Some(event) = self.answers.recv() => self.take(event)?,
            () = std::future::ready(()), if self.state.requests.index.is_working() => self.take(Event::Work)?,
            Some(event) = self.cluster.recv() => self.take(event)?,
            () = sleep_until(wake) => self.take(Event::Clock)?,
        }
        for _ in 0..BURST {
            let Ok(event) = self.input.try_recv() else { break };
            self.typed(Some(event))?;
        }
        while let Ok(event) = self.answers.try_recv() {
            self.take(event)?;
        }
        Ok(())
    }

    /// The next frame, or the next moment at which something on the screen reads differently.
    fn wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let change = self.state.next_change().map(|at| {
            let ahead = (at - Utc::now()).to_std().unwrap_or_default();
            now + ahead + Duration::from_millis(1)
        });
        self.frames.due(now).into_iter().chain(change).min()
    }

    fn typed(&mut self, event: Option<std::io::Result<Terminal>>) -> Result<()> {
        match event {
            Some(Ok(Terminal::Key(key))) if key.kind != KeyEventKind::Release => self.act(Event::Key(key)),
            Some(Ok(Terminal::Paste(text))) => self.act(Event::Paste(text)),
            Some(Ok(Terminal::Resize(width, height))) => self.act(Event::Resized(Size { width, height })),
            Some(Ok(_)) => Ok(()),
            // The terminal is gone without a signal: end as for a hang-up.
            Some(Err(_)) | None => {
                terminal::hung_up();
                self.ended = Some(Ended::Signal(Signal::HUP.as_raw()));
                Ok(())
            }
        }
    }

    /// Something that a person did.
    fn act(&mut self, event: Event) -> Result<()> {
        self.frames.request_promptly();
        self.take(event)
    }

    fn take(&mut self, event: Event) -> Result<()> {
        // A wake-up for a frame alone changes nothing; only a clock that moved on does.
        let only_clock = matches!(event, Event::Clock);
        if only_clock && self.state.next_change().is_none_or(|at| at > Utc::now()) {
            return Ok(());
        }
        let working = matches!(event, Event::Work);
        self.apply(event)?;
        // The last slice is the answer to a key; those before it show nothing new.
        match (working, self.state.requests.index.is_working()) {
            (true, true) => {}
            (true, false) => self.frames.request_promptly(),
            (false, _) => self.frames.request(),
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) -> Result<()> {
        for effect in update(&mut self.state, event, Utc::now()) {
            match effect {
                Effect::Quit => self.ended = Some(Ended::Quit),
                Effect::Redraw => self.repaint()?,
                Effect::Suspend => self.suspend()?,
                other => self.runner.carry_out(other),
            }
        }
        Ok(())
    }

    /// Gives the terminal to the shell until `fg`, then takes it again.
    fn suspend(&mut self) -> Result<()> {
        terminal::give_back();
        kill_process(getpid(), Signal::STOP).wrap_err("cannot suspend")?;
        terminal::take().wrap_err("the terminal cannot be used")?;
        self.state.size = self.screen.size().wrap_err("the terminal cannot be used")?;
        self.repaint()
    }

    /// Every cell is drawn anew. (The terminal's own `clear` would ask where the cursor is and wait for an answer that
    /// the reader of keys takes away from it.)
    fn repaint(&mut self) -> Result<()> {
        let area = Rect::from((Position::ORIGIN, self.state.size));
        self.screen.resize(area).wrap_err("the terminal cannot be written to")?;
        self.frames.request();
        Ok(())
    }
}

/// What the terminal sends, through a channel: unlike the stream itself it can be asked without waiting.
fn keyboard() -> mpsc::Receiver<std::io::Result<Terminal>> {
    let (to, from) = mpsc::channel(KEYS);
    tokio::spawn(async move {
        let mut events = EventStream::new();
        while let Some(event) = events.next().await {
            if to.send(event).await.is_err() {
                return;
            }
        }
    });
    from
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
