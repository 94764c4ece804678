//! What is measured, and the table.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::loader::Loader;
use crate::probe::Probe;

/// The name of all requests but those of the bulk decision.
const LOAD: &str = "load";
/// Requests that are approved at once.
const MARKED: usize = 1000;
/// Requests that kubectl approves: enough to see its rate.
const BY_KUBECTL: usize = 40;
/// Events a second while keys are pressed.
const EVENTS: u32 = 100;
/// Times that a list is read; the middle one counts.
const ROUNDS: usize = 3;

/// The measurements, and what they need.
pub(crate) struct Bench<'a> {
    program: &'a Path,
    kubectl: &'a Path,
    kubeconfig: &'a Path,
    runtime: &'a Runtime,
    loader: Loader,
    home: TempDir,
    server: String,
    rows: Vec<[String; 3]>,
}

/// One reading of the whole list by the console.
struct Reading {
    first: f64,
    complete: f64,
    memory: f64,
    /// Sent to the terminal until the first rows.
    bytes: usize,
}

impl<'a> Bench<'a> {
    /// Prepares everything; measures nothing yet.
    pub(crate) fn new(
        program: &'a Path,
        kubectl: &'a Path,
        kubeconfig: &'a Path,
        runtime: &'a Runtime,
        loader: Loader,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let server = credentials(kubeconfig, home.path());
        Self { program, kubectl, kubeconfig, runtime, loader, home, server, rows: Vec::new() }
    }

    /// Everything about a list of so many requests.
    pub(crate) fn size(&mut self, size: usize) {
        let there = self.count();
        eprintln!("{there} requests are there; filling up to {size}");
        self.runtime.block_on(self.loader.fill(LOAD, there, size));
        self.lists(size);
        let (mut console, _) = self.console(size);
        std::thread::sleep(Duration::from_secs(5));
        self.row(size, "resident memory, 5 s later", "", format!("{:.0} MB", console.memory()));
        self.idle(size, &console);
        self.steps(size, &mut console);
        let stop = Arc::new(AtomicBool::new(false));
        self.runtime.spawn(self.loader.clone().keep_busy(LOAD, size, EVENTS, Arc::clone(&stop)));
        self.keys(size, &mut console);
        self.sorts(size, &mut console);
        self.typing(size, &mut console);
        self.events(size, &mut console);
        stop.store(true, Ordering::Relaxed);
    }

    fn row(&mut self, size: usize, what: &str, others: impl Into<String>, ours: impl Into<String>) {
        let row = [format!("{size}: {what}"), others.into(), ours.into()];
        eprintln!("{}", row.join(" | "));
        self.rows.push(row);
    }

    /// The list read by curl, kubectl and the console in turn.
    fn lists(&mut self, size: usize) {
        let (mut curls, mut readings) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            curls.push(self.curl());
            readings.push(self.console(size).1);
        }
        let kubectl = self.kubectl_list();
        let (curl, first) = (median(curls), median(readings.iter().map(|reading| reading.first).collect()));
        let complete = median(readings.iter().map(|reading| reading.complete).collect());
        let memory = readings.iter().map(|reading| reading.memory).fold(0.0, f64::max);
        self.row(size, "start to first rows", format!("kubectl {kubectl:.2} s"), format!("{first:.2} s"));
        let ratio = format!("{complete:.2} s = {:.2} × curl", complete / curl);
        self.row(size, "list complete", format!("curl {curl:.2} s, kubectl {kubectl:.2} s"), ratio);
        self.row(size, "resident memory, just complete", "", format!("{memory:.0} MB"));
        let bytes = readings.iter().map(|reading| reading.bytes).max().unwrap();
        self.row(size, "first screen", "", format!("{bytes} bytes"));
        let ours = self.countersign_list();
        self.row(size, "`list`", format!("kubectl get csr {kubectl:.2} s"), format!("{ours:.2} s"));
    }

    /// A console, when its list is complete.
    fn console(&self, size: usize) -> (Probe, Reading) {
        let kubeconfig = self.kubeconfig.display().to_string();
        let console = Probe::start(self.program, &["--kubeconfig", &kubeconfig], self.home.path());
        // Whichever comes first: the order is the one that the console before has left.
        console.until("a row", |text| cursor(text).is_some());
        let (first, bytes) = (console.started.elapsed().as_secs_f64(), console.bytes());
        console.until("live", |text| text.contains("● live") && !text.contains("so far"));
        let complete = console.started.elapsed().as_secs_f64();
        let screen = console.screen();
        let total: usize =
            screen.lines().next().and_then(|line| line.split(" of ").last()?.trim().parse().ok()).unwrap();
        assert!(total >= size, "{screen}");
        let memory = console.memory();
        eprintln!(
            "  first rows {first:.3} s, complete {complete:.3} s, {memory:.1} MB, {:.2} s of a core",
            console.processor()
        );
        (console, Reading { first, complete, memory, bytes })
    }

    fn curl(&self) -> f64 {
        let file = |name: &str| self.home.path().join(name);
        let mut command = Command::new("curl");
        command.args(["-sf", "-o", "/dev/null", "--cacert"]).arg(file("ca.crt")).arg("--cert").arg(file("admin.crt"));
        command.arg("--key").arg(file("admin.key"));
        command.arg(format!("{}/apis/certificates.k8s.io/v1/certificatesigningrequests", self.server));
        let started = Instant::now();
        assert!(command.status().unwrap().success());
        let took = started.elapsed().as_secs_f64();
        eprintln!("  curl {took:.2} s");
        took
    }

    fn kubectl_list(&self) -> f64 {
        let started = Instant::now();
        let status = self.kubectl().args(["get", "csr"]).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        started.elapsed().as_secs_f64()
    }

    fn countersign_list(&self) -> f64 {
        let started = Instant::now();
        let mut command = Command::new(self.program);
        command.arg("list").arg("--kubeconfig").arg(self.kubeconfig).env("HOME", self.home.path());
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
        started.elapsed().as_secs_f64()
    }

    fn kubectl(&self) -> Command {
        let mut command = Command::new(self.kubectl);
        command.arg("--kubeconfig").arg(self.kubeconfig).env("HOME", self.home.path());
        command
    }

    /// How many requests of ours there are: found by looking, as names are numbered.
    fn count(&self) -> usize {
        let names = self.kubectl().args(["get", "csr", "-o", "name"]).output().unwrap().stdout;
        String::from_utf8(names).unwrap().lines().filter(|name| name.contains(LOAD)).count()
    }

    /// Nothing happens; what does that cost?
    fn idle(&mut self, size: usize, console: &Probe) {
        const SECONDS: f64 = 30.0;
        let (bytes, processor) = (console.bytes(), console.processor());
        std::thread::sleep(Duration::from_secs_f64(SECONDS));
        let (bytes, processor) = (console.bytes() - bytes, console.processor() - processor);
        let ours = format!("{bytes} bytes, {:.2} % of a core", processor / SECONDS * 100.0);
        self.row(size, "idle for 30 s", "", ours);
    }

    /// What a step of the cursor costs on the line, and the detail that follows when it rests.
    fn steps(&mut self, size: usize, console: &mut Probe) {
        const STEPS: usize = 21;
        console.press("g", |text| cursor(text).is_some());
        std::thread::sleep(Duration::from_secs(1));
        let mut steps: Vec<_> = (0..STEPS)
            .map(|turn| {
                let (before, place) = (console.bytes(), cursor(&console.screen()));
                console.press(if turn % 2 == 0 { "j" } else { "k" }, |text| cursor(text) != place);
                console.bytes() - before
            })
            .collect();
        steps.sort_unstable();
        let before = console.bytes();
        std::thread::sleep(Duration::from_secs(1));
        let detail = console.bytes() - before;
        let ours = format!("{} bytes; {detail} for the detail when it rests", steps[STEPS / 2]);
        self.row(size, "a step of the cursor", "", ours);
    }

    /// The cursor moves down and up.
    fn keys(&mut self, size: usize, console: &mut Probe) {
        console.press("g", |text| cursor(text).is_some());
        let mut times = Vec::new();
        for turn in 0..300 {
            // Not in step with anything.
            std::thread::sleep(Duration::from_micros(30_000 + turn * 7919 % 40_000));
            let before = cursor(&console.screen());
            let key = if turn % 2 == 0 { "j" } else { "k" };
            times.push(console.press(key, |text| cursor(text) != before));
        }
        self.row(size, "key press to the row that it moves to", "", spread(times));
    }

    /// Another order, another filter.
    fn sorts(&mut self, size: usize, console: &mut Probe) {
        let mut worst = (Duration::ZERO, String::new());
        let wanted = ["name", "identity", "signer", "life", "verdict", "age"].map(|word| ("s", format!("· {word} ↓")));
        let reversed = [("S", "age ↑".to_owned()), ("S", "age ↓".to_owned())];
        let filters = ["approved", "issued", "denied", "failed", "all", "pending"];
        let filters = filters.map(|word| ("f", format!("Requests · {word}")));
        for (key, title) in wanted.into_iter().chain(reversed).chain(filters) {
            std::thread::sleep(Duration::from_millis(300));
            let took = console.press(key, |text| text.contains(&title));
            eprintln!("  {title}: {:.1} ms", took.as_secs_f64() * 1e3);
            if took > worst.0 {
                worst = (took, title);
            }
        }
        let ours = format!("{:.0} ms at worst ({})", worst.0.as_secs_f64() * 1e3, worst.1.trim_start_matches("· "));
        self.row(size, "filter or sort key to the new list", "", ours);
    }

    /// A search is typed, and the list follows.
    fn typing(&mut self, size: usize, console: &mut Probe) {
        console.press("/", |text| text.contains("│ / "));
        let (mut typed, mut echoes) = (String::new(), Vec::new());
        for letter in "load-0001".chars() {
            std::thread::sleep(Duration::from_millis(60));
            typed.push(letter);
            echoes.push(console.press(&letter.to_string(), |text| text.contains(&format!("│ / {typed}"))));
        }
        let found = console.until("what was searched for", |text| text.contains("load-000100"));
        let ours = format!("{}; found {:.0} ms after the last", spread(echoes), found.as_secs_f64() * 1e3);
        self.row(size, "letter of a search to its echo", "", ours);
        console.press("\x1b", |text| !text.contains("│ / ") && !text.contains("· /"));
    }

    /// A request is made; when is it seen? The clock starts when the server has answered.
    fn events(&mut self, size: usize, console: &mut Probe) {
        console.press("S", |text| text.contains("age ↑"));
        // Short enough for the column, and used by no earlier run.
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() % 100_000;
        let times = (0..60).map(|turn| {
            std::thread::sleep(Duration::from_micros(100_000 + turn * 7919 % 60_000));
            let name = format!("e{run}-{turn:02}");
            // The cursor stays on its request; the newest come above it.
            console.press("g", |text| text.lines().nth(4).is_some_and(|line| line.starts_with("│›")));
            self.runtime.block_on(self.loader.create(&name));
            console.until(&name, |text| text.contains(&name))
        });
        let times = times.collect();
        self.row(size, "request made to its row on the screen", "", spread(times));
    }

    /// A thousand marked requests are approved.
    pub(crate) fn bulk(&mut self) {
        // Names that no earlier run has used.
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (bulk, slow) = (format!("bulk-{run}"), format!("slow-{run}"));
        self.runtime.block_on(self.loader.fill(&bulk, 0, MARKED));
        self.runtime.block_on(self.loader.fill(&slow, 0, BY_KUBECTL));
        let names: Vec<_> = (0..BY_KUBECTL).map(|number| format!("{slow}-{number:06}")).collect();
        let started = Instant::now();
        assert!(
            self.kubectl()
                .args(["certificate", "approve"])
                .args(names)
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
        let by_kubectl = f64::from(u32::try_from(BY_KUBECTL).unwrap()) / started.elapsed().as_secs_f64();
        let (mut console, _) = self.console(0);
        console.press(&format!("/{bulk}\r"), |text| text.contains("· /bulk-") && text.contains("Requests"));
        console.press("\x01", |text| text.contains("1000 marked"));
        console.press("a", |text| text.contains("Approve 1000"));
        let took = console.press("y", |text| text.contains("Done: 1000 approved"));
        let approvals = self.runtime.block_on(self.loader.approvals(&bulk, MARKED));
        assert!(approvals.iter().all(|approvals| *approvals == 1), "lost or doubled");
        let rate = 1000.0 / took.as_secs_f64();
        let ours = format!("{rate:.0} a second = {:.0} × kubectl; none lost or doubled", rate / by_kubectl);
        let row = ["approving 1,000 marked requests".to_owned(), format!("kubectl {by_kubectl:.1} a second"), ours];
        self.rows.push(row);
    }

    /// The results in Markdown.
    pub(crate) fn table(&self) -> String {
        let lines = self.rows.iter().map(|row| format!("| {} |", row.join(" | ")));
        let lines = ["| requests: what | others | countersign |".to_owned(), "|---|---|---|".to_owned()]
            .into_iter()
            .chain(lines);
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The admin's credentials as curl wants them, in files; the server's address.
fn credentials(kubeconfig: &Path, folder: &Path) -> String {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let kubeconfig: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let (cluster, user) = (&kubeconfig["clusters"][0]["cluster"], &kubeconfig["users"][0]["user"]);
    for (name, entry) in [
        ("ca.crt", &cluster["certificate-authority-data"]),
        ("admin.crt", &user["client-certificate-data"]),
        ("admin.key", &user["client-key-data"]),
    ] {
        let path: PathBuf = folder.join(name);
        std::fs::write(path, STANDARD.decode(entry.as_str().unwrap()).unwrap()).unwrap();
    }
    cluster["server"].as_str().unwrap().to_owned()
}

/// The line that the cursor is on.
fn cursor(text: &str) -> Option<usize> {
    text.lines().position(|line| line.starts_with("│›"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Median and 95th percentile in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    format!("median {:.1} ms, p95 {:.1} ms", at(50), at(95))
}
