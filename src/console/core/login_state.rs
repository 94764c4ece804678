//! The state of the login and of the connection, besides the watches.

use chrono::{DateTime, TimeDelta, Utc};

use crate::cluster::Wait;
use crate::cluster::login::LoginStatus;
use crate::error::UserError;

/// What is known of the connection beside the watches.
#[derive(Debug, Default)]
pub struct Login {
    /// The state of the login.
    pub health: LoginStatus,
    /// Since when the server does not answer, and why.
    pub silent: Option<(DateTime<Utc>, UserError)>,
    /// The server asked us to wait.
    pub wait: Option<Wait>,
}

impl Login {
    /// Takes the news of the login in.
    pub(crate) fn set_health(&mut self, health: LoginStatus) {
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

    pub(crate) fn waits(&self, now: DateTime<Utc>) -> Option<Wait> {
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
