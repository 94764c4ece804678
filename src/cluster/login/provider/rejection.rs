//! What follows when the server rejects a credential (401), and when it accepts one again.

use std::sync::Arc;

use chrono::Utc;

use super::{Provider, locked, pause};
use crate::cluster::login::credential::Credential;
use crate::cluster::login::entry::{LoginEntry, Method};
use crate::cluster::login::failed::{LoginError, Reason};
use crate::cluster::login::program::{InteractiveMode, Program};
use crate::cluster::login::prompt::Prompt;
use crate::cluster::login::status::LoginStatus;

impl Provider {
    /// The server rejected a credential (401). Returns another one, if there is one now.
    ///
    /// # Errors
    /// Why the login program that was run for another one failed.
    pub(crate) async fn rejected(
        self: &Arc<Self>,
        credential: &Arc<Credential>,
        prompt: &Prompt,
    ) -> Result<Option<Arc<Credential>>, LoginError> {
        // Of many requests that are rejected at the same time one obtains a credential, and all use it.
        let _one = self.obtaining.lock().await;
        if let Some(other) = self.current(Some(credential)) {
            return Ok(Some(other));
        }
        if self.reread(credential) {
            return self.obtain_alone(Some(credential), prompt).await.map(Some);
        }
        let entry = locked(&self.state).entry.clone();
        let renews = match &entry.method {
            Method::Program(program) => self.may_run_again(program),
            Method::File(..) => true,
            Method::None | Method::Fixed(_) => false,
        };
        let renewed = if renews { self.obtain_alone(Some(credential), prompt).await.map(Some) } else { Ok(None) };
        let renewed = renewed.map(|renewed| renewed.filter(|renewed| !renewed.is_same(credential)));
        if matches!(renewed, Ok(Some(_))) {
            return renewed;
        }
        self.not_accepted(&entry);
        let failure = locked(&self.state).failure.as_ref().map(|(failed, _)| failed.clone());
        failure.map_or(renewed, Err)
    }

    /// Reads the kubeconfig's entry again; returns whether it has changed.
    fn reread(&self, credential: &Credential) -> bool {
        let Ok(entry) = (self.source)() else { return false };
        let mut state = locked(&self.state);
        let is_other = match (&entry.method, &state.entry.method) {
            (Method::Program(new), Method::Program(old)) => new != old,
            (Method::File(new, _), Method::File(old, _)) => new != old,
            (Method::Fixed(header), Method::Fixed(_)) => Some(header) != credential.authorization.as_ref(),
            (Method::None, Method::None) => {
                let chain = |one: &Option<Arc<rustls::sign::CertifiedKey>>| one.as_ref().map(|pair| pair.cert.clone());
                chain(&entry.certificate) != chain(&credential.certificate)
            }
            _ => true,
        };
        if is_other {
            state.entry = Arc::new(entry);
            (state.failure, state.failures) = (None, 0);
        }
        is_other
    }

    fn may_run_again(&self, program: &Program) -> bool {
        let mut state = locked(&self.state);
        let now = Utc::now();
        // A program that may prompt runs once; then the user decides.
        let waits = program.mode != InteractiveMode::Never && state.rejections > 0;
        if waits || state.not_before.is_some_and(|at| now < at) {
            return false;
        }
        state.not_before = Some(now + pause(state.rejections));
        state.rejections += 1;
        true
    }

    /// The server also rejected the credential that replaced a rejected one.
    pub(crate) fn still_rejected(&self) {
        let entry = locked(&self.state).entry.clone();
        self.not_accepted(&entry);
    }

    fn not_accepted(&self, entry: &LoginEntry) {
        let state = locked(&self.state);
        let (program, again) = match &entry.method {
            Method::Program(program) if program.mode == InteractiveMode::Never => {
                (program.command.clone(), state.not_before)
            }
            Method::Program(program) => (program.command.clone(), None),
            Method::None | Method::Fixed(_) | Method::File(..) => (String::new(), None),
        };
        let failed = state.failure.as_ref().map(|(failed, _)| failed.clone());
        drop(state);
        let why = failed.unwrap_or(LoginError { program, reason: Reason::Rejected });
        self.report(match again {
            Some(next_try) => LoginStatus::Failing { why, next_try },
            None => LoginStatus::Ended(why),
        });
    }

    /// The server accepts the credentials.
    pub(crate) fn accepted(&self) {
        if *self.health.borrow() == LoginStatus::Fine {
            return;
        }
        let mut state = locked(&self.state);
        if state.failure.is_none() {
            (state.rejections, state.not_before) = (0, None);
            drop(state);
            self.report(LoginStatus::Fine);
        }
    }
}
