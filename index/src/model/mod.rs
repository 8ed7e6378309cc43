//! "Which class is this row of, how surely, and why?": a model that was learnt from a table.
//!
//! Useful for: a class and its probabilities for a row, and what each field of it contributed. The whole file is its head: one read.
//! Not useful for: the rows that were learnt from; none of them is here.
//!
//! A row is encoded as numbers, and each number becomes a **rank**, how many thresholds of its column lie below it, so that trees compare integers.

mod contributions;
mod encoding;
mod forest;
mod logistic;
mod metadata;
mod reader;
mod schema;
mod serializer;
mod writer;

pub use contributions::{Contributions, Scale};
pub use reader::Model;
pub use schema::{Field, FieldKind, Schema, Value};
pub use writer::{ModelWriter, Node, Parameters, Term};

/// The most splits between the root and a leaf of a tree: where a file has more, it is damaged.
pub const DEPTH_MAX: usize = 200;
