//! Where the blocks of a section end.
//!
//! ```text
//! plain table  := end u32 ^ blocks
//! packed table := section end u32 | minimum u32 | excess u32 | unit u8 | low bits u8 | low | high
//! ```
//!
//! The end of block b, but for the last, is `((b + 1) · minimum + excess of b) << unit`, and the excesses ascend: they are written as Elias and Fano have it (Elias: Efficient storage and
//! retrieval by content and address of static files, 1974). Their lowest bits stand one behind the other; of the rest, a bit that is set at place b + rest says that there is a block b.

use super::layout::BLOCK_END_LEN_BYTES;
use crate::codec::{BitWriter, Cursor, OutOfBytes, number_at, place_of_one};

/// From so many blocks on a table is packed: what is saved is then a kilobyte and more.
pub(super) const PACKED_MIN_COUNT: usize = 512;

const PACKED_HEADER_LEN_BYTES: usize = 14;

/// How a section says where its blocks end.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockEnds {
    /// All blocks have this length, which is not zero.
    EveryBytes(u32),
    /// A plain table lies at this offset in the head.
    Plain(usize),
    Packed(PackedEnds),
}

/// A packed table.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedEnds {
    block_count: u32,
    section_end: u32,
    minimum: u32,
    unit_log2: u8,
    low_bit_count: u8,
    /// Where it lies in the head.
    low_offset: usize,
    high_offset: usize,
    high_len: usize,
}

/// What the ends of blocks, of which there is at least one, are in a packed table; all but the last are multiples of the unit.
pub(super) fn write_packed(ends: &[u32], unit_log2: u8) -> Vec<u8> {
    let (section_end, inner) = match ends.split_last() {
        Some((last, inner)) => (*last, inner),
        None => (0, ends),
    };
    let starts = [0].iter().chain(inner);
    let lens = inner.iter().zip(starts).map(|(end, start)| end - start);
    let minimum = lens.min().unwrap_or_default() >> unit_log2;
    let excesses = (1..).zip(inner);
    let excesses = excesses.map(|(number, end)| (end >> unit_log2) - number * minimum);
    let excesses: Vec<u32> = excesses.collect();
    let excess = excesses.last().copied().unwrap_or_default();
    let mean = excess / (excesses.len() as u32).max(1);
    let low_bit_count = mean.checked_ilog2().unwrap_or_default() as u8;

    let mut low = BitWriter::default();
    let mut high = BitWriter::default();
    for (number, &excess) in excesses.iter().enumerate() {
        low.push(excess, low_bit_count);
        while high.len_bits < number + (excess >> low_bit_count) as usize {
            high.push(0, 1);
        }
        high.push(1, 1);
    }
    let mut table = Vec::new();
    for number in [section_end, minimum, excess] {
        table.extend(number.to_le_bytes());
    }
    table.extend([unit_log2, low_bit_count]);
    table.extend(low.bytes);
    table.extend(high.bytes);
    table
}

impl BlockEnds {
    /// A table that begins at an offset in the head; an error where it reaches out of it, or is none. O(1).
    pub(super) fn of_table(
        is_packed: bool,
        head: &[u8],
        offset: usize,
        block_count: u32,
    ) -> Result<Self, OutOfBytes> {
        let table = head.get(offset..).ok_or(OutOfBytes)?;
        if is_packed {
            return PackedEnds::read(table, offset, block_count).map(Self::Packed);
        }
        Cursor::new(table).take(block_count as usize * BLOCK_END_LEN_BYTES)?;
        Ok(Self::Plain(offset))
    }

    /// Where a block ends, counted from the start of the section; `None` where the section has no such block. O(1), of a packed table O(blocks / 64).
    pub(super) fn end(&self, head: &[u8], block: u32) -> Option<u64> {
        match self {
            Self::EveryBytes(len_bytes) => Some((u64::from(block) + 1) * u64::from(*len_bytes)),
            Self::Plain(table_offset) => {
                let offset = table_offset + block as usize * BLOCK_END_LEN_BYTES;
                Cursor::new(head.get(offset..)?).u32().ok().map(u64::from)
            }
            Self::Packed(packed) => packed.end(head, block),
        }
    }
}

impl PackedEnds {
    fn read(table: &[u8], offset: usize, block_count: u32) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(table);
        let [section_end, minimum, excess] = [cursor.u32()?, cursor.u32()?, cursor.u32()?];
        let [unit_log2, low_bit_count] = [cursor.u8()?, cursor.u8()?];
        if 31 < unit_log2.max(low_bit_count) {
            return Err(OutOfBytes);
        }
        let inner_count = block_count.saturating_sub(1) as usize;
        let low_len = (inner_count * usize::from(low_bit_count)).div_ceil(8);
        let high_len = (inner_count + (excess >> low_bit_count) as usize).div_ceil(8);
        cursor.take(low_len)?;
        cursor.take(high_len)?;
        let low_offset = offset + PACKED_HEADER_LEN_BYTES;
        Ok(Self {
            block_count,
            section_end,
            minimum,
            unit_log2,
            low_bit_count,
            low_offset,
            high_offset: low_offset + low_len,
            high_len,
        })
    }

    fn end(&self, head: &[u8], block: u32) -> Option<u64> {
        if block + 1 == self.block_count {
            return Some(self.section_end.into());
        }
        let low = head.get(self.low_offset..self.high_offset)?;
        let high = head.get(self.high_offset..self.high_offset + self.high_len)?;
        let high = place_of_one(high, block as usize)? - block as usize;
        let low = number_at(low, block as usize, self.low_bit_count);
        let excess = (high as u64) << self.low_bit_count | low;
        let end = (u64::from(block) + 1) * u64::from(self.minimum) + excess;
        end.checked_mul(1 << self.unit_log2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_table_says_where_all_blocks_end(
            lens in prop::collection::vec(prop_oneof![20 => 1_u32..200, 1 => 1_u32..1_000_000], 1..600),
            unit_log2 in 0_u8..6,
            last in 0_u32..100,
        ) {
            let mut end = 0;
            let mut ends: Vec<u32> = lens
                .iter()
                .map(|len| {
                    end += len << unit_log2;
                    end
                })
                .collect();
            ends.push(end + last);
            let before = 3;
            let table = write_packed(&ends, unit_log2);
            let head = [vec![0xff; before], table.clone(), vec![0xff; 9]].concat();
            let block_count = ends.len() as u32;
            let read = BlockEnds::of_table(true, &head, before, block_count).unwrap();
            for (block, &end) in (0..).zip(&ends) {
                prop_assert_eq!(read.end(&head, block), Some(u64::from(end)));
            }
            // Nor is it longer than it says, or shorter.
            for len in 0..table.len() {
                prop_assert!(BlockEnds::of_table(true, &table[..len], 0, block_count).is_err());
            }
        }

        #[test]
        fn any_bytes_are_a_table_or_an_error(head: Vec<u8>, block_count in 0_u32..2_000, block: u32) {
            for is_packed in [false, true] {
                if let Ok(ends) = BlockEnds::of_table(is_packed, &head, 0, block_count) {
                    ends.end(&head, block);
                }
            }
        }
    }

    #[test]
    fn ten_thousand_blocks_of_like_lengths_take_less_than_a_byte_each() {
        let lens = (0..10_000_u32).map(|block| 60 + block * 7919 % 8);
        let ends: Vec<u32> = lens
            .scan(0, |end, len| {
                *end += len << 5;
                Some(*end)
            })
            .collect();
        let table = write_packed(&ends, 5);
        assert!(table.len() < 5_100, "{}", table.len());
    }
}
