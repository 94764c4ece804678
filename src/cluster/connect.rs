//! From flags and kubeconfig to a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use kube::Config;
use kube::client::ClientBuilder;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedCluster};
use serde_yaml::{Mapping, Value};
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;
use zeroize::Zeroizing;

use super::budget::Budgets;
use super::bulk::{Patience, Pressure};
use super::{Cluster, Error, login};
use crate::contained;
use crate::domain::gate::WriteAccess;
use crate::domain::kubeconfig::diagnose::{self, CONTRADICTION};
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::output::redact;
use crate::domain::output::shell::Kubectl;
use crate::domain::text::printable;
use crate::files::{self, bounded};

/// How long an ordinary request may take unless `--request-timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Requests that may wait for a connection.
const WAITING: usize = 1024;

/// Which cluster, and as whom: kubectl's flags of the same names.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--as-group`.
    pub as_groups: Vec<String>,
    /// `--request-timeout`: zero for no limit, `None` for the default.
    pub request_timeout: Option<Duration>,
    /// `--read-only`.
    pub read_only: bool,
    /// Patterns of contexts in which nothing may be written (see [`crate::config`]).
    pub read_only_in: Vec<String>,
}

impl Target {
    /// Whether anything may be written where these contexts are concerned.
    pub fn write_access<'a>(&self, contexts: impl IntoIterator<Item = &'a str>) -> WriteAccess {
        let closes = |context: &&str| self.read_only_in.iter().any(|pattern| crate::config::matches(pattern, context));
        WriteAccess::new(self.read_only, contexts.into_iter().find(closes))
    }

    /// Whether kubeconfigs may be written: the context in force and those `named` are concerned. Reads the kubeconfigs.
    pub fn kubeconfig_access(&self, named: &[&str]) -> WriteAccess {
        let in_force = self.context.clone().or_else(|| {
            // Where they cannot be read, the write itself says why.
            let all = files::kubeconfig::load(self.kubeconfig.as_deref()).ok()?;
            all.current_context().map(ToOwned::to_owned)
        });
        self.write_access(in_force.as_deref().into_iter().chain(named.iter().copied()))
    }

    /// How long one request may take; `None` without a limit.
    pub(super) fn time_limit(&self, default: Duration) -> Option<Duration> {
        Some(self.request_timeout.unwrap_or(default)).filter(|limit| !limit.is_zero())
    }

    /// `kubectl` with the same flags.
    fn kubectl(&self) -> Kubectl {
        let mut flags = Vec::new();
        flags.extend(self.kubeconfig.iter().map(|path| ("kubeconfig", path.display().to_string())));
        flags.extend(self.context.iter().map(|name| ("context", name.clone())));
        flags.extend(self.as_user.iter().map(|user| ("as", user.clone())));
        flags.extend(self.as_groups.iter().map(|group| ("as-group", group.clone())));
        Kubectl::new(flags)
    }
}

impl Cluster {
    /// Sets a client up. This asks the server nothing yet.
    ///
    /// # Errors
    /// [`Error::Config`] where there is no usable kubeconfig.
    pub async fn connect(target: &Target) -> Result<Self, Error> {
        let found = read(target.kubeconfig.as_deref())?;
        let (mut config, context, cluster_name, cluster_entry) = match found {
            Some((all, kubeconfig)) => from_kubeconfig(&all, kubeconfig, target).await?,
            None => in_cluster(target)?,
        };
        // The client's library panics at an address without a scheme.
        if let Some(why) = diagnose::server_problem(&config.cluster_url.to_string()) {
            return Err(Error::Config(format!("context {context}: {why}")));
        }
        if let Some(user) = &target.as_user {
            config.auth_info.impersonate = Some(user.clone());
        }
        if !target.as_groups.is_empty() {
            config.auth_info.impersonate_groups = Some(target.as_groups.clone());
        }
        if let Some(namespace) = &target.namespace {
            config.default_namespace.clone_from(namespace);
        }
        config.connect_timeout = Some(Duration::from_secs(10));
        let timeout = target.time_limit(TIMEOUT);
        // A watch is asked to end after a minute (see `watch`); a connection that is silent for longer than that and than
        // any request may take is dead.
        config.read_timeout = Some(timeout.unwrap_or_default().max(Duration::from_secs(90)));
        config.reset_reader_on_write = true;
        let (namespace, server) = (config.default_namespace.clone(), config.cluster_url.to_string());
        let server = redact::url(server.trim_end_matches('/')).into_owned();
        let program = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
        // Ours tells the bulk decisions how often the server asked us to wait.
        config.default_retry = false;
        let login = login::prepare(&mut config.auth_info).await?;
        let pressure = Pressure::default();
        let patience = RetryLayer::new(Patience::new(pressure.clone()));
        // The library panics where a token has characters that no request can carry.
        let built = contained::call(|| ClientBuilder::try_from(config));
        let built = built.map_err(|_| {
            let why = "its token has characters that no request can carry";
            Error::Config(format!("context {context}: {why}"))
        })?;
        let client = built.map_err(|error| Error::from_kube(error, &server, program.as_deref()))?;
        let client = client.with_layer(&BufferLayer::new(WAITING)).with_layer(&patience);
        let client = client.with_layer(&login).with_layer(&Budgets::default()).build();
        let access = target.write_access([context.as_str()]);
        Ok(Self {
            client,
            context,
            cluster_name,
            cluster_entry,
            namespace,
            server,
            kubectl: target.kubectl(),
            login: program,
            timeout,
            pressure,
            access,
        })
    }
}

/// The names of the kubeconfig's contexts.
///
/// # Errors
/// [`Error::Config`] where there is no usable kubeconfig.
pub fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, Error> {
    let found = read(kubeconfig)?.map(|(_, kubeconfig)| kubeconfig).unwrap_or_default();
    Ok(found.contexts.into_iter().map(|context| context.name).collect())
}

/// The kubeconfigs by kubectl's rules, read and merged by the same code that shows and edits them; `None` where there is
/// none and we run inside a pod.
fn read(explicit: Option<&Path>) -> Result<Option<(Kubeconfigs, Kubeconfig)>, Error> {
    let all = files::kubeconfig::load(explicit).map_err(|error| Error::Config(error.to_string()))?;
    if !all.sources().iter().any(|source| source.exists) {
        if explicit.is_none() && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
            return Ok(None);
        }
        let names: Vec<_> = all.sources().iter().map(|source| source.path.display().to_string()).collect();
        return Err(Error::Config(format!("there is no kubeconfig ({})", names.join(", "))));
    }
    let mut merged = all.merged(true).root().clone();
    trim_tokens(&mut merged);
    let kubeconfig = serde_yaml::from_value(Value::Mapping(merged));
    // The library's words could quote a value.
    kubeconfig
        .map(|kubeconfig| Some((all, kubeconfig)))
        .map_err(|_| Error::Config("a field has a value that cannot be used".to_owned()))
}

async fn from_kubeconfig(
    all: &Kubeconfigs,
    mut kubeconfig: Kubeconfig,
    target: &Target,
) -> Result<(Config, String, String, Mapping), Error> {
    let known: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    let name = target.context.clone().or_else(|| kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(Error::Config(format!("no context is current; --context takes one of: {}", known.join(", "))));
    };
    let Some(context) = kubeconfig.contexts.iter().find(|context| context.name == name).and_then(|c| c.context.clone())
    else {
        return Err(Error::Config(format!("there is no context {name}; there are: {}", known.join(", "))));
    };
    let contradictory =
        kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster).is_some_and(contradicts);
    if contradictory {
        return Err(Error::Config(format!("context {name}: {CONTRADICTION}")));
    }
    let untrusted = files::imported::of_context(all, &name).map_err(|error| Error::Config(error.to_string()))?;
    let untrusted: Vec<_> = untrusted.into_iter().flat_map(|one| one.what).collect();
    if !untrusted.is_empty() {
        return Err(Error::Untrusted { context: name, what: untrusted });
    }
    // kube reads the files that they name without limits.
    let cluster = kubeconfig.clusters.iter_mut().find(|cluster| cluster.name == context.cluster);
    let mut cluster = cluster.and_then(|named| named.cluster.as_mut());
    if let Some(cluster) = &mut cluster {
        embed_authority(cluster)?;
    }
    let entry = cluster.cloned();
    let user = kubeconfig.auth_infos.iter_mut().find(|user| Some(&user.name) == context.user.as_ref());
    if let Some(user) = user.and_then(|named| named.auth_info.as_mut()) {
        embed_identity(user)?;
    }
    let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|error| in_context(&name, &error))?;
    let entry = entry.map(|entry| self_contained(&entry)).transpose()?.unwrap_or_default();
    Ok((config, name, context.cluster, entry))
}

/// Whether a cluster names a CA and says that none is asked for (client-go, `rest/transport.go` and
/// `transport/transport.go`, `TLSConfigFor`).
fn contradicts(cluster: &NamedCluster) -> bool {
    let named = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    cluster.cluster.as_ref().is_some_and(|cluster| {
        let authority = named(&cluster.certificate_authority) || named(&cluster.certificate_authority_data);
        authority && cluster.insecure_skip_tls_verify == Some(true)
    })
}

fn in_context(name: &str, error: &KubeconfigError) -> Error {
    match Error::from_kubeconfig(error) {
        Error::Config(why) => Error::Config(format!("context {name}: {why}")),
        other => other,
    }
}

/// Tokens without the newline that a block of YAML ends in, and that no request can carry.
fn trim_tokens(root: &mut Mapping) {
    let users = root.get_mut("users").and_then(Value::as_sequence_mut);
    for user in users.into_iter().flatten() {
        if let Some(Value::String(token)) = user.get_mut("user").and_then(|user| user.get_mut("token")) {
            *token = token.trim().to_owned();
        }
    }
}

fn in_cluster(target: &Target) -> Result<(Config, String, String, Mapping), Error> {
    if let Some(context) = &target.context {
        return Err(Error::Config(format!("there is no kubeconfig, so no context {context}")));
    }
    let config = Config::incluster().map_err(|error| Error::Config(printable(&error.to_string()).into_owned()))?;
    let mut entry = Mapping::new();
    entry.insert("server".into(), config.cluster_url.to_string().trim_end_matches('/').into());
    if let Some(path) = &config.root_cert_file {
        entry.insert("certificate-authority-data".into(), encoded(path).map_err(Error::Config)?.into());
    }
    Ok((config, "in-cluster".to_owned(), "kubernetes".to_owned(), entry))
}

/// A cluster entry, with its CA embedded by [`embed_authority`].
fn self_contained(entry: &kube::config::Cluster) -> Result<Mapping, Error> {
    match serde_yaml::to_value(entry).map_err(|error| Error::Config(error.to_string()))? {
        Value::Mapping(entry) => Ok(entry),
        _ => Ok(Mapping::new()),
    }
}

/// Embeds the CA file of a cluster. Embedded data has precedence, as in client-go.
fn embed_authority(cluster: &mut kube::config::Cluster) -> Result<(), Error> {
    let file = cluster.certificate_authority.take();
    if cluster.certificate_authority_data.is_none() {
        cluster.certificate_authority_data = embedded("certificate-authority", file)?;
    }
    Ok(())
}

/// Embeds the certificate and key files of a user.
fn embed_identity(user: &mut AuthInfo) -> Result<(), Error> {
    let (certificate, key) = (user.client_certificate.take(), user.client_key.take());
    if user.client_certificate_data.is_none() {
        user.client_certificate_data = embedded("client-certificate", certificate)?;
    }
    if user.client_key_data.is_none() {
        user.client_key_data = embedded("client-key", key)?.map(Into::into);
    }
    Ok(())
}

fn embedded(field: &str, file: Option<String>) -> Result<Option<String>, Error> {
    let Some(path) = file.filter(|path| !path.is_empty()) else { return Ok(None) };
    encoded(Path::new(&path)).map(Some).map_err(|why| Error::Config(format!("{field}: {why}")))
}

/// A file's content in base64.
fn encoded(path: &Path) -> Result<String, String> {
    let bytes = bounded::read(path, bounded::CREDENTIAL).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes))
}
