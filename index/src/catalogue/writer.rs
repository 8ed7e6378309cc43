use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh64::Xxh64;

use super::{
    metadata::{Field, FieldKind},
    record::Record,
    serializer::serialize,
};
use crate::error::WriteError;

/// A textual field with more distinct values than this is no facet: a dictionary of them would fill the head.
pub(super) const FACET_MAX_DISTINCT: usize = 1000;

/// A textual field is a facet only when a value is shared by so many items on average: ids and links are none.
pub(super) const FACET_MIN_ITEMS_A_VALUE: usize = 2;

/// The records of a catalogue in the making. The order in which they are pushed numbers the items.
#[derive(Debug, Default)]
pub struct CatalogueWriter {
    records: Vec<Record>,
    popularity: Vec<f32>,
}

impl CatalogueWriter {
    /// An empty catalogue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next item. `popularity` decides which of several items of one title is meant by it.
    pub fn push(&mut self, record: Record, popularity: f32) {
        self.records.push(record);
        self.popularity.push(popularity);
    }

    /// Names this numbering of items: the hash of the ids in their order. The other files of the generation carry it too.
    pub fn item_space(&self) -> u64 {
        let mut hasher = Xxh64::new(0);
        for record in &self.records {
            hasher.update(&(record.id.len() as u64).to_le_bytes());
            hasher.update(record.id.as_bytes());
        }
        hasher.digest()
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// Two records with one id, and a field that is a text in one record and a number in another.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        if u32::MAX as usize <= self.records.len() {
            return Err(WriteError::TooManyItems {
                count: self.records.len(),
            });
        }
        let fields = schema(&self.records)?;
        serialize(&self.records, &self.popularity, fields, self.item_space())
    }
}

/// The fields that occur, their kinds, and which of them a filter may ask.
fn schema(records: &[Record]) -> Result<Vec<Field>, WriteError> {
    let mut kinds: BTreeMap<&str, FieldKind> = BTreeMap::new();
    let mut texts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        for (name, value) in &record.fields {
            if *kinds.entry(name).or_insert(value.kind()) != value.kind() {
                let (id, field) = (record.id.clone(), name.to_string());
                return Err(WriteError::SchemaMismatch { id, field });
            }
            let distinct = texts.entry(name).or_default();
            if distinct.len() <= FACET_MAX_DISTINCT {
                distinct.extend(value.texts().iter().map(String::as_str));
            }
            *counts.entry(name).or_default() += value.texts().len();
        }
    }
    let field = |(name, kind): (&str, FieldKind)| {
        let distinct = texts.get(name).map_or(0, BTreeSet::len);
        let count = counts.get(name).copied().unwrap_or(0);
        let few = distinct <= FACET_MAX_DISTINCT && FACET_MIN_ITEMS_A_VALUE * distinct <= count;
        Field {
            name: name.into(),
            kind,
            filterable: !kind.is_textual() || few,
        }
    };
    Ok(kinds.into_iter().map(field).collect())
}
