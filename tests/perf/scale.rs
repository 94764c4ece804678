//! countersign beside kubectl and curl, side by side in one run, on a real control plane: `tests/perf/run`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../control-plane/harness.rs"]
#[allow(dead_code)]
mod control_plane;
mod loader;
mod measure;
mod probe;

use std::path::{Path, PathBuf};

use control_plane::{ControlPlane, Missing, programs};
use loader::Loader;
use measure::Bench;

/// Numbers of requests that are measured, unless the arguments name others.
const SIZES: [usize; 2] = [11_000, 100_000];

/// Arguments: numbers of requests in rising order; `--kubeconfig FILE` measures a cluster that is there already and
/// already holds what an earlier run has put there.
fn main() {
    let mut arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let given = arguments.iter().position(|argument| argument == "--kubeconfig").map(|at| {
        arguments.remove(at);
        PathBuf::from(arguments.remove(at))
    });
    let mut sizes: Vec<usize> = arguments.iter().map(|argument| argument.parse().unwrap()).collect();
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let kubectl = match programs() {
        Ok(programs) => programs.join("kubectl"),
        Err(why) => panic!("{why:?}"),
    };
    let plane = given.is_none().then(|| match ControlPlane::start() {
        Ok(plane) => plane,
        Err(Missing::Programs) => panic!("this needs Go or KUBEBUILDER_ASSETS"),
        Err(Missing::Broken(why)) => panic!("{why}"),
    });
    let kubeconfig = given.unwrap_or_else(|| plane.as_ref().unwrap().admin());
    let loader = runtime.block_on(Loader::new(&kubeconfig));
    let program = Path::new(env!("CARGO_BIN_EXE_countersign"));
    let mut bench = Bench::new(program, &kubectl, &kubeconfig, &runtime, loader);
    for size in sizes {
        bench.size(size);
    }
    bench.bulk();
    println!("\n{}", bench.table());
}
