//! What the Requests pane does with keys and news.

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::cluster::Verb;
use crate::cluster::may_keep_more;
use crate::cluster::watch::{self, RequestChange, WatchStatus, cut_off};
use crate::console::core::clock::Clock;
use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::Action;
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::bulk;
use crate::console::dialogs::columns::Columns;
use crate::console::dialogs::decide::Decide;
use crate::console::dialogs::delete::Delete;
use crate::console::dialogs::export::Export;
use crate::console::dialogs::reader::TextReader;
use crate::console::panes::requests::index::SortKey as Sort;
use crate::console::panes::requests::list::{RequestList, STUCK_SECONDS};
use crate::console::panes::requests::{DetailPage, Loaded, RequestsPane, Tab};
use crate::console::panes::requests::{layout, view};
use crate::domain::commands;
use crate::domain::interner::Uid;
use crate::domain::request::RequestState;
use crate::domain::row::Row;
use crate::error::UserError;

impl RequestsPane {
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
pub(crate) fn watched(pane: &mut RequestsPane, cx: &mut Ctx, message: watch::WatchMessage) -> Vec<Effect> {
    let mut effects = Vec::new();
    let requests = &mut cx.requests;
    match message {
        watch::WatchMessage::Restarted => requests.index.begin_list(),
        watch::WatchMessage::Changes(mut changes) => {
            if !may_keep_more(requests.index.total() + changes.len()) {
                changes.retain(|change| match change {
                    RequestChange::Applied(row) => requests.index.get(&row.uid).is_some(),
                    RequestChange::Deleted(_) => true,
                });
                requests.watch = cut_off(cx.clock.now);
            }
            requests.engine.apply(&changes);
            requests.index.apply(changes);
        }
        watch::WatchMessage::Listed => {
            requests.index.end_list();
            requests.engine.listed(&requests.index);
            requests.complete = true;
        }
        watch::WatchMessage::Status(status) => {
            requests.watch = status;
            if matches!(requests.watch, WatchStatus::Live) && cx.session.identified.is_none() {
                effects.push(Effect::Identify);
            }
        }
    }
    // A few are judged before they are seen; very many take their turn.
    if cx.requests.complete {
        judge_some(pane, cx);
    }
    effects.extend(settle(pane, cx));
    effects
}

/// Continues building a long list, which shows nothing new until it is complete; then continues with verdicts.
pub(crate) fn work(pane: &mut RequestsPane, cx: &mut Ctx) -> Vec<Effect> {
    if cx.requests.index.is_working() {
        return if cx.requests.index.work() { settle(pane, cx) } else { Vec::new() };
    }
    judge_some(pane, cx);
    settle(pane, cx)
}

/// Judges the next few; the request that is looked at in full among them too.
fn judge_some(pane: &mut RequestsPane, cx: &mut Ctx) {
    let now = cx.clock.now;
    let RequestList { index, engine, .. } = &mut cx.requests;
    if !engine.is_working() {
        return;
    }
    let judged = engine.work(index, now);
    if let Some(loaded) =
        pane.detail.loaded.as_mut().filter(|loaded| judged.contains(&Uid::of(&loaded.request.pin.uid)))
    {
        loaded.verdict = engine.judge(&loaded.request, now);
        cx.send(Message::RequestJudged);
    }
}

/// Roles and bindings may be others: then every verdict may be.
pub(crate) fn bindings_changed(cx: &mut Ctx) {
    let policy = cx.rbac.complete().then_some(&cx.rbac.policy);
    cx.requests.engine.bindings(policy);
}

/// Time went on.
pub(crate) fn time_passes(cx: &mut Ctx) {
    let now = cx.clock.now;
    cx.requests.engine.time_passes(now);
}

/// After the list or the screen changed: the cursor finds its object, and the detail follows it.
pub(crate) fn settle(pane: &mut RequestsPane, cx: &mut Ctx) -> Vec<Effect> {
    let height = layout::rows(cx.body());
    let RequestList { index, complete, .. } = &mut cx.requests;
    let cursor = &mut pane.cursor;
    if *complete || cursor.was_moved() {
        cursor.settle(index, height);
    } else {
        // While the first list is read and no one has moved it, the cursor stays on top, not on what came first.
        cursor.go(0, index, height);
    }
    follow(pane, cx)
}

/// The detail follows the cursor: what is not read yet, or has changed since, is read. One reading at a time.
fn follow(pane: &mut RequestsPane, cx: &mut Ctx) -> Vec<Effect> {
    let (requests, list) = (pane, &mut cx.requests);
    list.index.hold(requests.cursor.uid());
    if requests.detail.reading.is_some() || requests.current(list).is_some() {
        return Vec::new();
    }
    let Some(pin) = requests.chosen(list).map(Row::pin) else { return Vec::new() };
    requests.detail.reading = Some(pin.clone());
    vec![Effect::Read(pin)]
}

/// A request was read in full.
pub(crate) fn read(
    pane: &mut RequestsPane,
    cx: &mut Ctx,
    uid: &str,
    result: Result<Box<Loaded>, UserError>,
) -> Vec<Effect> {
    let detail = &mut pane.detail;
    let asked = detail.reading.take();
    match result {
        Ok(mut loaded) => {
            detail.trouble = None;
            loaded.verdict = cx.requests.engine.judge(&loaded.request, cx.clock.now);
            let detail = &mut pane.detail;
            detail.loaded = Some(loaded);
            cx.send(Message::RequestRead);
            // The row may be a moment behind or ahead of what was read; the watch brings them together.
            let asked_is_chosen = pane.chosen(&cx.requests).zip(asked.as_ref()).is_some_and(|(row, pin)| row.is(pin));
            if asked_is_chosen { Vec::new() } else { follow(pane, cx) }
        }
        Err(failure) => {
            detail.trouble = Some(failure.message);
            if pane.cursor.uid() == Some(&Uid::of(uid)) { Vec::new() } else { follow(pane, cx) }
        }
    }
}

/// A key in this pane.
pub(crate) fn key(pane: &mut RequestsPane, cx: &mut Ctx, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    if pane.typing.is_some() {
        return typed(pane, cx, key);
    }
    let Some(action) = action else { return Vec::new() };
    if let Some(effects) = page_key(pane, cx, action) {
        return effects;
    }
    if let Some(steps) = steps(action, layout::rows(cx.body())) {
        let height = layout::rows(cx.body());
        let (index, cursor) = (&mut cx.requests.index, &mut pane.cursor);
        cursor.step(steps, index, height);
        return follow(pane, cx);
    }
    let index = &mut cx.requests.index;
    match action {
        Action::SortNext => sort_next(&mut cx.requests),
        Action::SortReverse => index.reverse_sort(),
        Action::FilterNext => index.next_filter(),
        Action::Search => pane.typing = Some(Input::new(index.criteria().search.clone())),
        Action::Back => {
            cx.notice = None;
            cx.requests.index.set_search("");
        }
        Action::Columns => {
            pane.page = None;
            cx.open(Columns::default());
        }
        Action::NewUser => cx.send(Message::OpenWizard),
        Action::MarkShown => index.mark_shown(),
        Action::UnmarkAll => index.unmark_all(),
        Action::Mark => return mark(pane, cx),
        _ => return on_chosen(pane, cx, action),
    }
    settle(pane, cx)
}

/// Sorts by the next column that is shown.
fn sort_next(requests: &mut RequestList) {
    let shown = |sort: &Sort| requests.columns.now.shows(sort.column());
    let from = requests.index.sort();
    let next = std::iter::successors(Some(from.next()), |sort| Some(sort.next())).take(Sort::ALL.len()).find(shown);
    requests.index.set_sort(next.unwrap_or(from), false);
}

/// On a request's page: tabs, scrolling, back. Everything else is as on the list.
fn page_key(pane: &mut RequestsPane, cx: &mut Ctx, action: Action) -> Option<Vec<Effect>> {
    let height = usize::from(cx.body().height);
    let page = pane.page.as_mut()?;
    match action {
        Action::Back => pane.page = None,
        Action::NextTab => *page = DetailPage { tab: page.tab.next(), scroll: 0 },
        Action::Top => page.scroll = 0,
        Action::Bottom => page.scroll = usize::MAX / 2,
        _ => page.scroll = page.scroll.saturating_add_signed(steps(action, height)?),
    }
    let lines = view::page_lines(pane, cx).len();
    if let Some(page) = pane.page.as_mut() {
        page.scroll = page.scroll.min((lines + 3).saturating_sub(height));
    }
    Some(Vec::new())
}

/// Marks the request under the cursor, or removes its mark, and moves to the next.
fn mark(pane: &mut RequestsPane, cx: &mut Ctx) -> Vec<Effect> {
    let height = layout::rows(cx.body());
    let (index, cursor) = (&mut cx.requests.index, &mut pane.cursor);
    if let Some(uid) = cursor.uid() {
        let marked = index.is_marked(uid);
        index.mark(uid, !marked);
        cursor.step(1, index, height);
    }
    follow(pane, cx)
}

/// What is done to the marked requests, else to the one under the cursor.
fn on_chosen(pane: &mut RequestsPane, cx: &mut Ctx, action: Action) -> Vec<Effect> {
    if !possible(pane, cx, action) {
        return Vec::new();
    }
    match (action, cx.requests.index.marked_count()) {
        (Action::ApproveShown, _) => bulk::update::open_shown(cx),
        (Action::Approve, 1..) => bulk::update::open_marked(cx, Verb::Approve),
        (Action::Deny, 1..) => bulk::update::open_marked(cx, Verb::Deny),
        _ => return on_row(pane, cx, action),
    }
    Vec::new()
}

fn on_row(pane: &mut RequestsPane, cx: &mut Ctx, action: Action) -> Vec<Effect> {
    let Some(row) = pane.chosen(&cx.requests).cloned() else { return Vec::new() };
    match action {
        Action::Open => pane.page = Some(DetailPage::default()),
        Action::Yaml => pane.page = Some(DetailPage { tab: Tab::Yaml, scroll: 0 }),
        Action::Commands => {
            let lines = commands::for_request(cx.kubectl(), &row.name);
            cx.open(TextReader::commands("The same by hand", &lines));
        }
        Action::Approve => decide(pane, cx, Verb::Approve, &row),
        Action::Deny => decide(pane, cx, Verb::Deny, &row),
        Action::Delete => cx.open(Delete::new(&row)),
        Action::Export => cx.open(Export::new(&row)),
        _ => {}
    }
    Vec::new()
}

fn decide(pane: &mut RequestsPane, cx: &mut Ctx, verb: Verb, row: &Row) {
    let loaded = pane.current(&cx.requests);
    let decide = Decide::new(verb, row, loaded, cx.username());
    cx.open(decide);
}

/// Whether `action` would do something now: what the footer offers.
pub(crate) fn possible(pane: &RequestsPane, cx: &Ctx, action: Action) -> bool {
    let row = pane.chosen(&cx.requests);
    let writable = !cx.session.read_only;
    match action {
        Action::Approve | Action::Deny => {
            let marked = cx.requests.index.marked_count() > 0;
            writable && (marked || row.is_some_and(|row| row.state == RequestState::Pending))
        }
        Action::ApproveShown | Action::Delete => writable && row.is_some(),
        Action::NewUser => writable && cx.session.connection.is_some(),
        Action::Export => row.is_some_and(|row| row.state == RequestState::Issued),
        Action::Mark | Action::Open | Action::Yaml | Action::Commands => row.is_some(),
        _ => true,
    }
}

/// A key while the search is typed: the list follows every letter.
pub(crate) fn typed(pane: &mut RequestsPane, cx: &mut Ctx, key: KeyEvent) -> Vec<Effect> {
    let Some(input) = &mut pane.typing else { return Vec::new() };
    match key.code {
        KeyCode::Enter => {
            pane.typing = None;
            return Vec::new();
        }
        KeyCode::Esc => {
            pane.typing = None;
            cx.requests.index.set_search("");
        }
        _ => {
            input.handle_event(&TerminalEvent::Key(key));
            let text = input.value().to_owned();
            cx.requests.index.set_search(&text);
        }
    }
    settle(pane, cx)
}
