//! `countersign deny`.

use clap::Args;

use super::decision::{self, DecisionFlags};
use super::error::CliError;
use super::session::{CliSession, RunCommand};
use crate::cluster::Verb;
use crate::domain::gate::{self, Confirmation};
use crate::domain::request::Request;

/// Deny requests
#[derive(Debug, Args)]
pub(crate) struct DenyFlags {
    #[command(flatten)]
    pub common: DecisionFlags,
}

impl RunCommand for DenyFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let permit = cluster.permit()?;
        let requests = decision::read(&cluster, &self.common.names).await?;
        let clear = |request: &Request| gate::deny(permit, &request.pin, true, &Confirmation::flags(&[]));
        let cleared = requests.iter().map(clear).collect::<Result<Vec<_>, _>>()?;
        decision::decide(session.out, &cluster, &requests, &cleared, &self.common, Verb::Deny).await
    }
}
