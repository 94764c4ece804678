//! Kubernetes' own end-to-end specs about authentication and authorization, on the practice cluster.

use std::path::Path;
use std::process::Command;

use countersign::testing::sandbox::Options;

use crate::support::plane::{Plane, Practice};

#[test]
#[ignore = "builds Kubernetes' end-to-end specs: three minutes, once"]
fn the_practice_cluster_passes_the_specs_of_sig_auth() {
    // They look for a node.
    let Some(practice) = Practice::start(&Options { traffic: 0, ..Options::default() }) else { return };
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane/sig-auth/run");
    let output = Command::new(run).arg(practice.admin()).arg(practice.kubectl_program()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(" 18 Passed | 0 Failed "), "{text}");
}
