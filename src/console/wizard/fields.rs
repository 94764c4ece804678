//! The wizard's fields, their defaults, and the order that they make.

use std::path::PathBuf;

use super::{Wizard, WizardStep};
use crate::console::widgets::form::Form;
use crate::domain::issuance_request;
use crate::domain::issuance_request::{
    DEFAULT_LIFE, DEFAULT_VERBS, Grant, IssuanceRequest, KeySource, KubeconfigTarget, OrderDefaults, OrderField,
    Problem,
};
use crate::domain::key_type::KeyType;
use crate::domain::request::CLIENT_SIGNER;
use crate::domain::validity;

/// The fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WizardField {
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

impl WizardField {
    /// The step that it is on.
    pub(crate) const fn step(self) -> WizardStep {
        match self {
            Self::User | Self::Groups | Self::Key | Self::RequestFile => WizardStep::Who,
            Self::CsrName | Self::Signer | Self::Life | Self::Usages => WizardStep::Cert,
            Self::Namespace | Self::Grant | Self::Role | Self::Verbs | Self::Resources | Self::Binding => {
                WizardStep::Access
            }
            Self::File | Self::Certificate | Self::Context | Self::Switch | Self::Same => WizardStep::Kubeconfig,
        }
    }

    /// Where an order's problem belongs.
    pub(crate) const fn of(field: OrderField) -> Self {
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
pub(crate) fn form(around: &OrderDefaults) -> Form<WizardField> {
    let mut keys: Vec<_> = KeyType::ALL.iter().map(ToString::to_string).collect();
    keys.push("its owner's PKCS#10 file".to_owned());
    let grants = ["new role", "existing role", "existing cluster role", "nothing"].map(str::to_owned).to_vec();
    let choice = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    Form::default()
        .text(WizardField::User, "User name", "")
        .list(WizardField::Groups, "Groups", "")
        .choice(WizardField::Key, "Key", keys, 0)
        .text(WizardField::RequestFile, "File", "")
        .text(WizardField::CsrName, "CSR name", "")
        .text(WizardField::Signer, "Signer", CLIENT_SIGNER)
        .text(WizardField::Life, "Life", DEFAULT_LIFE)
        .list(WizardField::Usages, "Usages", "client auth")
        .text(WizardField::Namespace, "Namespace", around.namespace.clone())
        .choice(WizardField::Grant, "Grant", grants, NEW_ROLE)
        .text(WizardField::Role, "Role", "developer")
        .list(WizardField::Verbs, "Verbs", DEFAULT_VERBS.join(" "))
        .list(WizardField::Resources, "Resources", "pods")
        .text(WizardField::Binding, "Binding", "")
        .text(WizardField::File, "File", around.kubeconfig.display().to_string())
        .text(WizardField::Certificate, "Certificate", "")
        .text(WizardField::Context, "Context", "")
        .choice(WizardField::Switch, "Switch", choice(["make it current", "leave the current one"]), 0)
        .choice(WizardField::Same, "Same name", choice(["never replace an entry", "replace it, keep a backup"]), 0)
}

/// Whether a field means anything with what is chosen elsewhere.
pub(crate) fn applies(form: &Form<WizardField>, field: WizardField) -> bool {
    let grant = form.chosen(WizardField::Grant);
    match field {
        WizardField::RequestFile | WizardField::Certificate => form.chosen(WizardField::Key) == EXISTING,
        WizardField::Role | WizardField::Binding => grant != NOTHING,
        WizardField::Verbs | WizardField::Resources => grant == NEW_ROLE,
        WizardField::File | WizardField::Context | WizardField::Switch | WizardField::Same => {
            form.chosen(WizardField::Key) != EXISTING
        }
        _ => true,
    }
}

/// Defaults that follow other fields, until someone changes them.
pub(crate) fn follow(form: &mut Form<WizardField>) {
    let user = form.value(WizardField::User).trim().to_owned();
    let role = form.value(WizardField::Role).trim().to_owned();
    form.suggest(WizardField::CsrName, &issuance_request::object_name(&user));
    form.suggest(WizardField::Context, &user);
    form.suggest(WizardField::Certificate, &format!("{}.crt", issuance_request::object_name(&user)));
    form.suggest(WizardField::Binding, &issuance_request::binding_name(&role, &user));
}

/// Words separated by spaces or commas.
fn words(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Usages and groups have spaces inside: only commas separate them.
fn phrases(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|phrase| !phrase.is_empty()).map(str::to_owned).collect()
}

impl Wizard {
    /// The order that the fields make, and what is wrong with it.
    pub(crate) fn order(&self) -> (IssuanceRequest, Vec<(WizardField, String)>) {
        let form = &self.form;
        let text = |field| form.value(field).trim().to_owned();
        let mut problems = Vec::new();
        let user = text(WizardField::User);
        let mut order = IssuanceRequest::new(&user, &self.around);
        order.groups = phrases(form.value(WizardField::Groups));
        order.csr_name = text(WizardField::CsrName);
        order.signer_name = text(WizardField::Signer);
        order.usages = phrases(form.value(WizardField::Usages));
        order.namespace = text(WizardField::Namespace);
        order.binding_name = text(WizardField::Binding);
        match validity::parse(form.value(WizardField::Life)) {
            Ok(seconds) => order.expiration_seconds = seconds,
            Err(why) => problems.push((WizardField::Life, why)),
        }
        order.grant = match form.chosen(WizardField::Grant) {
            NEW_ROLE => Grant::NewRole {
                name: text(WizardField::Role),
                verbs: words(form.value(WizardField::Verbs)),
                resources: words(form.value(WizardField::Resources)),
            },
            ROLE => Grant::Role(text(WizardField::Role)),
            CLUSTER_ROLE => Grant::ClusterRole(text(WizardField::Role)),
            _ => Grant::Nothing,
        };
        self.credentials(&mut order, &mut problems);
        let known = |problem: &Problem| (WizardField::of(problem.field), problem.text.clone());
        problems.extend(order.problems().iter().map(known));
        (order, problems)
    }

    fn credentials(&self, order: &mut IssuanceRequest, problems: &mut Vec<(WizardField, String)>) {
        let form = &self.form;
        let path = expanded(form.value(WizardField::File).trim());
        if let Some(kind) = KeyType::ALL.get(form.chosen(WizardField::Key)) {
            order.key = KeySource::New(*kind);
            order.kubeconfig = Some(KubeconfigTarget {
                separate: path != self.around.kubeconfig,
                path,
                cluster: self.around.cluster.clone(),
                user: form.value(WizardField::Context).trim().to_owned(),
                context: form.value(WizardField::Context).trim().to_owned(),
                switch: form.chosen(WizardField::Switch) == 0,
                overwrite: form.chosen(WizardField::Same) == 1,
            });
        } else {
            order.kubeconfig = None;
            order.certificate_file = Some(expanded(form.value(WizardField::Certificate).trim()));
            match &self.request {
                Some((_, Ok(pem))) => order.key = KeySource::Existing(pem.clone()),
                Some((_, Err(why))) => problems.push((WizardField::RequestFile, why.clone())),
                None => problems.push((WizardField::RequestFile, "a PKCS#10 file is needed".to_owned())),
            }
        }
    }
}

/// `~/` as the shell reads it.
pub(crate) fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), crate::files::folders::home()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
