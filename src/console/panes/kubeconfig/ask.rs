//! The pane's questions: a text to type, a yes or no, and how the write went.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use crossterm::event::KeyEvent;

use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view::question_fits;
use crate::console::dialogs::{Overlay, Phase, hint};
use crate::console::panes::kubeconfig::{ChangeOutcome, Consent, KubeconfigChange, KubeconfigTask, update};
use crate::console::panes::requests::update::steps;
use crate::console::widgets::form::Form;
use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;
use crate::domain::validity;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// A question, or a write under way.
#[derive(Debug)]
pub struct Prompt {
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
pub enum PromptKind {
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

    /// Whether a text is typed.
    pub(crate) const fn types(&self) -> bool {
        !matches!(self.what, PromptKind::Sure(_))
    }

    /// A number for what a yes would mean: another one whenever that changes.
    pub(crate) fn question(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        (self.phase == Phase::Asking, self.types(), &self.lines).hash(&mut hash);
        hash.finish()
    }

    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
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

/// Asks for a text.
pub(crate) fn type_in(state: &mut State, what: PromptKind, title: String, label: &'static str, value: &str) {
    let mut ask = Prompt::new(title, what);
    ask.form = Form::default().text((), label, value);
    state.overlays.push(Overlay::Kubeconfig(Box::new(ask)));
}

/// Asks whether something is meant.
pub(crate) fn confirm(state: &mut State, change: KubeconfigChange, title: String, lines: Vec<String>) {
    let mut ask = Prompt::new(title, PromptKind::Sure(change));
    ask.lines = lines;
    state.overlays.push(Overlay::Kubeconfig(Box::new(ask)));
}

/// Writes something that destroys nothing, unasked; what comes in its way is asked about then.
pub(crate) fn write(state: &mut State, change: KubeconfigChange, title: String) -> Vec<Effect> {
    let id = state.next_effect();
    // Where nothing is seen, nothing is written.
    let permit = if question_fits(state) { permitted(state, &change) } else { Err(()) };
    let Ok(permit) = permit else { return Vec::new() };
    let mut ask = Prompt::new(title, PromptKind::Sure(change.clone()));
    ask.phase = Phase::Sent(id);
    state.overlays.push(Overlay::Kubeconfig(Box::new(ask)));
    vec![Effect::Kubeconfig(KubeconfigTask::Change(id, change, Consent::default(), permit))]
}

/// The permit that a change needs, if it needs one.
///
/// # Errors
/// It needs one and there is none; the reason has been shown.
fn permitted(state: &mut State, change: &KubeconfigChange) -> Result<Option<WritePermit>, ()> {
    if !change.needs_permit() {
        return Ok(None);
    }
    let permit = state.cx.session.permit();
    permit.map(Some).map_err(|refusal| state.notify(false, printable(&refusal.to_string()).into_owned()))
}

/// A key while the question is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let height = usize::from(state.body().height).saturating_sub(6);
    let Some(Overlay::Kubeconfig(ask)) = state.overlays.last_mut() else { return Vec::new() };
    match (&ask.phase, action) {
        (Phase::Sent(_), _) => {}
        (_, Some(Action::Back | Action::No)) => {
            state.overlays.pop();
        }
        (Phase::Asking, Some(Action::Enter)) if !ask.types() => hint(state, KeyContext::Confirm),
        (Phase::Asking, Some(Action::Yes | Action::Enter)) => return answer(state),
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

/// Yes, or the text is there.
fn answer(state: &mut State) -> Vec<Effect> {
    let id = state.next_effect();
    if !question_fits(state) {
        return Vec::new();
    }
    let Some(Overlay::Kubeconfig(ask)) = state.overlays.last() else { return Vec::new() };
    let (Some(change), plans, consent) = (ask.change(), ask.what == PromptKind::Import, ask.consent) else {
        return Vec::new();
    };
    let task = match change {
        KubeconfigChange::Import(path) if plans => KubeconfigTask::Plan(id, path),
        change => match permitted(state, &change) {
            Ok(permit) => KubeconfigTask::Change(id, change, consent, permit),
            Err(()) => return Vec::new(),
        },
    };
    if let Some(Overlay::Kubeconfig(ask)) = state.overlays.last_mut() {
        ask.phase = Phase::Sent(id);
    }
    vec![Effect::Kubeconfig(task)]
}

/// What importing would do is known.
pub(crate) fn planned(state: &mut State, id: EffectId, plan: Result<Vec<String>, UserError>) -> Vec<Effect> {
    let Some(ask) = sent(state, id) else { return Vec::new() };
    match (plan, ask.change()) {
        (Ok(lines), Some(change)) => {
            ask.lines = lines;
            ask.what = PromptKind::Sure(change);
            ask.phase = Phase::Asking;
        }
        (Err(trouble), _) => ask.phase = Phase::Failed(trouble),
        (Ok(_), None) => ask.phase = Phase::Asking,
    }
    Vec::new()
}

fn sent(state: &mut State, id: EffectId) -> Option<&mut Prompt> {
    state.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Kubeconfig(ask) if ask.phase == Phase::Sent(id) => Some(ask.as_mut()),
        _ => None,
    })
}

/// A write ended.
pub(crate) fn changed(state: &mut State, id: EffectId, outcome: ChangeOutcome) -> Vec<Effect> {
    let kubectl = state
        .cx
        .kubeconfigs
        .loaded
        .as_ref()
        .map(crate::console::panes::kubeconfig::LoadedKubeconfigs::kubectl)
        .unwrap_or_default();
    let Some(ask) = sent(state, id) else { return Vec::new() };
    let Some(change) = ask.change() else { return Vec::new() };
    let result = match outcome {
        ChangeOutcome::Done(notes, written) => Ok((notes, written)),
        ChangeOutcome::Failed(trouble) => Err(trouble),
        ChangeOutcome::Comments(path) => {
            let text = format!("{} has comments, which writing it loses.", path.display());
            return ask_again(
                ask,
                change,
                vec![text, "The backup beside it keeps them. Write it all the same?".to_owned()],
            );
        }
        ChangeOutcome::Locked(lock, age) => {
            let age = age.map_or(String::new(), |age| {
                format!(", {} old", validity::age(i64::try_from(age).unwrap_or(i64::MAX)))
            });
            let lines = vec![
                format!("Another program is writing, or was killed while it did: {} is there{age}.", lock.display()),
                "Remove that lock and write? Only if no kubectl or other program is at work.".to_owned(),
            ];
            return ask_again(ask, change, lines);
        }
        ChangeOutcome::Exists => {
            let text = "There is a file of that name. Replace it?".to_owned();
            return ask_again(ask, change, vec![text]);
        }
    };
    let outcome = match &result {
        Ok((_, written)) if written.is_empty() => Ok("it was so already".to_owned()),
        Ok((_, written)) => Ok(written.join("; ")),
        Err(trouble) => Err(trouble.message.clone()),
    };
    let (what, object, command) = (change.word(), change.object(), change.command(&kubectl));
    let mut effects = vec![Effect::Kubeconfig(KubeconfigTask::Read)];
    match result {
        Ok((notes, _)) => {
            done(state, id, &change, &notes, outcome.as_deref().unwrap_or_default());
            if let KubeconfigChange::Trust { context, then } = &change {
                effects.extend(update::trusted(state, context, *then));
            }
        }
        Err(trouble) => ask.phase = Phase::Failed(trouble),
    }
    state.activity.add(state.cx.clock.now, WriteRecord { what, object, outcome, command });
    effects
}

fn ask_again(ask: &mut Prompt, change: KubeconfigChange, lines: Vec<String>) -> Vec<Effect> {
    let is_lock = lines.iter().any(|line| line.starts_with("Remove that lock"));
    ask.consent = Consent { comments: ask.consent.comments || !is_lock, lock: is_lock };
    ask.what = PromptKind::Sure(match change {
        KubeconfigChange::Extract { context, path, .. } => KubeconfigChange::Extract { context, path, overwrite: true },
        other => other,
    });
    ask.lines = lines;
    ask.scroll = 0;
    ask.phase = Phase::Asking;
    Vec::new()
}

fn done(state: &mut State, id: EffectId, change: &KubeconfigChange, notes: &[String], written: &str) {
    let is_it = |overlay: &Overlay| matches!(overlay, Overlay::Kubeconfig(ask) if ask.phase == Phase::Sent(id));
    state.overlays.retain(|overlay| !is_it(overlay));
    // The console's own context may have another name now.
    if let (KubeconfigChange::Edit(Edit::Rename { old, new }), Some(connection)) =
        (change, &mut state.cx.session.connection)
        && connection.context == *old
    {
        connection.context.clone_from(new);
    }
    let mut text = format!("{}: {written}", change.word());
    if let (KubeconfigChange::Edit(_), Some(note)) = (change, notes.first()) {
        text = format!("{}: {note}", change.word());
    }
    state.notify(true, printable(&text));
}
