//! What the RBAC pane does with keys.

use crossterm::event::KeyEvent;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::movement::steps;
use crate::console::core::pane_id::Pane;
use crate::console::dialogs::reader::TextReader;
use crate::console::panes::rbac::access::{Access, Server, ServerAnswer};
use crate::console::panes::rbac::opened::{PageState, RbacPage, WAYS};
use crate::console::panes::rbac::rows;
use crate::console::panes::rbac::rows::RowTarget;
use crate::console::panes::rbac::view::layout;
use crate::console::panes::rbac::{RbacPane, RbacTask, ask, detail, edit, search};
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
fn height(cx: &Ctx) -> usize {
    layout(cx.body()).0.height.saturating_sub(3).into()
}

/// Shows the pane.
pub(crate) fn show(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    cx.pane = Pane::Rbac;
    if pane.stale { refresh(pane, cx) } else { Vec::new() }
}

/// The screen has another size: the cursor must stay in sight.
pub(crate) fn resized(pane: &mut RbacPane, cx: &mut Ctx) {
    if cx.pane == Pane::Rbac {
        refresh(pane, cx);
    } else {
        pane.stale = true;
    }
}

/// Makes the rows of the page again: something changed, or it has just been opened.
pub(crate) fn refresh(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let height = height(cx);
    pane.stale = false;
    let fixed = cx.rbac.own.as_ref().filter(|_| cx.rbac.is_blind()).map(|own| own.namespace.clone());
    let (policy, catalogue) = (cx.rbac.seen().clone(), cx.rbac.catalogue.clone());
    let rows = rows::rows(&pane.page().page, &cx.rbac, &cx.requests);
    let opened = pane.page_mut();
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
pub(crate) fn open(pane: &mut RbacPane, cx: &mut Ctx, page: RbacPage) -> Vec<Effect> {
    if pane.trail.len() >= WALKED {
        pane.trail.remove(1);
    }
    pane.trail.push(PageState::new(page));
    refresh(pane, cx)
}

/// A key in this pane.
pub(crate) fn key(pane: &mut RbacPane, cx: &mut Ctx, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    if pane.sheet.is_some() {
        return edit::update::key(pane, cx, action, key);
    }
    if pane.ask.is_some() {
        return ask::key(pane, cx, action, key);
    }
    if pane.typing.is_some() {
        return search::typed(pane, cx, key);
    }
    let Some(action) = action else { return Vec::new() };
    if !possible(pane, cx, action) {
        return Vec::new();
    }
    let height = height(cx);
    if let Some(steps) = steps(action, height) {
        match &mut pane.page_mut().page {
            RbacPage::Access(access) => access.step(steps, height.saturating_sub(1)),
            _ => pane.page_mut().step(steps, height),
        }
        return Vec::new();
    }
    match action {
        Action::NextView => next_view(pane, cx),
        Action::Enter => walk(pane, cx),
        Action::Back => back(pane, cx),
        Action::WhoCan => {
            ask::open_who_can(pane, cx);
            Vec::new()
        }
        Action::Whose => {
            ask::open_whose(pane);
            Vec::new()
        }
        Action::Search => {
            search::open(pane);
            Vec::new()
        }
        Action::AskServer => ask_server(pane, cx),
        Action::NewRole | Action::Bind | Action::Edit | Action::Delete => edit::update::open(pane, cx, action),
        Action::Yaml => yaml(pane, cx),
        Action::Commands => {
            let reader = TextReader::commands("The same by hand", &detail::commands(pane, cx));
            cx.open(reader);
            Vec::new()
        }
        Action::Dangers => {
            let lines = detail::dangers(pane, cx);
            read_on(cx, "What is dangerous in it", &lines);
            Vec::new()
        }
        _ => table_key(pane, cx, action),
    }
}

/// Keys of the table alone.
fn table_key(pane: &mut RbacPane, cx: &mut Ctx, action: Action) -> Vec<Effect> {
    let RbacPage::Access(access) = &mut pane.page_mut().page else { return Vec::new() };
    match action {
        Action::Left | Action::Right => access.turn_column(action == Action::Right),
        Action::NextNamespace | Action::PreviousNamespace => {
            access.turn_namespace(action == Action::NextNamespace);
            return refresh(pane, cx);
        }
        Action::AllResources => {
            access.all = !access.all;
            return refresh(pane, cx);
        }
        _ => {}
    }
    Vec::new()
}

/// Whether `action` would do something now: what the footer offers.
pub(crate) fn possible(pane: &RbacPane, cx: &Ctx, action: Action) -> bool {
    if let Some(sheet) = &pane.sheet {
        return sheet.possible(action);
    }
    if pane.ask.is_some() {
        return matches!(action, Action::NextField | Action::Enter | Action::Back);
    }
    let writable = !cx.session.read_only;
    let opened = pane.page();
    let row = opened.chosen();
    match (action, &opened.page) {
        (Action::Enter | Action::AskServer, RbacPage::Access(access)) => access.line().is_some(),
        (Action::Enter, RbacPage::WhoCan(None)) => false,
        (Action::Enter, _) => row.is_some_and(|row| row.target.is_some()),
        (Action::AskServer, RbacPage::WhoCan(Some(_))) => row.is_some(),
        (Action::AskServer, _) => false,
        (Action::Dangers, RbacPage::Access(_)) => true,
        (Action::Dangers, _) => matches!(row.and_then(|row| row.target.as_ref()), Some(RowTarget::Who(_))),
        (Action::Yaml, _) => meant(pane).is_some() && !cx.rbac.is_blind(),
        (Action::WhoCan, _) => !cx.rbac.is_blind(),
        (Action::NewRole | Action::Bind, _) => writable,
        (Action::Edit | Action::Delete, _) => writable && meant(pane).is_some() && !cx.rbac.is_blind(),
        _ => true,
    }
}

fn next_view(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let now = pane.trail.first().and_then(|opened| opened.page.way()).unwrap_or(0);
    pane.trail = vec![PageState::new(RbacPage::of_way((now + 1) % WAYS.len()))];
    let effects = refresh(pane, cx);
    if matches!(pane.page().page, RbacPage::WhoCan(None)) && !cx.rbac.is_blind() {
        ask::open_who_can(pane, cx);
    }
    effects
}

/// Enter: on to what the row, or the cell, is about.
fn walk(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let page = match &pane.page().page {
        RbacPage::Access(access) => {
            let (policy, catalogue) = (cx.rbac.seen(), &cx.rbac.catalogue);
            let granted = access.cell(policy, catalogue).is_some_and(|cell| !cell.grants.is_empty());
            let Some(action) = access.action(policy, catalogue).filter(|_| granted) else {
                let lines = detail::why_not(pane, cx);
                read_on(cx, "Why not, and what would grant it", &lines);
                return Vec::new();
            };
            RbacPage::Grants(access.who.clone(), action)
        }
        _ => match pane.page().chosen().and_then(|row| row.target.clone()) {
            Some(RowTarget::Who(who)) => RbacPage::Access(Box::new(Access::new(who, Some(&cx.namespace())))),
            Some(RowTarget::Role(named)) => RbacPage::Role(named),
            Some(RowTarget::Holders(named)) => RbacPage::Holders(named),
            Some(RowTarget::Binding(named)) => RbacPage::Binding(named),
            None => return Vec::new(),
        },
    };
    open(pane, cx, page)
}

/// Shows a text.
fn read_on(cx: &mut Ctx, title: &str, lines: &[String]) {
    cx.open(TextReader::new(title, lines.to_vec()));
}

/// Esc: clears the search, else returns to the page before.
fn back(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    cx.notice = None;
    if !pane.page().search.is_empty() {
        pane.page_mut().search.clear();
    } else if pane.trail.len() > 1 {
        pane.trail.pop();
    }
    refresh(pane, cx)
}

/// The question that the server is asked: the cell's, or whether the subject under the cursor can do it.
pub(crate) fn question(pane: &RbacPane, cx: &Ctx) -> Option<(Principal, Asked)> {
    let opened = pane.page();
    match &opened.page {
        RbacPage::Access(access) => {
            let action = access.action(cx.rbac.seen(), &cx.rbac.catalogue)?;
            Some((access.who.clone(), action))
        }
        RbacPage::WhoCan(Some(action)) => match &opened.chosen()?.target {
            Some(RowTarget::Who(who)) => Some((who.clone(), action.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn ask_server(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let Some((who, action)) = question(pane, cx) else { return Vec::new() };
    let id = cx.next_effect();
    let server = Server { action: action.clone(), who: who.clone(), answer: ServerAnswer::Asked(id) };
    pane.page_mut().server = Some(server);
    vec![Effect::Rbac(RbacTask::Review(id, Box::new(who), Box::new(action)))]
}

/// The object that the page or the row under the cursor is about.
pub(crate) fn meant(pane: &RbacPane) -> Option<Named> {
    let opened = pane.page();
    match &opened.page {
        RbacPage::Role(named) | RbacPage::Holders(named) | RbacPage::Binding(named) => Some(named.clone()),
        _ => opened.chosen().and_then(|row| row.object.clone()),
    }
}

fn yaml(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let Some(named) = meant(pane) else { return Vec::new() };
    let id = cx.next_effect();
    pane.reading = Some((id, named.to_string()));
    vec![Effect::Rbac(RbacTask::Read(id, named))]
}
