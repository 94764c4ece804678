//! The wizard's fields, their defaults, and the order that they make.

use std::path::PathBuf;

use super::{Step, Wizard};
use crate::console::widgets::form::Form;
use crate::domain::issuance_request;
use crate::domain::issuance_request::{
    DEFAULT_VERBS, Field as OrderField, Grant, KeySource, KubeconfigTarget, Order, Problem, Surroundings,
};
use crate::domain::key_type::KeyType;
use crate::domain::request::CLIENT_SIGNER;
use crate::domain::validity;

/// The fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as their labels")]
pub enum Field {
    User,
    Groups,
    Key,
    RequestFile,
    CsrName,
    Signer,
    Life,
    Usages,
    Namespace,
    Grant,
    Role,
    Verbs,
    Resources,
    Binding,
    File,
    Certificate,
    Context,
    Switch,
    Same,
}

impl Field {
    /// The step that it is on.
    pub const fn step(self) -> Step {
        match self {
            Self::User | Self::Groups | Self::Key | Self::RequestFile => Step::Who,
            Self::CsrName | Self::Signer | Self::Life | Self::Usages => Step::Cert,
            Self::Namespace | Self::Grant | Self::Role | Self::Verbs | Self::Resources | Self::Binding => Step::Access,
            Self::File | Self::Certificate | Self::Context | Self::Switch | Self::Same => Step::Kubeconfig,
        }
    }

    /// Where an order's problem belongs.
    pub const fn of(field: OrderField) -> Self {
        match field {
            OrderField::User => Self::User,
            OrderField::Groups => Self::Groups,
            OrderField::Request => Self::RequestFile,
            OrderField::CsrName => Self::CsrName,
            OrderField::Signer => Self::Signer,
            OrderField::Expires => Self::Life,
            OrderField::Usages => Self::Usages,
            OrderField::Namespace => Self::Namespace,
            OrderField::Role => Self::Role,
            OrderField::Verbs => Self::Verbs,
            OrderField::Resources => Self::Resources,
            OrderField::Binding => Self::Binding,
            OrderField::Kubeconfig => Self::File,
            OrderField::Context => Self::Context,
        }
    }
}

/// What is granted, in the order of the choice.
const NEW_ROLE: usize = 0;
const ROLE: usize = 1;
const CLUSTER_ROLE: usize = 2;
const NOTHING: usize = 3;

/// The last choice of the key: a request made elsewhere.
const EXISTING: usize = KeyType::ALL.len();

/// All fields with their defaults.
pub fn form(around: &Surroundings) -> Form<Field> {
    let mut keys: Vec<_> = KeyType::ALL.iter().map(ToString::to_string).collect();
    keys.push("its owner's PKCS#10 file".to_owned());
    let grants = ["new role", "existing role", "existing cluster role", "nothing"].map(str::to_owned).to_vec();
    let choice = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    Form::default()
        .text(Field::User, "User name", "")
        .list(Field::Groups, "Groups", "")
        .choice(Field::Key, "Key", keys, 0)
        .text(Field::RequestFile, "File", "")
        .text(Field::CsrName, "CSR name", "")
        .text(Field::Signer, "Signer", CLIENT_SIGNER)
        .text(Field::Life, "Life", "24h")
        .list(Field::Usages, "Usages", "client auth")
        .text(Field::Namespace, "Namespace", around.namespace.clone())
        .choice(Field::Grant, "Grant", grants, NEW_ROLE)
        .text(Field::Role, "Role", "developer")
        .list(Field::Verbs, "Verbs", DEFAULT_VERBS.join(" "))
        .list(Field::Resources, "Resources", "pods")
        .text(Field::Binding, "Binding", "")
        .text(Field::File, "File", around.kubeconfig.display().to_string())
        .text(Field::Certificate, "Certificate", "")
        .text(Field::Context, "Context", "")
        .choice(Field::Switch, "Switch", choice(["make it current", "leave the current one"]), 0)
        .choice(Field::Same, "Same name", choice(["never replace an entry", "replace it, keep a backup"]), 0)
}

/// Whether a field means anything with what is chosen elsewhere.
pub fn applies(form: &Form<Field>, field: Field) -> bool {
    let grant = form.chosen(Field::Grant);
    match field {
        Field::RequestFile | Field::Certificate => form.chosen(Field::Key) == EXISTING,
        Field::Role | Field::Binding => grant != NOTHING,
        Field::Verbs | Field::Resources => grant == NEW_ROLE,
        Field::File | Field::Context | Field::Switch | Field::Same => form.chosen(Field::Key) != EXISTING,
        _ => true,
    }
}

/// Defaults that follow other fields, until somebody changes them.
pub fn follow(form: &mut Form<Field>) {
    let user = form.value(Field::User).trim().to_owned();
    let role = form.value(Field::Role).trim().to_owned();
    form.suggest(Field::CsrName, &issuance_request::object_name(&user));
    form.suggest(Field::Context, &user);
    form.suggest(Field::Certificate, &format!("{}.crt", issuance_request::object_name(&user)));
    form.suggest(Field::Binding, &issuance_request::binding_name(&role, &user));
}

/// Words separated by blanks or commas.
fn words(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Usages and groups have blanks inside: only commas separate them.
fn phrases(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|phrase| !phrase.is_empty()).map(str::to_owned).collect()
}

impl Wizard {
    /// The order that the fields make, and what is wrong with it.
    pub fn order(&self) -> (Order, Vec<(Field, String)>) {
        let form = &self.form;
        let text = |field| form.value(field).trim().to_owned();
        let mut problems = Vec::new();
        let user = text(Field::User);
        let mut order = Order::new(&user, &self.around);
        order.groups = phrases(form.value(Field::Groups));
        order.csr_name = text(Field::CsrName);
        order.signer_name = text(Field::Signer);
        order.usages = phrases(form.value(Field::Usages));
        order.namespace = text(Field::Namespace);
        order.binding_name = text(Field::Binding);
        match validity::parse(form.value(Field::Life)) {
            Ok(seconds) => order.expiration_seconds = seconds,
            Err(why) => problems.push((Field::Life, why)),
        }
        order.grant = match form.chosen(Field::Grant) {
            NEW_ROLE => Grant::NewRole {
                name: text(Field::Role),
                verbs: words(form.value(Field::Verbs)),
                resources: words(form.value(Field::Resources)),
            },
            ROLE => Grant::Role(text(Field::Role)),
            CLUSTER_ROLE => Grant::ClusterRole(text(Field::Role)),
            _ => Grant::Nothing,
        };
        self.credentials(&mut order, &mut problems);
        let known = |problem: &Problem| (Field::of(problem.field), problem.text.clone());
        problems.extend(order.problems().iter().map(known));
        (order, problems)
    }

    fn credentials(&self, order: &mut Order, problems: &mut Vec<(Field, String)>) {
        let form = &self.form;
        let path = expanded(form.value(Field::File).trim());
        if let Some(kind) = KeyType::ALL.get(form.chosen(Field::Key)) {
            order.key = KeySource::New(*kind);
            order.kubeconfig = Some(KubeconfigTarget {
                separate: path != self.around.kubeconfig,
                path,
                cluster: self.around.cluster.clone(),
                user: form.value(Field::Context).trim().to_owned(),
                context: form.value(Field::Context).trim().to_owned(),
                switch: form.chosen(Field::Switch) == 0,
                overwrite: form.chosen(Field::Same) == 1,
            });
        } else {
            order.kubeconfig = None;
            order.certificate_file = Some(expanded(form.value(Field::Certificate).trim()));
            match &self.request {
                Some((_, Ok(pem))) => order.key = KeySource::Existing(pem.clone()),
                Some((_, Err(why))) => problems.push((Field::RequestFile, why.clone())),
                None => problems.push((Field::RequestFile, "a PKCS#10 file is needed".to_owned())),
            }
        }
    }
}

/// `~/` as the shell reads it.
pub fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), crate::files::folders::home()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
