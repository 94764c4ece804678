//! Connection tests: identity, latency, and the step that fails.

use std::time::{Duration, Instant};

use super::client::Cluster;
use super::error::ClusterError;
use super::login::Prompt;
use super::reviews::WhoAmI;
use super::target::Target;
use super::transport::failure::ConnectFailure;

/// How long a test waits unless `--request-timeout` is given.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// The result of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How long it took.
    pub took: Duration,
    /// The server's version, if it answered.
    pub version: Option<String>,
    /// The identity that the server reports, or what failed.
    pub outcome: Result<WhoAmI, ProbeFailure>,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFailure {
    pub stage: Stage,
    pub error: ClusterError,
}

/// The steps to an answer, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The kubeconfig's entries and files.
    Kubeconfig,
    /// Name resolution.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The TLS handshake and the server's certificate.
    Tls,
    /// Authentication (401).
    Login,
    /// Authorization (403).
    Rights,
    /// Any later step.
    Answer,
}

impl Probe {
    /// A test that ended without an answer.
    pub(crate) fn failed(why: String) -> Self {
        failed(Instant::now(), Stage::Answer, ClusterError::Config(why))
    }
}

/// Connects, and asks the server for our identity and its version; `prompt` is what login programs may use.
pub(crate) async fn probe(target: &Target, prompt: Prompt) -> Probe {
    let started = Instant::now();
    let limit = target.time_limit(PROBE_TIMEOUT).unwrap_or_default();
    let target = Target { request_timeout: Some(limit), ..target.clone() };
    let cluster = match Cluster::connect(&target, prompt).await {
        Ok(cluster) => cluster,
        // No request is sent before there is a client, so a file or a login program has failed.
        Err(error) => return failed(started, Stage::Kubeconfig, error),
    };
    // The login may have waited for the user.
    let started = Instant::now();
    let (who, version) = tokio::join!(cluster.who_am_i(), cluster.version());
    let outcome = who.map_err(|error| ProbeFailure { stage: stage(&error), error });
    Probe { took: started.elapsed(), version: version.ok(), outcome }
}

fn failed(started: Instant, stage: Stage, error: ClusterError) -> Probe {
    Probe { took: started.elapsed(), version: None, outcome: Err(ProbeFailure { stage, error }) }
}

/// The step at which an error arose.
const fn stage(error: &ClusterError) -> Stage {
    match error {
        ClusterError::Config(_) | ClusterError::Login { .. } | ClusterError::Untrusted { .. } => Stage::Kubeconfig,
        ClusterError::Unauthorized { .. } => Stage::Login,
        ClusterError::Forbidden { .. } => Stage::Rights,
        ClusterError::Timeout { .. } => Stage::Tcp,
        ClusterError::Unreachable { cause, .. } => match cause {
            ConnectFailure::Dns => Stage::Dns,
            ConnectFailure::Tcp => Stage::Tcp,
            ConnectFailure::Tls => Stage::Tls,
            ConnectFailure::Proxy | ConnectFailure::Other => Stage::Answer,
        },
        _ => Stage::Answer,
    }
}

impl ProbeFailure {
    /// What failed, as a sentence; `authorities` names the CA that must have issued the server's certificate, `expired` is
    /// how long ago the client certificate expired, if it has.
    pub(crate) fn words(&self, authorities: &str, expired: Option<&str>) -> String {
        let text = self.error.to_string();
        match self.stage {
            Stage::Dns => format!("DNS: the server's name is not known here. {text}"),
            Stage::Tcp => format!("TCP: nothing answers there. {text}"),
            Stage::Tls => format!("TLS: it is not the server that the CA ({authorities}) vouches for. {text}"),
            Stage::Login => match expired {
                Some(since) => format!("401: the certificate expired {since} ago, so the server does not know you"),
                None => format!("401: {text}"),
            },
            Stage::Rights => format!("403: known, but not allowed: {text}"),
            Stage::Kubeconfig | Stage::Answer => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn every_failure_belongs_to_a_step() {
        let unreachable =
            |cause| ClusterError::Unreachable { server: "https://s".into(), cause, why: "certificate refused".into() };
        for (error, wanted) in [
            (unreachable(ConnectFailure::Dns), Stage::Dns),
            (unreachable(ConnectFailure::Tcp), Stage::Tcp),
            (unreachable(ConnectFailure::Tls), Stage::Tls),
            (unreachable(ConnectFailure::Proxy), Stage::Answer),
            (unreachable(ConnectFailure::Other), Stage::Answer),
            (ClusterError::Unauthorized { server: "https://s".into() }, Stage::Login),
            (ClusterError::Timeout { server: "https://s".into(), seconds: 10 }, Stage::Tcp),
        ] {
            assert_eq!(stage(&error), wanted, "{error}");
        }
    }

    /// At which step a connection to a cluster with these fields fails.
    async fn failure_of(cluster: &str) -> ConnectFailure {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let config = format!(
            "{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u}}}}], \
             users: [{{name: u, user: {{token: t}}}}], \
             clusters: [{{name: k, cluster: {{{cluster}, insecure-skip-tls-verify: true}}}}]}}"
        );
        std::fs::write(&path, config).unwrap();
        let target = Target { kubeconfig: Some(path), ..Target::default() };
        match probe(&target, Prompt::Never).await.outcome {
            Err(ProbeFailure { error: ClusterError::Unreachable { cause, .. }, .. }) => cause,
            other => panic!("{cluster}: {other:?}"),
        }
    }

    /// The port of a server that sends `answer` to every connection and closes it.
    async fn serve(answer: &'static [u8]) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let _ = connection.read(&mut [0; 4096]).await;
                let _ = connection.write_all(answer).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn a_failed_connection_names_the_step_that_failed() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let plain = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let refusing = serve(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
        let no_login = serve(&[5, 0xff]).await;
        for (server, proxy, cause) in [
            ("api.test.invalid".to_owned(), String::new(), ConnectFailure::Dns),
            (format!("127.0.0.1:{closed}"), String::new(), ConnectFailure::Tcp),
            (format!("127.0.0.1:{plain}"), String::new(), ConnectFailure::Tls),
            ("s.test".to_owned(), "http://p.test.invalid:1".to_owned(), ConnectFailure::Dns),
            ("s.test".to_owned(), format!("http://127.0.0.1:{closed}"), ConnectFailure::Tcp),
            ("s.test".to_owned(), format!("https://127.0.0.1:{plain}"), ConnectFailure::Tls),
            ("s.test".to_owned(), format!("http://127.0.0.1:{refusing}"), ConnectFailure::Proxy),
            ("s.test".to_owned(), format!("socks5://127.0.0.1:{closed}"), ConnectFailure::Tcp),
            ("s.test".to_owned(), format!("socks5://127.0.0.1:{no_login}"), ConnectFailure::Proxy),
        ] {
            let fields = format!("server: 'https://{server}', proxy-url: '{proxy}'");
            assert_eq!(failure_of(&fields).await, cause, "{fields}");
        }
    }

    #[test]
    fn a_request_timeout_of_zero_means_no_limit() {
        let limit = |request_timeout| Target { request_timeout, ..Target::default() }.time_limit(PROBE_TIMEOUT);
        assert_eq!(limit(None), Some(PROBE_TIMEOUT));
        assert_eq!(limit(Some(Duration::ZERO)), None);
        assert_eq!(limit(Some(Duration::from_millis(1500))), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_401_with_an_expired_certificate_names_the_expiry() {
        let failure =
            ProbeFailure { stage: Stage::Login, error: ClusterError::Unauthorized { server: "https://s".into() } };
        assert!(failure.words("", Some("3d")).contains("expired 3d ago"));
        assert!(failure.words("", None).contains("does not accept"));
    }
}
