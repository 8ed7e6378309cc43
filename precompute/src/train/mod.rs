//! Learning: from who liked what to neighbour lists, what is popular, and what to rate first.
//!
//! [`train`] makes a [`Model`] of a data set, in whose item numbers everything here speaks. [`Interactions`] is what the methods learn from: [`ease`] is the
//! one to use, [`item_knn`] the baseline. The result has the same bits with any number of threads.

mod adjacency;
mod best;
mod clusters;
mod content;
pub mod ease;
mod error;
mod interactions;
mod item_knn;
mod item_order;
mod model;
mod neighbour_lists;
mod onboarding;
mod popularity;
mod rules;

pub use adjacency::Adjacency;
pub use clusters::{ItemClusters, clusters};
pub use content::{TermVectors, content_neighbours, latent_vectors, term_vectors};
pub use error::TrainError;
pub use interactions::Interactions;
pub use item_knn::item_knn;
pub use item_order::{by_place, item_order};
pub use model::{Lists, Model, is_liked, train, train_for};
pub use neighbour_lists::NeighbourLists;
pub use onboarding::onboarding;
pub use popularity::{popular_items, popularity};
pub use rules::{RuleModel, rules};

/// Is told how many of how many items are done; from any thread, once an item.
pub type Watch<'a> = &'a (dyn Fn(usize, usize) + Sync);
