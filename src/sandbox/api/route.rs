//! What a request is about (`apiserver/pkg/endpoints/request/requestinfo.go`).

use http::Method;
use percent_encoding::percent_decode_str;

use super::query::Query;
use crate::domain::access::{Action, ResourceAction};

/// A request, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// About a resource, served here or not.
    Resource(ResourceAction),
    /// About a path.
    Path(String),
}

impl Route {
    /// Takes method, path and query apart; `None` for a path that is no text.
    pub fn of(method: &Method, path: &str, query: &Query) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?.into_owned();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let resource = match parts.as_slice() {
            ["api", "v1", rest @ ..] if !rest.is_empty() => resource("", rest),
            ["apis", group, "v1", rest @ ..] if !rest.is_empty() => resource(group, rest),
            _ => return Some(Self::Path(path)),
        };
        Some(Self::Resource(with_verb(resource, method, query)))
    }

    /// What RBAC is asked.
    pub fn action(&self, method: &Method) -> Action {
        match self {
            Self::Resource(action) => Action::Resource(action.clone()),
            Self::Path(path) => Action::Path { verb: method.as_str().to_lowercase(), path: path.clone() },
        }
    }
}

fn resource(group: &str, parts: &[&str]) -> ResourceAction {
    let (namespace, parts) = match parts {
        ["namespaces", name, "status" | "finalize"] | ["namespaces", name] => (*name, parts),
        ["namespaces", name, rest @ ..] => (*name, rest),
        _ => ("", parts),
    };
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    ResourceAction {
        verb: String::new(),
        group: group.to_owned(),
        resource: part(0).to_owned(),
        name: part(1).to_owned(),
        subresource: parts.get(2..).unwrap_or_default().join("/"),
        namespace: namespace.to_owned(),
    }
}

fn with_verb(mut action: ResourceAction, method: &Method, query: &Query) -> ResourceAction {
    let one = !action.name.is_empty();
    let verb = match *method {
        Method::GET | Method::HEAD if one => "get",
        Method::GET | Method::HEAD if query.watch => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if one => "delete",
        Method::DELETE => "deletecollection",
        _ => "",
    };
    verb.clone_into(&mut action.verb);
    // A list of one object by its name is allowed to whom that name is allowed.
    if let (false, Some(name)) = (one, &query.only_name) {
        action.name.clone_from(name);
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &Method, path: &str, query: &str) -> String {
        match Route::of(method, path, &Query::parse(query, method).unwrap()).unwrap() {
            Route::Path(path) => path,
            Route::Resource(a) => {
                format!("{} {}/{}/{} {} in {}", a.verb, a.group, a.resource, a.subresource, a.name, a.namespace)
            }
        }
    }

    #[test]
    fn paths_are_read_as_the_server_reads_them() {
        assert_eq!(told(&Method::GET, "/api/v1/pods", ""), "list /pods/  in ");
        assert_eq!(told(&Method::GET, "/api/v1/namespaces/dev/pods/x/log", ""), "get /pods/log x in dev");
        assert_eq!(told(&Method::GET, "/api/v1/namespaces/dev", ""), "get /namespaces/ dev in dev");
        assert_eq!(told(&Method::PUT, "/api/v1/namespaces/dev/finalize", ""), "update /namespaces/finalize dev in dev");
        let csr = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        assert_eq!(told(&Method::GET, csr, "watch=1"), "watch certificates.k8s.io/certificatesigningrequests/  in ");
        let one = "fieldSelector=metadata.name%3Dx";
        assert_eq!(told(&Method::GET, csr, one), "list certificates.k8s.io/certificatesigningrequests/ x in ");
        let odd = format!("{csr}/a%3Fb%20c/approval");
        assert_eq!(
            told(&Method::PATCH, &odd, ""),
            "patch certificates.k8s.io/certificatesigningrequests/approval a?b c in "
        );
        assert_eq!(told(&Method::GET, "/healthz", ""), "/healthz");
        assert_eq!(told(&Method::GET, "/api/v1", ""), "/api/v1");
    }
}
