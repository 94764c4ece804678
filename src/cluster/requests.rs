//! `CertificateSigningRequests`: read, make, decide, delete.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::{
    CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestStatus,
};
use kube::Api;
use kube::api::{DeleteParams, PostParams, Preconditions};

use super::{Cluster, ClusterError, segment};
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
        let api = self.requests_api();
        self.all_pages(&api).await
    }

    /// One request.
    ///
    /// # Errors
    /// [`ClusterError::Gone`] where there is none of that name, or why it cannot be read.
    pub async fn request(&self, name: &str) -> Result<CertificateSigningRequest, ClusterError> {
        self.call(self.requests_api().get(&segment(name))).await
    }

    /// Makes a request; with `dry_run` the server only says whether it would.
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

    /// Approves or denies exactly the version that was cleared, and gives back what the cluster says afterwards.
    ///
    /// # Errors
    /// [`ClusterError::Changed`] where it is another version by now, [`ClusterError::AlreadyDecided`], [`ClusterError::Gone`],
    /// [`ClusterError::Forbidden`] and the rest. Nothing has been written then.
    pub async fn decide(
        &self,
        clearance: &Clearance,
        decision: &Decision,
    ) -> Result<CertificateSigningRequest, ClusterError> {
        self.decide_once(clearance, decision).await?;
        self.request(&clearance.pin().name).await
    }

    /// [`Self::decide`] without reading the request again: how it stood right after.
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
        // Somebody was faster, or the answer was lost, or it was for a second try of what the first had done: look.
        let unsure = match &error {
            ClusterError::Unreachable { .. } | ClusterError::Timeout { .. } | ClusterError::Server { .. } => true,
            ClusterError::Conflict { .. } => self.pressure.count() != tries,
            _ => return Err(error),
        };
        let Ok(now) = self.request(&pin.name).await else { return Err(error) };
        if unsure && carries(&now, pin, &condition) {
            return Ok(Request::from_object(&now).state());
        }
        check(&now, pin)?;
        Err(error)
    }

    /// PUT, not PATCH: a patch of the list of conditions would replace those of others.
    async fn put_approval(&self, csr: &CertificateSigningRequest) -> Result<CertificateSigningRequest, ClusterError> {
        let name = csr.metadata.name.as_deref().unwrap_or_default();
        let api = self.requests_api();
        self.call(api.replace_subresource("approval", &segment(name), &PostParams::default(), csr)).await
    }

    /// Deletes exactly the version that was cleared.
    ///
    /// # Errors
    /// [`ClusterError::Changed`], [`ClusterError::Gone`], [`ClusterError::Forbidden`] and the rest.
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

/// Whether it is that object and carries exactly that condition: ours, by its words and its time.
fn carries(csr: &CertificateSigningRequest, pin: &RequestVersion, ours: &CertificateSigningRequestCondition) -> bool {
    let conditions = csr.status.as_ref().and_then(|status| status.conditions.as_ref());
    let same = |one: &CertificateSigningRequestCondition| {
        (&one.type_, &one.reason, &one.message, &one.last_update_time)
            == (&ours.type_, &ours.reason, &ours.message, &ours.last_update_time)
    };
    csr.metadata.uid.as_deref() == Some(&pin.uid) && conditions.is_some_and(|conditions| conditions.iter().any(same))
}

/// Is it undecided, and the version that was on the screen?
fn check(csr: &CertificateSigningRequest, pin: &RequestVersion) -> Result<(), ClusterError> {
    let request = Request::from_object(csr);
    if request.pin.uid != pin.uid {
        return Err(ClusterError::Gone {
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
