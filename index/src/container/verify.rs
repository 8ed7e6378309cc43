use super::{
    Container,
    blocks::BlockId,
    layout::{END_MAGIC, TRAILER_LEN_BYTES, checked_content, file_checksum},
};
use crate::{
    error::{Error, Place},
    source::FileKind,
};

/// What a file holds, for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The format version in the header.
    pub format_version: u16,
    /// The length of the whole file.
    pub file_len_bytes: u64,
    /// The length of the head.
    pub head_len_bytes: u32,
    /// The sections in the order of the file.
    pub sections: Vec<SectionSummary>,
}

/// What a section holds, for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SectionSummary {
    /// The section's number in `FORMAT.md`.
    pub section: u16,
    /// Whether it belongs to the head.
    pub hot: bool,
    /// How many blocks it has.
    pub block_count: u32,
    /// How long its blocks are together.
    pub len_bytes: u64,
}

/// Checks every checksum of a whole file. O(length of the file); it runs when a generation is published and on request, never in a query.
pub fn verify(file: FileKind, bytes: &[u8]) -> Result<Summary, Error> {
    let container = Container::of_file(file, bytes)?;
    container.check()?;
    if container.file_len_bytes() != bytes.len() as u64 {
        return Err(Error::Truncated {
            file,
            expected_bytes: container.file_len_bytes(),
            found_bytes: bytes.len() as u64,
        });
    }
    let mut sections = Vec::new();
    for section in container.section_ids() {
        let block_count = container.block_count(section)?;
        let mut len_bytes = 0;
        for block in 0..block_count {
            let range = container.block_range(section, block)?;
            let start = range.offset as usize;
            let block_bytes = bytes
                .get(start..start + range.len_bytes as usize)
                .ok_or_else(|| container.corrupt("a block lies outside the file"))?;
            let id = BlockId {
                file,
                section,
                block,
            };
            checked_content(id, block_bytes)?;
            len_bytes += block_bytes.len() as u64;
        }
        let hot = container.is_hot(section)?;
        sections.push(SectionSummary {
            section: section.0,
            hot,
            block_count,
            len_bytes,
        });
    }
    let (content, trailer) = bytes
        .split_at_checked(bytes.len() - TRAILER_LEN_BYTES)
        .ok_or_else(|| container.corrupt("the trailer is missing"))?;
    let expected: Vec<u8> = [file_checksum(content).to_le_bytes(), END_MAGIC].concat();
    if trailer != expected {
        return Err(Error::ChecksumMismatch {
            file,
            place: Place::File,
        });
    }
    Ok(Summary {
        format_version: container.format_version(),
        file_len_bytes: container.file_len_bytes(),
        head_len_bytes: container.head_len_bytes(),
        sections,
    })
}
