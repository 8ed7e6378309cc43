//! Neighbours by what is said of the items: their titles, texts and tags.
//!
//! A title and a text are their words; a list of texts is its entries, each as a whole. Terms are weighted as BM25 has it (Robertson and Zaragoza: The
//! probabilistic relevance framework, 2009), and vectors have the length 1 ([`term_vectors`]). Two items with no term in common may still be about the same, where others
//! use the terms of both: so the matrix of all items and terms is decomposed too, and what is left of an item along its largest singular vectors is its place in a
//! latent space (Deerwester et al.: Indexing by latent semantic analysis, 1990; [`latent_vectors`]). The space is one for the whole collection, whatever it is made of, so that a
//! book leads to a documentary. The likeness of two items is the mean of their cosines in both ([`content_neighbours`]).

mod latent;
mod neighbours;
mod terms;

pub use latent::latent_vectors;
pub use neighbours::content_neighbours;
pub use terms::{TermVectors, term_vectors};
