use std::sync::Arc;

use bincode::{Decode, Encode};

use crate::container::SectionId;

/// From an id to the item's number.
pub(super) const IDS: SectionId = SectionId(1);

/// From a normalized title to the numbers of the items of that title, the most popular first.
pub(super) const TITLES: SectionId = SectionId(2);

/// The records, in the order of their numbers.
pub(super) const RECORDS: SectionId = SectionId(3);

/// For each filterable textual field, one block with its distinct values, sorted.
pub(super) const FACET_DICTIONARIES: SectionId = SectionId(4);

/// The values of all filterable fields, item by item.
pub(super) const FACET_VALUES: SectionId = SectionId(5);

#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    /// Block b of the records holds the items from b times this number on.
    pub(super) records_per_block: u32,
    /// Block b of the facet values holds the items from b times this number on.
    pub(super) facets_per_block: u32,
    /// The fields of the records, sorted by name.
    pub(super) fields: Vec<Field>,
}

/// A field of the records.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(super) struct Field {
    pub(super) name: Arc<str>,
    pub(super) kind: FieldKind,
    /// Whether the field has a column among the facets.
    pub(super) filterable: bool,
}

#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub(super) enum FieldKind {
    Text,
    Integer,
    Real,
    TextList,
}

impl FieldKind {
    pub(super) fn is_textual(self) -> bool {
        matches!(self, Self::Text | Self::TextList)
    }
}
