//! "What is item 42 called, which item is `tt0114709`, and is it a comedy?": records, ids, titles and facets.
//!
//! The catalogue numbers the items: every other file of a generation speaks of items by their number here.
//!
//! Useful for: records of results (one block for some neighbours in number), exact look-up by id and by title, filters over all items.
//! Not useful for: words within titles; that is a search index.

mod facets;
mod filter;
mod metadata;
mod reader;
mod record;
mod serializer;
mod title;
mod writer;

pub use filter::{Condition, Filter};
pub use reader::Catalogue;
pub use record::{Record, Value};
pub use title::TitleQuery;
pub use writer::CatalogueWriter;

pub(crate) use facets::FacetValue;
pub(crate) use reader::Facet;
