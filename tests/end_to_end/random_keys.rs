//! Keys at random, through real terminals, on the practice cluster: in read-only mode, with everything but a yes, and
//! with everything. A hundred thousand in all, two consoles at a time on a cluster; `COUNTERSIGN_KEYS` is how many each gets.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use countersign::testing::sandbox::Options;
use serde_json::Value;

use crate::support::dice::Dice;
use crate::support::plane::{Plane, Practice};
use crate::support::terminal::{Redrawn, Terminal};
use crate::support::{PATIENCE, TestUser};

/// Everything that the console may be sent, but what says yes. (A paste with a line's end in it says yes to nothing.)
/// It is left and suspended through the command palette alone, or little else would happen.
const KEYS: &str = "1|1|2|3|4|j|k|g|G|h|l|a|a|d|x|e|f|/|s|S|n|n|K|Y|?|:|c|v|w|b|D|u|!|t|r|i|E|R|A|U|y| | |z|\t|\x1b[Z|\
    \x1b|\x1b|\x1b|\x01|\x04|\x05|\x0e|\x0f|\x10|\x12|\x15|\x17|\x7f|\x1b[A|\x1b[B|\x1b[C|\x1b[D|\x1b[5~|\x1b[6~|\
    \x1b[H|\x1b[F|\x1b[I|\x1b[O|\x1b[<64;9;9M|\x1b[<65;9;9M|\x1b[<0;9;9M|\x1b[<0;30;2M|\
    \x1b[200~y\r\x1b[201~|\x1b[200~花子 pods, secrets\x1b[201~";

/// Keys that confirm or continue.
const YES: &str = "\r|\r|\r|y|y|y|y|y";

/// Common and extreme terminal sizes.
const SIZES: [(u16, u16); 5] = [(24, 80), (10, 40), (40, 120), (60, 200), (6, 20)];

/// How many keys each console gets.
fn wanted() -> usize {
    std::env::var("COUNTERSIGN_KEYS").ok().and_then(|number| number.parse().ok()).unwrap_or(17_000)
}

/// Several at once, as fast as the console reads them, without drawing in between. Or a single one, so that prompts are drawn
/// and answered, too.
fn burst(dice: &mut Dice, keys: &[&str]) -> (String, usize) {
    let count = if dice.one_in(3) { 1 } else { 1 + dice.below(60) };
    let typed = (0..count).map(|_| match dice.below(8) {
        0 => dice.pick(&["a", "b", "de", "fo", "h", "il", "p", "ods", "s", "*", ".", "-"]),
        _ => dice.word(keys),
    });
    (typed.collect(), count)
}

/// A console that takes its keys, though it be left or suspended by one of them.
struct Pressed<'a> {
    admin: &'a TestUser,
    arguments: &'a [&'a str],
    console: Terminal,
}

impl<'a> Pressed<'a> {
    fn new(admin: &'a TestUser, arguments: &'a [&'a str]) -> Self {
        let console = Terminal::console(admin, arguments);
        console.expect_text("● live");
        Self { admin, arguments, console }
    }

    /// Waits until all keys have been read. A console that has exited is started again.
    fn wait_until_keys_are_read(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.console.redraw(Duration::from_millis(400)) {
                Redrawn::Yes => return,
                Redrawn::NotYet => {
                    assert!(Instant::now() < deadline, "it does not answer: {}", self.console.contents());
                    // What the shell does with `fg`.
                    assert!(Command::new("kill").args(["-s", "CONT", &self.console.pid()]).status().unwrap().success());
                }
                Redrawn::Ended => {
                    self.ended();
                    *self = Self::new(self.admin, self.arguments);
                    return;
                }
            }
        }
    }

    fn ended(&mut self) {
        let code = self.console.expect_exit();
        let text = String::from_utf8_lossy(&self.console.bytes()).into_owned();
        assert!(code == 0 && !text.contains("panicked"), "it ended with {code}:\n{}", self.console.contents());
        let given_back = self.console.screen_matches(|screen| !screen.alternate_screen() && !screen.hide_cursor());
        assert!(given_back, "the terminal is not as it was");
    }
}

fn press_random_keys(plane: &dyn Plane, arguments: &[&str], yes: bool, seed: u64) {
    let admin = TestUser::admin(plane);
    let kubeconfig = std::fs::read(admin.kubeconfig()).unwrap();
    let mut keys: Vec<&str> = KEYS.split('|').chain(YES.split('|')).collect();
    if !yes {
        keys.retain(|key| !YES.contains(key));
    }
    let mut pressed = Pressed::new(&admin, arguments);
    let (mut dice, mut count) = (Dice::new(seed), 0);
    while count < wanted() {
        let (keys, more) = burst(&mut dice, &keys);
        pressed.console.keys(&keys);
        count += more;
        if dice.one_in(50) {
            let (rows, cols) = *dice.pick(&SIZES);
            pressed.console.resize(rows, cols);
        }
        pressed.wait_until_keys_are_read();
    }
    pressed.console.keys("\x03");
    pressed.ended();
    if !yes || arguments.contains(&"--read-only") {
        assert_eq!(std::fs::read(admin.kubeconfig()).unwrap(), kubeconfig, "the kubeconfig has been written");
    }
}

/// Two at a time on a cluster of their own: what is in it before and after.
fn on_a_cluster<T>(arguments: &[&str], yes: bool, look: impl Fn(&dyn Plane) -> T) -> Option<(T, T)> {
    let practice = Practice::start(&Options { traffic: 0, ..Options::default() })?;
    let before = look(&practice);
    std::thread::scope(|scope| {
        for seed in [20_261_123, 42] {
            let practice = &practice;
            scope.spawn(move || press_random_keys(practice, arguments, yes, seed));
        }
    });
    Some((before, look(&practice)))
}

/// What is in the cluster, by version.
fn everything(plane: &dyn Plane) -> String {
    let output = "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
    let found = plane.kubectl(&["get", "csr,roles,rolebindings,clusterroles,clusterrolebindings", "-A", "-o", output]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).unwrap()
}

/// The level of every request's verdict, and its state.
fn verdicts(plane: &dyn Plane) -> BTreeMap<String, (String, String)> {
    let report = TestUser::admin(plane).run_ok(&["list", "-o", "json"]);
    let requests: Vec<Value> = serde_json::from_str(&report).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |request: &Value| (text(&request["uid"]), (text(&request["verdict"]["level"]), text(&request["state"])));
    requests.iter().map(row).collect()
}

#[test]
fn keys_at_random_write_nothing_in_read_only_mode() {
    if let Some((before, after)) = on_a_cluster(&["--read-only", "--mouse"], true, everything) {
        assert!(before.lines().count() > 10 && before == after, "{before}\n{after}");
    }
}

#[test]
fn keys_at_random_write_nothing_without_a_yes() {
    if let Some((before, after)) = on_a_cluster(&["--mouse"], false, everything) {
        assert!(before.lines().count() > 10 && before == after, "{before}\n{after}");
    }
}

/// Random keys never type the name of a dangerous request.
#[test]
fn keys_at_random_break_nothing_and_approve_nothing_dangerous() {
    let Some((before, after)) = on_a_cluster(&["--mouse"], true, verdicts) else { return };
    let pending = |level: &str| {
        let wanted = move |(_, (of, state)): &(&String, &(String, String))| of == level && state == "pending";
        before.iter().filter(wanted).map(|(uid, _)| uid.clone()).collect::<Vec<_>>()
    };
    let dangerous = pending("danger");
    assert!(dangerous.len() > 1, "{before:?}");
    for uid in dangerous {
        let state = after.get(&uid).map(|(_, state)| state.as_str());
        assert!(!matches!(state, Some("approved" | "issued" | "failed")), "{uid}: {state:?}");
    }
    assert!(after != before, "the keys at random never came as far as a decision");
}
