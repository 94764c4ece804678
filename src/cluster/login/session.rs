//! Sending requests with credentials, and once more with new ones where the server does not accept them.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use kube::client::Body;
use tower::{BoxError, Service};

use super::credential::Credential;
use super::prompt::Prompt;
use super::provider::{InUse, Provider};
use crate::cluster::transport::{Received, Transport};

/// A client of one server as one user.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct Session {
    provider: Arc<Provider>,
    transport: Transport,
    prompt: Prompt,
    _in_use: Arc<InUse>,
}

impl Session {
    /// Sends over `transport` with what `provider` gives; `prompt` is who login programs may ask later on.
    pub(crate) fn new(provider: Arc<Provider>, transport: Transport, prompt: Prompt) -> Self {
        let in_use = provider.in_use();
        Self { provider, transport, prompt, _in_use: in_use }
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Received>, BoxError> {
        let credential = self.provider.credential(&self.prompt).await?;
        let again = copy(&request);
        let response = self.send_with(request, &credential).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            self.provider.accepted();
            return Ok(response);
        }
        let renewed = self.provider.rejected(&credential, &self.prompt).await?;
        // A request that was refused with 401 has had no effect.
        let (Some(credential), Some(request)) = (renewed, again) else { return Ok(response) };
        drop(response);
        let response = self.send_with(request, &credential).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.provider.still_rejected();
        } else {
            self.provider.accepted();
        }
        Ok(response)
    }

    async fn send_with(
        &self,
        mut request: Request<Body>,
        credential: &Credential,
    ) -> Result<Response<Received>, BoxError> {
        if let Some(authorization) = &credential.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        self.transport.send(request, credential.certificate.as_ref()).await
    }
}

/// The same request, where its body can be sent twice.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    Some(copy)
}

impl Service<Request<Body>> for Session {
    type Response = Response<Received>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Received>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let session = self.clone();
        async move { session.send(request).await }.boxed()
    }
}
