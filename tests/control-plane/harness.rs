//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, with its own CA.
//!
//! Its programs end when this process ends, in whatever way: each runs under a shell that waits for the end of a pipe
//! which only this process holds.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    RsaKeySize, SanType,
};
use tempfile::TempDir;

/// How long a part may take to come up.
const PATIENCE: Duration = Duration::from_secs(90);

/// A bearer token of the user `token-admin`, who is in the group system:masters.
pub(crate) const ADMIN_TOKEN: &str = "s3cret-token-of-the-admin";

/// A running control plane. Dropping it ends it and removes its folder.
pub(crate) struct ControlPlane {
    programs: PathBuf,
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    ca: String,
    port: u16,
    etcd_url: String,
    flags: Vec<String>,
    etcd: Option<Program>,
    api_server: Option<Program>,
    controller_manager: Option<Program>,
}

/// One program under its watching shell.
struct Program(Child);

impl Program {
    fn start(log: &Path, program: &Path, arguments: &[String]) -> io::Result<Self> {
        // `read` returns when our end of the pipe is closed: by us, who say what is to be removed, or by our death, which
        // leaves the removing of the folder to the last program that writes to it.
        let script = r#"folder=$1; shift; "$@" & child=$!
            read -r kept; kill -9 $child; wait $child 2>/dev/null
            [ -n "$kept" ] || rm -rf "$folder""#;
        let folder = log.parent().unwrap_or(log).to_owned();
        let log = std::fs::File::create(log)?;
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(folder).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        command.spawn().map(Self)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(b"keep the folder\n");
        }
        let _ = self.0.wait();
    }
}

/// Why there is no control plane.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Neither Go nor `KUBEBUILDER_ASSETS` is there.
    Programs,
    /// It does not come up.
    Broken(String),
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl ControlPlane {
    /// Builds the programs if need be, and starts them.
    pub(crate) fn start() -> Result<Self, Missing> {
        Self::start_with(&[])
    }

    /// [`Self::start`] with flags of one's own for kube-apiserver.
    pub(crate) fn start_with(flags: &[&str]) -> Result<Self, Missing> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("countersign-control-plane-").tempdir()?;
        let (issuer, ca) = authority();
        let port = free_port()?;
        let etcd_url = format!("http://127.0.0.1:{}", free_port()?);
        let mut plane = Self {
            programs,
            folder,
            issuer,
            ca,
            port,
            etcd_url,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            etcd: None,
            api_server: None,
            controller_manager: None,
        };
        plane.write_credentials()?;
        plane.start_etcd()?;
        plane.start_api_server()?;
        plane.start_controller_manager()?;
        Ok(plane)
    }

    fn write_credentials(&self) -> io::Result<()> {
        self.write("ca.crt", &self.ca)?;
        self.write("ca.key", &self.issuer.key().serialize_pem())?;
        let mut serving = CertificateParams::new(vec!["localhost".into(), "kubernetes.default.svc".into()]).unwrap();
        serving.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
        serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (certificate, key) = self.signed(serving);
        self.write("serving.crt", &certificate)?;
        self.write("serving.key", &key)?;
        let accounts = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        self.write("accounts.key", &accounts.serialize_pem())?;
        self.write("accounts.pub", &accounts.public_key_pem())?;
        self.write("tokens.csv", &format!("{ADMIN_TOKEN},token-admin,token-admin,system:masters\n"))?;
        self.write("admin.kubeconfig", &self.kubeconfig_text("admin", Some("system:masters")))?;
        self.write("manager.kubeconfig", &self.kubeconfig_text("system:kube-controller-manager", None))
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        std::fs::write(self.path(name), text)
    }

    /// A file of this control plane.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, arguments: &[String]) -> io::Result<Program> {
        Program::start(&self.path(&format!("{name}.log")), &self.programs.join(name), arguments)
    }

    fn start_etcd(&mut self) -> Result<(), Missing> {
        let peer = format!("http://127.0.0.1:{}", free_port()?);
        let arguments = [
            format!("--data-dir={}", self.path("etcd").display()),
            format!("--listen-client-urls={}", self.etcd_url),
            format!("--advertise-client-urls={}", self.etcd_url),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--unsafe-no-fsync".to_owned(),
        ];
        self.etcd = Some(self.program("etcd", &arguments)?);
        Ok(())
    }

    /// Starts kube-apiserver, again if it was stopped, and waits until it is ready.
    pub(crate) fn start_api_server(&mut self) -> Result<(), Missing> {
        let file = |name: &str| self.path(name).display().to_string();
        let arguments = [
            format!("--etcd-servers={}", self.etcd_url),
            format!("--secure-port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(), // as kubeadm does
            format!("--client-ca-file={}", file("ca.crt")),
            format!("--tls-cert-file={}", file("serving.crt")),
            format!("--tls-private-key-file={}", file("serving.key")),
            format!("--service-account-key-file={}", file("accounts.pub")),
            format!("--service-account-signing-key-file={}", file("accounts.key")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--token-auth-file={}", file("tokens.csv")),
        ];
        let arguments = [&arguments[..], &self.flags].concat();
        self.api_server = Some(self.program("kube-apiserver", &arguments)?);
        let deadline = Instant::now() + PATIENCE;
        while !self.kubectl(&["get", "--raw", "/readyz"]).status.success() {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.path("kube-apiserver.log")).unwrap_or_default();
                return Err(Missing::Broken(format!("kube-apiserver does not get ready:\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Makes etcd forget everything but what is there now.
    pub(crate) fn compact(&self) -> io::Result<()> {
        let etcd = self.etcd_url.trim_start_matches("http://");
        let ask = |path: &str, body: &str| -> io::Result<String> {
            let mut stream = std::net::TcpStream::connect(etcd)?;
            let length = body.len();
            write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let status = ask("/v3/maintenance/status", "{}")?;
        let revision = status.split("\"revision\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let revision = revision.ok_or_else(|| io::Error::other(status.clone()))?;
        let done = ask("/v3/kv/compaction", &format!(r#"{{"revision": "{revision}", "physical": true}}"#))?;
        if done.contains("200 OK") { Ok(()) } else { Err(io::Error::other(done)) }
    }

    /// The process id of kube-apiserver, while it runs.
    pub(crate) fn api_server_process(&self) -> Option<u32> {
        let shell = self.api_server.as_ref()?.0.id();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Kills kube-apiserver.
    pub(crate) fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    fn start_controller_manager(&mut self) -> Result<(), Missing> {
        let controllers = [
            "certificatesigningrequest-signing-controller",
            "certificatesigningrequest-approving-controller",
            "certificatesigningrequest-cleaner-controller",
            "clusterrole-aggregation-controller",
            "namespace-controller",
            "root-ca-certificate-publisher-controller",
            "serviceaccount-controller",
        ];
        let arguments = [
            format!("--kubeconfig={}", self.path("manager.kubeconfig").display()),
            format!("--controllers={}", controllers.join(",")),
            format!("--cluster-signing-cert-file={}", self.path("ca.crt").display()),
            format!("--cluster-signing-key-file={}", self.path("ca.key").display()),
            format!("--service-account-private-key-file={}", self.path("accounts.key").display()),
            format!("--root-ca-file={}", self.path("ca.crt").display()),
            "--use-service-account-credentials=true".to_owned(),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            // The client-side rate limit (20 requests a second) is not what the tests are about.
            "--kube-api-qps=1000".to_owned(),
            "--kube-api-burst=1000".to_owned(),
        ];
        self.controller_manager = Some(self.program("kube-controller-manager", &arguments)?);
        let deadline = Instant::now() + PATIENCE;
        // Bindings and the default namespace are there a moment after /readyz.
        while !self.kubectl(&["get", "namespace", "default"]).status.success() {
            if Instant::now() > deadline {
                return Err(Missing::Broken("there is no default namespace".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The server's address.
    pub(crate) fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The admin's kubeconfig (group system:masters).
    pub(crate) fn admin(&self) -> PathBuf {
        self.path("admin.kubeconfig")
    }

    /// The text of a kubeconfig for a user of this cluster, with its own certificate.
    pub(crate) fn kubeconfig_text(&self, user: &str, group: Option<&str>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (certificate, key) = self.signed(params);
        kubeconfig(&self.server(), &self.ca, user, &certificate, &key)
    }

    fn signed(&self, mut params: CertificateParams) -> (String, String) {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// The real kubectl that was built beside the servers.
    pub(crate) fn kubectl_program(&self) -> PathBuf {
        self.programs.join("kubectl")
    }

    /// Runs kubectl as the admin.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.kubectl_program());
        command.arg("--kubeconfig").arg(self.admin()).args(arguments);
        command.output().unwrap()
    }
}

/// A kubeconfig: context and user entry are named like the user, the cluster entry is `test`. All parts PEM.
pub(crate) fn kubeconfig(server: &str, ca: &str, user: &str, certificate: &str, key: &str) -> String {
    let mut text = String::from("apiVersion: v1\nkind: Config\nclusters:\n- name: test\n  cluster:\n");
    let _ = write!(text, "    server: {server}\n    certificate-authority-data: {}\n", STANDARD.encode(ca));
    let _ = write!(
        text,
        "contexts:\n- name: {user}\n  context: {{cluster: test, user: {user}}}\ncurrent-context: {user}\n"
    );
    let certificate = STANDARD.encode(certificate);
    let _ = write!(text, "users:\n- name: {user}\n  user:\n    client-certificate-data: {certificate}\n");
    let _ = writeln!(text, "    client-key-data: {}", STANDARD.encode(key));
    text
}

/// The folder of the programs, built if need be.
pub(crate) fn programs() -> Result<PathBuf, Missing> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane/build");
    let output = Command::new(script).stderr(Stdio::inherit()).output()?;
    match output.status.code() {
        Some(0) => Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Some(3) => Err(Missing::Programs),
        _ => Err(Missing::Broken("the control plane cannot be built".to_owned())),
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "countersign-test-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), certificate)
}

/// An unused port outside of the range for outgoing connections: a port in that range could be taken before the server is
/// up.
fn free_port() -> io::Result<u16> {
    const RANGE: std::ops::Range<u32> = 10_000..30_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Two programs at the same time begin at different places.
        let at = std::process::id().wrapping_mul(7919).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(RANGE.start + at % (RANGE.end - RANGE.start)).unwrap_or_default();
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(port),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
}
