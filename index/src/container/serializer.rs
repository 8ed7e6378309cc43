use super::layout::{
    BLOCK_ENTRY_LEN_BYTES, DIRECTORY_ENTRY_LEN_BYTES, END_MAGIC, FORMAT_VERSION,
    HEAD_CHECKSUM_RANGE, HEADER_LEN_BYTES, MAGIC, SectionId, TRAILER_LEN_BYTES, block_checksum,
    file_checksum, head_checksum, kind_number,
};
use crate::{error::WriteError, source::FileKind};

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
    id: SectionId,
    bytes: Vec<u8>,
    /// Where each block ends in `bytes`; ascending, and the last is the length of `bytes`.
    ends: Vec<u64>,
}

impl Section {
    pub(crate) fn new(id: SectionId) -> Self {
        Self {
            id,
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn push_block(&mut self, block: &[u8]) {
        self.bytes.extend_from_slice(block);
        self.ends.push(self.bytes.len() as u64);
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| {
            self.bytes
                .get(start as usize..end as usize)
                .unwrap_or_default()
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
        let tables_len: usize = sections()
            .map(|s| s.ends.len() * BLOCK_ENTRY_LEN_BYTES)
            .sum();
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
        for section in sections() {
            file.extend_from_slice(&section.id.0.to_le_bytes());
            file.extend_from_slice(&[0; 2]);
            file.extend_from_slice(&(section.ends.len() as u32).to_le_bytes());
            file.extend_from_slice(&(table_offset as u64).to_le_bytes());
            file.extend_from_slice(&(data_offset as u64).to_le_bytes());
            table_offset += section.ends.len() * BLOCK_ENTRY_LEN_BYTES;
            data_offset += section.len_bytes();
        }
        file.extend_from_slice(&self.metadata);
        for section in sections() {
            for (block, end) in section.blocks().zip(&section.ends) {
                file.extend_from_slice(&end.to_le_bytes());
                file.extend_from_slice(&block_checksum(block).to_le_bytes());
            }
        }
        for section in &self.hot {
            file.extend_from_slice(&section.bytes);
        }
        let checksum = head_checksum(&file);
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
