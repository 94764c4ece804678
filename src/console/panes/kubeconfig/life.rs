//! How long credentials are valid.

use chrono::{DateTime, Utc};
use ratatui::style::Style;

use crate::console::core::clock::Clock;
use crate::console::core::ctx::Ctx;
use crate::console::widgets::theme::Theme;
use crate::domain::kubeconfig::diagnose::{Diagnosis, Life};
use crate::domain::validity as lives;
use crate::error::ErrorKind;

/// The state of a context's credential.
pub(crate) fn life(context: &Diagnosis, clock: &Clock) -> Life {
    context.life(clock.now, context.default_warning())
}

/// The state of the credential that this console uses, where its end is known.
pub(crate) fn own_life(cx: &Ctx) -> Option<Life> {
    let connection = cx.session.connection.as_ref()?;
    cx.kubeconfigs.named(&connection.context).map(|context| life(context, &cx.clock))
}

/// When what the header says of the credential in use reads differently.
pub(crate) fn own_change(cx: &Ctx) -> Option<DateTime<Utc>> {
    match own_life(cx)? {
        Life::Soon(end) => cx.clock.left_changes(end),
        _ => None,
    }
}

/// What a server that is asked again and again says, in plain words where the credential has expired.
pub(crate) fn plainly(cx: &Ctx, kind: ErrorKind, why: &str) -> String {
    match own_life(cx) {
        Some(Life::Expired(end)) if kind == ErrorKind::Unauthorized => {
            format!("401, for the certificate or token {}", expired(end, cx.clock.now))
        }
        _ => why.to_owned(),
    }
}

pub(crate) fn expired(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("expired {} ago", lives::age((now - end).num_seconds()))
}

/// How long a context can be used, with a symbol where that wants attention.
pub(crate) fn validity(cx: &Ctx, context: &Diagnosis, theme: Theme) -> (String, Style) {
    let age = |seconds: i64| lives::age(seconds);
    match life(context, &cx.clock) {
        _ if !context.problems.is_empty() && context.ends.is_none() => ("✖ broken".to_owned(), theme.bad()),
        Life::Expired(_) => ("✖ expired".to_owned(), theme.bad()),
        Life::NotYet(_) => ("✖ not yet".to_owned(), theme.bad()),
        _ if !context.problems.is_empty() => ("✖ broken".to_owned(), theme.bad()),
        Life::Unknown => ("–".to_owned(), theme.dim()),
        Life::Soon(end) => (format!("! {} left", age((end - cx.clock.now).num_seconds())), theme.warning()),
        Life::Valid(end) => (age((end - cx.clock.now).num_seconds()), Style::new()),
    }
}

/// For the header: that the credential in use is over or soon will be.
pub(crate) fn header_warning(cx: &Ctx) -> Option<String> {
    match own_life(cx)? {
        Life::Soon(end) => Some(format!(" ! {} left", lives::age((end - cx.clock.now).num_seconds()))),
        Life::Expired(_) => Some(" ✖ expired".to_owned()),
        _ => None,
    }
}
