//! Credentials from a token file or a login program (client-go's credential plugins), both read within limits.
//!
//! kube reads a program's output and a token file without limits, so it gets neither: the header is added here.

mod program;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use kube::config::{AuthInfo, ExecConfig};
use tokio::sync::Mutex;
use tower::{BoxError, Layer, Service};
use zeroize::Zeroizing;

use super::Error;
use crate::files::bounded;
pub use program::{Credential, Failed};

/// How often a token file is read again, as in client-go.
const REREAD: Duration = Duration::from_secs(60);
/// How long before it expires a token is replaced.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

impl Failed {
    /// The failure of a login in an error of kube.
    pub(super) fn of(error: &kube::Error) -> Option<&Self> {
        match error {
            kube::Error::Service(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

/// The source of the token.
#[derive(Debug)]
enum Source {
    File(PathBuf),
    Program(Box<ExecConfig>),
}

/// A token, and when it is replaced.
#[derive(Debug)]
struct Known {
    header: HeaderValue,
    /// `None`: never.
    until: Option<DateTime<Utc>>,
}

/// Adds the token to every request.
#[derive(Debug)]
pub(super) struct Login {
    source: Source,
    known: Mutex<Known>,
}

/// Moves token file and login program from kube's configuration to the returned layer. A certificate that a program
/// returns becomes part of the configuration.
///
/// # Errors
/// [`Error::Config`].
pub(super) async fn prepare(user: &mut AuthInfo) -> Result<LoginLayer, Error> {
    let other =
        user.auth_provider.is_some() || user.token.is_some() || (user.username.is_some() && user.password.is_some());
    let (file, program) = (user.token_file.take(), user.exec.take());
    if other {
        return Ok(LoginLayer(None));
    }
    if let Some(path) = file.filter(|path| !path.is_empty()).map(PathBuf::from) {
        let header = from_file(&path).map_err(|why| Error::Config(format!("tokenFile: {}: {why}", path.display())))?;
        let until = Some(Utc::now() + REREAD);
        return Ok(LoginLayer(Some(Arc::new(Login {
            source: Source::File(path),
            known: Known { header, until }.into(),
        }))));
    }
    let Some(program) = program else { return Ok(LoginLayer(None)) };
    let failed = |failed: Failed| Error::Config(failed.about(program.command.as_deref()));
    let credential = ran(program.clone()).await.map_err(failed)?;
    if let (Some(certificate), Some(key)) = (&credential.certificate, &credential.key) {
        user.client_certificate_data = Some(STANDARD.encode(certificate));
        user.client_key_data = Some(STANDARD.encode(key.as_bytes()).into());
    }
    let known = known(&credential).map_err(failed)?;
    let login = known.map(|known| Login { source: Source::Program(program.into()), known: known.into() });
    Ok(LoginLayer(login.map(Arc::new)))
}

async fn ran(program: ExecConfig) -> Result<Credential, Failed> {
    let ran = tokio::task::spawn_blocking(move || program::run(&program));
    ran.await.unwrap_or(Err(Failed::Unreadable))
}

fn known(credential: &Credential) -> Result<Option<Known>, Failed> {
    let Some(token) = &credential.token else { return Ok(None) };
    let until = credential.expires.map(|at| at - MARGIN);
    Ok(Some(Known { header: header(token)?, until }))
}

fn from_file(path: &Path) -> Result<HeaderValue, String> {
    let token = bounded::read_text(path, bounded::CREDENTIAL).map(Zeroizing::new).map_err(|error| error.to_string())?;
    header(token.trim()).map_err(|failed| failed.to_string())
}

fn header(token: &str) -> Result<HeaderValue, Failed> {
    let text = Zeroizing::new(format!("Bearer {token}"));
    let mut header = HeaderValue::from_str(&text).map_err(|_| Failed::Token)?;
    header.set_sensitive(true);
    Ok(header)
}

impl Login {
    async fn header(&self) -> Result<HeaderValue, Failed> {
        let mut known = self.known.lock().await;
        if known.until.is_none_or(|until| Utc::now() < until) {
            return Ok(known.header.clone());
        }
        match &self.source {
            Source::File(path) => {
                // A file that cannot be read any more leaves the last token in use, as in client-go.
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || from_file(&path)).await;
                if let Ok(Ok(header)) = read {
                    known.header = header;
                }
                known.until = Some(Utc::now() + REREAD);
            }
            Source::Program(program) => {
                let credential = ran((**program).clone()).await?;
                *known = self::known(&credential)?.ok_or(Failed::Nothing)?;
            }
        }
        Ok(known.header.clone())
    }
}

/// The layer that adds the token, if there is one to add.
#[derive(Debug, Clone)]
pub(super) struct LoginLayer(Option<Arc<Login>>);

impl<S> Layer<S> for LoginLayer {
    type Service = LoggedIn<S>;

    fn layer(&self, inner: S) -> LoggedIn<S> {
        LoggedIn { inner, login: self.0.clone() }
    }
}

/// A client that sends the token.
#[derive(Debug, Clone)]
pub(super) struct LoggedIn<S> {
    inner: S,
    login: Option<Arc<Login>>,
}

impl<S, A> Service<Request<A>> for LoggedIn<S>
where
    S: Service<Request<A>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    A: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let Some(login) = self.login.clone() else {
            return self.inner.call(request).map(|done| done.map_err(Into::into)).boxed();
        };
        // The service that is ready is the one to call.
        let another = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, another);
        async move {
            request.headers_mut().insert(AUTHORIZATION, login.header().await?);
            ready.call(request).await.map_err(Into::into)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn trims_a_token_file_and_rejects_anything_but_a_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "abc\n").unwrap();
        let mut user = AuthInfo { token_file: Some(path.display().to_string()), ..AuthInfo::default() };
        let LoginLayer(login) = prepare(&mut user).await.unwrap();
        assert_eq!(login.unwrap().header().await.unwrap(), "Bearer abc");
        assert!(user.token_file.is_none(), "kube must not read it, too");
        let mut user = AuthInfo { token_file: Some("/dev/zero".to_owned()), ..AuthInfo::default() };
        let error = prepare(&mut user).await.unwrap_err().to_string();
        assert_eq!(error, "kubeconfig: tokenFile: /dev/zero: not a regular file but a device");
    }

    #[tokio::test]
    async fn rereads_a_token_file_and_keeps_the_last_token_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "old").unwrap();
        let mut user = AuthInfo { token_file: Some(path.display().to_string()), ..AuthInfo::default() };
        let login = prepare(&mut user).await.unwrap().0.unwrap();
        std::fs::write(&path, "new").unwrap();
        assert_eq!(login.header().await.unwrap(), "Bearer old");
        login.known.lock().await.until = Some(Utc::now());
        assert_eq!(login.header().await.unwrap(), "Bearer new");
        std::fs::remove_file(&path).unwrap();
        login.known.lock().await.until = Some(Utc::now());
        assert_eq!(login.header().await.unwrap(), "Bearer new");
    }
}
