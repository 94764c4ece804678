//! An issuance as a list of steps, each with the openssl and kubectl commands that do the same.

use std::path::Path;

use serde_yaml::Value;

use super::key_type::KeyType;
use super::output::shell::{Kubectl, ShellCommand, ShellLine};
use super::request::CLIENT_SIGNER;
use super::{commands, objects};
use crate::domain::issuance_request::{Grant, IssuanceRequest, KeySource, KubeconfigTarget, object_name};
use crate::domain::validity;

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

impl StepKind {
    /// The word in front of a note on the step.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Key => "Key",
            Self::Request => "Request",
            Self::Approve => "Approve",
            Self::Certificate => "Certificate",
            Self::Role => "Role",
            Self::Binding => "Binding",
            Self::Kubeconfig => "Kubeconfig",
            Self::Proof => "Proof",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// Which.
    pub kind: StepKind,
    /// A few words: what is done.
    pub title: String,
    /// More about it. Not yet printable.
    pub lines: Vec<String>,
    /// The object, as YAML.
    pub yaml: Option<String>,
}

/// A whole issuance.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is done, in order.
    pub steps: Vec<PlanStep>,
    order: IssuanceRequest,
}

impl Plan {
    /// The plan that carries out `order`.
    pub fn new(order: &IssuanceRequest) -> Self {
        let steps = [
            Some(key(order)),
            Some(request(order)),
            Some(approve()),
            Some(certificate(order)),
            role(order),
            binding(order),
            order.kubeconfig.as_ref().map(kubeconfig),
            order.kubeconfig.as_ref().map(|_| proof(order)),
        ];
        Self { steps: steps.into_iter().flatten().collect(), order: order.clone() }
    }

    /// The openssl and kubectl commands that do a step.
    pub(crate) fn commands(&self, kind: StepKind, kubectl: &Kubectl) -> Vec<ShellLine> {
        let order = &self.order;
        match (kind, &order.kubeconfig) {
            (StepKind::Key, _) => key_commands(order),
            (StepKind::Request, _) => vec![request_command(order, kubectl)],
            (StepKind::Approve, _) => vec![commands::approve(kubectl, &order.csr_name)],
            (StepKind::Certificate, _) => certificate_commands(order, kubectl),
            (StepKind::Role, _) => role_command(order, kubectl).into_iter().collect(),
            (StepKind::Binding, _) => binding_command(order, kubectl).into_iter().collect(),
            (StepKind::Kubeconfig, Some(target)) => kubeconfig_commands(order, target, kubectl),
            (StepKind::Proof, Some(target)) => proof_commands(order, target),
            (StepKind::Kubeconfig | StepKind::Proof, None) => Vec::new(),
        }
    }

    /// All commands, one after the other: a script for sh, bash, zsh and fish.
    pub fn script(&self, kubectl: &Kubectl) -> Vec<ShellLine> {
        let lines = self
            .steps
            .iter()
            .flat_map(|step| [ShellLine::comment(&step.title)].into_iter().chain(self.commands(step.kind, kubectl)));
        ShellLine::script(lines.collect())
    }

    /// All objects as one YAML stream.
    pub(crate) fn yaml(&self) -> String {
        let objects: Vec<_> = self.steps.iter().filter_map(|step| step.yaml.clone()).collect();
        objects.join("---\n")
    }
}

/// The name of the files that the commands work on.
fn file(order: &IssuanceRequest, ending: &str) -> String {
    let name = object_name(&order.user);
    let name = if name.is_empty() { "user" } else { &name };
    format!("{name}.{ending}")
}

fn key(order: &IssuanceRequest) -> PlanStep {
    let subject = subject(order);
    let title = match &order.key {
        KeySource::New(kind) => format!("key {kind}, request {subject}"),
        KeySource::Existing(_) => format!("request {subject}, made by its owner"),
    };
    PlanStep { kind: StepKind::Key, title, lines: Vec::new(), yaml: None }
}

fn key_commands(order: &IssuanceRequest) -> Vec<ShellLine> {
    let (key, request) = (file(order, "key"), file(order, "csr"));
    match &order.key {
        KeySource::New(kind) => {
            let made = ShellCommand::new("openssl req -new -utf8").option("-key", &key);
            let made = made.option("-subj", &openssl_subject(order)).option("-out", &request);
            vec![ShellCommand::new("umask 077").line(), openssl_key(*kind, &key), made.line()]
        }
        KeySource::Existing(_) => vec![ShellLine::comment(&format!("{request} is at hand"))],
    }
}

fn subject(order: &IssuanceRequest) -> String {
    let groups = order.groups.iter().map(|group| format!("O={group}"));
    [format!("CN={}", order.user)].into_iter().chain(groups).collect::<Vec<_>>().join(" ")
}

/// `/CN=jane/O=dev`, with what `openssl req -subj` takes for separators escaped.
fn openssl_subject(order: &IssuanceRequest) -> String {
    let escape = |value: &str| value.replace('\\', r"\\").replace('/', r"\/").replace('+', r"\+");
    let groups = order.groups.iter().map(|group| format!("/O={}", escape(group)));
    [format!("/CN={}", escape(&order.user))].into_iter().chain(groups).collect::<Vec<_>>().concat()
}

fn openssl_key(kind: KeyType, file: &str) -> ShellLine {
    let (words, bits) = match kind {
        KeyType::Rsa2048 => ("openssl genrsa", " 2048"),
        KeyType::Rsa3072 => ("openssl genrsa", " 3072"),
        KeyType::Rsa4096 => ("openssl genrsa", " 4096"),
        KeyType::EcdsaP256 => ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", ""),
        KeyType::EcdsaP384 => ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", ""),
        KeyType::Ed25519 => ("openssl genpkey -algorithm ed25519", ""),
    };
    ShellCommand::new(words).option("-out", file).then(bits).line()
}

fn request(order: &IssuanceRequest) -> PlanStep {
    let life = validity::human(order.expiration_seconds.into());
    PlanStep {
        kind: StepKind::Request,
        title: format!("CSR {}: {}, {life}", order.csr_name, order.usages.join(", ")),
        lines: if order.signer_name == CLIENT_SIGNER {
            Vec::new()
        } else {
            vec![format!("signer {}", order.signer_name)]
        },
        yaml: Some(request_yaml(order).replace(NO_REQUEST, &format!("{REQUEST}REQUEST-IN-BASE64"))),
    }
}

/// What the request's field looks like in YAML before there is a request.
const NO_REQUEST: &str = "  request: ''";
const REQUEST: &str = "  request: ";

fn request_yaml(order: &IssuanceRequest) -> String {
    to_yaml("certificates.k8s.io/v1", "CertificateSigningRequest", &objects::csr(order, ""))
}

/// The object's lines printed, the request among them read from its file.
fn request_command(order: &IssuanceRequest, kubectl: &Kubectl) -> ShellLine {
    let base64 = || ShellCommand::new("base64").read_from(&file(order, "csr")).then(r" | tr -d '\n'");
    let yaml = request_yaml(order);
    let printed = yaml.lines().fold(ShellCommand::new(r"printf '%s\n'"), |command, line| match line {
        NO_REQUEST => command.line_operand_of(REQUEST, &base64()),
        line => command.line_operand(line),
    });
    printed.chain("|", &kubectl.command("create -f -")).line()
}

fn approve() -> PlanStep {
    PlanStep { kind: StepKind::Approve, title: "approve it".to_owned(), lines: Vec::new(), yaml: None }
}

fn certificate(order: &IssuanceRequest) -> PlanStep {
    let title = match &order.certificate_file {
        Some(path) => format!("certificate to {}", path.display()),
        None => "certificate".to_owned(),
    };
    PlanStep { kind: StepKind::Certificate, title, lines: Vec::new(), yaml: None }
}

fn certificate_commands(order: &IssuanceRequest, kubectl: &Kubectl) -> Vec<ShellLine> {
    let target = order.certificate_file.as_deref().map(Path::display).map(|path| path.to_string());
    let to = target.unwrap_or_else(|| file(order, "crt"));
    let wait = kubectl.command("wait --for=jsonpath='{.status.certificate}' --timeout=60s csr");
    vec![
        wait.operands([order.csr_name.as_str()]).line(),
        commands::certificate(kubectl, &order.csr_name).then(" | base64 -d").write_to(&to).line(),
    ]
}

fn role(order: &IssuanceRequest) -> Option<PlanStep> {
    let Grant::NewRole { name, verbs, resources } = &order.grant else { return None };
    Some(PlanStep {
        kind: StepKind::Role,
        title: format!("Role {name} in {}", order.namespace),
        lines: vec![format!("{} {}", verbs.join(" "), resources.join(" "))],
        yaml: Some(to_yaml("rbac.authorization.k8s.io/v1", "Role", &objects::role(order)?)),
    })
}

fn role_command(order: &IssuanceRequest, kubectl: &Kubectl) -> Option<ShellLine> {
    let Grant::NewRole { name, verbs, resources } = &order.grant else { return None };
    let command = kubectl.command("create role").leading_operand(name);
    let command = command.list("verb", verbs).list("resource", resources);
    Some(command.flag("namespace", &order.namespace).line())
}

fn binding(order: &IssuanceRequest) -> Option<PlanStep> {
    let word = if matches!(order.grant, Grant::ClusterRole(_)) { "cluster role" } else { "role" };
    let role = order.role_name()?;
    Some(PlanStep {
        kind: StepKind::Binding,
        title: format!("RoleBinding {}", order.binding_name),
        lines: vec![format!("{word} {role} for user {}", order.user)],
        yaml: Some(to_yaml("rbac.authorization.k8s.io/v1", "RoleBinding", &objects::role_binding(order)?)),
    })
}

fn binding_command(order: &IssuanceRequest, kubectl: &Kubectl) -> Option<ShellLine> {
    let flag = if matches!(order.grant, Grant::ClusterRole(_)) { "clusterrole" } else { "role" };
    let command = kubectl.command("create rolebinding").leading_operand(&order.binding_name);
    let command = command.flag(flag, order.role_name()?).flag("user", &order.user);
    Some(command.flag("namespace", &order.namespace).line())
}

fn kubeconfig(target: &KubeconfigTarget) -> PlanStep {
    let mut lines = vec![format!("user and context {} in {}", target.context, target.path.display())];
    if target.switch {
        lines.push("and switch to it".to_owned());
    }
    PlanStep { kind: StepKind::Kubeconfig, title: "kubeconfig".to_owned(), lines, yaml: None }
}

/// The kubeconfig is this machine's: these commands name the file, and need no cluster.
fn kubeconfig_commands(order: &IssuanceRequest, target: &KubeconfigTarget, kubectl: &Kubectl) -> Vec<ShellLine> {
    let path = target.path.display().to_string();
    let config = |words| ShellCommand::new("kubectl config").word(words).flag("kubeconfig", &path);
    let namespace = Some(order.namespace.as_str()).filter(|name| *name != "default");
    let mut commands = if target.separate { cluster_commands(order, target, kubectl) } else { Vec::new() };
    let user = config("set-credentials --embed-certs=true").flag("client-certificate", &file(order, "crt"));
    commands.push(user.flag("client-key", &file(order, "key")).operands([target.user.as_str()]).line());
    let context = config("set-context").flag("cluster", &target.cluster).flag("user", &target.user);
    commands.push(context.flag_if("namespace", namespace).operands([target.context.as_str()]).line());
    if target.switch {
        commands.push(config("use-context").operands([target.context.as_str()]).line());
    }
    commands
}

/// The cluster entry for a file that has none: server and CA of the current context.
fn cluster_commands(order: &IssuanceRequest, target: &KubeconfigTarget, kubectl: &Kubectl) -> Vec<ShellLine> {
    let (name, ca, path) = (target.cluster.as_str(), file(order, "ca"), target.path.display().to_string());
    let view = kubectl.command("config view --minify --flatten --raw");
    let data = view.word("-o jsonpath='{.clusters[0].cluster.certificate-authority-data}'");
    let server = kubectl.command("config view --minify -o jsonpath='{.clusters[0].cluster.server}'");
    let known = ShellCommand::new("kubectl config get-clusters").flag("kubeconfig", &path);
    let known = known.then(" 2>/dev/null").chain("|", &ShellCommand::new("grep -qxF").option("-e", name));
    let set = ShellCommand::new("kubectl config set-cluster --embed-certs=true").flag("kubeconfig", &path);
    let set = set.flag_of("server", &server).flag("certificate-authority", &ca).operands([name]);
    vec![data.then(" | base64 -d").write_to(&ca).line(), known.chain("||", &set).line()]
}

fn proof(order: &IssuanceRequest) -> PlanStep {
    let title = format!("log in as {} and show it", order.user);
    PlanStep { kind: StepKind::Proof, title, lines: Vec::new(), yaml: None }
}

fn proof_commands(order: &IssuanceRequest, target: &KubeconfigTarget) -> Vec<ShellLine> {
    let path = target.path.display().to_string();
    let kubectl = Kubectl::new([("kubeconfig", path), ("context", target.context.clone())]);
    vec![
        kubectl.command("auth whoami").line(),
        kubectl.command("auth can-i --list").flag("namespace", &order.namespace).line(),
    ]
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
    use crate::domain::issuance_request::OrderDefaults;

    fn plan(user: &str) -> Plan {
        let around =
            OrderDefaults { namespace: "default".into(), cluster: "prod".into(), kubeconfig: "/k/config".into() };
        let mut order = IssuanceRequest::new(user, &around);
        order.groups = vec!["dev".into(), "qa".into()];
        Plan::new(&order)
    }

    fn script(user: &str) -> String {
        let script = plan(user).script(&Kubectl::default());
        script.iter().map(ShellLine::as_str).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn default_plan_has_the_seven_manual_steps() {
        let script = script("myuser");
        for line in [
            "openssl genrsa -out myuser.key 2048",
            "openssl req -new -utf8 -key myuser.key -subj /CN=myuser/O=dev/O=qa -out myuser.csr",
            "  'kind: CertificateSigningRequest' \\\n",
            "  \"  request: $(base64 < myuser.csr | tr -d '\\n')\" \\\n",
            "  '  signerName: kubernetes.io/kube-apiserver-client' \\\n",
            "  '  expirationSeconds: 86400' \\\n",
            "  '  - client auth' | kubectl create -f -\n",
            "kubectl certificate approve -- myuser",
            "kubectl create role developer --verb=create,get,list,update,delete --resource=pods --namespace=default",
            "kubectl create rolebinding developer-binding-myuser --role=developer --user=myuser --namespace=default",
            "kubectl config set-context --kubeconfig=/k/config --cluster=prod --user=myuser -- myuser",
            "kubectl config use-context --kubeconfig=/k/config -- myuser",
        ] {
            assert!(script.contains(line), "{line}\n---\n{script}");
        }
    }

    #[test]
    fn a_hostile_name_is_data_in_every_command() {
        let script = script("$(touch x); `touch x` 'q' \\");
        for shell in ["sh", "bash", "zsh", "fish"] {
            let folder = tempfile::tempdir().unwrap();
            let programs = folder.path().join("bin");
            std::fs::create_dir(&programs).unwrap();
            for program in ["openssl", "kubectl", "base64"] {
                std::os::unix::fs::symlink("/bin/true", programs.join(program)).unwrap();
            }
            std::fs::write(folder.path().join("touch-x----touch-x---q.csr"), "").unwrap();
            let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
            let output = std::process::Command::new(shell)
                .args(["-c", &script])
                .env("PATH", path)
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(!folder.path().join("x").exists(), "{shell}");
            assert!(output.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }

    #[test]
    fn a_name_that_no_line_can_hold_gives_a_script_of_reasons() {
        let script = plan("ja\u{1b}ne").script(&Kubectl::default());
        assert!(script.iter().all(|line| !line.runs()), "{script:?}");
        assert!(script.iter().any(|line| line.as_str().contains("control or invisible")), "{script:?}");
    }
}
