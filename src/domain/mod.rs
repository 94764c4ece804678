//! Pure rules: what a request is, what approving it means, what an issuance consists of.
//!
//! Nothing here waits, reads a clock, opens a file or knows a terminal, so that every rule can be tested alone.

pub mod access;
pub mod ascii;
pub mod authority;
pub mod certificate;
pub mod commands;
pub mod diff;
pub mod fuzzy;
pub mod gate;
pub mod go_duration;
pub(crate) mod go_url;
pub mod interner;
pub mod issuance_request;
pub mod key_type;
pub mod kubeconfig;
pub mod kuberc;
pub mod objects;
pub mod output;
pub mod plan;
pub mod policy_file;
pub mod proxy;
pub mod request;
pub mod request_file;
pub mod row;
pub mod secret;
pub mod text;
pub mod time;
pub mod validity;
pub mod verdict;
pub mod x509;
pub mod yaml;
