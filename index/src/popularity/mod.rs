//! "What do most people like, and what should a newcomer rate first?": two short lists in the head.
//!
//! Useful for: answers without a history, fallbacks, onboarding. One read.
//! Not useful for: how popular any given item is; only the first [`POPULAR_MAX_COUNT`] have a place.

mod reader;
mod serializer;
mod writer;

pub use reader::Popularity;
pub use writer::PopularityWriter;

/// How many popular items are kept. Enough for filters and exclusions to leave a page of them, and 8 kB of head.
pub const POPULAR_MAX_COUNT: usize = 1000;

/// How many items the onboarding list has at most: some screens of them.
pub const ONBOARDING_MAX_COUNT: usize = 200;
