//! Policies as admins write them, right and wrong.

use proptest::prelude::*;

use super::*;

fn fails(text: &str) -> String {
    PolicyFile::parse(text).unwrap_err().to_string()
}

#[test]
fn the_example_is_a_policy() {
    let policy = PolicyFile::parse(include_str!("../../../assets/policy.yaml")).unwrap();
    assert_eq!(policy.longest_life(), (30 * 86_400, true));
    assert!(policy.groups.objection("platform-admins").is_some() && policy.groups.objection("dev").is_none());
    let portal = "system:serviceaccount:onboarding:portal";
    assert!(policy.trusts_names(portal, std::iter::empty()));
    assert!(!policy.trusts_names("system:serviceaccount:default:portal", std::iter::empty()));
}

#[test]
fn keys_are_kebab_case_and_the_camel_case_of_old_files_means_the_same() {
    let new = "longest-life: 3d\nleast-key: {rsa: 3072}\nmay-ask-for-others: {groups: [portal]}\n";
    let old = "longestLife: 3d\nleastKey: {rsa: 3072}\nmayAskForOthers: {groups: [portal]}\n";
    let policy = PolicyFile::parse(new).unwrap();
    assert_eq!((policy.longest_life(), policy.least_key.rsa), ((3 * 86_400, true), 3072));
    assert!(policy.trusts_names("jane", ["portal"].into_iter()));
    assert_eq!(PolicyFile::parse(old), Ok(policy));
    assert!(fails("longest-life: 3d\nlongestLife: 3d\n").contains("duplicate field"));
}

#[test]
fn a_question_mark_matches_one_character() {
    let policy = PolicyFile::parse("groups: {allowed: ['team-?']}\n").unwrap();
    assert!(policy.groups.objection("team-a").is_none() && policy.groups.objection("team-ab").is_some());
}

#[test]
fn without_a_file_usual_things_are_allowed() {
    for text in ["", "\n", "# nothing yet\n\n"] {
        assert_eq!(PolicyFile::parse(text).as_ref(), Ok(PolicyFile::built_in()));
    }
    let policy = PolicyFile::built_in();
    assert!(policy.groups.objection("anything").is_none() && policy.names.objection("anybody").is_none());
    assert!(policy.bulk_may(Level::Ok, "any.io/signer") && policy.bulk_may(Level::Danger, "any.io/signer"));
    assert!(!policy.bulk_may(Level::WillFail, "any.io/signer"));
}

#[test]
fn errors_are_reported_with_their_position() {
    for (text, place, words) in [
        ("groups:\n  alowed: [dev]\n", "line 2, column 3", "unknown field `alowed`"),
        ("longestlife: 3d\n", "line 1, column 1", "unknown field `longestlife`"),
        ("longestLife: 5m\n", "line 1, column 14", "600 s"),
        ("longestLife: soon\n", "line 1, column 14", "a life is a number"),
        ("names:\n  forbidden:\n  - root\n  - ''\n", "line 4, column 5", "an empty name"),
        ("bulk: {levels: [ok, will-fail]}\n", "line 1, column 21", "unknown variant `will-fail`"),
        ("leastKey: {rsa: many}\n", "line 1, column 17", "invalid type"),
        ("groups: {allowed: [dev\n", "line ", "did not find expected"),
        ("groups: [dev]\n", "line 1, column 9", "expected allowed and forbidden"),
        ("groups: {}\ngroups: {}\n", "line 1, column 1", "duplicate field `groups`"),
        ("- a\n", "line 1, column 1", "invalid type"),
        ("groups: {}\n---\nnames: {}\n", "", "more than one document"),
    ] {
        let message = fails(text);
        assert!(message.contains(place) && message.contains(words), "{text:?}: {message}");
    }
}

#[test]
fn forbidden_wins_and_an_empty_list_allows_no_name() {
    let policy = PolicyFile::parse("groups: {allowed: ['team-*'], forbidden: ['*-admins']}\nnames: {allowed: []}\n");
    let policy = policy.unwrap();
    assert_eq!(policy.groups.objection("team-a"), None);
    assert_eq!(policy.groups.objection("team-admins").unwrap(), "the policy forbids *-admins");
    assert_eq!(policy.groups.objection("dev").unwrap(), "the policy does not allow it");
    assert!(policy.names.objection("jane").is_some());
}

proptest! {
    #[test]
    fn no_text_breaks_the_reading(text in ".*") {
        let _ = PolicyFile::parse(&text);
    }
}
