//! Approve or deny one request: what it would hand out, a reason, a message, and a safe yes.

use std::hash::{DefaultHasher, Hash, Hasher};

use crossterm::event::KeyEvent;

use crate::cluster::{Decision, Verb};
use crate::config::Confirm;
use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view;
use crate::console::dialogs::{Overlay, Phase, hint};
use crate::console::panes::requests::Loaded;
use crate::console::widgets::form::Form;
use crate::domain::commands;
use crate::domain::gate::{self, Candidate, Clearance, Confirmation, Refusal, Scope, WritePermit};
use crate::domain::interner::Uid;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::domain::verdict::{Level, Verdict};
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// A decision being made.
#[derive(Debug)]
pub struct Decide {
    /// Approve or deny.
    pub verb: Verb,
    /// The request's name and uid, as the row had them.
    pub name: String,
    /// The object that is meant.
    pub uid: Uid,
    /// What the admin sees and decides about; `None` while it is being read.
    pub seen: Option<(Request, Verdict)>,
    /// Reason, message, and for a dangerous request its name.
    pub form: Form<DecideField>,
    /// Whether a field has the keyboard (else `y` and `n` have).
    pub editing: bool,
    /// A remark about the last key.
    pub note: Option<Note>,
    /// How far it is.
    pub phase: Phase,
}

/// A remark about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The name typed is not the request's.
    Mistyped,
    /// A name that confirms was pasted.
    Pasted,
}

/// The fields of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecideField {
    /// The request's name, typed to approve a dangerous one.
    Name,
    /// One word for machines.
    Reason,
    /// A sentence for people.
    Message,
}

impl Decide {
    /// Whether the name must be typed: approving something dangerous.
    pub(crate) fn is_dangerous(&self) -> bool {
        let level = self.seen.as_ref().map(|(_, verdict)| verdict.level());
        self.verb == Verb::Approve && level == Some(Level::Danger)
    }

    /// Whether it asks before it decides. What has not been read in full is always asked about, and so is, whatever the
    /// user wants, what is dangerous.
    fn asks(&self, wanted: Confirm) -> bool {
        let Some((_, verdict)) = &self.seen else { return true };
        self.is_dangerous()
            || match wanted {
                Confirm::Always => true,
                Confirm::Danger => self.verb == Verb::Approve && verdict.level() >= Level::Warning,
                Confirm::Never => false,
            }
    }

    /// Whether a field is on the screen.
    pub(crate) fn shows(&self, field: DecideField) -> bool {
        field != DecideField::Name || self.is_dangerous()
    }

    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Asking if self.editing => vec![KeyContext::Form, KeyContext::Always],
            Phase::Asking => vec![KeyContext::Confirm, KeyContext::Always],
            Phase::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
            Phase::Sent(_) => vec![KeyContext::Always],
        }
    }

    fn see(&mut self, request: Request, verdict: Verdict) {
        self.seen = Some((request, verdict));
        if self.is_dangerous() {
            self.form.focus(DecideField::Name);
            self.editing = true;
        }
    }

    /// What has been typed of the name that confirms, while its field has the keyboard.
    pub(crate) fn confirming_name(&self) -> Option<&str> {
        let typing = self.phase == Phase::Asking && self.editing && self.form.focused() == Some(DecideField::Name);
        typing.then(|| self.form.value(DecideField::Name))
    }

    /// Text pasted into the field that has the keyboard. A name that confirms is typed.
    pub(crate) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.confirming_name().is_some() {
            self.form.clear(DecideField::Name);
            self.note = Some(Note::Pasted);
            Ok(())
        } else {
            self.form.paste(text)
        }
    }

    /// What a yes depends on: the version and every finding.
    pub(crate) fn question(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        (self.phase == Phase::Asking).hash(&mut hash);
        if let Some((request, verdict)) = &self.seen {
            (&request.pin.uid, &request.pin.resource_version).hash(&mut hash);
            for finding in &verdict.findings {
                (finding.rule, finding.level, &finding.text).hash(&mut hash);
            }
        }
        hash.finish()
    }

    /// Asks the gate. `shown` says whether identity and verdict are on the screen in full.
    fn cleared(
        &self,
        permit: WritePermit,
        policy: &PolicyFile,
        is_current: bool,
        shown: bool,
    ) -> Option<Result<Clearance, Refusal>> {
        let (request, verdict) = self.seen.as_ref()?;
        let typed = self.form.value(DecideField::Name).trim();
        let confirmation =
            if self.is_dangerous() { Confirmation::typed(shown, typed) } else { Confirmation::key(shown) };
        let name = printable(&self.name);
        let candidate = Candidate {
            pin: &request.pin,
            is_current,
            name: &name,
            signer: &request.signer_name,
            level: verdict.level(),
            shown: verdict.level(),
        };
        Some(match self.verb {
            Verb::Approve => gate::approve(permit, &candidate, policy, Scope::Single, &confirmation),
            Verb::Deny => gate::deny(permit, &request.pin, is_current, &confirmation),
        })
    }
}

/// Who we are is known now: an open question's message says so.
pub(crate) fn identified(overlays: &mut [Overlay], who: &str) {
    for overlay in overlays {
        match overlay {
            Overlay::Decide(decide) => {
                decide.form.suggest(DecideField::Message, &decide.verb.default_message(Some(who)));
            }
            Overlay::Bulk(bulk) => crate::console::dialogs::bulk::update::identified(bulk, who),
            _ => {}
        }
    }
}

/// Opens the question about `row`; where the user wants none for such a request, it is answered at once.
pub(crate) fn open(state: &mut State, row: &Row, approve: bool) -> Vec<Effect> {
    let verb = if approve { Verb::Approve } else { Verb::Deny };
    let form = Form::default()
        .text(DecideField::Name, "Its name", "")
        .text(DecideField::Reason, "Reason", verb.default_reason())
        .text(DecideField::Message, "Message", verb.default_message(state.username()));
    let mut decide = Decide {
        verb,
        name: row.name.to_string(),
        uid: row.uid.clone(),
        seen: None,
        form,
        editing: false,
        note: None,
        phase: Phase::Asking,
    };
    decide.form.focus(DecideField::Reason);
    if let Some(loaded) = state.requests.current() {
        decide.see(loaded.request.clone(), loaded.verdict.clone());
    }
    let asks = decide.asks(state.confirm);
    // An earlier notice is about something else.
    state.notice = None;
    state.overlays.push(Overlay::Decide(Box::new(decide)));
    // What does not fit on the screen is never decided unasked.
    if asks || !view::question_fits(state) { Vec::new() } else { answer(state) }
}

/// A request was read in full: an open question that waited for it can now be answered.
pub(crate) fn read(overlays: &mut [Overlay], loaded: &Loaded) {
    if let Some(Overlay::Decide(decide)) = overlays.last_mut()
        && decide.seen.is_none()
        && decide.uid == Uid::of(&loaded.request.pin.uid)
    {
        decide.see(loaded.request.clone(), loaded.verdict.clone());
    }
}

/// The request was judged again while the question is open: what is seen is what holds now. A danger that comes to light
/// asks for the name.
pub(crate) fn judged(overlays: &mut [Overlay], loaded: &Loaded) {
    if let Some(Overlay::Decide(decide)) = overlays.last_mut()
        && let Some((request, verdict)) = &decide.seen
        && request.pin == loaded.request.pin
        && *verdict != loaded.verdict
    {
        decide.see(loaded.request.clone(), loaded.verdict.clone());
    }
}

/// A key while the question is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let Some(Overlay::Decide(decide)) = state.overlays.last_mut() else { return Vec::new() };
    match (&decide.phase, action) {
        (Phase::Failed(_), Some(Action::Back)) => close(state),
        (Phase::Sent(_) | Phase::Failed(_), _) => Vec::new(),
        (Phase::Asking, Some(Action::No | Action::Back)) if !decide.editing || decide.is_dangerous() => close(state),
        (Phase::Asking, Some(Action::Back)) => {
            decide.editing = false;
            Vec::new()
        }
        (Phase::Asking, Some(Action::Enter)) if !decide.editing => {
            hint(state, KeyContext::Confirm);
            Vec::new()
        }
        (Phase::Asking, Some(Action::Yes | Action::Enter)) => answer(state),
        (Phase::Asking, Some(Action::NextField | Action::PreviousField)) => {
            walk(decide, action == Some(Action::NextField));
            Vec::new()
        }
        (Phase::Asking, Some(Action::NextChoice | Action::PreviousChoice)) if decide.editing => {
            decide.form.turn(action == Some(Action::NextChoice));
            Vec::new()
        }
        (Phase::Asking, _) => {
            if decide.editing && decide.form.key(key) {
                decide.note = None;
            }
            Vec::new()
        }
    }
}

/// Tab goes through the fields and, where no name has to be typed, back to yes and no.
fn walk(decide: &mut Decide, forward: bool) {
    let dangerous = decide.is_dangerous();
    let shows = |field| field != DecideField::Name || dangerous;
    let leaving = forward && decide.form.at_last(shows);
    if !decide.editing {
        decide.editing = true;
        decide.form.focus(if forward { DecideField::Reason } else { DecideField::Message });
    } else if leaving && !dangerous {
        decide.editing = false;
    } else {
        decide.form.move_focus(forward, shows);
    }
}

/// Yes. In a field of a harmless decision Enter only leaves the field; a dangerous one wants its name first.
fn answer(state: &mut State) -> Vec<Effect> {
    let id = state.next_effect();
    let (permit, shown) = (state.session.permit(), view::question_fits(state));
    let State { overlays, requests, .. } = state;
    let Some(Overlay::Decide(decide)) = overlays.last_mut() else { return Vec::new() };
    if decide.editing && !decide.is_dangerous() {
        decide.editing = false;
        return Vec::new();
    }
    let is_current =
        decide.seen.as_ref().zip(requests.index.get(&decide.uid)).is_some_and(|((seen, _), row)| row.is(&seen.pin));
    let cleared = permit.map_or_else(
        |refusal| Some(Err(refusal)),
        |permit| decide.cleared(permit, &requests.judging.known.policy, is_current, shown),
    );
    match cleared {
        Some(Ok(clearance)) => {
            let decision = Decision {
                reason: decide.form.value(DecideField::Reason).trim().to_owned(),
                message: decide.form.value(DecideField::Message).trim().to_owned(),
            };
            decide.phase = Phase::Sent(id);
            vec![Effect::Decide(id, clearance, decision)]
        }
        Some(Err(Refusal::Dangerous { .. })) => {
            decide.note = Some(Note::Mistyped);
            decide.form.focus(DecideField::Name);
            Vec::new()
        }
        Some(Err(refusal)) => {
            state.notify(false, printable(&refusal.to_string()).into_owned());
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn close(state: &mut State) -> Vec<Effect> {
    state.overlays.pop();
    Vec::new()
}

/// The decision ended.
pub(crate) fn decided(state: &mut State, id: EffectId, result: Result<Box<Request>, UserError>) -> Vec<Effect> {
    let kubectl = state.kubectl().to_owned();
    let sent = |overlay: &Overlay| matches!(overlay, Overlay::Decide(decide) if decide.phase == Phase::Sent(id));
    let Some(at) = state.overlays.iter().position(sent) else { return Vec::new() };
    let Some(Overlay::Decide(decide)) = state.overlays.get_mut(at) else { return Vec::new() };
    let (what, command) = match decide.verb {
        Verb::Approve => ("approve", commands::approve(&kubectl, &decide.name)),
        Verb::Deny => ("deny", commands::deny(&kubectl, &decide.name)),
    };
    let object = format!("csr/{}", decide.name);
    let outcome =
        result.as_ref().map(|request| request.state().phrase().to_owned()).map_err(|failure| failure.text.clone());
    let name = decide.name.clone();
    match result {
        Ok(request) => {
            state.overlays.remove(at);
            state.notify(true, format!("{} is {}", printable(&name), request.state().phrase()));
        }
        Err(failure) => decide.phase = Phase::Failed(failure),
    }
    state.activity.add(state.clock.now, WriteRecord { what, object, outcome, command });
    Vec::new()
}
