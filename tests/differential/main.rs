//! Our reading of requests and certificates against Go's, on mutated ones; of API requests, on random ones; our choice of a
//! proxy and our durations against kubectl's ([`client`]).
//!
//! `COUNTERSIGN_DIFFERENTIAL` says how many are tried (20,000 by default), `COUNTERSIGN_SEED` where the random numbers start.
//! A text that the two read differently is kept in `seeds`, which every run tries first.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the figures are for the person who runs it")]

mod build;
mod client;
#[path = "../end_to_end/support/dice.rs"]
#[expect(dead_code, reason = "the end-to-end tests draw more than is drawn here")]
mod dice;
mod oracle;
mod reading;
#[cfg(feature = "sandbox")]
mod request_info;
mod text;
mod tree;

use std::path::PathBuf;

use build::Material;
use dice::Dice;
use oracle::{Kind, Oracle};
use reading::ours;

/// Texts that are sent before the first answer is read.
const BATCH: usize = 500;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect(variable))
}

fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/differential/seeds")
}

/// Reads each with both; differences are kept and reported at the end.
struct Comparison {
    oracle: Oracle,
    compared: usize,
    read: usize,
    differ: Vec<String>,
}

impl Comparison {
    fn compare(&mut self, texts: &[(Kind, Vec<u8>)]) {
        let questions = texts.iter().map(|(kind, text)| (kind.letter(), &text[..]));
        for ((kind, text), theirs) in texts.iter().zip(self.oracle.answers(questions)) {
            self.compared += 1;
            self.read += usize::from(theirs != "refused");
            let ours = ours(*kind, text);
            if ours == theirs {
                continue;
            }
            let name = format!("{}-{:016x}.pem", kind.name(), fingerprint(text));
            std::fs::write(seeds().join(&name), text).unwrap();
            self.differ.push(format!("{name}\n  Go:   {theirs}\n  here: {ours}"));
            let most = 20;
            assert!(self.differ.len() < most, "{} differ:\n{}", self.differ.len(), self.differ.join("\n"));
        }
    }
}

/// An oracle; `None`, and a line that says so, where there is no Go.
fn start(folder: &str) -> Option<Oracle> {
    let oracle = Oracle::start(folder);
    if oracle.is_none() {
        assert!(std::env::var("CI").is_err(), "CI must have Go");
        println!("left out: there is no Go here");
    }
    oracle
}

/// How many inputs a test tries.
fn wanted() -> usize {
    usize::try_from(number("COUNTERSIGN_DIFFERENTIAL", 20_000)).unwrap()
}

/// The random numbers of a test.
fn dice() -> Dice {
    Dice::new(number("COUNTERSIGN_SEED", 20_261_125))
}

/// FNV-1a: a name for a file.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn requests_and_certificates_are_read_exactly_as_go_reads_them() {
    let Some(oracle) = start("oracle") else { return };
    let mut comparison = Comparison { oracle, compared: 0, read: 0, differ: Vec::new() };
    let kept = std::fs::read_dir(seeds()).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|ending| ending == "pem"));
    let kept: Vec<_> = kept.map(|path| (Kind::of(&path), std::fs::read(&path).unwrap())).collect();
    comparison.compare(&kept);
    let wanted = wanted();
    let material = Material::new();
    let mut dice = dice();
    comparison.compare(&material.unchanged());
    while comparison.compared < wanted {
        let batch: Vec<_> = (0..BATCH).map(|_| material.mutated(&mut dice)).collect();
        comparison.compare(&batch);
    }
    assert!(comparison.differ.is_empty(), "{} differ:\n{}", comparison.differ.len(), comparison.differ.join("\n"));
    // Mutations that only ever make rubbish would prove nothing.
    assert!(comparison.read * 5 > comparison.compared, "{} of {} are read", comparison.read, comparison.compared);
    println!("{} compared, {} of them read, 0 differ", comparison.compared, comparison.read);
}
