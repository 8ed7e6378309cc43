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
    /// Texts of which each follows the one before; an error too where they do not ascend. O(length).
    pub(super) fn read(bytes: &[u8]) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(bytes);
        let mut fences = Self {
            bytes: Vec::with_capacity(2 * bytes.len()),
            places: Vec::new(),
        };
        let mut previous = 0..0;
        while !cursor.is_empty() {
            let (shared, rest) = read_after(&mut cursor)?;
            if previous.len() < shared {
                return Err(OutOfBytes);
            }
            let start = fences.bytes.len();
            let kept = previous.start..previous.start + shared;
            fences.bytes.extend_from_within(kept);
            fences.bytes.extend_from_slice(rest);
            let place = start..fences.bytes.len();
            if fences.text(&place) <= fences.text(&previous) {
                return Err(OutOfBytes);
            }
            fences.places.push(place.clone());
            previous = place;
        }
        Ok(fences)
    }

    pub(super) fn count(&self) -> usize {
        self.places.len()
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
