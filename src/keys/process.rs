//! The process around the keys: no core dump of it, no look into its memory for other programs of the same user.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Keeps this process's memory to itself: it is not dumpable (prctl(2), `PR_SET_DUMPABLE`), so that neither a crash nor
/// ptrace(2) of another process without privileges writes a key down, and its limit for core dumps is 0. Programs that
/// it starts are dumpable again.
///
/// A system that refuses has nothing better to offer, so a failure is not reported.
pub fn protect() {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let limit = getrlimit(Resource::Core);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: limit.maximum });
}
