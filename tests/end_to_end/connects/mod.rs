//! countersign connects wherever kubectl connects, and fails with a clear error where kubectl fails.
//!
//! Each case runs the real kubectl and countersign against a real control plane, each in a new home folder, and compares
//! the results: success or failure, the listed requests, how often the login program ran, whether the proxy was used.
//! The expected result of kubectl is part of each case, so that a change in kubectl shows up here too.
//!
//! `cargo test --test end_to_end connects -- --nocapture` prints a table of all results. The tests in `soak` take minutes
//! and run only with `COUNTERSIGN_SOAK=1`.

mod case;
mod client_credentials;
mod client_keys;
mod compare;
mod console_logins;
mod credential_rotation;
mod fixture;
mod impersonation;
mod in_cluster;
mod kubeconfigs;
mod login_programs;
mod login_prompts;
mod plugin_policy;
mod proxies;
mod reverse_proxies;
mod run;
mod server_certificates;
mod soak;
mod workspace;
