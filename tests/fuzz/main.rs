//! Mutational fuzzing of every parser of untrusted input: no panic, bounded memory and time, and invariants of each target.
//!
//! A fixed share runs in every test run. With `COUNTERSIGN_FUZZ_SECONDS` each target runs for that time, with a new seed of
//! the random numbers. An input that fails is saved in `seeds/TARGET` and tried first from then on.
//!
//! A separate program, because it counts the allocations of the process.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod api;
mod harness;
mod kubeconfigs;
mod mutate;
mod requests;
mod texts;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;
