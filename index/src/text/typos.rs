//! What a mistyped word may have been meant to be.

use std::collections::BTreeSet;

/// Every text at a distance of one from a word: with a letter less, with two that stand side by side exchanged, with another letter, with a letter more (Damerau: A
/// technique for computer detection and correction of spelling errors, 1964). Each once, ascending.
pub(super) fn neighbours(word: &str, alphabet: &str) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut found = BTreeSet::new();
    let mut keep = |before: &[char], between: &[char], behind: &[char]| {
        found.insert(
            [before, between, behind]
                .concat()
                .iter()
                .collect::<String>(),
        );
    };
    for place in 0..=letters.len() {
        let (before, behind) = letters.split_at(place);
        for letter in alphabet.chars() {
            keep(before, &[letter], behind);
        }
        let [this, rest @ ..] = behind else {
            continue;
        };
        keep(before, &[], rest);
        for letter in alphabet.chars() {
            keep(before, &[letter], rest);
        }
        if let [next, rest @ ..] = rest {
            keep(before, &[*next, *this], rest);
        }
    }
    found.remove(word);
    found
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
