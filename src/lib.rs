//! countersign: a terminal admin console for issuing certificates to Kubernetes users.
//!
//! Overview of the modules:
//!
//! - [`domain`]: pure rules. No tokio, no kube client, no terminal, no clock, no file.
//! - [`cluster`]: the adapter to Kubernetes: client, watches, decisions, applies, reviews.
//! - [`config`]: the config file and the themes: what they may say, and what is wrong with one.
//! - [`files`]: atomic writes, locks, permissions, the kubeconfig on disk, state and config folders.
//! - [`keys`]: private keys and PKCS#10 requests, zeroised after use.
//! - [`issuance`]: carries out a plan step by step, journals it, resumes it, undoes it, proves it.
//! - [`console`]: the terminal app: event → `update(&mut State, Event) -> Vec<Effect>` → view.
//! - [`panics`]: a panic in a spawned task becomes an error of that task.
//! - [`trouble`]: what went wrong and what to do about it, as a person is told.
//! - [`cli`]: the same operations for scripts.

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
