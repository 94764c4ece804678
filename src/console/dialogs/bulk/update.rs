//! What the sheet does with keys and news.

use crossterm::event::KeyEvent;

use crate::cluster::bulk::DecisionOutcome;
use crate::cluster::{Decision, Verb};
use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view::question_fits;
use crate::console::dialogs::bulk::{BulkDialog, BulkField, BulkLine, LEVELS, Phase, Run};
use crate::console::dialogs::{Overlay, TextReader};
use crate::console::panes::requests::update::settle;
use crate::domain::commands;
use crate::domain::output::shell::Kubectl;
use crate::domain::row::Row;
use crate::domain::verdict::Level;
use crate::operations::issue::WriteRecord;

/// News of a bulk decision.
#[derive(Debug)]
pub enum BulkResult {
    /// The decision counted by this number has ended.
    Told(usize, DecisionOutcome),
    /// All that were begun have ended.
    Ended,
}

/// Opens the sheet for the marked requests.
pub(crate) fn open_marked(state: &mut State, verb: Verb) {
    let rows = state.requests.index.marked().cloned().collect();
    let included: &[Level] = if verb == Verb::Approve { &[Level::Ok, Level::Notice] } else { &LEVELS };
    open(state, verb, rows, included);
}

/// Opens the sheet for everything on the list, with what is ok ticked and nothing else.
pub(crate) fn open_shown(state: &mut State) {
    let rows = state.requests.index.window(0, usize::MAX).map(|(row, _)| row.clone()).collect();
    open(state, Verb::Approve, rows, &[Level::Ok]);
}

fn open(state: &mut State, verb: Verb, rows: Vec<Row>, included: &[Level]) {
    let bulk = BulkDialog::new(
        verb,
        rows,
        included,
        &state.requests.judging.known.policy,
        verb.default_message(state.username()),
    );
    if bulk.rows.is_empty() {
        return state.notify(false, "none of these is pending: nothing is left to decide");
    }
    state.overlays.push(Overlay::Bulk(Box::new(bulk)));
}

/// Who we are is known now: an open sheet's message says so.
pub(crate) fn identified(bulk: &mut BulkDialog, who: &str) {
    bulk.form.suggest(BulkField::Message, &bulk.verb.default_message(Some(who)));
}

/// A key while the sheet is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let Some(Overlay::Bulk(bulk)) = state.overlays.last_mut() else { return Vec::new() };
    match (&mut bulk.phase, bulk.line) {
        (Phase::Running(run), _) => {
            if action == Some(Action::Back) && !run.stopping {
                run.stopping = true;
                return vec![Effect::StopDecisions(run.id)];
            }
        }
        (Phase::Ended(_), _) => match action {
            Some(Action::Retry) => return again(state),
            Some(Action::NextTab) => list(state),
            Some(Action::Back) => drop(state.overlays.pop()),
            _ => {}
        },
        (Phase::Asking, BulkLine::Field(field)) => in_field(bulk, field, action, key),
        (Phase::Asking, BulkLine::Level(level)) => return on_level(state, level, action),
    }
    Vec::new()
}

fn on_level(state: &mut State, level: Level, action: Option<Action>) -> Vec<Effect> {
    let Some(Overlay::Bulk(bulk)) = state.overlays.last_mut() else { return Vec::new() };
    bulk.note = None;
    match action {
        Some(Action::Yes) => return begin(state),
        Some(Action::Enter) => {
            let word = |action| state.keymap.word(KeyContext::Bulk, action);
            bulk.note = Some(format!("{} decides nothing here; {} does.", word(Action::Enter), word(Action::Yes)));
        }
        Some(Action::NextTab) => list(state),
        Some(Action::Back) => drop(state.overlays.pop()),
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
        // Back to the levels, where Enter goes on: never from a field that is being typed in.
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
fn begin(state: &mut State) -> Vec<Effect> {
    let (id, now) = (state.next_effect(), state.clock.now);
    let (permit, shown) = (state.session.permit(), question_fits(state));
    let Some(Overlay::Bulk(bulk)) = state.overlays.last_mut() else { return Vec::new() };
    let worse = bulk.worsened(&state.requests.index);
    if worse > 0 {
        bulk.line = bulk.lines()[0];
        let yes = state.keymap.word(KeyContext::Bulk, Action::Yes);
        bulk.note = Some(format!("{worse} got a worse verdict since this sheet was drawn: look again, then {yes}."));
        return Vec::new();
    }
    let items = bulk.decided();
    if items.is_empty() {
        let include = state.keymap.word(KeyContext::Bulk, Action::Mark);
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

/// News of a run; of one that nobody looks at any more they are ignored.
pub(crate) fn heard(state: &mut State, id: EffectId, news: BulkResult) -> Vec<Effect> {
    let now = state.clock.now;
    let mut open = state.overlays.iter_mut().filter_map(|overlay| match overlay {
        Overlay::Bulk(bulk) => Some(bulk),
        _ => None,
    });
    let Some(bulk) = open.find(|bulk| matches!(&bulk.phase, Phase::Running(run) if run.id == id)) else {
        return Vec::new();
    };
    let Phase::Running(run) = &mut bulk.phase else { return Vec::new() };
    match news {
        BulkResult::Told(at, outcome) => {
            if let (DecisionOutcome::Done(_), Some(item)) = (&outcome, run.items.get(at)) {
                state.requests.index.mark(&bulk.rows[*item].uid, false);
            }
            run.told(at, outcome, now);
            Vec::new()
        }
        BulkResult::Ended => {
            let kubectl = state.session.connection.as_ref().map(|c| c.kubectl.clone()).unwrap_or_default();
            let ended = std::mem::replace(&mut bulk.phase, Phase::Asking);
            if let Phase::Running(run) = ended {
                let written = written(bulk, &run, &kubectl);
                bulk.phase = Phase::Ended(run);
                state.activity.add(now, written);
            }
            settle(state)
        }
    }
}

/// What the Activity pane keeps: what was decided, by name.
fn written(bulk: &BulkDialog, run: &Run, kubectl: &Kubectl) -> WriteRecord {
    let (what, did) = (bulk.verb.word(), bulk.verb.past());
    let undone: std::collections::HashSet<usize> = run.undone().map(|(item, _)| item).collect();
    let done: Vec<&str> =
        run.items.iter().filter(|item| !undone.contains(item)).map(|i| &*bulk.rows[*i].name).collect();
    let text = crate::console::dialogs::bulk::view::tally(run, true, did);
    WriteRecord {
        what,
        object: format!("{} requests", run.items.len()),
        outcome: if undone.is_empty() { Ok(text) } else { Err(text) },
        command: commands::decide_all(kubectl, what, &done),
    }
}

/// Those that were not made on a new sheet, as they are now.
fn again(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Bulk(bulk)) = state.overlays.pop() else { return Vec::new() };
    let Phase::Ended(run) = &bulk.phase else { return Vec::new() };
    let index = &state.requests.index;
    let rows = run.undone().filter_map(|(item, _)| index.get(&bulk.rows[item].uid).cloned()).collect();
    open(state, bulk.verb, rows, &bulk.included);
    if let Some(Overlay::Bulk(new)) = state.overlays.last_mut() {
        new.form = bulk.form;
    }
    Vec::new()
}

/// Lists what the sheet counts; after a run, what was not made and why.
fn list(state: &mut State) {
    let Some(Overlay::Bulk(bulk)) = state.overlays.last() else { return };
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
    state.overlays.push(Overlay::Reader(reader));
}
