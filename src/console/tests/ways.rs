//! The way to every screen, by keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use super::TestConsole;
use super::fake_cluster::{FakeCluster, ResponseMode};
use super::rbac::forbidden;
use crate::cluster::WhoAmI;
use crate::cluster::watch::rbac::{RbacMessage, Reach};
use crate::cluster::watch::{WatchMessage, WatchStatus};
use crate::console::core::clock::Clock;
use crate::console::core::event::SavedView;
use crate::console::core::event::{Connection, Event, Identified};
use crate::console::core::state::State;
use crate::console::panes::rbac::RbacResult;
use crate::console::panes::requests::testing::noon;
use crate::console::widgets::theme::Theme;
use crate::domain::access::Catalogue;
use crate::domain::access::object::RbacKind;
use crate::error::UserError;

/// The sizes that have to work.
pub(crate) const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 40), (200, 60)];

/// How the console is before the first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// A few requests are there; roles, bindings and kubeconfigs are not known yet.
    Early,
    /// All of these are known.
    Ready,
    /// With requests of every verdict and state.
    Many,
    /// Ready, in a console that only reads.
    ReadOnly,
    /// The first time.
    First,
    /// No one has asked for a certificate.
    Empty,
    /// The first list is being read.
    Loading,
    /// The connection went while all was known.
    Lost,
    /// Requests, roles and bindings may not be listed.
    Forbidden,
    /// There is no kubeconfig.
    Nowhere,
}

/// A screen: its name, how it starts, and the keys: `⎋` Esc, `⏎` Enter, `⇥` Tab, arrows, `⌃x` Ctrl-X. From `…` on writes
/// are under way for ever, from `‖` on no answer comes, from `⊘` on all writes are refused, from `✓` on all is well.
pub(crate) type ScreenPath = (&'static str, Start, &'static str);

/// All of them.
pub(crate) const WAYS: [&[ScreenPath]; 5] = [&REQUESTS, &DECISIONS, &RBAC, &KUBECONFIG, &WIZARD];

use Start::{Early, Empty, First, Forbidden, Loading, Lost, Many, Nowhere, ReadOnly, Ready};

const REQUESTS: [ScreenPath; 29] = [
    ("requests", Early, ""),
    ("first-start", First, ""),
    ("loading", Loading, ""),
    ("empty", Empty, ""),
    ("lost", Lost, ""),
    ("forbidden", Forbidden, ""),
    ("nowhere", Nowhere, ""),
    ("read-only", ReadOnly, ""),
    ("requests-many", Many, ""),
    ("reading", Many, "‖j"),
    ("marked", Many, "  "),
    ("search", Early, "/ja"),
    ("nothing-found", Early, "/zzz⏎"),
    ("columns", Early, "Cjj jjjjjj KKKKKKK"),
    ("page", Early, "⏎"),
    ("page-danger", Many, "jj⏎"),
    ("page-access", Ready, "⏎⇥"),
    ("page-certificate", Many, "ff⏎⇥⇥"),
    ("page-no-certificate", Early, "⏎⇥⇥"),
    ("page-yaml", Early, "⏎⇥⇥⇥"),
    ("denied", Many, "fff"),
    ("commands", Early, "K"),
    ("help", Early, "?"),
    ("help-search", Early, "?/deny"),
    ("palette", Early, ":"),
    ("palette-search", Early, ":app"),
    ("activity", Early, "4"),
    ("activity-busy", Many, "⌃aay⏎⊘1ay⎋4"),
    ("copied", Ready, "y"),
];

const DECISIONS: [ScreenPath; 25] = [
    ("approve", Early, "a"),
    ("approve-danger", Early, "ja"),
    ("approve-mistyped", Early, "jakcm⏎"),
    ("approve-reading", Many, "‖ja"),
    ("approve-sent", Early, "…ay"),
    ("approve-refused", Early, "⊘ay"),
    ("deny-editing", Early, "d⇥"),
    ("approve-enter", Early, "a⏎"),
    ("delete", Early, "x"),
    ("delete-sent", Early, "…xy"),
    ("delete-refused", Early, "⊘xy"),
    ("export", Many, "ffe"),
    ("export-sent", Many, "…ffe⏎"),
    ("export-exists", Many, "ffe⌃utaken.crt⏎"),
    ("export-refused", Many, "⊘ffe⏎"),
    ("bulk", Many, "⌃aa"),
    ("bulk-deny", Many, "⌃ad"),
    ("bulk-list", Many, "⌃aa⇥"),
    ("bulk-name", Many, "⌃aajj kcm"),
    ("bulk-reason", Many, "⌃aajjjj↓"),
    ("bulk-message", Many, "⌃aajjjj↓↓"),
    ("bulk-running", Many, "…⌃aay"),
    ("bulk-stopping", Many, "…⌃aay⎋"),
    ("bulk-ended", Many, "⊘⌃aay"),
    ("bulk-left", Many, "⊘⌃aay⇥"),
];

const RBAC: [ScreenPath; 39] = [
    ("rbac", Ready, "2"),
    ("rbac-loading", Loading, "2"),
    ("rbac-blind", Forbidden, "2"),
    ("rbac-blind-access", Forbidden, "2⏎"),
    ("rbac-search", Ready, "2/ja"),
    ("rbac-nothing", Ready, "2/zzz⏎"),
    ("rbac-roles", Ready, "2v"),
    ("rbac-bindings", Ready, "2vv"),
    ("rbac-who-can", Ready, "2vvv"),
    ("rbac-who-can-offered", Ready, "2wsecre"),
    ("rbac-who-can-answer", Ready, "2vvvsecre→⏎"),
    ("rbac-whose", Ready, "2uja"),
    ("rbac-access", Ready, "2/jane⏎⏎"),
    ("rbac-access-danger", Ready, "2/jane⏎j⏎/secre⏎x"),
    ("rbac-access-asking", Ready, "2/jane⏎j⏎…‖x"),
    ("rbac-access-differs", Ready, "2/jane⏎j⏎/secre⏎⊘x"),
    ("rbac-access-last", Ready, "2/jane⏎⏎→→→→→→→"),
    ("rbac-access-empty", Ready, "2/jane⏎⏎→→"),
    ("rbac-why-not", Ready, "2/jane⏎⏎→→⏎"),
    ("rbac-grants", Ready, "2/jane⏎j⏎/secre⏎⏎"),
    ("rbac-binding", Ready, "2vv⏎"),
    ("rbac-role", Ready, "2v⏎"),
    ("rbac-holders", Ready, "2vjjj⏎⏎"),
    ("rbac-dangers", Ready, "2/jane⏎j!"),
    ("rbac-yaml", Ready, "2vY"),
    ("rbac-commands", Ready, "2/jane⏎⏎K"),
    ("rbac-new-role", Ready, "2n⇥→"),
    ("rbac-new-role-leaving", Ready, "2nx⎋"),
    ("rbac-rehearsing", Ready, "2n⇥→‖⌃r"),
    ("rbac-new-role-review", Ready, "2n⇥→⌃r"),
    ("rbac-new-role-sent", Ready, "2n⇥→…⌃rGy"),
    ("rbac-new-role-refused", Ready, "2n⇥→⊘⌃r"),
    ("rbac-bind", Ready, "2/jane⏎bdev"),
    ("rbac-bind-review", Ready, "2/jane⏎bdeveloper⌃r"),
    ("rbac-edit-role", Ready, "2v/developer⏎e⇥⌃alist "),
    ("rbac-edit-role-review", Ready, "2v/developer⏎e⇥⌃alist ⌃r"),
    ("rbac-edit-binding", Ready, "2vve"),
    ("rbac-delete", Ready, "2vv/qa-debug⏎D"),
    ("rbac-delete-reading", Ready, "2vv‖D"),
];

const KUBECONFIG: [ScreenPath; 27] = [
    ("kubeconfig", Ready, "3j"),
    ("kubeconfig-expired", Ready, "3jjj"),
    ("kubeconfig-broken", Ready, "3jjjj"),
    ("kubeconfig-reading", Early, "‖3"),
    ("kubeconfig-read-only", ReadOnly, "3x"),
    ("kubeconfig-delete", Ready, "3jx"),
    ("kubeconfig-import", Ready, "3i"),
    ("kubeconfig-import-plan", Ready, "3icolleague.yaml⏎"),
    ("kubeconfig-import-refused", Ready, "3i⊘colleague.yaml⏎"),
    ("kubeconfig-rename", Ready, "3jr"),
    ("kubeconfig-namespace", Ready, "3jn"),
    ("kubeconfig-extract", Ready, "3je"),
    ("kubeconfig-extract-exists", Ready, "3je⌃utaken⏎"),
    ("kubeconfig-embed", Ready, "3jE"),
    ("kubeconfig-embed-comments", Ready, "3jEy"),
    ("kubeconfig-embed-locked", Ready, "3jEyy"),
    ("kubeconfig-use-sent", Ready, "3j…⏎"),
    ("kubeconfig-use-refused", Ready, "3j⊘⏎"),
    ("kubeconfig-used", Ready, "3j⏎"),
    ("kubeconfig-certificate", Ready, "3jv"),
    ("kubeconfig-yaml", Ready, "3jY"),
    ("kubeconfig-commands", Ready, "3jK"),
    ("kubeconfig-tested", Ready, "3t"),
    ("kubeconfig-testing", Ready, "3‖t"),
    ("kubeconfig-test-failed", Ready, "3⊘t"),
    ("switch", Ready, "cj"),
    ("switch-reading", Early, "‖c"),
];

const WIZARD: [ScreenPath; 27] = [
    ("wizard-who", Early, "n"),
    ("wizard-unfinished", Early, "⊘n"),
    ("wizard-wrong", Early, "nsystem:x⌃n"),
    ("wizard-own-key", Early, "n⇥⇥←"),
    ("wizard", Early, "nzoe⌃n"),
    ("wizard-access", Early, "nzoe⌃n⌃n"),
    ("wizard-access-cluster-role", Early, "nzoe⌃n⌃n⇥→→"),
    ("wizard-access-nothing", Early, "nzoe⌃n⌃n⇥→→→"),
    ("wizard-kubeconfig", Early, "nzoe⌃n⌃n⌃n"),
    ("leave-wizard", Early, "nzoe⎋"),
    ("wizard-rehearsing", Early, "nzoe‖⌃r"),
    ("wizard-review", Early, "nzoe⌃r"),
    ("wizard-review-end", Early, "nzoe⌃rjjj"),
    ("wizard-problem", Early, "nzoe⊘⌃r"),
    ("wizard-yaml", Early, "nzoe⌃rY"),
    ("wizard-commands", Early, "nzoe⌃rK"),
    ("leave-review", Early, "nzoe⌃r⎋"),
    ("wizard-waits", Early, "nzoe⌃r…y"),
    ("wizard-failed", Early, "nzoe⌃r⊘y"),
    ("wizard-done", Early, "nzoe⌃ry"),
    ("undo", Early, "nzoe⌃ryu"),
    ("wizard-undoing", Early, "nzoe⌃ry…uy"),
    ("wizard-undone", Early, "nzoe⌃ryuy"),
    ("wizard-not-undone", Early, "nzoe⌃ry⊘uy"),
    ("wizard-gone-on", Early, "⊘n✓⌃o"),
    ("wizard-running", Early, "⊘n…⌃o"),
    ("wizard-left", Early, "nzoe⌃r…yl"),
];

/// Presses the keys of a path: every key is answered before the next is pressed.
pub(crate) fn go(console: &mut TestConsole, fake_cluster: &FakeCluster, way: &str) {
    let (mut mood, mut control) = (ResponseMode::Kind, false);
    for c in way.chars() {
        let code = match c {
            '⌃' => {
                control = true;
                continue;
            }
            '…' | '‖' | '⊘' | '✓' => {
                mood = match c {
                    '…' => ResponseMode::Slow,
                    '‖' => ResponseMode::Silent,
                    '⊘' => ResponseMode::Refusing,
                    _ => ResponseMode::Kind,
                };
                continue;
            }
            '⎋' => KeyCode::Esc,
            '⏎' => KeyCode::Enter,
            '⇥' => KeyCode::Tab,
            '↓' => KeyCode::Down,
            '→' => KeyCode::Right,
            '←' => KeyCode::Left,
            c => KeyCode::Char(c),
        };
        let modifiers = if std::mem::take(&mut control) { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        console.dispatch(Event::Key(KeyEvent::new(code, modifiers)));
        console.answered(fake_cluster, mood);
    }
}

/// Calls `look` with every screen in every size.
pub(crate) fn everywhere(fake_cluster: &FakeCluster, mut look: impl FnMut(&str, (u16, u16), &mut TestConsole)) {
    for (name, start, way) in WAYS.iter().copied().flatten() {
        for size in SIZES {
            let mut console = start.console(fake_cluster);
            console.dispatch(Event::Resized(Size::new(size.0, size.1)));
            console.answered(fake_cluster, ResponseMode::Kind);
            go(&mut console, fake_cluster, way);
            look(name, size, &mut console);
        }
    }
}

impl Start {
    /// The console as it is then.
    pub(crate) fn console(self, fake_cluster: &FakeCluster) -> TestConsole {
        let mut console = match self {
            Loading | Nowhere => unconnected(),
            Empty | Forbidden => TestConsole::with(&[]),
            Many => TestConsole::with(&fake_cluster.many),
            Early | Ready | ReadOnly | First | Lost => TestConsole::with(&fake_cluster.few),
        };
        console.effects.clear();
        match self {
            Early => {}
            First => console.dispatch(Event::Recalled(SavedView { first: true, ..SavedView::default() })),
            Loading => {
                console
                    .dispatch(Event::Connected(Ok(Connection { context: "prod-eu".into(), ..Connection::default() })));
            }
            Nowhere => {
                let trouble = UserError::new("there is no kubeconfig: ~/.kube/config is not there")
                    .with_hint("Name one with --kubeconfig.");
                console.dispatch(Event::Connected(Err(trouble)));
            }
            Ready | ReadOnly | Many | Empty | Lost => knows(&mut console, fake_cluster),
            Forbidden => {
                let message = "you may not list certificatesigningrequests (403)".to_owned();
                let resource = "certificatesigningrequests".to_owned();
                let status = WatchStatus::Forbidden { verb: "list".to_owned(), resource, message };
                console.dispatch(Event::Watch(WatchMessage::Status(status)));
                for kind in RbacKind::ALL {
                    console.news(RbacResult::Watch(RbacMessage::Status(kind, forbidden(kind))));
                }
            }
        }
        console.state.cx.session.read_only = self == ReadOnly;
        if self == Lost {
            let lost = || WatchStatus::Degraded {
                why: UserError::new("https://10.1.0.5:6443 cannot be reached: Connection refused"),
                since: noon(),
                next_try: noon() + chrono::TimeDelta::seconds(8),
            };
            console.dispatch(Event::Watch(WatchMessage::Status(lost())));
            for kind in RbacKind::ALL {
                console.news(RbacResult::Watch(RbacMessage::Status(kind, Reach { status: lost(), only: None })));
            }
        }
        console.answered(fake_cluster, ResponseMode::Kind);
        console
    }
}

fn unconnected() -> TestConsole {
    let clock = Clock { now: noon(), utc: true };
    TestConsole { state: State::new(clock, Size::new(80, 24), Theme::mono(), false), effects: Vec::new() }
}

/// Roles, bindings and kubeconfigs become known.
fn knows(console: &mut TestConsole, fake_cluster: &FakeCluster) {
    let who = WhoAmI { username: "alice-admin".into(), ..WhoAmI::default() };
    let api_hosts = crate::domain::verdict::ApiHosts::default();
    console.dispatch(Event::Identified(Ok(Identified { who, version: "v1.36.3".into(), ca_ends: None, api_hosts })));
    console.news(RbacResult::Discovered(Ok(Catalogue::fallback())));
    console.news(RbacResult::Watch(RbacMessage::Policy(fake_cluster.policy())));
    for kind in RbacKind::ALL {
        console.news(RbacResult::Watch(RbacMessage::Status(kind, Reach { status: WatchStatus::Live, only: None })));
    }
    console.dispatch(Event::Kubeconfig(crate::console::panes::kubeconfig::KubeconfigResult::Read(Ok(Box::new(
        fake_cluster.holds.clone(),
    )))));
}
