//! What a mistyped word may have been meant to be.

/// Calls `visit` with every text at a distance of one from a word, as bytes: with a letter less, with two that stand side by side exchanged, with another letter, with a letter more
/// (Damerau: A technique for computer detection and correction of spelling errors, 1964). Some come twice, and so may the word itself.
pub(super) fn each_neighbour(word: &str, alphabet: &str, visit: &mut dyn FnMut(&[u8])) {
    let mut text = Vec::new();
    for (place, letter) in word.char_indices().chain([(word.len(), ' ')]) {
        let (before, behind) = word.split_at(place);
        each_between(before, alphabet, behind, &mut text, visit);
        let Some(rest) = behind.strip_prefix(letter) else {
            continue;
        };
        each_between(before, alphabet, rest, &mut text, visit);
        visit([before, rest].concat().as_bytes());
        if let Some(next) = rest.chars().next() {
            let (next, rest) = rest.split_at(next.len_utf8());
            let this = behind.get(..letter.len_utf8()).unwrap_or_default();
            visit([before, next, this, rest].concat().as_bytes());
        }
    }
}

/// Calls `visit` with each letter of an alphabet between two texts; `text` is where they are put together.
fn each_between(
    before: &str,
    alphabet: &str,
    behind: &str,
    text: &mut Vec<u8>,
    visit: &mut dyn FnMut(&[u8]),
) {
    text.clear();
    text.extend_from_slice(before.as_bytes());
    for letter in alphabet.chars() {
        text.truncate(before.len());
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        text.extend_from_slice(behind.as_bytes());
        visit(text);
    }
}

/// Whether two words are at most so many letters apart, an exchange of two that stand side by side counting as one. O(length²).
#[expect(
    clippy::indexing_slicing,
    reason = "a row has one place more than there are columns"
)]
pub(crate) fn is_within(left: &str, right: &str, maximum: usize) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if maximum < left.len().abs_diff(right.len()) {
        return false;
    }
    // Rows of the table of distances between all beginnings: of the last two letters and of this one.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let changed = above[column] + usize::from(letter != other);
            let mut least = changed.min(above[column + 1] + 1).min(current[column] + 1);
            if 0 < row && 0 < column && left[row - 1] == *other && right[column - 1] == *letter {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()] <= maximum
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// All texts of so many letters.
    fn texts(alphabet: &str, letter_count: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for _ in 0..letter_count {
            let longer = texts.iter().flat_map(|text| {
                alphabet
                    .chars()
                    .map(move |letter| format!("{text}{letter}"))
            });
            texts = longer.collect();
        }
        texts
    }

    proptest! {
        #[test]
        fn neighbours_are_all_texts_at_a_distance_of_one(word in "[abé]{1,4}") {
            let alphabet = "abé";
            let mut found = BTreeSet::new();
            each_neighbour(&word, alphabet, &mut |text| {
                found.insert(String::from_utf8(text.to_vec()).unwrap());
            });
            found.remove(&word);
            let letter_count = word.chars().count();
            let lens = letter_count - 1..=letter_count + 1;
            let expected: BTreeSet<String> = lens
                .flat_map(|len| texts(alphabet, len))
                .filter(|text| *text != word && is_within(text, &word, 1))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
