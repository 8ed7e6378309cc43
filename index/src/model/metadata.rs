use bincode::{Decode, Encode};

use super::schema::Schema;
use crate::container::SectionId;

/// One block: for each encoded column its thresholds.
pub(super) const THRESHOLDS: SectionId = SectionId(1);

/// One block: for each kind of leaf how many rows of each class it has.
pub(super) const LEAVES: SectionId = SectionId(2);

/// A block for each tree: its nodes.
pub(super) const TREES: SectionId = SectionId(3);

/// One block: the terms of a logistic regression.
pub(super) const TERMS: SectionId = SectionId(4);

/// What the head says beside the sections.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    /// How the model came to be, for people.
    pub(super) description: String,
    pub(super) schema: Schema,
    pub(super) algorithm: Algorithm,
}

#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub(super) enum Algorithm {
    /// Random forest.
    Forest {
        /// How many trees there are.
        tree_count: u32,
    },
    /// Logistic regression.
    Logistic,
}
