//! Names that attack the terminal of whoever looks at them.

use std::path::Path;

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, unique};

crate::on_both!(
    a_hostile_name_reaches_screen_and_command_line_only_in_escaped_form,
    of_two_names_the_last_one_is_shown_because_it_is_the_one_that_counts,
);

/// ESC, a newline, a bidi override and a C1 control in one name.
const EVIL: &str = "ro\u{1b}[31mot\u{202e}\nx\u{9b}2J";

fn a_hostile_name_reaches_screen_and_command_line_only_in_escaped_form(plane: &dyn Plane) {
    let admin = Person::admin(plane);
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
    clean(admin.fails(3, &["approve", &name]).as_bytes(), &["approve"]);
    let json: serde_json::Value = serde_json::from_str(&admin.done(&["show", &name, "-o", "json"])).unwrap();
    assert_eq!(json["identity"]["user"], EVIL);
    let mut console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.finds(&name, "\\u{1b}[31m");
    console.keys("\r");
    console.sees("[Summary]");
    console.keys("\t");
    console.sees("[Access]");
    console.keys("\t\t");
    console.sees("[YAML]");
    console.keys("\x1b");
    console.sees_no("[YAML]");
    console.keys("a");
    console.sees("type the request's name");
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

fn of_two_names_the_last_one_is_shown_because_it_is_the_one_that_counts(plane: &dyn Plane) {
    let admin = Person::admin(plane);
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
    let error = admin.fails(3, &["approve", &name]);
    assert!(error.contains("it logs in as evil, not as harmless"), "{error}");
    admin.done(&["approve", &name, "--dangerous", &name]);
    eventually("the certificate", || admin.countersign(&["export", &name]).status.success().then_some(()));
    admin.done(&["export", &name, "-o", "c"]);
    let subject =
        admin.command(Path::new("openssl")).args(["x509", "-in", "c", "-noout", "-subject"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&subject.stdout).trim(), "subject=CN = evil");
}
