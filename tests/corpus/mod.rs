//! Labelled requests, made here and judged in one small cluster (cluster.yaml): which rules must fire, and which must not.

mod cases;
mod fixture_cluster;

use std::collections::BTreeSet;

use countersign::testing::domain::request::Request;
use countersign::testing::domain::verdict::{Level, Verdict, judge, rules};

use fixture_cluster::{FixtureCluster, noon};

/// What a request is, as a person who knows the cluster would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Fine: no more than a notice.
    Harmless,
    /// Worth a question: a warning, or the mention of what is odd.
    Odd,
    /// Must ask for its name.
    Hostile,
    /// The signer refuses it.
    Failing,
}

/// One labelled request.
pub(crate) struct Case {
    pub name: &'static str,
    pub label: Label,
    pub request: Request,
    /// Others that are there.
    pub beside: Vec<Request>,
    /// Rules that must fire.
    pub must: &'static [&'static str],
    /// Rules that must not.
    pub must_not: &'static [&'static str],
    /// A policy other than none.
    pub policy: &'static str,
    /// Whether we may not see the nodes.
    pub blind: bool,
}

fn verdict(cluster: &mut FixtureCluster, case: &Case) -> Verdict {
    let known = cluster.with(case);
    judge(&case.request, &known.context(noon()))
}

#[test]
fn every_labelled_request_fires_the_expected_rules() {
    let mut cluster = FixtureCluster::open();
    let cases = cases::all();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = verdict(&mut cluster, case);
        let fired: BTreeSet<_> = verdict.findings.iter().map(|finding| finding.rule).collect();
        let missing: Vec<_> = case.must.iter().filter(|rule| !fired.contains(*rule)).collect();
        let unwanted: Vec<_> = case.must_not.iter().filter(|rule| fired.contains(*rule)).collect();
        let level = verdict.level();
        let fits = match case.label {
            Label::Harmless => level <= Level::Notice,
            Label::Odd => matches!(level, Level::Notice | Level::Warning) && !fired.is_empty(),
            Label::Hostile => level == Level::Danger,
            Label::Failing => level == Level::WillFail,
        };
        if !fits || !missing.is_empty() || !unwanted.is_empty() {
            wrong.push(format!(
                "{} ({:?}): {level:?}, missing {missing:?}, unwanted {unwanted:?}: {:#?}",
                case.name, case.label, verdict.findings
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_rule_fires_somewhere_in_the_corpus_and_is_silent_elsewhere() {
    let mut cluster = FixtureCluster::open();
    let cases = cases::all();
    let mut fired = BTreeSet::new();
    let mut silent = BTreeSet::new();
    for case in &cases {
        let found: BTreeSet<_> = verdict(&mut cluster, case).findings.iter().map(|finding| finding.rule).collect();
        silent.extend(rules::ALL.iter().map(|rule| rule.id).filter(|rule| !found.contains(rule)));
        fired.extend(found);
    }
    for rule in rules::ALL {
        assert!(fired.contains(rule.id), "{} never fires", rule.id);
        assert!(silent.contains(rule.id), "{} always fires", rule.id);
    }
}

#[test]
fn every_finding_has_a_sentence_a_reason_and_an_action() {
    let mut cluster = FixtureCluster::open();
    for case in cases::all() {
        for finding in verdict(&mut cluster, &case).findings {
            let rule = rules::find(finding.rule).unwrap();
            assert!(rule.levels.contains(&finding.level), "{}: {:?}", case.name, finding);
            assert!(finding.text.ends_with(['.', '?']) && finding.text.len() > 20, "{}: {}", case.name, finding.text);
            assert_eq!((finding.todo, finding.headline), (rule.todo, rule.headline));
        }
    }
}

#[test]
fn without_cluster_data_no_context_rule_fires() {
    let around =
        ["access-", "bootstrap-for-", "serving-foreign", "serving-no-node", "key-shared", "cleanup-", "node-duplicate"];
    for case in cases::all() {
        let verdict = judge(&case.request, &countersign::testing::domain::verdict::Context::default());
        let claimed =
            verdict.findings.iter().find(|finding| around.iter().any(|start| finding.rule.starts_with(start)));
        assert_eq!(claimed, None, "{}", case.name);
    }
}
