//! The one source of credentials for a context, shared by every client of this process.
//!
//! A login program runs once; its answer is kept until it expires, replaced ahead of that in the background, and asked for
//! once more when the server does not accept it (client-go, `plugin/pkg/client/auth/exec`). Entries of the kubeconfig
//! are read again when the server does not accept them: a login tool may have rewritten them.

mod obtain;
mod rejection;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::credential::Credential;
use super::entry::{LoginEntry, Method};
use super::failed::{LoginError, Reason};
use super::program::InteractiveMode;
use super::prompt::Prompt;
use super::status::LoginStatus;

/// The shortest time that a credential is used.
const SHORTEST_USE: TimeDelta = TimeDelta::seconds(5);
/// The pause after a first failure, the factor of each next one, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE_FACTOR: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Reads the user entry, as it is in the kubeconfig now.
type Source = Box<dyn Fn() -> Result<LoginEntry, String> + Send + Sync>;

/// The source of credentials for a context.
pub(in crate::cluster) struct Provider {
    /// The context, as messages name it.
    context: String,
    source: Source,
    state: Mutex<CredentialState>,
    /// Held while a credential is obtained: one program at a time.
    obtaining: tokio::sync::Mutex<()>,
    health: watch::Sender<LoginStatus>,
}

struct CredentialState {
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
    /// The provider for an entry: the same one for all clients that name the same context (`key`) while the entry is the
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
        let state = CredentialState {
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

    /// The status of the login, from now on.
    pub(crate) fn health(&self) -> watch::Receiver<LoginStatus> {
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

    /// The first credential of a client; a new one where the user requested the login.
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
            // Connecting starts over after earlier failures.
            Prompt::Console(_) | Prompt::Terminal => locked(&self.state).failure = None,
            Prompt::Never => {}
        }
        self.obtain(None, prompt).await.map(drop)
    }

    /// The credential for the next request.
    ///
    /// # Errors
    /// Why there is none.
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

    /// [`Self::obtain`] while `obtaining` is held.
    async fn obtain_alone(
        self: &Arc<Self>,
        except: Option<&Arc<Credential>>,
        prompt: &Prompt,
    ) -> Result<Arc<Credential>, LoginError> {
        // Another task may have obtained it first.
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
        // One that has expired already is still sent, and the program is not run again for every request.
        credential.expires = credential.expires.map(|end| end.max(Utc::now() + SHORTEST_USE));
        let credential = Arc::new(credential);
        let mut state = locked(&self.state);
        let earlier = state.credential.as_ref().and_then(|before| before.expires);
        let is_program = matches!(state.entry.method, Method::Program(_));
        (state.failure, state.failures) = (None, 0);
        state.credential = Some(credential.clone());
        drop(state);
        self.report(LoginStatus::Fine);
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
            self.report(match again {
                Some(next_try) => LoginStatus::Failing { why: failed.clone(), next_try },
                None => LoginStatus::Ended(failed.clone()),
            });
        }
        failed
    }

    fn report(&self, health: LoginStatus) {
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

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(PAUSE_FACTOR.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// How long before its end a credential is replaced: a twentieth of its life, between a second and a minute.
fn margin(life: TimeDelta) -> TimeDelta {
    (life / 20).clamp(TimeDelta::seconds(1), TimeDelta::seconds(60))
}

#[cfg(test)]
mod tests;
