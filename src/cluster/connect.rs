//! From flags and kubeconfig to a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use kube::client::ClientBuilder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_yaml::{Mapping, Value};
use tokio::sync::watch;
use tower::retry::RetryLayer;
use zeroize::Zeroizing;

use super::budget::Budgets;
use super::bulk::{Patience, Pressure};
use super::login::entry::{Entry, content};
use super::login::provider::{Health, Prompt, Provider};
use super::login::session::Session;
use super::transport::tls::Trust;
use super::transport::{Destination, Transport};
use super::{Cluster, Error, in_cluster, route};
use crate::domain::gate::WriteAccess;
use crate::domain::go_url;
use crate::domain::kubeconfig::Kind;
use crate::domain::kubeconfig::diagnose::{self, CONTRADICTION, names_authority};
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

/// A context, put together: what is needed to connect.
pub(super) struct Chosen {
    /// The context's name.
    pub context: String,
    /// The name of its cluster entry.
    pub cluster_name: String,
    /// The cluster entry, with its files embedded.
    pub cluster: Mapping,
    /// The user entry, with absolute paths; empty for somebody without credentials.
    pub user: Mapping,
    /// Its namespace.
    pub namespace: String,
    /// Whether this is the service account of a pod, and no context of a kubeconfig.
    pub in_pod: bool,
}

/// A client before its login.
pub struct Prepared {
    cluster: Cluster,
    provider: Arc<Provider>,
    prompt: Prompt,
}

impl Prepared {
    /// How the login stands, from now on.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.provider.health()
    }

    /// Logs in where a program has to be asked or a file to be read. This asks the server nothing yet.
    ///
    /// # Errors
    /// [`Error::Login`], [`Error::Config`].
    pub async fn log_in(self) -> Result<Cluster, Error> {
        let done = self.provider.log_in(&self.prompt).await;
        done.map_err(|failed| Error::login(failed, &self.cluster.context))?;
        Ok(self.cluster)
    }
}

impl Cluster {
    /// Sets a client up and logs in; `prompt` says whom login programs may ask.
    ///
    /// # Errors
    /// [`Error::Config`] where there is no usable kubeconfig, [`Error::Login`] where the login fails.
    pub async fn connect(target: &Target, prompt: Prompt) -> Result<Self, Error> {
        Self::prepare(target, prompt)?.log_in().await
    }

    /// Sets a client up.
    ///
    /// # Errors
    /// [`Error::Config`] where there is no usable kubeconfig.
    pub fn prepare(target: &Target, prompt: Prompt) -> Result<Prepared, Error> {
        let chosen = choose(target)?;
        let context = chosen.context.clone();
        let wrong = |why: String| Error::Config(format!("context {context}: {why}"));
        let server = server(&chosen).map_err(wrong)?;
        let timeout = target.time_limit(TIMEOUT);
        let route = route::to(&server, &chosen.cluster).map_err(wrong)?;
        let through = route.words();
        let destination = Destination {
            patience: timeout.map(|limit| limit.max(SILENCE)),
            route,
            trust: trust(&chosen.cluster).map_err(wrong)?,
            authorization: url_login(&server).map_err(wrong)?,
            headers: impersonation(&chosen.user, target).map_err(wrong)?,
            server: without_login(&server).map_err(wrong)?,
        };
        let provider = provider(target, &chosen, &server).map_err(wrong)?;
        let shown = redact::url(server.to_string().trim_end_matches('/')).into_owned();
        // After the start nobody waits at the console's terminal for a program.
        let later = if matches!(prompt, Prompt::Terminal) { Prompt::Terminal } else { Prompt::Nobody };
        let session = Session::new(provider.clone(), Transport::new(destination), later);
        let pressure = Pressure::default();
        let patience = RetryLayer::new(Patience::new(pressure.clone()));
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
/// [`Error::Config`] where there is no usable kubeconfig.
pub fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, Error> {
    let all = read(kubeconfig)?;
    Ok(all.names(Kind::Context).into_iter().map(str::to_owned).collect())
}

fn read(explicit: Option<&Path>) -> Result<Kubeconfigs, Error> {
    files::kubeconfig::load(explicit).map_err(|error| Error::Config(error.to_string()))
}

/// The context in force. Where the kubeconfig names none, a pod's own service account (client-go,
/// `tools/clientcmd/merged_client_builder.go`).
fn choose(target: &Target) -> Result<Chosen, Error> {
    let all = read(target.kubeconfig.as_deref())?;
    let name = target.context.as_deref().or_else(|| all.current_context()).filter(|name| !name.is_empty());
    if let Some(name) = name {
        return from_kubeconfig(&all, name);
    }
    if in_cluster::is_possible() {
        return in_cluster::chosen();
    }
    if !all.sources().iter().any(|source| source.exists) {
        let names: Vec<_> = all.sources().iter().map(|source| source.path.display().to_string()).collect();
        return Err(Error::Config(format!("there is no kubeconfig ({})", names.join(", "))));
    }
    let known = all.names(Kind::Context).join(", ");
    Err(Error::Config(format!("no context is current; --context takes one of: {known}")))
}

fn from_kubeconfig(all: &Kubeconfigs, name: &str) -> Result<Chosen, Error> {
    let wrong = |why: String| Error::Config(format!("context {name}: {why}"));
    let Some(context) = all.get(Kind::Context, name) else {
        let known = all.names(Kind::Context).join(", ");
        return Err(Error::Config(format!("there is no context {name}; there are: {known}")));
    };
    let field = |name: &str| context.get(name).and_then(Value::as_str).unwrap_or_default();
    let cluster_name = field("cluster");
    let entry = all.resolved(Kind::Cluster, cluster_name);
    let cluster = entry.ok_or_else(|| wrong(format!("there is no cluster {cluster_name}")))?;
    let insecure = cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true);
    if insecure && names_authority(&cluster) {
        return Err(wrong(CONTRADICTION.to_owned()));
    }
    let is_https = cluster.get("server").and_then(Value::as_str).is_some_and(|server| server.starts_with("https://"));
    let user = match field("user") {
        // kubectl asks for a user name then.
        "" if is_https => return Err(wrong("the context names no user".to_owned())),
        "" => Mapping::new(),
        user => all.resolved(Kind::User, user).ok_or_else(|| wrong(format!("there is no user {user}")))?,
    };
    let untrusted = files::imported::of_context(all, name).map_err(|error| Error::Config(error.to_string()))?;
    let untrusted: Vec<_> = untrusted.into_iter().flat_map(|one| one.what).collect();
    if !untrusted.is_empty() {
        return Err(Error::Untrusted { context: name.to_owned(), what: untrusted });
    }
    let namespace = Some(field("namespace")).filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    Ok(Chosen {
        context: name.to_owned(),
        cluster_name: cluster_name.to_owned(),
        cluster: self_contained(cluster).map_err(wrong)?,
        user,
        namespace: namespace.to_owned(),
        in_pod: false,
    })
}

/// A cluster entry with its CA embedded. Embedded data has precedence, as in client-go.
pub(super) fn self_contained(mut cluster: Mapping) -> Result<Mapping, String> {
    let authority = content(&cluster, "certificate-authority")?;
    cluster.remove("certificate-authority");
    if let Some(authority) = authority {
        cluster.insert("certificate-authority-data".into(), STANDARD.encode(&*authority).into());
    }
    Ok(cluster)
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
        return Provider::shared(&chosen.context, "without credentials", Box::new(|| Ok(Entry::anonymous())));
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
            Entry::read(&chosen.user, &chosen.cluster)
        }),
    )
}

/// The headers that say as whom to act: flags before the kubeconfig (client-go, `transport/round_trippers.go`).
fn impersonation(user: &Mapping, target: &Target) -> Result<HeaderMap, String> {
    let text = |field: &str| user.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let texts = |value: &Value| {
        let items = value.as_sequence().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let name = target.as_user.clone().or_else(|| text("as"));
    let own_groups = || user.get("as-groups").map(texts).unwrap_or_default();
    let groups = if target.as_groups.is_empty() { own_groups() } else { target.as_groups.clone() };
    let uid = text("as-uid");
    let extra = user.get("as-user-extra").and_then(Value::as_mapping);
    if name.is_none() && (!groups.is_empty() || uid.is_some() || extra.is_some_and(|extra| !extra.is_empty())) {
        return Err("as-groups, as-uid and as-user-extra need a user to act as (as)".to_owned());
    }
    let mut headers = HeaderMap::new();
    let mut add = |header: &str, value: &str| -> Result<(), String> {
        let wrong =
            |()| "a user, group, uid or extra to act as has characters that no HTTP header can carry".to_owned();
        let header = HeaderName::try_from(header).map_err(|_| wrong(()))?;
        headers.append(header, HeaderValue::from_str(value).map_err(|_| wrong(()))?);
        Ok(())
    };
    if let Some(name) = &name {
        add("impersonate-user", name)?;
    }
    if let Some(uid) = &uid {
        add("impersonate-uid", uid)?;
    }
    groups.iter().try_for_each(|group| add("impersonate-group", group))?;
    for (key, values) in extra.into_iter().flatten() {
        let key = percent_encode(key.as_str().unwrap_or_default().as_bytes(), EXTRA_KEY);
        for value in texts(values) {
            add(&format!("impersonate-extra-{key}"), &value)?;
        }
    }
    Ok(headers)
}

/// What a key of `as-user-extra` is escaped by in a header's name (client-go, `transport/round_trippers.go`,
/// `headerKeyEscape`): everything that is no token character (RFC 9110, 5.6.2), and `%`.
const EXTRA_KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
