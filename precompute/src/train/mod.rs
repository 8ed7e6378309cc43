//! Learning: from who liked what to neighbour lists, what is popular, and what to rate first.

mod adjacency;
pub mod ease;
mod error;
mod interactions;
mod neighbour_lists;

pub use adjacency::Adjacency;
pub use error::TrainError;
pub use interactions::Interactions;
pub use neighbour_lists::NeighbourLists;
