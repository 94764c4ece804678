//! The kubectl lines that do what the console does to a request.

use super::shell::quote;

/// Approves it.
pub fn approve(name: &str) -> String {
    format!("kubectl certificate approve {}", quote(name))
}

/// Denies it.
pub fn deny(name: &str) -> String {
    format!("kubectl certificate deny {}", quote(name))
}

/// Deletes it.
pub fn delete(name: &str) -> String {
    format!("kubectl delete csr {}", quote(name))
}

/// Prints its certificate.
pub fn export(name: &str) -> String {
    format!("kubectl get csr -o jsonpath='{{.status.certificate}}' {} | base64 -d", quote(name))
}

/// Everything that can be done to a request, a line each, with a word before it.
pub fn for_request(name: &str) -> Vec<String> {
    [
        ("look at it", format!("kubectl describe csr {}", quote(name))),
        ("as YAML", format!("kubectl get csr -o yaml {}", quote(name))),
        ("approve", approve(name)),
        ("deny", deny(name)),
        ("certificate", export(name)),
        ("delete", delete(name)),
    ]
    .into_iter()
    .flat_map(|(what, command)| [format!("# {what}"), command])
    .collect()
}
