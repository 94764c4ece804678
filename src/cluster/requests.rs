//! `CertificateSigningRequests`: read, make, decide, delete.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::{
    CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestStatus,
};
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams, Preconditions};

use super::{Cluster, Error, segment};
use crate::domain::request::{Pin, Request, State};
use crate::domain::time::to_k8s;

/// Objects a page of a list.
const PAGE: u32 = 500;

/// Approve or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Hand it out.
    Approve,
    /// Refuse it.
    Deny,
}

/// A decision, with what the condition will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which way.
    pub verb: Verb,
    /// One word for machines.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

impl Cluster {
    pub(super) fn requests_api(&self) -> Api<CertificateSigningRequest> {
        Api::all(self.client.clone())
    }

    /// All requests, read in pages.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn list_requests(&self) -> Result<Vec<CertificateSigningRequest>, Error> {
        let api = self.requests_api();
        let mut params = ListParams::default().limit(PAGE);
        let mut all = Vec::new();
        loop {
            let page = self.call(api.list(&params)).await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }

    /// One request.
    ///
    /// # Errors
    /// [`Error::Gone`] where there is none of that name, or why it cannot be read.
    pub async fn request(&self, name: &str) -> Result<CertificateSigningRequest, Error> {
        self.call(self.requests_api().get(&segment(name))).await
    }

    /// Makes a request; with `dry_run` the server only says whether it would.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Invalid`], [`Error::Forbidden`] and the rest.
    pub async fn create_request(
        &self,
        csr: &CertificateSigningRequest,
        dry_run: bool,
    ) -> Result<CertificateSigningRequest, Error> {
        self.writable()?;
        let params = PostParams { dry_run, ..PostParams::default() };
        self.call(self.requests_api().create(&params, csr)).await
    }

    /// Approves or denies exactly the version that `pin` names, and gives back what the cluster says afterwards.
    ///
    /// # Errors
    /// [`Error::Changed`] where it is another version by now, [`Error::AlreadyDecided`], [`Error::Gone`],
    /// [`Error::Forbidden`] and the rest. Nothing has been written then.
    pub async fn decide(&self, pin: &Pin, decision: &Decision) -> Result<CertificateSigningRequest, Error> {
        self.writable()?;
        let mut csr = self.request(&pin.name).await?;
        check(&csr, pin)?;
        let status = csr.status.get_or_insert_with(CertificateSigningRequestStatus::default);
        status.conditions.get_or_insert_with(Vec::new).push(condition(decision));
        match self.put_approval(&csr).await {
            Ok(_) => self.request(&pin.name).await,
            // Somebody was faster: say how it stands now.
            Err(Error::Conflict { message }) => {
                let now = self.request(&pin.name).await?;
                check(&now, pin)?;
                Err(Error::Conflict { message })
            }
            Err(error) => Err(error),
        }
    }

    /// PUT, not PATCH: a patch of the list of conditions would replace those of others.
    async fn put_approval(&self, csr: &CertificateSigningRequest) -> Result<CertificateSigningRequest, Error> {
        let name = csr.metadata.name.as_deref().unwrap_or_default();
        let api = self.requests_api();
        self.call(api.replace_subresource("approval", &segment(name), &PostParams::default(), csr)).await
    }

    /// Deletes exactly the version that `pin` names.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Gone`], [`Error::Forbidden`] and the rest.
    pub async fn delete_request(&self, pin: &Pin) -> Result<(), Error> {
        self.writable()?;
        let params = DeleteParams::default().preconditions(Preconditions {
            uid: Some(pin.uid.clone()),
            resource_version: Some(pin.resource_version.clone()),
        });
        match self.call(self.requests_api().delete(&segment(&pin.name), &params)).await {
            Ok(_) => Ok(()),
            Err(Error::Conflict { message }) => {
                check_version(&self.request(&pin.name).await?, pin)?;
                Err(Error::Conflict { message })
            }
            Err(error) => Err(error),
        }
    }
}

/// Is it undecided, and the version that was on the screen?
fn check(csr: &CertificateSigningRequest, pin: &Pin) -> Result<(), Error> {
    let request = Request::from_object(csr);
    if request.pin.uid != pin.uid {
        return Err(Error::Gone {
            what: format!("the request {} that was shown (another has its name now)", pin.name),
        });
    }
    match request.state() {
        State::Pending => check_version(csr, pin),
        how => Err(Error::AlreadyDecided { name: pin.name.clone(), how }),
    }
}

fn check_version(csr: &CertificateSigningRequest, pin: &Pin) -> Result<(), Error> {
    let request = Request::from_object(csr);
    if request.pin == *pin {
        return Ok(());
    }
    Err(Error::Changed { name: pin.name.clone(), now: request.state() })
}

fn condition(decision: &Decision) -> CertificateSigningRequestCondition {
    let kind = match decision.verb {
        Verb::Approve => "Approved",
        Verb::Deny => "Denied",
    };
    CertificateSigningRequestCondition {
        type_: kind.to_owned(),
        status: "True".to_owned(),
        reason: Some(decision.reason.clone()),
        message: Some(decision.message.clone()),
        last_update_time: to_k8s(Utc::now()),
        last_transition_time: None,
    }
}
