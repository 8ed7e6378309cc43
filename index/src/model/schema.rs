use bincode::{Decode, Encode};

/// What a row has, and what is said of it.
#[derive(Clone, Debug, Decode, Encode, PartialEq)]
pub struct Schema {
    /// What is predicted.
    pub target: String,
    /// The classes, ascending, two at least.
    pub classes: Vec<String>,
    /// The class that answers of two sides are about, as a position in `classes`.
    pub positive: u32,
    /// The fields of a row.
    pub fields: Vec<Field>,
}

/// A field of a row.
#[derive(Clone, Debug, Decode, Encode, PartialEq)]
pub struct Field {
    /// Its name in the table.
    pub name: String,
    /// Whether it was missing in some of the rows that were learnt from, so that a row without it is nothing unheard of.
    pub is_optional: bool,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Clone, Debug, Decode, Encode, PartialEq)]
pub enum FieldKind {
    /// A number: one encoded column.
    Number {
        /// The smallest that was learnt from.
        minimum: f64,
        /// The largest that was learnt from.
        maximum: f64,
        /// What stands for a missing one.
        median: f64,
    },
    /// One of these texts, ascending: an encoded column for each.
    Categories(Vec<String>),
}

/// What a row has in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Missing,
    /// A finite number.
    Number(f64),
    /// The position of a text among the categories.
    Category(u32),
}

impl FieldKind {
    /// How many encoded columns it has.
    pub(super) fn column_count(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Categories(names) => names.len(),
        }
    }
}

impl Schema {
    /// How many encoded columns a row has.
    pub(super) fn column_count(&self) -> usize {
        self.fields
            .iter()
            .map(|field| field.kind.column_count())
            .sum()
    }
}
