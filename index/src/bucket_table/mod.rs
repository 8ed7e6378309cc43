//! Texts to numbers: a table of buckets of one length, each found by the hash of the key alone.
//!
//! Useful for: from an id, or a title, to the item numbers that carry it. Who knows where the table lies reads the bucket of a key without having read
//! anything before it, at any size of catalogue: in the same round trip as the head.
//! Not useful for: from a number back to its text, which is in the record; prefixes and ranges of keys.

mod reader;
mod serializer;

pub(crate) use reader::BucketTable;
pub(crate) use serializer::serialize_bucket_table;

/// How long a bucket is, unless something does not fit. 20 keys of a large catalogue then take 10 kB, and a bucket has room for some 60 ids or 15 titles:
/// enough that chance fills them evenly, and a table is at most [`MAXIMUM_LEN_FACTOR`] times as long as what is in it.
pub(crate) const BUCKET_LEN_BYTES: u32 = 512;

/// A table that would be longer than so many times its entries gets longer buckets, and fewer of them.
pub(crate) const MAXIMUM_LEN_FACTOR: usize = 3;
