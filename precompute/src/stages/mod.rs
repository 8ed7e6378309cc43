//! The stages of a run over the working folder: each reads what the one before left there, and leaves its own result.
//!
//! A stage that finds nothing to work with says which command makes it. [`prepare`] does all of them but publishing, each only if something changed.

mod evaluate;
mod import;
mod inspect;
mod prediction;
mod prepare;
mod train;
mod tune;
mod write;

pub use evaluate::evaluate;
pub use import::import;
pub use inspect::{inspect_path, inspect_published};
pub use prepare::{Rebuild, prepare};
pub use train::train;
pub use tune::{TuneOptions, Tuned, tune, write_settings};
pub use write::write;
