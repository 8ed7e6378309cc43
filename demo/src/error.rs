use std::io;
use std::path::PathBuf;

/// What can go wrong here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The embedded catalogue does not parse, which a test of this crate rules out.
    #[error("reading the film catalogue")]
    Catalogue(#[from] csv::Error),
    /// The folder or a file in it cannot be written; make room or choose another folder.
    #[error("writing {}", path.display())]
    Write {
        /// What was being written.
        path: PathBuf,
        /// Why that failed.
        source: io::Error,
    },
}
