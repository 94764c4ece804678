//! Runs cases with kubectl and with countersign, each in a home of its own, and compares.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::case::{Case, Want};
use super::parts::Parts;
use super::place::Place;
use crate::support::program;
use crate::support::terminal::Terminal;

/// A part of every secret in the cases.
const SECRET: &str = "s3cret";
/// How many cases are tried at a time.
const AT_A_TIME: usize = 3;
/// How long an error may be, in bytes: a sentence or two with a path.
const LONGEST_ERROR: usize = 600;

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error; in a terminal, everything that it showed.
    pub stderr: String,
    /// How often the login program ran.
    pub logins: usize,
    /// What the proxy was asked for.
    pub asked: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Ran {
    /// Whether it succeeded.
    pub fn done(&self) -> bool {
        self.code == Some(0)
    }

    /// The names of the requests, in any order.
    pub fn names(&self) -> BTreeSet<&str> {
        let lines = self.stdout.lines().map(|line| line.rsplit('/').next().unwrap_or_default().trim());
        lines.filter(|name| ["one", "two", "three"].contains(name)).collect()
    }

    /// For the table: how it went, and its words.
    fn summary(&self) -> String {
        let logins = if self.logins > 0 { format!(", {} logins", self.logins) } else { String::new() };
        let asked = if self.asked.is_empty() { "" } else { ", by the proxy" };
        let took = self.took.as_secs_f32();
        if self.done() {
            return format!("connects{logins}{asked} ({took:.1} s)");
        }
        let words: Vec<_> = self.stderr.lines().map(str::trim).filter(|line| !line.contains("memcache.go")).collect();
        let words: String = words.join(" ").chars().take(400).collect();
        format!("fails{logins}{asked} ({took:.1} s): {}", words.trim().replace(|c: char| c.is_control(), "^"))
    }
}

/// Tries all cases, some at a time, and fails with everything that is not as it should be.
pub fn check(parts: &'static Parts, cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let (waiting, wrong) = (Mutex::new(cases), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(case) = waiting.lock().unwrap().pop() else { return };
                    let tried = catch_unwind(AssertUnwindSafe(|| compare(parts, &case)));
                    let found = tried.unwrap_or_else(|_| vec!["the test itself failed".to_owned()]);
                    wrong.lock().unwrap().extend(found.into_iter().map(|what| format!("{}: {what}", case.name)));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Tries one case with both programs; what is wrong.
fn compare(parts: &'static Parts, case: &Case) -> Vec<String> {
    let kubectl = run(parts, case, &parts.plane.kubectl_program(), &["get", "csr", "-o", "name"]);
    let ours = run(parts, case, &program(), &["list", "-o", "name"]);
    eprintln!("| {} | {} | {} |", case.name, kubectl.summary(), ours.summary());
    let mut wrong = outcome(case, &kubectl, &ours);
    if case.console && matches!(case.want, Want::Connects) {
        wrong.extend(console(parts, case, kubectl.logins));
    }
    wrong
}

/// A program with its arguments, in a new home.
pub fn run(parts: &'static Parts, case: &Case, program: &Path, arguments: &[&str]) -> Ran {
    let place = Place::new(parts, case);
    let began = Instant::now();
    let (code, stdout, stderr) = match &case.typed {
        Some(answer) => in_terminal(&place, case, program, arguments, answer),
        None => without_terminal(&place, case, program, arguments),
    };
    let (took, logins) = (began.elapsed(), place.logins());
    Ran { code, stdout, stderr, logins, asked: place.asked(), took }
}

fn without_terminal(place: &Place, case: &Case, program: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    // Whoever runs the tests may have a terminal: here is none.
    let mut command = place.person.command(Path::new("setsid"));
    command.args(["--wait", "timeout", "90"]).args(&case.within).arg(program).args(arguments).args(&case.arguments);
    let output = command.envs(place.environment()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn in_terminal(
    place: &Place,
    case: &Case,
    program: &Path,
    arguments: &[&str],
    answer: &str,
) -> (Option<i32>, String, String) {
    let mut words = case.within.clone();
    words.push(program.display().to_string());
    words.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    words.extend(case.arguments.iter().cloned());
    let environment = place.environment();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut terminal = Terminal::start_with(&place.person, &words, &environment);
    // kubectl starts a failing program again for each of its requests.
    let mut asked = 1;
    while terminal.sees_or_ends("One-time password:", asked) {
        terminal.keys(&format!("{answer}\r"));
        asked += 1;
    }
    let code = terminal.comes_to_end().and_then(|code| i32::try_from(code).ok());
    let shown = terminal.all_text();
    (code, shown.clone(), shown)
}

/// What is not as it should be.
fn outcome(case: &Case, kubectl: &Ran, ours: &Ran) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |so: bool, what: String| {
        if !so {
            wrong.push(what);
        }
    };
    let connects = matches!(case.want, Want::Connects);
    let kubectl_connects = connects && !case.more_than_kubectl;
    must(kubectl.done() == kubectl_connects, format!("kubectl is to {}: {}", verb(kubectl_connects), kubectl.stderr));
    must(ours.done() == connects, format!("countersign is to {}: {}", verb(connects), ours.stderr));
    must(!ours.stdout.contains(SECRET) && !ours.stderr.contains(SECRET), format!("a secret is shown: {ours:?}"));
    if let Some(asked) = case.asks_proxy {
        must(kubectl.asked.is_empty() != asked, format!("kubectl asked the proxy for {:?}", kubectl.asked));
        must(ours.asked.is_empty() != asked, format!("countersign asked the proxy for {:?}", ours.asked));
    }
    let logins = format!("the login program ran {} times for kubectl, {} for us", kubectl.logins, ours.logins);
    match &case.want {
        Want::Connects => {
            must(kubectl.names().len() == 3 || !kubectl_connects, format!("kubectl lists {:?}", kubectl.stdout));
            must(ours.names().len() == 3, format!("countersign lists {:?}", ours.stdout));
            must(kubectl.logins == ours.logins || !kubectl_connects, logins);
        }
        Want::Fails(words) => {
            // kubectl asks a failing program again for each of its requests.
            let fits = ours.logins <= kubectl.logins && (ours.logins == 0) == (kubectl.logins == 0);
            must(fits, logins);
            wrong.extend(is_error(ours, words));
        }
    }
    wrong
}

fn verb(connects: bool) -> &'static str {
    if connects { "connect" } else { "fail" }
}

/// What is wrong with an error of countersign.
fn is_error(ours: &Ran, words: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |so: bool, what: &str| {
        if !so {
            wrong.push(format!("{what}: {:?}", ours.stderr));
        }
    };
    must(ours.code.is_some_and(|code| (1..=4).contains(&code)), &format!("exit code {:?}", ours.code));
    for word in words {
        // One of those between bars.
        must(word.split('|').any(|word| ours.stderr.contains(word)), &format!("{word:?} is not in the error"));
    }
    must(!ours.stderr.trim().is_empty(), "it says nothing");
    must(ours.stderr.len() <= LONGEST_ERROR && ours.stderr.lines().count() <= 4, "the error is long");
    must(!ours.stderr.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "control characters");
    let backtrace = ["panicked", "BACKTRACE", "backtrace", "src/"].iter().any(|word| ours.stderr.contains(word));
    must(!backtrace, "a backtrace");
    wrong
}

/// The console in a terminal, until the list is live; what is wrong.
fn console(parts: &'static Parts, case: &Case, logins: usize) -> Vec<String> {
    let place = Place::new(parts, case);
    let mut words = case.within.clone();
    words.push(program().display().to_string());
    let environment = place.environment();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let terminal = Terminal::start_with(&place.person, &words, &environment);
    let mut wrong = Vec::new();
    if !terminal.comes_to_show("● live") {
        wrong.push(format!("the console is not live:\n{}", terminal.contents()));
    }
    if terminal.contents().contains("noise") {
        wrong.push(format!("the console shows what the program says:\n{}", terminal.contents()));
    }
    if place.logins() != logins {
        wrong.push(format!("the console ran the login program {} times, kubectl {logins} times", place.logins()));
    }
    wrong
}
