use super::{
    metadata::{LISTS, Metadata, RECORDS},
    reader::Basket,
};
use crate::{
    codec::{best_rice_parameter, write_rice, write_text, write_varint},
    container::{ContainerSerializer, entries_section},
    error::WriteError,
    metadata,
    neighbours::{Neighbour, encode_list},
    source::FileKind,
};

pub(super) fn serialize(
    baskets: &[Basket],
    item_count: u32,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let mut lists = vec![Vec::new(); item_count as usize];
    for (number, basket) in (0..).zip(baskets) {
        // With this weight a sum over common items is, but for a factor that all baskets share, the cosine.
        let weight = 1.0 / (basket.items.len() as f32).sqrt();
        for &item in &basket.items {
            if let Some(list) = lists.get_mut(item as usize) {
                list.push(Neighbour {
                    item: number,
                    weight,
                });
            }
        }
    }
    let lists: Vec<Vec<u8>> = lists.iter().map(|list| encode_list(list)).collect();
    let (lists, items_per_block) = entries_section(FileKind::Baskets, LISTS, &lists);
    let records: Vec<Vec<u8>> = baskets.iter().map(encode_record).collect();
    let (records, baskets_per_block) = entries_section(FileKind::Baskets, RECORDS, &records);
    let metadata = Metadata {
        item_count,
        items_per_block,
        basket_count: baskets.len() as u32,
        baskets_per_block,
    };
    let mut container =
        ContainerSerializer::new(FileKind::Baskets, item_space, metadata::encode(&metadata));
    container.push_cold(lists);
    container.push_cold(records);
    container.finish()
}

/// A record: id, name, how many items, the Rice parameter, the items' gaps.
fn encode_record(basket: &Basket) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_text(&basket.id, &mut bytes);
    write_text(&basket.name, &mut bytes);
    write_varint(basket.items.len() as u64, &mut bytes);
    let parameter = best_rice_parameter(&basket.items);
    bytes.push(parameter);
    write_rice(&basket.items, parameter, &mut bytes);
    bytes
}
