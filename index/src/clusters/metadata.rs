use bincode::{Decode, Encode};

use crate::container::SectionId;

/// The cluster of each item: a byte an item.
pub(super) const CODES: SectionId = SectionId(1);

/// One block: the centroids, a signed byte a dimension.
pub(super) const CENTROIDS: SectionId = SectionId(2);

/// One block: the name and the size of each cluster.
pub(super) const NAMES: SectionId = SectionId(3);

/// A block a cluster: the members that are recommended most.
pub(super) const FRONTS: SectionId = SectionId(4);

/// A block a cluster: all other members.
pub(super) const RESTS: SectionId = SectionId(5);

/// The code of an item that belongs to no cluster.
pub(super) const NO_CLUSTER: u8 = u8::MAX;

/// How many clusters there can be: each has a code of one byte, and more are no map that anybody would browse.
pub const CLUSTERS_MAX_COUNT: usize = NO_CLUSTER as usize;

/// How long vectors can be. On MovieLens 1M 16 dimensions reach nine tenths of the quality of 64.
pub const DIMENSIONS_MAX_COUNT: usize = 64;

/// How many codes a block has.
pub(super) const CODES_PER_BLOCK: u32 = 1024;

/// Up to so many items their codes are part of the head. Of more, a question reads those of its history first, with a batch of its own.
pub(super) const HOT_CODES_MAX_COUNT: u32 = 16 << 10;

/// The middle of the sixteen steps of a coordinate: a code c stands for c less this.
pub(super) const MIDDLE_CODE: f32 = 7.5;

/// What the head says beside the blocks.
#[derive(Debug, Decode, Encode)]
pub(super) struct Metadata {
    pub(super) item_count: u32,
    pub(super) cluster_count: u32,
    /// How much an item of the history weighs, where one that is not in it weighs 1.
    pub(super) confidence: f32,
    /// A coordinate of a centroid is its signed byte times this.
    pub(super) centroid_scale: f32,
    /// The sum of the squares of all items' coordinates, and the penalty, for each dimension.
    pub(super) diagonal: Vec<f32>,
    /// How the vectors came to be, for people.
    pub(super) description: String,
}
