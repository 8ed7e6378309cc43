//! Which words there may be: a set of hashes as their gaps (Putze, Sanders and Singler: Cache-, hash- and space-efficient bloom filters, 2007, "Golomb-compressed").
//!
//! Somebody who mistyped a word meant one that can be spelled by changing a letter; there are hundreds of those, and the filter says which of them are written somewhere, but for one in
//! 256 that is none.

use xxhash_rust::xxh64::xxh64;

use super::postings::rice_parameter;
use crate::codec::{Cursor, OutOfBytes, RiceReader, write_rice, write_varint};

/// So many hashes are possible for each that is there.
const ROOM_PER_WORD: u32 = 256;

/// Nothing is corrected to words of fewer letters.
const MINIMUM_LETTER_COUNT: usize = 4;

/// Shorter words are not corrected. One with a letter too few is shorter than what was meant.
pub(super) const TYPED_MIN_LETTER_COUNT: usize = MINIMUM_LETTER_COUNT - 1;

/// Whether a word may have been meant by what is mistyped: a long enough one without digits.
pub(super) fn is_correctable(word: &str) -> bool {
    MINIMUM_LETTER_COUNT <= word.chars().count() && !word.contains(char::is_numeric)
}

/// The filter of these words.
pub(super) fn write_filter<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> Vec<u8> {
    let room = words.len() as u32 * ROOM_PER_WORD;
    let mut hashes: Vec<u32> = words.map(|word| hash(word, room)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut bytes = Vec::new();
    write_varint(u64::from(room), &mut bytes);
    write_varint(hashes.len() as u64, &mut bytes);
    write_rice(&hashes, rice_parameter(hashes.len(), room), &mut bytes);
    bytes
}

/// A filter, read.
#[derive(Debug)]
pub(super) struct WordFilter {
    room: u32,
    /// Ascending.
    hashes: Vec<u32>,
}

impl WordFilter {
    /// O(words).
    pub(super) fn read(bytes: &[u8]) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(bytes);
        let room = cursor.varint_u32()?;
        let count = cursor.varint_u32()? as usize;
        // A code has a bit at least.
        if cursor.rest().len().saturating_mul(8) < count {
            return Err(OutOfBytes);
        }
        let mut codes = RiceReader::new(cursor.rest(), rice_parameter(count, room))?;
        let hashes = (0..count).map(|_| codes.next_value());
        Ok(Self {
            room,
            hashes: hashes.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a word may be one of them; never `false` for one that is in the filter.
    pub(super) fn may_have(&self, word: &str) -> bool {
        self.hashes.binary_search(&hash(word, self.room)).is_ok()
    }
}

/// A hash below `room`.
fn hash(word: &str, room: u32) -> u32 {
    ((u128::from(xxh64(word.as_bytes(), 0)) * u128::from(room)) >> 64) as u32
}
