//! Lists of items with how much each says a term.
//!
//! ```text
//! impact u8 ^ count | items
//! ```
//!
//! The items are Rice codes of the gaps, with a parameter that follows from how many there are among how many.

use crate::codec::{Cursor, OutOfBytes, RiceReader, write_rice};

/// An item that has a term.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Posting {
    /// Its number.
    pub(crate) item: u32,
    /// How much it says the term, in units of the file; never zero.
    pub(crate) impact: u8,
}

/// The Rice parameter for `count` numbers below `room`: the best one, within a bit, for a random subset (Kiely: Selecting the Golomb parameter in Rice coding, 2004).
pub(super) fn rice_parameter(count: usize, room: u32) -> u8 {
    let mean_gap = room / (count as u32).max(1);
    // The base-2 logarithm of the mean gap times ln 2.
    let scaled = (u64::from(mean_gap) * 45_426) >> 16;
    scaled.checked_ilog2().unwrap_or(0) as u8
}

/// Appends postings, ascending by item and all below `room`.
pub(super) fn write_postings(postings: &[Posting], room: u32, bytes: &mut Vec<u8>) {
    bytes.extend(postings.iter().map(|posting| posting.impact));
    let items: Vec<u32> = postings.iter().map(|posting| posting.item).collect();
    write_rice(&items, rice_parameter(items.len(), room), bytes);
}

/// Reads what [`write_postings`] wrote; the cursor is left behind it.
pub(super) fn read_postings(
    cursor: &mut Cursor<'_>,
    count: usize,
    room: u32,
) -> Result<Vec<Posting>, OutOfBytes> {
    let impacts = cursor.take(count)?;
    let codes = cursor.rest();
    let mut items = RiceReader::new(codes, rice_parameter(count, room))?;
    let mut postings = Vec::with_capacity(count);
    for &impact in impacts {
        let item = items.next_value()?;
        if room <= item || impact == 0 {
            return Err(OutOfBytes);
        }
        postings.push(Posting { item, impact });
    }
    cursor.take(codes.len() - items.unread_len_bytes())?;
    Ok(postings)
}
