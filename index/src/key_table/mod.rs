//! Texts to numbers: a sorted, front-coded table that is either part of the head or read one block a key.
//!
//! Useful for: from an id, or a title, to the item numbers that carry it. Keys may repeat; their numbers keep the order in which they were pushed.
//! Not useful for: from a number back to its text; that is in the record.
//!
//! A table is two sections: the entries, in blocks of about [`BLOCK_TARGET_LEN_BYTES`], and an index with the first key of each block. A table of at most
//! [`HOT_MAX_LEN_BYTES`] belongs to the head as a whole, which saves the round trip.

mod reader;
mod serializer;

pub(crate) use reader::KeyTable;
pub(crate) use serializer::{KeyTableSections, serialize_key_table};

/// A block ends with the entry that reaches this length.
pub(crate) const BLOCK_TARGET_LEN_BYTES: usize = 4096;

/// A longer table is read block by block. 128 KiB are some ten milliseconds of transfer, less than the round trip that they save.
pub(crate) const HOT_MAX_LEN_BYTES: usize = 128 << 10;
