use bincode::{Decode, Encode};

use crate::container::SectionId;

/// The blocks of the items' lists of baskets.
pub(super) const LISTS: SectionId = SectionId(1);

/// The blocks of the baskets' records.
pub(super) const RECORDS: SectionId = SectionId(2);

/// What the head says beside the block tables.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    /// Block b of the lists holds those of the items from b times this number on.
    pub(super) items_per_block: u32,
    pub(super) basket_count: u32,
    /// Block b of the records holds those of the baskets from b times this number on.
    pub(super) baskets_per_block: u32,
}
