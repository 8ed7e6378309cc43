use super::{
    metadata::{LISTS, Metadata},
    reader::Neighbour,
};
use crate::{
    codec::{best_rice_parameter, write_rice, write_varint},
    container::{ContainerSerializer, Section},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// What a block should have on average. Larger blocks read more than a list needs, smaller ones make the table in the head longer: at 4 KiB the table of
/// a million items of 400 bytes has 1.2 MB.
const BLOCK_TARGET_LEN_BYTES: usize = 4096;

pub(super) fn serialize<'a>(
    lists: impl Iterator<Item = &'a [Neighbour]>,
    item_count: u32,
    description: &str,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let lists: Vec<Vec<u8>> = lists.map(encode_list).collect();
    let len_bytes: usize = lists.iter().map(Vec::len).sum();
    let items_per_block = items_per_block(len_bytes, lists.len());

    let mut section = Section::new(LISTS);
    let mut block = Vec::new();
    for lists in lists.chunks(items_per_block as usize) {
        block.clear();
        for list in lists {
            write_varint(list.len() as u64, &mut block);
            block.extend_from_slice(list);
        }
        section.push_block(&block);
    }
    let metadata = Metadata {
        item_count,
        items_per_block,
        description: description.to_owned(),
    };
    let mut container = ContainerSerializer::new(
        FileKind::Neighbours,
        item_space,
        metadata::encode(&metadata),
    );
    container.push_cold(section);
    container.finish()
}

/// The power of two that brings the mean block nearest below the target.
fn items_per_block(len_bytes: usize, item_count: usize) -> u32 {
    let mean_len_bytes = len_bytes.div_ceil(item_count.max(1)).max(1);
    let fitting = (BLOCK_TARGET_LEN_BYTES / mean_len_bytes).clamp(1, 1 << 16);
    1 << fitting.ilog2()
}

/// A list: how many, the scale, the Rice parameter, a byte a weight, the items' gaps. The empty list is no bytes.
///
/// A weight is a whole multiple, from -127 to 127, of the list's scale. Neighbours whose weight rounds to zero are left out: they would say nothing.
fn encode_list(list: &[Neighbour]) -> Vec<u8> {
    let largest = list
        .iter()
        .map(|neighbour| neighbour.weight.abs())
        .fold(0.0, f32::max);
    let scale = largest / 127.0;
    let (items, weights): (Vec<u32>, Vec<i8>) = list
        .iter()
        .map(|neighbour| (neighbour.item, (neighbour.weight / scale).round() as i8))
        .filter(|&(_, weight)| weight != 0)
        .unzip();
    let mut bytes = Vec::new();
    if items.is_empty() {
        return bytes;
    }
    let parameter = best_rice_parameter(&items);
    write_varint(items.len() as u64, &mut bytes);
    bytes.extend_from_slice(&scale.to_le_bytes());
    bytes.push(parameter);
    bytes.extend(weights.iter().map(|&weight| weight as u8));
    write_rice(&items, parameter, &mut bytes);
    bytes
}
