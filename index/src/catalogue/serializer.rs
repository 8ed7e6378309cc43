use std::collections::{BTreeMap, BTreeSet};

use super::{
    facets,
    metadata::{Field, IDS, Metadata, RECORDS, TITLES},
    record::{Record, Value},
    title::TitleQuery,
};
use crate::{
    bucket_table::serialize_bucket_table,
    codec::{write_text, write_varint, zigzag_encode},
    container::{ContainerSerializer, entries_section},
    error::WriteError,
    metadata,
    source::FileKind,
};

/// How many items of one title are filed under it; a year tells them apart.
pub(super) const SAME_TITLE_MAX_COUNT: usize = 64;

pub(super) fn serialize(
    records: &[Record],
    popularity: &[f32],
    fields: Vec<Field>,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    check_ids(records)?;
    let numbers: Vec<u32> = (0..records.len() as u32).collect();
    let ids = serialize_bucket_table(
        records
            .iter()
            .zip(numbers.chunks(1))
            .map(|(record, number)| (record.id.as_str(), number)),
        FileKind::Catalogue,
        IDS,
    );
    let titles = items_by_title(records, popularity);
    let titles = serialize_bucket_table(
        titles
            .iter()
            .map(|(title, items)| (title.as_str(), items.as_slice())),
        FileKind::Catalogue,
        TITLES,
    );

    let encoded: Vec<Vec<u8>> = records
        .iter()
        .map(|record| encode(record, &fields))
        .collect();
    let (record_section, records_per_block) =
        entries_section(FileKind::Catalogue, RECORDS, &encoded);

    let (dictionaries, values) = facets::serialize(records, &fields);
    let metadata = metadata::encode(&Metadata {
        item_count: records.len() as u32,
        records_per_block,
        facets_per_block: facets::ITEMS_PER_BLOCK,
        fields,
    });
    let mut container = ContainerSerializer::new(FileKind::Catalogue, item_space, metadata);
    container.push_hot(dictionaries);
    // The ids stand behind the head, since they are read together: of a small catalogue in one piece.
    container.push_cold(ids);
    container.push_cold(titles);
    container.push_cold(values);
    container.push_cold(record_section);
    container.finish()
}

fn check_ids(records: &[Record]) -> Result<(), WriteError> {
    let mut ids = BTreeSet::new();
    match records.iter().find(|record| !ids.insert(&record.id)) {
        Some(record) => Err(WriteError::DuplicateId {
            id: record.id.clone(),
        }),
        None => Ok(()),
    }
}

/// The items of each normalized title: the most popular first, equals by number, and at most [`SAME_TITLE_MAX_COUNT`].
fn items_by_title(records: &[Record], popularity: &[f32]) -> BTreeMap<String, Vec<u32>> {
    let mut by_popularity: Vec<(&Record, &f32, u32)> = records
        .iter()
        .zip(popularity)
        .zip(0..)
        .map(|((record, popularity), item)| (record, popularity, item))
        .collect();
    by_popularity.sort_by(|(_, left, _), (_, right, _)| right.total_cmp(left));
    let mut titles: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (record, _, item) in by_popularity {
        let title = TitleQuery::new(&record.title).key;
        if title.is_empty() {
            continue;
        }
        let items = titles.entry(title).or_default();
        if items.len() < SAME_TITLE_MAX_COUNT {
            items.push(item);
        }
    }
    titles
}

/// A record: id, title, a bit for each field of the schema that is there, and those fields.
fn encode(record: &Record, fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_text(&record.id, &mut bytes);
    write_text(&record.title, &mut bytes);
    let mut present = vec![0_u8; fields.len().div_ceil(8)];
    let mut values = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let Some(value) = record.fields.get(&field.name) else {
            continue;
        };
        if let Some(byte) = present.get_mut(number / 8) {
            *byte |= 1 << (number % 8);
        }
        match value {
            Value::Text(text) => write_text(text, &mut values),
            Value::Integer(integer) => write_varint(zigzag_encode(*integer), &mut values),
            Value::Real(real) => values.extend_from_slice(&real.to_le_bytes()),
            Value::TextList(texts) => {
                write_varint(texts.len() as u64, &mut values);
                for text in texts {
                    write_text(text, &mut values);
                }
            }
        }
    }
    bytes.extend_from_slice(&present);
    bytes.extend_from_slice(&values);
    bytes
}
