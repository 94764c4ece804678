//! The loop: signals, keys, answers, news from the cluster, frames. The nearer to the person, the sooner.

mod handover;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use color_eyre::eyre::{Result, WrapErr};
use crossterm::event::{KeyEvent, MouseEventKind};
use ratatui::layout::Position;
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::mpsc;

use crate::cluster::Target;
use crate::cluster::login::Handover;
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::core::keymap::Key;
use crate::console::core::movement::steps;
use crate::console::core::prompt_guard;
use crate::console::core::prompt_guard::{PasteDetector, PromptGuard};
use crate::console::core::runner::{Connect, Runner};
use crate::console::core::saved_view;
use crate::console::core::settings::Settings;
use crate::console::core::state::State;
use crate::console::core::update::update;
use crate::console::core::view;
use crate::domain::output::terminal::is_drawable;
use crate::domain::policy_file::PolicyFile;
use crate::files;
use crate::files::session_store::Memory;
use crate::terminal::clipboard::Multiplexer;
use crate::terminal::frame_scheduler::FrameScheduler;
use crate::terminal::guard;
use crate::terminal::guard::{FrameWriter, TerminalFeatures, WriteProgress};
use crate::terminal::input;
use crate::terminal::input::{InputEvent, InputReader, TerminalReply, TimedInput};
use crate::terminal::pacing::{FramePacer, STATUS_REQUEST};
use crate::terminal::screen::Screen;
use crate::terminal::signals::Signals;

/// As many events of one kind as are taken in before the next frame.
const BURST: usize = 64;
/// Batches from the cluster that may wait.
const CLUSTER_BATCHES: usize = 8;
/// The cursor rests when it has not moved for so long: what it is on is then shown. Bytes to a terminal that is near
/// cost nothing; over a link of which nothing is known, a step is a step and no more.
const REST_NEAR: Duration = Duration::from_millis(60);
const REST_FAR: Duration = Duration::from_millis(200);
/// How long an answer of the terminal is waited for at the end, so that the shell does not get it.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Runs the console until it is left. Returns the number of the signal that ended it, if one did.
///
/// # Errors
/// Where there is no terminal, or it fails.
pub(crate) async fn run(target: Target, settings: Settings) -> Result<Option<i32>> {
    let signals = Signals::new().wrap_err("signals cannot be listened to")?;
    let abilities = TerminalFeatures::detect(&variable("TERM").unwrap_or_default(), settings.mouse);
    let restored = guard::Guard;
    guard::enter(abilities).wrap_err("the terminal cannot be used")?;
    let ended = Loop::new(target, &settings, abilities, signals).wrap_err("the terminal cannot be used")?.run().await;
    drop(restored);
    ended
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

struct Loop {
    state: State,
    abilities: TerminalFeatures,
    screen: Screen,
    frames: FrameScheduler,
    flow: FramePacer,
    seen: PromptGuard,
    fingers: PasteDetector,
    writer: FrameWriter,
    /// What is sent with the next frame: a copy, a title.
    extra: String,
    title: Option<String>,
    /// When the cursor moved, while it has not come to rest.
    moved: Option<Instant>,
    input: InputReader,
    signals: Signals,
    runner: Runner,
    answers: mpsc::UnboundedReceiver<Event>,
    handovers: mpsc::UnboundedReceiver<Handover>,
    to_handovers: mpsc::UnboundedSender<Handover>,
    cluster: mpsc::Receiver<Event>,
    suspend: bool,
    ended: Option<Ended>,
    target: Target,
    policy: Arc<PolicyFile>,
}

enum Ended {
    Quit,
    Signal(i32),
}

impl Loop {
    fn new(
        target: Target,
        settings: &Settings,
        abilities: TerminalFeatures,
        signals: Signals,
    ) -> std::io::Result<Self> {
        let size = guard::size()?;
        let (to_answers, answers) = mpsc::unbounded_channel();
        let (to_cluster, cluster) = mpsc::channel(CLUSTER_BATCHES);
        let clock = Clock { now: Utc::now(), utc: settings.utc };
        let (to_handovers, handovers) = mpsc::unbounded_channel();
        let (target_now, policy) = (target.clone(), settings.policy.clone());
        let connect = Connect { target: target_now, policy, handovers: to_handovers.clone(), login: false };
        let state = State::new(clock, size, settings.theme, target.read_only).with(settings);
        Ok(Self {
            state,
            abilities,
            screen: Screen::new(size, is_drawable),
            frames: FrameScheduler::default(),
            flow: FramePacer::default(),
            seen: PromptGuard::default(),
            fingers: PasteDetector::default(),
            writer: FrameWriter::start(),
            extra: String::new(),
            title: None,
            moved: None,
            input: input::start()?,
            signals,
            runner: Runner::start(connect, to_answers, to_cluster),
            handovers,
            to_handovers,
            policy: settings.policy.clone(),
            answers,
            cluster,
            suspend: false,
            target,
            ended: None,
        })
    }

    async fn run(mut self) -> Result<Option<i32>> {
        self.frames.request();
        loop {
            match self.ended {
                Some(Ended::Quit) => {
                    self.remember();
                    self.last_answer().await;
                    return Ok(None);
                }
                Some(Ended::Signal(number)) => {
                    self.remember();
                    return Ok(Some(number));
                }
                None if self.suspend => self.suspended().await?,
                None => {}
            }
            self.draw();
            self.wait().await?;
        }
    }

    /// How the console looks is how it will look next time.
    fn remember(&self) {
        if let Some(connection) = &self.state.cx.session.connection {
            remember(&connection.context, &saved_view::of(&self.state));
        }
    }

    /// Draws, if something is to be drawn and the terminal shows what was drawn before.
    fn draw(&mut self) {
        let now = Instant::now();
        if !self.flow.is_ready(now) || !self.frames.take_due(now) {
            return;
        }
        let held = self.moved.and_then(|_| self.state.detail_area());
        let state = &self.state;
        let mut bytes = self.screen.render(held, |frame| view::draw(frame, state));
        self.titled();
        bytes += &std::mem::take(&mut self.extra);
        self.seen.drawing(&self.state);
        if bytes.is_empty() {
            return self.seen.drawn(now);
        }
        if self.flow.start_frame(now) {
            bytes += STATUS_REQUEST;
        }
        self.writer.send(bytes);
    }

    /// The window's title names the context, as far as windows have titles.
    fn titled(&mut self) {
        let title = self.state.cx.title();
        if self.abilities.xterm && title != self.title {
            self.extra.extend(title.iter().map(|title| format!("\x1b]2;{title}\x07")));
            self.title = title;
        }
    }

    /// Waits for the next thing to happen, then takes in all that has happened besides.
    async fn wait(&mut self) -> Result<()> {
        let wake = self.wake();
        tokio::select! {
            biased;
            _ = self.signals.hangup.recv() => self.lost(),
            _ = self.signals.terminate.recv() => self.ended = Some(Ended::Signal(Signal::TERM.as_raw())),
            _ = self.signals.interrupt.recv() => self.ended = Some(Ended::Signal(Signal::INT.as_raw())),
            _ = self.signals.stop.recv() => self.suspend = true,
            _ = self.signals.resize.recv() => self.resized(),
            Some(progress) = self.writer.progress.recv() => self.progressed(&progress),
            arrival = self.input.events.recv() => self.arrived(arrival),
            Some(handover) = self.handovers.recv() => self.hand_over(handover).await?,
            Some(event) = self.answers.recv() => self.take(event),
            () = std::future::ready(()), if self.state.cx.requests.is_working() => self.take(Event::Work),
            Some(event) = self.cluster.recv() => self.take(event),
            () = sleep_until(wake) => self.woken(),
        }
        for _ in 0..BURST {
            let Ok(arrival) = self.input.events.try_recv() else { break };
            self.arrived(Some(arrival));
        }
        while let Ok(event) = self.answers.try_recv() {
            self.take(event);
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
        let frame = if self.flow.is_ready(now) { self.frames.next_frame_at(now) } else { self.flow.expires_at() };
        let rest = self.rests_at();
        frame.into_iter().chain(change).chain(rest).min()
    }

    /// When the cursor that moved will have come to rest.
    fn rests_at(&self) -> Option<Instant> {
        let rest = if self.flow.is_local() { REST_NEAR } else { REST_FAR };
        self.moved.map(|moved| moved + rest)
    }

    fn woken(&mut self) {
        if self.rests_at().is_some_and(|rest| Instant::now() >= rest) {
            self.moved = None;
            self.frames.request();
        }
        if self.flow.expire_request(Instant::now()) {
            self.seen.drawn(Instant::now());
        }
        self.take(Event::Clock);
    }

    fn progressed(&mut self, progress: &WriteProgress) {
        match progress {
            // A terminal that answers tells by itself when it shows the frame.
            WriteProgress::Started(at) if !self.flow.is_awaiting_reply() => self.seen.drawn(*at),
            WriteProgress::Started(_) => {}
            WriteProgress::Finished(Ok(())) => self.flow.finish_frame(),
            WriteProgress::Finished(Err(_)) => self.lost(),
        }
    }

    /// The terminal is gone, with or without a signal.
    fn lost(&mut self) {
        guard::on_hangup();
        self.ended = Some(Ended::Signal(Signal::HUP.as_raw()));
    }

    fn arrived(&mut self, arrival: Option<TimedInput>) {
        let Some((typed, Ok(input))) = arrival else { return self.lost() };
        if matches!(input, InputEvent::Key(_) | InputEvent::Paste(_) | InputEvent::Mouse(_)) {
            self.frames.expect_urgent();
        }
        // What was reported before a key was typed is handled first.
        while let Ok(progress) = self.writer.progress.try_recv() {
            self.progressed(&progress);
        }
        match input {
            InputEvent::Key(key) => {
                for key in prompt_guard::keys(&self.state, key) {
                    self.key(typed, key);
                }
            }
            InputEvent::Paste(text) => self.take(Event::Paste(text)),
            InputEvent::Mouse(mouse) => {
                let at = Position { x: mouse.column, y: mouse.row };
                match mouse.kind {
                    MouseEventKind::ScrollDown => self.take(Event::Wheel(true)),
                    MouseEventKind::ScrollUp => self.take(Event::Wheel(false)),
                    MouseEventKind::Down(_) => self.take(Event::Click(at)),
                    _ => {}
                }
            }
            InputEvent::Focus(focused) => self.frames.set_focused(focused),
            InputEvent::Reply(TerminalReply::Ready) => {
                // The first answer is to a question that came before all frames.
                if self.flow.is_awaiting_reply() {
                    self.seen.drawn(typed);
                }
                self.flow.record_reply(typed);
            }
            InputEvent::Reply(TerminalReply::Mode { number: 2026, is_supported }) => {
                self.screen.synchronized = is_supported;
            }
            InputEvent::Reply(TerminalReply::Mode { .. }) => {}
        }
    }

    fn key(&mut self, typed: Instant, key: KeyEvent) {
        let action = self.state.cx.keymap.lookup(&self.state.places(), Key::of(key));
        if self.fingers.pressed(&self.state, action, key, typed) {
            // As a terminal that reports pastes would have reported it.
            return self.take(Event::Paste(String::new()));
        }
        if self.seen.admits(&self.state, action, key, typed) {
            let moves = action.is_some_and(|action| steps(action, 1).is_some());
            self.moved = moves.then_some(typed);
            self.take(Event::Key(key));
        }
    }

    fn resized(&mut self) {
        if let Ok(size) = guard::size()
            && size != self.state.cx.size
        {
            self.screen.resize(size);
            self.take(Event::Resized(size));
        }
    }

    fn take(&mut self, event: Event) {
        // A wake-up for a frame alone changes nothing; only a clock that moved on does.
        let only_clock = matches!(event, Event::Clock);
        if only_clock && self.state.next_change().is_none_or(|at| at > Utc::now()) {
            return;
        }
        let working = matches!(event, Event::Work);
        self.apply(event);
        // The last slice is the answer to a key; those before it show nothing new.
        match (working, self.state.cx.requests.is_working()) {
            (true, true) => {}
            (true, false) => self.frames.request_urgently(),
            (false, _) => self.frames.request(),
        }
    }

    fn apply(&mut self, event: Event) {
        for effect in update(&mut self.state, event, Utc::now()) {
            match effect {
                Effect::Quit => self.ended = Some(Ended::Quit),
                Effect::Redraw => self.screen.invalidate(),
                Effect::Suspend => self.suspend = true,
                Effect::Copy(text) => self.extra += &Multiplexer::detect(variable).copy_sequence(text.as_str()),
                Effect::Remember(context, memory) => remember(&context, &memory),
                Effect::Connect { context, login } => self.connect(context, login),
                other => self.runner.carry_out(other),
            }
        }
    }

    /// Talks to another cluster from now on. The channels are new, so that no answer of the old one arrives late; its
    /// tasks end when they find the old ones closed.
    fn connect(&mut self, context: Option<String>, login: bool) {
        self.target.context = context.or_else(|| self.target.context.take());
        let (to_answers, answers) = mpsc::unbounded_channel();
        let (to_cluster, cluster) = mpsc::channel(CLUSTER_BATCHES);
        let (target, policy) = (self.target.clone(), self.policy.clone());
        let connect = Connect { target, policy, handovers: self.to_handovers.clone(), login };
        self.runner = Runner::start(connect, to_answers, to_cluster);
        (self.answers, self.cluster) = (answers, cluster);
    }

    /// Gives the terminal to the shell until `fg`, then takes it again.
    async fn suspended(&mut self) -> Result<()> {
        self.suspend = false;
        self.last_answer().await;
        guard::restore();
        kill_process(getpid(), Signal::STOP).wrap_err("cannot suspend")?;
        self.retake()
    }

    /// Takes the terminal again, and draws everything again.
    fn retake(&mut self) -> Result<()> {
        guard::enter(self.abilities).wrap_err("the terminal cannot be used")?;
        (self.flow, self.title) = (FramePacer::default(), None);
        self.state.cx.size = guard::size().wrap_err("the terminal cannot be used")?;
        self.screen.resize(self.state.cx.size);
        self.frames.request();
        Ok(())
    }

    /// Waits for the terminal's answer that is on its way. What is typed in the meantime is for no one.
    async fn last_answer(&mut self) {
        let answer = async {
            while self.flow.is_awaiting_reply() {
                match self.input.events.recv().await {
                    Some((at, Ok(InputEvent::Reply(TerminalReply::Ready)))) => self.flow.record_reply(at),
                    Some((_, Ok(_))) => {}
                    _ => return,
                }
            }
        };
        // A terminal that answers later than that is not waited for.
        let _ = tokio::time::timeout(LAST_ANSWER, answer).await;
    }
}

fn remember(context: &str, memory: &Memory) {
    if let Err(error) = files::session_store::save(context, memory) {
        tracing::warn!("what the console looks like is not remembered: {error}");
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
