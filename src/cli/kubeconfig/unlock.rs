//! `countersign unlock`.

use std::time::Duration;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::validity;
use crate::operations::kubeconfig;

/// A lock younger than this may well be in use.
const YOUNG: Duration = Duration::from_secs(60);

/// Remove a kubeconfig's lock that a killed program left behind
#[derive(Debug, Args)]
pub(crate) struct UnlockFlags {
    /// Remove a lock that is younger than a minute too
    #[arg(long)]
    pub force: bool,
}

impl RunCommand for UnlockFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let target = session.global.target();
        target.kubeconfig_access(&[]).permit()?;
        let mut removed = 0;
        for found in kubeconfig::locks(target.kubeconfig.as_deref()) {
            let info = &found.info;
            let age = validity::age(i64::try_from(info.age.as_secs()).unwrap_or(i64::MAX));
            let name = info.lock.display();
            if info.is_held {
                return Err(CliError::refused(format!("{name} is held by a running countersign"), "Wait for it."));
            }
            if info.age < YOUNG && !self.force {
                let text = format!("{name} is only {age} old: a program may be writing");
                return Err(CliError::refused(text, "--force removes it all the same"));
            }
            found.remove()?;
            session.out.print(&format!("removed {name}, {age} old"))?;
            removed += 1;
        }
        if removed == 0 { session.out.print("there is no lock") } else { Ok(()) }
    }
}
