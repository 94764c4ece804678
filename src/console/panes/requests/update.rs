//! What the Requests pane does with keys and news.

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::cluster::Verb;
use crate::cluster::may_keep_more;
use crate::cluster::watch::{Message, RequestChange, WatchStatus, cut_off};
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::dialogs::{Columns, Overlay, bulk, decide, delete, export};
use crate::console::panes::requests::index::SortKey as Sort;
use crate::console::panes::requests::list::RequestList;
use crate::console::panes::requests::{DetailPage, Loaded, RequestsPane, Tab};
use crate::console::wizard;
use crate::domain::interner::Uid;
use crate::domain::request::RequestState;
use crate::domain::row::Row;
use crate::error::UserError;

/// Seconds after which an approved request without a certificate is called stuck.
pub(crate) const STUCK_SECONDS: i64 = 10;

impl RequestsPane {
    /// Where keys are looked up in this pane.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match (&self.typing, self.page) {
            (Some(_), _) => vec![KeyContext::Always],
            (None, Some(_)) => vec![
                KeyContext::Page,
                KeyContext::Requests,
                KeyContext::List,
                KeyContext::Everywhere,
                KeyContext::Always,
            ],
            (None, None) => vec![KeyContext::Requests, KeyContext::List, KeyContext::Everywhere, KeyContext::Always],
        }
    }

    /// When an age on the list or in the detail reads differently, or a request becomes stuck.
    pub(crate) fn next_change(&self, list: &RequestList, clock: &Clock, height: usize) -> Option<DateTime<Utc>> {
        let rows = list.index.window(self.cursor.top(), height);
        let ages = rows.filter_map(|(row, _)| row.created_at).map(|at| clock.age_changes(at));
        let stuck = self.chosen(list).filter(|row| row.state == RequestState::Approved).and_then(|row| row.approved_at);
        let stuck = stuck.map(|at| at + TimeDelta::seconds(STUCK_SECONDS)).filter(|at| *at > clock.now);
        let retry = match &list.watch {
            WatchStatus::Degraded { .. } => Some(clock.now + TimeDelta::seconds(1)),
            _ => None,
        };
        ages.chain(stuck).chain(retry).chain(self.end_changes(clock)).chain(list.engine.next_due()).min()
    }

    /// When the end of the chosen request's life reads differently: it is counted from now until it is issued.
    fn end_changes(&self, clock: &Clock) -> Option<DateTime<Utc>> {
        let request = &self.loaded()?.request;
        match &request.certificate {
            Some(Ok(certificate)) => clock.left_changes(certificate.not_after),
            _ => request.expiration_seconds.map(|life| clock.minute_changes(life.into())),
        }
    }
}

/// News from the watch.
pub(crate) fn watched(state: &mut State, message: Message) -> Vec<Effect> {
    let mut effects = Vec::new();
    let requests = &mut state.cx.requests;
    match message {
        Message::Restarted => requests.index.begin_list(),
        Message::Changes(mut changes) => {
            if !may_keep_more(requests.index.total() + changes.len()) {
                changes.retain(|change| match change {
                    RequestChange::Applied(row) => requests.index.get(&row.uid).is_some(),
                    RequestChange::Deleted(_) => true,
                });
                requests.watch = cut_off(state.cx.clock.now);
            }
            requests.engine.hear(&changes);
            requests.index.apply(changes);
        }
        Message::Listed => {
            requests.index.end_list();
            requests.engine.listed(&requests.index);
            requests.complete = true;
        }
        Message::Status(status) => {
            requests.watch = status;
            if matches!(requests.watch, WatchStatus::Live) && state.cx.session.identified.is_none() {
                effects.push(Effect::Identify);
            }
        }
    }
    // A few are judged before they are seen; very many take their turn.
    if state.cx.requests.complete {
        judge_some(state);
    }
    effects.extend(settle(state));
    effects
}

/// Goes on with a long list that is being worked out, which tells nothing new until it is complete; then with verdicts.
pub(crate) fn work(state: &mut State) -> Vec<Effect> {
    if state.cx.requests.index.is_working() {
        return if state.cx.requests.index.work() { settle(state) } else { Vec::new() };
    }
    judge_some(state);
    settle(state)
}

/// Judges the next few; the request that is looked at in full among them too.
fn judge_some(state: &mut State) {
    let now = state.cx.clock.now;
    let RequestList { index, engine, .. } = &mut state.cx.requests;
    if !engine.is_working() {
        return;
    }
    let judged = engine.work(index, now);
    if let Some(loaded) =
        state.requests.detail.loaded.as_mut().filter(|loaded| judged.contains(&Uid::of(&loaded.request.pin.uid)))
    {
        loaded.verdict = engine.judge(&loaded.request, now);
        decide::judged(&mut state.overlays, loaded);
    }
}

/// Roles and bindings may be others: then every verdict may be.
pub(crate) fn bindings_changed(state: &mut State) {
    let policy = state.cx.rbac.complete().then_some(&state.cx.rbac.policy);
    state.cx.requests.engine.bindings(policy);
}

/// Time went on.
pub(crate) fn time_passes(state: &mut State) {
    let now = state.cx.clock.now;
    state.cx.requests.engine.time_passes(now);
}

/// After the list or the screen changed: the cursor finds its object, and the detail follows it.
pub(crate) fn settle(state: &mut State) -> Vec<Effect> {
    let height = state.list_height();
    let RequestList { index, complete, .. } = &mut state.cx.requests;
    let cursor = &mut state.requests.cursor;
    if *complete || cursor.was_moved() {
        cursor.settle(index, height);
    } else {
        // While the first list is read and nobody has moved it, the cursor stays on top, not on what came first.
        cursor.go(0, index, height);
    }
    follow(state)
}

/// The detail follows the cursor: what is not read yet, or has changed since, is read. One reading at a time.
fn follow(state: &mut State) -> Vec<Effect> {
    let (requests, list) = (&mut state.requests, &mut state.cx.requests);
    list.index.hold(requests.cursor.uid());
    if requests.detail.reading.is_some() || requests.current(list).is_some() {
        return Vec::new();
    }
    let Some(pin) = requests.chosen(list).map(Row::pin) else { return Vec::new() };
    requests.detail.reading = Some(pin.clone());
    vec![Effect::Read(pin)]
}

/// A request was read in full.
pub(crate) fn read(state: &mut State, uid: &str, result: Result<Box<Loaded>, UserError>) -> Vec<Effect> {
    let detail = &mut state.requests.detail;
    let asked = detail.reading.take();
    match result {
        Ok(mut loaded) => {
            detail.trouble = None;
            loaded.verdict = state.cx.requests.engine.judge(&loaded.request, state.cx.clock.now);
            decide::read(&mut state.overlays, &loaded);
            let detail = &mut state.requests.detail;
            detail.loaded = Some(loaded);
            // The row may be a moment behind or ahead of what was read; the watch brings them together.
            let asked_is_chosen =
                state.requests.chosen(&state.cx.requests).zip(asked.as_ref()).is_some_and(|(row, pin)| row.is(pin));
            if asked_is_chosen { Vec::new() } else { follow(state) }
        }
        Err(failure) => {
            detail.trouble = Some(failure.message);
            if state.requests.cursor.uid() == Some(&Uid::of(uid)) { Vec::new() } else { follow(state) }
        }
    }
}

/// A key in this pane.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    if state.requests.typing.is_some() {
        return typed(state, key);
    }
    let Some(action) = action else { return Vec::new() };
    if let Some(effects) = page_key(state, action) {
        return effects;
    }
    if let Some(steps) = steps(action, state.list_height()) {
        let height = state.list_height();
        let (index, cursor) = (&mut state.cx.requests.index, &mut state.requests.cursor);
        cursor.step(steps, index, height);
        return follow(state);
    }
    let index = &mut state.cx.requests.index;
    match action {
        Action::SortNext => sort_next(&mut state.cx.requests),
        Action::SortReverse => index.reverse_sort(),
        Action::FilterNext => index.next_filter(),
        Action::Search => state.requests.typing = Some(Input::new(index.criteria().search.clone())),
        Action::Back => {
            state.cx.notice = None;
            state.cx.requests.index.set_search("");
        }
        Action::Columns => {
            state.requests.page = None;
            state.overlays.push(Overlay::Columns(Columns::default()));
        }
        Action::NewUser => return wizard::update::open(state),
        Action::MarkShown => index.mark_shown(),
        Action::UnmarkAll => index.unmark_all(),
        Action::Mark => return mark(state),
        _ => return on_chosen(state, action),
    }
    settle(state)
}

/// Sorts by the next column that is shown.
fn sort_next(requests: &mut RequestList) {
    let shown = |sort: &Sort| requests.columns.now.shows(sort.column());
    let from = requests.index.sort();
    let next = std::iter::successors(Some(from.next()), |sort| Some(sort.next())).take(Sort::ALL.len()).find(shown);
    requests.index.set_sort(next.unwrap_or(from), false);
}

/// How far a movement goes; first and last are farther than any list is long.
pub(crate) fn steps(action: Action, height: usize) -> Option<isize> {
    let height = isize::try_from(height).unwrap_or(1);
    Some(match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::PageDown => height,
        Action::PageUp => -height,
        Action::HalfDown => height / 2,
        Action::HalfUp => -height / 2,
        Action::Top => isize::MIN / 2,
        Action::Bottom => isize::MAX / 2,
        _ => return None,
    })
}

/// On a request's page: tabs, scrolling, back. Everything else is as on the list.
fn page_key(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let height = usize::from(state.body().height);
    let page = state.requests.page.as_mut()?;
    match action {
        Action::Back => state.requests.page = None,
        Action::NextTab => *page = DetailPage { tab: page.tab.next(), scroll: 0 },
        Action::Top => page.scroll = 0,
        Action::Bottom => page.scroll = usize::MAX / 2,
        _ => page.scroll = page.scroll.saturating_add_signed(steps(action, height)?),
    }
    let lines = crate::console::panes::requests::view::page_lines(state).len();
    if let Some(page) = state.requests.page.as_mut() {
        page.scroll = page.scroll.min((lines + 3).saturating_sub(height));
    }
    Some(Vec::new())
}

/// Marks the request under the cursor, or takes its mark away, and goes on to the next.
fn mark(state: &mut State) -> Vec<Effect> {
    let height = state.list_height();
    let (index, cursor) = (&mut state.cx.requests.index, &mut state.requests.cursor);
    if let Some(uid) = cursor.uid() {
        let marked = index.is_marked(uid);
        index.mark(uid, !marked);
        cursor.step(1, index, height);
    }
    follow(state)
}

/// What is done to the marked requests, else to the one under the cursor.
fn on_chosen(state: &mut State, action: Action) -> Vec<Effect> {
    if !possible(state, action) {
        return Vec::new();
    }
    match (action, state.cx.requests.index.marked_count()) {
        (Action::ApproveShown, _) => bulk::update::open_shown(state),
        (Action::Approve, 1..) => bulk::update::open_marked(state, Verb::Approve),
        (Action::Deny, 1..) => bulk::update::open_marked(state, Verb::Deny),
        _ => return on_row(state, action),
    }
    Vec::new()
}

fn on_row(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(row) = state.requests.chosen(&state.cx.requests).cloned() else { return Vec::new() };
    match action {
        Action::Open => state.requests.page = Some(DetailPage::default()),
        Action::Yaml => state.requests.page = Some(DetailPage { tab: Tab::Yaml, scroll: 0 }),
        Action::Commands => state.overlays.push(Overlay::commands(state.kubectl(), &row)),
        Action::Approve => return decide::open(state, &row, true),
        Action::Deny => return decide::open(state, &row, false),
        Action::Delete => return delete::open(state, &row),
        Action::Export => export::open(state, &row),
        _ => {}
    }
    Vec::new()
}

/// Whether `action` would do something now: what the footer offers.
pub(crate) fn possible(state: &State, action: Action) -> bool {
    let row = state.requests.chosen(&state.cx.requests);
    let writable = !state.cx.session.read_only;
    match action {
        Action::Approve | Action::Deny => {
            let marked = state.cx.requests.index.marked_count() > 0;
            writable && (marked || row.is_some_and(|row| row.state == RequestState::Pending))
        }
        Action::ApproveShown | Action::Delete => writable && row.is_some(),
        Action::NewUser => writable && state.cx.session.connection.is_some(),
        Action::Export => row.is_some_and(|row| row.state == RequestState::Issued),
        Action::Mark | Action::Open | Action::Yaml | Action::Commands => row.is_some(),
        _ => true,
    }
}

/// A key while the search is typed: the list follows every letter.
pub(crate) fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let requests = &mut state.requests;
    let Some(input) = &mut requests.typing else { return Vec::new() };
    match key.code {
        KeyCode::Enter => {
            requests.typing = None;
            return Vec::new();
        }
        KeyCode::Esc => {
            requests.typing = None;
            state.cx.requests.index.set_search("");
        }
        _ => {
            input.handle_event(&TerminalEvent::Key(key));
            let text = input.value().to_owned();
            state.cx.requests.index.set_search(&text);
        }
    }
    settle(state)
}
