//! One way of connecting: what it needs, and what is to come of it.

use std::net::SocketAddr;

use serde_json::Value;

use super::parts::kubeconfig;
use crate::support::proxy::{Manner, Speaks};

/// What is to come of a case, with both programs.
#[derive(Debug, Clone)]
pub enum Want {
    /// The requests are listed.
    Connects,
    /// It fails, and countersign's message has all of these words.
    Fails(Vec<String>),
}

/// One way of connecting. In the kubeconfig, in the files and in the environment `@HOME@` is the home folder and
/// `@PROXY@` the proxy's host and port.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The kubeconfig, if there is one.
    pub kubeconfig: Option<Vec<u8>>,
    /// Files beside the kubeconfig, in `.kube`; those that begin with `#!` are programs.
    pub files: Vec<(String, Vec<u8>)>,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
    /// More arguments for both programs.
    pub arguments: Vec<String>,
    /// A command that runs the programs.
    pub within: Vec<String>,
    /// A proxy, and where it connects to.
    pub proxy: Option<(Speaks, Manner, SocketAddr)>,
    /// Whether the proxy is to be asked.
    pub asks_proxy: Option<bool>,
    /// What is typed when a program asks for the one-time password; the programs have a terminal then.
    pub typed: Option<String>,
    /// Whether the console is tried too.
    pub console: bool,
    /// What is to come of it.
    pub want: Want,
    /// Whether kubectl fails where countersign is to connect.
    pub more_than_kubectl: bool,
}

impl Case {
    /// A kubeconfig of one context with this cluster and this user. It is to connect, unless one says otherwise.
    pub fn new(name: &str, cluster: &Value, user: &Value) -> Self {
        Self::text(name, kubeconfig(cluster, user))
    }

    /// A kubeconfig of this text.
    pub fn text(name: &str, text: impl Into<Vec<u8>>) -> Self {
        Self { kubeconfig: Some(text.into()), ..Self::without_kubeconfig(name) }
    }

    /// No kubeconfig at all.
    pub fn without_kubeconfig(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kubeconfig: None,
            files: Vec::new(),
            environment: Vec::new(),
            arguments: Vec::new(),
            within: Vec::new(),
            proxy: None,
            asks_proxy: None,
            typed: None,
            console: false,
            want: Want::Connects,
            more_than_kubectl: false,
        }
    }

    /// With a file beside the kubeconfig.
    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), content.into()));
        self
    }

    /// With a variable of the environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With more arguments.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Both programs run as arguments of this command.
    pub fn within(mut self, command: &[&str]) -> Self {
        self.within.extend(command.iter().map(|word| (*word).to_owned()));
        self
    }

    /// With a proxy of its own.
    pub fn proxy(mut self, speaks: Speaks, manner: Manner, to: SocketAddr) -> Self {
        self.proxy = Some((speaks, manner, to));
        self
    }

    /// The proxy is to be asked, or not.
    pub fn asks_proxy(mut self, asked: bool) -> Self {
        self.asks_proxy = Some(asked);
        self
    }

    /// In a terminal, in which this is typed when a program asks for the one-time password.
    pub fn typed(mut self, answer: &str) -> Self {
        self.typed = Some(answer.to_owned());
        self
    }

    /// The console is to connect too.
    pub fn console(mut self) -> Self {
        self.console = true;
        self
    }

    /// countersign is to connect, though kubectl fails: for what harms nobody and is meant well.
    pub fn more_than_kubectl(mut self) -> Self {
        self.more_than_kubectl = true;
        self
    }

    /// It is to fail, and countersign's message must have all of these words.
    pub fn fails(mut self, words: &[&str]) -> Self {
        self.want = Want::Fails(words.iter().map(|word| (*word).to_owned()).collect());
        self
    }
}
