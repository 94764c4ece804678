//! The one source of credentials for a context, shared by every client of this process.
//!
//! A login program runs once; its answer is kept until it ends, replaced ahead of that in the background, and asked for
//! once more when the server does not accept it (client-go, `plugin/pkg/client/auth/exec`). Entries of the kubeconfig
//! are read again when the server does not accept them: a login tool may have rewritten them.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::credential::{Credential, ExecCredential};
use super::entry::{LoginEntry, Method, bearer};
use super::failed::{LoginError, Reason};
use super::program::{InteractiveMode, Program};
use super::run::run;
use super::terminal::{ConsoleHandle, Terminal};
use crate::files::bounded;

/// How long a token file's content is used, as in client-go (`transport/token_source.go`: a minute, less ten seconds).
const REREAD: TimeDelta = TimeDelta::seconds(50);
/// How long a credential is used at least.
const SHORTEST: TimeDelta = TimeDelta::seconds(5);
/// The pause after a first failure, how much longer the next one is, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGER: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How a login stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// Nothing is known against it.
    #[default]
    Fine,
    /// A program is at work.
    Running {
        /// The program as the kubeconfig names it.
        program: String,
        /// Since when.
        since: DateTime<Utc>,
        /// The last line of its standard error.
        line: String,
    },
    /// It failed, and is tried again.
    Failing {
        /// Why.
        why: LoginError,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
    /// It has ended, or failed where it needs somebody: only the user can log in again.
    Ended(LoginError),
}

/// Who can be asked by a login program.
#[derive(Debug, Clone)]
pub enum Prompt {
    /// Whoever is at the terminal of this command.
    Terminal,
    /// Whoever is at the console, at the start of a connection.
    Console(ConsoleHandle),
    /// The same, who has just asked for the login.
    Requested(ConsoleHandle),
    /// No one: a program that needs a terminal is not run.
    Never,
}

/// Reads the user entry, as it is in the kubeconfig now.
type Source = Box<dyn Fn() -> Result<LoginEntry, String> + Send + Sync>;

/// The source of credentials for a context.
pub(in crate::cluster) struct Provider {
    /// The context, as messages name it.
    context: String,
    source: Source,
    state: Mutex<ProviderState>,
    /// Held while a credential is obtained: one program at a time.
    obtaining: tokio::sync::Mutex<()>,
    health: watch::Sender<Health>,
}

struct ProviderState {
    entry: Arc<LoginEntry>,
    credential: Option<Arc<Credential>>,
    /// What failed last, and from when on it may be tried again; `None`: when the user asks for it.
    failure: Option<(LoginError, Option<DateTime<Utc>>)>,
    failures: u32,
    /// From when on a program may be run again because of a 401.
    rejections: u32,
    not_before: Option<DateTime<Utc>>,
    user: Weak<InUse>,
}

/// Held by every client of a provider: without one nothing is refreshed.
#[derive(Debug)]
pub(in crate::cluster) struct InUse;

static PROVIDERS: LazyLock<Mutex<HashMap<[u8; 32], Arc<Provider>>>> = LazyLock::new(Mutex::default);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").finish_non_exhaustive()
    }
}

impl Provider {
    /// The provider for an entry: the same one for everybody who names the same context (`key`) while the entry is the
    /// same.
    ///
    /// # Errors
    /// Which field of the entry cannot be used, and why.
    pub(crate) fn shared(context: &str, key: &str, source: Source) -> Result<Arc<Self>, String> {
        let key: [u8; 32] = Sha256::digest(key).into();
        if let Some(known) = locked(&PROVIDERS).get(&key) {
            return Ok(known.clone());
        }
        let entry = Arc::new(source()?);
        let state = ProviderState {
            entry,
            credential: None,
            failure: None,
            failures: 0,
            rejections: 0,
            not_before: None,
            user: Weak::new(),
        };
        let provider = Arc::new(Self {
            context: context.to_owned(),
            source,
            state: Mutex::new(state),
            obtaining: tokio::sync::Mutex::default(),
            health: watch::Sender::default(),
        });
        Ok(locked(&PROVIDERS).entry(key).or_insert(provider).clone())
    }

    /// How the login stands, from now on.
    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Keeps the credentials fresh until it is dropped.
    pub(crate) fn in_use(&self) -> Arc<InUse> {
        let mut state = locked(&self.state);
        state.user.upgrade().unwrap_or_else(|| {
            let user = Arc::new(InUse);
            state.user = Arc::downgrade(&user);
            user
        })
    }

    /// The first credential of a client. Somebody who asks for the login gets a new one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn log_in(self: &Arc<Self>, prompt: &Prompt) -> Result<(), LoginError> {
        match prompt {
            Prompt::Requested(_) => {
                let entry = (self.source)();
                let mut state = locked(&self.state);
                (state.credential, state.failure, state.failures) = (None, None, 0);
                (state.rejections, state.not_before) = (0, None);
                state.entry = entry.map_or_else(|_| state.entry.clone(), Arc::new);
            }
            // Whoever connects wants to log in, whatever failed before.
            Prompt::Console(_) | Prompt::Terminal => locked(&self.state).failure = None,
            Prompt::Never => {}
        }
        self.obtain(None, prompt).await.map(drop)
    }

    /// What the next request is sent with.
    ///
    /// # Errors
    /// Why there is nothing.
    pub(crate) async fn credential(self: &Arc<Self>, prompt: &Prompt) -> Result<Arc<Credential>, LoginError> {
        match self.current(None) {
            Some(credential) => Ok(credential),
            None => self.obtain(None, prompt).await,
        }
    }

    /// A credential that has not ended and is not this one.
    fn current(&self, except: Option<&Arc<Credential>>) -> Option<Arc<Credential>> {
        let state = locked(&self.state);
        let known = state.credential.as_ref().filter(|known| known.expires.is_none_or(|end| Utc::now() < end));
        known.filter(|known| except.is_none_or(|except| !Arc::ptr_eq(known, except))).cloned()
    }

    async fn obtain(
        self: &Arc<Self>,
        except: Option<&Arc<Credential>>,
        prompt: &Prompt,
    ) -> Result<Arc<Credential>, LoginError> {
        let _one = self.obtaining.lock().await;
        self.obtain_alone(except, prompt).await
    }

    /// [`Self::obtain`] by whoever holds `obtaining`.
    async fn obtain_alone(
        self: &Arc<Self>,
        except: Option<&Arc<Credential>>,
        prompt: &Prompt,
    ) -> Result<Arc<Credential>, LoginError> {
        // Whoever was first may have done it.
        if let Some(credential) = self.current(except) {
            return Ok(credential);
        }
        let entry = {
            let state = locked(&self.state);
            if let Some((failed, again)) = &state.failure
                && again.is_none_or(|again| Utc::now() < again)
            {
                return Err(failed.clone());
            }
            state.entry.clone()
        };
        match self.credential_of(&entry, prompt).await {
            Ok(credential) => Ok(self.obtained(credential)),
            Err(failed) => Err(self.failed(&entry, failed)),
        }
    }

    fn obtained(self: &Arc<Self>, mut credential: Credential) -> Arc<Credential> {
        // One that has ended already is sent all the same, and the program is not run again for every request.
        credential.expires = credential.expires.map(|end| end.max(Utc::now() + SHORTEST));
        let credential = Arc::new(credential);
        let mut state = locked(&self.state);
        let earlier = state.credential.as_ref().and_then(|before| before.expires);
        let is_program = matches!(state.entry.method, Method::Program(_));
        (state.failure, state.failures) = (None, 0);
        state.credential = Some(credential.clone());
        drop(state);
        self.tell(Health::Fine);
        // A program that returns what it returned before is asked again only when that has ended.
        if let Some(expires) = credential.expires.filter(|expires| is_program && Some(*expires) > earlier) {
            self.refresh_before(expires, &credential);
        }
        credential
    }

    fn failed(&self, entry: &LoginEntry, failed: LoginError) -> LoginError {
        let mut state = locked(&self.state);
        let repeats = match &entry.method {
            Method::Program(program) => program.mode == InteractiveMode::Never && failed.reason != Reason::Canceled,
            _ => true,
        };
        let again = repeats.then(|| Utc::now() + pause(state.failures));
        state.failures += 1;
        state.failure = Some((failed.clone(), again));
        let valid = state.credential.as_ref().and_then(|known| known.expires).is_some_and(|end| Utc::now() < end);
        drop(state);
        tracing::warn!(error = %failed, "the login failed");
        if !valid {
            self.tell(match again {
                Some(next_try) => Health::Failing { why: failed.clone(), next_try },
                None => Health::Ended(failed.clone()),
            });
        }
        failed
    }

    async fn credential_of(self: &Arc<Self>, entry: &LoginEntry, prompt: &Prompt) -> Result<Credential, LoginError> {
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
            Method::Program(program) => self.ask(program, prompt).await,
        }
    }

    /// Runs a login program.
    async fn ask(self: &Arc<Self>, program: &Program, prompt: &Prompt) -> Result<Credential, LoginError> {
        let terminal = terminal(program, prompt).map_err(|reason| program.failed(reason))?;
        super::policy::check(program)?;
        let health = self.health.clone();
        let heard: Arc<dyn Fn(&str) + Send + Sync> = if matches!(terminal, Terminal::Background) {
            Arc::new(|_| {})
        } else {
            let program = program.command.clone();
            self.tell(Health::Running { program, since: Utc::now(), line: String::new() });
            Arc::new(move |said: &str| {
                health.send_if_modified(|now| match now {
                    Health::Running { line, .. } if line != said => {
                        said.clone_into(line);
                        true
                    }
                    // A process that a program left behind has nothing more to say.
                    _ => false,
                });
            })
        };
        let canceled = match prompt {
            Prompt::Console(console) | Prompt::Requested(console) => console.canceled.clone(),
            Prompt::Terminal | Prompt::Never => Arc::new(AtomicBool::new(false)),
        };
        let (context, asked) = (self.context.clone(), program.clone());
        let ran = tokio::task::spawn_blocking(move || run(&context, &asked, &terminal, &canceled, heard)).await;
        let printed = ran.unwrap_or_else(|_| Err(program.failed(Reason::Start("it panicked".to_owned()))))?;
        let answer = ExecCredential::read(&printed, program.version).map_err(|reason| program.failed(reason))?;
        Credential::from_answer(&answer).map_err(|reason| program.failed(reason))
    }

    /// The server does not accept a credential (401). Gives another one, where there is one now.
    ///
    /// # Errors
    /// Why the login program that was asked for another one failed.
    pub(crate) async fn rejected(
        self: &Arc<Self>,
        credential: &Arc<Credential>,
        prompt: &Prompt,
    ) -> Result<Option<Arc<Credential>>, LoginError> {
        // Of many requests that are rejected at the same time one asks, and all heed the answer.
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

    /// Reads the kubeconfig's entry again; whether it says something else now.
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
        // One that may ask somebody runs once; then the user decides.
        let waits = program.mode != InteractiveMode::Never && state.rejections > 0;
        if waits || state.not_before.is_some_and(|at| now < at) {
            return false;
        }
        state.not_before = Some(now + pause(state.rejections));
        state.rejections += 1;
        true
    }

    /// Nor does the server accept the credential that replaced a rejected one.
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
        self.tell(match again {
            Some(next_try) => Health::Failing { why, next_try },
            None => Health::Ended(why),
        });
    }

    /// The server accepts the credentials.
    pub(crate) fn accepted(&self) {
        if *self.health.borrow() == Health::Fine {
            return;
        }
        let mut state = locked(&self.state);
        if state.failure.is_none() {
            (state.rejections, state.not_before) = (0, None);
            drop(state);
            self.tell(Health::Fine);
        }
    }

    fn tell(&self, health: Health) {
        self.health.send_if_modified(|now| {
            let changes = *now != health;
            *now = health;
            changes
        });
    }

    /// Replaces a credential in the background before it ends.
    fn refresh_before(self: &Arc<Self>, expires: DateTime<Utc>, credential: &Arc<Credential>) {
        let wait = (expires - margin(expires - Utc::now()) - Utc::now()).to_std().unwrap_or_default();
        let (provider, credential) = (Arc::downgrade(self), Arc::downgrade(credential));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let (Some(provider), Some(credential)) = (provider.upgrade(), credential.upgrade()) else { return };
            let is_used = locked(&provider.state).user.strong_count() > 0;
            if is_used && provider.is_current(&credential) {
                let _ = provider.obtain(Some(&credential), &Prompt::Never).await;
            }
        });
    }

    fn is_current(&self, credential: &Arc<Credential>) -> bool {
        locked(&self.state).credential.as_ref().is_some_and(|known| Arc::ptr_eq(known, credential))
    }
}

/// What of the terminal a program gets.
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
            Terminal::Handed(console.clone())
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

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(LONGER.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// How long before its end a credential is replaced: a twentieth of its life, between a second and a minute.
fn margin(life: TimeDelta) -> TimeDelta {
    (life / 20).clamp(TimeDelta::seconds(1), TimeDelta::seconds(60))
}

#[cfg(test)]
mod tests;
