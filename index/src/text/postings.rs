//! Lists of items with how much each says a term.
//!
//! ```text
//! postings := impact u8 ^ count | items                                     where the count is below 16
//!           | 0 u8 | impact u8 ^ count | items                              where it is not
//!           | palette length u8 | impact u8 ^ length | numbers | items      where that is shorter
//! ```
//!
//! Many items say a term alike: a palette has the impacts that there are, ascending, and each number, of as few bits as suffice for the last, says which of these an item's is.
//! The items are Rice codes of the gaps, with a parameter that follows from how many there are among how many.

use crate::codec::{BitWriter, Cursor, OutOfBytes, RiceReader, number_at, write_rice};

/// Fewer impacts are written as they are.
const PALETTE_MIN_COUNT: usize = 16;

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
    let impacts: Vec<u8> = postings.iter().map(|posting| posting.impact).collect();
    write_impacts(&impacts, bytes);
    let items: Vec<u32> = postings.iter().map(|posting| posting.item).collect();
    write_rice(&items, rice_parameter(items.len(), room), bytes);
}

/// Impacts as they are, or, of many, by their numbers in a palette where that is shorter.
fn write_impacts(impacts: &[u8], bytes: &mut Vec<u8>) {
    if PALETTE_MIN_COUNT <= impacts.len() {
        let mut palette = impacts.to_vec();
        palette.sort_unstable();
        palette.dedup();
        let bit_count = palette_bit_count(palette.len());
        let mut codes = BitWriter::default();
        for impact in impacts {
            let code = palette.partition_point(|other| other < impact);
            codes.push(code as u32, bit_count);
        }
        if palette.len() + codes.bytes.len() < impacts.len() {
            bytes.push(palette.len() as u8);
            bytes.extend(palette);
            bytes.extend(codes.bytes);
            return;
        }
        bytes.push(0);
    }
    bytes.extend_from_slice(impacts);
}

/// How many bits the numbers of a palette of so many have.
fn palette_bit_count(len: usize) -> u8 {
    let last = len.saturating_sub(1);
    last.checked_ilog2().map_or(0, |log| log as u8 + 1)
}

/// Reads what [`write_postings`] wrote; the cursor is left behind it.
pub(super) fn read_postings(
    cursor: &mut Cursor<'_>,
    count: usize,
    room: u32,
) -> Result<Vec<Posting>, OutOfBytes> {
    let palette_len = match count {
        PALETTE_MIN_COUNT.. => usize::from(cursor.u8()?),
        _ => 0,
    };
    let palette = cursor.take(palette_len)?;
    let bit_count = match palette_len {
        0 => 8,
        len => palette_bit_count(len),
    };
    let impacts = cursor.take((count * usize::from(bit_count)).div_ceil(8))?;
    let codes = cursor.rest();
    let mut items = RiceReader::new(codes, rice_parameter(count, room))?;
    let mut postings = Vec::with_capacity(count);
    for place in 0..count {
        let item = items.next_value()?;
        let impact = match palette {
            [] => impacts.get(place),
            palette => palette.get(number_at(impacts, place, bit_count) as usize),
        };
        match impact {
            Some(&impact) if item < room && impact != 0 => postings.push(Posting { item, impact }),
            _ => return Err(OutOfBytes),
        }
    }
    cursor.take(codes.len() - items.unread_len_bytes())?;
    Ok(postings)
}
