//! Approve or deny one request: what it would hand out, a reason, a message, and a safe yes.

use std::hash::{DefaultHasher, Hash, Hasher};

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::cluster::{Decision, Verb};
use crate::config::Confirm;
use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::dialog_event::{DialogEvent, Update};
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::dialogs::decide_view;
use crate::console::dialogs::phase::{FORM_STEPS, Phase, hint};
use crate::console::dialogs::view::decision_notice_line;
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
pub(crate) struct Decide {
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
pub(crate) enum Note {
    /// The name typed is not the request's.
    Mistyped,
    /// A name that confirms was pasted.
    Pasted,
}

/// The fields of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecideField {
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

    fn see(&mut self, request: Request, verdict: Verdict) {
        self.seen = Some((request, verdict));
        if self.is_dangerous() {
            self.form.focus(DecideField::Name);
            self.editing = true;
        }
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

impl Decide {
    /// A question about `row`, of which `loaded` was read.
    pub(crate) fn new(verb: Verb, row: &Row, loaded: Option<&Loaded>, who: Option<&str>) -> Self {
        let form = Form::default()
            .text(DecideField::Name, "Its name", "")
            .text(DecideField::Reason, "Reason", verb.default_reason())
            .text(DecideField::Message, "Message", verb.default_message(who));
        let mut decide = Self {
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
        if let Some(loaded) = loaded {
            decide.see(loaded.request.clone(), loaded.verdict.clone());
        }
        decide
    }
}

impl Dialog for Decide {
    fn contexts(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Asking if self.editing => vec![KeyContext::Form, KeyContext::Always],
            Phase::Asking => vec![KeyContext::Confirm, KeyContext::Always],
            Phase::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
            Phase::Sent(_) => vec![KeyContext::Always],
        }
    }

    /// Where the user wants no question for such a request, it is answered at once. What does not fit on the screen is
    /// never decided without a question.
    fn opened(&mut self, cx: &mut Ctx) -> Vec<Effect> {
        // An earlier notice is about something else.
        cx.notice = None;
        if self.asks(cx.confirm) || !cx.question_fits { Vec::new() } else { answer(self, cx) }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx)
    }

    fn result(&mut self, event: DialogEvent, cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        match event {
            DialogEvent::Decided(id, result) if self.phase == Phase::Sent(id) => {
                decided(self, result, cx);
                Ok(Vec::new())
            }
            other => Err(other),
        }
    }

    fn update(&mut self, update: &Update<'_>) {
        match update {
            Update::Identified(who) => self.form.suggest(DecideField::Message, &self.verb.default_message(Some(who))),
            // An open question that waited for it can now be answered.
            Update::Read(loaded) if self.seen.is_none() && self.uid == Uid::of(&loaded.request.pin.uid) => {
                self.see(loaded.request.clone(), loaded.verdict.clone());
            }
            // What is seen is what holds now. A danger that comes to light asks for the name.
            Update::Judged(loaded) => {
                if let Some((request, verdict)) = &self.seen
                    && request.pin == loaded.request.pin
                    && *verdict != loaded.verdict
                {
                    self.see(loaded.request.clone(), loaded.verdict.clone());
                }
            }
            _ => {}
        }
    }

    /// A name that confirms is typed.
    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if !self.editing {
            return Ok(());
        }
        if self.confirming_name().is_some() {
            self.form.clear(DecideField::Name);
            self.note = Some(Note::Pasted);
            Ok(())
        } else {
            self.form.paste(text)
        }
    }

    fn is_possible(&self, action: Action) -> bool {
        !FORM_STEPS.contains(&action) && !matches!(action, Action::Search | Action::Copy)
    }

    fn question(&self) -> u64 {
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

    fn confirming_name(&self) -> Option<&str> {
        let typing = self.phase == Phase::Asking && self.editing && self.form.focused() == Some(DecideField::Name);
        typing.then(|| self.form.value(DecideField::Name))
    }

    fn fits(&self, body: Rect, cx: &Ctx) -> bool {
        decide_view::fits(cx, body, self)
    }

    fn notice_line(&self, body: Rect) -> u16 {
        decision_notice_line(body)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        decide_view::draw(frame, area, cx, self);
    }
}

/// A key while the question is open.
fn on_key(decide: &mut Decide, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    match (&decide.phase, action) {
        (Phase::Failed(_), Some(Action::Back)) => close(cx),
        (Phase::Sent(_) | Phase::Failed(_), _) => Vec::new(),
        (Phase::Asking, Some(Action::No | Action::Back)) if !decide.editing || decide.is_dangerous() => close(cx),
        (Phase::Asking, Some(Action::Back)) => {
            decide.editing = false;
            Vec::new()
        }
        (Phase::Asking, Some(Action::Enter)) if !decide.editing => {
            hint(cx, KeyContext::Confirm);
            Vec::new()
        }
        (Phase::Asking, Some(Action::Yes | Action::Enter)) => answer(decide, cx),
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

/// Tab cycles through the fields and, where no name has to be typed, back to yes and no.
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
fn answer(decide: &mut Decide, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let permit = cx.session.permit();
    if decide.editing && !decide.is_dangerous() {
        decide.editing = false;
        return Vec::new();
    }
    let row = cx.requests.index.get(&decide.uid);
    let is_current = decide.seen.as_ref().zip(row).is_some_and(|((seen, _), row)| row.is(&seen.pin));
    let cleared = permit.map_or_else(
        |refusal| Some(Err(refusal)),
        |permit| decide.cleared(permit, &cx.requests.engine.known.policy, is_current, cx.question_fits),
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
            cx.notify(false, printable(&refusal.to_string()).into_owned());
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn close(cx: &mut Ctx) -> Vec<Effect> {
    cx.close();
    Vec::new()
}

/// The decision ended.
fn decided(decide: &mut Decide, result: Result<Box<Request>, UserError>, cx: &mut Ctx) {
    let kubectl = cx.kubectl();
    let (what, command) = match decide.verb {
        Verb::Approve => ("approve", commands::approve(kubectl, &decide.name)),
        Verb::Deny => ("deny", commands::deny(kubectl, &decide.name)),
    };
    let object = format!("csr/{}", decide.name);
    let outcome =
        result.as_ref().map(|request| request.state().phrase().to_owned()).map_err(|failure| failure.message.clone());
    match result {
        Ok(request) => {
            cx.notify(true, format!("{} is {}", printable(&decide.name), request.state().phrase()));
            cx.close();
        }
        Err(failure) => decide.phase = Phase::Failed(failure),
    }
    cx.record(WriteRecord { what, object, outcome, command });
}
