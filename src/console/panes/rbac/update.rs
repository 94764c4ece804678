//! What the RBAC pane does with keys.

use crossterm::event::KeyEvent;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::{Pane, State};
use crate::console::dialogs::{Overlay, TextReader};
use crate::console::panes::rbac::access::{Access, Server, ServerAnswer};
use crate::console::panes::rbac::opened::{PageState, RbacPage, WAYS};
use crate::console::panes::rbac::rows;
use crate::console::panes::rbac::rows::RowTarget;
use crate::console::panes::rbac::view::layout;
use crate::console::panes::rbac::{RbacPane, RbacTask, ask, detail, edit, search};
use crate::console::panes::requests::update::steps;
use crate::console::widgets::form::paste;
use crate::domain::access::object::Named;
use crate::domain::access::{Action as Asked, Principal};

/// As many pages are walked back at most: who walks in circles does not fill the memory.
const WALKED: usize = 50;

impl RbacPane {
    /// Where keys are looked up in this pane.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        if let Some(sheet) = &self.sheet {
            return sheet.places();
        }
        if self.ask.is_some() {
            return ask::QueryForm::places();
        }
        if self.typing.is_some() {
            return vec![KeyContext::Always];
        }
        match self.page().page {
            RbacPage::Access(_) => {
                vec![KeyContext::Table, KeyContext::Rbac, KeyContext::List, KeyContext::Everywhere, KeyContext::Always]
            }
            _ => vec![KeyContext::Rbac, KeyContext::List, KeyContext::Everywhere, KeyContext::Always],
        }
    }

    /// Text pasted into the field that has the keyboard.
    ///
    /// # Errors
    /// Why nothing was pasted.
    pub(crate) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if let Some(sheet) = &mut self.sheet {
            if matches!(sheet.step, edit::EditStep::Fields) {
                sheet.form.paste(text)?;
                sheet.follow(&self.presets);
            }
        } else if let Some(ask) = &mut self.ask {
            ask.form.paste(text)?;
        } else if let Some(input) = &mut self.typing {
            paste::insert(input, paste::line(text)?);
            self.page_mut().search = self.typing.as_ref().map(|input| input.value().to_owned()).unwrap_or_default();
        }
        Ok(())
    }
}

/// How many rows the page shows.
fn height(state: &State) -> usize {
    layout(state.body()).0.height.saturating_sub(3).into()
}

/// Shows the pane.
pub(crate) fn show(state: &mut State) -> Vec<Effect> {
    state.pane = Pane::Rbac;
    if state.rbac.stale { refresh(state) } else { Vec::new() }
}

/// The screen has another size: the cursor must stay in sight.
pub(crate) fn resized(state: &mut State) {
    if state.pane == Pane::Rbac {
        refresh(state);
    } else {
        state.rbac.stale = true;
    }
}

/// Makes the rows of the page anew: something changed, or it has just been opened.
pub(crate) fn refresh(state: &mut State) -> Vec<Effect> {
    let height = height(state);
    state.rbac.stale = false;
    let fixed = state.cx.rbac.own.as_ref().filter(|_| state.cx.rbac.is_blind()).map(|own| own.namespace.clone());
    let (policy, catalogue) = (state.cx.rbac.seen().clone(), state.cx.rbac.catalogue.clone());
    let rows = rows::rows(&state.rbac.page().page, &state.cx.rbac, &state.cx.requests);
    let opened = state.rbac.page_mut();
    let search = opened.search.clone();
    if let RbacPage::Access(access) = &mut opened.page {
        // The line for what is dangerous takes one.
        access.refresh(&policy, &catalogue, &search, fixed.as_deref(), height.saturating_sub(1));
        return Vec::new();
    }
    opened.fill(rows, height);
    Vec::new()
}

/// Walks on to a page.
pub(crate) fn open(state: &mut State, page: RbacPage) -> Vec<Effect> {
    if state.rbac.trail.len() >= WALKED {
        state.rbac.trail.remove(1);
    }
    state.rbac.trail.push(PageState::new(page));
    refresh(state)
}

/// A key in this pane.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    if state.rbac.sheet.is_some() {
        return edit::update::key(state, action, key);
    }
    if state.rbac.ask.is_some() {
        return ask::key(state, action, key);
    }
    if state.rbac.typing.is_some() {
        return search::typed(state, key);
    }
    let Some(action) = action else { return Vec::new() };
    if !possible(state, action) {
        return Vec::new();
    }
    let height = height(state);
    if let Some(steps) = steps(action, height) {
        match &mut state.rbac.page_mut().page {
            RbacPage::Access(access) => access.step(steps, height.saturating_sub(1)),
            _ => state.rbac.page_mut().step(steps, height),
        }
        return Vec::new();
    }
    match action {
        Action::NextView => next_view(state),
        Action::Enter => walk(state),
        Action::Back => back(state),
        Action::WhoCan => {
            ask::open_who_can(state);
            Vec::new()
        }
        Action::Whose => {
            ask::open_whose(state);
            Vec::new()
        }
        Action::Search => {
            search::open(state);
            Vec::new()
        }
        Action::AskServer => ask_server(state),
        Action::NewRole | Action::Bind | Action::Edit | Action::Delete => edit::update::open(state, action),
        Action::Yaml => yaml(state),
        Action::Commands => {
            let reader = TextReader::commands("The same by hand", &detail::commands(state));
            state.overlays.push(Overlay::Reader(reader));
            Vec::new()
        }
        Action::Dangers => {
            let lines = detail::dangers(state);
            read_on(state, "What is dangerous in it", &lines);
            Vec::new()
        }
        _ => table_key(state, action),
    }
}

/// Keys of the table alone.
fn table_key(state: &mut State, action: Action) -> Vec<Effect> {
    let RbacPage::Access(access) = &mut state.rbac.page_mut().page else { return Vec::new() };
    match action {
        Action::Left | Action::Right => access.turn_column(action == Action::Right),
        Action::NextNamespace | Action::PreviousNamespace => {
            access.turn_namespace(action == Action::NextNamespace);
            return refresh(state);
        }
        Action::AllResources => {
            access.all = !access.all;
            return refresh(state);
        }
        _ => {}
    }
    Vec::new()
}

/// Whether `action` would do something now: what the footer offers.
pub(crate) fn possible(state: &State, action: Action) -> bool {
    if let Some(sheet) = &state.rbac.sheet {
        return sheet.possible(action);
    }
    if state.rbac.ask.is_some() {
        return matches!(action, Action::NextField | Action::Enter | Action::Back);
    }
    let writable = !state.cx.session.read_only;
    let opened = state.rbac.page();
    let row = opened.chosen();
    match (action, &opened.page) {
        (Action::Enter | Action::AskServer, RbacPage::Access(access)) => access.line().is_some(),
        (Action::Enter, RbacPage::WhoCan(None)) => false,
        (Action::Enter, _) => row.is_some_and(|row| row.target.is_some()),
        (Action::AskServer, RbacPage::WhoCan(Some(_))) => row.is_some(),
        (Action::AskServer, _) => false,
        (Action::Dangers, RbacPage::Access(_)) => true,
        (Action::Dangers, _) => matches!(row.and_then(|row| row.target.as_ref()), Some(RowTarget::Who(_))),
        (Action::Yaml, _) => meant(state).is_some() && !state.cx.rbac.is_blind(),
        (Action::WhoCan, _) => !state.cx.rbac.is_blind(),
        (Action::NewRole | Action::Bind, _) => writable,
        (Action::Edit | Action::Delete, _) => writable && meant(state).is_some() && !state.cx.rbac.is_blind(),
        _ => true,
    }
}

fn next_view(state: &mut State) -> Vec<Effect> {
    let now = state.rbac.trail.first().and_then(|opened| opened.page.way()).unwrap_or(0);
    state.rbac.trail = vec![PageState::new(RbacPage::of_way((now + 1) % WAYS.len()))];
    let effects = refresh(state);
    if matches!(state.rbac.page().page, RbacPage::WhoCan(None)) && !state.cx.rbac.is_blind() {
        ask::open_who_can(state);
    }
    effects
}

/// Enter: on to what the row, or the cell, is about.
fn walk(state: &mut State) -> Vec<Effect> {
    let page = match &state.rbac.page().page {
        RbacPage::Access(access) => {
            let (policy, catalogue) = (state.cx.rbac.seen(), &state.cx.rbac.catalogue);
            let granted = access.cell(policy, catalogue).is_some_and(|cell| !cell.grants.is_empty());
            let Some(action) = access.action(policy, catalogue).filter(|_| granted) else {
                let lines = detail::why_not(state);
                read_on(state, "Why not, and what would grant it", &lines);
                return Vec::new();
            };
            RbacPage::Grants(access.who.clone(), action)
        }
        _ => match state.rbac.page().chosen().and_then(|row| row.target.clone()) {
            Some(RowTarget::Who(who)) => RbacPage::Access(Box::new(Access::new(who, Some(&state.namespace())))),
            Some(RowTarget::Role(named)) => RbacPage::Role(named),
            Some(RowTarget::Holders(named)) => RbacPage::Holders(named),
            Some(RowTarget::Binding(named)) => RbacPage::Binding(named),
            None => return Vec::new(),
        },
    };
    open(state, page)
}

/// Shows a text.
fn read_on(state: &mut State, title: &str, lines: &[String]) {
    state.overlays.push(Overlay::Reader(TextReader::new(title, lines.to_vec())));
}

/// Esc: clears the search, else goes back to the page before.
fn back(state: &mut State) -> Vec<Effect> {
    state.cx.notice = None;
    if !state.rbac.page().search.is_empty() {
        state.rbac.page_mut().search.clear();
    } else if state.rbac.trail.len() > 1 {
        state.rbac.trail.pop();
    }
    refresh(state)
}

/// The question that the server is asked: the cell's, or whether the subject under the cursor can do it.
pub(crate) fn question(state: &State) -> Option<(Principal, Asked)> {
    let opened = state.rbac.page();
    match &opened.page {
        RbacPage::Access(access) => {
            let action = access.action(state.cx.rbac.seen(), &state.cx.rbac.catalogue)?;
            Some((access.who.clone(), action))
        }
        RbacPage::WhoCan(Some(action)) => match &opened.chosen()?.target {
            Some(RowTarget::Who(who)) => Some((who.clone(), action.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn ask_server(state: &mut State) -> Vec<Effect> {
    let Some((who, action)) = question(state) else { return Vec::new() };
    let id = state.next_effect();
    let server = Server { action: action.clone(), who: who.clone(), answer: ServerAnswer::Asked(id) };
    state.rbac.page_mut().server = Some(server);
    vec![Effect::Rbac(RbacTask::Review(id, Box::new(who), Box::new(action)))]
}

/// The object that the page or the row under the cursor is about.
pub(crate) fn meant(state: &State) -> Option<Named> {
    let opened = state.rbac.page();
    match &opened.page {
        RbacPage::Role(named) | RbacPage::Holders(named) | RbacPage::Binding(named) => Some(named.clone()),
        _ => opened.chosen().and_then(|row| row.object.clone()),
    }
}

fn yaml(state: &mut State) -> Vec<Effect> {
    let Some(named) = meant(state) else { return Vec::new() };
    let id = state.next_effect();
    state.rbac.reading = Some((id, named.to_string()));
    vec![Effect::Rbac(RbacTask::Read(id, named))]
}
