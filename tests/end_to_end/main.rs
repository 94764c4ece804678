//! End-to-end tests from the user's point of view, on a real control plane and on the practice cluster, through a real
//! terminal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

#[path = "../control-plane/harness.rs"]
#[allow(dead_code)]
mod control_plane;
#[path = "../corpus/mod.rs"]
mod corpus;
mod support;

mod access;
mod ambiguous_requests;
mod authorization;
mod bulk;
mod cluster;
mod completed;
mod config_and_session;
mod conformance;
mod connects;
mod crash;
mod defaults;
mod dependencies;
mod failure;
mod folders;
mod gate;
mod gnu_screen;
mod hostile;
mod issued_identity;
mod keys_and_files;
mod killed;
mod kubeconfig;
mod kubectl_parity;
mod lifecycle;
mod limits;
mod node_access;
mod node_pods;
mod nodes;
mod onboarding;
mod outage;
mod pasted;
mod permissions;
mod practice;
mod protocol;
mod random_keys;
mod rbac_pane;
mod request_attributes;
mod secrets;
mod service_accounts;
mod signers;
mod slow;
mod terminal_restore;
mod tmux;
mod tokens;
mod triage;
mod verdicts;
