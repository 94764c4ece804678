use super::*;

const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

fn parse(rest: &str) -> Result<Kuberc, Broken> {
    Kuberc::parse(&format!("{HEAD}{rest}"))
}

fn list(entries: &[&str]) -> PluginPolicy {
    PluginPolicy::Allowlist(entries.iter().map(|entry| (*entry).to_owned()).collect())
}

/// `PATH` is `/bin`, where `aws` is; `/opt/aws` is there, too.
fn resolve(command: &str) -> Option<PathBuf> {
    match command {
        "aws" => Some("/bin/aws".into()),
        "/bin/aws" | "/opt/aws" => Some(command.into()),
        _ => None,
    }
}

#[test]
fn a_policy_is_read_in_each_of_its_forms() {
    for (text, wanted) in [
        ("", PluginPolicy::AllowAll),
        ("credentialPluginPolicy: ''\n", PluginPolicy::AllowAll),
        ("credentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: null\n", PluginPolicy::AllowAll),
        ("credentialPluginPolicy: DenyAll\n", PluginPolicy::DenyAll),
        (
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: a}, {command: /b}, {name: c, command: c}]\n",
            list(&["a", "/b", "c"]),
        ),
    ] {
        assert_eq!(parse(text), Ok(Kuberc { policy: wanted, note: None }), "{text}");
    }
    for empty in ["", "\n", "\n---\n"] {
        assert_eq!(Kuberc::parse(empty), Ok(Kuberc::default()));
    }
}

#[test]
fn a_policy_that_contradicts_itself_is_refused_with_its_field() {
    for (text, wanted) in [
        ("credentialPluginPolicy: denyall\n", "credentialPluginPolicy is \"denyall\""),
        ("credentialPluginPolicy: Allowlist\n", "there is no credentialPluginAllowlist"),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []\n", "credentialPluginAllowlist is empty"),
        ("credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: []\n", "is \"DenyAll\" and not \"Allowlist\""),
        ("credentialPluginAllowlist: [{command: a}]\n", "is \"\" and not \"Allowlist\""),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: a}, {}]\n", "[1] names no command"),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ./a}]\n", "is ./a; write a"),
    ] {
        let Err(Broken::Policy(why)) = parse(text) else { panic!("{text}") };
        assert!(why.contains(wanted), "{why}");
    }
}

#[test]
fn distinguishes_other_files_from_a_kuberc_with_unknown_fields() {
    for (text, wanted) in [
        ("kind: Preference\n", "apiVersion \"\""),
        ("apiVersion: v1\nkind: Config\n", "kind \"Config\""),
        ("[", "no valid YAML"),
        ("--- {}\n", "line 1: a document begins"),
        ("---\n", "not a mapping"),
        (&format!("{HEAD}credentialPluginPolicy: [DenyAll]\n"), "credentialPluginPolicy is a list"),
        (&format!("{HEAD}aliases: 5\n"), "aliases is a number"),
        (&format!("{HEAD}credentialPluginAllowlist: [{{name: a, command: b}}]\n"), "a name and another command"),
    ] {
        let Err(Broken::Unreadable(why)) = Kuberc::parse(text) else { panic!("{text}") };
        assert!(why.contains(wanted), "{why}");
    }
    let read = parse("credentialPluginPolcy: DenyAll\n").unwrap();
    assert_eq!(read.note.as_deref(), Some("the field credentialPluginPolcy is unknown and ignored"));
    let read = parse("credentialPluginPolicy: AllowAll\ncredentialPluginPolicy: DenyAll\n").unwrap();
    assert_eq!(read.policy, PluginPolicy::DenyAll);
    assert!(read.note.unwrap().contains("line 4: a key is there twice"));
    // A version that has no policy.
    let old = "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n";
    let read = Kuberc::parse(old).unwrap();
    assert_eq!((read.policy, read.note.is_some()), (PluginPolicy::AllowAll, true));
}

#[test]
fn the_first_document_that_can_be_used_counts() {
    let text = format!("[\n---\nkind: Other\n---\n{HEAD}credentialPluginPolicy: DenyAll\n---\n{HEAD}");
    assert_eq!(Kuberc::parse(&text).unwrap().policy, PluginPolicy::DenyAll);
}

#[test]
fn a_list_allows_what_runs_the_same_file() {
    for (entries, command, allowed) in [
        (["aws"], "aws", true),
        (["/bin/aws"], "aws", true),
        (["aws"], "/bin/aws", true),
        (["aws"], "/bin/../bin//aws", true),
        (["aws"], "/opt/aws", false),
        (["/opt/aws"], "aws", false),
        (["gone"], "gone", true),
        (["aws"], "gone", false),
        (["/bin"], "/bin/aws", false),
    ] {
        let answer = list(&entries).allows(command, resolve);
        assert_eq!(answer.is_ok(), allowed, "{entries:?} {command}: {answer:?}");
    }
    assert!(PluginPolicy::AllowAll.allows("gone", resolve).is_ok());
    assert_eq!(
        PluginPolicy::DenyAll.allows("aws", resolve).unwrap_err().to_string(),
        "the login program aws is not allowed: credentialPluginPolicy in kuberc is DenyAll"
    );
}

#[test]
fn paths_are_cleaned_as_go_cleans_them() {
    for (path, wanted) in [
        ("", "."),
        (".", "."),
        ("./a", "a"),
        ("a/../..", ".."),
        ("../../a", "../../a"),
        ("/..", "/"),
        ("/a//b/./c/..", "/a/b"),
    ] {
        assert_eq!(clean(path), wanted, "{path}");
    }
}
