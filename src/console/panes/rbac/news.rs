//! What the RBAC pane hears: from its watches, and in answer to its tasks.

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::rbac::Review;
use crate::cluster::watch::rbac::Message;
use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::state::{Pane, State};
use crate::console::dialogs::{Overlay, TextReader};
use crate::console::panes::rbac::access::{Server, ServerAnswer};
use crate::console::panes::rbac::update::refresh;
use crate::console::panes::rbac::{Own, RbacResult, RbacTask, edit};
use crate::domain::access::draft::Preset;
use crate::domain::access::{Principal, own};
use crate::error::UserError;

/// News for the pane.
pub(crate) fn heard(state: &mut State, news: RbacResult) -> Vec<Effect> {
    match news {
        RbacResult::Watch(Message::Policy(policy)) => {
            state.rbac.policy = policy;
            changed(state)
        }
        RbacResult::Watch(Message::Status(kind, reach)) => {
            let was_blind = state.rbac.is_blind();
            state.rbac.reach.insert(kind, reach);
            if state.rbac.is_blind() && (!was_blind || state.rbac.own.is_none()) {
                return vec![Effect::Rbac(RbacTask::Own(state.namespace()))];
            }
            changed(state)
        }
        RbacResult::Discovered(result) => {
            match result {
                Ok(catalogue) => state.rbac.catalogue = Arc::new(catalogue),
                Err(trouble) => tracing::warn!(trouble = %trouble, "discovery failed: the usual resources are taken"),
            }
            changed(state)
        }
        RbacResult::Own(namespace, Ok(found)) => {
            let who = Principal::new(state.username().unwrap_or_default(), [""; 0]);
            let policy = Arc::new(own::policy(&who, &namespace, found.rules));
            state.rbac.own = Some(Own { policy, namespace, incomplete: found.incomplete });
            changed(state)
        }
        RbacResult::Own(_, Err(trouble)) => {
            state.notify(false, trouble.text);
            Vec::new()
        }
        RbacResult::Reviewed(id, result, took) => {
            reviewed(state, id, &result.map_err(|trouble| trouble.text), took);
            Vec::new()
        }
        RbacResult::Read(id, result) => {
            if !edit::update::read(state, id, &result) {
                read(state, id, result);
            }
            Vec::new()
        }
        RbacResult::Put(id, result) => {
            edit::update::put_ended(state, id, result);
            Vec::new()
        }
        RbacResult::Presets(presets, troubles) => {
            state.rbac.presets = Preset::built_in().into_iter().chain(presets).collect();
            edit::update::presets_came(state);
            if let Some(first) = troubles.first() {
                state.notify(false, format!("a preset cannot be read: {first}"));
            }
            Vec::new()
        }
    }
}

/// The server said who we are: our own rules, where nothing else is seen, are then known to be ours.
pub(crate) fn identified(state: &State) -> Vec<Effect> {
    if state.rbac.is_blind() { vec![Effect::Rbac(RbacTask::Own(state.namespace()))] } else { Vec::new() }
}

fn changed(state: &mut State) -> Vec<Effect> {
    state.rbac.stale = true;
    if state.pane == Pane::Rbac { refresh(state) } else { Vec::new() }
}

fn reviewed(state: &mut State, id: EffectId, result: &Result<Review, String>, took: u64) {
    let asked = |server: &&mut Server| matches!(server.answer, ServerAnswer::Asked(asked) if asked == id);
    let servers = state.rbac.trail.iter_mut().filter_map(|opened| opened.server.as_mut());
    // A page that was left meanwhile is no longer there: then nobody wants the answer.
    for server in servers.into_iter().filter(asked) {
        server.answer = match result {
            Ok(review) => ServerAnswer::Said(review.clone(), took),
            Err(why) => ServerAnswer::Failed(why.clone()),
        };
    }
}

fn read(state: &mut State, id: EffectId, result: Result<Value, UserError>) {
    let Some((_, title)) = state.rbac.reading.take_if(|(asked, _)| *asked == id) else { return };
    match result {
        Ok(mut object) => {
            if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.remove("managedFields");
            }
            let text = crate::domain::yaml::to_string(&object).unwrap_or_else(|_| "it has no form in YAML".to_owned());
            let lines = text.lines().map(ToOwned::to_owned).collect();
            state.overlays.push(Overlay::Reader(TextReader::new(title, lines)));
        }
        Err(trouble) => state.notify(false, trouble.text),
    }
}
