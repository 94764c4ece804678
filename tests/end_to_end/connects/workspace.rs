//! The files and the environment of one run of one program.

use std::os::unix::fs::PermissionsExt;

use super::case::Case;
use super::fixture::Fixture;
use crate::support::TestUser;
use crate::support::forward_proxy::Proxy;

/// A home folder, and a proxy if the case has one.
pub(crate) struct Workspace {
    /// The owner of the home folder.
    pub person: TestUser,
    proxy: Option<Proxy>,
    environment: Vec<(String, String)>,
}

impl Workspace {
    /// Creates the files of a case, and starts its proxy.
    pub(crate) fn new(fixture: &Fixture, case: &Case) -> Self {
        let serving = fixture.serving();
        let proxy = case.proxy.map(|(protocol, behavior, to)| Proxy::start(protocol, behavior, &serving, to));
        let mut workspace = Self { person: TestUser::alone(""), proxy, environment: Vec::new() };
        match &case.kubeconfig {
            Some(text) => workspace.write("config", text),
            None => std::fs::remove_file(workspace.person.kubeconfig()).unwrap(),
        }
        for (name, content) in &case.files {
            workspace.write(name, content);
        }
        let environment = case.environment.iter().map(|(name, value)| (name.clone(), workspace.expand(value)));
        workspace.environment = environment.collect();
        workspace
    }

    /// Writes a file in `~/.kube`.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.person.path(".kube").join(name);
        let content = match std::str::from_utf8(content) {
            Ok(text) => self.expand(text).into_bytes(),
            Err(_) => content.to_vec(),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &content).unwrap();
        let mode = if content.starts_with(b"#!") { 0o755 } else { 0o600 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Replaces the placeholders of [`Case`].
    fn expand(&self, text: &str) -> String {
        let proxy = self.proxy.as_ref().map(|proxy| proxy.address.to_string()).unwrap_or_default();
        let home = self.person.path("").display().to_string();
        text.replace("@HOME@", home.trim_end_matches('/')).replace("@PROXY@", &proxy)
    }

    /// The environment variables of the case.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// How often a login program ran: each run appends a line to `~/logins`.
    pub(crate) fn login_runs(&self) -> usize {
        std::fs::read_to_string(self.person.path("logins")).unwrap_or_default().lines().count()
    }

    /// The targets that were requested from the proxy.
    pub(crate) fn proxy_targets(&self) -> Vec<String> {
        self.proxy.as_ref().map(Proxy::targets).unwrap_or_default()
    }
}
