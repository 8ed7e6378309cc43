//! The index file of Kindred: format, writers, readers, and the scoring over readers.
//!
//! # Overview of types
//!
//! A collection is written by one writer a kind of file: [`CatalogueWriter`](catalogue::CatalogueWriter), which numbers the items, and of the others
//! those that its data give: [`NeighboursWriter`](neighbours::NeighboursWriter), [`PopularityWriter`](popularity::PopularityWriter),
//! [`ClustersWriter`](clusters::ClustersWriter), [`RulesWriter`](rules::RulesWriter), [`BasketsWriter`](baskets::BasketsWriter). Each gives the bytes of a file, of which [`verify`] checks every checksum.
//!
//! A collection that predicts has one file instead, of a [`ModelWriter`](model::ModelWriter), and [`Model`](model::Model) opens it.
//!
//! A [`Generation`] opens the heads of the files over a [`ByteSource`] and answers questions. It never does I/O: it plans what it needs, and the source reads it.
//! What it must know of a file before the first read is its [`Outline`]. A [`RecordingSource`] tells what a question read.
//!
//! ```
//! use index::{FileKind, Generation, Keys, MemorySource, Outline, Question};
//! use index::catalogue::{CatalogueWriter, Record};
//! use index::neighbours::{Neighbour, NeighboursWriter};
//! use index::recommend::HistoryItem;
//!
//! let mut catalogue = CatalogueWriter::new();
//! for id in ["alien", "aliens"] {
//!     catalogue.push(Record { id: id.to_owned(), title: id.to_owned(), ..Record::default() }, 1.0);
//! }
//! let item_space = catalogue.item_space();
//! let mut neighbours = NeighboursWriter::new(2, "an example")?;
//! neighbours.push(&[Neighbour { item: 1, weight: 0.8 }])?;
//!
//! let files = [(FileKind::Catalogue, catalogue.finish()?), (FileKind::Neighbours, neighbours.finish(item_space)?)];
//! let outlines: Vec<Outline> =
//!     files.iter().map(|(kind, file)| Outline::of(*kind, file)).collect::<Result<_, index::Error>>()?;
//! let ids = ["alien"];
//! let generation = Generation::open(MemorySource::new(files), outlines, &FileKind::OF_ITEMS, &Keys { ids: &ids, titles: &[] })?;
//!
//! let history = vec![HistoryItem { item: generation.items_of_ids(&ids)?[0].unwrap(), weight: 1.0 }];
//! let answer = generation.recommend(&Question { history, count: 10, ..Question::default() })?;
//! assert_eq!(generation.records(&[answer[0].item])?[0].title, "aliens");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod baskets;
mod bucket_table;
pub mod catalogue;
pub mod clusters;
mod codec;
mod container;
mod error;
mod generation;
mod metadata;
pub mod model;
pub mod neighbours;
mod outline;
pub mod popularity;
pub mod recommend;
pub mod rules;
mod sorted_map;
mod source;
pub mod text;

pub use container::{
    Container, FORMAT_VERSION, OLDEST_READABLE_FORMAT_VERSION, SectionSummary, Summary, TablePlace,
    verify,
};
pub use error::{Error, Place, WriteError};
pub use generation::{
    Algorithm, AskedWord, DISTANCE, FacetCounts, FoundPlace, FoundWord, Generation, Highlighter,
    Hit, Match, Near, Question, ReadLimits, Reading, Sort, Suggestion, TextAnswer, TextQuestion,
};
pub use outline::{Keys, Outline, Table};
pub use sorted_map::SortedMap;
pub use source::{
    ByteRange, ByteSource, Bytes, FileKind, MemorySource, NEAR_GAP_LEN_BYTES, RecordingSource,
    SourceError, merge_near, merge_within, near_gap_len_bytes,
};
