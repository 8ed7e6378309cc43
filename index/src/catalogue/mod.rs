//! Catalogue records: what an item is called and what is known of it.

mod value;

pub use value::Value;
