//! The native job: import, train, evaluate, write, verify, publish.

pub mod dataset;
