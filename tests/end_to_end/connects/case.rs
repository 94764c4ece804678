//! One test case: a kubeconfig with its files and environment, and the expected result.

use std::net::SocketAddr;

use serde_json::Value;

use super::fixture::kubeconfig;
use crate::support::forward_proxy::{ProxyBehavior, ProxyProtocol};

/// The expected result, of kubectl and countersign alike.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// The requests are listed.
    Success,
    /// The command fails. countersign's error contains each of these texts; of a text with `|`, one alternative.
    Failure(Vec<String>),
}

/// One way to connect. In the kubeconfig, the files and the environment, `@HOME@` is replaced by the home folder and
/// `@PROXY@` by the host and port of the proxy.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Shown in the results.
    pub name: String,
    /// `~/.kube/config`, if it exists.
    pub kubeconfig: Option<Vec<u8>>,
    /// Files in `~/.kube`, by name. Those that begin with `#!` are executable.
    pub files: Vec<(String, Vec<u8>)>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Arguments added to both commands.
    pub arguments: Vec<String>,
    /// A command that both programs are run under, such as `unshare`.
    pub wrapper: Vec<String>,
    /// A proxy, and the address that it connects to whatever the client requests.
    pub proxy: Option<(ProxyProtocol, ProxyBehavior, SocketAddr)>,
    /// Whether the proxy must be used, if that is checked.
    pub uses_proxy: Option<bool>,
    /// The one-time password to type. If set, both programs run in a terminal.
    pub typed_password: Option<String>,
    /// Whether the console is tested too.
    pub console: bool,
    /// The expected result.
    pub expected: Expected,
    /// Whether kubectl fails although countersign must connect.
    pub only_countersign_connects: bool,
    /// Whether kubectl connects although countersign must refuse.
    pub only_kubectl_connects: bool,
}

impl Case {
    /// A kubeconfig with one context. Both programs must connect, unless [`Case::fails`] is called.
    pub(crate) fn new(name: &str, cluster: &Value, user: &Value) -> Self {
        Self::text(name, kubeconfig(cluster, user))
    }

    /// A kubeconfig with this content.
    pub(crate) fn text(name: &str, text: impl Into<Vec<u8>>) -> Self {
        Self { kubeconfig: Some(text.into()), ..Self::without_kubeconfig(name) }
    }

    /// No `~/.kube/config`.
    pub(crate) fn without_kubeconfig(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kubeconfig: None,
            files: Vec::new(),
            environment: Vec::new(),
            arguments: Vec::new(),
            wrapper: Vec::new(),
            proxy: None,
            uses_proxy: None,
            typed_password: None,
            console: false,
            expected: Expected::Success,
            only_countersign_connects: false,
            only_kubectl_connects: false,
        }
    }

    /// Adds a file in `~/.kube`.
    pub(crate) fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), content.into()));
        self
    }

    /// Replaces the name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds arguments to both commands.
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Runs both programs under this command.
    pub(crate) fn run_under(mut self, command: &[&str]) -> Self {
        self.wrapper.extend(command.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Starts a proxy for each of the two programs.
    pub(crate) fn proxy(mut self, protocol: ProxyProtocol, behavior: ProxyBehavior, upstream: SocketAddr) -> Self {
        self.proxy = Some((protocol, behavior, upstream));
        self
    }

    /// Both programs must use the proxy, or must not.
    pub(crate) fn uses_proxy(mut self, uses: bool) -> Self {
        self.uses_proxy = Some(uses);
        self
    }

    /// Runs both programs in a terminal, and types this password at each prompt.
    pub(crate) fn types_password(mut self, password: &str) -> Self {
        self.typed_password = Some(password.to_owned());
        self
    }

    /// Tests the console too.
    pub(crate) fn console(mut self) -> Self {
        self.console = true;
        self
    }

    /// kubectl fails, but countersign must connect. For input whose meaning is clear and harmless.
    pub(crate) fn only_countersign_connects(mut self) -> Self {
        self.only_countersign_connects = true;
        self
    }

    /// kubectl connects, but countersign must refuse with an error that contains each of these texts. For a documented
    /// difference.
    pub(crate) fn only_kubectl_connects(mut self, texts: &[&str]) -> Self {
        self.only_kubectl_connects = true;
        self.fails(texts)
    }

    /// Both programs must fail, and countersign's error must contain each of these texts.
    pub(crate) fn fails(mut self, texts: &[&str]) -> Self {
        self.expected = Expected::Failure(texts.iter().map(|text| (*text).to_owned()).collect());
        self
    }
}
