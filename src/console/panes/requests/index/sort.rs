//! Sorting of very many rows at once: by numbers or by a few bytes of text at a time, so that the sort reads an array
//! and not a hundred thousand rows and their texts over and over.

/// A key, and the place by name of the row that has it: what breaks ties.
pub(super) type Keyed = (u64, u32);

/// Bytes of text in a key; the key's last byte says how many are left.
const CHUNK: usize = 7;
/// Beyond so many bytes texts are compared whole: nothing is gained by chunks any more.
const DEEP: usize = 32 * CHUNK;

/// Sorts by key, the other way round if `reversed`; ties by place either way.
pub(super) fn by_number(items: &mut [Keyed], reversed: bool) {
    if reversed {
        for (key, _) in items.iter_mut() {
            *key = !*key;
        }
    }
    items.sort_unstable();
}

/// Sorts by the texts of the places; ties by place.
pub(super) fn by_text(items: &mut [Keyed], reversed: bool, texts: &[&str]) {
    sort_from(items, 0, reversed, texts);
}

fn sort_from(items: &mut [Keyed], depth: usize, reversed: bool, texts: &[&str]) {
    let text = |place: u32| texts.get(place as usize).copied().unwrap_or_default();
    if depth > DEEP {
        let order = |a: u32, b: u32| if reversed { text(b).cmp(text(a)) } else { text(a).cmp(text(b)) };
        items.sort_unstable_by(|a, b| order(a.1, b.1).then(a.1.cmp(&b.1)));
        return;
    }
    for (key, place) in items.iter_mut() {
        *key = chunk(text(*place).as_bytes(), depth);
    }
    by_number(items, reversed);
    for equal in items.chunk_by_mut(|a, b| a.0 == b.0) {
        let key = if reversed { !equal[0].0 } else { equal[0].0 };
        let more = usize::from(key.to_be_bytes()[CHUNK]) > CHUNK;
        if more && equal.len() > 1 {
            sort_from(equal, depth + CHUNK, reversed, texts);
        }
    }
}

/// Seven bytes of the text, and how many are left (eight: more than these). Orders as the text does.
fn chunk(text: &[u8], depth: usize) -> u64 {
    let rest = text.get(depth..).unwrap_or_default();
    let mut bytes = [0; 8];
    let taken = rest.len().min(CHUNK);
    bytes[..taken].copy_from_slice(&rest[..taken]);
    bytes[CHUNK] = u8::try_from(rest.len().min(CHUNK + 1)).unwrap_or(0);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_stand_as_a_plain_stable_sort_has_them(
            texts in vec(prop_oneof!["a{0,20}b?", "system:node:worker-[0-9]{1,3}", "(\u{0}|ä|z){0,9}", "x{225,240}[ab]?"], 0..60),
            reversed: bool,
        ) {
            let mut items: Vec<Keyed> = (0..).take(texts.len()).map(|place| (0, place)).collect();
            by_text(&mut items, reversed, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            let mut model: Vec<u32> = (0..).take(texts.len()).collect();
            model.sort_by(|a, b| {
                let order = texts[*a as usize].cmp(&texts[*b as usize]);
                if reversed { order.reverse() } else { order }
            });
            prop_assert_eq!(items.into_iter().map(|(_, place)| place).collect::<Vec<_>>(), model);
        }
    }
}
