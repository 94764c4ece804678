//! The fields of roles and bindings, and the objects that they make.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use crate::console::panes::rbac::edit::{Draft, EditForm, EditKind};
use crate::console::widgets::form::Form;
use crate::domain::access::draft::{self, Preset, parse_rule, rule_text};
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Catalogue, Policy, SubjectKey};
use crate::domain::issuance_request;

/// Lines for rules beyond those that are there.
const SPARE: usize = 3;

/// The fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditField {
    Kind,
    Namespace,
    Name,
    Preset,
    Rule(usize),
    RoleKind,
    Role,
    Users,
    Groups,
    Accounts,
}

/// Index of the kinds that are in a namespace, in the choices of both forms.
const NAMESPACED: usize = 0;

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The fields of a new role.
pub(crate) fn new_role(namespace: &str, presets: &[Preset]) -> Form<EditField> {
    let names =
        ["none".to_owned()].into_iter().chain(presets.iter().map(|preset| format!("{}: {}", preset.name, preset.text)));
    let form = Form::default()
        .choice(EditField::Kind, "Kind", words(&["Role", "ClusterRole"]), NAMESPACED)
        .text(EditField::Namespace, "Namespace", namespace)
        .text(EditField::Name, "Name", "")
        .choice(EditField::Preset, "Preset", names.collect(), 0);
    let rules = presets.iter().map(|preset| preset.rules.len()).max().unwrap_or(0).max(4) + SPARE;
    with_rules(form, &[], rules)
}

/// The fields of a role that is there.
pub(crate) fn edit_role(rules: &[PolicyRule]) -> Form<EditField> {
    with_rules(Form::default(), rules, rules.len() + SPARE)
}

fn with_rules(mut form: Form<EditField>, rules: &[PolicyRule], count: usize) -> Form<EditField> {
    for at in 0..count {
        let text = rules.get(at).map(rule_text).unwrap_or_default();
        form = form.text(EditField::Rule(at), "Rule", text);
    }
    form
}

/// The fields of a new binding of `role`, where one is meant, to `subject`.
pub(crate) fn new_binding(namespace: &str, role: Option<&Named>, subject: Option<&SubjectKey>) -> Form<EditField> {
    let of_role = role.map_or(1, |role| usize::from(role.kind == RbacKind::ClusterRole));
    let namespace = role.and_then(|role| role.scope.as_deref()).unwrap_or(namespace);
    let form = Form::default()
        .choice(EditField::Kind, "Kind", words(&["RoleBinding", "ClusterRoleBinding"]), NAMESPACED)
        .text(EditField::Namespace, "Namespace", namespace)
        .choice(EditField::RoleKind, "Of a", words(&["Role", "ClusterRole"]), of_role)
        .text(EditField::Role, "Role", role.map(|role| role.name.clone()).unwrap_or_default());
    let form = with_subjects(form, subject.into_iter().cloned());
    form.text(EditField::Name, "Name", "")
}

/// The fields of a binding that is there.
pub(crate) fn edit_binding(subjects: impl IntoIterator<Item = SubjectKey>) -> Form<EditField> {
    with_subjects(Form::default(), subjects)
}

fn with_subjects(form: Form<EditField>, subjects: impl IntoIterator<Item = SubjectKey>) -> Form<EditField> {
    let (mut users, mut groups, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match &subject {
            SubjectKey::User(name) => users.push(name.clone()),
            SubjectKey::Group(name) => groups.push(name.clone()),
            SubjectKey::ServiceAccount(..) => accounts.push(subject.name()),
        }
    }
    form.list(EditField::Users, "Users", users.join(", ")).list(EditField::Groups, "Groups", groups.join(", ")).list(
        EditField::Accounts,
        "Accounts",
        accounts.join(", "),
    )
}

impl EditForm {
    /// Whether a field means anything with what is chosen elsewhere, and is near enough to the keyboard to be shown.
    pub(crate) fn shows(&self, field: EditField) -> bool {
        let form = &self.form;
        match field {
            EditField::Namespace | EditField::RoleKind => form.chosen(EditField::Kind) == NAMESPACED,
            _ => true,
        }
    }

    /// Defaults that follow other fields, until someone changes them.
    pub(crate) fn follow(&mut self, presets: &[Preset]) {
        let form = &mut self.form;
        if self.what == EditKind::NewBinding {
            let first =
                [EditField::Users, EditField::Groups, EditField::Accounts].map(|field| form.value(field).to_owned());
            let first = first.iter().flat_map(|text| text.split(',')).map(str::trim).find(|word| !word.is_empty());
            let name = issuance_request::binding_name(form.value(EditField::Role).trim(), first.unwrap_or("all"));
            form.suggest(EditField::Name, &name);
        }
        if self.what == EditKind::NewRole {
            let preset = form.chosen(EditField::Preset).checked_sub(1).and_then(|at| presets.get(at));
            form.suggest(EditField::Name, preset.map_or("", |preset| preset.name.as_str()));
            for at in 0..rule_count(form) {
                let rule = preset.and_then(|preset| preset.rules.get(at)).map(rule_text).unwrap_or_default();
                form.suggest(EditField::Rule(at), &rule);
            }
        }
    }

    /// The object that the fields make.
    ///
    /// # Errors
    /// What is wrong, and in which field.
    pub(crate) fn draft(&self, catalogue: &Catalogue) -> Result<Draft, (EditField, String)> {
        match &self.what {
            EditKind::NewRole => {
                let named = self.named(RbacKind::Role, RbacKind::ClusterRole)?;
                Ok(Draft { object: draft::role(&named, &self.rules(catalogue)?), named })
            }
            EditKind::NewBinding => {
                let named = self.named(RbacKind::RoleBinding, RbacKind::ClusterRoleBinding)?;
                let inside = named.scope.is_some() && self.form.chosen(EditField::RoleKind) == 0;
                let kind = if inside { RbacKind::Role } else { RbacKind::ClusterRole };
                let name = self.form.value(EditField::Role).trim().to_owned();
                if name.is_empty() {
                    return Err((EditField::Role, "a role is needed".to_owned()));
                }
                let role = Named { kind, scope: named.scope.clone().filter(|_| inside), name };
                Ok(Draft { object: draft::binding(&named, &role, &self.subjects()?), named })
            }
            EditKind::EditRole(named) => Ok(self.changed(named, "rules", json!(self.rules(catalogue)?))),
            EditKind::EditBinding(named) => {
                Ok(self.changed(named, "subjects", draft::subject_values(&self.subjects()?)))
            }
            EditKind::Delete(named) => Ok(Draft { named: named.clone(), object: Value::Null }),
        }
    }

    fn changed(&self, named: &Named, field: &str, value: Value) -> Draft {
        let mut object = self.original.clone().unwrap_or_default();
        object[field] = value;
        // The server knows who manages what; it is not ours to send back.
        if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.remove("managedFields");
        }
        Draft { named: named.clone(), object }
    }

    fn named(&self, inside: RbacKind, cluster: RbacKind) -> Result<Named, (EditField, String)> {
        let text = |field| self.form.value(field).trim().to_owned();
        let namespaced = self.form.chosen(EditField::Kind) == NAMESPACED;
        let (kind, name) = (if namespaced { inside } else { cluster }, text(EditField::Name));
        if name.is_empty() || name.contains(['/', '%']) {
            return Err((EditField::Name, "a name is needed, without / and %".to_owned()));
        }
        if namespaced && text(EditField::Namespace).is_empty() {
            return Err((EditField::Namespace, "a namespace is needed".to_owned()));
        }
        Ok(Named { kind, scope: namespaced.then(|| text(EditField::Namespace)), name })
    }

    /// The rules: those whose line no one changed stay exactly as they were.
    fn rules(&self, catalogue: &Catalogue) -> Result<Vec<PolicyRule>, (EditField, String)> {
        let before: Vec<PolicyRule> = self
            .original
            .as_ref()
            .and_then(|object| serde_json::from_value(object["rules"].clone()).ok())
            .unwrap_or_default();
        let mut rules = Vec::new();
        for at in 0..rule_count(&self.form) {
            let text = self.form.value(EditField::Rule(at)).trim();
            match before.get(at).filter(|rule| rule_text(rule) == text) {
                Some(rule) => rules.push(rule.clone()),
                None if text.is_empty() => {}
                None => rules.extend(parse_rule(text, catalogue).map_err(|why| (EditField::Rule(at), why))?),
            }
        }
        Ok(rules)
    }

    fn subjects(&self) -> Result<Vec<SubjectKey>, (EditField, String)> {
        let list = |field| -> Vec<String> {
            let words = self.form.value(field).split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(ToOwned::to_owned).collect()
        };
        let users = list(EditField::Users).into_iter().map(|name| SubjectKey::user(&name));
        let mut subjects: Vec<_> = users.chain(list(EditField::Groups).into_iter().map(SubjectKey::Group)).collect();
        for account in list(EditField::Accounts) {
            let Some((namespace, name)) = account.split_once(['/', ':']) else {
                return Err((EditField::Accounts, "a service account is NAMESPACE/NAME".to_owned()));
            };
            subjects.push(SubjectKey::ServiceAccount(namespace.to_owned(), name.to_owned()));
        }
        if subjects.is_empty() && self.what == EditKind::NewBinding {
            return Err((EditField::Users, "a user, a group or a service account is needed".to_owned()));
        }
        Ok(subjects)
    }

    /// What the word under the keyboard can become.
    pub(crate) fn candidates(&self, policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
        let Some(field) = self.form.focused() else { return Vec::new() };
        let typed = self.form.value(field);
        let word = typed.rsplit([',', ' ']).next().unwrap_or_default();
        let known: Vec<String> = match field {
            EditField::Rule(_) if typed.contains(':') => catalogue.complete(word, 7),
            EditField::Rule(_) => crate::console::panes::rbac::ask::verbs().map(str::to_owned).collect(),
            EditField::Role => {
                let inside =
                    self.form.chosen(EditField::Kind) == NAMESPACED && self.form.chosen(EditField::RoleKind) == 0;
                let scope = inside.then(|| self.form.value(EditField::Namespace).trim().to_owned());
                let roles = policy.roles().iter().filter(|role| role.scope == scope);
                roles.map(|role| role.name.clone()).collect()
            }
            EditField::Users | EditField::Groups | EditField::Accounts => {
                let of = |key: &SubjectKey| match (field, key) {
                    (EditField::Users, SubjectKey::User(_))
                    | (EditField::Groups, SubjectKey::Group(_))
                    | (EditField::Accounts, SubjectKey::ServiceAccount(..)) => Some(key.name()),
                    _ => None,
                };
                policy.subjects().into_iter().filter_map(|(key, _)| of(key)).collect()
            }
            _ => Vec::new(),
        };
        known.into_iter().filter(|known| known.starts_with(word) && known != word).take(6).collect()
    }
}

/// How many lines for rules a form has.
pub(crate) fn rule_count(form: &Form<EditField>) -> usize {
    form.fields().iter().filter(|field| matches!(field.id, EditField::Rule(_))).count()
}
