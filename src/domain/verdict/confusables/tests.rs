//! Which names are look-alikes, which are ordinary neighbors, and which of two is the imitation.

use proptest::prelude::*;

use super::*;

/// An imitation, the name that it imitates, and how openly.
const IMITATIONS: &[(&str, &str, Difference)] = &[
    ("Jane", "jane", Difference::Case),
    ("PLATFORM-ADMINS", "platform-admins", Difference::Case),
    ("Platform-Admins", "platform-admins", Difference::Case),
    ("Jane.Doe@Example.com", "jane.doe@example.com", Difference::Case),
    ("\u{c9}lodie", "\u{e9}lodie", Difference::Case),
    ("rnaria", "maria", Difference::Usual),
    ("vvorker-1", "worker-1", Difference::Usual),
    ("cluster-aclrnins", "cluster-admins", Difference::Usual),
    ("allce", "alice", Difference::Usual),
    ("aIice", "alice", Difference::Usual),
    ("pau1", "paul", Difference::Usual),
    ("worker-l", "worker-1", Difference::Usual),
    ("a1", "al", Difference::Usual),
    ("ops5", "opss", Difference::Usual),
    ("platform_admins", "platform-admins", Difference::Usual),
    ("platform.admins", "platform-admins", Difference::Usual),
    ("-platform-admins", "platform-admins", Difference::Usual),
    ("platform--admins", "platform-admins", Difference::Usual),
    ("platform-admins ", "platform-admins", Difference::Usual),
    ("platform-adm1ns", "platform-admins", Difference::Forged),
    ("PLATFORM-ADM1NS", "platform-admins", Difference::Forged),
    ("root-a1ice", "root-alice", Difference::Forged),
    ("r00t", "root", Difference::Forged),
    ("0mar", "omar", Difference::Forged),
    ("5ystem:masters", "system:masters", Difference::Forged),
    ("$ystem:masters", "system:masters", Difference::Forged),
    ("a|ice", "alice", Difference::Forged),
    ("system;node:n1", "system:node:n1", Difference::Forged),
    ("system\u{ff1a}masters", "system:masters", Difference::Forged),
    ("\u{ff53}\u{ff59}\u{ff53}\u{ff54}\u{ff45}\u{ff4d}:masters", "system:masters", Difference::Forged),
    ("ops\u{ff10}", "opso", Difference::Forged),
    ("platform\u{2010}admins", "platform-admins", Difference::Forged),
    ("j\u{430}ne", "jane", Difference::Forged),
    ("\u{440}latform-admins", "platform-admins", Difference::Forged),
    ("\u{1d423}ane", "jane", Difference::Forged),
    ("ja\u{200b}ne", "jane", Difference::Forged),
];

#[test]
fn imitations_have_the_skeleton_of_what_they_imitate() {
    for (name, other, expected) in IMITATIONS {
        assert_eq!(skeleton(name), skeleton(other), "{name} {other}");
        assert_eq!(difference(name, other), *expected, "{name} {other}");
        assert!(oddity(name) >= oddity(other), "{name} {other}");
    }
}

#[test]
fn ordinary_neighbors_do_not_look_alike() {
    let series: &[&[&str]] = &[
        &[
            "worker-0",
            "worker-1",
            "worker-2",
            "worker-3",
            "worker-10",
            "worker-11",
            "worker-01",
            "worker-5",
            "worker-8",
        ],
        &["jane", "jane1", "jane2", "jane3", "jane10", "janet", "jan", "joane"],
        &["dev", "dev2", "devs", "dev-1", "dev1", "dev-ops", "devops"],
        &["team-a", "team-b", "team-c", "team-d", "team-h", "team-i", "team-l", "team-m", "team-n", "team-o", "team-w"],
        &["zone-1a", "zone-1b", "zone-2a", "zone-5a", "eu-west-1", "eu-west-2", "eu-west-3"],
        &["ip-10-0-1-15", "ip-10-0-1-16", "ip-10-0-11-5", "ip-10-0-115", "ip-10-1-1-5"],
        &["k8s", "s3", "i18n", "l10n", "ec2", "v1", "v1beta1", "v2"],
        &["maria", "mario", "marie", "marta", "clara", "carla", "dora", "nora"],
        &["lucia", "luda", "alicia", "alda"],
        &["3f5e0a", "3f5e1a", "3f5e0b", "3f", "af5e0a"],
        &["c1", "d", "c2", "d1"],
        &["jos\u{e9}", "jose", "josef"],
        &["\u{438}\u{432}\u{430}\u{43d}", "ivan"],
        &["\u{82b1}\u{5b50}", "\u{82b1}\u{5b53}"],
        &["system:masters", "system:nodes", "system:node:n1", "system:node:n2", "system"],
    ];
    for names in series {
        for (at, name) in names.iter().enumerate() {
            for other in &names[..at] {
                assert_ne!(skeleton(name), skeleton(other), "{name} {other}");
            }
        }
    }
}

#[test]
fn of_two_look_alikes_the_plainer_name_is_the_imitated_one() {
    for (name, expected) in [
        ("worker-1", Oddity::Plain),
        ("jane.doe@example.com", Oddity::Plain),
        ("system:node:n1", Oddity::Plain),
        ("i18n", Oddity::Plain),
        ("2fa", Oddity::Plain),
        ("arnie", Oddity::Pair),
        ("Jane", Oddity::Unusual),
        ("jane-", Oddity::Unusual),
        ("a--b", Oddity::Unusual),
        ("adm1n", Oddity::Forged),
        ("1an", Oddity::Forged),
        ("a;b", Oddity::Forged),
        ("j\u{430}ne", Oddity::Foreign),
    ] {
        assert_eq!(oddity(name), expected, "{name}");
    }
}

#[test]
fn names_that_pretend_to_begin_with_system_are_found_and_ordinary_ones_are_not() {
    for name in [
        "system;node:n1",
        "System:masters",
        "SYSTEM:nodes",
        "5ystem:masters",
        "system\u{ff1a}masters",
        "system\u{2236}masters",
        "\u{455}ystem:masters",
        "sy\u{200b}stem:masters",
        " system:masters",
        ":system:masters",
        "system :masters",
    ] {
        assert!(imitates_system_prefix(name), "{name}");
    }
    for name in
        ["system:masters", "system", "system-upgrade", "System Team", "ecosystem:a", "systems:a", "a:system:b", ""]
    {
        assert!(!imitates_system_prefix(name), "{name}");
    }
}

#[test]
fn names_without_letters_keep_their_own_skeleton() {
    assert_ne!(skeleton("--"), skeleton("-"));
    assert_ne!(skeleton("."), skeleton(""));
}

#[test]
fn names_of_people_are_not_mixed() {
    for name in
        ["jane", "José", "Ælfred Ø", "花子", "山田Taro", "김철수", "Иван", "Иван Petrov", "e\u{301}lodie", "a.b-c:9"]
    {
        assert_eq!(mixed_word(name), None, "{name}");
    }
}

#[test]
fn a_foreign_letter_within_a_word_is_found() {
    for (name, word) in
        [("j\u{430}ne", "j\u{430}ne"), ("ops p\u{430}vel", "p\u{430}vel"), ("\u{3b1}dmin", "\u{3b1}dmin")]
    {
        assert_eq!(mixed_word(name), Some(word));
    }
}

proptest! {
    /// Nodes, users and pods are numbered: a series of a million has a million skeletons.
    #[test]
    fn names_that_differ_in_digits_alone_do_not_look_alike(word in "[a-z]{0,6}[-.]?", a in "[0-9]{1,6}", b in "[0-9]{1,6}") {
        prop_assume!(a != b);
        prop_assert_ne!(skeleton(&format!("{word}{a}")), skeleton(&format!("{word}{b}")));
        prop_assert_ne!(skeleton(&format!("{a}{word}x")), skeleton(&format!("{b}{word}x")));
    }

    /// Neither do hexadecimal ids: none of the letters a to f looks like a digit.
    #[test]
    fn hexadecimal_ids_do_not_look_alike(a in "[0-9a-f]{1,8}", b in "[0-9a-f]{1,8}") {
        prop_assume!(a != b);
        prop_assert_ne!(skeleton(&format!("pod-{a}")), skeleton(&format!("pod-{b}")));
    }

    /// Whatever is done to a name that leaves its looks as they are, its skeleton stays, and it is seen.
    #[test]
    fn every_imitation_of_a_name_is_found(name in "[a-z]{3,12}(-[a-z]{2,6})?", at in any::<prop::sample::Index>(), how in 0..6_u8) {
        let place = at.index(name.len());
        let with = |put: &str| format!("{}{put}{}", &name[..place], &name[place + 1..]);
        let letter = name.as_bytes()[place];
        let imitation = match (how, letter) {
            (0, b'i' | b'l') => with("1"),
            (0, b'o') => with("0"),
            (0, b's') => with("5"),
            (0, b'm') => with("rn"),
            (0, b'w') => with("vv"),
            (1, b'a') => with("\u{430}"),
            (1, b'e') => with("\u{435}"),
            (1, b'o') => with("\u{43e}"),
            (2, b'-') => with("_"),
            (3, b'a'..=b'z') => with(&char::from_u32(u32::from(letter) + 0xfee0).unwrap().to_string()),
            (4, b'a'..=b'z') => with(&char::from(letter).to_ascii_uppercase().to_string()),
            _ => format!("{name}\u{200b}"),
        };
        prop_assume!(imitation != name);
        // A letter that changes a pair beside it makes another name: `lrm` is no `lrrn`.
        let pairs = ["rn", "vv", "cl", "rrn", "vvv"];
        prop_assume!(!pairs.iter().any(|pair| name.contains(pair)) && !imitation.contains("rrn") && !imitation.contains("vvv"));
        prop_assert_eq!(skeleton(&imitation), skeleton(&name), "{} {}", imitation, name);
        prop_assert!(oddity(&imitation) >= oddity(&name));
    }

    #[test]
    fn the_table_for_ascii_folds_as_everything_is_folded(name in "[ -~]{0,16}") {
        prop_assume!(!name.chars().all(is_separator));
        let mut folded = String::new();
        fold(name.chars(), |c| folded.push(c));
        prop_assert_eq!(skeleton(&name), folded);
    }
}
