//! An issuance as a list of steps, each with the openssl and kubectl commands that do the same.

use std::path::Path;

use serde_yaml::Value;

use super::key_type::KeyType;
use super::order::{Grant, KeySource, KubeconfigTarget, Order, object_name};
use super::request::CLIENT_SIGNER;
use super::shell::quote;
use super::{commands, life, objects};

/// What stands in the YAML of a request that is not made yet.
const NOT_YET: &str = "REQUEST-IN-BASE64";

/// The steps of an issuance, in the order in which they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Private key and PKCS#10 request.
    Key,
    /// The `CertificateSigningRequest`.
    Request,
    /// Its approval.
    Approve,
    /// The certificate.
    Certificate,
    /// The Role.
    Role,
    /// The `RoleBinding`.
    Binding,
    /// User and context in a kubeconfig.
    Kubeconfig,
    /// Logging in with it.
    Proof,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// A few words: what is done.
    pub title: String,
    /// More about it. Not yet printable.
    pub lines: Vec<String>,
    /// The object, as YAML.
    pub yaml: Option<String>,
    /// The same by hand, a shell line each.
    pub commands: Vec<String>,
}

/// A whole issuance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is done, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The plan that carries out `order`.
    pub fn new(order: &Order) -> Self {
        let steps = [
            Some(key(order)),
            Some(request(order)),
            Some(approve(order)),
            Some(certificate(order)),
            role(order),
            binding(order),
            order.kubeconfig.as_ref().map(|target| kubeconfig(order, target)),
            order.kubeconfig.as_ref().map(|target| proof(order, target)),
        ];
        Self { steps: steps.into_iter().flatten().collect() }
    }

    /// All commands, one after the other: a shell script, whose `kubectl` has the flags of the one given.
    pub fn script(&self, kubectl: &str) -> Vec<String> {
        let title = |step: &Step| format!("# {}", step.title.replace('\n', " "));
        let lines = self.steps.iter().flat_map(|step| [title(step)].into_iter().chain(step.commands.clone()));
        commands::preamble(kubectl).into_iter().chain(lines).collect()
    }

    /// All objects as one YAML stream.
    pub fn yaml(&self) -> String {
        let objects: Vec<_> = self.steps.iter().filter_map(|step| step.yaml.clone()).collect();
        objects.join("---\n")
    }
}

/// The name of the files that the commands work on.
fn file(order: &Order, ending: &str) -> String {
    let name = object_name(&order.user);
    let name = if name.is_empty() { "user".to_owned() } else { name };
    quote(&format!("{name}.{ending}")).into_owned()
}

fn key(order: &Order) -> Step {
    let subject = subject(order);
    let (title, commands) = match &order.key {
        KeySource::New(kind) => (
            format!("key {kind}, request {subject}"),
            vec![
                "umask 077".to_owned(),
                openssl_key(*kind, &file(order, "key")),
                format!(
                    "openssl req -new -utf8 -key {} -subj {} -out {}",
                    file(order, "key"),
                    quote(&openssl_subject(order)),
                    file(order, "csr")
                ),
            ],
        ),
        KeySource::Existing(_) => {
            (format!("request {subject}, made by its owner"), vec![format!("# {} is at hand", file(order, "csr"))])
        }
    };
    Step { kind: StepKind::Key, title, lines: Vec::new(), yaml: None, commands }
}

fn subject(order: &Order) -> String {
    let groups = order.groups.iter().map(|group| format!("O={group}"));
    [format!("CN={}", order.user)].into_iter().chain(groups).collect::<Vec<_>>().join(" ")
}

/// `/CN=jane/O=dev`, with what `openssl req -subj` takes for signs of its own escaped.
fn openssl_subject(order: &Order) -> String {
    let escape = |value: &str| value.replace('\\', r"\\").replace('/', r"\/").replace('+', r"\+");
    let groups = order.groups.iter().map(|group| format!("/O={}", escape(group)));
    [format!("/CN={}", escape(&order.user))].into_iter().chain(groups).collect::<Vec<_>>().concat()
}

fn openssl_key(kind: KeyType, file: &str) -> String {
    match kind {
        KeyType::Rsa2048 => format!("openssl genrsa -out {file} 2048"),
        KeyType::Rsa3072 => format!("openssl genrsa -out {file} 3072"),
        KeyType::Rsa4096 => format!("openssl genrsa -out {file} 4096"),
        KeyType::EcdsaP256 => format!("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {file}"),
        KeyType::EcdsaP384 => format!("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out {file}"),
        KeyType::Ed25519 => format!("openssl genpkey -algorithm ed25519 -out {file}"),
    }
}

fn request(order: &Order) -> Step {
    let yaml = to_yaml("certificates.k8s.io/v1", "CertificateSigningRequest", &objects::csr(order, ""));
    let yaml = yaml.replace("request: ''", &format!("request: {NOT_YET}"));
    let life = life::human(order.expiration_seconds.into());
    let base64 = format!("$(base64 < {} | tr -d '\\n')", file(order, "csr"));
    let document = heredoc(&yaml).replace(NOT_YET, &base64);
    Step {
        kind: StepKind::Request,
        title: format!("CSR {}: {}, {life}", order.csr_name, order.usages.join(", ")),
        lines: if order.signer_name == CLIENT_SIGNER {
            Vec::new()
        } else {
            vec![format!("signer {}", order.signer_name)]
        },
        yaml: Some(yaml),
        commands: vec![format!("kubectl create -f - <<EOF\n{document}EOF")],
    }
}

/// A text as the body of `<<EOF`, where the shell still expands `$`, backquotes and backslashes.
fn heredoc(text: &str) -> String {
    text.replace('\\', r"\\").replace('$', r"\$").replace('`', r"\`")
}

fn approve(order: &Order) -> Step {
    Step {
        kind: StepKind::Approve,
        title: "approve it".to_owned(),
        lines: Vec::new(),
        yaml: None,
        commands: vec![commands::approve("kubectl", &order.csr_name)],
    }
}

fn certificate(order: &Order) -> Step {
    let name = quote(&order.csr_name);
    let target = order.certificate_file.as_deref().map(Path::display).map(|path| path.to_string());
    let to = target.as_deref().map_or_else(|| file(order, "crt"), |path| quote(path).into_owned());
    let title = match target {
        Some(path) => format!("certificate to {path}"),
        None => "certificate".to_owned(),
    };
    Step {
        kind: StepKind::Certificate,
        title,
        lines: Vec::new(),
        yaml: None,
        commands: vec![
            format!("kubectl wait csr {name} --for=jsonpath='{{.status.certificate}}' --timeout=60s"),
            format!("kubectl get csr {name} -o jsonpath='{{.status.certificate}}' | base64 -d > {to}"),
        ],
    }
}

fn role(order: &Order) -> Option<Step> {
    let Grant::NewRole { name, verbs, resources } = &order.grant else { return None };
    let command = format!(
        "kubectl create role {} --verb={} --resource={} --namespace={}",
        quote(name),
        quote(&verbs.join(",")),
        quote(&resources.join(",")),
        quote(&order.namespace)
    );
    Some(Step {
        kind: StepKind::Role,
        title: format!("Role {name} in {}", order.namespace),
        lines: vec![format!("{} {}", verbs.join(" "), resources.join(" "))],
        yaml: Some(to_yaml("rbac.authorization.k8s.io/v1", "Role", &objects::role(order)?)),
        commands: vec![command],
    })
}

fn binding(order: &Order) -> Option<Step> {
    let (flag, word) = match order.grant {
        Grant::ClusterRole(_) => ("--clusterrole", "cluster role"),
        _ => ("--role", "role"),
    };
    let role = order.role_name()?;
    let command = format!(
        "kubectl create rolebinding {} {flag}={} --user={} --namespace={}",
        quote(&order.binding_name),
        quote(role),
        quote(&order.user),
        quote(&order.namespace)
    );
    Some(Step {
        kind: StepKind::Binding,
        title: format!("RoleBinding {}", order.binding_name),
        lines: vec![format!("{word} {role} for user {}", order.user)],
        yaml: Some(to_yaml("rbac.authorization.k8s.io/v1", "RoleBinding", &objects::role_binding(order)?)),
        commands: vec![command],
    })
}

fn kubeconfig(order: &Order, target: &KubeconfigTarget) -> Step {
    let path = target.path.display().to_string();
    let file_flag = format!("--kubeconfig={}", quote(&path));
    let namespace = match order.namespace.as_str() {
        "default" => String::new(),
        other => format!(" --namespace={}", quote(other)),
    };
    let mut commands = if target.separate { vec![cluster(order, target, &file_flag)] } else { Vec::new() };
    commands.extend([
        format!(
            "kubectl config set-credentials {} --client-certificate={} --client-key={} --embed-certs=true {file_flag}",
            quote(&target.user),
            file(order, "crt"),
            file(order, "key")
        ),
        format!(
            "kubectl config set-context {} --cluster={} --user={}{namespace} {file_flag}",
            quote(&target.context),
            quote(&target.cluster),
            quote(&target.user)
        ),
    ]);
    let mut lines = vec![format!("user and context {} in {path}", target.context)];
    if target.switch {
        commands.push(format!("kubectl config use-context {} {file_flag}", quote(&target.context)));
        lines.push("and switch to it".to_owned());
    }
    Step { kind: StepKind::Kubeconfig, title: "kubeconfig".to_owned(), lines, yaml: None, commands }
}

/// The cluster entry for a file that has none: server and CA of the current context.
fn cluster(order: &Order, target: &KubeconfigTarget, file_flag: &str) -> String {
    let (name, ca) = (quote(&target.cluster), file(order, "ca"));
    let field = |name: &str| format!("-o jsonpath='{{.clusters[0].cluster.{name}}}'");
    let (server, data) = (field("server"), field("certificate-authority-data"));
    format!(
        "if ! kubectl config get-clusters {file_flag} 2>/dev/null | grep -qxF -e {name}; then\n\
         \x20 kubectl config view --minify --flatten --raw {data} | base64 -d > {ca}\n\
         \x20 kubectl config set-cluster {name} --server=\"$(kubectl config view --minify {server})\" \
         --certificate-authority={ca} --embed-certs=true {file_flag}\nfi"
    )
}

fn proof(order: &Order, target: &KubeconfigTarget) -> Step {
    let flags =
        format!("--kubeconfig={} --context={}", quote(&target.path.display().to_string()), quote(&target.context));
    Step {
        kind: StepKind::Proof,
        title: format!("log in as {} and show it", order.user),
        lines: Vec::new(),
        yaml: None,
        commands: vec![
            format!("kubectl {flags} auth whoami"),
            format!("kubectl {flags} auth can-i --list --namespace={}", quote(&order.namespace)),
        ],
    }
}

/// An object as people write it: apiVersion and kind first, no empty parts.
fn to_yaml<T: serde::Serialize>(api_version: &str, kind: &str, object: &T) -> String {
    let mut root = serde_yaml::Mapping::new();
    root.insert("apiVersion".into(), api_version.into());
    root.insert("kind".into(), kind.into());
    if let Ok(Value::Mapping(fields)) = serde_yaml::to_value(object) {
        root.extend(fields);
    }
    super::yaml::to_string(&root).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Surroundings;

    fn plan(user: &str) -> Plan {
        let around =
            Surroundings { namespace: "default".into(), cluster: "prod".into(), kubeconfig: "/k/config".into() };
        let mut order = Order::new(user, &around);
        order.groups = vec!["dev".into(), "qa".into()];
        Plan::new(&order)
    }

    #[test]
    fn the_default_plan_is_the_seven_steps_by_hand() {
        let script = plan("myuser").script("kubectl").join("\n");
        for line in [
            "openssl genrsa -out myuser.key 2048",
            "openssl req -new -utf8 -key myuser.key -subj /CN=myuser/O=dev/O=qa -out myuser.csr",
            "signerName: kubernetes.io/kube-apiserver-client",
            "expirationSeconds: 86400",
            "- client auth",
            "kubectl certificate approve myuser",
            "kubectl create role developer --verb=create,get,list,update,delete --resource=pods --namespace=default",
            "kubectl create rolebinding developer-binding-myuser --role=developer --user=myuser --namespace=default",
            "kubectl config set-context myuser --cluster=prod --user=myuser --kubeconfig=/k/config",
            "kubectl config use-context myuser --kubeconfig=/k/config",
        ] {
            assert!(script.contains(line), "{line}\n---\n{script}");
        }
    }

    #[test]
    fn a_hostile_name_is_data_in_every_command() {
        let script = plan("$(touch /tmp/x); `id` 'q' \\").script("kubectl").join("\n");
        let folder = tempfile::tempdir().unwrap();
        // Every program is replaced by one that does nothing: only what the shell itself would expand is left to run.
        let programs =
            "openssl() { :; }; kubectl() { :; }; base64() { :; }; touch() { echo touched; }; id() { echo touched; }\n";
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("{programs}{script}"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains("touched"), "{text}");
    }
}
