//! Ties a result to the effect that asked for it.

/// A late result of an effect that nothing waits for any more is ignored.
pub(crate) type EffectId = u64;
