//! What the RBAC pane gets: from its watches, and in answer to its tasks.

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::rbac::Review;
use crate::cluster::watch::rbac::RbacMessage;
use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::pane_id::Pane;
use crate::console::dialogs::reader::TextReader;
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::rbac::access::{Server, ServerAnswer};
use crate::console::panes::rbac::update::refresh;
use crate::console::panes::rbac::{Own, RbacResult, RbacTask, edit};
use crate::domain::access::draft::Preset;
use crate::domain::access::{Principal, own};
use crate::error::UserError;

/// News for the pane.
pub(crate) fn handle_result(pane: &mut RbacPane, cx: &mut Ctx, news: RbacResult) -> Vec<Effect> {
    match news {
        RbacResult::Watch(RbacMessage::Policy(policy)) => {
            cx.rbac.policy = policy;
            changed(pane, cx)
        }
        RbacResult::Watch(RbacMessage::Status(kind, reach)) => {
            let was_blind = cx.rbac.is_blind();
            cx.rbac.reach.insert(kind, reach);
            if cx.rbac.is_blind() && (!was_blind || cx.rbac.own.is_none()) {
                return vec![Effect::Rbac(RbacTask::Own(cx.namespace()))];
            }
            changed(pane, cx)
        }
        RbacResult::Discovered(result) => {
            match result {
                Ok(catalogue) => cx.rbac.catalogue = Arc::new(catalogue),
                Err(trouble) => tracing::warn!(trouble = %trouble, "discovery failed: the usual resources are taken"),
            }
            changed(pane, cx)
        }
        RbacResult::Own(namespace, Ok(found)) => {
            let who = Principal::new(cx.username().unwrap_or_default(), [""; 0]);
            let policy = Arc::new(own::policy(&who, &namespace, found.rules));
            cx.rbac.own = Some(Own { policy, namespace, incomplete: found.incomplete });
            changed(pane, cx)
        }
        RbacResult::Own(_, Err(trouble)) => {
            cx.notify(false, trouble.message);
            Vec::new()
        }
        RbacResult::Reviewed(id, result, took) => {
            reviewed(pane, id, &result.map_err(|trouble| trouble.message), took);
            Vec::new()
        }
        RbacResult::Read(id, result) => {
            if !edit::update::read(pane, cx, id, &result) {
                read(pane, cx, id, result);
            }
            Vec::new()
        }
        RbacResult::Put(id, result) => {
            edit::update::put_ended(pane, cx, id, result);
            Vec::new()
        }
        RbacResult::Presets(presets, troubles) => {
            pane.presets = Preset::built_in().into_iter().chain(presets).collect();
            edit::update::presets_came(pane, cx);
            if let Some(first) = troubles.first() {
                cx.notify(false, format!("a preset cannot be read: {first}"));
            }
            Vec::new()
        }
    }
}

/// The server reported who we are: our own rules, where nothing else is seen, are then known to be ours.
pub(crate) fn identified(cx: &Ctx) -> Vec<Effect> {
    if cx.rbac.is_blind() { vec![Effect::Rbac(RbacTask::Own(cx.namespace()))] } else { Vec::new() }
}

fn changed(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    pane.stale = true;
    if cx.pane == Pane::Rbac { refresh(pane, cx) } else { Vec::new() }
}

fn reviewed(pane: &mut RbacPane, id: EffectId, result: &Result<Review, String>, took: u64) {
    let asked = |server: &&mut Server| matches!(server.answer, ServerAnswer::Asked(asked) if asked == id);
    let servers = pane.trail.iter_mut().filter_map(|opened| opened.server.as_mut());
    // A page that was left in the meantime is no longer there: then no one wants the answer.
    for server in servers.into_iter().filter(asked) {
        server.answer = match result {
            Ok(review) => ServerAnswer::Answered(review.clone(), took),
            Err(why) => ServerAnswer::Failed(why.clone()),
        };
    }
}

fn read(pane: &mut RbacPane, cx: &mut Ctx, id: EffectId, result: Result<Value, UserError>) {
    let Some((_, title)) = pane.reading.take_if(|(asked, _)| *asked == id) else { return };
    match result {
        Ok(mut object) => {
            if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.remove("managedFields");
            }
            let text = crate::domain::yaml::to_string(&object).unwrap_or_else(|_| "it has no form in YAML".to_owned());
            let lines = text.lines().map(ToOwned::to_owned).collect();
            cx.open(TextReader::new(title, lines));
        }
        Err(trouble) => cx.notify(false, trouble.message),
    }
}
