//! The container: what all kinds of index files have in common.
//!
//! ```text
//! +--------+-----------+----------+--------------+--------------+--------------------+---------+
//! | header | directory | metadata | block tables | hot sections | cold sections ...  | trailer |
//! +--------+-----------+----------+--------------+--------------+--------------------+---------+
//! |<------------------------- head -------------------------->|
//! ```
//!
//! A section is a sequence of blocks, each with its checksum at its end. The head is one contiguous read and holds everything that is needed to plan the reads of a query; the blocks of the
//! cold sections are read as the query needs them. [`Container`] opens a head, [`Plan`] collects the blocks that a query is about to need, [`Blocks`] reads
//! them in one batch and checks them. `FORMAT.md` is the specification.

mod block_table;
mod blocks;
mod entries;
mod layout;
mod reader;
mod serializer;
mod verify;

pub use layout::{FORMAT_VERSION, OLDEST_READABLE_FORMAT_VERSION};
pub use reader::{Container, TablePlace};
pub use verify::{SectionSummary, Summary, verify};

pub(crate) use blocks::{BlockId, Blocks, HEAD_ONLY, Plan, read};
pub(crate) use entries::{Entries, entries_section};
pub(crate) use layout::{BLOCK_CHECKSUM_LEN_BYTES, SectionId};
pub(crate) use serializer::{ContainerSerializer, Section};
