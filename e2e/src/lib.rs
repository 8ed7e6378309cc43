//! What tests and measurements over everything share. The tests themselves are in `tests/it`.
//!
//! - [`application`] is what was built, as a manifest that can lie anywhere.
//! - [`proxy`] stands between functions and their storage, counts what passes, and does harm when told to.
//! - [`load`] asks a server from many connections at once and reports what came back, and how soon.
//! - [`generation`] writes index files into a folder as a generation that can be published.

pub mod application;
pub mod generation;
pub mod load;
pub mod proxy;
