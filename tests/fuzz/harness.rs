//! Runs a target on its seeds and on mutations of them.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::ALLOCATOR;
use crate::mutate::{Dice, mutated};

/// Mutations of the fixed share.
const SHARE: u32 = 300;
/// Bytes that an input may allocate, all allocations added up: a base, and for each of its bytes.
const BASE: usize = 64 << 20;
const EACH: usize = 16 << 10;
/// How long an input may take, without optimization and on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

/// Only one target at a time: allocations are counted for the whole process.
static ONE: Mutex<()> = Mutex::new(());

/// A parser of untrusted input.
pub(crate) struct Target {
    pub name: &'static str,
    /// Valid inputs.
    pub seeds: Vec<Vec<u8>>,
    /// Tokens of the format.
    pub words: &'static [&'static str],
}

impl Target {
    /// Runs `check` on the seeds and on mutations of them.
    pub(crate) fn run(&self, mut check: impl FnMut(&[u8])) {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.kept();
        for input in self.seeds.iter().chain(&kept) {
            self.try_one(input, &mut check);
        }
        let seconds = std::env::var("COUNTERSIGN_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut dice = Dice::new(if seconds.is_some() { u64::try_from(now.as_micros()).unwrap() } else { 0x2026_1123 });
        let all: Vec<_> = self.seeds.iter().chain(&kept).cloned().collect();
        let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let mut runs = 0_u32;
        while until.map_or(runs < SHARE, |until| Instant::now() < until) {
            self.try_one(&mutated(&all, self.words, &mut dice), &mut check);
            runs += 1;
        }
        eprintln!("fuzz: {}: {runs} mutations of {} seeds", self.name, all.len());
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(self.name)
    }

    fn kept(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(self.folder()) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    }

    fn try_one(&self, input: &[u8], check: &mut impl FnMut(&[u8])) {
        let (before, began) = (ALLOCATOR.stats(), Instant::now());
        let done = catch_unwind(AssertUnwindSafe(|| check(input)));
        let (after, took) = (ALLOCATOR.stats(), began.elapsed());
        let cost = after.bytes_allocated - before.bytes_allocated;
        let wrong = match done {
            Err(_) => "panics".to_owned(),
            Ok(()) if cost > BASE + EACH * input.len() => format!("allocates {cost} bytes"),
            Ok(()) if took > LONGEST => format!("takes {took:?}"),
            Ok(()) => return,
        };
        let path = self.folder().join(hash(input));
        std::fs::create_dir_all(self.folder()).unwrap();
        std::fs::write(&path, input).unwrap();
        panic!("{}: {wrong} on {} bytes, saved as {}", self.name, input.len(), path.display());
    }
}

fn hash(input: &[u8]) -> String {
    Sha256::digest(input)[..8].iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
