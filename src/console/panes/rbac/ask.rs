//! Two small forms: who can do something, and whose access to look at.

use crossterm::event::KeyEvent;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action as Key, KeyContext};
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::rbac::access::Access;
use crate::console::panes::rbac::opened::{PageState, RbacPage};
use crate::console::panes::rbac::update;
use crate::console::widgets::form::Form;
use crate::domain::access::catalogue::VERBS;
use crate::domain::access::{Action, Catalogue, Policy, Principal, SubjectKey};

/// As many completions are offered.
const OFFERED: usize = 6;

/// A form.
#[derive(Debug)]
pub struct QueryForm {
    /// What is asked.
    pub what: Asked,
    /// The fields.
    pub form: Form<QueryField>,
    /// What is wrong with them.
    pub problem: Option<String>,
}

/// What a form asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Who can do something.
    WhoCan,
    /// Whose access is looked at.
    Whose,
}

/// The fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryField {
    Verb,
    Resource,
    Name,
    Namespace,
    User,
    Groups,
}

impl QueryForm {
    /// Where keys are looked up.
    pub(crate) fn places() -> Vec<KeyContext> {
        vec![KeyContext::Form, KeyContext::Always]
    }

    /// The heading.
    pub(crate) const fn title(&self) -> &'static str {
        match self.what {
            Asked::WhoCan => "Who can …?",
            Asked::Whose => "Whose access?",
        }
    }

    /// What the field that has the keyboard can be completed to.
    pub(crate) fn candidates(&self, policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
        let Some(field) = self.form.focused() else { return Vec::new() };
        let typed = self.form.value(field);
        let word = typed.rsplit([',', ' ']).next().unwrap_or_default();
        candidates(field, word, policy, catalogue)
    }
}

/// What a word in a field can become.
fn candidates(field: QueryField, word: &str, policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
    let starting = |all: Vec<String>| -> Vec<String> {
        all.into_iter().filter(|one| one.starts_with(word) && one != word).take(OFFERED).collect()
    };
    match field {
        QueryField::Verb => starting(verbs().map(str::to_owned).collect()),
        QueryField::Resource => starting(catalogue.complete(word, OFFERED + 1)),
        QueryField::Name => Vec::new(),
        QueryField::Namespace => {
            let mut names: Vec<_> = policy.bindings().iter().filter_map(|binding| binding.scope.clone()).collect();
            names.dedup();
            starting(names)
        }
        QueryField::User | QueryField::Groups => {
            let named = |key: &SubjectKey| match (field, key) {
                (QueryField::User, SubjectKey::User(name)) | (QueryField::Groups, SubjectKey::Group(name)) => {
                    Some(name.clone())
                }
                (QueryField::User, account @ SubjectKey::ServiceAccount(..)) => Some(Principal::of(account).user),
                _ => None,
            };
            starting(policy.subjects().into_iter().filter_map(|(key, _)| named(key)).collect())
        }
    }
}

/// The verbs that a rule may name.
pub(crate) fn verbs() -> impl Iterator<Item = &'static str> {
    VERBS.into_iter().chain(["approve", "sign", "escalate", "bind", "impersonate", "use", "*"])
}

/// Opens the form of the who-can question.
pub(crate) fn open_who_can(pane: &mut RbacPane, cx: &mut Ctx) {
    let form = Form::default()
        .text(QueryField::Verb, "Verb", "get")
        .text(QueryField::Resource, "Resource", "")
        .text(QueryField::Name, "Name", "")
        .text(QueryField::Namespace, "Namespace", cx.namespace());
    let mut ask = QueryForm { what: Asked::WhoCan, form, problem: None };
    ask.form.focus(QueryField::Resource);
    pane.ask = Some(ask);
}

/// Opens the form of whose access to look at.
pub(crate) fn open_whose(pane: &mut RbacPane) {
    let who = match &pane.page().page {
        RbacPage::Access(access) => access.who.clone(),
        _ => Principal::default(),
    };
    let groups: Vec<_> =
        who.groups.iter().filter(|group| *group != crate::domain::access::AUTHENTICATED).cloned().collect();
    let form =
        Form::default().text(QueryField::User, "User", who.user).list(QueryField::Groups, "Groups", groups.join(", "));
    pane.ask = Some(QueryForm { what: Asked::Whose, form, problem: None });
}

/// A key while a form is open.
pub(crate) fn key(pane: &mut RbacPane, cx: &mut Ctx, action: Option<Key>, key: KeyEvent) -> Vec<Effect> {
    let (policy, catalogue) = (cx.rbac.seen().clone(), cx.rbac.catalogue.clone());
    let Some(ask) = &mut pane.ask else { return Vec::new() };
    match action {
        Some(Key::Back) => pane.ask = None,
        Some(Key::NextField) => ask.form.move_focus(true, |_| true),
        Some(Key::PreviousField) => ask.form.move_focus(false, |_| true),
        Some(Key::NextChoice) if ask.form.at_end() => {
            if let Some(first) = ask.candidates(&policy, &catalogue).first() {
                complete(&mut ask.form, first);
            }
        }
        Some(Key::NextChoice | Key::PreviousChoice) => ask.form.turn(action == Some(Key::NextChoice)),
        Some(Key::Enter) => {
            // Enter in the first field of the shortest question is the answer already.
            if ask.form.at_last(|_| true) || ask.what == Asked::WhoCan && ask.form.focused() != Some(QueryField::Verb) {
                return answer(pane, cx);
            }
            ask.form.move_focus(true, |_| true);
        }
        Some(_) => {}
        None => {
            ask.problem = None;
            ask.form.key(key);
        }
    }
    Vec::new()
}

/// Puts the rest of a completion into the field.
pub(crate) fn complete<Id: Copy + PartialEq>(form: &mut Form<Id>, whole: &str) {
    let Some(field) = form.focused() else { return };
    let typed = form.value(field).rsplit([',', ' ']).next().unwrap_or_default();
    if let Some(rest) = whole.strip_prefix(typed).map(ToOwned::to_owned) {
        // It is one line.
        let _ = form.paste(&rest);
    }
}

fn answer(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let enter = cx.keymap.word(KeyContext::Form, Key::Enter);
    let Some(ask) = &mut pane.ask else { return Vec::new() };
    let text = |field| ask.form.value(field).trim().to_owned();
    match ask.what {
        Asked::WhoCan => {
            let (verb, resource) = (text(QueryField::Verb), text(QueryField::Resource));
            if verb.is_empty() || resource.is_empty() {
                ask.problem = Some("a verb and a resource are needed".to_owned());
                return Vec::new();
            }
            let unknown = format!("the server knows no resource {resource}; {enter} asks all the same");
            let known = resource.contains(['*', '/']) || cx.rbac.catalogue.find(&resource).is_some();
            if !known && ask.problem.as_ref() != Some(&unknown) {
                ask.problem = Some(unknown);
                return Vec::new();
            }
            let action =
                action(&cx.rbac.catalogue, verb, &resource, &text(QueryField::Name), &text(QueryField::Namespace));
            pane.ask = None;
            let page = RbacPage::WhoCan(Some(action));
            if matches!(pane.page().page, RbacPage::WhoCan(_)) {
                *pane.page_mut() = PageState::new(page);
                return update::refresh(pane, cx);
            }
            update::open(pane, cx, page)
        }
        Asked::Whose => {
            let groups = text(QueryField::Groups);
            let groups: Vec<_> =
                groups.split(',').map(|group| group.trim().to_owned()).filter(|g| !g.is_empty()).collect();
            let user = text(QueryField::User);
            if user.is_empty() && groups.is_empty() {
                ask.problem = Some("a user or a group is needed".to_owned());
                return Vec::new();
            }
            pane.ask = None;
            let page = RbacPage::Access(Box::new(Access::new(Principal::named(&user, &groups), Some(&cx.namespace()))));
            if matches!(pane.page().page, RbacPage::Access(_)) {
                *pane.page_mut() = PageState::new(page);
                return update::refresh(pane, cx);
            }
            update::open(pane, cx, page)
        }
    }
}

/// What is asked about; a resource of the whole cluster is in no namespace.
fn action(catalogue: &Catalogue, verb: String, resource: &str, name: &str, namespace: &str) -> Action {
    if resource.starts_with('/') {
        return Action::Path { verb, path: resource.to_owned() };
    }
    let (resource, namespaced) = catalogue.resolve(resource);
    let namespace = if namespaced == Some(false) { "" } else { namespace };
    Action::Resource(resource.action(&verb).named(name).within(namespace))
}
