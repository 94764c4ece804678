//! The console that the tests drive: events in, screens out.

use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

use crate::cluster::WhoAmI;
use crate::cluster::watch::{RequestChange, WatchMessage, WatchStatus};
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::event::{Connection, Event, Identified};
use crate::console::core::state::State;
use crate::console::core::update::update;
use crate::console::core::view;
use crate::console::panes::requests::Loaded;
use crate::console::panes::requests::testing::{noon, request, row_of};
use crate::console::widgets::theme::Theme;
use crate::domain::output::shell::Kubectl;
use crate::domain::request::Request;
use crate::domain::verdict::{Context, judge};

/// A console in the reference size, talking to a cluster that these tests play.
pub(super) struct TestConsole {
    pub state: State,
    pub effects: Vec<Effect>,
}

impl TestConsole {
    /// Connected, identified, live, with these requests.
    pub(super) fn with(requests: &[Request]) -> Self {
        let clock = Clock { now: noon(), utc: true };
        let state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
        let mut console = Self { state, effects: Vec::new() };
        let connection = Connection {
            context: "prod-eu".into(),
            namespace: "default".into(),
            server: "https://10.1.0.5:6443".into(),
            cluster: "prod".into(),
            kubectl: Kubectl::new([("context", "prod-eu".to_owned())]),
            kubeconfig: "/home/alice/.kube/config".into(),
        };
        console.dispatch(Event::Connected(Ok(connection)));
        let who = WhoAmI { username: "alice-admin".into(), ..WhoAmI::default() };
        let api_hosts = crate::domain::verdict::ApiHosts::default();
        console.dispatch(Event::Identified(Ok(Identified {
            who,
            version: "v1.36.3".into(),
            ca_ends: None,
            api_hosts,
        })));
        console.dispatch(Event::Watch(WatchMessage::Restarted));
        console.lists(requests);
        console.dispatch(Event::Watch(WatchMessage::Listed));
        console.dispatch(Event::Watch(WatchMessage::Status(WatchStatus::Live)));
        console.reads(requests);
        console
    }

    pub(super) fn dispatch(&mut self, event: Event) {
        let now = self.state.cx.clock.now;
        self.effects.extend(update(&mut self.state, event, now));
    }

    pub(super) fn lists(&mut self, requests: &[Request]) {
        let changes = requests.iter().map(|request| RequestChange::Applied(row_of(request))).collect();
        self.dispatch(Event::Watch(WatchMessage::Changes(changes)));
    }

    /// Answers every reading that was asked for.
    pub(super) fn reads(&mut self, requests: &[Request]) {
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Read(_))) {
            let Effect::Read(pin) = self.effects.remove(at) else { return };
            let found = requests.iter().find(|request| request.pin.uid == pin.uid).unwrap();
            let yaml = "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\n".to_owned();
            let loaded = Loaded { request: found.clone(), verdict: judge(found, &Context::default()), yaml };
            self.dispatch(Event::Read { uid: pin.uid, result: Ok(Box::new(loaded)) });
        }
    }

    pub(super) fn press(&mut self, code: KeyCode) {
        self.dispatch(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn ctrl(&mut self, c: char) {
        self.dispatch(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)));
    }

    pub(super) fn types(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    pub(super) fn passes(&mut self, seconds: i64) {
        let now = self.state.cx.clock.now + TimeDelta::seconds(seconds);
        self.effects.extend(update(&mut self.state, Event::Clock, now));
    }

    pub(super) fn drawn(&self) -> Terminal<TestBackend> {
        let mut terminal =
            Terminal::new(TestBackend::new(self.state.cx.size.width, self.state.cx.size.height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.state)).unwrap();
        terminal
    }

    pub(super) fn screen(&self) -> String {
        self.drawn().backend().to_string()
    }
}

pub(super) fn three() -> Vec<Request> {
    vec![
        request("jane-7f3k", 0, "jane", &["dev", "qa"]),
        request("kcm-helper", 60, "system:kube-controller-manager", &[]),
        request("pavel", 300, "pavel", &["payments"]),
    ]
}
