//! countersign: a terminal admin console for issuing certificates to Kubernetes users.
//!
//! The map of the house:
//!
//! - [`domain`]: pure rules. No tokio, no kube client, no terminal, no clock, no file.
//! - [`cluster`]: the adapter to Kubernetes: client, watches, decisions, applies, reviews.
//! - [`config`]: the config file and the themes: what they may say, and what is wrong with one.
//! - [`files`]: atomic writes, locks, permissions, the kubeconfig on disk, state and config folders.
//! - [`keys`]: private keys and PKCS#10 requests, zeroised after use.
//! - [`issuance`]: carries out a plan step by step, journals it, resumes it, undoes it, proves it.
//! - [`console`]: the terminal app: event → `update(&mut State, Event) -> Vec<Effect>` → view.
//! - [`contained`]: panics that become errors of the task in which they happen.
//! - [`trouble`]: what went wrong and what to do about it, as a person is told.
//! - [`cli`]: the same operations for scripts.

pub mod cli;
pub mod cluster;
pub mod config;
pub mod console;
pub mod contained;
pub mod domain;
pub mod error;
pub mod files;
pub mod keys;
pub mod operations;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod terminal;
