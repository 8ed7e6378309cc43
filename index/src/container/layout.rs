//! The fixed parts of a file, in one place for the serializer and the reader.

use xxhash_rust::xxh64::xxh64;

use super::blocks::BlockId;
use crate::{
    codec::{Cursor, OutOfBytes},
    error::{Error, Place},
    source::FileKind,
};

/// The format that this program writes.
pub const FORMAT_VERSION: u16 = 1;

/// The oldest format that this program reads.
pub const OLDEST_READABLE_FORMAT_VERSION: u16 = 1;

/// The first bytes of a file. As in PNG, a byte above 127, both line ends and an end-of-file mark betray a transfer that mistook the file for text.
pub(super) const MAGIC: [u8; 8] = *b"\x89KDX\r\n\x1a\n";

/// The last bytes of a file.
pub(super) const END_MAGIC: [u8; 8] = *b"KDX-END\n";

pub(super) const HEADER_LEN_BYTES: usize = 48;
pub(super) const DIRECTORY_ENTRY_LEN_BYTES: usize = 24;
/// A line of a block table: where the block ends.
pub(super) const BLOCK_END_LEN_BYTES: usize = 4;
/// No block is longer, its checksum included. A block table has no checksum of its own, and what it leads to is read into memory before it can be checked.
pub(crate) const MAXIMUM_BLOCK_LEN_BYTES: u32 = 16 << 20;
/// What every block ends with.
pub(crate) const BLOCK_CHECKSUM_LEN_BYTES: usize = 4;
pub(super) const TRAILER_LEN_BYTES: usize = 16;

/// Where the head's own checksum lies; these bytes count as zero when it is computed.
pub(super) const HEAD_CHECKSUM_RANGE: std::ops::Range<usize> = 40..48;

/// A section's number, unique in its kind of file.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct SectionId(pub(crate) u16);

/// The number of a kind in the header.
pub(super) fn kind_number(kind: FileKind) -> u16 {
    match kind {
        FileKind::Catalogue => 1,
        FileKind::Neighbours => 2,
        FileKind::Popularity => 3,
        FileKind::Rules => 4,
        FileKind::Clusters => 5,
        FileKind::Content => 6,
        FileKind::Model => 7,
        FileKind::Baskets => 8,
        FileKind::Text => 9,
    }
}

/// The checksum at the end of a block: the low half of the XXH64 of its content, with the block's kind of file, section and number as the seed.
///
/// 32 bits suffice against accidents: one in four billion passes. It lies with the block and not in the head, so that the head of a large catalogue stays small.
/// And since it names the block, another block in its place is not taken for it: so a block table needs no checksum, whose every reader would have to look at
/// all of it.
pub(super) fn block_checksum(id: BlockId, content: &[u8]) -> [u8; BLOCK_CHECKSUM_LEN_BYTES] {
    let kind = u64::from(kind_number(id.file));
    let seed = kind << 48 | u64::from(id.section.0) << 32 | u64::from(id.block);
    (xxh64(content, seed) as u32).to_le_bytes()
}

/// The content of a block that ends with its checksum. O(length of the block).
pub(super) fn checked_content(id: BlockId, block: &[u8]) -> Result<&[u8], Error> {
    match block.split_last_chunk() {
        Some((content, checksum)) if block_checksum(id, content) == *checksum => Ok(content),
        _ => Err(Error::ChecksumMismatch {
            file: id.file,
            place: Place::Block {
                section: id.section.0,
                block: id.block,
            },
        }),
    }
}

/// The checksum of a head: of what it begins with, the header, the directory and the metadata, with its own bytes taken as zero. What follows is found by
/// these, and each block of it has a checksum of its own.
pub(super) fn head_checksum(beginning: &[u8]) -> u64 {
    let mut hasher = xxhash_rust::xxh64::Xxh64::new(0);
    let (before, rest) = beginning.split_at(HEAD_CHECKSUM_RANGE.start.min(beginning.len()));
    let (_, after) = rest.split_at(HEAD_CHECKSUM_RANGE.len().min(rest.len()));
    hasher.update(before);
    hasher.update(&[0; HEAD_CHECKSUM_RANGE.end - HEAD_CHECKSUM_RANGE.start]);
    hasher.update(after);
    hasher.digest()
}

/// The checksum of a whole file up to its trailer.
pub(super) fn file_checksum(bytes: &[u8]) -> u64 {
    xxh64(bytes, 0)
}

/// The first [`HEADER_LEN_BYTES`] of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) format_version: u16,
    pub(super) head_len_bytes: u32,
    pub(super) file_len_bytes: u64,
    pub(super) item_space: u64,
    pub(super) metadata_len: usize,
    pub(super) section_count: usize,
}

impl Header {
    /// Reads the header of `head` and leaves the cursor at the directory.
    pub(super) fn read(file: FileKind, head: &[u8]) -> Result<(Self, Cursor<'_>), Error> {
        let truncated = |expected_bytes: u64| Error::Truncated {
            file,
            expected_bytes,
            found_bytes: head.len() as u64,
        };
        if !head.starts_with(&MAGIC) && !MAGIC.starts_with(head) {
            return Err(Error::ForeignFile { file });
        }
        let mut cursor = Cursor::new(head);
        let short = |OutOfBytes| truncated(HEADER_LEN_BYTES as u64);
        cursor.take(MAGIC.len()).map_err(short)?;
        let format_version = cursor.u16().map_err(short)?;
        if !(OLDEST_READABLE_FORMAT_VERSION..=FORMAT_VERSION).contains(&format_version) {
            return Err(Error::UnreadableVersion {
                file,
                found: format_version,
                oldest: OLDEST_READABLE_FORMAT_VERSION,
                newest: FORMAT_VERSION,
            });
        }
        let kind = cursor.u16().map_err(short)?;
        if kind != kind_number(file) {
            return Err(Error::WrongKind { file, found: kind });
        }
        let header = Self {
            format_version,
            head_len_bytes: cursor.u32().map_err(short)?,
            file_len_bytes: cursor.u64().map_err(short)?,
            item_space: cursor.u64().map_err(short)?,
            metadata_len: cursor.u32().map_err(short)? as usize,
            section_count: cursor.u32().map_err(short)? as usize,
        };
        cursor.take(HEAD_CHECKSUM_RANGE.len()).map_err(short)?;
        if head.len() < header.head_len_bytes as usize {
            return Err(truncated(u64::from(header.head_len_bytes)));
        }
        if header.file_len_bytes < u64::from(header.head_len_bytes) + TRAILER_LEN_BYTES as u64 {
            let what = "the header's file length is shorter than the head";
            return Err(Error::Corrupt { file, what });
        }
        Ok((header, cursor))
    }
}
