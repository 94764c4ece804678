//! What the Kubeconfig pane does with keys and news.

use crate::cluster::probe::Probe;
use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::export;
use crate::console::dialogs::reader::TextReader;
use crate::console::panes::kubeconfig::ask;
use crate::console::panes::kubeconfig::ask::PromptKind;
use crate::console::panes::kubeconfig::{
    KubeconfigChange, KubeconfigPane, KubeconfigResult, KubeconfigTask, Then, life, view,
};
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
pub(crate) fn key(pane: &mut KubeconfigPane, cx: &mut Ctx, action: Option<Action>) -> Vec<Effect> {
    let Some(action) = action else { return Vec::new() };
    match action {
        Action::Reload => return vec![Effect::Kubeconfig(KubeconfigTask::Read)],
        Action::Back => cx.notice = None,
        Action::Import if writable(cx) => {
            ask::type_in(cx, PromptKind::Import, "Import a kubeconfig".to_owned(), "File", "");
        }
        Action::Commands => {
            let lines = commands(pane, cx);
            cx.open(TextReader::commands("The same by hand", &lines));
        }
        _ => {
            let height = usize::from(view::rows(cx.body()));
            let last = cx.kubeconfigs.contexts().len().saturating_sub(1);
            if let Some(steps) = steps(action, height) {
                let place = &mut pane.place;
                *place = place.saturating_add_signed(steps).min(last);
            } else if let Some(name) = pane.chosen(&cx.kubeconfigs).map(|context| context.name.clone()) {
                return act(pane, cx, action, name);
            }
        }
    }
    Vec::new()
}

/// An action about the context under the cursor.
fn act(pane: &mut KubeconfigPane, cx: &mut Ctx, action: Action, name: String) -> Vec<Effect> {
    match action {
        Action::SwitchContext => cx.send(Message::SwitchContext(name)),
        Action::Test => return test(pane, cx, name),
        Action::Yaml => return vec![Effect::Kubeconfig(KubeconfigTask::Yaml(name))],
        Action::Certificate => certificate(pane, cx),
        Action::Export => {
            let file = format!("{}.kubeconfig", export::file_name(&name));
            ask::type_in(
                cx,
                PromptKind::Extract(name.clone()),
                format!("Write {name} as a file of its own"),
                "File",
                &file,
            );
        }
        Action::Open | Action::Rename | Action::Namespace | Action::Delete | Action::Embed if writable(cx) => {
            return edit(pane, cx, action, &name);
        }
        _ => {}
    }
    Vec::new()
}

fn edit(pane: &mut KubeconfigPane, cx: &mut Ctx, action: Action, name: &str) -> Vec<Effect> {
    match action {
        Action::Open => {
            return ask::write(cx, KubeconfigChange::Edit(Edit::Use(name.to_owned())), format!("Use {name}"));
        }
        Action::Rename => {
            ask::type_in(cx, PromptKind::Rename(name.to_owned()), format!("Rename {name}"), "New name", name);
        }
        Action::Namespace => {
            let now = pane.chosen(&cx.kubeconfigs).map(|context| context.namespace.clone()).unwrap_or_default();
            ask::type_in(cx, PromptKind::Namespace(name.to_owned()), format!("Namespace of {name}"), "Namespace", &now);
        }
        Action::Embed => {
            let lines =
                vec!["The certificates, keys and CAs that it refers to are put into the kubeconfig itself.".to_owned()];
            ask::confirm(cx, KubeconfigChange::Embed(name.to_owned()), format!("Embed the files of {name}?"), lines);
        }
        _ => {
            let lines = deletion(pane, cx);
            let change = KubeconfigChange::Edit(Edit::Delete { context: name.to_owned(), orphans: true });
            ask::confirm(cx, change, format!("Delete {name}?"), lines);
        }
    }
    Vec::new()
}

/// Kubeconfigs are this machine's, but a console that is to write nothing writes them neither.
fn writable(cx: &mut Ctx) -> bool {
    if cx.session.read_only {
        cx.notify(false, "this console is read-only: it does not write kubeconfigs either");
    }
    !cx.session.read_only
}

/// What a deletion takes along, and what it leaves.
fn deletion(pane: &KubeconfigPane, cx: &Ctx) -> Vec<String> {
    let Some((holds, context)) = cx.kubeconfigs.loaded.as_ref().zip(pane.chosen(&cx.kubeconfigs)) else {
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
pub(crate) fn asks_first(cx: &mut Ctx, context: &str, then: Then) -> bool {
    let what = cx.kubeconfigs.loaded.as_ref().and_then(|holds| holds.untrusted.get(context)).cloned();
    let Some(what) = what else { return false };
    let mut lines = vec!["This context was imported and is used for the first time:".to_owned()];
    lines.extend(what.into_iter().map(|what| format!("! {what}")));
    let change = KubeconfigChange::Trust { context: context.to_owned(), then };
    ask::confirm(cx, change, format!("Trust {context}?"), lines);
    true
}

/// Consent to an imported context was given: what was wanted then.
pub(crate) fn trusted(pane: &mut KubeconfigPane, cx: &mut Ctx, context: &str, then: Then) -> Vec<Effect> {
    if let Some(holds) = &mut cx.kubeconfigs.loaded {
        holds.untrusted.remove(context);
    }
    match then {
        Then::Test => test(pane, cx, context.to_owned()),
        Then::Switch => {
            cx.send(Message::SwitchContext(context.to_owned()));
            Vec::new()
        }
    }
}

fn test(pane: &mut KubeconfigPane, cx: &mut Ctx, name: String) -> Vec<Effect> {
    if asks_first(cx, &name, Then::Test) {
        return Vec::new();
    }
    let id = cx.next_effect();
    pane.tests.insert(name.clone(), (id, None));
    vec![Effect::Kubeconfig(KubeconfigTask::Test(id, name))]
}

/// The certificate, decoded; never the key.
fn certificate(pane: &KubeconfigPane, cx: &mut Ctx) {
    let Some((name, certificate)) =
        pane.chosen(&cx.kubeconfigs).and_then(|context| Some((context.name.clone(), context.certificate.clone()?)))
    else {
        return;
    };
    let groups = certificate.identity.groups.join(", ");
    let lines = vec![
        format!("Subject     {}", certificate.subject),
        format!("Logs in as  {}", certificate.identity.user),
        format!("Groups      {}", if groups.is_empty() { "none" } else { &groups }),
        format!("Issuer      {}", certificate.issuer),
        format!("From        {}", cx.clock.absolute(certificate.not_before)),
        format!("Until       {} ({})", cx.clock.absolute(certificate.not_after), cx.clock.left(certificate.not_after)),
        format!("Serial      {}", certificate.serial),
        format!("SHA-256     {}", certificate.sha256),
        format!("Public key  {} (SHA-256)", certificate.public_key_sha256),
    ];
    cx.open(TextReader::new(format!("Certificate of {name}"), lines));
}

fn commands(pane: &KubeconfigPane, cx: &Ctx) -> Vec<ShellLine> {
    let Some((holds, context)) = cx.kubeconfigs.loaded.as_ref().zip(pane.chosen(&cx.kubeconfigs)) else {
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
pub(crate) fn handle_result(pane: &mut KubeconfigPane, cx: &mut Ctx, news: KubeconfigResult) -> Vec<Effect> {
    match news {
        KubeconfigResult::Read(Ok(holds)) => {
            let own = cx.session.connection.as_ref().map(|connection| connection.context.clone());
            let chosen = pane.chosen(&cx.kubeconfigs).map(|context| context.name.clone()).or(own);
            cx.kubeconfigs.loaded = Some(*holds);
            cx.kubeconfigs.trouble = None;
            let (available, contexts) = (&mut *pane, cx.kubeconfigs.contexts());
            let names: Vec<String> = contexts.iter().map(|context| context.name.clone()).collect();
            available.tests.retain(|name, _| names.contains(name));
            let last = contexts.len().saturating_sub(1);
            let again = chosen.and_then(|name| contexts.iter().position(|context| context.name == name));
            available.place = again.unwrap_or_else(|| available.place.min(last));
            cx.send(Message::KubeconfigsRead);
            warn(pane, cx);
            Vec::new()
        }
        KubeconfigResult::Read(Err(trouble)) => {
            cx.kubeconfigs.trouble = Some(trouble);
            Vec::new()
        }
        KubeconfigResult::Yaml(name, lines) => {
            cx.open(TextReader::new(format!("{name}, secrets replaced"), lines));
            Vec::new()
        }
        // Results of what a dialog asked for.
        KubeconfigResult::Planned(..) | KubeconfigResult::Changed(..) => Vec::new(),
        KubeconfigResult::Tested(id, name, probe) => {
            tested(pane, id, &name, *probe);
            Vec::new()
        }
    }
}

fn tested(pane: &mut KubeconfigPane, id: EffectId, name: &str, probe: Probe) {
    if let Some((asked, answer)) = pane.tests.get_mut(name)
        && *asked == id
    {
        *answer = Some(probe);
    }
}

/// Says once for each connection that its credential has expired or soon will.
pub(crate) fn warn(pane: &mut KubeconfigPane, cx: &mut Ctx) {
    if cx.session.connection.is_none() || cx.kubeconfigs.loaded.is_none() {
        return;
    }
    explain(cx);
    if std::mem::replace(&mut pane.warned, true) {
        return;
    }
    let now = cx.clock.now;
    let context = cx.session.connection.as_ref().map(|connection| printable(&connection.context).into_owned());
    let context = context.unwrap_or_default();
    match life::own_life(cx) {
        Some(Life::Soon(end)) => {
            cx.notify(
                false,
                format!("what {context} logs in with expires in {}", lives::age((end - now).num_seconds())),
            );
        }
        Some(Life::Expired(end)) => {
            cx.notify(false, format!("what {context} logs in with {}", life::expired(end, now)));
        }
        _ => {}
    }
}

/// A bare 401 is explained where the credential has expired.
pub(crate) fn explain(cx: &mut Ctx) {
    let (life, now) = (life::own_life(cx), cx.clock.now);
    let switch = cx.keymap.word(KeyContext::Everywhere, Action::SwitchContext);
    let advice = format!("Switch to another context with {switch}, or get a new certificate.");
    if let (Some(Life::Expired(end)), Some(trouble)) = (life, &mut cx.session.trouble)
        && trouble.kind == ErrorKind::Unauthorized
        && trouble.hint.as_deref() != Some(advice.as_str())
    {
        let text =
            format!("401: the certificate or token {}, so the server does not know you", life::expired(end, now));
        *trouble = UserError::new(text).with_hint(advice).of_kind(ErrorKind::Unauthorized);
    }
}
