//! `countersign import`.

use std::path::PathBuf;

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::text::printable;
use crate::files::imported::Incomer;
use crate::files::kubeconfig;
use crate::operations::kubeconfig::{Import, Renaming};

/// Bring another kubeconfig in; what clashes comes in under another name, what is dangerous is shown first
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub(crate) struct ImportFlags {
    /// The kubeconfig to bring in
    pub file: PathBuf,
    /// A name of one's own: context/OLD=NEW, cluster/OLD=NEW or user/OLD=NEW; can be repeated
    #[arg(long = "name", value_name = "KIND/OLD=NEW", value_parser = parse_renaming)]
    pub names: Vec<Renaming>,
    /// Make the imported current context the current one here
    #[arg(long = "use")]
    pub switch: bool,
    /// Say what would come in, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import although it runs programs, names files, or does not verify its server, as an import without this says
    #[arg(long)]
    pub accept_risks: bool,
    /// Embed certificates and keys from outside of the folder of FILE, too
    #[arg(long)]
    pub embed_outside: bool,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for ImportFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let import = Import::read(&self.file, self.embed_outside)?.renamed(&self.names).make_current(self.switch);
        for note in &import.incomer.notes {
            session.out.print_note(&format!("note: {note}"));
        }
        for risk in &import.incomer.risks {
            session.out.print_note(&format!("! {}", risk.text()));
        }
        let editor = Editor::new(session, &self.edit, &[]);
        let imported = if self.dry_run {
            import.preview(&kubeconfig::load_for_change(session.global.kubeconfig.as_deref())?)?
        } else {
            check_consent(&import.incomer, self)?;
            editor.report(editor.writer()?.import(&import))?
        };
        let lines = imported.iter().flat_map(Incoming::lines).map(|line| printable(&line).into_owned());
        session.out.print(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// A kubeconfig with something dangerous in it comes in only with the flag that says so.
fn check_consent(incomer: &Incomer, flags: &ImportFlags) -> Result<(), CliError> {
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

fn parse_renaming(text: &str) -> Result<Renaming, String> {
    let wrong = || "such as context/admin@kubernetes=prod".to_owned();
    let (kind, names) = text.split_once('/').ok_or_else(wrong)?;
    let (old, new) = names.split_once('=').ok_or_else(wrong)?;
    let kind = [EntryKind::Context, EntryKind::Cluster, EntryKind::User].into_iter().find(|known| known.word() == kind);
    Ok((kind.ok_or_else(wrong)?, old.to_owned(), new.to_owned()))
}
