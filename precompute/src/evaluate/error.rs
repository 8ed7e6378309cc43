use super::trec::TrecError;
use crate::train::TrainError;

/// Why a model could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A training on a part of the data failed.
    #[error("cannot train on a part of the data")]
    Train(#[from] TrainError),

    /// The index files of a part of the data could not be written.
    #[error("cannot write index files for a part of the data")]
    Write(#[from] index::WriteError),

    /// The index files could not be read back.
    #[error("cannot rank with the index files that were written")]
    Index(#[from] index::Error),

    /// The topics or judgments of the search cannot be used.
    #[error("cannot read by what the search is measured (`evaluate.search`)")]
    Trec(#[from] TrecError),

    /// No topic has a document that is relevant.
    #[error(
        "nothing is left to measure the search on: the judgments name nothing relevant for any of the topics"
    )]
    NoJudgedTopics,

    /// The protocol leaves nobody to ask.
    #[error(
        "nobody is left to measure on: no held-out user has something to show and something to find"
    )]
    NoCases,
}
