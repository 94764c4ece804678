//! Finding a name by a few of its letters.

/// How well `text` answers `query`, the more the better; `None` where it does not. Every word of the query must be in
/// the text: at the beginning of a word, inside of one, or at least its letters in their order.
pub(crate) fn score(query: &str, text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    query.to_lowercase().split_whitespace().try_fold(0, |sum, word| Some(sum + word_score(word, &text)?))
}

fn word_score(word: &str, text: &str) -> Option<u32> {
    // Early words weigh more: they are what the text is about.
    let early = |at: usize| 40_u32.saturating_sub(u32::try_from(at).unwrap_or(40));
    if let Some(at) = text.find(word) {
        let begins = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        return Some(if begins { 200 } else { 100 } + early(at));
    }
    let mut rest = text.char_indices();
    let mut first = None;
    for wanted in word.chars() {
        let (at, _) = rest.find(|(_, c)| *c == wanted)?;
        first.get_or_insert(at);
    }
    Some(1 + early(first.unwrap_or(0)) / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_match_is_first() {
        let texts = ["approve the request under the cursor", "deny it", "next filter", "the kubectl commands"];
        let best = |query: &str| {
            texts.iter().filter_map(|text| Some((score(query, text)?, *text))).max().map(|(_, text)| text)
        };
        assert_eq!(best("app"), Some(texts[0]));
        assert_eq!(best("DENY"), Some(texts[1]));
        assert_eq!(best("nxfl"), Some(texts[2]));
        assert_eq!(best("comm kub"), Some(texts[3]));
        assert_eq!(best("zzz"), None);
        assert_eq!(score("", "anything"), Some(0));
    }
}
