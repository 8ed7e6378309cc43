//! Which words there may be: a binary fuse filter (Graf and Lemire: Binary fuse filters: fast and smaller than xor filters, 2022).
//!
//! Somebody who mistyped a word meant one that can be spelled by changing a letter; there are hundreds of those, and the filter says which of them are written somewhere, but for one in
//! 256 that is none. It is asked as it lies in the file: a word is in it whose fingerprint is the exclusive or of the bytes at its four places.
//!
//! ```text
//! filter := seed varint | log2 of the segment length u8 | fingerprint u8 *
//! ```

use xxhash_rust::xxh64::xxh64;

use crate::{
    codec::{Cursor, OutOfBytes, write_varint},
    source::Bytes,
};

/// Nothing is corrected to words of fewer letters.
const MINIMUM_LETTER_COUNT: usize = 4;

/// Shorter words are not corrected. One with a letter too few is shorter than what was meant.
pub(super) const TYPED_MIN_LETTER_COUNT: usize = MINIMUM_LETTER_COUNT - 1;

/// In so many neighbouring segments a word has a place.
const PLACE_COUNT: usize = 4;

/// With so many seeds it is tried before the filter gets longer.
const SEEDS_PER_LENGTH: u64 = 4;

/// A block of the head has no room for longer segments.
const MAX_SEGMENT_LOG: u8 = 24;

/// Whether a word may have been meant by what is mistyped: a long enough one without digits.
pub(super) fn is_correctable(word: &str) -> bool {
    MINIMUM_LETTER_COUNT <= word.chars().count() && !word.contains(char::is_numeric)
}

/// The filter of these words, each once. O(words), expected.
pub(super) fn write_filter(words: &[&str]) -> Vec<u8> {
    let count = words.len();
    // Nearly as long as the paper has it with its logarithms, and a little more likely to do.
    let segment_len = count.isqrt().next_power_of_two() * 2;
    let mut bytes = Vec::new();
    // Nothing is in no segments.
    let (seed, fingerprints) = if count == 0 {
        (0, Vec::new())
    } else {
        let filled = (0..).find_map(|seed| {
            let longer = (seed / SEEDS_PER_LENGTH) as usize;
            let segment_count = (count * 9 / 8).div_ceil(segment_len) + longer;
            let segment_count = segment_count.max(PLACE_COUNT);
            let places = Places {
                seed,
                segment_len,
                start_count: (segment_count + 1 - PLACE_COUNT) * segment_len,
            };
            Some((seed, fill(&places, words)?))
        });
        filled.unwrap_or_default()
    };
    write_varint(seed, &mut bytes);
    bytes.push(segment_len.ilog2() as u8);
    bytes.extend(fingerprints);
    bytes
}

/// The fingerprints with which each word has its own; `None` where there are words that no order of them sets apart.
fn fill(places: &Places, words: &[&str]) -> Option<Vec<u8>> {
    let len = places.start_count + (PLACE_COUNT - 1) * places.segment_len;
    // At each place, how many words have it, and the exclusive or of their hashes.
    let mut at_places = vec![(0_u32, 0_u64); len];
    for word in words {
        let hash = places.hash(word.as_bytes());
        for place in places.of(hash) {
            let (count, hashes) = at_places.get_mut(place)?;
            *count += 1;
            *hashes ^= hash;
        }
    }
    // Who is alone at a place can be set apart there, after all others; without it others are alone.
    let is_alone = |at_places: &[(u32, u64)], place: usize| {
        at_places.get(place).is_some_and(|(count, _)| *count == 1)
    };
    let mut alone: Vec<usize> = (0..len)
        .filter(|place| is_alone(&at_places, *place))
        .collect();
    let mut order = Vec::new();
    while let Some(place) = alone.pop() {
        if !is_alone(&at_places, place) {
            continue;
        }
        let (_, hash) = *at_places.get(place)?;
        order.push((place, hash));
        for other in places.of(hash) {
            let (count, hashes) = at_places.get_mut(other)?;
            *count -= 1;
            *hashes ^= hash;
            if *count == 1 {
                alone.push(other);
            }
        }
    }
    if order.len() < words.len() {
        return None;
    }
    let mut fingerprints = vec![0; len];
    for (place, hash) in order.into_iter().rev() {
        let others = places
            .of(hash)
            .map(|place| fingerprints.get(place).copied());
        let others = others.into_iter().flatten();
        let byte = others.fold(fingerprint(hash), |byte, other| byte ^ other);
        *fingerprints.get_mut(place)? = byte;
    }
    Some(fingerprints)
}

/// A filter, read.
#[derive(Debug)]
pub(super) struct WordFilter {
    places: Places,
    fingerprints: Bytes,
}

impl WordFilter {
    /// O(1).
    pub(super) fn read(bytes: &Bytes) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(bytes);
        let seed = cursor.varint()?;
        let segment_len = match cursor.u8()? {
            log @ ..=MAX_SEGMENT_LOG => 1 << log,
            _ => return Err(OutOfBytes),
        };
        let fingerprints = bytes.slice_ref(cursor.rest());
        let start_len = fingerprints
            .len()
            .saturating_sub((PLACE_COUNT - 1) * segment_len);
        Ok(Self {
            places: Places {
                seed,
                segment_len,
                start_count: start_len,
            },
            fingerprints,
        })
    }

    /// Whether a word may be one of them; never `false` for one that is in the filter. O(1).
    pub(super) fn may_have(&self, word: &[u8]) -> bool {
        let hash = self.places.hash(word);
        let at_places = self.places.of(hash);
        let at_places = at_places.map(|place| self.fingerprints.get(place).copied());
        let [Some(first), Some(second), Some(third), Some(fourth)] = at_places else {
            return false;
        };
        first ^ second ^ third ^ fourth == fingerprint(hash)
    }
}

/// Where words have their places.
#[derive(Debug)]
struct Places {
    seed: u64,
    /// A power of two.
    segment_len: usize,
    /// How many first places there are.
    start_count: usize,
}

impl Places {
    fn hash(&self, word: &[u8]) -> u64 {
        xxh64(word, self.seed)
    }

    /// The four places of a hash, in segments one behind the other.
    fn of(&self, hash: u64) -> [usize; PLACE_COUNT] {
        let first = ((u128::from(hash) * self.start_count as u128) >> 64) as usize;
        let mask = self.segment_len - 1;
        let at = |segment: usize, shift: u32| {
            (first + segment * self.segment_len) ^ ((hash >> shift) as usize & mask)
        };
        [first, at(1, 36), at(2, 18), at(3, 0)]
    }
}

fn fingerprint(hash: u64) -> u8 {
    (hash ^ (hash >> 32)) as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn filter(words: &BTreeSet<String>) -> WordFilter {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        WordFilter::read(&write_filter(&words).into()).unwrap()
    }

    proptest! {
        #[test]
        fn every_word_is_in_its_filter(words in prop::collection::btree_set("[a-eé]{0,6}", 0..300)) {
            let filter = filter(&words);
            for word in &words {
                prop_assert!(filter.may_have(word.as_bytes()), "{}", word);
            }
        }

        #[test]
        fn any_bytes_are_a_filter_or_an_error(bytes: Vec<u8>, word: String) {
            if let Ok(filter) = WordFilter::read(&bytes.into()) {
                filter.may_have(word.as_bytes());
            }
        }
    }

    #[test]
    fn one_in_256_other_words_passes_at_nine_bits_a_word() {
        let words = (0..20_000).map(|number| format!("word{number}")).collect();
        let of_words = filter(&words);
        let others = (0..100_000).map(|number| format!("other{number}"));
        let passed = others
            .filter(|other| of_words.may_have(other.as_bytes()))
            .count();
        assert!((300..500).contains(&passed), "{passed} of 100,000");
        assert!(
            of_words.fingerprints.len() <= 23_100,
            "{}",
            of_words.fingerprints.len()
        );
        assert!(!filter(&BTreeSet::new()).may_have(b"word"));
    }
}
