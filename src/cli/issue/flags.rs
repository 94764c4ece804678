//! The flags of `countersign issue`, and the order that they describe.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use zeroize::Zeroizing;

use crate::cli::candidates;
use crate::cli::error::CliError;
use crate::cli::format::ObjectFormat;
use crate::cluster::Cluster;
use crate::domain::issuance_request::{
    self, DEFAULT_LIFE, Grant, IssuanceRequest, KeySource, KubeconfigTarget, OrderDefaults,
};
use crate::domain::key_type::KeyType;
use crate::domain::request::{CLIENT_SIGNER, Pkcs10};
use crate::domain::{request_file, validity};
use crate::files::{self, bounded};

const EXAMPLES: &str = "Examples:
  countersign issue jane --group dev --group qa -n team-a
  countersign issue jane --cluster-role view --expires 8h --out jane.kubeconfig
  countersign issue --request jane.csr                    the key never leaves its owner
  countersign issue --resume jane                         go on where it was cut off";

/// Issue a certificate, access and a kubeconfig to a new user
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub(crate) struct IssueFlags {
    /// The user's name: the certificate's CN
    #[arg(required_unless_present_any = ["resume", "undo", "request"], add = ArgValueCompleter::new(candidates::users))]
    pub name: Option<String>,
    /// A group (an O each); can be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384 or ed25519
    #[arg(long, default_value = "rsa-2048", value_name = "TYPE", value_parser = key_type)]
    pub key_type: KeyType,
    /// A PKCS#10 file made by the key's owner; writes the certificate, and no kubeconfig
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_type", "context_name", "no_switch", "overwrite"])]
    pub request: Option<PathBuf>,
    /// Name of the `CertificateSigningRequest` (default: the user's)
    #[arg(long, value_name = "NAME")]
    pub csr_name: Option<String>,
    /// How long it lives: 24h, 10d, or seconds
    #[arg(long, default_value = DEFAULT_LIFE, value_name = "LIFE", value_parser = validity::parse)]
    pub expires: i32,
    /// The signer
    #[arg(long, default_value = CLIENT_SIGNER, value_name = "NAME")]
    pub signer: String,
    /// A usage; can be repeated
    #[arg(long = "usage", default_value = "client auth", value_name = "USAGE")]
    pub usages: Vec<String>,
    /// The role: made with --verbs and --resources unless --existing-role
    #[arg(long, default_value = "developer", value_name = "NAME")]
    pub role: String,
    /// Bind the Role of that name as it is
    #[arg(long, conflicts_with_all = ["verbs", "resources", "cluster_role", "no_access"])]
    pub existing_role: bool,
    /// Bind this `ClusterRole`, in the namespace
    #[arg(long, value_name = "NAME", conflicts_with_all = ["verbs", "resources", "role", "no_access"])]
    pub cluster_role: Option<String>,
    /// Verbs of the new role
    #[arg(long, value_delimiter = ',', default_value = "create,get,list,update,delete", value_name = "VERBS")]
    pub verbs: Vec<String>,
    /// Resources of the new role: pods, pods/log, deployments.apps
    #[arg(long, value_delimiter = ',', default_value = "pods", value_name = "RESOURCES")]
    pub resources: Vec<String>,
    /// Grant nothing
    #[arg(long)]
    pub no_access: bool,
    /// Name of the `RoleBinding` (default: <role>-binding-<user>)
    #[arg(long, value_name = "NAME")]
    pub binding: Option<String>,
    /// The kubeconfig to write or merge into (default: kubectl's); with --request the certificate's file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Name of the user and context entries (default: the user's)
    #[arg(long, value_name = "NAME")]
    pub context_name: Option<String>,
    /// Leave the current context as it is
    #[arg(long)]
    pub no_switch: bool,
    /// Replace entries of the same name in the kubeconfig (a backup stays)
    #[arg(long)]
    pub overwrite: bool,
    /// Issue to this user although the verdict is danger; must be the user's name
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(candidates::users))]
    pub dangerous: Vec<String>,
    /// Rehearse with the server, print the plan with its objects and commands, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print the result
    #[arg(long, short, value_enum, default_value_t = ObjectFormat::Text, value_name = "FORMAT")]
    pub output: ObjectFormat,
    /// Go on with an issuance that was left unfinished; with several, name the user
    #[arg(long, value_name = "USER", num_args = 0..=1, default_missing_value = "", conflicts_with = "undo",
        add = ArgValueCompleter::new(candidates::unfinished))]
    pub resume: Option<String>,
    /// Take back what an unfinished issuance has done
    #[arg(long, value_name = "USER", add = ArgValueCompleter::new(candidates::unfinished))]
    pub undo: Option<String>,
}

impl IssueFlags {
    /// The order that the flags describe; `kubeconfig` is the file of `--kubeconfig`.
    pub(super) fn order(&self, cluster: &Cluster, kubeconfig: Option<&Path>) -> Result<IssuanceRequest, CliError> {
        let (name, groups, key) = self.subject()?;
        let explicit = self.out.as_deref().filter(|_| self.request.is_none()).or(kubeconfig);
        let defaults = OrderDefaults {
            namespace: cluster.namespace.clone(),
            cluster: cluster.cluster_name.clone(),
            kubeconfig: files::kubeconfig::for_new_entries(explicit)?,
        };
        let mut order = IssuanceRequest::new(&name, &defaults);
        (order.groups, order.key) = (groups, key);
        order.expiration_seconds = self.expires;
        order.signer_name.clone_from(&self.signer);
        order.usages.clone_from(&self.usages);
        if let Some(csr_name) = &self.csr_name {
            order.csr_name.clone_from(csr_name);
        }
        order.grant = self.grant();
        let role = order.role_name().unwrap_or_default().to_owned();
        order.binding_name = self.binding.clone().unwrap_or_else(|| issuance_request::binding_name(&role, &name));
        let entry = self.context_name.clone().unwrap_or(name);
        order.kubeconfig = Some(KubeconfigTarget {
            path: defaults.kubeconfig,
            cluster: defaults.cluster,
            user: entry.clone(),
            context: entry,
            switch: !self.no_switch,
            overwrite: self.overwrite,
            separate: self.out.is_some(),
        });
        if self.request.is_some() {
            order.kubeconfig = None;
            let file = PathBuf::from(format!("{}.crt", issuance_request::object_name(&order.user)));
            order.certificate_file = Some(self.out.clone().unwrap_or(file));
        }
        Ok(order)
    }

    /// Name, groups and key; a request made elsewhere names its own subject.
    fn subject(&self) -> Result<(String, Vec<String>, KeySource), CliError> {
        let Some(path) = &self.request else {
            return Ok((self.name.clone().unwrap_or_default(), self.groups.clone(), KeySource::New(self.key_type)));
        };
        let bytes = bounded::read(path, bounded::CREDENTIAL);
        let bytes = Zeroizing::new(bytes.map_err(|error| CliError::new(format!("{}: {error}", path.display())))?);
        let pem = request_file::read(&bytes).map_err(|error| {
            CliError::new(format!("{}: {error}", path.display())).with_hint(error.advice().to_owned())
        })?;
        let pem = pem.into_string();
        let pkcs10 =
            Pkcs10::from_pem(pem.as_bytes()).map_err(|why| CliError::new(format!("{}: {why}", path.display())))?;
        let identity = pkcs10.identity();
        let name = self.name.clone().unwrap_or(identity.user);
        let groups = if self.groups.is_empty() { identity.groups } else { self.groups.clone() };
        Ok((name, groups, KeySource::Existing(pem)))
    }

    fn grant(&self) -> Grant {
        match (&self.cluster_role, self.no_access, self.existing_role) {
            (_, true, _) => Grant::Nothing,
            (Some(name), ..) => Grant::ClusterRole(name.clone()),
            (None, _, true) => Grant::Role(self.role.clone()),
            (None, ..) => {
                Grant::NewRole { name: self.role.clone(), verbs: self.verbs.clone(), resources: self.resources.clone() }
            }
        }
    }
}

fn key_type(text: &str) -> Result<KeyType, String> {
    text.parse()
}
