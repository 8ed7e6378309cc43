//! The index file of Kindred: format, writers, readers, and the scoring over readers.

pub mod catalogue;
