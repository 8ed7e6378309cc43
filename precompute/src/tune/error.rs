use std::path::PathBuf;

use super::CASES_MIN_COUNT;
use crate::evaluate::EvaluateError;

/// Why nothing could be tuned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// Nobody touched anything, so that nobody can be asked what a recommendation is worth.
    #[error(
        "there is nothing to tune with: the data set has no interactions, and what is said of items does not say what people want"
    )]
    NoInteractions,

    /// Half of those who are left would be too few to judge by.
    #[error(
        "there is too little to tune with: {found} people or rows are left to measure on, and {CASES_MIN_COUNT} are needed; \
         give it more data, or hold out more people with `evaluate.held_out_user_share`"
    )]
    TooFewCases {
        /// How many there are.
        found: usize,
    },

    /// A model could not be measured.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),

    /// A table could not be learnt from.
    #[error("cannot learn from the table")]
    Predict(#[from] classification::Error),

    /// A model of a table could not be written.
    #[error("cannot write the index file of the table")]
    Write(#[from] index::WriteError),

    /// What was tried cannot be kept.
    #[error("cannot keep what was tried in {}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
