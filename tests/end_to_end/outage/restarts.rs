//! The API server is killed at random moments while requests change and a bulk decision runs.

use std::time::{Duration, Instant};

use super::load::{Load, PATH};
use crate::support::api::Api;
use crate::support::dice::Dice;
use crate::support::plane::own;
use crate::support::requests::manifest;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually};

/// Requests that are decided together.
const MANY: usize = 600;
/// How long a console may show a closed connection as live: it is notified of the close at once.
const NOTICES: Duration = Duration::from_secs(5);

/// Restarts: a few, or a hundred with `COUNTERSIGN_SOAK=1`.
fn restarts() -> usize {
    if std::env::var_os("COUNTERSIGN_SOAK").is_some_and(|value| value == "1") { 100 } else { 3 }
}

fn is_live(console: &Terminal) -> bool {
    console.contents().lines().next().is_some_and(|header| header.contains("● live"))
}

#[test]
fn restarts_lose_and_repeat_nothing_and_stale_data_is_not_called_live() {
    let Some(mut plane) = own() else { return };
    let admin = TestUser::admin(&plane);
    let kubeconfig = std::fs::read_to_string(plane.admin()).unwrap();
    let object =
        |number| serde_yaml::from_str(&manifest(&format!("bulk-{number:03}"), "jane", &[], "client auth")).unwrap();
    Api::with(&kubeconfig).post_all(PATH, (0..MANY).map(object).collect());
    let mut console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.expect_text(&format!("of {MANY}"));
    let load = Load::start(&kubeconfig);
    let mut bulk = Bulk::start(&mut console);
    let mut dice = Dice::new(20_261_125);
    let mut slowest = Duration::ZERO;
    let mut random = move |most: usize| Duration::from_millis(dice.below(most) as u64);
    for _ in 0..restarts() {
        std::thread::sleep(random(1500));
        plane.stop_api_server();
        let killed = Instant::now();
        while is_live(&console) {
            assert!(killed.elapsed() < NOTICES, "live without a server:\n{}", console.contents());
            std::thread::sleep(Duration::from_millis(20));
        }
        slowest = slowest.max(killed.elapsed());
        let until = Instant::now() + random(1000);
        while Instant::now() < until {
            assert!(!is_live(&console), "live without a server:\n{}", console.contents());
            std::thread::sleep(Duration::from_millis(20));
        }
        plane.start_api_server().unwrap();
        bulk.resume(&mut console);
        // No key is pressed for this.
        console.expect_text("● live");
        load.pause();
        has_the_rows_of_the_server(&console, &kubeconfig);
        load.resume();
    }
    while !bulk.resume(&mut console) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let changes = load.changes();
    drop(load);
    has_the_rows_of_the_server(&console, &kubeconfig);
    let all = Api::with(&kubeconfig).get(PATH).ok();
    let all = all["items"].as_array().unwrap();
    let ours: Vec<_> =
        all.iter().filter(|csr| csr["metadata"]["name"].as_str().unwrap().starts_with("bulk-")).collect();
    assert_eq!(ours.len(), MANY);
    for csr in ours {
        let conditions = csr["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let approvals = conditions.iter().filter(|condition| condition["type"] == "Approved").count();
        assert_eq!(approvals, 1, "{csr}");
    }
    eprintln!(
        "{} restarts, {changes} changes, {MANY} decisions in {} sheets; noticed after {slowest:?} at most",
        restarts(),
        bulk.sheets
    );
}

/// Waits until the header counts what the server has.
fn has_the_rows_of_the_server(console: &Terminal, kubeconfig: &str) {
    let began = Instant::now();
    let all = Api::with(kubeconfig).get(PATH).ok();
    let all = all["items"].as_array().unwrap().clone();
    let is_pending = |csr: &&serde_json::Value| csr["status"]["conditions"].as_array().is_none_or(Vec::is_empty);
    let total = all.len();
    let pending = all.iter().filter(is_pending).count();
    eventually("the rows of the server", || {
        let shown = console.contents();
        let header = shown.lines().next().unwrap_or_default().trim_end();
        // During a bulk decision only the total is stable.
        let counts = [format!(" {pending} pending of {total}"), format!(" of {total}")];
        (header.ends_with(&counts[0]) || (header.ends_with(&counts[1]) && began.elapsed() > Duration::from_secs(1)))
            .then_some(())
    });
}

/// A bulk decision, resumed with the remaining requests.
struct Bulk {
    sheets: usize,
    decided: usize,
}

impl Bulk {
    fn start(console: &mut Terminal) -> Self {
        console.keys("/bulk-\r");
        console.wait_for("only these are listed", |screen| screen.contents().contains("/bulk-"));
        console.keys("\x01");
        console.expect_text(&format!("{MANY} marked"));
        console.keys("a");
        console.expect_text(&format!("{MANY} of {MANY} will be approved"));
        console.keys("y");
        Self { sheets: 1, decided: 0 }
    }

    /// Decides again what was not decided; whether all has been.
    fn resume(&mut self, console: &mut Terminal) -> bool {
        let ends = |screen: &str| ["Ended:", "Done:", "Stopped:"].iter().any(|end| screen.contains(end));
        let screen = console.contents();
        if !ends(&screen) {
            return false;
        }
        // What the sheet counts is all that was on it.
        let counts = counts(&screen);
        let approved: usize = counts.iter().filter(|(what, _)| what == "approved").map(|(_, count)| *count).sum();
        let left: usize = counts.iter().filter(|(what, _)| what != "approved").map(|(_, count)| *count).sum();
        assert!(approved + left <= MANY - self.decided, "{counts:?} of {}:\n{screen}", MANY - self.decided);
        if screen.contains("Done:") {
            return true;
        }
        self.decided += approved;
        console.keys("r");
        let next = console.wait_for("a sheet for the rest", |screen| {
            let text = screen.contents();
            text.contains("will be approved") || text.contains("none of these is pending")
        });
        if next.contains("none of these is pending") {
            return true;
        }
        console.keys("y");
        console.wait_for("it runs", |screen| !screen.contents().contains("will be approved"));
        self.sheets += 1;
        false
    }
}

/// The numbers of the line that says how a bulk decision ended, each with its word.
fn counts(screen: &str) -> Vec<(String, usize)> {
    let line = screen.lines().find(|line| ["Ended:", "Done:", "Stopped:"].iter().any(|end| line.contains(end)));
    let words: Vec<_> = line.unwrap_or_default().split_whitespace().collect();
    let pairs = words.windows(2).filter_map(|pair| {
        let count = pair[0].parse().ok()?;
        let word = pair[1].trim_matches(|c: char| !c.is_alphabetic());
        (word != "a" && word != "s" && !word.is_empty()).then(|| (word.to_owned(), count))
    });
    pairs.collect()
}

/// A stopped server closes no connection: only the heartbeat notices.
#[test]
fn a_server_that_hangs_is_not_called_live() {
    let Some(plane) = own() else { return };
    let admin = TestUser::admin(&plane);
    let console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    let process = plane.api_server_process().unwrap().to_string();
    let signal = |signal: &str| {
        assert!(std::process::Command::new("kill").args([signal, &process]).status().unwrap().success());
    };
    signal("-STOP");
    console.wait_for("no answer", |screen| {
        let text = screen.contents();
        text.lines().next().is_some_and(|header| header.contains("! no answer"))
    });
    signal("-CONT");
    console.expect_text("● live");
}
