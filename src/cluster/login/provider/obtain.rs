//! Obtaining a credential: from the entry, from a file, or from a login program.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{TimeDelta, Utc};
use zeroize::Zeroizing;

use super::{Provider, locked};
use crate::cluster::login::credential::{Credential, ExecCredential};
use crate::cluster::login::entry::{LoginEntry, Method, bearer};
use crate::cluster::login::failed::{LoginError, Reason};
use crate::cluster::login::policy;
use crate::cluster::login::program::{InteractiveMode, Program};
use crate::cluster::login::prompt::Prompt;
use crate::cluster::login::run::run;
use crate::cluster::login::status::LoginStatus;
use crate::cluster::login::terminal::Terminal;
use crate::files::bounded;

/// How long a token file's content is used, as in client-go (`transport/token_source.go`: a minute, less ten seconds).
const REREAD: TimeDelta = TimeDelta::seconds(50);

impl Provider {
    pub(super) async fn credential_of(
        self: &Arc<Self>,
        entry: &LoginEntry,
        prompt: &Prompt,
    ) -> Result<Credential, LoginError> {
        let certificate = entry.certificate.clone();
        let with = |authorization, expires| Credential { authorization, certificate, expires };
        match &entry.method {
            Method::None => Ok(with(None, None)),
            Method::Fixed(header) => Ok(with(Some(header.clone()), None)),
            Method::File(path, own) => {
                let reread = Some(Utc::now() + REREAD);
                let (path, before) = (path.clone(), locked(&self.state).credential.clone());
                let read = tokio::task::spawn_blocking(move || from_file(&path)).await.ok();
                // A file that cannot be read any more leaves the last token in use, as in client-go.
                let kept = || before.and_then(|before| before.authorization.clone()).or_else(|| own.clone());
                match read.unwrap_or_else(|| Err("tokenFile: it cannot be read".to_owned())) {
                    Ok(header) => Ok(with(Some(header), reread)),
                    Err(why) => kept().map(|header| with(Some(header), reread)).ok_or_else(|| LoginError::entry(why)),
                }
            }
            Method::Program(program) => self.run_program(program, prompt).await,
        }
    }

    /// Runs a login program.
    async fn run_program(self: &Arc<Self>, program: &Program, prompt: &Prompt) -> Result<Credential, LoginError> {
        let terminal = terminal(program, prompt).map_err(|reason| program.failed(reason))?;
        policy::check(program)?;
        let health = self.health.clone();
        let on_line: Arc<dyn Fn(&str) + Send + Sync> = if matches!(terminal, Terminal::Background) {
            Arc::new(|_| {})
        } else {
            let program = program.command.clone();
            self.report(LoginStatus::Running { program, since: Utc::now(), line: String::new() });
            Arc::new(move |new: &str| {
                health.send_if_modified(|now| match now {
                    LoginStatus::Running { line, .. } if line != new => {
                        new.clone_into(line);
                        true
                    }
                    // Output of a process that outlives its program is ignored.
                    _ => false,
                });
            })
        };
        let canceled = match prompt {
            Prompt::Console(console) | Prompt::Requested(console) => console.canceled.clone(),
            Prompt::Terminal | Prompt::Never => Arc::new(AtomicBool::new(false)),
        };
        let (context, asked) = (self.context.clone(), program.clone());
        let ran = tokio::task::spawn_blocking(move || run(&context, &asked, &terminal, &canceled, on_line)).await;
        let printed = ran.unwrap_or_else(|_| Err(program.failed(Reason::Start("it panicked".to_owned()))))?;
        let answer = ExecCredential::read(&printed, program.version).map_err(|reason| program.failed(reason))?;
        Credential::from_answer(&answer).map_err(|reason| program.failed(reason))
    }
}

/// The access to the terminal that a program gets.
fn terminal(program: &Program, prompt: &Prompt) -> Result<Terminal, Reason> {
    Ok(match (prompt, program.mode) {
        (Prompt::Terminal, mode) => {
            let at_terminal = std::io::stdin().is_terminal();
            if mode == InteractiveMode::Always && !at_terminal {
                return Err(Reason::NoTerminal);
            }
            Terminal::Shared { interactive: mode != InteractiveMode::Never && at_terminal }
        }
        (Prompt::Never, InteractiveMode::Always) => return Err(Reason::NeedsPerson),
        (Prompt::Never, _) => Terminal::Background,
        (Prompt::Console(_) | Prompt::Requested(_), InteractiveMode::Never) => Terminal::None,
        (Prompt::Console(console), InteractiveMode::IfAvailable) => Terminal::OnDemand(console.clone()),
        (Prompt::Console(console), InteractiveMode::Always) | (Prompt::Requested(console), _) => {
            Terminal::HandedOver(console.clone())
        }
    })
}

fn from_file(path: &Path) -> Result<http::HeaderValue, String> {
    let named = |why: String| format!("tokenFile: {}: {why}", path.display());
    let token = bounded::read_text(path, bounded::CREDENTIAL).map(Zeroizing::new);
    let token = token.map_err(|error| named(error.to_string()))?;
    let token = token.trim();
    if token.is_empty() {
        return Err(named("it is empty".to_owned()));
    }
    bearer(token).map_err(named)
}
