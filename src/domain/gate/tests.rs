use proptest::prelude::*;

use super::*;

const SIGNER: &str = "kubernetes.io/kube-apiserver-client";
const LEVELS: [Level; 5] = [Level::Ok, Level::Notice, Level::Warning, Level::WillFail, Level::Danger];

fn permit() -> WritePermit {
    WriteAccess::new(false, None).permit().unwrap()
}

fn pin(name: &str) -> RequestVersion {
    RequestVersion { name: name.into(), uid: "u".into(), resource_version: "7".into() }
}

fn candidate(pin: &RequestVersion, level: Level) -> Candidate<'_> {
    Candidate { pin, is_current: true, name: &pin.name, signer: SIGNER, level, shown: level }
}

#[test]
fn read_only_gives_out_no_permit_and_says_why() {
    assert_eq!(WriteAccess::new(true, None).permit(), Err(Refusal::ReadOnly(ReadOnly::Flag)));
    let by_config = WriteAccess::new(false, Some("prod")).permit().unwrap_err();
    assert_eq!(by_config, Refusal::ReadOnly(ReadOnly::Context("prod".into())));
    assert!(by_config.to_string().contains("prod") && by_config.to_string().contains("read-only"));
    assert!(WriteAccess::new(false, None).permit().is_ok());
}

#[test]
fn a_dangerous_request_is_cleared_by_its_own_name_alone() {
    let pin = pin("kcm");
    let ask = |confirmation: &Confirmation<'_>| {
        approve(permit(), &candidate(&pin, Level::Danger), PolicyFile::built_in(), Scope::Single, confirmation)
    };
    let refused = Err(Refusal::Dangerous { name: "kcm".into() });
    assert_eq!(ask(&Confirmation::key(true)), refused);
    assert_eq!(ask(&Confirmation::typed(true, "kc")), refused);
    assert_eq!(ask(&Confirmation::typed(true, "")), refused);
    assert_eq!(ask(&Confirmation::flags(&["other".into()])), refused);
    assert_eq!(ask(&Confirmation::typed(false, "kcm")), Err(Refusal::NotShown));
    assert_eq!(ask(&Confirmation::typed(true, "kcm")).unwrap().pin(), &pin);
    assert_eq!(ask(&Confirmation::flags(&["x".into(), "kcm".into()])).unwrap().verb(), Verb::Approve);
}

#[test]
fn an_empty_name_confirms_nothing() {
    let empty = pin("");
    let typed = Confirmation::typed(true, "");
    let asked = approve(permit(), &candidate(&empty, Level::Danger), PolicyFile::built_in(), Scope::Single, &typed);
    assert!(asked.is_err());
}

proptest! {
    /// Whatever is asked: a clearance is given out only where every rule, written down once more here, allows it, and it is
    /// for the very version that was judged.
    #[test]
    fn no_combination_is_cleared_that_must_not_be(
        (level, shown) in (0..5_usize, 0..5_usize),
        (is_current, seen, named, by_flag) in any::<(bool, bool, bool, bool)>(),
        (bulk, levels, signer_allowed) in (any::<bool>(), 0..16_u8, any::<bool>()),
    ) {
        let (level, shown) = (LEVELS[level], LEVELS[shown]);
        let words = ["ok", "notice", "warning", "danger"];
        let allowed: Vec<_> = words.iter().enumerate().filter(|(at, _)| levels >> at & 1 == 1).map(|(_, word)| *word).collect();
        let signers = if signer_allowed { "kubernetes.io/*" } else { "example.com/*" };
        let policy = format!("bulk: {{levels: [{}], signers: ['{signers}']}}", allowed.join(", "));
        let policy = PolicyFile::parse(&policy).unwrap();
        let pin = pin("jane");
        let judged = Candidate { is_current, shown, ..candidate(&pin, level) };
        let names = [if named { "jane".to_owned() } else { "joe".to_owned() }];
        let confirmation = if by_flag { Confirmation::flags(&names) } else { Confirmation::typed(seen, &names[0]) };
        let scope = if bulk { Scope::Bulk } else { Scope::Single };
        let answer = approve(permit(), &judged, &policy, scope, &confirmation);
        let level_word = level.word();
        let may = is_current
            && level <= shown
            && (by_flag || seen)
            && (level != Level::Danger || named)
            && (!bulk || (level != Level::WillFail && signer_allowed && allowed.contains(&level_word)));
        prop_assert_eq!(answer.is_ok(), may, "{:?}", answer);
        if let Ok(clearance) = answer {
            prop_assert_eq!((clearance.verb(), clearance.pin()), (Verb::Approve, &pin));
        }
        let denied = deny(permit(), &pin, is_current, &confirmation);
        let deleted = delete(permit(), &pin, is_current, &confirmation);
        prop_assert_eq!((denied.is_ok(), deleted.is_ok()), (is_current && (by_flag || seen), is_current && (by_flag || seen)));
        if let (Ok(denied), Ok(deleted)) = (denied, deleted) {
            prop_assert_eq!((denied.verb(), denied.pin(), deleted.pin()), (Verb::Deny, &pin, &pin));
        }
    }
}
