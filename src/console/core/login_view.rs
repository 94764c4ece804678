//! How the login is shown.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::style::Style;

use crate::cluster::login::LoginStatus;
use crate::cluster::watch::WatchStatus;
use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::panes::kubeconfig::life;
use crate::domain::text::printable;

/// What the header says in place of the watch's state: where the login is not known to be good, nothing is live.
pub(crate) fn header(cx: &Ctx) -> Option<(String, Style)> {
    let (login, theme, now) = (&cx.session.login, cx.theme, cx.clock.now);
    match &login.health {
        LoginStatus::Ended(_) => return Some(("✖ login ended".to_owned(), theme.bad())),
        LoginStatus::Failing { .. } => return Some(("! login failed".to_owned(), theme.bad())),
        LoginStatus::Running { since, .. } => {
            return Some((format!("○ login {}", cx.clock.age(*since)), theme.warning()));
        }
        LoginStatus::Fine => {}
    }
    if cx.requests.watch == WatchStatus::Live
        && let Some((since, _)) = &login.silent
    {
        return Some((format!("! no answer {}", cx.clock.age(*since)), theme.bad()));
    }
    login.waits(now).map(|wait| (format!("! busy ({})", wait.code), theme.warning()))
}

/// The same in a sentence, with what to do.
pub(crate) fn sentence(cx: &Ctx) -> Option<String> {
    let (login, now) = (&cx.session.login, cx.clock.now);
    let key = cx.keymap.word(KeyContext::Everywhere, Action::LogIn);
    let seconds = |until: DateTime<Utc>| (until - now).num_seconds().max(0);
    Some(match &login.health {
        LoginStatus::Ended(why) => {
            let why = life::plainly(cx, why.kind(), &why.to_string());
            format!("✖ Login ended, {key} logs in again: {why}")
        }
        LoginStatus::Failing { why, next_try } => {
            format!("! Login failed, next try in {} s, {key} tries now: {why}", seconds(*next_try))
        }
        LoginStatus::Running { program, since, line } => {
            let escape = cx.keymap.word(KeyContext::Everywhere, Action::Back);
            // A program that asks for the terminal gets it at once, and its question belongs there.
            let quick = cx.clock.now - *since < TimeDelta::seconds(1);
            let line = if line.is_empty() || quick { String::new() } else { format!(": {}", printable(line)) };
            format!("{} is logging in ({}){line}. {escape} cancels.", printable(program), cx.clock.age(*since))
        }
        LoginStatus::Fine => {
            if let Some((_, trouble)) = login.silent.as_ref().filter(|_| cx.requests.watch == WatchStatus::Live) {
                return Some(format!("! The server does not answer: {}", trouble.message));
            }
            let wait = login.waits(now)?;
            format!("! The server is busy ({}); it is asked again in {} s.", wait.code, seconds(wait.until))
        }
    })
}
