//! The practice cluster: a Kubernetes API inside this process, over real TLS, with RBAC enforced and requests signed.
//!
//! - [`server`]: HTTPS on a socket.
//! - [`api`]: from a request to its answer.
//! - [`authentication`], [`impersonation`]: the user of a request. [`authority`]: the CA. [`tokens`]: of service accounts.
//! - [`authorization`]: RBAC, and [`node`] for nodes.
//! - [`kinds`]: validation and admission of each kind. [`schema`]: decoding and merging by their schemas.
//! - [`resource`]: the table of all kinds. [`store`]: objects, revisions, changes. [`status`]: errors.
//! - [`controllers`]: sign requests, clean up, aggregate roles. [`seed`]: the initial objects.
//!
//! It behaves like the API server of Kubernetes 1.36 as far as issuing certificates needs it; the same end-to-end
//! tests run on both (`tests/end_to_end`), and where they differ, this one is wrong.

pub(crate) mod api;
pub(crate) mod authentication;
pub(crate) mod authority;
mod authorization;
mod bootstrap_policy;
pub(crate) mod controllers;
mod decision;
mod field_selector;
pub(crate) mod impersonation;
pub(crate) mod kinds;
mod node;
mod object;
mod resource;
pub(crate) mod schema;
pub(crate) mod seed;
pub(crate) mod server;
mod status;
pub(crate) mod store;
pub(crate) mod tokens;
mod usage;
mod user;
mod write;

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use api::Api;
use authentication::AnyCertificate;
use authority::{Authority, Credentials};
use seed::SeedContents;
use store::Store;
use tokens::{TokenIssuer, Tokens};

use crate::domain::access::MASTERS;
use crate::files::atomic;

/// The name of the cluster and of the context in its kubeconfig.
pub(crate) const NAME: &str = "practice";
/// User name of the kubeconfig.
const ADMIN: &str = "admin";

/// Options of a practice cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Leave out nodes, people and requests.
    pub empty: bool,
    /// New requests a minute.
    pub traffic: u32,
    /// How long a connection may be idle.
    pub idle: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), empty: false, traffic: 0, idle: usage::IDLE }
    }
}

/// Why the cluster does not start.
#[derive(Debug, thiserror::Error)]
#[error("the practice cluster does not start: {0}")]
pub struct SandboxError(String);

impl SandboxError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A running practice cluster. Dropping it ends it and removes its folder.
pub struct Sandbox {
    folder: TempDir,
    url: String,
    authority: Arc<Authority>,
    store: Arc<Store>,
    _tasks: JoinSet<()>,
}

impl Sandbox {
    /// Starts a cluster. Its kubeconfig is in a new folder that only this user can read.
    ///
    /// # Errors
    /// Where the address is in use, or the folder cannot be created.
    pub async fn start(options: &Options) -> Result<Self, SandboxError> {
        let now = Utc::now();
        let folder = private_folder(&std::env::temp_dir()).map_err(SandboxError::of)?;
        let listener = TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|error| SandboxError(format!("{}: {error}", options.listen)))?;
        let address = listener.local_addr().map_err(SandboxError::of)?;
        let authority = Arc::new(Authority::new(now).map_err(SandboxError::of)?);
        let store = Arc::new(Store::default());
        let contents = if options.empty { SeedContents::Minimal } else { SeedContents::Example };
        seed::populate(&store, &authority, contents, now).map_err(SandboxError::of)?;
        let clients = Arc::new(AnyCertificate::of(authority.der(), server::provider()).map_err(SandboxError::of)?);
        let reached = reached_at(address);
        let url = format!("https://{reached}");
        let tokens = Arc::new(Tokens::new(TokenIssuer::new().map_err(SandboxError::of)?, store.clone()));
        let api = Arc::new(Api::new(store.clone(), clients.clone(), tokens, url.clone()).map_err(SandboxError::of)?);
        let (certificate, key) = authority.serving(&[reached.ip(), address.ip()]).map_err(SandboxError::of)?;
        let tls = server::tls(certificate, key, clients).map_err(SandboxError::of)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, tls, api, options.idle));
        controllers::start(&mut tasks, &store, &authority).map_err(SandboxError::of)?;
        tasks.spawn(seed::traffic(store.clone(), options.traffic));
        let sandbox = Self { folder, url, authority, store, _tasks: tasks };
        let kubeconfig = sandbox.kubeconfig_text().map_err(SandboxError::of)?;
        atomic::write_private(&sandbox.kubeconfig(), kubeconfig.as_bytes()).map_err(SandboxError::of)?;
        Ok(sandbox)
    }

    /// The folder of the cluster; removed with it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The admin's kubeconfig (group `system:masters`).
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Discards the log of changes: a watch or list at an older revision gets 410.
    pub fn compact(&self) {
        self.store.compact();
    }

    /// The authority's certificate, PEM.
    pub fn authority(&self) -> &str {
        self.authority.pem()
    }

    /// A key and a certificate for any user.
    ///
    /// # Errors
    /// Where the certificate cannot be made.
    pub fn credentials(&self, user: &str, groups: &[&str]) -> Result<Credentials, authority::AuthorityError> {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        self.authority.credentials(user, &groups, Utc::now())
    }

    fn kubeconfig_text(&self) -> Result<Zeroizing<String>, authority::AuthorityError> {
        let credentials = self.credentials(ADMIN, &[MASTERS])?;
        let key = Zeroizing::new(STANDARD.encode(credentials.key.as_bytes()));
        Ok(Zeroizing::new(format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {NAME}\n  cluster:\n    server: {}\n    \
             certificate-authority-data: {}\ncontexts:\n- name: {NAME}\n  context:\n    cluster: {NAME}\n    \
             user: {ADMIN}\ncurrent-context: {NAME}\nusers:\n- name: {ADMIN}\n  user:\n    \
             client-certificate-data: {}\n    client-key-data: {}\n",
            self.url,
            STANDARD.encode(self.authority()),
            STANDARD.encode(credentials.certificate),
            *key,
        )))
    }
}

/// A new folder for its owner alone, whatever the umask is: the admin's key is in it.
fn private_folder(within: &Path) -> std::io::Result<TempDir> {
    let mode = Permissions::from_mode(0o700);
    let folder =
        tempfile::Builder::new().prefix("countersign-practice-").permissions(mode.clone()).tempdir_in(within)?;
    // Checked and changed by descriptor: the path could lead to another folder by now.
    let opened = match File::open(folder.path()) {
        // The umask removed the owner's permissions too; the random name is still ours.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            std::fs::set_permissions(folder.path(), mode.clone())?;
            File::open(folder.path())?
        }
        opened => opened?,
    };
    if opened.metadata()?.uid() != rustix::process::geteuid().as_raw() {
        let path = folder.path().display();
        return Err(std::io::Error::new(ErrorKind::PermissionDenied, format!("{path} belongs to another user")));
    }
    opened.set_permissions(mode)?;
    Ok(folder)
}

/// Where a client on this machine reaches a listener: any address means this machine too.
fn reached_at(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port())
}
