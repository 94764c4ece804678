//! A line diff of two texts.

/// One line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiffLine<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the old one.
    Gone(&'a str),
    /// Only in the new one.
    New(&'a str),
}

/// Compares by a longest common subsequence; meant for objects of some hundred lines.
pub(crate) fn lines<'a>(old: &'a str, new: &'a str) -> Vec<DiffLine<'a>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    // common[i][j]: how many lines the rests from i and from j have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut result) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            result.push(DiffLine::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            result.push(DiffLine::Gone(old[i]));
            i += 1;
        } else {
            result.push(DiffLine::New(new[j]));
            j += 1;
        }
    }
    result.extend(old[i..].iter().map(|line| DiffLine::Gone(line)));
    result.extend(new[j..].iter().map(|line| DiffLine::New(line)));
    result
}

/// Whether the line at `at` is worth showing: it changed, or is within `around` lines of one that did.
pub(crate) fn is_near_change(lines: &[DiffLine<'_>], at: usize, around: usize) -> bool {
    let from = at.saturating_sub(around);
    lines.iter().skip(from).take(at + around + 1 - from).any(|line| !matches!(line, DiffLine::Same(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_changed_word_is_one_line_out_and_one_in() {
        let result = lines("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 5\nc: 3\n");
        assert_eq!(
            result,
            [DiffLine::Same("a: 1"), DiffLine::Gone("b: 2"), DiffLine::New("b: 5"), DiffLine::Same("c: 3")]
        );
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_back(old in "[ab\n]{0,30}", new in "[ab\n]{0,30}") {
            let result = lines(&old, &new);
            let kept = |wanted: fn(&DiffLine<'_>) -> bool| result.iter().filter(|line| wanted(line)).map(|line| match line {
                DiffLine::Same(text) | DiffLine::Gone(text) | DiffLine::New(text) => *text,
            }).collect::<Vec<_>>();
            prop_assert_eq!(kept(|line| !matches!(line, DiffLine::New(_))), old.lines().collect::<Vec<_>>());
            prop_assert_eq!(kept(|line| !matches!(line, DiffLine::Gone(_))), new.lines().collect::<Vec<_>>());
        }
    }
}
