//! Every screen that there is, is among those that are looked at: whatever kind of screen is added has to be named here,
//! and then a way has to lead to it.

use std::collections::BTreeSet;

use super::TestConsole;
use super::fake_cluster::FakeCluster;
use super::ways::{WAYS, go};
use crate::cluster::watch::WatchStatus;
use crate::console::core::dialog::Dialog;
use crate::console::core::pane_id::Pane;
use crate::console::dialogs::bulk::{self, BulkDialog};
use crate::console::dialogs::decide::Decide;
use crate::console::dialogs::delete::Delete;
use crate::console::dialogs::export::Export;
use crate::console::dialogs::phase::Phase;
use crate::console::panes::kubeconfig::ask;
use crate::console::panes::rbac::ask::Asked;
use crate::console::panes::rbac::{RbacPage, edit};
use crate::console::panes::requests::Tab;
use crate::console::wizard::WizardStep;
use crate::console::wizard::run::{End, StepStatus};

/// A function that says of which kind a value is, and of which kinds it can be. The match has no arm for the rest.
macro_rules! kinds {
    ($name:ident($type:ty): $($pattern:pat => $kind:literal),+ $(,)?) => {
        #[allow(clippy::needless_pass_by_value, clippy::ref_option)]
        fn $name(value: $type) -> ScreenKind {
            (match value { $($pattern => $kind),+ }, &[$($kind),+])
        }
    };
}

/// The kind, and all that there are.
type ScreenKind = (&'static str, &'static [&'static str]);

kinds!(pane(Pane):
    Pane::Requests => "pane requests", Pane::Rbac => "pane rbac",
    Pane::Kubeconfig => "pane kubeconfig", Pane::Activity => "pane activity",
);
kinds!(watch(&WatchStatus):
    WatchStatus::Loading => "watch loading", WatchStatus::Live => "watch live",
    WatchStatus::Degraded { .. } => "watch degraded", WatchStatus::Forbidden { .. } => "watch forbidden",
);
kinds!(tab(Tab):
    Tab::Summary => "tab summary", Tab::Access => "tab access",
    Tab::Certificate => "tab certificate", Tab::Yaml => "tab yaml",
);
/// The dialogs that there are: a new one is added here, and then keys must lead to it.
const DIALOGS: &[&str] = &[
    "Decide",
    "BulkDialog",
    "Delete",
    "Export",
    "TextReader",
    "Palette",
    "Columns",
    "Prompt",
    "Picker",
    "LeaveWizard",
    "Undo",
];

/// The type of a dialog.
fn dialog(top: &dyn Dialog) -> ScreenKind {
    let text = format!("{top:?}");
    let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let known = DIALOGS.iter().find(|known| **known == name);
    (known.unwrap_or_else(|| panic!("{name} is not among the dialogs of this test")), DIALOGS)
}
kinds!(decide(&Phase):
    Phase::Asking => "decide asking", Phase::Sent(_) => "decide sent", Phase::Failed(_) => "decide failed",
);
kinds!(delete(&Phase):
    Phase::Asking => "delete asking", Phase::Sent(_) => "delete sent", Phase::Failed(_) => "delete failed",
);
kinds!(export(&Phase):
    Phase::Asking => "export asking", Phase::Sent(_) => "export sent", Phase::Failed(_) => "export failed",
);
kinds!(file(&Phase):
    Phase::Asking => "file asking", Phase::Sent(_) => "file sent", Phase::Failed(_) => "file failed",
);
kinds!(file_asked(&ask::PromptKind):
    ask::PromptKind::Rename(_) => "rename", ask::PromptKind::Namespace(_) => "namespace", ask::PromptKind::Import => "import",
    ask::PromptKind::Extract(_) => "extract", ask::PromptKind::Sure(_) => "sure",
);
kinds!(many(&bulk::Phase):
    bulk::Phase::Asking => "bulk asking", bulk::Phase::Running(_) => "bulk running", bulk::Phase::Ended(_) => "bulk ended",
);
kinds!(line(bulk::BulkLine):
    bulk::BulkLine::Level(_) => "bulk level", bulk::BulkLine::Field(bulk::BulkField::Name) => "bulk name",
    bulk::BulkLine::Field(bulk::BulkField::Reason) => "bulk reason", bulk::BulkLine::Field(bulk::BulkField::Message) => "bulk message",
);
kinds!(page(&RbacPage):
    RbacPage::Subjects => "rbac subjects", RbacPage::Roles => "rbac roles", RbacPage::Bindings => "rbac bindings",
    RbacPage::WhoCan(None) => "rbac who can", RbacPage::WhoCan(Some(_)) => "rbac who can, answered",
    RbacPage::Access(_) => "rbac access", RbacPage::Grants(..) => "rbac what grants", RbacPage::Role(_) => "rbac role", RbacPage::Holders(_) => "rbac holders",
    RbacPage::Binding(_) => "rbac binding",
);
kinds!(asked(Asked): Asked::WhoCan => "rbac asks who can", Asked::Whose => "rbac asks whose");
kinds!(sheet(&edit::EditKind):
    edit::EditKind::NewRole => "new role", edit::EditKind::NewBinding => "new binding", edit::EditKind::EditRole(_) => "edit role",
    edit::EditKind::EditBinding(_) => "edit binding", edit::EditKind::Delete(_) => "delete role or binding",
);
kinds!(sheet_step(&edit::EditStep):
    edit::EditStep::Reading(_) => "sheet reading", edit::EditStep::Fields => "sheet fields",
    edit::EditStep::Rehearsing(..) => "sheet rehearsing", edit::EditStep::Review(..) => "sheet review",
    edit::EditStep::Sent(..) => "sheet sent", edit::EditStep::Failed(_) => "sheet failed",
);
kinds!(step(WizardStep):
    WizardStep::Who => "wizard who", WizardStep::Cert => "wizard cert", WizardStep::Access => "wizard access",
    WizardStep::Kubeconfig => "wizard kubeconfig", WizardStep::Review => "wizard review", WizardStep::Run => "wizard run",
);
kinds!(fare(&StepStatus):
    StepStatus::Ahead => "step ahead", StepStatus::Running => "step running", StepStatus::Waiting(_) => "step waiting",
    StepStatus::Done(..) => "step done", StepStatus::Failed(_) => "step failed",
);
kinds!(end(&Option<End>):
    None => "run goes on", Some(End::Done(_)) => "run done", Some(End::Failed) => "run failed",
    Some(End::Undoing) => "run undoing", Some(End::Undone(Ok(()))) => "run undone",
    Some(End::Undone(Err(_))) => "run not undone",
);

/// Everything that a screen shows of these.
fn shown(console: &TestConsole) -> Vec<ScreenKind> {
    let state = &console.state;
    let mut shown = vec![pane(state.cx.pane), watch(&state.cx.requests.watch)];
    shown.extend(state.requests.page.map(|page| tab(page.tab)));
    if let Some(top) = state.dialog() {
        shown.push(dialog(top));
        shown.extend(top.downcast::<Decide>().map(|asked| decide(&asked.phase)));
        shown.extend(top.downcast::<Delete>().map(|asked| delete(&asked.phase)));
        shown.extend(top.downcast::<Export>().map(|asked| export(&asked.phase)));
        let prompt = top.downcast::<ask::Prompt>();
        shown.extend(prompt.into_iter().flat_map(|asked| [file(&asked.phase), file_asked(&asked.what)]));
        let bulk = top.downcast::<BulkDialog>();
        shown.extend(bulk.into_iter().flat_map(|sheet| [many(&sheet.phase), line(sheet.line)]));
    }
    if state.cx.pane == Pane::Rbac {
        shown.push(page(&state.rbac.page().page));
        shown.extend(state.rbac.ask.as_ref().map(|ask| asked(ask.what)));
        shown.extend(state.rbac.sheet.iter().flat_map(|open| [sheet(&open.what), sheet_step(&open.step)]));
    }
    if let Some(wizard) = &state.wizard {
        shown.push(step(wizard.step));
        if let Some(run) = &wizard.run {
            shown.push(end(&run.end));
            shown.extend(run.steps.iter().map(|(.., as_it_is)| fare(as_it_is)));
        }
    }
    shown
}

#[test]
fn every_kind_of_screen_is_reached_by_keys() {
    let fake_cluster = FakeCluster::usual();
    let (mut reached, mut all) = (BTreeSet::new(), BTreeSet::new());
    for (_, start, way) in WAYS.iter().copied().flatten() {
        let mut console = start.console(&fake_cluster);
        go(&mut console, &fake_cluster, way);
        for (kind, kinds) in shown(&console) {
            reached.insert(kind);
            all.extend(kinds.iter().copied());
        }
    }
    let missing: Vec<_> = all.difference(&reached).collect();
    assert!(missing.is_empty(), "no way leads to: {missing:?}");
}
