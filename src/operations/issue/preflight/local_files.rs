//! Checks of the files that an issuance writes.

use super::report::{PreflightReport, Severity};
use crate::domain::issuance_request::IssuanceRequest;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::plan::StepKind;
use crate::files;

/// An existing file is never replaced by a certificate.
pub(super) fn certificate_file(order: &IssuanceRequest, report: &mut PreflightReport) {
    if let Some(path) = order.certificate_file.as_ref().filter(|path| path.exists()) {
        let text = format!("{} exists already: take another name", path.display());
        report.add(StepKind::Certificate, Severity::Problem, text);
    }
}

/// The kubeconfig: its entries, comments and current context.
pub(super) fn kubeconfig(order: &IssuanceRequest, report: &mut PreflightReport) {
    let step = StepKind::Kubeconfig;
    let Some(target) = &order.kubeconfig else { return };
    let config = match files::kubeconfig::read(&target.path) {
        Ok(config) => config,
        Err(error) => return report.add(step, Severity::Problem, error.to_string()),
    };
    let path = target.path.display();
    for (kind, name) in [(EntryKind::User, &target.user), (EntryKind::Context, &target.context)] {
        if config.get(kind, name).is_some() {
            let (weight, what) = if target.overwrite {
                (Severity::Notice, "it will be replaced; the backup keeps it")
            } else {
                (Severity::Problem, "take another name or another file")
            };
            report.add(step, weight, format!("{path} has a {} {name} already: {what}", kind.word()));
        }
    }
    if files::kubeconfig::has_comments(&target.path) {
        report.add(step, Severity::Notice, format!("the comments in {path} are lost; its backup keeps them"));
    }
    if target.switch
        && let Some(current) = config.current_context().filter(|current| *current != target.context)
    {
        report.add(
            step,
            Severity::Notice,
            format!("kubectl's current context changes from {current} to {}", target.context),
        );
    }
}
