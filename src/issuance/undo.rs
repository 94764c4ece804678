//! Takes back what an issuance made: its objects by their uid, its entries in the kubeconfig.

use k8s_openapi::api::rbac::v1::{Role, RoleBinding};

use super::journal::Journal;
use super::progress::Written;
use crate::cluster::{Cluster, Error};
use crate::domain::commands;
use crate::domain::kubeconfig::{Kind, Kubeconfig};
use crate::domain::order::KubeconfigTarget;
use crate::domain::request::Pin;
use crate::domain::shell::quote;
use crate::files;
use crate::trouble::Trouble;

/// Undoes an issuance, the last step first, and forgets it. An issued certificate stays valid until it expires.
///
/// # Errors
/// The first thing that could not be taken back; what was taken back before is gone.
pub async fn undo(cluster: &Cluster, journal: &Journal) -> Result<Vec<Written>, Trouble> {
    let mut done = Vec::new();
    let order = &journal.order;
    if let (true, Some(target)) = (journal.kubeconfig_written, order.kubeconfig.clone()) {
        done.push(written(
            target.path.display().to_string(),
            format!("kubectl config delete-context {}", quote(&target.context)),
        ));
        let previous = journal.previous_context.clone();
        let edited = tokio::task::spawn_blocking(move || {
            files::kubeconfig::edit(&target.path, |config| take_out(config, &target, previous.as_deref()))
        });
        edited.await.map_err(|_| Trouble::new("writing the kubeconfig was cut off"))??;
    }
    if let Some(uid) = &journal.binding_uid {
        cluster.delete::<RoleBinding>(&order.namespace, &order.binding_name, uid).await?;
        let command = format!(
            "{} delete rolebinding {} -n {}",
            cluster.kubectl,
            quote(&order.binding_name),
            quote(&order.namespace)
        );
        done.push(written(format!("rolebinding/{}", order.binding_name), command));
    }
    if let (Some(uid), Some(name)) = (&journal.role_uid, order.role_name()) {
        cluster.delete::<Role>(&order.namespace, name, uid).await?;
        let command = format!("{} delete role {} -n {}", cluster.kubectl, quote(name), quote(&order.namespace));
        done.push(written(format!("role/{name}"), command));
    }
    if let Some(uid) = &journal.csr_uid {
        delete_request(cluster, &order.csr_name, uid).await?;
        done.push(written(format!("csr/{}", order.csr_name), commands::delete(&cluster.kubectl, &order.csr_name)));
    }
    journal.remove()?;
    Ok(done)
}

async fn delete_request(cluster: &Cluster, name: &str, uid: &str) -> Result<(), Error> {
    match cluster.request(name).await {
        Ok(csr) if csr.metadata.uid.as_deref() == Some(uid) => match cluster.delete_request(&Pin::of(&csr)).await {
            Err(Error::Gone { .. }) => Ok(()),
            answer => answer,
        },
        Ok(_) | Err(Error::Gone { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// User and context go; the context that was current before is current again, unless somebody switched since.
fn take_out(config: &mut Kubeconfig, target: &KubeconfigTarget, previous: Option<&str>) {
    config.remove(Kind::Context, &target.context);
    config.remove(Kind::User, &target.user);
    if config.current_context() == Some(&target.context) {
        config.set_current_context(previous);
    }
}

fn written(object: String, command: String) -> Written {
    Written { what: "undo", object, outcome: Ok("taken back".to_owned()), command }
}
