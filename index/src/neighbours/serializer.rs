use super::{
    metadata::{LISTS, Metadata},
    reader::Neighbour,
};
use crate::{
    codec::{best_rice_parameter, write_rice, write_varint},
    container::{ContainerSerializer, Section, items_per_block},
    error::WriteError,
    metadata,
    source::FileKind,
};

pub(super) fn serialize<'a>(
    lists: impl Iterator<Item = &'a [Neighbour]>,
    item_count: u32,
    description: &str,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let lists: Vec<Vec<u8>> = lists.map(encode_list).collect();
    let len_bytes: usize = lists.iter().map(Vec::len).sum();
    let items_per_block = items_per_block(lists.len(), len_bytes);

    let mut section = Section::new(FileKind::Neighbours, LISTS);
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
