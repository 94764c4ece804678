//! Test support: a shared cluster, users with home folders, the program, a terminal.

pub(crate) mod api;
pub(crate) mod certificates;
pub(crate) mod dice;
pub(crate) mod forward_proxy;
pub(crate) mod hostile_server;
pub(crate) mod memory;
pub(crate) mod odd_requests;
pub(crate) mod pkcs10;
pub(crate) mod plane;
pub(crate) mod requests;
pub(crate) mod reverse_proxy;
pub(crate) mod stub;
pub(crate) mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use plane::Plane;

/// How long anything may take to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A name that no other test uses.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Looks until `look` finds something; fails with `what` after a while.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A user on a bastion host: a home folder with a kubeconfig.
pub(crate) struct TestUser {
    home: TempDir,
    kubectl: PathBuf,
}

impl TestUser {
    /// With the admin's kubeconfig.
    pub(crate) fn admin(plane: &dyn Plane) -> Self {
        Self::with(plane, &std::fs::read_to_string(plane.admin()).unwrap())
    }

    /// With this kubeconfig.
    pub(crate) fn with(plane: &dyn Plane, kubeconfig: &str) -> Self {
        let person = Self { home: tempfile::tempdir().unwrap(), kubectl: plane.kubectl_program() };
        std::fs::create_dir(person.path(".kube")).unwrap();
        std::fs::write(person.kubeconfig(), kubeconfig).unwrap();
        person
    }

    /// With this kubeconfig, and without any cluster.
    pub(crate) fn alone(kubeconfig: &str) -> Self {
        let person = Self { home: tempfile::tempdir().unwrap(), kubectl: PathBuf::new() };
        std::fs::create_dir(person.path(".kube")).unwrap();
        std::fs::write(person.kubeconfig(), kubeconfig).unwrap();
        person
    }

    /// A file in their home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Their kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path(".kube/config")
    }

    /// A program run by them, in their home.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.home.path());
        command.env("LANG", "C.UTF-8").current_dir(self.home.path());
        command
    }

    /// countersign, with its output.
    pub(crate) fn countersign(&self, arguments: &[&str]) -> Output {
        self.command(&program()).args(arguments).output().unwrap()
    }

    /// countersign, which must succeed; its standard output.
    pub(crate) fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.countersign(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// countersign, which must fail with this code; its standard error.
    pub(crate) fn expect_failure(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.countersign(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        error
    }

    /// Where the real kubectl is.
    pub(crate) fn kubectl_program(&self) -> PathBuf {
        self.kubectl.clone()
    }

    /// The real kubectl, with its output.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.command(&self.kubectl).args(arguments).output().unwrap()
    }

    /// The real kubectl, which must succeed; its standard output.
    pub(crate) fn kubectl_ok(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A shell script with kubectl on the PATH, which must succeed.
    pub(crate) fn shell(&self, script: &str) -> String {
        let folder = self.kubectl.parent().unwrap().display();
        let script = format!("set -e; PATH={folder}:$PATH\n{script}");
        let output = self.command(Path::new("sh")).args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A user with these permissions in the cluster, and all permissions in the namespace of their name.
pub(crate) fn limited(plane: &dyn Plane, name: &str, verbs: &str, resources: &str) -> TestUser {
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    run(&["create", "clusterrole", name, &format!("--verb={verbs}"), &format!("--resource={resources}")]);
    run(&["create", "clusterrolebinding", name, &format!("--clusterrole={name}"), &format!("--user={name}")]);
    run(&["create", "namespace", name]);
    run(&["create", "rolebinding", name, "-n", name, "--clusterrole=cluster-admin", &format!("--user={name}")]);
    let person = TestUser::with(plane, &plane.kubeconfig_text(name, None));
    // The server's authorizer receives new bindings a moment later.
    let may = |arguments: &[&str]| person.kubectl(&[&["auth", "can-i"], arguments].concat()).status.success();
    let (verb, resource) =
        (verbs.split(',').next().unwrap_or_default(), resources.split(',').next().unwrap_or_default());
    eventually("their rights", || {
        (may(&[verb, resource]) && may(&["create", "rolebindings", "-n", name])).then_some(())
    });
    person
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_countersign"))
}
