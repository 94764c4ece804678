//! A home with all that a case needs, for one run of one program.

use std::os::unix::fs::PermissionsExt;

use super::case::Case;
use super::parts::Parts;
use crate::support::Person;
use crate::support::proxy::Proxy;

/// A home, with a proxy of its own if the case has one.
pub struct Place {
    /// Whose home it is.
    pub person: Person,
    proxy: Option<Proxy>,
    environment: Vec<(String, String)>,
}

impl Place {
    /// Makes it.
    pub fn new(parts: &Parts, case: &Case) -> Self {
        let proxy = case.proxy.map(|(speaks, manner, to)| Proxy::start(speaks, manner, &parts.serving(), to));
        let mut place = Self { person: Person::alone(""), proxy, environment: Vec::new() };
        match &case.kubeconfig {
            Some(text) => place.write("config", text),
            None => std::fs::remove_file(place.person.kubeconfig()).unwrap(),
        }
        for (name, content) in &case.files {
            place.write(name, content);
        }
        let filled = case.environment.iter().map(|(name, value)| (name.clone(), place.filled(value)));
        place.environment = filled.collect();
        place
    }

    /// Writes a file beside the kubeconfig.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.person.path(".kube").join(name);
        let content = match std::str::from_utf8(content) {
            Ok(text) => self.filled(text).into_bytes(),
            Err(_) => content.to_vec(),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &content).unwrap();
        let mode = if content.starts_with(b"#!") { 0o755 } else { 0o600 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn filled(&self, text: &str) -> String {
        let proxy = self.proxy.as_ref().map(|proxy| proxy.address.to_string()).unwrap_or_default();
        let home = self.person.path("").display().to_string();
        text.replace("@HOME@", home.trim_end_matches('/')).replace("@PROXY@", &proxy)
    }

    /// The case's variables of the environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    /// How often a login program wrote a line to `logins`.
    pub fn logins(&self) -> usize {
        std::fs::read_to_string(self.person.path("logins")).unwrap_or_default().lines().count()
    }

    /// What the proxy was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.proxy.as_ref().map(Proxy::asked).unwrap_or_default()
    }
}
