//! Sections with an entry for each of a sequence of numbers: records by item, lists by item. Block b holds the entries from b times some number on, each behind
//! its length.

use super::{
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

/// A section of these entries, and how many a block has.
pub(crate) fn entries_section(
    file: FileKind,
    id: SectionId,
    entries: &[Vec<u8>],
) -> (Section, u32) {
    let len_bytes: usize = entries.iter().map(Vec::len).sum();
    let per_block = items_per_block(entries.len(), len_bytes);
    let mut section = Section::new(file, id);
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
