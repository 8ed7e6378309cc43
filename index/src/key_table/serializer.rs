use super::{BLOCK_TARGET_LEN_BYTES, HOT_MAX_LEN_BYTES};
use crate::{
    codec::{write_text, write_varint},
    container::{ContainerSerializer, Section, SectionId},
};

/// The numbers of a table's two sections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyTableSections {
    /// The blocks of entries.
    pub(crate) entries: SectionId,
    /// One block with the first key of each of those blocks.
    pub(crate) index: SectionId,
}

/// Adds a table of `entries`, which are sorted by key; of equal keys, the order stays.
pub(crate) fn serialize_key_table<'a>(
    entries: impl IntoIterator<Item = (&'a str, u32)>,
    sections: KeyTableSections,
    container: &mut ContainerSerializer,
) {
    let mut entry_section = Section::new(sections.entries);
    let mut first_keys = Vec::new();
    let mut block = Vec::new();
    let mut previous = "";
    for (key, number) in entries {
        if BLOCK_TARGET_LEN_BYTES <= block.len() {
            entry_section.push_block(&block);
            block.clear();
        }
        // The first key of a block is written in full, so that the block can be read alone.
        let shared = if block.is_empty() {
            first_keys.push(key);
            0
        } else {
            shared_prefix_len_bytes(previous, key)
        };
        write_varint(shared as u64, &mut block);
        write_text(key.get(shared..).unwrap_or_default(), &mut block);
        write_varint(u64::from(number), &mut block);
        previous = key;
    }
    if !block.is_empty() {
        entry_section.push_block(&block);
    }

    let mut index = Vec::new();
    let mut end = 0_u32;
    for key in &first_keys {
        end += key.len() as u32;
        index.extend_from_slice(&end.to_le_bytes());
    }
    for key in &first_keys {
        index.extend_from_slice(key.as_bytes());
    }
    let mut index_section = Section::new(sections.index);
    index_section.push_block(&index);
    container.push_hot(index_section);
    if entry_section.len_bytes() <= HOT_MAX_LEN_BYTES {
        container.push_hot(entry_section);
    } else {
        container.push_cold(entry_section);
    }
}

/// The length of the longest common prefix that ends between two characters.
fn shared_prefix_len_bytes(left: &str, right: &str) -> usize {
    left.char_indices()
        .zip(right.chars())
        .find(|((_, left), right)| left != right)
        .map_or(left.len().min(right.len()), |((offset, _), _)| offset)
}
