use bincode::{Decode, Encode};

use crate::container::SectionId;

/// One block: what the blocks of terms begin with, but for the first.
pub(super) const FENCES: SectionId = SectionId(1);

/// One block: the hashes of the words that a typo may have meant.
pub(super) const FILTER: SectionId = SectionId(2);

/// The terms with what is needed of them at first.
pub(super) const TERMS: SectionId = SectionId(3);

/// Pages of the lists that are too long to stand with their terms.
pub(super) const LISTS: SectionId = SectionId(4);

/// One block: the rectangle around each block of points; none where no item has a place.
pub(super) const RECTANGLES: SectionId = SectionId(5);

/// Where the items lie.
pub(super) const POINTS: SectionId = SectionId(6);

/// So many items have their points in one block.
pub(super) const POINTS_PER_BLOCK: u32 = 256;

/// How long a page of the lists is, its checksum included.
pub(super) const PAGE_LEN_BYTES: u32 = 1 << 10;

/// A list of more items lies in pages of its own.
pub(super) const INLINE_MAX_COUNT: usize = 128;

/// So many of the items that say a term most stand with it, where the list does not.
pub(super) const BEST_COUNT: usize = 64;

/// What the head says beside the block tables.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    /// By its name; the index knows no more of it.
    pub(super) language: String,
    /// Which fields were read, with how much each counts, and whether its pairs of words are kept.
    pub(super) fields: Vec<(String, f32, bool)>,
    /// What an impact is counted in: the score of a term in an item is its inverse document frequency times the impact times this.
    pub(super) impact_unit: f32,
    /// The letters of the words that a typo may have meant, the most frequent first.
    pub(super) alphabet: String,
    /// How many terms the longest name has.
    pub(super) longest_name: u8,
}
