use std::sync::Arc;

use crate::sorted_map::SortedMap;

use super::metadata::FieldKind;

/// What is known of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The external id, unique in the catalogue.
    pub id: String,
    /// The title as shown. It is found with and without a year in parentheses, whether that stands here or in the field `year`.
    pub title: String,
    /// Everything else by name, such as `year` or `genres`. Of one name, all values in a catalogue are of one kind.
    /// Records of a reader share their names.
    pub fields: SortedMap<Arc<str>, Value>,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, shown as it is; as a filter it matches as a whole.
    Text(String),
    /// A whole number, such as a year; a filter may ask for a range.
    Integer(i64),
    /// A number, such as a mean rating; a filter may ask for a range.
    Real(f64),
    /// Several texts, such as genres; a filter matches when one of them is wanted.
    TextList(Vec<String>),
}

impl Value {
    pub(super) fn kind(&self) -> FieldKind {
        match self {
            Self::Text(_) => FieldKind::Text,
            Self::Integer(_) => FieldKind::Integer,
            Self::Real(_) => FieldKind::Real,
            Self::TextList(_) => FieldKind::TextList,
        }
    }

    /// The texts of a textual value.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::TextList(texts) => texts,
            Self::Integer(_) | Self::Real(_) => &[],
        }
    }
}
