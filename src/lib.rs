//! countersign: a terminal admin console for issuing certificates to Kubernetes users.
//!
//! Overview of the modules:
//!
//! - [`domain`]: pure rules. No tokio, no kube client, no terminal, no clock, no file.
//! - [`cluster`]: the adapter to Kubernetes: client, watches, decisions, applies, reviews.
//! - [`error`]: the error that a user sees: kind, message, hint.
//! - [`terminal`]: the terminal runtime: input parser, diff renderer, pacing, guard. Depends on no other module.
//! - [`config`]: the config file and the themes.
//! - [`files`]: atomic writes, locks, permissions, the kubeconfig on disk, state and config folders.
//! - [`keys`]: private keys and PKCS#10 requests, zeroised after use.
//! - [`operations`]: what console and command line both do: issuing (preflight, run, journal, undo), kubeconfig edits.
//! - [`console`]: the terminal app: event → `update(&mut State, Event) -> Vec<Effect>` → view.
//! - [`panics`]: a panic in a spawned task becomes an error of that task.
//! - [`cli`]: the same operations for scripts.
//! - `sandbox`: the practice cluster: an API server, its controllers and its store inside this process.
//!
//! `docs/architecture.md` shows how they work together.

#![cfg_attr(
    not(feature = "sandbox"),
    allow(dead_code, unused_imports, unreachable_pub, reason = "used by the practice cluster")
)]

mod cli;
mod cluster;
mod config;
mod console;
mod domain;
mod error;
mod files;
mod keys;
mod operations;
mod panics;
#[cfg(feature = "sandbox")]
mod sandbox;
mod terminal;
#[doc(hidden)]
pub mod testing;
