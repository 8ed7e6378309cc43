use super::{
    facets,
    metadata::{Field, IDS, Metadata, RECORDS, TITLES},
    record::{Record, Value},
    title::TitleQuery,
};
use crate::{
    codec::{write_text, write_varint, zigzag_encode},
    container::{ContainerSerializer, Section},
    error::WriteError,
    key_table::serialize_key_table,
    metadata,
    source::FileKind,
};

/// Records are read for a page of results, here and there in the catalogue, so their blocks are small: 1 KiB holds about ten films.
const RECORD_BLOCK_TARGET_LEN_BYTES: usize = 1024;

pub(super) fn serialize(
    records: &[Record],
    popularity: &[f32],
    fields: Vec<Field>,
    item_space: u64,
) -> Result<Vec<u8>, WriteError> {
    let ids = sorted_ids(records)?;
    let titles = sorted_titles(records, popularity);

    let encoded: Vec<Vec<u8>> = records
        .iter()
        .map(|record| encode(record, &fields))
        .collect();
    let len_bytes: usize = encoded.iter().map(Vec::len).sum();
    let mean_len_bytes = len_bytes.div_ceil(encoded.len().max(1)).max(1);
    let records_per_block = (RECORD_BLOCK_TARGET_LEN_BYTES / mean_len_bytes).clamp(1, 1 << 10);
    let mut record_section = Section::new(RECORDS);
    let mut block = Vec::new();
    for records in encoded.chunks(records_per_block) {
        block.clear();
        for record in records {
            write_varint(record.len() as u64, &mut block);
            block.extend_from_slice(record);
        }
        record_section.push_block(&block);
    }

    let (dictionaries, values) = facets::serialize(records, &fields);
    let metadata = metadata::encode(&Metadata {
        item_count: records.len() as u32,
        records_per_block: records_per_block as u32,
        facets_per_block: facets::ITEMS_PER_BLOCK,
        fields,
    });
    let mut container = ContainerSerializer::new(FileKind::Catalogue, item_space, metadata);
    container.push_hot(dictionaries);
    serialize_key_table(ids, IDS, &mut container);
    container.push_cold(values);
    container.push_cold(record_section);
    serialize_key_table(
        titles.iter().map(|(title, item)| (title.as_str(), *item)),
        TITLES,
        &mut container,
    );
    container.finish()
}

fn sorted_ids(records: &[Record]) -> Result<Vec<(&str, u32)>, WriteError> {
    let mut ids: Vec<(&str, u32)> = records
        .iter()
        .map(|record| record.id.as_str())
        .zip(0..)
        .collect();
    ids.sort_unstable();
    match ids
        .windows(2)
        .find(|pair| matches!(pair, [(left, _), (right, _)] if left == right))
    {
        Some([(id, _), ..]) => Err(WriteError::DuplicateId {
            id: (*id).to_owned(),
        }),
        _ => Ok(ids),
    }
}

/// Normalized titles with their items; of one title the most popular first, equals by number.
fn sorted_titles(records: &[Record], popularity: &[f32]) -> Vec<(String, u32)> {
    let mut titles: Vec<(String, f32, u32)> = records
        .iter()
        .zip(popularity)
        .zip(0..)
        .map(|((record, &popularity), item)| (TitleQuery::new(&record.title).key, popularity, item))
        .filter(|(title, ..)| !title.is_empty())
        .collect();
    titles.sort_by(|left, right| {
        left.0
            .cmp(&right.0)
            .then(right.1.total_cmp(&left.1))
            .then(left.2.cmp(&right.2))
    });
    titles
        .into_iter()
        .map(|(title, _, item)| (title, item))
        .collect()
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
