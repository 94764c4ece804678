//! Architecture rules that clippy cannot express, checked on the source text of `src` and `tests`.
//!
//! What violates a rule today is in an allow-list beside the rule. An entry that is no longer needed fails the test, so the
//! lists can only become shorter.
#![allow(clippy::unwrap_used, clippy::panic)]

mod circles;
mod console;
mod counts;
mod domain;
mod graph;
mod layers;
mod lexer;
mod source;
mod words;
