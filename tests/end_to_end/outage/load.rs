//! Requests that come and go, about a hundred changes a second, for as long as the API server takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::support::api::Api;
use crate::support::requests::manifest;

pub(crate) const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
/// Between two changes.
const PAUSE: Duration = Duration::from_millis(10);
/// Requests that are there at the same time.
const KEPT: usize = 40;

pub(crate) struct Load {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    ends: AtomicBool,
    pauses: AtomicBool,
    rests: AtomicBool,
    changes: AtomicUsize,
}

impl Load {
    pub(crate) fn start(kubeconfig: &str) -> Self {
        let (state, api) = (Arc::new(State::default()), Api::with(kubeconfig));
        let own = state.clone();
        let object: Value = serde_yaml::from_str(&manifest("load", "load", &["dev"], "client auth")).unwrap();
        let thread = std::thread::spawn(move || {
            for number in 0_usize.. {
                while own.pauses.load(Ordering::SeqCst) && !own.ends.load(Ordering::SeqCst) {
                    own.rests.store(true, Ordering::SeqCst);
                    std::thread::sleep(PAUSE);
                }
                own.rests.store(false, Ordering::SeqCst);
                if own.ends.load(Ordering::SeqCst) {
                    return;
                }
                let mut object = object.clone();
                object["metadata"]["name"] = format!("load-{number:06}").into();
                let made = api.try_ask("POST", PATH, Some(&object)) == Some(201);
                let old = format!("{PATH}/load-{:06}", number.saturating_sub(KEPT));
                let gone = number >= KEPT && api.try_ask("DELETE", &old, None) == Some(200);
                own.changes.fetch_add(usize::from(made) + usize::from(gone), Ordering::SeqCst);
                std::thread::sleep(PAUSE);
            }
        });
        Self { state, thread: Some(thread) }
    }

    /// Changes that the server took.
    pub(crate) fn changes(&self) -> usize {
        self.state.changes.load(Ordering::SeqCst)
    }

    /// Makes no change until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.state.rests.store(false, Ordering::SeqCst);
        self.state.pauses.store(true, Ordering::SeqCst);
        crate::support::eventually("the load pauses", || self.state.rests.load(Ordering::SeqCst).then_some(()));
    }

    pub(crate) fn resume(&self) {
        self.state.pauses.store(false, Ordering::SeqCst);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.state.ends.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
