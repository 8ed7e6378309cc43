/// Why vectors or clusters could not be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// The slices are no rows of a matrix.
    #[error(
        "reading the sparse matrix: the {offset_count} offsets do not ascend from 0 to the {entry_count} entries: \
         pass one offset more than there are rows"
    )]
    Offsets {
        /// How many offsets there are.
        offset_count: usize,
        /// How many entries there are.
        entry_count: usize,
    },

    /// A row's entries are no set of columns.
    #[error(
        "reading the sparse matrix: row {row} does not name columns below {column_count} in ascending order, each once: \
         sort the row and leave out duplicates"
    )]
    Row {
        /// The first such row.
        row: usize,
        /// How many columns there are.
        column_count: usize,
    },

    /// Every one of a matrix has a weight, or none has.
    #[error(
        "reading the sparse matrix: there are {weight_count} weights for {entry_count} entries: pass one an entry"
    )]
    WeightCount {
        /// How many weights there are.
        weight_count: usize,
        /// How many entries there are.
        entry_count: usize,
    },

    /// A weight is NaN or infinite.
    #[error(
        "reading the sparse matrix: the weight of entry {entry} is not a finite number: leave the entry out"
    )]
    Weight {
        /// The first such entry.
        entry: usize,
    },

    /// A setting is out of its range.
    #[error("reading the settings: `{name}` is {value}: use {expected}")]
    Setting {
        /// The field's name.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },

    /// A history names an item without a vector.
    #[error(
        "folding in a history: item {item} has no vector, there are {item_count}: leave it out"
    )]
    UnknownItem {
        /// The item.
        item: u32,
        /// How many items have vectors.
        item_count: usize,
    },

    /// A number is NaN or infinite.
    #[error(
        "clustering: coordinate {column} of point {row} is not a finite number: leave the point out"
    )]
    NotFinite {
        /// The point.
        row: usize,
        /// The coordinate.
        column: usize,
    },

    /// There is nothing to cluster.
    #[error("clustering: there are no points: pass at least one")]
    NoPoints,

    /// Rounding made a matrix singular, or numbers overflowed.
    #[error("{doing}: the matrix is singular to rounding: raise the regularization")]
    Singular {
        /// What was being done.
        doing: &'static str,
    },
}
