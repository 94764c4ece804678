//! Numbers that are kept low: public items, long functions, types that share a name.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Ident, ImplItem, Item, Visibility};

use super::source::{SourceFile, attributes_of, attributes_of_member, is_test_only, load, load_product};

/// Items with a plain `pub` in `src`. Target: 300.
const PUBLIC_ITEMS: usize = 586;

/// Lines of a function from its signature to its closing brace.
const FUNCTION_LINES: usize = 50;

/// Functions that are longer today, as `file:name`.
const LONG_FUNCTIONS: &[&str] = &[
    "cluster/login/credential.rs:read",
    "console/core/runner.rs:connection",
    "console/panes/rbac/news.rs:handle_result",
    "console/panes/rbac/update.rs:key",
    "console/wizard/runner.rs:carry_out",
    "domain/kubeconfig/diagnose/user.rs:check_certificate",
    "operations/issue/approval.rs:approve",
    "operations/issue/steps.rs:certificate",
];

/// Modules that may define a type of one name.
const MODULES_OF_A_NAME: usize = 2;

/// Names that more modules define today.
const SHARED_NAMES: &[&str] = &[];

#[derive(Default)]
struct Counter {
    public: usize,
    /// (name, lines)
    functions: Vec<(String, usize)>,
}

impl Counter {
    fn of(file: &SourceFile) -> Self {
        let mut counter = Self::default();
        counter.visit_file(&file.syntax);
        counter
    }

    fn count(&mut self, visibility: &Visibility) {
        self.public += usize::from(matches!(visibility, Visibility::Public(_)));
    }

    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.brace_token.span.close().start().line - signature.ident.span().start().line + 1;
        self.functions.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Counter {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test_only(attributes_of(item)) {
            return;
        }
        match item {
            Item::Const(item) => self.count(&item.vis),
            Item::Enum(item) => self.count(&item.vis),
            Item::Mod(item) => self.count(&item.vis),
            Item::Static(item) => self.count(&item.vis),
            Item::Struct(item) => self.count(&item.vis),
            Item::Trait(item) => self.count(&item.vis),
            Item::Type(item) => self.count(&item.vis),
            Item::Use(item) => self.count(&item.vis),
            Item::Fn(item) => {
                self.count(&item.vis);
                self.measure(&item.sig, &item.block);
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if is_test_only(attributes_of_member(item)) {
            return;
        }
        match item {
            ImplItem::Const(item) => self.count(&item.vis),
            ImplItem::Type(item) => self.count(&item.vis),
            ImplItem::Fn(item) => {
                self.count(&item.vis);
                self.measure(&item.sig, &item.block);
            }
            _ => {}
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.measure(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// The types that a file defines, as (module, name); those of its test modules too.
struct Types {
    module: String,
    found: Vec<(String, String)>,
}

impl Types {
    fn add(&mut self, name: &Ident) {
        self.found.push((self.module.clone(), name.to_string()));
    }
}

impl<'ast> Visit<'ast> for Types {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let outer = self.module.clone();
        self.module = format!("{outer}::{}", item.ident);
        visit::visit_item_mod(self, item);
        self.module = outer;
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Struct(item) => self.add(&item.ident),
            Item::Enum(item) => self.add(&item.ident),
            Item::Union(item) => self.add(&item.ident),
            Item::Trait(item) => self.add(&item.ident),
            Item::Type(item) => self.add(&item.ident),
            _ => {}
        }
        visit::visit_item(self, item);
    }
}

fn check_list(found: &BTreeSet<String>, allowed: &[&str], what: &str) {
    let wrong: Vec<_> = found.iter().filter(|name| !allowed.contains(&name.split(' ').next().unwrap())).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let is_found = |name: &&&str| found.iter().any(|found| found.split(' ').next() == Some(**name));
    let unneeded: Vec<_> = allowed.iter().filter(|name| !is_found(name)).collect();
    assert!(unneeded.is_empty(), "delete from the list ({what}): {unneeded:?}");
}

#[test]
fn no_more_items_are_public() {
    let public: usize = load_product().iter().map(|file| Counter::of(file).public).sum();
    assert!(public <= PUBLIC_ITEMS, "{public} items are `pub`: use `pub(crate)`");
}

#[test]
fn no_function_is_longer_than_fifty_lines() {
    let mut found = BTreeSet::new();
    for file in load_product() {
        let functions = Counter::of(&file).functions.into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES);
        found.extend(functions.map(|(name, lines)| format!("{}:{name} ({lines} lines)", file.path)));
    }
    check_list(&found, LONG_FUNCTIONS, "long functions");
}

#[test]
fn no_type_name_is_defined_in_more_than_two_modules() {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in load() {
        let mut types = Types { module: file.module.join("::"), found: Vec::new() };
        types.visit_file(&file.syntax);
        types.found.into_iter().for_each(|(module, name)| _ = modules.entry(name).or_default().insert(module));
    }
    let shared = modules.into_iter().filter(|(_, modules)| modules.len() > MODULES_OF_A_NAME);
    let found = shared.map(|(name, modules)| format!("{name} {modules:?}")).collect();
    check_list(&found, SHARED_NAMES, "names of types in more than two modules");
}
