use super::{
    blocks::{BlockId, Blocks, Plan, PlannedBlock},
    layout::{
        BLOCK_ENTRY_LEN_BYTES, DIRECTORY_ENTRY_LEN_BYTES, HEAD_CHECKSUM_RANGE, HEADER_LEN_BYTES,
        Header, SectionId, TRAILER_LEN_BYTES, head_checksum,
    },
};
use crate::{
    codec::Cursor,
    error::{Error, Place},
    metadata,
    source::{Buffer, ByteRange, FileKind},
};

/// The head of one index file, opened.
#[derive(Debug)]
pub struct Container {
    file: FileKind,
    head: Buffer,
    format_version: u16,
    file_len_bytes: u64,
    item_space: u64,
    metadata_range: std::ops::Range<usize>,
    sections: Vec<SectionEntry>,
}

/// A line of the directory.
///
/// **Invariant:** the block table lies in the head, and the blocks lie in the head as a whole or behind it as a whole. [`Container::open`] establishes this.
#[derive(Clone, Copy, Debug)]
struct SectionEntry {
    id: SectionId,
    block_count: u32,
    table_offset: usize,
    data_offset: u64,
}

impl Container {
    /// Opens a head. O(1): it looks at the header and the directory, and neither scans nor hashes; see [`Self::check`].
    ///
    /// # Errors
    ///
    /// Foreign, newer, truncated and self-contradictory heads are told apart.
    pub fn open(file: FileKind, head: impl Into<Buffer>) -> Result<Self, Error> {
        let mut head = head.into();
        let corrupt = |what| Error::Corrupt { file, what };
        let (header, mut cursor) = Header::read(file, &head)?;
        let Header {
            head_len_bytes,
            file_len_bytes,
            section_count,
            ..
        } = header;
        let head_len = head_len_bytes as usize;
        let metadata_start = section_count
            .checked_mul(DIRECTORY_ENTRY_LEN_BYTES)
            .and_then(|len| len.checked_add(HEADER_LEN_BYTES))
            .ok_or_else(|| corrupt("the directory is longer than the head"))?;
        let tables_start = metadata_start
            .checked_add(header.metadata_len)
            .filter(|&end| end <= head_len)
            .ok_or_else(|| corrupt("the directory and the metadata are longer than the head"))?;

        let mut sections = Vec::with_capacity(section_count);
        for _ in 0..section_count {
            let short = |_| corrupt("the directory is longer than the head");
            let id = SectionId(cursor.u16().map_err(short)?);
            cursor.take(2).map_err(short)?;
            let block_count = cursor.u32().map_err(short)?;
            let table_offset = cursor.u64().map_err(short)?;
            let data_offset = cursor.u64().map_err(short)?;
            let table_end = table_offset
                .checked_add(u64::from(block_count) * BLOCK_ENTRY_LEN_BYTES as u64)
                .filter(|&end| {
                    tables_start as u64 <= table_offset && end <= u64::from(head_len_bytes)
                });
            if table_end.is_none() {
                return Err(corrupt("a block table lies outside the head"));
            }
            let entry = SectionEntry {
                id,
                block_count,
                table_offset: table_offset as usize,
                data_offset,
            };
            let data_end = entry.data_end(&head).filter(|&end| {
                let hot = data_offset < u64::from(head_len_bytes);
                let limit = if hot {
                    u64::from(head_len_bytes)
                } else {
                    file_len_bytes - TRAILER_LEN_BYTES as u64
                };
                end <= limit
            });
            if data_end.is_none() {
                return Err(corrupt("a section ends outside the file"));
            }
            sections.push(entry);
        }
        match &mut head {
            Buffer::Owned(bytes) => bytes.truncate(head_len),
            Buffer::Borrowed(bytes) => *bytes = bytes.get(..head_len).unwrap_or(bytes),
        }
        Ok(Self {
            file,
            head,
            format_version: header.format_version,
            file_len_bytes,
            item_space: header.item_space,
            metadata_range: metadata_start..tables_start,
            sections,
        })
    }

    /// Checks the head against its checksum. O(length of the head); whoever read the head from a storage calls this once.
    pub fn check(&self) -> Result<(), Error> {
        let stored = self
            .head
            .get(HEAD_CHECKSUM_RANGE)
            .and_then(|field| field.first_chunk());
        if stored == Some(&head_checksum(&self.head).to_le_bytes()) {
            Ok(())
        } else {
            Err(Error::ChecksumMismatch {
                file: self.file,
                place: Place::Head,
            })
        }
    }

    /// The kind of the file.
    pub fn file(&self) -> FileKind {
        self.file
    }

    /// The format version in the header.
    pub fn format_version(&self) -> u16 {
        self.format_version
    }

    /// The length of the whole file.
    pub fn file_len_bytes(&self) -> u64 {
        self.file_len_bytes
    }

    /// The length of the head.
    pub fn head_len_bytes(&self) -> u32 {
        self.head.len() as u32
    }

    /// Names the catalogue whose item numbers the file uses.
    pub fn item_space(&self) -> u64 {
        self.item_space
    }

    /// An error about the content of this file.
    pub(crate) fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt {
            file: self.file,
            what,
        }
    }

    /// The metadata of the kind.
    pub(crate) fn metadata<T: bincode::Decode<()>>(&self) -> Result<T, Error> {
        self.head
            .get(self.metadata_range.clone())
            .and_then(metadata::decode)
            .ok_or_else(|| self.corrupt("the metadata cannot be decoded"))
    }

    /// Checks that a section has the blocks that `item_count` items need when each holds `items_per_block`.
    pub(crate) fn check_blocks_of_items(
        &self,
        section: SectionId,
        item_count: u32,
        items_per_block: u32,
    ) -> Result<(), Error> {
        if items_per_block != 0
            && self.block_count(section)? == item_count.div_ceil(items_per_block)
        {
            Ok(())
        } else {
            Err(self.corrupt("the number of blocks does not fit the number of items"))
        }
    }

    pub(crate) fn block_count(&self, section: SectionId) -> Result<u32, Error> {
        self.section(section).map(|entry| entry.block_count)
    }

    pub(crate) fn section_ids(&self) -> impl Iterator<Item = SectionId> + '_ {
        self.sections.iter().map(|entry| entry.id)
    }

    pub(crate) fn is_hot(&self, section: SectionId) -> Result<bool, Error> {
        self.section(section).map(|entry| self.is_hot_entry(entry))
    }

    /// Adds a block to the plan, unless it is in the head already.
    pub(crate) fn plan(
        &self,
        section: SectionId,
        block: u32,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        let entry = self.section(section)?;
        let planned = self.planned(entry, block)?;
        if !self.is_hot_entry(entry) && planned.range.len_bytes != 0 {
            plan.insert(planned);
        }
        Ok(())
    }

    /// A block from the head, or one that has been fetched.
    pub(crate) fn block<'a>(
        &'a self,
        section: SectionId,
        block: u32,
        blocks: &'a Blocks,
    ) -> Result<&'a [u8], Error> {
        let entry = self.section(section)?;
        let PlannedBlock { id, range, .. } = self.planned(entry, block)?;
        if range.len_bytes == 0 {
            return Ok(&[]);
        }
        if self.is_hot_entry(entry) {
            let start = range.offset as usize;
            return self
                .head
                .get(start..start + range.len_bytes as usize)
                .ok_or_else(|| self.corrupt("a block of the head lies outside it"));
        }
        blocks.get(id)
    }

    /// Where a block lies and what its checksum is.
    pub(super) fn planned_block(
        &self,
        section: SectionId,
        block: u32,
    ) -> Result<PlannedBlock, Error> {
        self.planned(self.section(section)?, block)
    }

    fn planned(&self, entry: &SectionEntry, block: u32) -> Result<PlannedBlock, Error> {
        let outside = || self.corrupt("a block is asked for that the section does not have");
        let (end, checksum) = entry.block_entry(&self.head, block).ok_or_else(outside)?;
        let start = match block.checked_sub(1) {
            Some(previous) => {
                entry
                    .block_entry(&self.head, previous)
                    .ok_or_else(outside)?
                    .0
            }
            None => 0,
        };
        let len_bytes = end
            .checked_sub(start)
            .and_then(|len| u32::try_from(len).ok())
            .ok_or_else(|| self.corrupt("a block table is not ascending"))?;
        let offset = entry
            .data_offset
            .checked_add(start)
            .filter(|&offset| offset <= self.file_len_bytes.saturating_sub(u64::from(len_bytes)))
            .ok_or_else(|| self.corrupt("a block lies outside the file"))?;
        Ok(PlannedBlock {
            id: BlockId {
                file: self.file,
                section: entry.id,
                block,
            },
            range: ByteRange {
                file: self.file,
                offset,
                len_bytes,
            },
            checksum,
        })
    }

    fn section(&self, section: SectionId) -> Result<&SectionEntry, Error> {
        self.sections
            .iter()
            .find(|entry| entry.id == section)
            .ok_or_else(|| self.corrupt("a section that this kind of file needs is missing"))
    }

    fn is_hot_entry(&self, entry: &SectionEntry) -> bool {
        entry.data_offset < self.head.len() as u64
    }
}

impl SectionEntry {
    /// The end of a block, counted from the start of the section, and its checksum.
    fn block_entry(&self, head: &[u8], block: u32) -> Option<(u64, u32)> {
        if self.block_count <= block {
            return None;
        }
        let offset = self.table_offset + block as usize * BLOCK_ENTRY_LEN_BYTES;
        let mut cursor = Cursor::new(head.get(offset..)?);
        Some((cursor.u64().ok()?, cursor.u32().ok()?))
    }

    /// Where the section ends in the file.
    fn data_end(&self, head: &[u8]) -> Option<u64> {
        match self.block_count.checked_sub(1) {
            Some(last) => self
                .data_offset
                .checked_add(self.block_entry(head, last)?.0),
            None => Some(self.data_offset),
        }
    }
}
