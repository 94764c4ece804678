//! `CertificateSigningRequests`: read, create, decide, delete.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::{
    CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestStatus,
};
use kube::Api;
use kube::api::{DeleteParams, PostParams, Preconditions};

use super::client::{Cluster, segment};
use super::error::ClusterError;
use crate::cluster::list_reader::ListReader;
use crate::domain::decision::Decision;
use crate::domain::gate::{Clearance, Deletion, Verb, WritePermit};
use crate::domain::request::{Request, RequestState, RequestVersion};
use crate::domain::time::to_k8s;

impl Cluster {
    pub(super) fn requests_api(&self) -> Api<CertificateSigningRequest> {
        Api::all(self.client.clone())
    }

    /// All requests, as a list reads them: their signatures are not checked (see [`crate::domain::request::Pkcs10::decode_unverified`]).
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn read_requests(&self) -> Result<Vec<Request>, ClusterError> {
        let (mut pages, mut all) = (ListReader::new(self.client.clone()), Vec::new());
        while let Some(request) = self.call(pages.next()).await? {
            all.push(*request);
        }
        Ok(all)
    }

    /// All requests as whole objects.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub async fn list_requests(&self) -> Result<Vec<CertificateSigningRequest>, ClusterError> {
        self.list_all().await
    }

    /// One request.
    ///
    /// # Errors
    /// [`ClusterError::NotFound`] where there is none of that name, or why it cannot be read.
    pub async fn request(&self, name: &str) -> Result<CertificateSigningRequest, ClusterError> {
        self.call(self.requests_api().get(&segment(name))).await
    }

    /// Creates a request; with `dry_run` the server only validates it.
    ///
    /// # Errors
    /// [`ClusterError::AlreadyExists`], [`ClusterError::Invalid`], [`ClusterError::Forbidden`] and the rest.
    pub async fn create_request(
        &self,
        _permit: WritePermit,
        csr: &CertificateSigningRequest,
        dry_run: bool,
    ) -> Result<CertificateSigningRequest, ClusterError> {
        self.writable()?;
        let params = PostParams { dry_run, ..PostParams::default() };
        self.call(self.requests_api().create(&params, csr)).await
    }

    /// Approves or denies exactly the version that was cleared, and returns the request as it is afterwards.
    ///
    /// # Errors
    /// [`ClusterError::Changed`] if the version has changed, [`ClusterError::AlreadyDecided`], [`ClusterError::NotFound`],
    /// [`ClusterError::Forbidden`] and the rest. Nothing has been written then.
    pub async fn decide(
        &self,
        clearance: &Clearance,
        decision: &Decision,
    ) -> Result<CertificateSigningRequest, ClusterError> {
        self.decide_once(clearance, decision).await?;
        self.request(&clearance.pin().name).await
    }

    /// [`Self::decide`] without reading the request again; returns its state right after.
    pub(super) async fn decide_once(
        &self,
        clearance: &Clearance,
        decision: &Decision,
    ) -> Result<RequestState, ClusterError> {
        self.writable()?;
        let pin = clearance.pin();
        let mut csr = self.request(&pin.name).await?;
        check(&csr, pin)?;
        let condition = condition(clearance.verb(), decision);
        let status = csr.status.get_or_insert_with(CertificateSigningRequestStatus::default);
        status.conditions.get_or_insert_with(Vec::new).push(condition.clone());
        let tries = self.pressure.count();
        let error = match self.put_approval(&csr).await {
            Ok(now) => return Ok(Request::from_object(&now).state()),
            Err(error) => error,
        };
        // Another user decided first, or the response was lost, or a retry conflicts with the write of the first attempt:
        // read the request.
        let may_be_written = match &error {
            ClusterError::Unreachable { .. } | ClusterError::Timeout { .. } | ClusterError::Server { .. } => true,
            ClusterError::Conflict { .. } => self.pressure.count() != tries,
            _ => return Err(error),
        };
        let Ok(now) = self.request(&pin.name).await else { return Err(error) };
        if may_be_written && has_condition(&now, pin, &condition) {
            return Ok(Request::from_object(&now).state());
        }
        check(&now, pin)?;
        Err(error)
    }

    /// PUT, not PATCH: a patch of the list of conditions would replace those of other clients.
    async fn put_approval(&self, csr: &CertificateSigningRequest) -> Result<CertificateSigningRequest, ClusterError> {
        let name = csr.metadata.name.as_deref().unwrap_or_default();
        let api = self.requests_api();
        self.call(api.replace_subresource("approval", &segment(name), &PostParams::default(), csr)).await
    }

    /// Deletes exactly the version that was cleared.
    ///
    /// # Errors
    /// [`ClusterError::Changed`], [`ClusterError::NotFound`], [`ClusterError::Forbidden`] and the rest.
    pub async fn delete_request(&self, deletion: &Deletion) -> Result<(), ClusterError> {
        self.writable()?;
        let pin = deletion.pin();
        let params = DeleteParams::default().preconditions(Preconditions {
            uid: Some(pin.uid.clone()),
            resource_version: Some(pin.resource_version.clone()),
        });
        match self.call(self.requests_api().delete(&segment(&pin.name), &params)).await {
            Ok(_) => Ok(()),
            Err(ClusterError::Conflict { message }) => {
                check_version(&self.request(&pin.name).await?, pin)?;
                Err(ClusterError::Conflict { message })
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether it is the same object and carries exactly our condition: same reason, message and time.
fn has_condition(
    csr: &CertificateSigningRequest,
    pin: &RequestVersion,
    ours: &CertificateSigningRequestCondition,
) -> bool {
    let conditions = csr.status.as_ref().and_then(|status| status.conditions.as_ref());
    let same = |one: &CertificateSigningRequestCondition| {
        (&one.type_, &one.reason, &one.message, &one.last_update_time)
            == (&ours.type_, &ours.reason, &ours.message, &ours.last_update_time)
    };
    csr.metadata.uid.as_deref() == Some(&pin.uid) && conditions.is_some_and(|conditions| conditions.iter().any(same))
}

/// Checks that the request is undecided and still the version that was shown.
fn check(csr: &CertificateSigningRequest, pin: &RequestVersion) -> Result<(), ClusterError> {
    let request = Request::from_object(csr);
    if request.pin.uid != pin.uid {
        return Err(ClusterError::NotFound {
            what: format!("the request {} that was shown (another has its name now)", pin.name),
        });
    }
    match request.state() {
        RequestState::Pending => check_version(csr, pin),
        how => Err(ClusterError::AlreadyDecided { name: pin.name.clone(), how }),
    }
}

fn check_version(csr: &CertificateSigningRequest, pin: &RequestVersion) -> Result<(), ClusterError> {
    let request = Request::from_object(csr);
    if request.pin == *pin {
        return Ok(());
    }
    Err(ClusterError::Changed { name: pin.name.clone(), now: request.state() })
}

fn condition(verb: Verb, decision: &Decision) -> CertificateSigningRequestCondition {
    let kind = match verb {
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
