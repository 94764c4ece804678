//! What the Kubeconfig pane does with keys and news.

use chrono::{DateTime, Utc};

use crate::cluster::probe::Probe;
use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::dialogs::context_switcher;
use crate::console::dialogs::{Overlay, TextReader, export};
use crate::console::panes::kubeconfig::ask;
use crate::console::panes::kubeconfig::ask::PromptKind;
use crate::console::panes::kubeconfig::{
    KubeconfigChange, KubeconfigPane, KubeconfigResult, KubeconfigTask, Then, life, view,
};
use crate::console::panes::requests::update::steps;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::Life;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::output::shell::ShellLine;
use crate::domain::text::printable;
use crate::domain::validity as lives;
use crate::error::{ErrorKind, UserError};

impl KubeconfigPane {
    /// The console talks to another cluster: its credential has not been looked at.
    pub(crate) fn forget_connection(&mut self) {
        self.warned = false;
    }
}

/// A key in this pane.
pub(crate) fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let Some(action) = action else { return Vec::new() };
    match action {
        Action::Reload => return vec![Effect::Kubeconfig(KubeconfigTask::Read)],
        Action::Back => state.cx.notice = None,
        Action::Import if writable(state) => {
            ask::type_in(state, PromptKind::Import, "Import a kubeconfig".to_owned(), "File", "");
        }
        Action::Commands => {
            let lines = commands(state);
            state.overlays.push(Overlay::Reader(TextReader::commands("The same by hand", &lines)));
        }
        _ => {
            let height = usize::from(view::rows(state.body()));
            let last = state.cx.kubeconfigs.contexts().len().saturating_sub(1);
            if let Some(steps) = steps(action, height) {
                let place = &mut state.kubeconfig.place;
                *place = place.saturating_add_signed(steps).min(last);
            } else if let Some(name) =
                state.kubeconfig.chosen(&state.cx.kubeconfigs).map(|context| context.name.clone())
            {
                return act(state, action, name);
            }
        }
    }
    Vec::new()
}

/// An action about the context under the cursor.
fn act(state: &mut State, action: Action, name: String) -> Vec<Effect> {
    match action {
        Action::SwitchContext => return context_switcher::to(state, &name),
        Action::Test => return test(state, name),
        Action::Yaml => return vec![Effect::Kubeconfig(KubeconfigTask::Yaml(name))],
        Action::Certificate => certificate(state),
        Action::Export => {
            let file = format!("{}.kubeconfig", export::file_name(&name));
            ask::type_in(
                state,
                PromptKind::Extract(name.clone()),
                format!("Write {name} as a file of its own"),
                "File",
                &file,
            );
        }
        Action::Open | Action::Rename | Action::Namespace | Action::Delete | Action::Embed if writable(state) => {
            return edit(state, action, &name);
        }
        _ => {}
    }
    Vec::new()
}

fn edit(state: &mut State, action: Action, name: &str) -> Vec<Effect> {
    match action {
        Action::Open => {
            return ask::write(state, KubeconfigChange::Edit(Edit::Use(name.to_owned())), format!("Use {name}"));
        }
        Action::Rename => {
            ask::type_in(state, PromptKind::Rename(name.to_owned()), format!("Rename {name}"), "New name", name);
        }
        Action::Namespace => {
            let now = state
                .kubeconfig
                .chosen(&state.cx.kubeconfigs)
                .map(|context| context.namespace.clone())
                .unwrap_or_default();
            ask::type_in(
                state,
                PromptKind::Namespace(name.to_owned()),
                format!("Namespace of {name}"),
                "Namespace",
                &now,
            );
        }
        Action::Embed => {
            let lines =
                vec!["The certificates, keys and CAs that it refers to are put into the kubeconfig itself.".to_owned()];
            ask::confirm(state, KubeconfigChange::Embed(name.to_owned()), format!("Embed the files of {name}?"), lines);
        }
        _ => {
            let lines = deletion(state);
            let change = KubeconfigChange::Edit(Edit::Delete { context: name.to_owned(), orphans: true });
            ask::confirm(state, change, format!("Delete {name}?"), lines);
        }
    }
    Vec::new()
}

/// Kubeconfigs are this machine's, but a console that is to write nothing writes them neither.
fn writable(state: &mut State) -> bool {
    if state.cx.session.read_only {
        state.notify(false, "this console is read-only: it does not write kubeconfigs either");
    }
    !state.cx.session.read_only
}

/// What a deletion takes along, and what it leaves.
fn deletion(state: &State) -> Vec<String> {
    let Some((holds, context)) =
        state.cx.kubeconfigs.loaded.as_ref().zip(state.kubeconfig.chosen(&state.cx.kubeconfigs))
    else {
        return Vec::new();
    };
    let mut lines = vec![format!("The context, from {}.", holds.short(&context.file))];
    let doomed = holds.orphans.get(&context.name).map(Vec::as_slice).unwrap_or_default();
    let parts = [
        (EntryKind::Cluster, &context.cluster, &context.cluster_file),
        (EntryKind::User, &context.user, &context.user_file),
    ];
    for (kind, name, file) in parts {
        let Some(file) = file else { continue };
        if doomed.iter().any(|(of, orphan)| *of == kind && orphan == name) {
            lines.push(format!("Its {} {name}, from {}: no other context needs it.", kind.word(), holds.short(file)));
        } else {
            lines.push(format!("Its {} {name} stays: others need it.", kind.word()));
        }
    }
    if context.certificate.is_some() {
        lines.push("The certificate stays valid until it expires, wherever else it is.".to_owned());
    }
    if context.current {
        lines.push("It is the current context: none that is there will be current then.".to_owned());
    }
    lines
}

/// Asks about an imported context that runs a program or reads a file its sender chose, if no one agreed to that yet;
/// tells whether it asked.
pub(crate) fn asks_first(state: &mut State, context: &str, then: Then) -> bool {
    let what = state.cx.kubeconfigs.loaded.as_ref().and_then(|holds| holds.untrusted.get(context)).cloned();
    let Some(what) = what else { return false };
    let mut lines = vec!["This context was imported and is used for the first time:".to_owned()];
    lines.extend(what.into_iter().map(|what| format!("! {what}")));
    let change = KubeconfigChange::Trust { context: context.to_owned(), then };
    ask::confirm(state, change, format!("Trust {context}?"), lines);
    true
}

/// Consent to an imported context was given: what was wanted then.
pub(crate) fn trusted(state: &mut State, context: &str, then: Then) -> Vec<Effect> {
    if let Some(holds) = &mut state.cx.kubeconfigs.loaded {
        holds.untrusted.remove(context);
    }
    match then {
        Then::Test => test(state, context.to_owned()),
        Then::Switch => context_switcher::to(state, context),
    }
}

fn test(state: &mut State, name: String) -> Vec<Effect> {
    if asks_first(state, &name, Then::Test) {
        return Vec::new();
    }
    let id = state.next_effect();
    state.kubeconfig.tests.insert(name.clone(), (id, None));
    vec![Effect::Kubeconfig(KubeconfigTask::Test(id, name))]
}

/// The certificate, decoded; never the key.
fn certificate(state: &mut State) {
    let Some((name, certificate)) = state
        .kubeconfig
        .chosen(&state.cx.kubeconfigs)
        .and_then(|context| Some((context.name.clone(), context.certificate.clone()?)))
    else {
        return;
    };
    let groups = certificate.identity.groups.join(", ");
    let lines = vec![
        format!("Subject     {}", certificate.subject),
        format!("Logs in as  {}", certificate.identity.user),
        format!("Groups      {}", if groups.is_empty() { "none" } else { &groups }),
        format!("Issuer      {}", certificate.issuer),
        format!("From        {}", state.cx.clock.absolute(certificate.not_before)),
        format!(
            "Until       {} ({})",
            state.cx.clock.absolute(certificate.not_after),
            state.cx.clock.left(certificate.not_after)
        ),
        format!("Serial      {}", certificate.serial),
        format!("SHA-256     {}", certificate.sha256),
        format!("Public key  {} (SHA-256)", certificate.public_key_sha256),
    ];
    state.overlays.push(Overlay::Reader(TextReader::new(format!("Certificate of {name}"), lines)));
}

fn commands(state: &State) -> Vec<ShellLine> {
    let Some((holds, context)) =
        state.cx.kubeconfigs.loaded.as_ref().zip(state.kubeconfig.chosen(&state.cx.kubeconfigs))
    else {
        return Vec::new();
    };
    let (kubectl, name) = (holds.kubectl(), context.name.clone());
    let namespace = Edit::Namespace { context: name.clone(), namespace: "NAMESPACE".to_owned() };
    [
        ("use it", KubeconfigChange::Edit(Edit::Use(name.clone()))),
        ("rename it", KubeconfigChange::Edit(Edit::Rename { old: name.clone(), new: "NEW".to_owned() })),
        ("its namespace", KubeconfigChange::Edit(namespace)),
        ("as a file", KubeconfigChange::Extract { context: name.clone(), path: "FILE".into(), overwrite: false }),
        ("delete it", KubeconfigChange::Edit(Edit::Delete { context: name, orphans: false })),
    ]
    .into_iter()
    .flat_map(|(what, change)| [ShellLine::comment(what), change.command(&kubectl)])
    .collect()
}

/// News for this pane.
pub(crate) fn heard(state: &mut State, news: KubeconfigResult) -> Vec<Effect> {
    match news {
        KubeconfigResult::Read(Ok(holds)) => {
            let own = state.cx.session.connection.as_ref().map(|connection| connection.context.clone());
            let chosen = state.kubeconfig.chosen(&state.cx.kubeconfigs).map(|context| context.name.clone()).or(own);
            state.cx.kubeconfigs.loaded = Some(*holds);
            let (room, contexts) = (&mut state.kubeconfig, state.cx.kubeconfigs.contexts());
            room.trouble = None;
            let names: Vec<String> = contexts.iter().map(|context| context.name.clone()).collect();
            room.tests.retain(|name, _| names.contains(name));
            let last = contexts.len().saturating_sub(1);
            let again = chosen.and_then(|name| contexts.iter().position(|context| context.name == name));
            room.place = again.unwrap_or_else(|| room.place.min(last));
            context_switcher::read(state);
            warn(state);
            Vec::new()
        }
        KubeconfigResult::Read(Err(trouble)) => {
            state.kubeconfig.trouble = Some(trouble);
            Vec::new()
        }
        KubeconfigResult::Yaml(name, lines) => {
            state.overlays.push(Overlay::Reader(TextReader::new(format!("{name}, secrets replaced"), lines)));
            Vec::new()
        }
        KubeconfigResult::Planned(id, plan) => ask::planned(state, id, plan),
        KubeconfigResult::Changed(id, outcome) => ask::changed(state, id, outcome),
        KubeconfigResult::Tested(id, name, probe) => {
            tested(state, id, &name, *probe);
            Vec::new()
        }
    }
}

fn tested(state: &mut State, id: EffectId, name: &str, probe: Probe) {
    if let Some((asked, answer)) = state.kubeconfig.tests.get_mut(name)
        && *asked == id
    {
        *answer = Some(probe);
    }
}

/// How the credential that this console uses stands, where its end is known.
pub(crate) fn own_life(state: &State) -> Option<Life> {
    let connection = state.cx.session.connection.as_ref()?;
    state.cx.kubeconfigs.named(&connection.context).map(|context| life(context, &state.cx.clock))
}

/// When what the header says of the credential in use reads differently.
pub(crate) fn own_change(state: &State) -> Option<DateTime<Utc>> {
    match own_life(state)? {
        Life::Soon(end) => state.cx.clock.left_changes(end),
        _ => None,
    }
}

/// What a server that is asked again and again says, in plain words where the credential has expired.
pub(crate) fn plainly(state: &State, kind: ErrorKind, why: &str) -> String {
    match own_life(state) {
        Some(Life::Expired(end)) if kind == ErrorKind::Unauthorized => {
            format!("401, for the certificate or token {}", expired(end, state.cx.clock.now))
        }
        _ => why.to_owned(),
    }
}

/// Says once for each connection that its credential has expired or soon will.
pub(crate) fn warn(state: &mut State) {
    if state.cx.session.connection.is_none() || state.cx.kubeconfigs.loaded.is_none() {
        return;
    }
    explain(state);
    if std::mem::replace(&mut state.kubeconfig.warned, true) {
        return;
    }
    let now = state.cx.clock.now;
    let context = state.cx.session.connection.as_ref().map(|connection| printable(&connection.context).into_owned());
    let context = context.unwrap_or_default();
    match own_life(state) {
        Some(Life::Soon(end)) => {
            state.notify(
                false,
                format!("what {context} logs in with expires in {}", lives::age((end - now).num_seconds())),
            );
        }
        Some(Life::Expired(end)) => state.notify(false, format!("what {context} logs in with {}", expired(end, now))),
        _ => {}
    }
}

fn expired(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("expired {} ago", lives::age((now - end).num_seconds()))
}

/// A bare 401 is explained where the credential has expired.
pub(crate) fn explain(state: &mut State) {
    let (life, now) = (own_life(state), state.cx.clock.now);
    let switch = state.cx.keymap.word(KeyContext::Everywhere, Action::SwitchContext);
    let advice = format!("Switch to another context with {switch}, or get a new certificate.");
    if let (Some(Life::Expired(end)), Some(trouble)) = (life, &mut state.cx.session.trouble)
        && trouble.kind == ErrorKind::Unauthorized
        && trouble.hint.as_deref() != Some(advice.as_str())
    {
        let text = format!("401: the certificate or token {}, so the server does not know you", expired(end, now));
        *trouble = UserError::new(text).with_hint(advice).of_kind(ErrorKind::Unauthorized);
    }
}
