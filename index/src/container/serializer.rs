use super::block_table::{PACKED_MIN_COUNT, write_packed};
use super::blocks::BlockId;
use super::layout::{
    BLOCK_CHECKSUM_LEN_BYTES, BLOCK_END_LEN_BYTES, DIRECTORY_ENTRY_LEN_BYTES, END_MAGIC,
    FORMAT_VERSION, HEAD_CHECKSUM_RANGE, HEADER_LEN_BYTES, MAGIC, MAXIMUM_BLOCK_LEN_BYTES,
    SectionId, TRAILER_LEN_BYTES, block_checksum, file_checksum, head_checksum, kind_number,
};
use crate::{error::WriteError, source::FileKind};

/// How many blocks of a section a question touches: a history of 20 items, a page of 20 results.
const BLOCKS_PER_QUESTION: usize = 20;

/// How many items each block of a section holds, a power of two: that with which the block table, which is part of every first read, and the blocks of a
/// question are shortest together. `len_bytes` is that of all items.
///
/// For MovieLens 1M it gives 2 lists of 280 bytes a block and 4 records: with near ranges read as one, a cold request with its records takes 11.4 GETs and
/// 189 kB. For 200,000 items of 400 bytes it gives 8 a block, a table of 100 kB.
pub(crate) fn items_per_block(item_count: usize, len_bytes: usize) -> u32 {
    let mean_len_bytes = len_bytes.div_ceil(item_count.max(1));
    let read_len_bytes = |items: &u32| {
        let items = *items as usize;
        let table_len = item_count.div_ceil(items) * BLOCK_END_LEN_BYTES;
        table_len + BLOCKS_PER_QUESTION * items * mean_len_bytes
    };
    (0..=16)
        .map(|exponent| 1_u32 << exponent)
        .min_by_key(read_len_bytes)
        .unwrap_or(1)
}

/// Turns sections into the bytes of a file.
pub(crate) struct ContainerSerializer {
    kind: FileKind,
    item_space: u64,
    metadata: Vec<u8>,
    hot: Vec<Section>,
    cold: Vec<Section>,
}

/// A sequence of blocks in the making.
#[derive(Debug)]
pub(crate) struct Section {
    file: FileKind,
    id: SectionId,
    bytes: Vec<u8>,
    /// How long every block is, where all have one length.
    block_len_bytes: Option<u32>,
    /// Of what the length of every block is a multiple.
    unit_log2: u8,
    /// Where each block ends in `bytes`; ascending, and the last is the length of `bytes`.
    ends: Vec<usize>,
}

impl Section {
    pub(crate) fn new(file: FileKind, id: SectionId) -> Self {
        Self {
            file,
            id,
            bytes: Vec::new(),
            block_len_bytes: None,
            unit_log2: 0,
            ends: Vec::new(),
        }
    }

    /// A section whose blocks are filled with zeros up to a multiple of so many bytes, so that their table is short.
    pub(crate) fn of_padded_blocks(file: FileKind, id: SectionId, unit_log2: u8) -> Self {
        Self {
            unit_log2,
            ..Self::new(file, id)
        }
    }

    /// A section whose blocks all have one length, checksum included, and which therefore needs no table.
    pub(crate) fn of_equal_blocks(file: FileKind, id: SectionId, block_len_bytes: u32) -> Self {
        Self {
            block_len_bytes: Some(block_len_bytes),
            ..Self::new(file, id)
        }
    }

    /// Adds a block of this content and its checksum. Where all blocks have one length, or a multiple of one, zeros fill it; the content must leave room for the checksum.
    pub(crate) fn push_block(&mut self, content: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(content);
        if let Some(len_bytes) = self.block_len_bytes {
            let content_len = len_bytes as usize - BLOCK_CHECKSUM_LEN_BYTES;
            debug_assert!(content.len() <= content_len, "the content is too long");
            self.bytes.resize(start + content_len, 0);
        }
        let len = self.bytes.len() - start + BLOCK_CHECKSUM_LEN_BYTES;
        let added_len = len.next_multiple_of(1 << self.unit_log2) - len;
        self.bytes.resize(self.bytes.len() + added_len, 0);
        let id = BlockId {
            file: self.file,
            section: self.id,
            block: self.ends.len() as u32,
        };
        let checksum = block_checksum(id, self.bytes.get(start..).unwrap_or_default());
        self.bytes.extend_from_slice(&checksum);
        self.ends.push(self.bytes.len());
    }

    fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn is_packed(&self) -> bool {
        self.block_len_bytes.is_none() && PACKED_MIN_COUNT <= self.ends.len()
    }

    /// The block table; none where all blocks have one length.
    ///
    /// # Errors
    ///
    /// The section is longer than its ends can say.
    fn table(&self) -> Result<Vec<u8>, WriteError> {
        let mut start = 0;
        let mut ends = Vec::with_capacity(self.ends.len());
        for (&end, block) in self.ends.iter().zip(0..) {
            let len_bytes = end - start;
            if len_bytes > MAXIMUM_BLOCK_LEN_BYTES as usize {
                return Err(WriteError::BlockTooLarge {
                    section: self.id.0,
                    block,
                    len_bytes,
                });
            }
            start = end;
            let end = u32::try_from(end).map_err(|_| WriteError::SectionTooLarge {
                section: self.id.0,
                len_bytes: self.ends.last().copied().unwrap_or_default(),
            })?;
            ends.push(end);
        }
        Ok(match self.block_len_bytes {
            Some(_) => Vec::new(),
            None if self.is_packed() => write_packed(&ends, self.unit_log2),
            None => ends.into_iter().flat_map(u32::to_le_bytes).collect(),
        })
    }
}

impl ContainerSerializer {
    pub(crate) fn new(kind: FileKind, item_space: u64, metadata: Vec<u8>) -> Self {
        Self {
            kind,
            item_space,
            metadata,
            hot: Vec::new(),
            cold: Vec::new(),
        }
    }

    /// Adds a section that belongs to the head.
    pub(crate) fn push_hot(&mut self, section: Section) {
        self.hot.push(section);
    }

    /// Adds a section whose blocks are read one by one.
    pub(crate) fn push_cold(&mut self, section: Section) {
        self.cold.push(section);
    }

    /// The file. Its length is the sum of its parts; nothing is padded.
    pub(crate) fn finish(self) -> Result<Vec<u8>, WriteError> {
        let sections = || self.hot.iter().chain(&self.cold);
        let tables_offset =
            HEADER_LEN_BYTES + sections().count() * DIRECTORY_ENTRY_LEN_BYTES + self.metadata.len();
        let tables: Vec<Vec<u8>> = sections().map(Section::table).collect::<Result<_, _>>()?;
        let tables_len: usize = tables.iter().map(Vec::len).sum();
        let hot_len: usize = self.hot.iter().map(Section::len_bytes).sum();
        let head_len = tables_offset + tables_len + hot_len;
        let head_len_bytes = u32::try_from(head_len).map_err(|_| WriteError::HeadTooLarge {
            len_bytes: head_len,
        })?;
        let cold_len: usize = self.cold.iter().map(Section::len_bytes).sum();
        let file_len = head_len + cold_len + TRAILER_LEN_BYTES;

        let mut file = Vec::with_capacity(file_len);
        file.extend_from_slice(&MAGIC);
        file.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        file.extend_from_slice(&kind_number(self.kind).to_le_bytes());
        file.extend_from_slice(&head_len_bytes.to_le_bytes());
        file.extend_from_slice(&(file_len as u64).to_le_bytes());
        file.extend_from_slice(&self.item_space.to_le_bytes());
        file.extend_from_slice(&(self.metadata.len() as u32).to_le_bytes());
        file.extend_from_slice(&(sections().count() as u32).to_le_bytes());
        file.extend_from_slice(&[0; HEAD_CHECKSUM_RANGE.end - HEAD_CHECKSUM_RANGE.start]);

        let mut table_offset = tables_offset;
        let mut data_offset = tables_offset + tables_len;
        for (section, table) in sections().zip(&tables) {
            file.extend_from_slice(&section.id.0.to_le_bytes());
            file.extend_from_slice(&u16::from(section.is_packed()).to_le_bytes());
            file.extend_from_slice(&(section.ends.len() as u32).to_le_bytes());
            let block_len_bytes = section.block_len_bytes.unwrap_or_default();
            file.extend_from_slice(&block_len_bytes.to_le_bytes());
            // The head's length fits, and so does every offset in it.
            file.extend_from_slice(&(table_offset as u32).to_le_bytes());
            file.extend_from_slice(&(data_offset as u64).to_le_bytes());
            table_offset += table.len();
            data_offset += section.len_bytes();
        }
        file.extend_from_slice(&self.metadata);
        for table in &tables {
            file.extend_from_slice(table);
        }
        for section in &self.hot {
            file.extend_from_slice(&section.bytes);
        }
        let checksum = head_checksum(file.get(..tables_offset).unwrap_or_default());
        if let Some(field) = file.get_mut(HEAD_CHECKSUM_RANGE) {
            field.copy_from_slice(&checksum.to_le_bytes());
        }
        for section in &self.cold {
            file.extend_from_slice(&section.bytes);
        }
        let checksum = file_checksum(&file);
        file.extend_from_slice(&checksum.to_le_bytes());
        file.extend_from_slice(&END_MAGIC);
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        container::{Container, Plan},
        error::Error,
    };

    #[test]
    fn blocks_grow_with_the_catalogue_and_shrink_with_the_items() {
        assert_eq!(items_per_block(0, 0), 1);
        assert_eq!(items_per_block(60, 60 * 280), 1);
        assert_eq!(items_per_block(3_706, 3_706 * 280), 2);
        assert_eq!(items_per_block(200_000, 200_000 * 400), 8);
        assert_eq!(items_per_block(200_000, 200_000 * 100), 16);
        assert_eq!(items_per_block(200_000, 0), 1 << 16);
    }

    /// A file with a section whose blocks end there. What the ends say is enough; nobody has to have that much memory.
    fn finish(block_len_bytes: Option<u32>, ends: Vec<usize>) -> Result<Vec<u8>, WriteError> {
        let section = Section {
            file: FileKind::Catalogue,
            id: SectionId(3),
            bytes: Vec::new(),
            block_len_bytes,
            unit_log2: 0,
            ends,
        };
        let mut container = ContainerSerializer::new(FileKind::Catalogue, 0, Vec::new());
        container.push_cold(section);
        container.finish()
    }

    #[test]
    fn a_block_is_short_enough_to_be_read_whole() {
        let longest = MAXIMUM_BLOCK_LEN_BYTES as usize;
        assert!(finish(None, vec![7, 7 + longest]).is_ok());
        let error = finish(None, vec![7, 8 + longest]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "block 1 of section 3 of the file would have 16777217 bytes, and a block may have 16777216"
        );

        // A table that was damaged is not followed.
        let mut section = Section::new(FileKind::Catalogue, SectionId(3));
        let half = vec![0; longest / 2 + 1];
        section.push_block(&half);
        section.push_block(&half);
        let mut container = ContainerSerializer::new(FileKind::Catalogue, 0, Vec::new());
        container.push_cold(section);
        let mut file = container.finish().unwrap();
        let table = HEADER_LEN_BYTES + DIRECTORY_ENTRY_LEN_BYTES;
        let plan = |file: &[u8]| {
            let container = Container::open(FileKind::Catalogue, file.to_vec()).unwrap();
            container.plan(SectionId(3), 1, &mut Plan::default())
        };
        assert!(plan(&file).is_ok());
        file[table..table + BLOCK_END_LEN_BYTES].fill(0);
        assert!(matches!(plan(&file), Err(Error::Corrupt { .. })));
    }

    #[test]
    fn a_section_has_at_most_four_gibibytes() {
        let finish = |block_len_bytes, end: usize| {
            let longest = MAXIMUM_BLOCK_LEN_BYTES as usize;
            let ends = (1..256).map(|block| block * longest).chain([end]);
            finish(block_len_bytes, ends.collect())
        };
        for block_len_bytes in [None, Some(7)] {
            assert!(finish(block_len_bytes, u32::MAX as usize).is_ok());
            let error = finish(block_len_bytes, u32::MAX as usize + 1).unwrap_err();
            assert_eq!(
                error.to_string(),
                "section 3 of the file would have 4294967296 bytes, and at most 4294967295 fit"
            );
        }
    }
}
