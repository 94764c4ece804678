//! The files of the crate as a module tree, parsed, each marked as product code or test code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item};

/// One file of `src`.
pub(crate) struct SourceFile {
    /// Relative to `src`.
    pub(crate) path: String,
    /// Its module path, without `crate`.
    pub(crate) module: Vec<String>,
    pub(crate) syntax: syn::File,
    /// Declared below a `#[cfg(test)] mod …;`.
    pub(crate) is_test: bool,
}

impl SourceFile {
    /// `domain` for `domain/x509/pem.rs`, `main` for `main.rs`.
    pub(crate) fn top_module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The folder that it is in, empty for `lib.rs`.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// All files below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Every file that the library and the binary consist of, by following `mod` declarations from their roots.
pub(crate) fn load() -> Vec<SourceFile> {
    let mut files = Vec::new();
    load_module(Path::new("lib.rs"), &[], false, &mut files);
    load_module(Path::new("main.rs"), &["main".to_owned()], false, &mut files);
    files
}

/// The product's files, without those of test modules.
pub(crate) fn load_product() -> Vec<SourceFile> {
    load().into_iter().filter(|file| !file.is_test).collect()
}

fn load_module(path: &Path, module: &[String], is_test: bool, files: &mut Vec<SourceFile>) {
    let text = std::fs::read_to_string(root().join("src").join(path)).unwrap();
    let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_folder_root =
        matches!(path.file_name().and_then(|name| name.to_str()), Some("lib.rs" | "main.rs" | "mod.rs"));
    let folder = if is_folder_root { path.parent().unwrap().to_path_buf() } else { path.with_extension("") };
    let mut declared = Vec::new();
    collect_declarations(&syntax.items, &folder, module, is_test, &mut declared);
    files.push(SourceFile { path: path.to_str().unwrap().to_owned(), module: module.to_vec(), syntax, is_test });
    for (child_path, child_module, child_is_test) in declared {
        load_module(&child_path, &child_module, child_is_test, files);
    }
}

/// The `mod x;` of a file, also those in its inline modules, as (path, module, is test code).
fn collect_declarations(
    items: &[Item],
    folder: &Path,
    module: &[String],
    is_test: bool,
    declared: &mut Vec<(PathBuf, Vec<String>, bool)>,
) {
    for item in items {
        let Item::Mod(item) = item else { continue };
        let name = item.ident.to_string();
        let child = [module, std::slice::from_ref(&name)].concat();
        let is_test = is_test || is_test_only(&item.attrs);
        if let Some((_, items)) = &item.content {
            collect_declarations(items, &folder.join(&name), &child, is_test, declared);
        } else {
            let file = folder.join(&name).with_extension("rs");
            let is_file = root().join("src").join(&file).exists();
            declared.push((if is_file { file } else { folder.join(&name).join("mod.rs") }, child, is_test));
        }
    }
}

/// Whether an item is compiled for tests only: `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]`.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute.path().is_ident("test") {
            return true;
        }
        let Ok(list) = attribute.meta.require_list() else { return false };
        let condition = list.tokens.to_string().replace(' ', "");
        list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
    })
}

/// The attributes of an item of any kind.
pub(crate) fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The attributes of a member of an `impl`.
pub(crate) fn attributes_of_member(item: &syn::ImplItem) -> &[Attribute] {
    match item {
        syn::ImplItem::Const(item) => &item.attrs,
        syn::ImplItem::Fn(item) => &item.attrs,
        syn::ImplItem::Type(item) => &item.attrs,
        syn::ImplItem::Macro(item) => &item.attrs,
        _ => &[],
    }
}

#[test]
fn every_file_of_src_belongs_to_a_module() {
    let loaded: BTreeSet<_> = load().into_iter().map(|file| file.path).collect();
    let source = root().join("src");
    let paths = files_below(&source).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let present = paths.map(|path| path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned());
    let unused: Vec<_> = present.filter(|path| !loaded.contains(path)).collect();
    assert!(unused.is_empty(), "declared by no `mod`: {unused:?}");
}
