//! Which programs kubectl's settings let a kubeconfig run, compared with what kubectl runs.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::differential::{for_each, kubectl};
use crate::support::program;

const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

/// A kuberc without its head, the command in the kubeconfig, and whether it runs.
const POLICIES: &[(&str, &str, bool)] = &[
    ("", "plugin", true),
    ("credentialPluginPolicy: ''\n", "plugin", true),
    ("credentialPluginPolicy: AllowAll\n", "plugin", true),
    ("credentialPluginPolicy: DenyAll\n", "plugin", false),
    ("credentialPluginPolicy: denyAll\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []\n", "plugin", false),
    ("credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: [{command: plugin}]\n", "plugin", false),
    ("credentialPluginAllowlist: [{command: plugin}]\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]\n", "plugin", true),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: plugin}]\n", "plugin", true),
    (
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: plugin, command: plugin}]\n",
        "plugin",
        true,
    ),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: other}]\n", "plugin", false),
    (
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: other}, {command: plugin}]\n",
        "plugin",
        true,
    ),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: HOME/bin/plugin}]\n", "plugin", true),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: HOME/other/plugin}]\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]\n", "HOME/bin/plugin", true),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]\n", "HOME/other/plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]\n", "./bin/plugin", true),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}]\n", "./other/plugin", false),
    (
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: HOME/other/plugin}]\n",
        "other/../other//plugin",
        true,
    ),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ./plugin}]\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}, {}]\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: plugin}, null]\n", "plugin", false),
    ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: null\n", "plugin", false),
    ("credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: null\n", "plugin", false),
    ("credentialPluginPolcy: DenyAll\n", "plugin", true),
    ("credentialpluginpolicy: DenyAll\n", "plugin", true),
    ("credentialPluginPolicy: AllowAll\ncredentialPluginPolicy: DenyAll\n", "plugin", false),
    ("credentialPluginPolicy: DenyAll\ncredentialPluginPolicy: AllowAll\n", "plugin", true),
    ("aliases: []\ndefaults: []\ncredentialPluginPolicy: DenyAll\n", "plugin", false),
];

/// Whole files, and whether a program runs where they are at the usual place and where `KUBERC` names them.
fn files() -> Vec<(Vec<u8>, bool, bool)> {
    let deny = format!("{HEAD}credentialPluginPolicy: DenyAll\n");
    let marked: Vec<u8> = format!("\u{feff}{deny}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let old = deny.replace("v1beta1", "v1alpha1");
    vec![
        (b"".to_vec(), true, true),
        (b"---\n".to_vec(), true, false),
        (b"# nothing\n".to_vec(), true, false),
        (b"[".to_vec(), true, false),
        (b"\xff".to_vec(), true, false),
        (b"kind: Config\napiVersion: v1\n".to_vec(), true, false),
        (deny.replace("kind: Preference", "kind: Other").into_bytes(), true, false),
        (deny.replace("v1beta1", "v9").into_bytes(), true, false),
        (deny.replace("DenyAll", "[DenyAll]").into_bytes(), true, false),
        (format!("{deny}aliases: 5\n").into_bytes(), true, false),
        (format!("{deny}unknown: 5\n").into_bytes(), false, false),
        (
            format!("{HEAD}credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{name: a, command: b}}]\n")
                .into_bytes(),
            true,
            false,
        ),
        (old.into_bytes(), true, true),
        (format!("[\n---\nkind: Other\n---\n{deny}").into_bytes(), false, false),
        (format!("{deny}---\n{HEAD}").into_bytes(), false, false),
        (format!("---\n{deny}--- # end\n[").into_bytes(), false, false),
        (format!("--- {{}}\n---\n{deny}").into_bytes(), true, false),
        (format!("\u{feff}{deny}").into_bytes(), false, false),
        (marked, true, false),
    ]
}

struct Home(TempDir);

impl Home {
    /// A home with two programs of one name, of which one is in `PATH`.
    fn new(command: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = Self(tempfile::tempdir().unwrap());
        let kubeconfig = format!(
            "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\nusers: [{{name: u, user: {{exec: {{command: '{}', apiVersion: client.authentication.k8s.io/v1beta1}}}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n",
            home.filled(command)
        );
        std::fs::create_dir(home.0.path().join(".kube")).unwrap();
        std::fs::write(home.0.path().join("config"), kubeconfig).unwrap();
        for folder in ["bin", "other"] {
            let path = home.0.path().join(folder).join("plugin");
            std::fs::create_dir(path.parent().unwrap()).unwrap();
            let script = format!(
                "#!/bin/sh\ntouch {}\necho '{{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"t\"}}}}'\n",
                home.0.path().join("ran").display()
            );
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        home
    }

    fn filled(&self, text: &str) -> String {
        text.replace("HOME", self.0.path().to_str().unwrap())
    }

    fn run(&self, program: &Path, kuberc: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/bin:/bin", self.0.path().join("bin").display());
        command.env_clear().env("HOME", self.0.path()).env("PATH", path).current_dir(self.0.path());
        command.envs(kuberc.map(|value| ("KUBERC", value))).env("KUBECONFIG", "config");
        command.args(arguments).output().unwrap()
    }

    /// Where kubectl and check differ from what is wanted.
    fn differs(&self, kubectl: &Path, kuberc: Option<&str>, runs: bool) -> Vec<String> {
        let marker = self.0.path().join("ran");
        let theirs = self.run(kubectl, kuberc, &["get", "--raw", "/version", "--request-timeout=5s"]);
        let ran = marker.exists();
        let _ = std::fs::remove_file(&marker);
        let ours = self.run(&program(), kuberc, &["check"]);
        assert!(!marker.exists(), "check runs nothing");
        let printed = |output: &Output| {
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
        };
        // What keeps it from running is named with its file.
        let named = ours.status.success() || printed(&ours).contains("kuberc");
        if ran == runs && ours.status.success() == runs && named {
            return Vec::new();
        }
        vec![format!("wanted {runs}\n  ours   {}\n  theirs {}", printed(&ours), printed(&theirs))]
    }
}

#[test]
fn check_refuses_the_programs_that_kubectl_does_not_run() {
    let Some(kubectl) = kubectl() else { return };
    for_each(POLICIES, |(policy, command, runs)| {
        let home = Home::new(command);
        std::fs::write(home.0.path().join(".kube/kuberc"), home.filled(&format!("{HEAD}{policy}"))).unwrap();
        let found = home.differs(&kubectl, None, *runs);
        found.into_iter().map(|text| format!("{policy:?} {command}: {text}")).collect()
    });
}

#[test]
fn a_broken_kuberc_is_noted_at_its_usual_place_and_an_error_where_it_is_named() {
    let Some(kubectl) = kubectl() else { return };
    for_each(&files(), |(content, usual, named)| {
        let home = Home::new("plugin");
        std::fs::write(home.0.path().join(".kube/kuberc"), content).unwrap();
        let mut found = home.differs(&kubectl, None, *usual);
        std::fs::rename(home.0.path().join(".kube/kuberc"), home.0.path().join("named-kuberc")).unwrap();
        found.extend(home.differs(&kubectl, Some("named-kuberc"), *named));
        found.extend(home.differs(&kubectl, Some("off"), true));
        found.into_iter().map(|text| format!("{:?}: {text}", String::from_utf8_lossy(content))).collect()
    });
    let home = Home::new("plugin");
    let found = [home.differs(&kubectl, None, true), home.differs(&kubectl, Some("missing-kuberc"), false)].concat();
    assert!(found.is_empty(), "{}", found.concat());
}
