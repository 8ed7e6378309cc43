//! "These are the items that item i speaks for, and how loudly": a weighted list of items for every item.
//!
//! Useful for: folding a history into recommendations, similar items, explanations. A history of n items reads at most n blocks.
//! Not useful for: users' own lists; a user is a history and needs no place in the index.
//!
//! The lists go by source: the list of i holds every j that i raises or lowers, so that a history is folded in by reading the lists of its own items. Files of
//! two kinds are so: what people's interactions say, and what the items' own words say.

mod list;
mod metadata;
mod reader;
mod serializer;
mod writer;

pub use list::Neighbour;
pub(crate) use list::{List, encode_list};
pub use reader::Neighbours;
pub use writer::NeighboursWriter;
