//! What the RBAC pane asks of the cluster, and the results.

use crate::cluster::rbac::{OwnRules, Review};
use crate::cluster::watch::rbac as watch;
use crate::console::core::effect_id::EffectId;
use crate::domain::access::draft::Preset;
use crate::domain::access::object::Named;
use crate::domain::access::{Action, Catalogue, Principal};
use crate::domain::gate::{Deletion, WritePermit};
use crate::error::UserError;
use serde_json::Value;

/// What the pane wants done.
#[derive(Debug)]
pub enum RbacTask {
    /// Find out which resources the server has.
    Discover,
    /// Find out our own rules in a namespace.
    Own(String),
    /// Ask the server whether someone may do something.
    Review(EffectId, Box<Principal>, Box<Action>),
    /// Read an object, for its YAML or to change it.
    Read(EffectId, Named),
    /// Make or replace an object, or rehearse that.
    Put {
        /// Whose answer it is.
        id: EffectId,
        /// The permit to write.
        permit: WritePermit,
        /// Which one.
        named: Named,
        /// What.
        object: Box<Value>,
        /// Whether it is a new one.
        create: bool,
        /// Whether the server only says what would become of it.
        dry_run: bool,
    },
    /// Delete exactly this version of an object.
    Delete {
        /// Whose answer it is.
        id: EffectId,
        /// Which one.
        named: Named,
        /// The version that was cleared.
        deletion: Deletion,
    },
    /// Read the presets of the config folder.
    Presets,
}

/// A result for the pane.
#[derive(Debug)]
pub enum RbacResult {
    /// From the watches.
    Watch(watch::RbacMessage),
    /// Answer to [`RbacTask::Discover`].
    Discovered(Result<Catalogue, UserError>),
    /// Answer to [`RbacTask::Own`].
    Own(String, Result<OwnRules, UserError>),
    /// Answer to [`RbacTask::Review`], and how long it took in milliseconds.
    Reviewed(EffectId, Result<Review, UserError>, u64),
    /// Answer to [`RbacTask::Read`].
    Read(EffectId, Result<Value, UserError>),
    /// Answer to [`RbacTask::Put`], and to [`RbacTask::Delete`], which gives no object.
    Put(EffectId, Result<Option<Value>, UserError>),
    /// Answer to [`RbacTask::Presets`]: what could be read, and what is wrong with the rest.
    Presets(Vec<Preset>, Vec<String>),
}
