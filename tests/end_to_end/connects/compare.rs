//! Compares kubectl and countersign, case by case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::case::{Case, Expected};
use super::fixture::{Fixture, REQUESTS, encoded};
use super::run::{RunResult, run, start_console};
use super::workspace::Workspace;
use crate::support::program;

/// Part of every secret in the cases.
const SECRET: &str = "s3cret";
/// The number of cases that run in parallel.
const PARALLEL: usize = 3;
/// The maximum length of an error message in bytes: a few sentences and a path.
const MAX_ERROR_LENGTH: usize = 600;

/// Runs all cases, and fails with a list of all differences.
pub(crate) fn check(fixture: &'static Fixture, cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let (queue, failures) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    let test = std::thread::current().name().unwrap_or_default().rsplit("::").next().unwrap_or_default().to_owned();
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().unwrap().next() else { return };
                    let result = catch_unwind(AssertUnwindSafe(|| compare(fixture, &case, &test)));
                    let found = result.unwrap_or_else(|_| vec!["the test panicked".to_owned()]);
                    failures.lock().unwrap().extend(found.into_iter().map(|what| format!("{}: {what}", case.name)));
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Runs one case with both programs, prints a row of the table of results (test, case, kubectl, countersign,
/// ratio of their durations, verdict), and returns the failures.
fn compare(fixture: &'static Fixture, case: &Case, test: &str) -> Vec<String> {
    let kubectl = run(fixture, case, &fixture.plane.kubectl_program(), &["get", "csr", "-o", "name"]);
    let countersign = run(fixture, case, &program(), &["list", "-o", "name"]);
    let mut failures = check_results(case, &kubectl, &countersign);
    if case.console && matches!(case.expected, Expected::Success) {
        failures.extend(check_console(fixture, case, kubectl.login_runs));
    }
    let verdict = failures.first().and_then(|first| first.lines().next()).unwrap_or("as expected");
    let verdict: String = verdict.split(": \"").next().unwrap_or_default().chars().take(80).collect();
    let ratio = countersign.duration.as_secs_f32() / kubectl.duration.as_secs_f32();
    let (theirs, ours) = (kubectl.summary(), countersign.summary());
    eprintln!("| {test} | {} | {theirs} | {ours} | {ratio:.2} | {verdict} |", case.name);
    failures
}

fn check_results(case: &Case, kubectl: &RunResult, countersign: &RunResult) -> Vec<String> {
    let mut failures = Vec::new();
    let mut ensure = |ok: bool, failure: String| {
        if !ok {
            failures.push(failure);
        }
    };
    let success = matches!(case.expected, Expected::Success);
    let kubectl_success = (success && !case.only_countersign_connects) || case.only_kubectl_connects;
    ensure(
        kubectl.succeeded() == kubectl_success,
        format!("kubectl must {}: {}", verb(kubectl_success), kubectl.stderr),
    );
    ensure(countersign.succeeded() == success, format!("countersign must {}: {}", verb(success), countersign.stderr));
    let secret = has_secret(&countersign.stdout) || has_secret(&countersign.stderr);
    ensure(!secret, format!("countersign prints a secret: {countersign:?}"));
    if let Some(uses) = case.uses_proxy {
        let (theirs, ours) = (&kubectl.proxy_targets, &countersign.proxy_targets);
        ensure(theirs.is_empty() != uses, format!("kubectl requested {theirs:?} from the proxy"));
        ensure(ours.is_empty() != uses, format!("countersign requested {ours:?} from the proxy"));
    }
    let (theirs, ours) = (kubectl.login_runs, countersign.login_runs);
    let runs = format!("the login program ran {theirs} times for kubectl, {ours} times for countersign");
    match &case.expected {
        Expected::Success => {
            let all = |result: &RunResult| result.requests().len() == REQUESTS.len();
            ensure(all(kubectl) || !kubectl_success, format!("kubectl lists {:?}", kubectl.stdout));
            ensure(all(countersign), format!("countersign lists {:?}", countersign.stdout));
            ensure(theirs == ours || !kubectl_success, runs);
        }
        Expected::Failure(texts) => {
            // kubectl runs a failing program again for each of its requests.
            ensure(ours <= theirs && (ours == 0) == (theirs == 0), runs);
            failures.extend(check_error(countersign, texts));
        }
    }
    failures
}

/// Whether a text contains a planted secret, also in base64.
fn has_secret(text: &str) -> bool {
    text.contains(SECRET) || text.contains(&encoded(SECRET)[..7])
}

fn verb(success: bool) -> &'static str {
    if success { "connect" } else { "fail" }
}

/// An error is one short, clean message that names what is at fault.
fn check_error(result: &RunResult, texts: &[String]) -> Vec<String> {
    let mut failures = Vec::new();
    let error = &result.stderr;
    let mut ensure = |ok: bool, failure: &str| {
        if !ok {
            failures.push(format!("{failure}: {error:?}"));
        }
    };
    ensure(result.code.is_some_and(|code| (1..=4).contains(&code)), &format!("exit code {:?}", result.code));
    for text in texts {
        ensure(text.split('|').any(|text| error.contains(text)), &format!("{text:?} is not in the error"));
    }
    ensure(!error.trim().is_empty(), "no error message");
    ensure(error.len() <= MAX_ERROR_LENGTH && error.lines().count() <= 4, "the error message is too long");
    ensure(!error.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "control characters in the error message");
    let backtrace = ["panicked", "BACKTRACE", "backtrace", "src/"].iter().any(|text| error.contains(text));
    ensure(!backtrace, "a backtrace in the error message");
    failures
}

/// Runs the console in a terminal until the list is live.
fn check_console(fixture: &'static Fixture, case: &Case, login_runs: usize) -> Vec<String> {
    let workspace = Workspace::new(fixture, case);
    let console = start_console(&workspace, case);
    let live = console.shows_before_exit("● live");
    let screen = console.contents();
    let mut failures = Vec::new();
    let mut ensure = |ok: bool, failure: &str| {
        if !ok {
            failures.push(format!("{failure}:\n{screen}"));
        }
    };
    ensure(live, "the console is not live");
    ensure(!screen.contains("noise"), "the console shows the login program's standard error");
    ensure(!has_secret(&String::from_utf8_lossy(&console.bytes())), "the console shows a secret");
    let runs = workspace.login_runs();
    ensure(
        runs == login_runs,
        &format!("the login program ran {login_runs} times for kubectl, {runs} times for the console"),
    );
    failures
}
