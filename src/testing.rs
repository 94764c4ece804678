//! What the tests, benchmarks and `main` see of this crate. Not an API: it changes whenever they do.

#![allow(missing_docs, reason = "re-exports")]

pub mod cli {
    pub use crate::cli::run;
}
pub mod cluster {
    pub use crate::cluster::{Cluster, ClusterError, Decision, Prompt, Target, Verb, WhoAmI};
    pub mod list_reader {
        pub use crate::cluster::list_reader::{ListItem, from_json};
        pub mod protobuf {
            pub use crate::cluster::list_reader::protobuf::{Decoder, MAGIC};
        }
    }
    pub mod login {
        pub use crate::cluster::login::{ExecCredential, LoginError};
    }
    pub mod rbac_watch {
        pub use crate::cluster::watch::rbac::{RbacMessage, Reach};
    }
    pub mod slim_request {
        pub use crate::cluster::slim_request::SlimRequest;
    }
    pub mod watch {
        pub use crate::cluster::watch::{RequestChange, WatchMessage, WatchStatus, watch_requests};
    }
}
pub mod config {
    pub use crate::config::Config;
    pub mod theme {
        pub use crate::config::theme::ThemeFile;
    }
}
pub mod console {
    pub mod core {
        pub mod clock {
            pub use crate::console::core::clock::Clock;
        }
        pub mod effect {
            pub use crate::console::core::effect::Effect;
        }
        pub mod event {
            pub use crate::console::core::event::{Connection, Event, Identified};
        }
        pub mod state {
            pub use crate::console::core::state::State;
        }
        pub mod update {
            pub use crate::console::core::update::update;
        }
        pub mod view {
            pub use crate::console::core::view::draw;
        }
    }
    pub mod dialogs {
        pub mod bulk {
            pub mod result {
                pub use crate::console::dialogs::bulk::result::BulkResult;
            }
        }
    }
    pub mod panes {
        pub mod activity {
            pub use crate::console::panes::activity::KEPT;
        }
        pub mod rbac {
            pub use crate::console::panes::rbac::RbacResult;
        }
        pub mod requests {
            pub use crate::console::panes::requests::Loaded;
            pub mod index {
                pub use crate::console::panes::requests::index::{Index, SortKey};
            }
        }
    }
    pub mod widgets {
        pub mod theme {
            pub use crate::console::widgets::theme::Theme;
        }
    }
}
pub mod domain {
    pub mod access {
        use crate::domain::access::danger;
        use crate::domain::access::why::WhyAnswer;
        pub use crate::domain::access::{
            Action, Binding, Policy, Principal, ResourceAction, ResourceName, Role, SubjectKey,
        };

        pub fn count_risks(policy: &Policy, who: &Principal) -> usize {
            danger::findings(policy, who).len()
        }

        /// Whether the action is denied, and the answer has near misses.
        pub fn has_near_misses(policy: &Policy, who: &Principal, action: &Action) -> bool {
            matches!(policy.why(who, action), WhyAnswer::Denied(near) if !near.is_empty())
        }

        pub mod draft {
            pub use crate::domain::access::draft::Preset;
        }
        pub mod object {
            pub use crate::domain::access::object::RbacKind;
        }
    }
    pub mod certificate {
        pub use crate::domain::certificate::Certificate;
    }
    pub mod commands {
        pub use crate::domain::commands::{approve, decide_all, deny, export, for_request};
    }
    pub mod gate {
        pub use crate::domain::gate::{
            Candidate, Clearance, Confirmation, Deletion, Scope, WriteAccess, WritePermit, approve, delete, deny,
        };
    }
    pub mod go_duration {
        pub use crate::domain::go_duration::{DurationError, parse, parse_timeout};
    }
    pub mod interner {
        pub use crate::domain::interner::{Interner, Uid, Version};
    }
    pub mod issuance_request {
        pub use crate::domain::issuance_request::{Grant, IssuanceRequest, OrderDefaults};
    }
    pub mod key_type {
        pub use crate::domain::key_type::KeyType;
    }
    pub mod kubeconfig {
        pub use crate::domain::kubeconfig::{EntryKind, Kubeconfig};
        pub mod redact {
            pub use crate::domain::kubeconfig::redact::yaml;
        }
    }
    pub mod output {
        pub mod json {
            pub use crate::domain::output::json::to_string;
        }
        pub mod shell {
            pub use crate::domain::output::shell::{Kubectl, ShellCommand, ShellLine};
        }
    }
    pub mod plan {
        pub use crate::domain::plan::Plan;
    }
    pub mod policy_file {
        pub use crate::domain::policy_file::PolicyFile;
    }
    pub mod proxy {
        pub use crate::domain::proxy::{ProxyEnvironment, ProxyError, ProxyScheme, ProxyUrl, for_server};
    }
    pub mod request {
        pub use crate::domain::request::{
            CLIENT_SIGNER, Identity, Pkcs10, PublicKey, Request, RequestState, RequestVersion, Requester, San,
        };
    }
    pub mod row {
        pub use crate::domain::row::Row;
    }
    pub mod verdict {
        pub use crate::domain::verdict::{
            AddressRange, ApiHosts, ClusterSnapshot, Context, Grants, Host, Level, Limits, Nodes, RelatedIndex,
            RequestFacts, Verdict, evaluate_static, is_signed_here, judge, refusal, uid_id,
        };
        pub mod rules {
            pub use crate::domain::rules::{ALL, find};
        }
    }
}
pub mod error {
    pub use crate::error::UserError;
}
pub mod files {
    pub mod kubeconfig {
        pub use crate::files::kubeconfig::{edit, load_from, read};
    }
}
pub mod keys {
    pub use crate::keys::{PrivateKey, certification_request};
    pub mod process {
        pub use crate::keys::process::protect;
    }
}
pub mod operations {
    pub mod issue {
        pub use crate::operations::issue::WriteRecord;
    }
}
#[cfg(feature = "sandbox")]
pub mod sandbox {
    pub use crate::sandbox::{Options, Sandbox};
    pub mod api {
        pub use crate::sandbox::api::Api;
        pub mod request_info {
            pub use crate::sandbox::api::request_info::{RequestInfo, Unreadable};
        }
    }
    pub mod authentication {
        pub use crate::sandbox::authentication::AnyCertificate;
    }
    pub mod authority {
        pub use crate::sandbox::authority::Authority;
    }
    pub mod seed {
        pub use crate::sandbox::seed::{SeedContents, populate};
    }
    pub mod server {
        pub use crate::sandbox::server::provider;
    }
    pub mod store {
        pub use crate::sandbox::store::Store;
    }
    pub mod tokens {
        pub use crate::sandbox::tokens::{TokenIssuer, Tokens};
    }
}
pub mod panics {
    pub use crate::panics::{is_caught, spawn};
}
pub mod terminal {
    pub mod guard {
        pub use crate::terminal::guard::{Guard, TerminalFeatures, enter, install_hooks};
    }
    pub mod input {
        pub use crate::terminal::input::InputEvent;
        pub mod parser {
            pub use crate::terminal::input::parser::Parser;
        }
    }
}
