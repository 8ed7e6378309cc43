//! "Which items say these words, and which say them best?": an inverted index with precomputed impacts, whose terms are found with one read each.
//!
//! Useful for: finding by words in titles, names and descriptions, with typos, as they are typed.
//! Not useful for: finding by meaning. Two items that are about the same in other words are neighbours by [content](crate::neighbours).

mod dictionary;
mod fences;
mod filter;
mod geography;
mod metadata;
mod names;
mod notes;
mod points;
mod postings;
mod reader;
mod serializer;
mod typos;
mod writer;

pub use analysis::Language;
pub use geography::{Circle, Point, Rectangle};
pub use reader::Text;
pub use writer::{DEFAULT_SATURATION, TextField, TextSettings, TextWriter};

pub(crate) use dictionary::{Chunk, Entry};
pub(crate) use names::{NAME_END, pair_key, tag_of, terms_of};
pub(crate) use notes::{Link, LinkKind};
pub(crate) use postings::Posting;
pub(crate) use typos::is_within;
