//! What the blocks of terms begin with, ascending: each the shortest text that parts a block from the one before.

use std::ops::Range;

use super::dictionary::read_after;
use crate::codec::{Cursor, OutOfBytes};

/// The fences of a file, one behind the other.
#[derive(Debug)]
pub(super) struct Fences {
    bytes: Vec<u8>,
    /// Where each lies; each text is above the one before.
    places: Vec<Range<usize>>,
}

impl Fences {
    /// So many texts, of which each follows the one before; an error too where they do not ascend, or are more or fewer. O(length).
    pub(super) fn read(bytes: &[u8], count: usize) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(bytes);
        let mut fences = Self {
            bytes: Vec::with_capacity(3 * bytes.len()),
            places: Vec::with_capacity(count.min(bytes.len())),
        };
        let mut previous = 0..0;
        while !cursor.is_empty() {
            let (shared, rest) = read_after(&mut cursor)?;
            if previous.len() < shared {
                return Err(OutOfBytes);
            }
            let cut = previous.start + shared;
            if rest <= fences.text(&(cut..previous.end)) {
                return Err(OutOfBytes);
            }
            let start = fences.bytes.len();
            fences.bytes.extend_from_within(previous.start..cut);
            fences.bytes.extend_from_slice(rest);
            previous = start..fences.bytes.len();
            fences.places.push(previous.clone());
        }
        if fences.places.len() == count {
            Ok(fences)
        } else {
            Err(OutOfBytes)
        }
    }

    /// How many are not above a text. O(log fences).
    pub(super) fn count_up_to(&self, text: &str) -> usize {
        self.places
            .partition_point(|place| self.text(place) <= text.as_bytes())
    }

    /// How many are not above all texts that begin so. O(log fences).
    pub(super) fn count_up_to_last(&self, beginning: &str) -> usize {
        let beginning = beginning.as_bytes();
        self.places.partition_point(|place| {
            let fence = self.text(place);
            fence <= beginning || fence.starts_with(beginning)
        })
    }

    fn text(&self, place: &Range<usize>) -> &[u8] {
        self.bytes.get(place.clone()).unwrap_or_default()
    }
}
