//! Runs one program for a case, with or without a terminal.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::case::Case;
use super::fixture::{Fixture, REQUESTS};
use super::workspace::Workspace;
use crate::support::program;
use crate::support::terminal::Terminal;

/// The result of a run.
#[derive(Debug)]
pub(crate) struct RunResult {
    /// The exit code; `None` if a signal ended the program, or if it did not end.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error. In a terminal, both are everything that was written to it.
    pub stderr: String,
    /// How often the login program ran.
    pub login_runs: usize,
    /// The targets that were requested from the proxy.
    pub proxy_targets: Vec<String>,
    /// From start to end.
    pub duration: Duration,
}

impl RunResult {
    /// Whether the exit code is 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// The listed requests, of those that the fixture created.
    pub(crate) fn requests(&self) -> BTreeSet<&str> {
        let lines = self.stdout.lines().map(|line| line.rsplit('/').next().unwrap_or_default().trim());
        lines.filter(|name| REQUESTS.contains(name)).collect()
    }

    /// One line for the table of results.
    pub(crate) fn summary(&self) -> String {
        let runs = if self.login_runs > 0 { format!(", {} login runs", self.login_runs) } else { String::new() };
        let proxy = if self.proxy_targets.is_empty() { "" } else { ", through the proxy" };
        let seconds = self.duration.as_secs_f32();
        if self.succeeded() {
            return format!("connects{runs}{proxy} ({seconds:.1} s)");
        }
        // kubectl logs each failed attempt before the error itself.
        let lines: Vec<_> = self.stderr.lines().map(str::trim).filter(|line| !line.contains("memcache.go")).collect();
        let text: String = lines.join(" ").chars().take(400).collect();
        format!("fails{runs}{proxy} ({seconds:.1} s): {}", text.trim().replace(|c: char| c.is_control(), "^"))
    }
}

/// Runs a program in a new workspace.
pub(crate) fn run(fixture: &Fixture, case: &Case, program: &Path, arguments: &[&str]) -> RunResult {
    let workspace = Workspace::new(fixture, case);
    let began = Instant::now();
    let (code, stdout, stderr) = match &case.typed_password {
        Some(password) => in_terminal(&workspace, case, program, arguments, password),
        None => without_terminal(&workspace, case, program, arguments),
    };
    let (duration, login_runs) = (began.elapsed(), workspace.login_runs());
    RunResult { code, stdout, stderr, login_runs, proxy_targets: workspace.proxy_targets(), duration }
}

fn without_terminal(
    workspace: &Workspace,
    case: &Case,
    program: &Path,
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    // A new session, because the tests themselves may run in a terminal.
    let mut command = workspace.person.command(Path::new("setsid"));
    command.args(["--wait", "timeout", "90"]).args(&case.wrapper).arg(program).args(arguments).args(&case.arguments);
    let output = command.envs(workspace.environment()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn in_terminal(
    workspace: &Workspace,
    case: &Case,
    program: &Path,
    arguments: &[&str],
    password: &str,
) -> (Option<i32>, String, String) {
    let mut terminal = start(workspace, case, program, arguments);
    // kubectl runs a failing program again for each of its requests.
    let mut prompts = 1;
    while terminal.wait_for_text_or_exit("One-time password:", prompts) {
        terminal.keys(&format!("{password}\r"));
        prompts += 1;
    }
    let code = terminal.wait_for_exit().and_then(|code| i32::try_from(code).ok());
    let output = terminal.all_text();
    (code, output.clone(), output)
}

/// Starts the console of a case in a terminal.
pub(crate) fn start_console(workspace: &Workspace, case: &Case) -> Terminal {
    start(workspace, case, &program(), &[])
}

fn start(workspace: &Workspace, case: &Case, program: &Path, arguments: &[&str]) -> Terminal {
    let mut command = case.wrapper.clone();
    command.push(program.display().to_string());
    command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    command.extend(case.arguments.iter().cloned());
    Terminal::start_with(&workspace.person, &command, &workspace.environment())
}
