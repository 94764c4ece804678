//! The pane's questions: a text to type, a yes or no, and how the write went.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::dialog_event::DialogEvent;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::phase::{FORM_STEPS, Phase, hint};
use crate::console::dialogs::view::{framed, inner};
use crate::console::panes::kubeconfig::{
    ChangeOutcome, Consent, KubeconfigChange, KubeconfigTask, LoadedKubeconfigs, ask_view,
};
use crate::console::widgets::form::Form;
use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;
use crate::domain::validity;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// A question, or a write under way.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// Its heading, not yet made printable.
    pub title: String,
    /// What to know before the answer, not yet made printable.
    pub lines: Vec<String>,
    /// First line shown.
    pub scroll: usize,
    /// What is asked.
    pub what: PromptKind,
    /// The text, where one is typed.
    pub form: Form<()>,
    /// What has been agreed to.
    pub consent: Consent,
    /// How far it is.
    pub phase: Phase,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PromptKind {
    /// A new name for a context.
    Rename(String),
    /// A namespace for a context.
    Namespace(String),
    /// A file to import.
    Import,
    /// A file for a context.
    Extract(String),
    /// Whether this is meant.
    Sure(KubeconfigChange),
}

impl Prompt {
    fn new(title: impl Into<String>, what: PromptKind) -> Self {
        Self {
            title: title.into(),
            lines: Vec::new(),
            scroll: 0,
            what,
            form: Form::default(),
            consent: Consent::default(),
            phase: Phase::Asking,
        }
    }

    /// One that asks for a text.
    pub(crate) fn text_field(what: PromptKind, title: String, label: &'static str, value: &str) -> Self {
        Self { form: Form::default().text((), label, value), ..Self::new(title, what) }
    }

    /// Whether a text is typed.
    pub(crate) const fn types(&self) -> bool {
        !matches!(self.what, PromptKind::Sure(_))
    }

    /// What is to be written once the text is there; `None` while it is not.
    fn change(&self) -> Option<KubeconfigChange> {
        let text = self.form.value(()).trim().to_owned();
        Some(match &self.what {
            PromptKind::Sure(change) => change.clone(),
            PromptKind::Namespace(context) => {
                KubeconfigChange::Edit(Edit::Namespace { context: context.clone(), namespace: text })
            }
            _ if text.is_empty() => return None,
            PromptKind::Rename(old) => KubeconfigChange::Edit(Edit::Rename { old: old.clone(), new: text }),
            PromptKind::Extract(context) => {
                KubeconfigChange::Extract { context: context.clone(), path: PathBuf::from(text), overwrite: false }
            }
            PromptKind::Import => KubeconfigChange::Import(PathBuf::from(text)),
        })
    }
}

impl Dialog for Prompt {
    fn contexts(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Sent(_) => vec![KeyContext::Always],
            Phase::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
            Phase::Asking if self.types() => vec![KeyContext::Form, KeyContext::Always],
            Phase::Asking if !self.lines.is_empty() => {
                vec![KeyContext::Confirm, KeyContext::Reader, KeyContext::Always]
            }
            Phase::Asking => vec![KeyContext::Confirm, KeyContext::Always],
        }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx)
    }

    fn result(&mut self, event: DialogEvent, cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        match event {
            DialogEvent::Planned(id, plan) if self.phase == Phase::Sent(id) => {
                planned(self, plan);
                Ok(Vec::new())
            }
            DialogEvent::Changed(id, outcome) if self.phase == Phase::Sent(id) => Ok(changed(self, outcome, cx)),
            other => Err(other),
        }
    }

    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.types() { self.form.paste(text) } else { Ok(()) }
    }

    fn is_possible(&self, action: Action) -> bool {
        if matches!(action, Action::Search | Action::Copy) {
            return false;
        }
        // A question is closed by its no.
        if self.phase == Phase::Asking && !self.types() {
            return !matches!(action, Action::Back | Action::NextField);
        }
        !FORM_STEPS.contains(&action) && action != Action::NextField
    }

    fn question(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        (self.phase == Phase::Asking, self.types(), &self.lines).hash(&mut hash);
        hash.finish()
    }

    fn fits(&self, body: Rect, cx: &Ctx) -> bool {
        ask_view::fits(inner(body), cx, self)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        let inner = framed(frame, area, cx, &self.title);
        ask_view::draw(frame, inner, cx, self);
    }
}

/// Asks for a text.
pub(crate) fn type_in(cx: &mut Ctx, what: PromptKind, title: String, label: &'static str, value: &str) {
    cx.open(Prompt::text_field(what, title, label, value));
}

/// Asks whether something is meant.
pub(crate) fn confirm(cx: &mut Ctx, change: KubeconfigChange, title: String, lines: Vec<String>) {
    let mut ask = Prompt::new(title, PromptKind::Sure(change));
    ask.lines = lines;
    cx.open(ask);
}

/// Writes something that destroys nothing, without a question; what comes in its way is asked about then.
pub(crate) fn write(cx: &mut Ctx, change: KubeconfigChange, title: String) -> Vec<Effect> {
    let id = cx.next_effect();
    // Where nothing is seen, nothing is written.
    let permit = if cx.question_fits { permitted(cx, &change) } else { Err(()) };
    let Ok(permit) = permit else { return Vec::new() };
    let mut ask = Prompt::new(title, PromptKind::Sure(change.clone()));
    ask.phase = Phase::Sent(id);
    cx.open(ask);
    vec![Effect::Kubeconfig(KubeconfigTask::Change(id, change, Consent::default(), permit))]
}

/// The permit that a change needs, if it needs one.
///
/// # Errors
/// It needs one and there is none; the reason has been shown.
fn permitted(cx: &mut Ctx, change: &KubeconfigChange) -> Result<Option<WritePermit>, ()> {
    if !change.needs_permit() {
        return Ok(None);
    }
    let permit = cx.session.permit();
    permit.map(Some).map_err(|refusal| cx.notify(false, printable(&refusal.to_string()).into_owned()))
}

/// A key while the question is open.
fn on_key(ask: &mut Prompt, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    let height = usize::from(cx.body().height).saturating_sub(6);
    match (&ask.phase, action) {
        (Phase::Sent(_), _) => {}
        (_, Some(Action::Back | Action::No)) => cx.close(),
        (Phase::Asking, Some(Action::Enter)) if !ask.types() => hint(cx, KeyContext::Confirm),
        (Phase::Asking, Some(Action::Yes | Action::Enter)) => return answer(ask, cx),
        (Phase::Asking, action) if ask.types() => match action {
            Some(Action::NextChoice | Action::PreviousChoice) => ask.form.turn(action == Some(Action::NextChoice)),
            Some(_) => {}
            None => {
                ask.form.key(key);
            }
        },
        (_, Some(action)) => {
            if let Some(steps) = steps(action, height) {
                let last = ask.lines.len().saturating_sub(1);
                ask.scroll = ask.scroll.saturating_add_signed(steps).min(last);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Yes, or the text is complete.
fn answer(ask: &mut Prompt, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    if !cx.question_fits {
        return Vec::new();
    }
    let (Some(change), plans, consent) = (ask.change(), ask.what == PromptKind::Import, ask.consent) else {
        return Vec::new();
    };
    let task = match change {
        KubeconfigChange::Import(path) if plans => KubeconfigTask::Plan(id, path),
        change => match permitted(cx, &change) {
            Ok(permit) => KubeconfigTask::Change(id, change, consent, permit),
            Err(()) => return Vec::new(),
        },
    };
    ask.phase = Phase::Sent(id);
    vec![Effect::Kubeconfig(task)]
}

/// What importing would do is known.
fn planned(ask: &mut Prompt, plan: Result<Vec<String>, UserError>) {
    match (plan, ask.change()) {
        (Ok(lines), Some(change)) => {
            ask.lines = lines;
            ask.what = PromptKind::Sure(change);
            ask.phase = Phase::Asking;
        }
        (Err(trouble), _) => ask.phase = Phase::Failed(trouble),
        (Ok(_), None) => ask.phase = Phase::Asking,
    }
}

/// A write ended.
fn changed(ask: &mut Prompt, outcome: ChangeOutcome, cx: &mut Ctx) -> Vec<Effect> {
    let kubectl = cx.kubeconfigs.loaded.as_ref().map(LoadedKubeconfigs::kubectl).unwrap_or_default();
    let Some(change) = ask.change() else { return Vec::new() };
    let result = match outcome {
        ChangeOutcome::Done(notes, written) => Ok((notes, written)),
        ChangeOutcome::Failed(trouble) => Err(trouble),
        ChangeOutcome::Comments(path) => {
            let text = format!("{} has comments, which writing it loses.", path.display());
            let lines = vec![text, "The backup beside it keeps them. Write it all the same?".to_owned()];
            ask_again(ask, change, ConsentReason::LosesComments, lines);
            return Vec::new();
        }
        ChangeOutcome::Locked(lock, age) => {
            let age = age.map_or(String::new(), |age| {
                format!(", {} old", validity::age(i64::try_from(age).unwrap_or(i64::MAX)))
            });
            let lines = vec![
                format!("Another program is writing, or was killed while it did: {} is there{age}.", lock.display()),
                "Remove that lock and write? Only if no kubectl or other program is at work.".to_owned(),
            ];
            ask_again(ask, change, ConsentReason::Locked, lines);
            return Vec::new();
        }
        ChangeOutcome::Exists => {
            let text = "There is a file of that name. Replace it?".to_owned();
            ask_again(ask, change, ConsentReason::FileExists, vec![text]);
            return Vec::new();
        }
    };
    let outcome = match &result {
        Ok((_, written)) if written.is_empty() => Ok("it was so already".to_owned()),
        Ok((_, written)) => Ok(written.join("; ")),
        Err(trouble) => Err(trouble.message.clone()),
    };
    let (what, object, command) = (change.word(), change.object(), change.command(&kubectl));
    match result {
        Ok((notes, _)) => {
            done(&change, &notes, outcome.as_deref().unwrap_or_default(), cx);
            if let KubeconfigChange::Trust { context, then } = &change {
                cx.send(Message::Trusted(context.clone(), *then));
            }
        }
        Err(trouble) => ask.phase = Phase::Failed(trouble),
    }
    cx.record(WriteRecord { what, object, outcome, command });
    vec![Effect::Kubeconfig(KubeconfigTask::Read)]
}

/// Why a write is asked about once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConsentReason {
    /// Another program holds the lock, or was killed while it did.
    Locked,
    LosesComments,
    FileExists,
}

/// Asks whether to write in spite of `reason`. What was agreed to before stays agreed to, but for a lock: another one may
/// be there by then.
fn ask_again(ask: &mut Prompt, change: KubeconfigChange, reason: ConsentReason, lines: Vec<String>) {
    let comments = ask.consent.comments || reason == ConsentReason::LosesComments;
    ask.consent = Consent { comments, lock: reason == ConsentReason::Locked };
    ask.what = PromptKind::Sure(match (reason, change) {
        (ConsentReason::FileExists, KubeconfigChange::Extract { context, path, .. }) => {
            KubeconfigChange::Extract { context, path, overwrite: true }
        }
        (_, other) => other,
    });
    ask.lines = lines;
    ask.scroll = 0;
    ask.phase = Phase::Asking;
}

fn done(change: &KubeconfigChange, notes: &[String], written: &str, cx: &mut Ctx) {
    cx.close();
    // The console's own context may have another name now.
    if let (KubeconfigChange::Edit(Edit::Rename { old, new }), Some(connection)) = (change, &mut cx.session.connection)
        && connection.context == *old
    {
        connection.context.clone_from(new);
    }
    let mut text = format!("{}: {written}", change.word());
    if let (KubeconfigChange::Edit(_), Some(note)) = (change, notes.first()) {
        text = format!("{}: {note}", change.word());
    }
    cx.notify(true, printable(&text));
}
