//! Mutations: flip, insert, delete, truncate, duplicate, splice, insert tokens.

/// Bytes of the longest input.
const LONGEST: usize = 48 << 10;
/// Bytes with a meaning in many formats.
const ODD: &[u8] = b"\0\n\r\t \"'\\{}[]:,&*!|>-#%@`~<?=\x1b\x7f\x80\xc0\xff";

/// xorshift64*: the same numbers everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, or 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[5]
    }

    /// A range within `length`, mostly a short one.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 32 };
        start..length.min(start + 1 + self.below(most))
    }
}

/// One of `seeds`, mutated.
pub(crate) fn mutated(seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        mutate(&mut bytes, seeds, words, dice);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    match dice.below(10) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
        1 if !bytes.is_empty() => bytes[at] = dice.byte(),
        2 if !bytes.is_empty() => bytes[at] = ODD[dice.below(ODD.len())],
        3 => bytes.insert(at, ODD[dice.below(ODD.len())]),
        4 => drop(bytes.drain(dice.part(bytes.len()))),
        5 => bytes.truncate(at),
        // Duplicated, sometimes many times.
        6 => {
            let part = bytes[dice.part(bytes.len())].to_vec();
            let most = if dice.below(8) == 0 { 400 } else { 3 };
            let times = (1 + dice.below(most)).min(LONGEST / part.len().max(1));
            drop(bytes.splice(at..at, part.repeat(times)));
        }
        7 => {
            let other = &seeds[dice.below(seeds.len())];
            let part = other[dice.part(other.len())].to_vec();
            drop(bytes.splice(at..at, part));
        }
        8 => {
            let other = &seeds[dice.below(seeds.len())];
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.below(other.len())..]);
        }
        _ if !words.is_empty() => drop(bytes.splice(at..at, words[dice.below(words.len())].bytes())),
        _ => bytes.push(dice.byte()),
    }
}
