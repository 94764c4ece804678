//! From flags and kubeconfig to a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::Uri;
use kube::client::ClientBuilder;
use serde_yaml::{Mapping, Value};
use tokio::sync::watch;
use tower::retry::RetryLayer;
use zeroize::Zeroizing;

use super::budget::Budgets;
use super::bulk::{CountingRetry, ThrottleSignal};
use super::context::{Chosen, choose};
use super::login::entry::{LoginEntry, content};
use super::login::provider::{Health, Prompt, Provider};
use super::login::session::Session;
use super::route::Unusable;
use super::transport::tls::Trust;
use super::transport::{Destination, Transport};
use super::{Cluster, ClusterError, impersonation, route};
use crate::domain::gate::WriteAccess;
use crate::domain::glob::Glob;
use crate::domain::go_url;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::output::redact;
use crate::domain::output::shell::Kubectl;
use crate::files;

/// How long an ordinary request may take unless `--request-timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A watch is asked to end after a minute (see `watch`); a connection that is silent for longer than that and than any
/// request may take is dead.
const SILENCE: Duration = Duration::from_secs(90);

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
    pub read_only_in: Vec<Glob>,
}

impl Target {
    /// Whether anything may be written where these contexts are concerned.
    pub(crate) fn write_access<'a>(&self, contexts: impl IntoIterator<Item = &'a str>) -> WriteAccess {
        let closes = |context: &&str| self.read_only_in.iter().any(|pattern| pattern.matches(context));
        WriteAccess::new(self.read_only, contexts.into_iter().find(closes))
    }

    /// Whether kubeconfigs may be written: the context in force and those `named` are concerned. Reads the kubeconfigs.
    pub(crate) fn kubeconfig_access(&self, named: &[&str]) -> WriteAccess {
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

/// A client before its login.
pub(crate) struct Prepared {
    cluster: Cluster,
    provider: Arc<Provider>,
    prompt: Prompt,
}

impl Prepared {
    /// How the login stands, from now on.
    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.provider.health()
    }

    /// Logs in where a program has to be asked or a file to be read. This asks the server nothing yet.
    ///
    /// # Errors
    /// [`ClusterError::Login`], [`ClusterError::Config`].
    pub(crate) async fn log_in(&self) -> Result<Cluster, ClusterError> {
        let done = self.provider.log_in(&self.prompt).await;
        done.map_err(|failed| ClusterError::login(failed, &self.cluster.context))?;
        Ok(self.cluster.clone())
    }
}

impl Cluster {
    /// Sets a client up and logs in; `prompt` says whom login programs may ask.
    ///
    /// # Errors
    /// [`ClusterError::Config`] where there is no usable kubeconfig, [`ClusterError::Login`] where the login fails.
    pub async fn connect(target: &Target, prompt: Prompt) -> Result<Self, ClusterError> {
        Self::prepare(target, prompt)?.log_in().await
    }

    /// Sets a client up.
    ///
    /// # Errors
    /// [`ClusterError::Config`] where there is no usable kubeconfig.
    pub(crate) fn prepare(target: &Target, prompt: Prompt) -> Result<Prepared, ClusterError> {
        let chosen = choose(target)?;
        let context = chosen.context.clone();
        let wrong = |why: String| ClusterError::Config(format!("context {context}: {why}"));
        let server = server(&chosen).map_err(wrong)?;
        let timeout = target.time_limit(TIMEOUT);
        let route = route::to(&server, &chosen.cluster).map_err(|unusable| match unusable {
            Unusable::Field(why) => wrong(why),
            Unusable::Environment(why) => ClusterError::Unreachable {
                server: redact::url(&server.to_string()).into_owned(),
                why: format!("{why} (HTTPS_PROXY, HTTP_PROXY)"),
            },
        })?;
        let through = route.words();
        let destination = Destination {
            patience: timeout.map(|limit| limit.max(SILENCE)),
            route,
            trust: trust(&chosen.cluster).map_err(wrong)?,
            authorization: url_login(&server).map_err(wrong)?,
            headers: impersonation::headers(&chosen.user, target).map_err(wrong)?,
            server: without_login(&server).map_err(wrong)?,
        };
        let provider = provider(target, &chosen, &server).map_err(wrong)?;
        let shown = redact::url(server.to_string().trim_end_matches('/')).into_owned();
        // After the start nobody waits at the console's terminal for a program.
        let later = if matches!(prompt, Prompt::Terminal) { Prompt::Terminal } else { Prompt::Nobody };
        let session = Session::new(provider.clone(), Transport::new(destination), later);
        let pressure = ThrottleSignal::default();
        let patience = RetryLayer::new(CountingRetry::new(pressure.clone()));
        let namespace = target.namespace.clone().unwrap_or(chosen.namespace);
        let client = ClientBuilder::new(session, namespace.clone());
        let client = client.with_layer(&patience).with_layer(&Budgets::default()).build();
        let access = target.write_access([context.as_str()]);
        let cluster = Self {
            client,
            context: chosen.context,
            cluster_name: chosen.cluster_name,
            cluster_entry: chosen.cluster,
            namespace,
            server: shown,
            kubectl: target.kubectl(),
            through,
            timeout,
            pressure,
            access,
        };
        Ok(Prepared { cluster, provider, prompt })
    }
}

/// The names of the kubeconfig's contexts.
///
/// # Errors
/// [`ClusterError::Config`] where there is no usable kubeconfig.
pub(crate) fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, ClusterError> {
    let all = read(kubeconfig)?;
    Ok(all.names(EntryKind::Context).into_iter().map(str::to_owned).collect())
}

pub(super) fn read(explicit: Option<&Path>) -> Result<Kubeconfigs, ClusterError> {
    files::kubeconfig::load(explicit).map_err(|error| ClusterError::Config(error.to_string()))
}

fn server(chosen: &Chosen) -> Result<Uri, String> {
    let server = chosen.cluster.get("server").and_then(Value::as_str).unwrap_or_default();
    if server.is_empty() {
        return Err(format!("cluster {} names no server", chosen.cluster_name));
    }
    if let Some(why) = diagnose::server_problem(server) {
        return Err(why);
    }
    // Go drops the fragment, too (client-go, tools/clientcmd/client_config.go).
    let server = server.split('#').next().unwrap_or(server);
    server.parse().map_err(|_| format!("the server {} is not a valid address", redact::url(server)))
}

fn trust(cluster: &Mapping) -> Result<Trust, String> {
    let name = cluster.get("tls-server-name").and_then(Value::as_str).unwrap_or_default();
    if cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true) {
        return Trust::none(name);
    }
    let authority = content(cluster, "certificate-authority")?;
    Trust::new(authority.as_deref().map(Vec::as_slice), name)
}

fn without_login(server: &Uri) -> Result<Uri, String> {
    let mut parts = server.clone().into_parts();
    let host = parts.authority.as_ref().and_then(|authority| authority.as_str().rsplit('@').next()?.parse().ok());
    parts.authority = host.or(parts.authority);
    Uri::from_parts(parts).map_err(|_| "the server is not a valid address".to_owned())
}

/// What Go sends of a user and password in the server's URL (net/http, `client.go`, `send`).
fn url_login(server: &Uri) -> Result<Option<HeaderValue>, String> {
    let user = go_url::parse(&server.to_string()).and_then(|url| url.user);
    let Some(user) = user else { return Ok(None) };
    let plain = Zeroizing::new([&user.name[..], b":", &user.password[..]].concat());
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_slice())));
    let mut header =
        HeaderValue::from_str(&text).map_err(|_| "the server's user and password cannot be sent".to_owned())?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// The source of credentials for a context; one for everybody in this process who names the same entries.
fn provider(target: &Target, chosen: &Chosen, server: &Uri) -> Result<Arc<Provider>, String> {
    // Credentials are not sent in the clear (client-go, IsConfigTransportTLS).
    if server.scheme_str() == Some("http") {
        return Provider::shared(&chosen.context, "without credentials", Box::new(|| Ok(LoginEntry::anonymous())));
    }
    let text = |fields: &Mapping| serde_yaml::to_string(fields).unwrap_or_default();
    let key = format!("{}\n{}\n{}", chosen.context, text(&chosen.cluster), text(&chosen.user));
    let context = (!chosen.in_pod).then(|| chosen.context.clone());
    let target = Target { context, ..target.clone() };
    Provider::shared(
        &chosen.context,
        &key,
        Box::new(move || {
            let chosen = choose(&target).map_err(|error| error.to_string())?;
            LoginEntry::read(&chosen.user, &chosen.cluster)
        }),
    )
}
