//! The output gate: every text that leaves for a terminal, a shell, a clipboard or a file that people read is one of the
//! types here, and each type has one way to be made from text that came from outside.
//!
//! | leaves for              | type                                     | made by                           |
//! |-------------------------|------------------------------------------|-----------------------------------|
//! | a terminal, the log     | [`terminal::TerminalText`]               | [`terminal::TerminalText::new`]   |
//! | a shell                 | [`shell::ShellLine`]                     | [`shell::ShellCommand`]           |
//! | the clipboard           | [`clipboard::ClipboardText`]             | [`clipboard::ClipboardText::new`] |
//! | a shell's completion    | `&str` that [`completion::is_offered`]   |                                   |
//! | a file or pipe, as data | YAML: [`super::yaml`], JSON: [`json`], certificates: [`pem`] |               |
//!
//! URLs and the fields of a kubeconfig lose their secrets before: [`redact`].

pub(crate) mod clipboard;
pub(crate) mod completion;
pub(crate) mod json;
pub(crate) mod pem;
pub(crate) mod redact;
pub(crate) mod shell;
pub(crate) mod terminal;
