//! countersign connects wherever kubectl connects, and where kubectl does not, it says why: every case is tried with the
//! real kubectl first, which is the yardstick, and then with countersign, on a real control plane.
//!
//! The cases are in tables, one a file. With `--nocapture` every test prints what both programs did.

mod answers;
mod case;
mod console_logins;
mod credentials;
mod impersonation;
mod in_cluster;
mod keys;
mod kubeconfigs;
mod login_programs;
mod parts;
mod place;
mod policy;
mod prompts;
mod proxies;
mod rotation;
mod run;
mod server_certificates;
mod soak;
