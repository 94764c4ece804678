//! Pure rules: what a request is, what approving it means, what an issuance consists of.
//!
//! Nothing here waits, reads a clock, opens a file or knows a terminal, so that every rule can be tested alone.

pub(crate) mod access;
pub(crate) mod ascii;
pub(crate) mod authority;
pub(crate) mod certificate;
pub(crate) mod commands;
pub(crate) mod config_error;
pub(crate) mod decision;
pub(crate) mod diff;
pub(crate) mod finding;
pub(crate) mod fuzzy;
pub(crate) mod gate;
pub(crate) mod glob;
pub(crate) mod go_duration;
pub(crate) mod go_url;
pub(crate) mod interner;
pub(crate) mod issuance_request;
pub(crate) mod key_type;
pub(crate) mod kubeconfig;
pub(crate) mod kuberc;
pub(crate) mod level;
pub(crate) mod objects;
pub(crate) mod output;
pub(crate) mod pkcs10;
pub(crate) mod plan;
pub(crate) mod policy_file;
pub(crate) mod proxy;
pub(crate) mod request;
pub(crate) mod request_file;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod secret;
pub(crate) mod signer;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod validity;
pub(crate) mod verdict;
pub(crate) mod x509;
pub(crate) mod yaml;
