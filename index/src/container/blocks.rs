use super::layout::{SectionId, checked_content};
use crate::{
    error::Error,
    sorted_map::SortedMap,
    source::{ByteRange, ByteSource, Bytes, FileKind},
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
    /// **Invariant:** ascending by id, and each id once.
    blocks: Vec<(BlockId, ByteRange)>,
}

impl Plan {
    /// Adds a block, which lies there.
    pub(crate) fn insert(&mut self, block: BlockId, range: ByteRange) {
        let place = self.blocks.partition_point(|(earlier, _)| *earlier < block);
        if self
            .blocks
            .get(place)
            .is_none_or(|(next, _)| *next != block)
        {
            self.blocks.insert(place, (block, range));
        }
    }

    /// What is to be read, in the order of the blocks.
    pub(crate) fn ranges(&self) -> Vec<ByteRange> {
        self.blocks.iter().map(|&(_, range)| range).collect()
    }
}

/// The blocks that were read for a query, checked.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// Their contents. **Invariant:** each was followed by its checksum; [`Self::keep`] is the only way in.
    blocks: SortedMap<BlockId, Bytes>,
}

/// No fetched blocks, which is all that a section in the head needs.
pub(crate) static HEAD_ONLY: Blocks = Blocks {
    blocks: SortedMap::new(),
};

impl Blocks {
    /// Reads what is planned and not yet here, in one batch, and checks it. Nothing to read is no batch.
    pub(crate) fn fetch(&mut self, mut plan: Plan, source: &dyn ByteSource) -> Result<(), Error> {
        plan.blocks.retain(|(id, _)| !self.blocks.contains_key(id));
        if plan.blocks.is_empty() {
            return Ok(());
        }
        let buffers = read(source, &plan.ranges())?;
        self.keep(&plan, buffers)
    }

    /// Takes what was read for a plan, one buffer a block in its order, and checks it.
    pub(crate) fn keep(
        &mut self,
        plan: &Plan,
        buffers: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), Error> {
        for (&(id, _), mut block) in plan.blocks.iter().zip(buffers) {
            let content_len = checked_content(id, &block)?.len();
            block.truncate(content_len);
            self.blocks.insert(id, block);
        }
        Ok(())
    }

    /// The content of a block.
    pub(super) fn get(&self, id: BlockId) -> Result<&[u8], Error> {
        self.blocks
            .get(&id)
            .map(|content| &**content)
            .ok_or(Error::NotFetched {
                file: id.file,
                section: id.section.0,
                block: id.block,
            })
    }
}

/// One batch of reads, held to the promise of [`ByteSource::read`].
pub(crate) fn read(source: &dyn ByteSource, ranges: &[ByteRange]) -> Result<Vec<Bytes>, Error> {
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
