//! The user's presets of roles, in the config folder.

use std::path::PathBuf;

use super::bounded;
use crate::domain::access::draft::Preset;

/// The folder: `$XDG_CONFIG_HOME/countersign/presets`, `~/.config/countersign/presets` by default (XDG Base Directory
/// Specification).
fn folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(super::folders::home().ok()?.join(".config")))?;
    Some(base.join("countersign/presets"))
}

/// Every `*.yaml` in it, by file name; and what is wrong with those that cannot be read. No folder, no presets.
pub(crate) fn read() -> (Vec<Preset>, Vec<String>) {
    let Some(entries) = folder().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Default::default() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"));
    paths.sort();
    let (mut presets, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let text = bounded::read_text(&path, bounded::SETTINGS).map_err(|error| error.to_string());
        match text.and_then(|text| Preset::read(&text)) {
            Ok(preset) => presets.push(preset),
            Err(why) => problems.push(format!("{}: {why}", path.display())),
        }
    }
    (presets, problems)
}
