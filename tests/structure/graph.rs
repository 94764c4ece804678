//! Which file of `src` uses which other, by `use` declarations and by paths in the code, test code left out.
//!
//! A name that a module re-exports leads to the file that defines it. `mod` declarations are no uses, and neither is it a use
//! to import a module: the paths that begin with it are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, UseTree, Visibility};

use super::source::{SourceFile, attributes_of, attributes_of_member, is_test_only, load_product};

/// A path in the code, as written.
struct Reference {
    file: usize,
    module: Vec<String>,
    path: Vec<String>,
    /// In a `pub use` or `pub(…) use`.
    is_reexport: bool,
}

#[derive(Default)]
struct Module {
    file: usize,
    children: BTreeSet<String>,
    items: BTreeSet<String>,
    /// By the name under which it is known in the module.
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

/// What a path leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Target {
    Module(Vec<String>),
    /// An item of this file.
    Item(usize),
    /// A path of another crate, aliases resolved.
    External(Vec<String>),
}

/// How one file uses another.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum UseKind {
    /// It needs an item of the other.
    Item,
    /// It only passes the other's item or module on, or imports a module.
    Name,
}

pub(crate) struct Graph {
    pub(crate) files: Vec<SourceFile>,
    modules: HashMap<Vec<String>, Module>,
    references: Vec<Reference>,
}

impl Graph {
    pub(crate) fn load() -> Self {
        let mut graph = Self { files: load_product(), modules: HashMap::new(), references: Vec::new() };
        for (index, file) in graph.files.iter().enumerate() {
            let module = file.module.clone();
            graph.modules.entry(module.clone()).or_default().file = index;
            let mut collector =
                Collector { file: index, module, modules: &mut graph.modules, references: &mut graph.references };
            collector.visit_file(&file.syntax);
        }
        graph
    }

    /// (user, used, how), without a file's uses of itself.
    pub(crate) fn edges(&self) -> BTreeSet<(usize, usize, UseKind)> {
        let edge = |reference: &Reference| {
            let (used, kind) = match self.resolve(&reference.module, &reference.path, 0)? {
                Target::Item(file) if reference.is_reexport => (file, UseKind::Name),
                Target::Item(file) => (file, UseKind::Item),
                Target::Module(module) => (self.modules.get(&module)?.file, UseKind::Name),
                Target::External(_) => return None,
            };
            (used != reference.file).then_some((reference.file, used, kind))
        };
        self.references.iter().filter_map(edge).collect()
    }

    /// (file, path) for each path that leads to another crate, aliases resolved.
    pub(crate) fn external_paths(&self) -> impl Iterator<Item = (&SourceFile, Vec<String>)> {
        self.references.iter().filter_map(|reference| match self.resolve(&reference.module, &reference.path, 0)? {
            Target::External(path) => Some((&self.files[reference.file], path)),
            _ => None,
        })
    }

    /// (file, path) for each path as it is written.
    pub(crate) fn written_paths(&self) -> impl Iterator<Item = (&SourceFile, &[String])> {
        self.references.iter().map(|reference| (&self.files[reference.file], &*reference.path))
    }

    /// `None` for local names: variables, generic parameters, `Self`, what the prelude has.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        if depth > 16 {
            return None;
        }
        let (mut at, mut rest) = (module.to_vec(), path);
        match path.first()?.as_str() {
            "" => return Some(Target::External(path[1..].to_vec())),
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while let Some("super") = rest.first().map(String::as_str) {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            _ => return self.resolve_relative(module, path, depth),
        }
        Some(self.descend(at, rest, depth))
    }

    fn resolve_relative(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        match self.look_up(module, &path[0], depth) {
            Some(Target::Module(found)) => Some(self.descend(found, &path[1..], depth)),
            Some(Target::External(mut found)) => {
                found.extend_from_slice(&path[1..]);
                Some(Target::External(found))
            }
            Some(found) => Some(found),
            None => (path.len() > 1).then(|| Target::External(path.to_vec())),
        }
    }

    fn descend(&self, mut at: Vec<String>, path: &[String], depth: usize) -> Target {
        for (index, name) in path.iter().enumerate() {
            match self.look_up(&at, name, depth) {
                Some(Target::Module(found)) => at = found,
                Some(Target::External(mut found)) => {
                    found.extend_from_slice(&path[index + 1..]);
                    return Target::External(found);
                }
                Some(found) => return found,
                // Made by a macro.
                None => return self.modules.get(&at).map_or(Target::External(at), |module| Target::Item(module.file)),
            }
        }
        Target::Module(at)
    }

    fn look_up(&self, module: &[String], name: &str, depth: usize) -> Option<Target> {
        let found = self.modules.get(module)?;
        if found.children.contains(name) {
            return Some(Target::Module([module, &[name.to_owned()]].concat()));
        }
        if found.items.contains(name) {
            return Some(Target::Item(found.file));
        }
        if let Some(path) = found.imports.get(name) {
            // `use chrono;`, or an import of what another crate has under the same name.
            if path.first().is_some_and(|first| first == name) {
                return Some(Target::External(path.clone()));
            }
            return self.resolve(module, path, depth + 1);
        }
        let through_glob = |glob: &Vec<String>| match self.resolve(module, glob, depth + 1)? {
            Target::Module(from) if from != module => self.look_up(&from, name, depth + 1),
            _ => None,
        };
        if depth > 16 { None } else { found.globs.iter().find_map(through_glob) }
    }
}

/// Gathers modules, items, imports and paths of one file.
struct Collector<'a> {
    file: usize,
    module: Vec<String>,
    modules: &'a mut HashMap<Vec<String>, Module>,
    references: &'a mut Vec<Reference>,
}

impl Collector<'_> {
    fn module(&mut self) -> &mut Module {
        self.modules.entry(self.module.clone()).or_default()
    }

    fn refer(&mut self, path: Vec<String>, is_reexport: bool) {
        self.references.push(Reference { file: self.file, module: self.module.clone(), path, is_reexport });
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree, is_reexport: bool) {
        let joined = |name: String| [prefix, &[name]].concat();
        let (name, path) = match tree {
            UseTree::Path(path) => return self.import(&joined(path.ident.to_string()), &path.tree, is_reexport),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(prefix, tree, is_reexport));
            }
            UseTree::Glob(_) => {
                self.module().globs.push(prefix.to_vec());
                return self.refer(prefix.to_vec(), is_reexport);
            }
            UseTree::Name(name) if name.ident == "self" => (prefix.last().unwrap().clone(), prefix.to_vec()),
            UseTree::Name(name) => (name.ident.to_string(), joined(name.ident.to_string())),
            UseTree::Rename(name) if name.ident == "self" => (name.rename.to_string(), prefix.to_vec()),
            UseTree::Rename(name) => (name.rename.to_string(), joined(name.ident.to_string())),
        };
        self.module().imports.insert(name, path.clone());
        self.refer(path, is_reexport);
    }

    /// The paths in a macro's arguments: names joined by `::`, and not behind a dot.
    fn refer_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons, mut is_member) = (Vec::new(), 0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.finish(&mut path);
                    }
                    if !is_member || colons == 2 {
                        path.push(name.to_string());
                    }
                    (colons, is_member) = (0, false);
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Punct(mark) => {
                    self.finish(&mut path);
                    (colons, is_member) = (0, mark.as_char() == '.');
                }
                TokenTree::Group(group) => {
                    self.finish(&mut path);
                    (colons, is_member) = (0, false);
                    self.refer_tokens(group.stream());
                }
                TokenTree::Literal(_) => {
                    self.finish(&mut path);
                    (colons, is_member) = (0, false);
                }
            }
        }
        self.finish(&mut path);
    }

    fn finish(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        // A lone keyword is part of a visibility or of a declaration.
        if !matches!(path.iter().map(String::as_str).collect::<Vec<_>>()[..], [] | ["crate" | "self" | "super"]) {
            self.refer(path, false);
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test_only(attributes_of(item)) {
            return;
        }
        let name = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Macro(item) => item.ident.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.module().items.insert(name.to_string());
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !is_test_only(attributes_of_member(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module().children.insert(item.ident.to_string());
        let Some((_, items)) = &item.content else { return };
        self.module.push(item.ident.to_string());
        self.module().file = self.file;
        for item in items {
            self.visit_item(item);
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let start = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.import(&start, &item.tree, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_some() {
            names.insert(0, String::new());
        }
        self.refer(names, false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.refer_tokens(item.tokens.clone());
    }

    /// Attributes name no modules.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    /// `pub(in path)` and `pub(super)` use nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

#[test]
fn paths_lead_to_the_file_that_defines_the_name() {
    let graph = Graph::load();
    let file = |path: &str| graph.files.iter().position(|file| file.path == path).unwrap();
    let resolve = |module: &str, path: &str| {
        let split =
            |text: &str| text.split("::").filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect::<Vec<_>>();
        graph.resolve(&split(module), &split(path), 0)
    };
    let table = Some(Target::Item(file("domain/x509/pem.rs")));
    assert_eq!(resolve("files", "crate::domain::x509::pem::anything"), table);
    assert_eq!(resolve("domain::x509", "super::super::domain::x509::pem::anything"), table);
    assert_eq!(resolve("testing", "crate::cli::run"), Some(Target::Item(file("cli/mod.rs"))));
    assert_eq!(resolve("testing::cli", "run"), Some(Target::Item(file("cli/mod.rs"))));
    assert_eq!(resolve("domain", "crate::domain::x509"), Some(Target::Module(vec!["domain".into(), "x509".into()])));
    assert_eq!(
        resolve("domain", "std::fs::read"),
        Some(Target::External(vec!["std".into(), "fs".into(), "read".into()]))
    );
    assert_eq!(resolve("domain", "local"), None);
}
