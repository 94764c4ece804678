//! Test clusters: the real control plane, and the in-process practice cluster.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use countersign::testing::sandbox::{Options, Sandbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::control_plane::{ControlPlane, Missing, kubeconfig, programs};

/// A cluster with the admin of it.
pub(crate) trait Plane: Sync {
    /// The admin's kubeconfig (group system:masters); its context is `admin`, its cluster entry `test`.
    fn admin(&self) -> PathBuf;
    /// The text of a kubeconfig like it for another user.
    fn kubeconfig_text(&self, user: &str, group: Option<&str>) -> String;
    /// The server's address.
    fn server(&self) -> String;
    /// A file in a folder that is deleted with the cluster.
    fn path(&self, name: &str) -> PathBuf;
    /// The real kubectl.
    fn kubectl_program(&self) -> PathBuf;

    /// Runs kubectl as the admin.
    fn kubectl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.kubectl_program());
        command.arg("--kubeconfig").arg(self.admin()).args(arguments);
        command.output().unwrap()
    }
}

impl Plane for ControlPlane {
    fn admin(&self) -> PathBuf {
        ControlPlane::admin(self)
    }

    fn kubeconfig_text(&self, user: &str, group: Option<&str>) -> String {
        ControlPlane::kubeconfig_text(self, user, group)
    }

    fn server(&self) -> String {
        ControlPlane::server(self)
    }

    fn path(&self, name: &str) -> PathBuf {
        ControlPlane::path(self, name)
    }

    fn kubectl_program(&self) -> PathBuf {
        ControlPlane::kubectl_program(self)
    }
}

/// A practice cluster for one test.
pub(crate) struct Practice {
    /// Declared first, so that the cluster ends before what it runs on.
    pub sandbox: Sandbox,
    folder: TempDir,
    programs: PathBuf,
    _runtime: Runtime,
}

impl Practice {
    /// Starts one; `None` where there is no kubectl.
    pub(crate) fn start(options: &Options) -> Option<Self> {
        let programs = match programs() {
            Ok(programs) => programs,
            Err(Missing::Programs) => return None,
            Err(Missing::Broken(why)) => panic!("{why}"),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        let practice = Self { sandbox, folder: tempfile::tempdir().unwrap(), programs, _runtime: runtime };
        std::fs::write(practice.admin(), practice.kubeconfig_text("admin", Some("system:masters"))).unwrap();
        Some(practice)
    }
}

impl Plane for Practice {
    fn admin(&self) -> PathBuf {
        self.path("admin.kubeconfig")
    }

    fn kubeconfig_text(&self, user: &str, group: Option<&str>) -> String {
        let groups: Vec<_> = group.into_iter().collect();
        let own = self.sandbox.credentials(user, &groups).unwrap();
        kubeconfig(self.sandbox.url(), self.sandbox.authority(), user, &own.certificate, own.key.expose())
    }

    fn server(&self) -> String {
        self.sandbox.url().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn kubectl_program(&self) -> PathBuf {
        self.programs.join("kubectl")
    }
}

/// The real control plane that all tests share. `None`, with a message on standard error, where it cannot be built here; with
/// CI set that is a failure.
pub(crate) fn shared(test: &str) -> Option<&'static ControlPlane> {
    static SHARED: OnceLock<Option<ControlPlane>> = OnceLock::new();
    let shared = SHARED.get_or_init(own).as_ref();
    if shared.is_none() {
        eprintln!("LEFT OUT, for want of Go or KUBEBUILDER_ASSETS: {test}");
    }
    shared
}

/// A separate real control plane, for tests that would disturb others.
pub(crate) fn own() -> Option<ControlPlane> {
    own_with(&[])
}

/// [`own`] with flags for kube-apiserver.
pub(crate) fn own_with(flags: &[&str]) -> Option<ControlPlane> {
    match ControlPlane::start_with(flags) {
        Ok(plane) => Some(plane),
        Err(Missing::Programs) if std::env::var_os("CI").is_none() => None,
        Err(Missing::Programs) => panic!("neither Go nor KUBEBUILDER_ASSETS is here, and CI must leave nothing out"),
        Err(Missing::Broken(why)) => panic!("{why}"),
    }
}

/// An empty practice cluster, on the same terms as [`shared`].
pub(crate) fn practice(test: &str) -> Option<Practice> {
    let practice = Practice::start(&Options { empty: true, ..Options::default() });
    if practice.is_none() {
        assert!(std::env::var_os("CI").is_none(), "neither Go nor KUBEBUILDER_ASSETS is here");
        eprintln!("LEFT OUT, for want of kubectl: {test}");
    }
    practice
}

/// Runs an async test, or an async part of one.
pub(crate) fn finish<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

/// Runs each test twice: on the real control plane, and on a new practice cluster.
///
/// Tests behind `async` are futures; each runs on its own runtime.
#[macro_export]
macro_rules! on_both {
    (async $($test:ident),* $(,)?) => {
        mod real {
            $(#[test]
            fn $test() {
                if let Some(plane) = $crate::support::plane::shared(stringify!($test)) {
                    $crate::support::plane::finish(super::$test(plane));
                }
            })*
        }

        mod practice {
            $(#[test]
            fn $test() {
                if let Some(plane) = $crate::support::plane::practice(stringify!($test)) {
                    $crate::support::plane::finish(super::$test(&plane));
                }
            })*
        }
    };
    ($($test:ident),* $(,)?) => {
        mod real {
            $(#[test]
            fn $test() {
                if let Some(plane) = $crate::support::plane::shared(stringify!($test)) {
                    super::$test(plane);
                }
            })*
        }

        mod practice {
            $(#[test]
            fn $test() {
                if let Some(plane) = $crate::support::plane::practice(stringify!($test)) {
                    super::$test(&plane);
                }
            })*
        }
    };
}
