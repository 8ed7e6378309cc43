//! The native job: import, train, evaluate, write, verify, publish.

pub mod atomic_file;
pub mod cli;
pub mod commands;
pub mod dataset;
pub mod digest;
pub mod evaluate;
pub mod exit;
pub mod fingerprints;
pub mod generation;
pub mod import;
pub mod interrupt;
pub mod meanings;
pub mod model_file;
pub mod places;
pub mod prediction;
pub mod progress;
pub mod publish;
mod resources;
pub mod seal;
pub mod settings;
pub mod stages;
pub mod store;
pub mod train;
pub mod tune;
pub mod work_folder;
pub mod write;

pub use resources::Resources;
