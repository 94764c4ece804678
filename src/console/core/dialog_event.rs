//! What dialogs are notified of.

use crate::console::core::effect_id::EffectId;
use crate::console::core::event::Exported;
use crate::console::dialogs::bulk::result::BulkResult;
use crate::console::panes::kubeconfig::ChangeOutcome;
use crate::console::panes::requests::Loaded;
use crate::domain::request::Request;
use crate::error::UserError;

/// The result of an effect that a dialog asked for.
#[derive(Debug)]
pub(crate) enum DialogEvent {
    /// Of a decision: the request as it is now.
    Decided(EffectId, Result<Box<Request>, UserError>),
    /// Of many decisions.
    Bulk(EffectId, BulkResult),
    Deleted(EffectId, Result<(), UserError>),
    /// Of writing a certificate to a file.
    Exported(EffectId, Exported),
    /// What importing a kubeconfig would do, a line each.
    Planned(EffectId, Result<Vec<String>, UserError>),
    /// Of a write to a kubeconfig.
    Changed(EffectId, ChangeOutcome),
}

/// A change of what a dialog shows.
#[derive(Debug)]
pub(crate) enum Update<'a> {
    /// The server reported who we are.
    Identified(&'a str),
    /// A request was read in full.
    Read(&'a Loaded),
    /// A request that was read was judged again.
    Judged(&'a Loaded),
    /// The kubeconfigs were read: where the own context is, and how many there are.
    Contexts(Option<usize>, usize),
}
