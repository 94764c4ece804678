//! The kubectl lines that do what the console does to a request.
//!
//! Each begins with `kubectl` and the flags that this program was started with, so that a line that is pasted means
//! the same cluster and the same user.

use super::shell::quote;

/// Approves it.
pub fn approve(kubectl: &str, name: &str) -> String {
    format!("{kubectl} certificate approve {}", quote(name))
}

/// Approves or denies many.
pub fn decide_all(kubectl: &str, verb: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| quote(name).to_string()).collect();
    format!("{kubectl} certificate {verb} {}", names.join(" "))
}

/// Denies it.
pub fn deny(kubectl: &str, name: &str) -> String {
    format!("{kubectl} certificate deny {}", quote(name))
}

/// Deletes it.
pub fn delete(kubectl: &str, name: &str) -> String {
    format!("{kubectl} delete csr {}", quote(name))
}

/// Prints its certificate.
pub fn export(kubectl: &str, name: &str) -> String {
    format!("{kubectl} get csr -o jsonpath='{{.status.certificate}}' {} | base64 -d", quote(name))
}

/// Everything that can be done to a request, a line each, with a word before it.
pub fn for_request(kubectl: &str, name: &str) -> Vec<String> {
    [
        ("look at it", format!("{kubectl} describe csr {}", quote(name))),
        ("as YAML", format!("{kubectl} get csr -o yaml {}", quote(name))),
        ("approve", approve(kubectl, name)),
        ("deny", deny(kubectl, name)),
        ("certificate", export(kubectl, name)),
        ("delete", delete(kubectl, name)),
    ]
    .into_iter()
    .flat_map(|(what, command)| [format!("# {what}"), command])
    .collect()
}

/// `kubectl` with flags, each a name and a value.
pub fn kubectl(flags: &[(&str, String)]) -> String {
    let flags = flags.iter().map(|(name, value)| format!(" --{name}={}", quote(value)));
    ["kubectl".to_owned()].into_iter().chain(flags).collect()
}

/// What a script needs at its top for its plain `kubectl` to mean that one with flags.
pub fn preamble(kubectl: &str) -> Option<String> {
    (kubectl != "kubectl").then(|| format!("kubectl() {{ command {kubectl} \"$@\"; }}"))
}
