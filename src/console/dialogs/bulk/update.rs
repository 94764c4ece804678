//! What the sheet does with keys and results.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::cluster::bulk::DecisionOutcome;
use crate::cluster::{Decision, Verb};
use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::{Dialog, PASTED};
use crate::console::core::dialog_event::{DialogEvent, Update};
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::dialogs::bulk::result::BulkResult;
use crate::console::dialogs::bulk::{BulkDialog, BulkField, BulkLine, LEVELS, Phase, Run, view};
use crate::console::dialogs::phase::FORM_STEPS;
use crate::console::dialogs::reader::TextReader;
use crate::console::dialogs::view::decision_notice_line;
use crate::console::widgets::form::Form;
use crate::domain::commands;
use crate::domain::output::shell::Kubectl;
use crate::domain::row::Row;
use crate::domain::verdict::Level;
use crate::operations::issue::WriteRecord;

/// Opens the sheet for the marked requests.
pub(crate) fn open_marked(cx: &mut Ctx, verb: Verb) {
    let rows = cx.requests.index.marked().cloned().collect();
    let included: &[Level] = if verb == Verb::Approve { &[Level::Ok, Level::Notice] } else { &LEVELS };
    open(cx, verb, rows, included, None);
}

/// Opens the sheet for everything on the list, with what is ok ticked and nothing else.
pub(crate) fn open_shown(cx: &mut Ctx) {
    let rows = cx.requests.index.window(0, usize::MAX).map(|(row, _)| row.clone()).collect();
    open(cx, Verb::Approve, rows, &[Level::Ok], None);
}

fn open(cx: &mut Ctx, verb: Verb, rows: Vec<Row>, included: &[Level], form: Option<Form<BulkField>>) {
    let policy = &cx.requests.engine.known.policy;
    let mut bulk = BulkDialog::new(verb, rows, included, policy, verb.default_message(cx.username()));
    if bulk.rows.is_empty() {
        return cx.notify(false, "none of these is pending: nothing is left to decide");
    }
    if let Some(form) = form {
        bulk.form = form;
    }
    cx.open(bulk);
}

impl Dialog for BulkDialog {
    fn contexts(&self) -> Vec<KeyContext> {
        match (&self.phase, self.line) {
            (Phase::Asking, BulkLine::Level(_)) => vec![KeyContext::Bulk, KeyContext::List, KeyContext::Always],
            (Phase::Asking, BulkLine::Field(_)) => vec![KeyContext::Form, KeyContext::Always],
            (Phase::Running(_), _) => vec![KeyContext::BulkRun, KeyContext::Always],
            (Phase::Ended(_), _) => vec![KeyContext::BulkEnd, KeyContext::Always],
        }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, key, cx)
    }

    fn result(&mut self, event: DialogEvent, cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        match (event, &self.phase) {
            (DialogEvent::Bulk(id, result), Phase::Running(run)) if run.id == id => {
                handle_result(self, result, cx);
                Ok(Vec::new())
            }
            (other, _) => Err(other),
        }
    }

    fn update(&mut self, update: &Update<'_>) {
        if let Update::Identified(who) = update {
            self.form.suggest(BulkField::Message, &self.verb.default_message(Some(who)));
        }
    }

    /// A name that confirms is typed.
    fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if !self.is_typing() {
            return Ok(());
        }
        if self.confirming_name().is_some() {
            self.form.clear(BulkField::Name);
            self.note = Some(PASTED.to_owned());
            Ok(())
        } else {
            self.form.paste(text)
        }
    }

    fn is_possible(&self, action: Action) -> bool {
        if FORM_STEPS.contains(&action) || matches!(action, Action::Search | Action::Copy) {
            return false;
        }
        match &self.phase {
            Phase::Asking => true,
            Phase::Running(run) => !run.stopping,
            Phase::Ended(run) => run.undone().next().is_some() || !matches!(action, Action::Retry | Action::NextTab),
        }
    }

    fn question(&self) -> u64 {
        2 * self.revision + u64::from(matches!(self.phase, Phase::Asking))
    }

    fn confirming_name(&self) -> Option<&str> {
        (self.is_typing() && self.line == BulkLine::Field(BulkField::Name)).then(|| self.form.value(BulkField::Name))
    }

    fn fits(&self, body: Rect, cx: &Ctx) -> bool {
        view::fits(cx, body, self)
    }

    fn notice_line(&self, body: Rect) -> u16 {
        decision_notice_line(body)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        view::draw(frame, area, cx, self);
    }
}

fn on_key(bulk: &mut BulkDialog, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    match (&mut bulk.phase, bulk.line) {
        (Phase::Running(run), _) => {
            if action == Some(Action::Back) && !run.stopping {
                run.stopping = true;
                return vec![Effect::StopDecisions(run.id)];
            }
        }
        (Phase::Ended(_), _) => match action {
            Some(Action::Retry) => again(bulk, cx),
            Some(Action::NextTab) => list(bulk, cx),
            Some(Action::Back) => cx.close(),
            _ => {}
        },
        (Phase::Asking, BulkLine::Field(field)) => in_field(bulk, field, action, key),
        (Phase::Asking, BulkLine::Level(level)) => return on_level(bulk, level, action, cx),
    }
    Vec::new()
}

fn on_level(bulk: &mut BulkDialog, level: Level, action: Option<Action>, cx: &mut Ctx) -> Vec<Effect> {
    bulk.note = None;
    match action {
        Some(Action::Yes) => return begin(bulk, cx),
        Some(Action::Enter) => {
            let word = |action| cx.keymap.word(KeyContext::Bulk, action);
            bulk.note = Some(format!("{} decides nothing here; {} does.", word(Action::Enter), word(Action::Yes)));
        }
        Some(Action::NextTab) => list(bulk, cx),
        Some(Action::Back) => cx.close(),
        Some(Action::Down) => step(bulk, 1),
        Some(Action::Up) => step(bulk, -1),
        Some(Action::Mark) => {
            if let Err(why) = bulk.toggle(level) {
                bulk.note = Some(why.to_owned());
                if level == Level::Danger && bulk.wants_names() {
                    bulk.line = BulkLine::Field(BulkField::Name);
                    bulk.form.focus(BulkField::Name);
                }
            }
        }
        _ => {}
    }
    Vec::new()
}

fn in_field(bulk: &mut BulkDialog, field: BulkField, action: Option<Action>, key: KeyEvent) {
    match action {
        Some(Action::NextField) => step(bulk, 1),
        Some(Action::PreviousField) => step(bulk, -1),
        Some(Action::NextChoice) => bulk.form.turn(true),
        Some(Action::PreviousChoice) => bulk.form.turn(false),
        Some(Action::Enter) if field == BulkField::Name && !bulk.form.value(BulkField::Name).trim().is_empty() => {
            let name = bulk.form.value(BulkField::Name).trim().to_owned();
            bulk.note = Some(bulk.confirm(&name));
            bulk.form.clear(BulkField::Name);
        }
        // Back to the levels, where Enter continues: never from a field that is being typed in.
        Some(Action::Enter | Action::Back) => bulk.line = bulk.lines()[0],
        Some(_) => {}
        None => {
            bulk.note = None;
            bulk.form.key(key);
        }
    }
}

fn step(bulk: &mut BulkDialog, steps: isize) {
    let lines = bulk.lines();
    let at = lines.iter().position(|line| *line == bulk.line).unwrap_or(0);
    let last = lines.len().saturating_sub(1);
    bulk.line = lines[at.saturating_add_signed(steps).min(last)];
    if let BulkLine::Field(field) = bulk.line {
        bulk.form.focus(field);
    }
}

/// Begins, unless a verdict has become worse since the sheet was drawn: that is shown first.
fn begin(bulk: &mut BulkDialog, cx: &mut Ctx) -> Vec<Effect> {
    let (id, now) = (cx.next_effect(), cx.clock.now);
    let (permit, shown) = (cx.session.permit(), cx.question_fits);
    let worse = bulk.worsened(&cx.requests.index);
    if worse > 0 {
        bulk.line = bulk.lines()[0];
        let yes = cx.keymap.word(KeyContext::Bulk, Action::Yes);
        bulk.note = Some(format!("{worse} got a worse verdict since this sheet was drawn: look again, then {yes}."));
        return Vec::new();
    }
    let items = bulk.decided();
    if items.is_empty() {
        let include = cx.keymap.word(KeyContext::Bulk, Action::Mark);
        bulk.note = Some(if bulk.is_hopeless() {
            "None of these can be approved here: the lines above say why.".to_owned()
        } else {
            format!("Nothing is included: {include} includes a level.")
        });
        return Vec::new();
    }
    let cleared = match permit.and_then(|permit| bulk.cleared(permit, shown)) {
        Ok(cleared) => cleared,
        Err(refusal) => {
            bulk.note = Some(format!("Nothing was decided: {refusal}."));
            return Vec::new();
        }
    };
    let decision = Decision {
        reason: bulk.form.value(BulkField::Reason).trim().to_owned(),
        message: bulk.form.value(BulkField::Message).trim().to_owned(),
    };
    bulk.phase = Phase::Running(Run::new(id, items, now));
    vec![Effect::DecideAll(id, cleared, decision)]
}

fn handle_result(bulk: &mut BulkDialog, result: BulkResult, cx: &mut Ctx) {
    let now = cx.clock.now;
    let Phase::Running(run) = &mut bulk.phase else { return };
    match result {
        BulkResult::Decided(at, outcome) => {
            if let (DecisionOutcome::Done(_), Some(item)) = (&outcome, run.items.get(at)) {
                cx.requests.index.mark(&bulk.rows[*item].uid, false);
            }
            run.record(at, outcome, now);
        }
        BulkResult::Ended => {
            if let Phase::Running(run) = std::mem::replace(&mut bulk.phase, Phase::Asking) {
                let written = written(bulk, &run, cx.kubectl());
                bulk.phase = Phase::Ended(run);
                cx.record(written);
            }
            cx.send(Message::ListChanged);
        }
    }
}

/// What the Activity pane keeps: what was decided, by name.
fn written(bulk: &BulkDialog, run: &Run, kubectl: &Kubectl) -> WriteRecord {
    let (what, did) = (bulk.verb.word(), bulk.verb.past());
    let undone: std::collections::HashSet<usize> = run.undone().map(|(item, _)| item).collect();
    let done: Vec<&str> =
        run.items.iter().filter(|item| !undone.contains(item)).map(|i| &*bulk.rows[*i].name).collect();
    let text = view::tally(run, true, did);
    WriteRecord {
        what,
        object: format!("{} requests", run.items.len()),
        outcome: if undone.is_empty() { Ok(text) } else { Err(text) },
        command: commands::decide_all(kubectl, what, &done),
    }
}

/// Those that were not made on a new sheet, as they are now.
fn again(bulk: &mut BulkDialog, cx: &mut Ctx) {
    cx.close();
    let Phase::Ended(run) = &bulk.phase else { return };
    let index = &cx.requests.index;
    let rows = run.undone().filter_map(|(item, _)| index.get(&bulk.rows[item].uid).cloned()).collect();
    let included = bulk.included.clone();
    let form = std::mem::take(&mut bulk.form);
    open(cx, bulk.verb, rows, &included, Some(form));
}

/// Lists what the sheet counts; after a run, what was not made and why.
fn list(bulk: &BulkDialog, cx: &mut Ctx) {
    let reader = match &bulk.phase {
        Phase::Ended(run) => {
            let line = |(item, error): (usize, Option<&crate::cluster::ClusterError>)| {
                let why = error.map_or("not begun".to_owned(), ToString::to_string);
                format!("{}: {why}", bulk.rows[item].name)
            };
            TextReader::new("Not decided", run.undone().map(line).collect())
        }
        _ => TextReader::new("On this sheet; ✓ is decided", bulk.listing()),
    };
    cx.open(reader);
}
