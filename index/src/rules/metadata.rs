use bincode::{Decode, Encode};

use crate::container::SectionId;

/// The blocks of rules.
pub(super) const RULES: SectionId = SectionId(1);

/// What the head says beside the block table.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    /// Block b holds the rules of the items from b times this number on.
    pub(super) items_per_block: u32,
    /// Of how many baskets the supports are.
    pub(super) basket_count: u32,
    /// How the rules came to be, for people.
    pub(super) description: String,
}
