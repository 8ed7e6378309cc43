//! Sections with an entry for each of a sequence of numbers: records by item, lists by item. Block b holds the entries from b times some number on, each behind
//! its length.

use super::{
    block_table::PACKED_MIN_COUNT,
    blocks::{Blocks, Plan},
    layout::SectionId,
    reader::Container,
    serializer::{Section, items_per_block},
};
use crate::{
    codec::{Cursor, OutOfBytes, write_varint},
    error::Error,
    source::FileKind,
};

/// Where there are many blocks, each is filled up to a whole number of units, of which so many are in the mean block: that makes it a hundredth or two longer, and what says where it
/// ends shorter by half.
const UNITS_PER_BLOCK: usize = 32;

/// A section of these entries, and how many a block has.
pub(crate) fn entries_section(
    file: FileKind,
    id: SectionId,
    entries: &[Vec<u8>],
) -> (Section, u32) {
    let len_bytes: usize = entries.iter().map(Vec::len).sum();
    let per_block = items_per_block(entries.len(), len_bytes);
    let block_count = entries.len().div_ceil(per_block as usize);
    let mean_len_bytes = len_bytes / block_count.max(1);
    let unit_log2 = if PACKED_MIN_COUNT <= block_count {
        (mean_len_bytes / UNITS_PER_BLOCK).checked_ilog2()
    } else {
        None
    };
    let mut section = Section::of_padded_blocks(file, id, unit_log2.unwrap_or_default() as u8);
    let mut block = Vec::new();
    for entries in entries.chunks(per_block as usize) {
        block.clear();
        for entry in entries {
            write_varint(entry.len() as u64, &mut block);
            block.extend_from_slice(entry);
        }
        section.push_block(&block);
    }
    (section, per_block)
}

/// A section of entries, found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    section: SectionId,
    count: u32,
    /// **Invariant:** not zero; [`Self::open`] establishes it.
    per_block: u32,
}

impl Entries {
    /// The section, if it has the blocks that `count` entries need when each holds `per_block`. O(1).
    pub(crate) fn open(
        container: &Container,
        section: SectionId,
        count: u32,
        per_block: u32,
    ) -> Result<Self, Error> {
        container.check_blocks_of_items(section, count, per_block)?;
        Ok(Self {
            section,
            count,
            per_block,
        })
    }

    /// Adds the block of an entry to the plan.
    pub(crate) fn plan(
        &self,
        container: &Container,
        number: u32,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        container.plan(self.section, self.block_of(container, number)?, plan)
    }

    /// An entry whose block has been fetched. O(length of the block).
    pub(crate) fn get<'a>(
        &self,
        container: &'a Container,
        number: u32,
        blocks: &'a Blocks,
    ) -> Result<&'a [u8], Error> {
        let block = self.block_of(container, number)?;
        let mut cursor = Cursor::new(container.block(self.section, block, blocks)?);
        let mut entry = || {
            for _ in 0..number % self.per_block {
                cursor.sized()?;
            }
            cursor.sized()
        };
        entry().map_err(|OutOfBytes| container.corrupt("an entry of a block is cut off"))
    }

    fn block_of(&self, container: &Container, number: u32) -> Result<u32, Error> {
        if self.count <= number {
            return Err(Error::NoSuchItem {
                file: container.file(),
                item: number,
                item_count: self.count,
            });
        }
        Ok(number / self.per_block)
    }
}
