//! Output formats that several commands share.

use clap::ValueEnum;

/// Formats of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectFormat {
    Text,
    Json,
    Yaml,
}
