//! What an admin asks for when a new user is issued: the wizard's fields and `countersign issue`'s flags.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::key_type::KeyType;
use crate::domain::request::{CLIENT_SIGNER, Pkcs10};
use crate::domain::request_file;
use crate::domain::text::is_plain;
use crate::domain::validity::SHORTEST_SECONDS;

/// One person's certificate, access and kubeconfig, as ordered. Kept in the journal, so it never holds a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssuanceRequest {
    /// User name: the certificate's CN.
    pub user: String,
    /// Groups: one O each.
    pub groups: Vec<String>,
    /// Where the key comes from.
    pub key: KeySource,
    /// `metadata.name` of the `CertificateSigningRequest`.
    pub csr_name: String,
    /// `spec.signerName`.
    pub signer_name: String,
    /// `spec.expirationSeconds`; 600 at least.
    pub expiration_seconds: i32,
    /// `spec.usages`.
    pub usages: Vec<String>,
    /// Namespace of the Role and `RoleBinding`, and of the context when it is not `default`.
    pub namespace: String,
    /// What the user may do.
    pub grant: Grant,
    /// Name of the `RoleBinding` (unused when nothing is granted).
    pub binding_name: String,
    /// Where the credentials go; `None` when the key stays with its owner.
    pub kubeconfig: Option<KubeconfigTarget>,
    /// Where the certificate alone is written to when the key stays with its owner.
    pub certificate_file: Option<PathBuf>,
}

/// Where the private key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// Made here.
    New(#[serde(with = "key_type_name")] KeyType),
    /// A PKCS#10 request made elsewhere (its PEM text): the key never leaves its owner.
    Existing(String),
}

/// What a new user is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Nothing: no binding is made.
    Nothing,
    /// A Role made (or found equal) in the namespace.
    NewRole {
        /// Its name.
        name: String,
        /// Its verbs.
        verbs: Vec<String>,
        /// Its resources, as kubectl takes them: `pods`, `pods/log`, `deployments.apps`.
        resources: Vec<String>,
    },
    /// A Role that is there already.
    Role(String),
    /// A `ClusterRole` that is there already, bound in the namespace.
    ClusterRole(String),
}

/// Where the credentials are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeconfigTarget {
    /// The file: an existing one is merged into.
    pub path: PathBuf,
    /// Name of the cluster entry that the context points at.
    pub cluster: String,
    /// Name of the user entry.
    pub user: String,
    /// Name of the context.
    pub context: String,
    /// Whether the context becomes the current one.
    pub switch: bool,
    /// Whether a user or context of the same name, if there is one, may be replaced.
    pub overwrite: bool,
    /// Whether it is another file than kubectl's own: such a one may lack the cluster entry.
    pub separate: bool,
}

/// What the defaults of an order depend on.
#[derive(Debug, Clone, Default)]
pub struct OrderDefaults {
    /// The namespace in force.
    pub namespace: String,
    /// The current context's cluster entry.
    pub cluster: String,
    /// The file that kubectl would write a new entry to.
    pub kubeconfig: PathBuf,
}

/// What is wrong with an order, and in which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The field.
    pub field: OrderField,
    /// A sentence. Quotes nothing that is not printable.
    pub text: String,
}

/// The fields of an order that can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderField {
    User,
    Groups,
    Request,
    CsrName,
    Signer,
    Expires,
    Usages,
    Namespace,
    Role,
    Verbs,
    Resources,
    Binding,
    Kubeconfig,
    Context,
}

impl OrderField {
    /// The field's name in a message.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::User => "User name",
            Self::Groups => "Groups",
            Self::Request => "Request",
            Self::CsrName => "CSR name",
            Self::Signer => "Signer",
            Self::Expires => "Life",
            Self::Usages => "Usages",
            Self::Namespace => "Namespace",
            Self::Role => "Role",
            Self::Verbs => "Verbs",
            Self::Resources => "Resources",
            Self::Binding => "Binding",
            Self::Kubeconfig => "Kubeconfig",
            Self::Context => "Context",
        }
    }
}

/// A day: how long a certificate lives unless something else is asked for. It cannot be revoked, so not longer.
pub(crate) const DEFAULT_SECONDS: i32 = 86_400;
/// [`DEFAULT_SECONDS`] as it is typed.
pub(crate) const DEFAULT_LIFE: &str = "24h";
/// The verbs of the default role.
pub(crate) const DEFAULT_VERBS: [&str; 5] = ["create", "get", "list", "update", "delete"];
/// What the API server takes as a common name (RFC 5280, ub-common-name) and OpenSSL will make.
const LONGEST_NAME: usize = 64;

impl IssuanceRequest {
    /// An order for `user` with every default: RSA 2048, a day, client auth, the role `developer` on pods, merged into
    /// kubectl's own kubeconfig and switched to.
    pub fn new(user: &str, around: &OrderDefaults) -> Self {
        Self {
            user: user.to_owned(),
            groups: Vec::new(),
            key: KeySource::New(KeyType::default()),
            csr_name: object_name(user),
            signer_name: CLIENT_SIGNER.to_owned(),
            expiration_seconds: DEFAULT_SECONDS,
            usages: vec!["client auth".to_owned()],
            namespace: around.namespace.clone(),
            grant: Grant::NewRole {
                name: "developer".to_owned(),
                verbs: DEFAULT_VERBS.map(str::to_owned).to_vec(),
                resources: vec!["pods".to_owned()],
            },
            binding_name: binding_name("developer", user),
            kubeconfig: Some(KubeconfigTarget {
                path: around.kubeconfig.clone(),
                cluster: around.cluster.clone(),
                user: user.to_owned(),
                context: user.to_owned(),
                switch: true,
                overwrite: false,
                separate: false,
            }),
            certificate_file: None,
        }
    }

    /// The name of the role that is bound, if one is.
    pub(crate) fn role_name(&self) -> Option<&str> {
        match &self.grant {
            Grant::Nothing => None,
            Grant::NewRole { name, .. } | Grant::Role(name) | Grant::ClusterRole(name) => Some(name),
        }
    }

    /// All errors that can be found without the cluster.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut check = |field: OrderField, problem: Option<String>| {
            found.extend(problem.map(|text| Problem { field, text }));
        };
        check(OrderField::User, user_problem(&self.user));
        for group in &self.groups {
            check(OrderField::Groups, group_problem(group));
        }
        check(OrderField::Request, self.request_problem());
        check(OrderField::CsrName, name_problem(&self.csr_name));
        check(OrderField::Signer, (!self.signer_name.contains('/')).then(|| "a signer is <domain>/<name>".to_owned()));
        let short = self.expiration_seconds < SHORTEST_SECONDS;
        check(OrderField::Expires, short.then(|| "the API takes 600 s (10 minutes) at least".to_owned()));
        check(OrderField::Usages, self.usage_problem());
        check(OrderField::Namespace, label_problem(&self.namespace));
        if let Some(role) = self.role_name() {
            check(OrderField::Role, name_problem(role));
            check(OrderField::Binding, name_problem(&self.binding_name));
        }
        if let Grant::NewRole { verbs, resources, .. } = &self.grant {
            check(OrderField::Verbs, list_problem(verbs, "verb"));
            check(OrderField::Resources, list_problem(resources, "resource"));
        }
        if let Some(target) = &self.kubeconfig {
            let nowhere = target.path.as_os_str().is_empty();
            check(OrderField::Kubeconfig, nowhere.then(|| "a file is needed".to_owned()));
            check(OrderField::Context, target.context.is_empty().then(|| "a context needs a name".to_owned()));
        }
        found
    }

    /// A request made elsewhere must ask for what was typed.
    fn request_problem(&self) -> Option<String> {
        let KeySource::Existing(pem) = &self.key else { return None };
        let pem = match request_file::read(pem.as_bytes()) {
            Ok(pem) => pem,
            Err(error) => return Some(error.in_full()),
        };
        let pkcs10 = match Pkcs10::from_pem(pem.as_str().as_bytes()) {
            Ok(pkcs10) => pkcs10,
            Err(why) => return Some(why),
        };
        if pkcs10.signature_valid == Some(false) {
            return Some("its signature does not fit its key".to_owned());
        }
        let identity = pkcs10.identity();
        if identity.user != self.user || identity.groups != self.groups {
            return Some(format!("it asks for {}", crate::domain::text::printable(&pkcs10.subject)));
        }
        None
    }

    /// What the client signer would refuse is refused before it is sent.
    fn usage_problem(&self) -> Option<String> {
        if self.usages.is_empty() {
            return Some("at least one usage is needed".to_owned());
        }
        if self.signer_name != CLIENT_SIGNER {
            return None;
        }
        let allowed = ["client auth", "digital signature", "key encipherment"];
        if let Some(other) = self.usages.iter().find(|usage| !allowed.contains(&usage.as_str())) {
            return Some(format!("this signer never issues {}", crate::domain::text::printable(other)));
        }
        let missing = !self.usages.iter().any(|usage| usage == "client auth");
        missing.then(|| "this signer needs client auth".to_owned())
    }
}

/// A user's name as the name of an object: what cannot stand in one becomes `-`.
pub(crate) fn object_name(user: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '-' };
    let name: String = user.chars().map(plain).collect();
    name.trim_matches(['-', '.']).to_owned()
}

/// The default name of a binding.
pub(crate) fn binding_name(role: &str, user: &str) -> String {
    format!("{role}-binding-{}", object_name(user))
}

fn user_problem(user: &str) -> Option<String> {
    if user.is_empty() {
        return Some("a user needs a name".to_owned());
    }
    if user.starts_with("system:") {
        return Some("names with system: belong to the cluster itself".to_owned());
    }
    common_problem(user)
}

fn group_problem(group: &str) -> Option<String> {
    if group == "system:masters" {
        return Some(
            "system:masters cannot be taken back and the API server refuses it; bind the cluster role cluster-admin instead"
                .to_owned(),
        );
    }
    if group.starts_with("system:") {
        return Some("groups with system: belong to the cluster itself".to_owned());
    }
    if group.is_empty() { Some("a group needs a name".to_owned()) } else { common_problem(group) }
}

fn common_problem(name: &str) -> Option<String> {
    if !is_plain(name) {
        return Some("it has characters in it that are invisible or steer a terminal".to_owned());
    }
    if name.trim() != name {
        return Some("it begins or ends with a blank".to_owned());
    }
    (name.chars().count() > LONGEST_NAME).then(|| format!("{LONGEST_NAME} characters are the most"))
}

/// Names of CSRs, roles and bindings (apimachinery, `pkg/api/validation/path`, `IsValidPathSegmentName`).
fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '%']) || !is_plain(name) {
        return Some("a name is needed, without / and % and invisible characters".to_owned());
    }
    None
}

/// Namespaces (RFC 1123 label).
fn label_problem(name: &str) -> Option<String> {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let good = plain && !name.is_empty() && name.len() <= 63 && !name.starts_with('-') && !name.ends_with('-');
    (!good).then(|| "a namespace is made of a-z, 0-9 and -".to_owned())
}

fn list_problem(words: &[String], what: &str) -> Option<String> {
    if words.is_empty() {
        return Some(format!("at least one {what} is needed"));
    }
    let odd = |word: &String| word.is_empty() || word.contains(char::is_whitespace) || !is_plain(word);
    words.iter().any(odd).then(|| format!("a {what} is one word"))
}

/// Writes a key type as its name.
mod key_type_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::key_type::KeyType;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(kind: &KeyType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyType, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(user: &str) -> IssuanceRequest {
        let around = OrderDefaults {
            namespace: "default".into(),
            cluster: "prod".into(),
            kubeconfig: "/home/a/.kube/config".into(),
        };
        IssuanceRequest::new(user, &around)
    }

    fn wrong(change: impl FnOnce(&mut IssuanceRequest)) -> Vec<OrderField> {
        let mut order = order("jane");
        change(&mut order);
        order.problems().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn with_only_a_name_typed_the_defaults_are_right() {
        let order = order("myuser");
        assert_eq!(order.problems(), []);
        assert_eq!(order.csr_name, "myuser");
        assert_eq!(order.expiration_seconds, 86_400);
        assert_eq!(crate::domain::validity::parse(DEFAULT_LIFE), Ok(order.expiration_seconds));
        assert_eq!(order.binding_name, "developer-binding-myuser");
        assert_eq!(order.usages, ["client auth"]);
    }

    #[test]
    fn what_could_never_work_or_must_not_be_is_named_by_field() {
        assert_eq!(wrong(|order| order.user.clear()), [OrderField::User]);
        assert_eq!(wrong(|order| order.user = "system:admin".into()), [OrderField::User]);
        assert_eq!(wrong(|order| order.user = "ja\u{202e}ne".into()), [OrderField::User]);
        assert_eq!(wrong(|order| order.groups = vec!["system:masters".into()]), [OrderField::Groups]);
        assert_eq!(wrong(|order| order.expiration_seconds = 599), [OrderField::Expires]);
        assert_eq!(wrong(|order| order.usages = vec!["server auth".into()]), [OrderField::Usages]);
        assert_eq!(wrong(|order| order.namespace = "Not A Label".into()), [OrderField::Namespace]);
        assert_eq!(wrong(|order| order.key = KeySource::Existing("nonsense".into())), [OrderField::Request]);
        assert_eq!(
            wrong(
                |order| order.grant = Grant::NewRole { name: "x".into(), verbs: vec![], resources: vec!["a b".into()] }
            ),
            [OrderField::Verbs, OrderField::Resources]
        );
    }

    #[test]
    fn an_odd_user_name_gives_a_usable_object_name() {
        assert_eq!(object_name("jane doe/ops"), "jane-doe-ops");
        assert_eq!(object_name("jane@example.com"), "jane@example.com");
    }

    #[test]
    fn the_journal_reads_back_what_it_wrote() {
        let order = order("jane");
        let text = serde_yaml::to_string(&order).unwrap();
        assert_eq!(serde_yaml::from_str::<IssuanceRequest>(&text).unwrap(), order);
    }
}
