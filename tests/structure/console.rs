//! What the console leaves to one place: waiting, keys in texts; and who decides about writes.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ImplItem, Item};

use super::graph::Graph;
use super::source::{SourceFile, attributes_of, attributes_of_member, is_test_only, load_product};

/// A permit to write comes from the settings of a connection, of the console's session or of a command, and from nowhere
/// else; what the gate gives out has no other constructor (private fields).
#[test]
fn access_to_writes_is_decided_in_two_places() {
    let graph = Graph::load();
    let makes = graph.written_paths().filter(|(_, path)| path.ends_with(&["WriteAccess".to_owned(), "new".to_owned()]));
    let mut files: Vec<_> = makes.map(|(file, _)| file.path.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files, ["cluster/target.rs", "console/core/ctx.rs"]);
}

/// Files of the console that may wait for the cluster or for another program.
const WAITING: &[&str] = &["runner.rs", "event_loop/mod.rs", "event_loop/handover.rs"];

#[test]
fn the_console_draws_through_the_terminal_module_and_waits_in_runners_only() {
    let graph = Graph::load();
    for (file, path) in graph.written_paths() {
        let is_output = path.last().is_some_and(|name| name == "stdout");
        assert!(!(is_output && file.top_module() == "console"), "{} writes to the terminal itself", file.path);
    }
    for file in load_product().iter().filter(|file| file.top_module() == "console") {
        let may_wait = WAITING.iter().any(|name| file.path.ends_with(&format!("/{name}")));
        assert!(may_wait || !Code::of(file).awaits, "{} waits", file.path);
    }
}

/// The table of keys, and how keys are read and written.
const KEY_FILES: &[&str] = &["key.rs", "keys.rs", "keymap.rs"];

/// Keys can be bound to others: a text takes the name of a key from the key table.
#[test]
fn no_text_of_the_console_contains_the_name_of_a_key() {
    let names = ["Enter", "Esc", "Tab", "Space"];
    let is_key = |word: &str| names.contains(&word) || word.starts_with("Ctrl-");
    for file in load_product().iter().filter(|file| file.top_module() == "console") {
        if KEY_FILES.contains(&file.path.rsplit('/').next().unwrap()) {
            continue;
        }
        for text in Code::of(file).texts {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
            let named: Vec<_> = words.filter(|word| is_key(word)).collect();
            assert!(named.is_empty(), "{}: {named:?} in {text:?}", file.path);
        }
    }
}

/// What of a file's code the rules above look at, test code left out.
#[derive(Default)]
struct Code {
    awaits: bool,
    /// String literals, those in the arguments of macros too.
    texts: Vec<String>,
}

impl Code {
    fn of(file: &SourceFile) -> Self {
        let mut code = Self::default();
        code.visit_file(&file.syntax);
        code
    }

    fn read(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(name) => self.awaits |= name == "await",
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.texts.push(text.value());
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Code {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !is_test_only(attributes_of_member(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        self.awaits = true;
        visit::visit_expr_await(self, expression);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.texts.push(text.value());
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.read(item.tokens.clone());
    }

    /// Doc comments and lint reasons are not shown on screen.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
