//! A control plane in the foreground, for people: `tests/control-plane/up`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, dead_code, missing_docs)]

mod harness;

use harness::{ControlPlane, Missing};

fn main() {
    let plane = match ControlPlane::start() {
        Ok(plane) => plane,
        Err(Missing::Programs) => {
            eprintln!(
                "this needs Go, or KUBEBUILDER_ASSETS with kube-apiserver, kube-controller-manager, etcd, kubectl"
            );
            std::process::exit(1);
        }
        Err(Missing::Broken(why)) => {
            eprintln!("{why}");
            std::process::exit(1);
        }
    };
    println!("export KUBECONFIG={}", plane.admin().display());
    println!("# kubectl is {}", plane.kubectl_program().display());
    println!("# Ctrl-C ends it");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    });
}
