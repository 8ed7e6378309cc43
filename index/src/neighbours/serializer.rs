use super::{
    list::{Neighbour, encode_list},
    metadata::{LISTS, Metadata},
};
use crate::{
    container::{ContainerSerializer, entries_section},
    error::WriteError,
    metadata,
    source::FileKind,
};

pub(super) fn serialize<'a>(
    file: FileKind,
    lists: impl Iterator<Item = &'a [Neighbour]>,
    item_count: u32,
    description: &str,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let lists: Vec<Vec<u8>> = lists.map(encode_list).collect();
    let (section, items_per_block) = entries_section(file, LISTS, &lists);
    let metadata = Metadata {
        item_count,
        items_per_block,
        description: description.to_owned(),
    };
    let mut container = ContainerSerializer::new(file, item_space, metadata::encode(&metadata));
    container.push_cold(section);
    container.finish()
}
