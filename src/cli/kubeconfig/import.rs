//! `countersign import` and `countersign trust`.

use std::path::Path;

use super::edits::Files;
use super::flags::{ImportFlags, TrustFlags};
use crate::cli::output::{CliError, print, tell};
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::kubeconfig::{EntryKind, Kubeconfig};
use crate::domain::text::printable;
use crate::files::imported::{self, Incomer};
use crate::files::kubeconfig;

impl Files<'_> {
    pub(crate) fn import(&self, flags: &ImportFlags) -> Result<(), CliError> {
        let incomer = Incomer::read(&flags.file, flags.embed_outside)?;
        for note in &incomer.notes {
            tell(&format!("note: {note}"));
        }
        for risk in &incomer.risks {
            tell(&format!("! {}", risk.text()));
        }
        let other = &incomer.config;
        let plan = |all: &Kubeconfigs| plan(all, other, flags);
        let planned = if flags.dry_run {
            plan(&kubeconfig::load_for_change(self.explicit)?).map_err(CliError::new)?
        } else {
            agreed(&incomer, flags)?;
            self.change(&flags.edit, |all| {
                let planned = plan(all)?;
                incomer.record(all, &planned)?;
                all.import(other, &planned);
                let current = other
                    .current_context()
                    .filter(|_| flags.switch)
                    .and_then(|name| planned.iter().find(|one| one.kind == EntryKind::Context && one.name == name));
                if let Some(context) = current {
                    all.make_current(&context.target);
                }
                Ok(planned)
            })?
        };
        let lines = planned.iter().flat_map(Incoming::lines).map(|line| printable(&line).into_owned());
        print(&lines.collect::<Vec<_>>().join("\n"))
    }

    pub(crate) fn trust(&self, flags: &TrustFlags) -> Result<(), CliError> {
        let all = kubeconfig::load(self.explicit)?;
        if all.get(EntryKind::Context, &flags.name).is_none() {
            return Err(CliError::new(format!("context {} not found", printable(&flags.name))));
        }
        let entries = imported::of_context(&all, &flags.name)?;
        if entries.is_empty() {
            return print(&format!("context {} needs no consent", printable(&flags.name)));
        }
        imported::trust(&entries)?;
        let what = entries.iter().flat_map(|one| &one.what).map(|what| format!("trusted: {}", printable(what)));
        print(&what.collect::<Vec<_>>().join("\n"))
    }
}

/// A kubeconfig with something dangerous in it comes in only with the flag that says so.
fn agreed(incomer: &Incomer, flags: &ImportFlags) -> Result<(), CliError> {
    if incomer.risks.is_empty() || flags.accept_risks {
        return Ok(());
    }
    let file = flags.file.display();
    let text = format!("{file} is not imported: it is dangerous for the reasons above");
    Err(CliError::refused(
        text,
        "If you know its sender and want this, --accept-risks imports it. Nothing was written.",
    ))
}

fn plan(all: &Kubeconfigs, other: &Kubeconfig, flags: &ImportFlags) -> Result<Vec<Incoming>, String> {
    let wanted = |kind: EntryKind, name: &str| {
        let named = flags.names.iter().find(|(of, old, _)| *of == kind && old == name);
        named.map(|(_, _, new)| new.clone())
    };
    if let Some((kind, old, _)) = flags.names.iter().find(|(kind, old, _)| !other.has(*kind, old)) {
        return Err(format!("{} has no {} {old}", flags.file.display(), kind.word()));
    }
    let stem = Path::new(&flags.file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    all.plan_import(other, &stem, &wanted)
}
