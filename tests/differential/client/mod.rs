//! What kubectl does as a client, against ours: proxies and durations.

mod durations;
mod proxies;
mod words;

use crate::dice::Dice;
use crate::oracle::Oracle;
use crate::{BATCH, dice, start, wanted};

/// What is asked, as the oracle takes it and as a person reads it, and our answer.
struct Question {
    letter: u8,
    text: Vec<u8>,
    ours: String,
}

/// Answers of both, counted.
struct Comparison {
    oracle: Oracle,
    compared: usize,
    /// Those that fulfil the test's condition for being worth trying.
    telling: usize,
}

impl Comparison {
    fn compare(&mut self, questions: &[Question], telling: impl Fn(&str) -> bool) {
        let texts = questions.iter().map(|question| (question.letter, &question.text[..]));
        for (question, theirs) in questions.iter().zip(self.oracle.answers(texts)) {
            self.compared += 1;
            self.telling += usize::from(telling(&theirs));
            let asked = String::from_utf8_lossy(&question.text);
            assert_eq!(question.ours, theirs, "ours and Go's, {} {asked}", char::from(question.letter));
        }
    }
}

/// Compares the answers to `table`, then to as many questions that `random` makes as are wanted.
fn compare(table: &[Question], random: impl Fn(&mut Dice) -> Question, telling: impl Fn(&str) -> bool + Copy) {
    let Some(oracle) = start_once() else { return };
    let mut comparison = Comparison { oracle, compared: 0, telling: 0 };
    comparison.compare(table, telling);
    let (wanted, mut dice) = (wanted(), dice());
    while comparison.compared < wanted {
        let batch: Vec<_> = (0..BATCH).map(|_| random(&mut dice)).collect();
        comparison.compare(&batch, telling);
    }
    let Comparison { compared, telling, .. } = comparison;
    // Questions that all have the same answer would prove nothing.
    assert!(telling * 10 > compared && telling * 10 < compared * 9, "{telling} of {compared}");
    println!("{compared} compared, {telling} of them telling, 0 differ");
}

/// The tests of this module run at the same time: one builds, the others wait for it.
fn start_once() -> Option<Oracle> {
    static BUILD: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = BUILD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    start("kubectl")
}
