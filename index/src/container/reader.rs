use super::{
    block_table::BlockEnds,
    blocks::{BlockId, Blocks, HEAD_ONLY, Plan},
    layout::{
        BLOCK_CHECKSUM_LEN_BYTES, DIRECTORY_ENTRY_LEN_BYTES, HEAD_CHECKSUM_RANGE, HEADER_LEN_BYTES,
        Header, MAXIMUM_BLOCK_LEN_BYTES, SectionId, TRAILER_LEN_BYTES, checked_content,
        head_checksum,
    },
};
use crate::{
    error::{Error, Place},
    metadata,
    source::{ByteRange, Bytes, FileKind},
};

/// The head of one index file, opened.
#[derive(Debug)]
pub struct Container {
    file: FileKind,
    head: Bytes,
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
    ends: BlockEnds,
    data_offset: u64,
}

/// Where a table of buckets lies: a section whose blocks have one length, so that one of them can be found, and read, without the head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TablePlace {
    /// Where the first bucket starts in the file.
    pub offset: u64,
    /// How many there are.
    pub bucket_count: u32,
    /// How long each is, its checksum included.
    pub bucket_len_bytes: u32,
}

impl Container {
    /// Opens a head. O(1): it looks at the header and the directory, and neither scans nor hashes; see [`Self::check`].
    ///
    /// # Errors
    ///
    /// Foreign, newer, truncated and self-contradictory heads are told apart.
    pub fn open(file: FileKind, head: impl Into<Bytes>) -> Result<Self, Error> {
        let corrupt = |what| Error::Corrupt { file, what };
        let mut head = head.into();
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
            let is_packed = match cursor.u16().map_err(short)? {
                0 => false,
                1 => true,
                _ => return Err(corrupt("a block table is of no known kind")),
            };
            let block_count = cursor.u32().map_err(short)?;
            let block_len_bytes = cursor.u32().map_err(short)?;
            let table_offset = cursor.u32().map_err(short)?;
            let data_offset = cursor.u64().map_err(short)?;
            let ends = if block_len_bytes == 0 {
                let offset = table_offset as usize;
                let head = head.get(..head_len).unwrap_or_default();
                let ends = BlockEnds::of_table(is_packed, head, offset, block_count);
                ends.ok()
                    .filter(|_| tables_start <= offset)
                    .ok_or_else(|| corrupt("a block table lies outside the head"))?
            } else {
                BlockEnds::EveryBytes(block_len_bytes)
            };
            let entry = SectionEntry {
                id,
                block_count,
                ends,
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
        head.truncate(head_len);
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

    /// Opens the head of a whole file, which is copied.
    pub(crate) fn of_file(file: FileKind, bytes: &[u8]) -> Result<Self, Error> {
        let (header, _) = Header::read(file, bytes)?;
        let head = bytes.get(..header.head_len_bytes as usize);
        Self::open(file, head.unwrap_or(bytes).to_vec())
    }

    /// Checks the header, the directory and the metadata against their checksum. O(their length); whoever read the head from a storage calls this once.
    pub fn check(&self) -> Result<(), Error> {
        let beginning = self.head.get(..self.metadata_range.end);
        let stored = self
            .head
            .get(HEAD_CHECKSUM_RANGE)
            .and_then(|field| field.first_chunk());
        let checksum = beginning.map(|beginning| head_checksum(beginning).to_le_bytes());
        if stored.is_some() && stored == checksum.as_ref() {
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
        let entry = self.section(section)?;
        // With a table, which lies in the head, there cannot be more blocks than it has bits.
        if !matches!(entry.ends, BlockEnds::EveryBytes(_))
            && items_per_block != 0
            && entry.block_count == item_count.div_ceil(items_per_block)
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
        let range = self.range(entry, block)?;
        if !self.is_hot_entry(entry) {
            plan.insert(self.block_id(section, block), range);
        }
        Ok(())
    }

    /// The content of a block from the head, which is checked each time, or of one that has been fetched.
    pub(crate) fn block<'a>(
        &'a self,
        section: SectionId,
        block: u32,
        blocks: &'a Blocks,
    ) -> Result<&'a [u8], Error> {
        let entry = self.section(section)?;
        if !self.is_hot_entry(entry) {
            return blocks.get(self.block_id(section, block));
        }
        let range = self.range(entry, block)?;
        let start = range.offset as usize;
        let bytes = self.head.get(start..start + range.len_bytes as usize);
        let bytes = bytes.ok_or_else(|| self.corrupt("a block of the head lies outside it"))?;
        checked_content(self.block_id(section, block), bytes)
    }

    /// The content of a block from the head, checked, to be kept: nothing is copied.
    pub(crate) fn hot_block(&self, section: SectionId, block: u32) -> Result<Bytes, Error> {
        let content = self.block(section, block, &HEAD_ONLY)?;
        Ok(self.head.slice_ref(content))
    }

    /// Where a section lies whose blocks have one length.
    pub(crate) fn table_place(&self, section: SectionId) -> Result<TablePlace, Error> {
        let entry = self.section(section)?;
        match entry.ends {
            BlockEnds::EveryBytes(bucket_len_bytes) => Ok(TablePlace {
                offset: entry.data_offset,
                bucket_count: entry.block_count,
                bucket_len_bytes,
            }),
            BlockEnds::Plain(_) | BlockEnds::Packed(_) => {
                Err(self.corrupt("the buckets of a table differ in length"))
            }
        }
    }

    /// Where a block lies.
    pub(super) fn block_range(&self, section: SectionId, block: u32) -> Result<ByteRange, Error> {
        self.range(self.section(section)?, block)
    }

    fn range(&self, entry: &SectionEntry, block: u32) -> Result<ByteRange, Error> {
        let outside = || self.corrupt("a block is asked for that the section does not have");
        let end = entry.block_end(&self.head, block).ok_or_else(outside)?;
        let start = match block.checked_sub(1) {
            Some(previous) => entry.block_end(&self.head, previous).ok_or_else(outside)?,
            None => 0,
        };
        let len_bytes = end
            .checked_sub(start)
            .and_then(|len| u32::try_from(len).ok())
            .filter(|len| (BLOCK_CHECKSUM_LEN_BYTES as u32..=MAXIMUM_BLOCK_LEN_BYTES).contains(len))
            .ok_or_else(|| {
                self.corrupt("a block has no room for its checksum, or is longer than any may be")
            })?;
        let offset = entry
            .data_offset
            .checked_add(start)
            .filter(|&offset| offset <= self.file_len_bytes.saturating_sub(u64::from(len_bytes)))
            .ok_or_else(|| self.corrupt("a block lies outside the file"))?;
        Ok(ByteRange {
            file: self.file,
            offset,
            len_bytes,
        })
    }

    fn block_id(&self, section: SectionId, block: u32) -> BlockId {
        BlockId {
            file: self.file,
            section,
            block,
        }
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
    /// Where a block ends, counted from the start of the section.
    fn block_end(&self, head: &[u8], block: u32) -> Option<u64> {
        if self.block_count <= block {
            return None;
        }
        self.ends.end(head, block)
    }

    /// Where the section ends in the file.
    fn data_end(&self, head: &[u8]) -> Option<u64> {
        match self.block_count.checked_sub(1) {
            Some(last) => self.data_offset.checked_add(self.block_end(head, last)?),
            None => Some(self.data_offset),
        }
    }
}
