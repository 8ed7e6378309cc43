use std::collections::BTreeMap;

use super::layout::{SectionId, is_sound, split_block};
use crate::{
    error::{Error, Place},
    source::{Buffer, ByteRange, ByteSource, FileKind},
};

/// Names a block within a generation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct BlockId {
    pub(crate) file: FileKind,
    pub(crate) section: SectionId,
    pub(crate) block: u32,
}

/// The blocks that the next step of a query needs, without duplicates and in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    blocks: BTreeMap<BlockId, ByteRange>,
}

impl Plan {
    /// Adds a block, which lies there.
    pub(crate) fn insert(&mut self, block: BlockId, range: ByteRange) {
        self.blocks.insert(block, range);
    }

    /// What is to be read, in the order of the blocks.
    pub(crate) fn ranges(&self) -> Vec<ByteRange> {
        self.blocks.values().copied().collect()
    }
}

/// The blocks that were read for a query, checked.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// **Invariant:** every block ends with the checksum of its content; [`Self::keep`] is the only way in.
    blocks: BTreeMap<BlockId, Buffer>,
}

/// No fetched blocks, which is all that a section in the head needs.
pub(crate) static HEAD_ONLY: Blocks = Blocks {
    blocks: BTreeMap::new(),
};

impl Blocks {
    /// Reads what is planned and not yet here, in one batch, and checks it. Nothing to read is no batch.
    pub(crate) fn fetch(&mut self, plan: Plan, source: &impl ByteSource) -> Result<(), Error> {
        // Put together anew, since code that takes something out of a map would be 5 kB of a function.
        let mut missing = Plan::default();
        for (id, range) in plan.blocks {
            if !self.blocks.contains_key(&id) {
                missing.insert(id, range);
            }
        }
        if missing.blocks.is_empty() {
            return Ok(());
        }
        let buffers = read(source, &missing.ranges())?;
        self.keep(&missing, buffers)
    }

    /// Takes what was read for a plan, one buffer a block in its order, and checks it.
    pub(crate) fn keep(
        &mut self,
        plan: &Plan,
        buffers: impl IntoIterator<Item = Buffer>,
    ) -> Result<(), Error> {
        for (&id, block) in plan.blocks.keys().zip(buffers) {
            if !is_sound(&block) {
                return Err(Error::ChecksumMismatch {
                    file: id.file,
                    place: Place::Block {
                        section: id.section.0,
                        block: id.block,
                    },
                });
            }
            self.blocks.insert(id, block);
        }
        Ok(())
    }

    /// The content of a block.
    pub(super) fn get(&self, id: BlockId) -> Result<&[u8], Error> {
        self.blocks
            .get(&id)
            .and_then(|block| split_block(block))
            .map(|(content, _)| content)
            .ok_or(Error::NotFetched {
                file: id.file,
                section: id.section.0,
                block: id.block,
            })
    }
}

/// One batch of reads, held to the promise of [`ByteSource::read`].
pub(crate) fn read(source: &impl ByteSource, ranges: &[ByteRange]) -> Result<Vec<Buffer>, Error> {
    let buffers = source.read(ranges).map_err(|source| Error::Source {
        ranges: ranges.len(),
        source,
    })?;
    for (index, range) in ranges.iter().enumerate() {
        let found_bytes = buffers.get(index).map_or(0, |buffer| buffer.len() as u64);
        let expected_bytes = u64::from(range.len_bytes);
        if found_bytes != expected_bytes {
            return Err(Error::Truncated {
                file: range.file,
                expected_bytes,
                found_bytes,
            });
        }
    }
    Ok(buffers)
}
