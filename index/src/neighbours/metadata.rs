use bincode::{Decode, Encode};

use crate::container::SectionId;

/// The blocks of lists.
pub(super) const LISTS: SectionId = SectionId(1);

/// What the head says beside the block table.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    /// Block b holds the lists of the items from b times this number on.
    pub(super) items_per_block: u32,
    /// How the lists came to be, for people.
    pub(super) description: String,
}
