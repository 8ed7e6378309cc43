//! The native job: import, train, evaluate, write, verify, publish.

pub mod atomic_file;
pub mod dataset;
pub mod digest;
pub mod generation;
pub mod import;
pub mod interrupt;
pub mod publish;
pub mod store;
pub mod train;
