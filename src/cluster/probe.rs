//! Testing a connection: does it work, as whom, how fast; and if not, at which step it fails.

use std::time::{Duration, Instant};

use super::client::Cluster;
use super::error::ClusterError;
use super::login::Prompt;
use super::reviews::WhoAmI;
use super::target::Target;

/// How long a test waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How long it took.
    pub took: Duration,
    /// The server's version, where it said one.
    pub version: Option<String>,
    /// Who the server says that is, or what failed.
    pub outcome: Result<WhoAmI, ProbeFailure>,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFailure {
    /// The step.
    pub stage: Stage,
    /// In the adapter's words.
    pub error: ClusterError,
}

/// The steps to an answer, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The kubeconfig's own entries and files.
    Kubeconfig,
    /// Finding the server's address.
    Dns,
    /// Reaching it.
    Tcp,
    /// Making sure that it is the one.
    Tls,
    /// Being known there (401).
    Login,
    /// Being allowed (403).
    Rights,
    /// Anything that came after.
    Answer,
}

impl Probe {
    /// One that did not come to an answer.
    pub(crate) fn failed(why: String) -> Self {
        failed(Instant::now(), Stage::Answer, ClusterError::Config(why))
    }
}

/// Connects, and asks the server who we are and what it runs; `prompt` says whom login programs may ask.
pub(crate) async fn probe(target: &Target, prompt: Prompt) -> Probe {
    let started = Instant::now();
    let limit = target.time_limit(PATIENCE).unwrap_or_default();
    let target = Target { request_timeout: Some(limit), ..target.clone() };
    let cluster = match Cluster::connect(&target, prompt).await {
        Ok(cluster) => cluster,
        // No server is asked before there is a client: a file or a login program has failed.
        Err(error) => return failed(started, Stage::Kubeconfig, error),
    };
    // A login may have waited for a person.
    let started = Instant::now();
    let (who, version) = tokio::join!(cluster.who_am_i(), cluster.version());
    let outcome = who.map_err(|error| ProbeFailure { stage: stage(&error), error });
    Probe { took: started.elapsed(), version: version.ok(), outcome }
}

fn failed(started: Instant, stage: Stage, error: ClusterError) -> Probe {
    Probe { took: started.elapsed(), version: None, outcome: Err(ProbeFailure { stage, error }) }
}

/// At which step an error belongs. The client's libraries tell it in words alone.
fn stage(error: &ClusterError) -> Stage {
    let why = match error {
        ClusterError::Config(_) | ClusterError::Login { .. } | ClusterError::Untrusted { .. } => {
            return Stage::Kubeconfig;
        }
        ClusterError::Unauthorized { .. } => return Stage::Login,
        ClusterError::Forbidden { .. } => return Stage::Rights,
        ClusterError::Timeout { .. } => return Stage::Tcp,
        ClusterError::Unreachable { why, .. } => why.to_lowercase(),
        _ => return Stage::Answer,
    };
    let has = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if has(&["lookup address", "name or service", "dns"]) {
        Stage::Dns
    } else if has(&["certificate", "unknownissuer", "tls", "handshake", "ssl", "corrupt message", "notvalidforname"]) {
        Stage::Tls
    } else if has(&["refused", "unreachable", "no route", "timed out", "reset", "deadline", "elapsed", "closed"]) {
        Stage::Tcp
    } else {
        Stage::Answer
    }
}

impl ProbeFailure {
    /// What failed, in plain words; `authorities` names the CA that the server is expected to come from, `expired` says
    /// since when the certificate is over, where it is.
    pub(crate) fn words(&self, authorities: &str, expired: Option<&str>) -> String {
        let said = self.error.to_string();
        match self.stage {
            Stage::Dns => format!("DNS: the server's name is not known here. {said}"),
            Stage::Tcp => format!("TCP: nothing answers there. {said}"),
            Stage::Tls => format!("TLS: it is not the server that the CA ({authorities}) vouches for. {said}"),
            Stage::Login => match expired {
                Some(since) => format!("401: the certificate expired {since} ago, so the server does not know you"),
                None => format!("401: {said}"),
            },
            Stage::Rights => format!("403: known, but not allowed: {said}"),
            Stage::Kubeconfig | Stage::Answer => said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_belongs_to_a_step() {
        let unreachable = |why: &str| ClusterError::Unreachable { server: "https://s".into(), why: why.into() };
        for (error, wanted) in [
            (unreachable("failed to lookup address information: Name or service not known"), Stage::Dns),
            (unreachable("Connection refused (os error 111)"), Stage::Tcp),
            (unreachable("its certificate is not from the CA that the kubeconfig names (UnknownIssuer)"), Stage::Tls),
            (unreachable("received corrupt message of type InvalidContentType"), Stage::Tls),
            (ClusterError::Unauthorized { server: "https://s".into() }, Stage::Login),
            (ClusterError::Timeout { server: "https://s".into(), seconds: 10 }, Stage::Tcp),
        ] {
            assert_eq!(stage(&error), wanted, "{error}");
        }
    }

    #[test]
    fn a_request_timeout_of_zero_is_no_limit_and_none_is_the_default() {
        let limit = |request_timeout| Target { request_timeout, ..Target::default() }.time_limit(PATIENCE);
        assert_eq!(limit(None), Some(PATIENCE));
        assert_eq!(limit(Some(Duration::ZERO)), None);
        assert_eq!(limit(Some(Duration::from_millis(1500))), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn an_expired_certificate_is_said_where_the_server_says_only_401() {
        let failure =
            ProbeFailure { stage: Stage::Login, error: ClusterError::Unauthorized { server: "https://s".into() } };
        assert!(failure.words("", Some("3d")).contains("expired 3d ago"));
        assert!(failure.words("", None).contains("does not accept"));
    }
}
