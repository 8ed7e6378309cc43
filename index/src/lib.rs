//! The index file of Kindred: format, writers, readers, and the scoring over readers.

pub mod catalogue;
mod source;

pub use source::{ByteRange, ByteSource, FileKind, SourceError};
