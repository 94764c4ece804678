//! Names that attack the terminal of whoever looks at them.

use std::path::Path;

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, unique};

crate::on_both!(hostile_names_are_escaped_on_screen_and_command_line, shows_the_last_common_name_because_it_is_issued,);

/// ESC, a newline, a bidi override and a C1 control in one name.
const EVIL: &str = "ro\u{1b}[31mot\u{202e}\nx\u{9b}2J";

fn hostile_names_are_escaped_on_screen_and_command_line(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("hostile");
    create(plane, &name, EVIL, &["dev\u{1b}]0;owned\u{7}"]);
    for arguments in [
        &["list"][..],
        &["list", "-o", "wide"],
        &["list", "-o", "json"],
        &["list", "-o", "yaml"],
        &["show", &name],
        &["show", &name, "-o", "json"],
        &["show", &name, "-o", "yaml"],
    ] {
        clean(&admin.countersign(arguments).stdout, arguments);
    }
    clean(admin.expect_failure(3, &["approve", &name]).as_bytes(), &["approve"]);
    let json: serde_json::Value = serde_json::from_str(&admin.run_ok(&["show", &name, "-o", "json"])).unwrap();
    assert_eq!(json["identity"]["user"], EVIL);
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.find(&name, "\\u{1b}[31m");
    console.keys("\r");
    console.expect_text("[Summary]");
    console.keys("\t");
    console.expect_text("[Access]");
    console.keys("\t\t");
    console.expect_text("[YAML]");
    console.keys("\x1b");
    console.expect_no_text("[YAML]");
    console.keys("a");
    console.expect_text("type the request's name");
    let bytes = console.bytes();
    let text = String::from_utf8_lossy(&bytes);
    for raw in ["\u{1b}[31mot", "\u{202e}", "\u{9b}2J", "\u{1b}]0;owned"] {
        assert!(!text.contains(raw), "{raw:?} reached the terminal");
    }
}

fn clean(output: &[u8], arguments: &[&str]) {
    let text = String::from_utf8(output.to_vec()).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']), "{arguments:?}: {text:?}");
}

fn shows_the_last_common_name_because_it_is_issued(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("two");
    admin.shell(&format!(
        "openssl genrsa -out k 2048 2>/dev/null; openssl req -new -key k -subj /CN=harmless/CN=evil -out r
         kubectl create -f - <<EOF
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: {name}}}
spec: {{request: $(base64 < r | tr -d '\\n'), signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}}
EOF"
    ));
    let error = admin.expect_failure(3, &["approve", &name]);
    assert!(error.contains("it logs in as evil, not as harmless"), "{error}");
    admin.run_ok(&["approve", &name, "--dangerous", &name]);
    eventually("the certificate", || admin.countersign(&["export", &name]).status.success().then_some(()));
    admin.run_ok(&["export", &name, "-o", "c"]);
    let subject =
        admin.command(Path::new("openssl")).args(["x509", "-in", "c", "-noout", "-subject"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&subject.stdout).trim(), "subject=CN = evil");
}
