//! Keys at random, through a real terminal, on the practice cluster. `COUNTERSIGN_KEYS=100000` for a long run; the same
//! is done without a terminal, and a thousand times as fast, in the console's own tests.

use countersign::sandbox::Options;

use crate::support::plane::{Plane, Practice};
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually};

/// Everything that the console may be sent but what ends or stops it.
const KEYS: &[&str] = &[
    "j",
    "k",
    "g",
    "G",
    "\x04",
    "\x15",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[A",
    "\x1b[B",
    "a",
    "d",
    "x",
    "e",
    "f",
    "/",
    "s",
    "S",
    "n",
    "K",
    "Y",
    "y",
    "?",
    ":",
    "1",
    "4",
    "\r",
    "\x1b",
    "\t",
    "\x1b[Z",
    " ",
    "\x0e",
    "\x10",
    "\x12",
    "\x0f",
    "r",
    "u",
    "l",
    "z",
    "\x7f",
    "\x0c",
    "\x1b[C",
    "\x1b[D",
    "\x1b[200~y\r\x1b[201~",
    "\x1b[I",
    "\x1b[O",
    "\x1b[<65;9;9M",
    "\x1b[<0;9;9M",
];

fn pressed_at_random(arguments: &[&str], look: impl Fn(&dyn Plane) -> String) -> Option<(String, String)> {
    let practice = Practice::start(&Options { traffic: 0, ..Options::default() })?;
    let admin = Person::admin(&practice);
    let before = look(&practice);
    let mut console = Terminal::console(&admin, arguments);
    console.sees("● live");
    let count = std::env::var("COUNTERSIGN_KEYS").ok().and_then(|number| number.parse().ok()).unwrap_or(600);
    let mut chance: u64 = 20_261_123;
    for number in 0..count {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let at = usize::try_from(chance >> 33).unwrap() % KEYS.len();
        console.keys(KEYS[at]);
        if number % 100 == 99 {
            // It still answers: a redraw sends the whole screen.
            let sent = console.bytes().len();
            console.keys("\x0c");
            eventually("an answer", || (console.bytes().len() > sent).then_some(()));
        }
    }
    console.keys("\x03");
    let code = console.ends();
    let text = String::from_utf8_lossy(&console.bytes()).into_owned();
    assert!(code == 0 && !text.contains("panicked"), "it ended with {code}");
    console.waits("a normal screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    Some((before, look(&practice)))
}

/// What is in the cluster, by version.
fn everything(plane: &dyn Plane) -> String {
    let output = "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
    let found = plane.kubectl(&["get", "csr,roles,rolebindings,clusterroles,clusterrolebindings", "-A", "-o", output]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).unwrap()
}

#[test]
fn keys_at_random_write_nothing_in_read_only_mode() {
    if let Some((before, after)) = pressed_at_random(&["--read-only", "--mouse"], everything) {
        assert!(before.lines().count() > 10 && before == after, "{before}\n{after}");
    }
}

#[test]
fn keys_at_random_break_nothing() {
    pressed_at_random(&["--mouse"], |_| String::new());
}
