//! Running a login program within limits of time and output (client-go,
//! `plugin/pkg/client/auth/exec`).

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use kube::config::{ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::yaml;

/// Bytes that a program may print: a token or a certificate with its key.
pub const LONGEST: usize = 1 << 20;
/// Bytes of its standard error that are kept.
const STDERR: u64 = 64 << 10;
/// How long a program may take that is not interactive.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an interactive program may take.
const PERSON: Duration = Duration::from_secs(600);
/// How often a program that has closed its output is checked for its exit.
const PAUSE: Duration = Duration::from_millis(5);

/// Why a login failed. Of what the program printed, only the first line of standard error is quoted: the rest may be a
/// token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The kubeconfig names no program.
    #[error("the kubeconfig names no login program")]
    NoProgram,
    /// It asks for the cluster's data, and there is none.
    #[error("the login program wants to know the cluster, and there is none")]
    NoCluster,
    /// It does not run.
    #[error("the login program cannot be started: {0}")]
    Start(String),
    /// It ended with an error.
    #[error("the login program failed ({0}){1}")]
    Ended(ExitStatus, String),
    /// It took too long.
    #[error("the login program did not answer within {} s", .0.as_secs())]
    Slow(Duration),
    /// It printed too much.
    #[error("the login program printed more than {} MiB", LONGEST >> 20)]
    Long,
    /// What it printed is no credential.
    #[error("what the login program printed cannot be read")]
    Unreadable,
    /// Its credential holds nothing.
    #[error("the login program gave neither a token nor a certificate with a key")]
    Nothing,
    /// Its token is none.
    #[error("the token has characters that no request can carry")]
    Token,
}

impl Failed {
    /// The failure in words, with the program's name.
    pub fn about(&self, program: Option<&str>) -> String {
        let text = self.to_string();
        match program {
            Some(name) => text.replacen("login program", &format!("login program {name}"), 1),
            None => text,
        }
    }
}

/// What a program gave.
#[derive(Debug, Default)]
pub struct Credential {
    /// A token.
    pub token: Option<Zeroizing<String>>,
    /// A certificate, PEM.
    pub certificate: Option<String>,
    /// Its key, PEM.
    pub key: Option<Zeroizing<String>>,
    /// When they end.
    pub expires: Option<DateTime<Utc>>,
}

impl Credential {
    /// Reads an `ExecCredential`: JSON, or YAML, which client-go takes as well.
    ///
    /// # Errors
    /// [`Failed::Unreadable`], [`Failed::Nothing`].
    pub fn read(printed: &[u8]) -> Result<Self, Failed> {
        #[derive(Deserialize)]
        struct Answer {
            status: Option<Status>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            expiration_timestamp: Option<String>,
            token: Option<String>,
            client_certificate_data: Option<String>,
            client_key_data: Option<String>,
        }
        if printed.len() > LONGEST {
            return Err(Failed::Long);
        }
        let text = std::str::from_utf8(printed).map_err(|_| Failed::Unreadable)?;
        let answer =
            serde_json::from_str::<Answer>(text).or_else(|_| yaml::from_str(text).map_err(|_| Failed::Unreadable));
        let status = answer?.status.ok_or(Failed::Nothing)?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let expires = filled(status.expiration_timestamp).map(|text| DateTime::parse_from_rfc3339(&text));
        let expires = expires.transpose().map_err(|_| Failed::Unreadable)?;
        let read = Self {
            token: filled(status.token).map(Zeroizing::new),
            certificate: filled(status.client_certificate_data),
            key: filled(status.client_key_data).map(Zeroizing::new),
            expires: expires.map(|at| at.to_utc()),
        };
        let pair = read.certificate.is_some() && read.key.is_some();
        if read.token.is_some() || pair { Ok(read) } else { Err(Failed::Nothing) }
    }
}

/// Runs a program and reads what it prints. Blocks.
pub(super) fn run(program: &ExecConfig) -> Result<Credential, Failed> {
    let interactive = program.interactive_mode != Some(ExecInteractiveMode::Never);
    run_within(program, interactive, if interactive { PERSON } else { PATIENCE })
}

fn run_within(program: &ExecConfig, interactive: bool, patience: Duration) -> Result<Credential, Failed> {
    let until = Instant::now() + patience;
    let mut running = Running::start(command(program, interactive)?, !interactive)?;
    let (to, printed) = mpsc::channel();
    let (out, stderr) = (running.child.stdout.take(), running.child.stderr.take());
    thread::spawn(move || to.send(out.map(|out| taken(out, LONGEST as u64 + 1)).unwrap_or_default()));
    let stderr = stderr.map(|mut stderr| {
        thread::spawn(move || {
            let kept = taken(&mut stderr, STDERR);
            // A program with much output must not block.
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
            kept
        })
    });
    let printed = match printed.recv_timeout(patience) {
        Ok(printed) => printed,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Err(Failed::Slow(patience)),
    };
    if printed.len() > LONGEST {
        return Err(Failed::Long);
    }
    let Some(status) = running.ended(until)? else { return Err(Failed::Slow(patience)) };
    if !status.success() {
        let stderr = stderr.and_then(|stderr| stderr.join().ok()).unwrap_or_default();
        return Err(Failed::Ended(status, first_line(&stderr)));
    }
    Credential::read(&printed)
}

fn command(program: &ExecConfig, interactive: bool) -> Result<Command, Failed> {
    let mut command = Command::new(program.command.as_deref().ok_or(Failed::NoProgram)?);
    command.args(program.args.iter().flatten());
    for variable in program.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let cluster = program.cluster.as_ref().filter(|_| program.provide_cluster_info);
    if cluster.is_none() && program.provide_cluster_info {
        return Err(Failed::NoCluster);
    }
    let mut info =
        json!({"kind": "ExecCredential", "apiVersion": program.api_version, "spec": {"interactive": interactive}});
    if let Some(cluster) = cluster {
        info["spec"]["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
    }
    command.env("KUBERNETES_EXEC_INFO", info.to_string()).stdout(Stdio::piped());
    if interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        // In a separate process group, so that its children can be killed with it.
        command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    }
    Ok(command)
}

/// A program that is killed when dropped.
struct Running {
    child: Child,
    leads: bool,
}

impl Running {
    fn start(mut command: Command, leads: bool) -> Result<Self, Failed> {
        let child = command.spawn().map_err(|error| Failed::Start(error.to_string()))?;
        Ok(Self { child, leads })
    }

    /// Its exit status; `None` if it still runs at `until`.
    fn ended(&mut self, until: Instant) -> Result<Option<ExitStatus>, Failed> {
        loop {
            match self.child.try_wait().map_err(|error| Failed::Start(error.to_string()))? {
                Some(status) => return Ok(Some(status)),
                None if Instant::now() >= until => return Ok(None),
                None => thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // It may have exited since; then there is nothing to kill.
        if self.leads
            && let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn taken(from: impl Read, most: u64) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    // What was read before an error is the output.
    let _ = from.take(most).read_to_end(&mut bytes);
    bytes
}

/// The first line that is not empty, as the end of a sentence.
fn first_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.split(['\n', '\r']).map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().take(200).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> ExecConfig {
        ExecConfig {
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), script.to_owned()]),
            interactive_mode: Some(ExecInteractiveMode::Never),
            ..ExecConfig::default()
        }
    }

    #[test]
    fn returns_a_token_a_certificate_or_an_error_in_words() {
        let token =
            run(&sh(r#"echo '{"status": {"token": "t", "expirationTimestamp": "2026-01-01T00:00:00Z"}}'"#)).unwrap();
        assert_eq!((token.token.unwrap().as_str(), token.expires.is_some()), ("t", true));
        let yaml = run(&sh("printf 'status:\\n  clientCertificateData: c\\n  clientKeyData: k\\n'")).unwrap();
        assert_eq!((yaml.certificate.as_deref(), yaml.token.is_none()), (Some("c"), true));
        let failed = |script: &str| run(&sh(script)).unwrap_err().to_string();
        assert_eq!(failed("echo s3cret; echo no way >&2; exit 3"), "the login program failed (exit status: 3): no way");
        assert_eq!(failed("echo s3cret"), "what the login program printed cannot be read");
        assert_eq!(
            failed("echo '{\"status\": {}}'"),
            "the login program gave neither a token nor a certificate with a key"
        );
        let missing = ExecConfig { command: Some("no-such-program".to_owned()), ..ExecConfig::default() };
        assert!(run(&missing).unwrap_err().to_string().starts_with("the login program cannot be started"));
    }

    #[test]
    fn kills_a_program_with_endless_output() {
        let began = Instant::now();
        assert_eq!(run(&sh("exec cat /dev/zero")).unwrap_err(), Failed::Long);
        assert!(began.elapsed() < Duration::from_secs(20));
        // Much on standard error is no failure.
        let loud = sh("head -c 3000000 /dev/zero >&2; echo '{\"status\": {\"token\": \"t\"}}'");
        assert!(run(&loud).is_ok());
    }

    #[test]
    fn kills_a_program_that_hangs_and_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let patience = Duration::from_millis(500);
        assert_eq!(run_within(&sh(&script), false, patience).unwrap_err(), Failed::Slow(patience));
        let started = std::fs::read_to_string(&pid).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let running = || {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", started.trim())).unwrap_or_default();
            !status.is_empty() && !status.contains(") Z ")
        };
        while running() {
            assert!(Instant::now() < until, "what it started still runs");
            thread::sleep(PAUSE);
        }
    }
}
