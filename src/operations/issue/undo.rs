//! Undoes what an issuance made: its objects by their uid, its entries in the kubeconfig, the files that it made.
//!
//! What was only intended when the issuance was cut off is looked for: an object that is exactly what this issuance was
//! about to make, where there was none before, is its own.

use std::path::Path;

use k8s_openapi::api::rbac::v1::{Role, RoleBinding};

use crate::cluster::{Cluster, ClusterError};
use crate::domain::certificate::Certificate;
use crate::domain::gate::{self, Confirmation, WritePermit};
use crate::domain::issuance_request::{KeySource, KubeconfigTarget};
use crate::domain::kubeconfig::EntryKind;
use crate::domain::output::shell::{ShellCommand, ShellLine};
use crate::domain::request::{Pkcs10, RequestVersion};
use crate::domain::{commands, objects};
use crate::error::UserError;
use crate::files::kubeconfig::backups;
use crate::files::{self, atomic, bounded};
use crate::operations::issue::entries::{restore, take_context_out};
use crate::operations::issue::journal::Journal;
use crate::operations::issue::progress::WriteRecord;

/// Undoes an issuance, the last step first, and forgets it. An issued certificate stays valid until it expires.
///
/// # Errors
/// The first thing that could not be undone; what was undone before stays undone.
pub(crate) async fn undo(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &Journal,
) -> Result<Vec<WriteRecord>, UserError> {
    let mut done = Vec::new();
    kubeconfig(permit, journal, &mut done).await?;
    binding(cluster, permit, journal, &mut done).await?;
    role(cluster, permit, journal, &mut done).await?;
    certificate_file(permit, journal, &mut done)?;
    request(cluster, permit, journal, &mut done).await?;
    journal.remove()?;
    Ok(done)
}

/// User, context and the cluster that came with them; the file, where there was none before.
async fn kubeconfig(permit: WritePermit, journal: &Journal, done: &mut Vec<WriteRecord>) -> Result<(), UserError> {
    let Some(target) = journal.order.kubeconfig.clone() else { return Ok(()) };
    if !journal.kubeconfig_written && journal.intents.kubeconfig.is_none() {
        return Ok(());
    }
    let journal = journal.clone();
    let take_out = move || take_out(permit, &journal, &target).map(|was_there| (was_there, target));
    let taken = tokio::task::spawn_blocking(take_out);
    let (was_there, target) = taken.await.map_err(|_| UserError::new("writing the kubeconfig was cut off"))??;
    if was_there {
        let command = ShellCommand::new("kubectl config delete-context").operands([target.context.as_str()]).line();
        done.push(undone(target.path.display().to_string(), command));
    }
    Ok(())
}

/// Returns whether there was something to take out.
fn take_out(permit: WritePermit, journal: &Journal, target: &KubeconfigTarget) -> Result<bool, files::FileError> {
    let previous = journal.previous_context.as_deref();
    let mut was_there = false;
    let intent = journal.intents.kubeconfig.as_ref();
    files::kubeconfig::take_out(permit, &target.path, |config| {
        let Some(intent) = intent else {
            // A journal of an earlier version: it only says that both are there.
            was_there = true;
            take_context_out(config, target, previous);
            config.remove(EntryKind::User, &target.user);
            return files::kubeconfig::Rest::Keep;
        };
        was_there = intent.is_written(config, target);
        let rest = intent.take_out(config, target, previous);
        if was_there && intent.replaces {
            let backup = backups::newest(&target.path, |backup| intent.is_older(backup, target));
            if let Some(backup) = backup {
                restore(config, &backup, target);
            }
        }
        rest
    })?;
    let made_folder = intent.is_some_and(|intent| !intent.folder_existed && !target.path.exists());
    if let Some(folder) = target.path.parent().filter(|_| made_folder) {
        // It stays where something else is in it.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(was_there)
}

async fn binding(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &Journal,
    done: &mut Vec<WriteRecord>,
) -> Result<(), UserError> {
    let (namespace, name) = (&journal.order.namespace, &journal.order.binding_name);
    let uid = match (&journal.binding_uid, objects::role_binding(&journal.order)) {
        (Some(uid), _) => Some(uid.clone()),
        (None, Some(wanted)) if journal.intents.binding => {
            let there = cluster.find::<RoleBinding>(namespace, name).await?;
            let same = |there: &RoleBinding| there.role_ref == wanted.role_ref && there.subjects == wanted.subjects;
            there.filter(same).and_then(|there| there.metadata.uid)
        }
        _ => None,
    };
    let Some(uid) = uid else { return Ok(()) };
    cluster.delete::<RoleBinding>(permit, namespace, name, &uid).await?;
    let command = cluster.kubectl.command("delete rolebinding").flag("namespace", namespace);
    done.push(undone(format!("rolebinding/{name}"), command.operands([name.as_str()]).line()));
    Ok(())
}

async fn role(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &Journal,
    done: &mut Vec<WriteRecord>,
) -> Result<(), UserError> {
    let namespace = &journal.order.namespace;
    let Some(name) = journal.order.role_name() else { return Ok(()) };
    let uid = match (&journal.role_uid, objects::role(&journal.order)) {
        (Some(uid), _) => Some(uid.clone()),
        (None, Some(wanted)) if journal.intents.role => {
            let there = cluster.find::<Role>(namespace, name).await?;
            there.filter(|there| there.rules == wanted.rules).and_then(|there| there.metadata.uid)
        }
        _ => None,
    };
    let Some(uid) = uid else { return Ok(()) };
    cluster.delete::<Role>(permit, namespace, name, &uid).await?;
    let command = cluster.kubectl.command("delete role").flag("namespace", namespace);
    done.push(undone(format!("role/{name}"), command.operands([name]).line()));
    Ok(())
}

/// The certificate's file, if it is still the certificate of this issuance's request.
fn certificate_file(_permit: WritePermit, journal: &Journal, done: &mut Vec<WriteRecord>) -> Result<(), UserError> {
    let Some(path) = journal.order.certificate_file.as_deref().filter(|_| journal.intents.certificate) else {
        return Ok(());
    };
    files::unfinished::remove_all(path);
    // The file of a removal that was cut off is gone already.
    let kept = journal.request().or_else(|| match &journal.order.key {
        KeySource::Existing(pem) => Some(pem.clone()),
        KeySource::New(_) => None,
    });
    let request = kept.and_then(|pem| Pkcs10::from_pem(pem.as_bytes()).ok());
    let is_ours = request.is_some_and(|request| public_key_in(path).as_deref() == Some(request.key.sha256.as_str()));
    if is_ours {
        atomic::remove(path)?;
        let path_text = path.display().to_string();
        let command = ShellCommand::new("rm").operands([path_text.as_str()]).line();
        done.push(undone(path_text, command));
    }
    Ok(())
}

fn public_key_in(path: &Path) -> Option<String> {
    let pem = bounded::read(path, bounded::CREDENTIAL).ok()?;
    Certificate::from_pem(&pem).ok().map(|certificate| certificate.public_key_sha256)
}

async fn request(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &Journal,
    done: &mut Vec<WriteRecord>,
) -> Result<(), UserError> {
    let name = &journal.order.csr_name;
    // Before it is intended, nothing was made; one of the same name that is there is another's.
    if !journal.intents.request && journal.csr_uid.is_none() {
        return Ok(());
    }
    let there = match cluster.request(name).await {
        Ok(there) => there,
        Err(ClusterError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let is_ours = match &journal.csr_uid {
        Some(uid) => there.metadata.uid.as_ref() == Some(uid),
        None => journal.request().is_some_and(|pem| there.spec.request.0 == pem.as_bytes()),
    };
    if !is_ours {
        return Ok(());
    }
    // What this issuance made is confirmed by asking for the undo, whatever version it is now.
    let deletion = gate::delete(permit, &RequestVersion::of(&there), true, &Confirmation::flags(&[]))
        .map_err(|refusal| UserError::new(refusal.to_string()))?;
    match cluster.delete_request(&deletion).await {
        Ok(()) | Err(ClusterError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    done.push(undone(format!("csr/{name}"), commands::delete(&cluster.kubectl, name)));
    Ok(())
}

fn undone(object: String, command: ShellLine) -> WriteRecord {
    WriteRecord { what: "undo", object, outcome: Ok("taken back".to_owned()), command }
}
