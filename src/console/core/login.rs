//! How the console shows the login, and how the user logs in again.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::style::Style;

use crate::cluster::Wait;
use crate::cluster::login::LoginStatus;
use crate::cluster::watch::WatchStatus;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::{Pane, State};
use crate::console::{dialogs, panes::kubeconfig};
use crate::domain::text::printable;
use crate::error::UserError;

/// What is known of the connection beside the watches.
#[derive(Debug, Default)]
pub struct Login {
    /// How the login stands.
    pub health: LoginStatus,
    /// Since when the server does not answer, and why.
    pub silent: Option<(DateTime<Utc>, UserError)>,
    /// The server asked us to wait.
    pub wait: Option<Wait>,
}

impl Login {
    /// Takes the news of the login in.
    pub(crate) fn heard(&mut self, health: LoginStatus) {
        self.health = health;
    }

    /// The server answered a heartbeat, or did not.
    pub(crate) fn beat(&mut self, answer: Result<(), UserError>, now: DateTime<Utc>) {
        self.silent = match (answer, self.silent.take()) {
            (Ok(()), _) => None,
            (Err(trouble), Some((since, _))) => Some((since, trouble)),
            (Err(trouble), None) => Some((now, trouble)),
        };
    }

    fn waits(&self, now: DateTime<Utc>) -> Option<Wait> {
        self.wait.filter(|wait| now < wait.until)
    }

    /// When what is shown of it changes by itself.
    pub(crate) fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let counts = self.silent.is_some()
            || self.waits(now).is_some()
            || matches!(self.health, LoginStatus::Running { .. } | LoginStatus::Failing { .. });
        counts.then(|| now + TimeDelta::seconds(1))
    }

    /// Whether a program is at work that the user can stop.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.health, LoginStatus::Running { .. })
    }
}

/// Connects anew, and asks the login program anew, because the user wants it.
pub(crate) fn again(state: &mut State) -> Vec<Effect> {
    let context = own_context(state);
    let mut effects = dialogs::context_switcher::leave(state);
    effects.push(Effect::Connect { context, login: true });
    effects
}

/// Whether a login program is at work, or may be, for a context that is being tested.
pub(crate) fn can_cancel(state: &State) -> bool {
    let tests = state.pane == Pane::Kubeconfig && state.kubeconfig.tests.values().any(|(_, probe)| probe.is_none());
    state.session.login.is_running() || tests
}

/// The context of the connection, if the kubeconfig has one of that name: a pod's service account has none.
fn own_context(state: &State) -> Option<String> {
    let own = &state.session.connection.as_ref()?.context;
    let known = state.kubeconfig.contexts().iter().any(|context| context.name == *own);
    known.then(|| own.clone())
}

/// What the header says in place of the watch's state: where the login is not known to be good, nothing is live.
pub(crate) fn header(state: &State) -> Option<(String, Style)> {
    let (login, theme, now) = (&state.session.login, state.theme, state.clock.now);
    match &login.health {
        LoginStatus::Ended(_) => return Some(("✖ login ended".to_owned(), theme.bad())),
        LoginStatus::Failing { .. } => return Some(("! login failed".to_owned(), theme.bad())),
        LoginStatus::Running { since, .. } => {
            return Some((format!("○ login {}", state.clock.age(*since)), theme.warning()));
        }
        LoginStatus::Fine => {}
    }
    if state.requests.watch == WatchStatus::Live
        && let Some((since, _)) = &login.silent
    {
        return Some((format!("! no answer {}", state.clock.age(*since)), theme.bad()));
    }
    login.waits(now).map(|wait| (format!("! busy ({})", wait.code), theme.warning()))
}

/// The same in a sentence, with what to do.
pub(crate) fn sentence(state: &State) -> Option<String> {
    let (login, now) = (&state.session.login, state.clock.now);
    let key = state.keymap.word(KeyContext::Everywhere, Action::LogIn);
    let seconds = |until: DateTime<Utc>| (until - now).num_seconds().max(0);
    Some(match &login.health {
        LoginStatus::Ended(why) => {
            let why = kubeconfig::update::plainly(state, &why.to_string());
            format!("✖ Login ended, {key} logs in again: {why}")
        }
        LoginStatus::Failing { why, next_try } => {
            format!("! Login failed, next try in {} s, {key} tries now: {why}", seconds(*next_try))
        }
        LoginStatus::Running { program, since, line } => {
            let escape = state.keymap.word(KeyContext::Everywhere, Action::Back);
            // A program that asks for the terminal gets it at once, and its question belongs there.
            let quick = state.clock.now - *since < TimeDelta::seconds(1);
            let line = if line.is_empty() || quick { String::new() } else { format!(": {}", printable(line)) };
            format!("{} is logging in ({}){line}. {escape} cancels.", printable(program), state.clock.age(*since))
        }
        LoginStatus::Fine => {
            if let Some((_, trouble)) = login.silent.as_ref().filter(|_| state.requests.watch == WatchStatus::Live) {
                return Some(format!("! The server does not answer: {}", trouble.text));
            }
            let wait = login.waits(now)?;
            format!("! The server is busy ({}); it is asked again in {} s.", wait.code, seconds(wait.until))
        }
    })
}
