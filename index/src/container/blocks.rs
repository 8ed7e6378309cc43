use std::collections::BTreeMap;

use super::layout::{SectionId, block_checksum};
use crate::{
    error::{Error, Place},
    source::{Buffer, ByteRange, ByteSource, FileKind},
};

/// Names a block within a generation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct BlockId {
    pub(super) file: FileKind,
    pub(super) section: SectionId,
    pub(super) block: u32,
}

/// A block that is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedBlock {
    pub(super) id: BlockId,
    pub(super) range: ByteRange,
    pub(super) checksum: u32,
}

/// The blocks that the next step of a query needs, without duplicates and in the order of the files.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    blocks: BTreeMap<BlockId, PlannedBlock>,
}

impl Plan {
    pub(super) fn insert(&mut self, block: PlannedBlock) {
        self.blocks.insert(block.id, block);
    }
}

/// The blocks that were read for a query, checked.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    blocks: BTreeMap<BlockId, Buffer>,
}

/// No fetched blocks, which is all that a section in the head needs.
pub(crate) static HEAD_ONLY: Blocks = Blocks {
    blocks: BTreeMap::new(),
};

impl Blocks {
    /// Reads what is planned and not yet here, in one batch, and checks it. Nothing to read is no batch.
    pub(crate) fn fetch(&mut self, plan: Plan, source: &impl ByteSource) -> Result<(), Error> {
        let missing: Vec<PlannedBlock> = plan
            .blocks
            .into_values()
            .filter(|block| !self.blocks.contains_key(&block.id))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let ranges: Vec<ByteRange> = missing.iter().map(|block| block.range).collect();
        for (planned, bytes) in missing.into_iter().zip(read(source, &ranges)?) {
            if block_checksum(&bytes) != planned.checksum {
                let BlockId {
                    file,
                    section,
                    block,
                } = planned.id;
                let place = Place::Block {
                    section: section.0,
                    block,
                };
                return Err(Error::ChecksumMismatch { file, place });
            }
            self.blocks.insert(planned.id, bytes);
        }
        Ok(())
    }

    pub(super) fn get(&self, id: BlockId) -> Result<&[u8], Error> {
        self.blocks
            .get(&id)
            .map(|bytes| &**bytes)
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
