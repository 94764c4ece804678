//! The fields of roles and bindings, and the objects that they make.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use crate::console::panes::rbac::edit::{Draft, Sheet, What};
use crate::console::widgets::form::Form;
use crate::domain::access::draft::{self, Preset, parse_rule, rule_text};
use crate::domain::access::object::{Kind, Named};
use crate::domain::access::{Catalogue, Policy, SubjectKey};
use crate::domain::issuance_request;

/// Lines for rules beyond those that are there.
const SPARE: usize = 3;

/// The fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as their labels")]
pub enum Field {
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
pub fn new_role(namespace: &str, presets: &[Preset]) -> Form<Field> {
    let names =
        ["none".to_owned()].into_iter().chain(presets.iter().map(|preset| format!("{}: {}", preset.name, preset.text)));
    let form = Form::default()
        .choice(Field::Kind, "Kind", words(&["Role", "ClusterRole"]), NAMESPACED)
        .text(Field::Namespace, "Namespace", namespace)
        .text(Field::Name, "Name", "")
        .choice(Field::Preset, "Preset", names.collect(), 0);
    let rules = presets.iter().map(|preset| preset.rules.len()).max().unwrap_or(0).max(4) + SPARE;
    with_rules(form, &[], rules)
}

/// The fields of a role that is there.
pub fn edit_role(rules: &[PolicyRule]) -> Form<Field> {
    with_rules(Form::default(), rules, rules.len() + SPARE)
}

fn with_rules(mut form: Form<Field>, rules: &[PolicyRule], count: usize) -> Form<Field> {
    for at in 0..count {
        let text = rules.get(at).map(rule_text).unwrap_or_default();
        form = form.text(Field::Rule(at), "Rule", text);
    }
    form
}

/// The fields of a new binding of `role`, where one is meant, to `subject`.
pub fn new_binding(namespace: &str, role: Option<&Named>, subject: Option<&SubjectKey>) -> Form<Field> {
    let of_role = role.map_or(1, |role| usize::from(role.kind == Kind::ClusterRole));
    let namespace = role.and_then(|role| role.scope.as_deref()).unwrap_or(namespace);
    let form = Form::default()
        .choice(Field::Kind, "Kind", words(&["RoleBinding", "ClusterRoleBinding"]), NAMESPACED)
        .text(Field::Namespace, "Namespace", namespace)
        .choice(Field::RoleKind, "Of a", words(&["Role", "ClusterRole"]), of_role)
        .text(Field::Role, "Role", role.map(|role| role.name.clone()).unwrap_or_default());
    let form = with_subjects(form, subject.into_iter().cloned());
    form.text(Field::Name, "Name", "")
}

/// The fields of a binding that is there.
pub fn edit_binding(subjects: impl IntoIterator<Item = SubjectKey>) -> Form<Field> {
    with_subjects(Form::default(), subjects)
}

fn with_subjects(form: Form<Field>, subjects: impl IntoIterator<Item = SubjectKey>) -> Form<Field> {
    let (mut users, mut groups, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match &subject {
            SubjectKey::User(name) => users.push(name.clone()),
            SubjectKey::Group(name) => groups.push(name.clone()),
            SubjectKey::ServiceAccount(..) => accounts.push(subject.name()),
        }
    }
    form.list(Field::Users, "Users", users.join(", ")).list(Field::Groups, "Groups", groups.join(", ")).list(
        Field::Accounts,
        "Accounts",
        accounts.join(", "),
    )
}

impl Sheet {
    /// Whether a field means anything with what is chosen elsewhere, and is near enough to the keyboard to be shown.
    pub fn shows(&self, field: Field) -> bool {
        let form = &self.form;
        match field {
            Field::Namespace | Field::RoleKind => form.chosen(Field::Kind) == NAMESPACED,
            _ => true,
        }
    }

    /// Defaults that follow other fields, until somebody changes them.
    pub fn follow(&mut self, presets: &[Preset]) {
        let form = &mut self.form;
        if self.what == What::NewBinding {
            let first = [Field::Users, Field::Groups, Field::Accounts].map(|field| form.value(field).to_owned());
            let first = first.iter().flat_map(|text| text.split(',')).map(str::trim).find(|word| !word.is_empty());
            let name = issuance_request::binding_name(form.value(Field::Role).trim(), first.unwrap_or("all"));
            form.suggest(Field::Name, &name);
        }
        if self.what == What::NewRole {
            let preset = form.chosen(Field::Preset).checked_sub(1).and_then(|at| presets.get(at));
            form.suggest(Field::Name, preset.map_or("", |preset| preset.name.as_str()));
            for at in 0..rule_count(form) {
                let rule = preset.and_then(|preset| preset.rules.get(at)).map(rule_text).unwrap_or_default();
                form.suggest(Field::Rule(at), &rule);
            }
        }
    }

    /// The object that the fields make.
    ///
    /// # Errors
    /// What is wrong, and in which field.
    pub fn draft(&self, catalogue: &Catalogue) -> Result<Draft, (Field, String)> {
        match &self.what {
            What::NewRole => {
                let named = self.named(Kind::Role, Kind::ClusterRole)?;
                Ok(Draft { object: draft::role(&named, &self.rules(catalogue)?), named })
            }
            What::NewBinding => {
                let named = self.named(Kind::RoleBinding, Kind::ClusterRoleBinding)?;
                let inside = named.scope.is_some() && self.form.chosen(Field::RoleKind) == 0;
                let kind = if inside { Kind::Role } else { Kind::ClusterRole };
                let name = self.form.value(Field::Role).trim().to_owned();
                if name.is_empty() {
                    return Err((Field::Role, "a role is needed".to_owned()));
                }
                let role = Named { kind, scope: named.scope.clone().filter(|_| inside), name };
                Ok(Draft { object: draft::binding(&named, &role, &self.subjects()?), named })
            }
            What::EditRole(named) => Ok(self.changed(named, "rules", json!(self.rules(catalogue)?))),
            What::EditBinding(named) => Ok(self.changed(named, "subjects", draft::subject_values(&self.subjects()?))),
            What::Delete(named) => Ok(Draft { named: named.clone(), object: Value::Null }),
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

    fn named(&self, inside: Kind, cluster: Kind) -> Result<Named, (Field, String)> {
        let text = |field| self.form.value(field).trim().to_owned();
        let namespaced = self.form.chosen(Field::Kind) == NAMESPACED;
        let (kind, name) = (if namespaced { inside } else { cluster }, text(Field::Name));
        if name.is_empty() || name.contains(['/', '%']) {
            return Err((Field::Name, "a name is needed, without / and %".to_owned()));
        }
        if namespaced && text(Field::Namespace).is_empty() {
            return Err((Field::Namespace, "a namespace is needed".to_owned()));
        }
        Ok(Named { kind, scope: namespaced.then(|| text(Field::Namespace)), name })
    }

    /// The rules: those whose line nobody changed stay exactly as they were.
    fn rules(&self, catalogue: &Catalogue) -> Result<Vec<PolicyRule>, (Field, String)> {
        let before: Vec<PolicyRule> = self
            .original
            .as_ref()
            .and_then(|object| serde_json::from_value(object["rules"].clone()).ok())
            .unwrap_or_default();
        let mut rules = Vec::new();
        for at in 0..rule_count(&self.form) {
            let text = self.form.value(Field::Rule(at)).trim();
            match before.get(at).filter(|rule| rule_text(rule) == text) {
                Some(rule) => rules.push(rule.clone()),
                None if text.is_empty() => {}
                None => rules.extend(parse_rule(text, catalogue).map_err(|why| (Field::Rule(at), why))?),
            }
        }
        Ok(rules)
    }

    fn subjects(&self) -> Result<Vec<SubjectKey>, (Field, String)> {
        let list = |field| -> Vec<String> {
            let words = self.form.value(field).split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(ToOwned::to_owned).collect()
        };
        let users = list(Field::Users).into_iter().map(|name| SubjectKey::user(&name));
        let mut subjects: Vec<_> = users.chain(list(Field::Groups).into_iter().map(SubjectKey::Group)).collect();
        for account in list(Field::Accounts) {
            let Some((namespace, name)) = account.split_once(['/', ':']) else {
                return Err((Field::Accounts, "a service account is NAMESPACE/NAME".to_owned()));
            };
            subjects.push(SubjectKey::ServiceAccount(namespace.to_owned(), name.to_owned()));
        }
        if subjects.is_empty() && self.what == What::NewBinding {
            return Err((Field::Users, "a user, a group or a service account is needed".to_owned()));
        }
        Ok(subjects)
    }

    /// What the word under the keyboard can become.
    pub fn candidates(&self, policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
        let Some(field) = self.form.focused() else { return Vec::new() };
        let typed = self.form.value(field);
        let word = typed.rsplit([',', ' ']).next().unwrap_or_default();
        let known: Vec<String> = match field {
            Field::Rule(_) if typed.contains(':') => catalogue.complete(word, 7),
            Field::Rule(_) => crate::console::panes::rbac::ask::verbs().map(str::to_owned).collect(),
            Field::Role => {
                let inside = self.form.chosen(Field::Kind) == NAMESPACED && self.form.chosen(Field::RoleKind) == 0;
                let scope = inside.then(|| self.form.value(Field::Namespace).trim().to_owned());
                let roles = policy.roles().iter().filter(|role| role.scope == scope);
                roles.map(|role| role.name.clone()).collect()
            }
            Field::Users | Field::Groups | Field::Accounts => {
                let of = |key: &SubjectKey| match (field, key) {
                    (Field::Users, SubjectKey::User(_))
                    | (Field::Groups, SubjectKey::Group(_))
                    | (Field::Accounts, SubjectKey::ServiceAccount(..)) => Some(key.name()),
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
pub fn rule_count(form: &Form<Field>) -> usize {
    form.fields().iter().filter(|field| matches!(field.id, Field::Rule(_))).count()
}
