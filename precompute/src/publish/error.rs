use pointer::ManifestError;
use thiserror::Error;

use crate::generation::GenerationError;
use crate::store::StoreError;

/// Why the pointer was not moved. What was served before still is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The generation itself is not fit to be served.
    #[error("the generation is refused")]
    Generation(#[from] GenerationError),
    /// The bucket could not be asked, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pointer, or a manifest in the bucket, is not one that this program understands.
    #[error("cannot use `{key}`")]
    Manifest {
        /// The object.
        key: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The new generation recommends worse than the one that is served; `--force` publishes it all the same.
    #[error(
        "the new generation is worse: {metric} {new:.4} after {current:.4}, and a loss of {:.1} % is allowed; `--force` publishes it all the same",
        maximum_quality_loss * 100.0
    )]
    WorseQuality {
        /// What was measured.
        metric: String,
        /// The figure of the generation that is served.
        current: f64,
        /// The figure of the new one.
        new: f64,
        /// The share that may be lost.
        maximum_quality_loss: f64,
    },
    /// Nobody can tell whether the new generation is worse: it was not measured, or not as the served one was. Measure it so, or use `--force`.
    #[error(
        "the new generation cannot be compared with the served one: {why}; `--force` publishes it all the same"
    )]
    IncomparableQuality {
        /// What differs.
        why: String,
    },
    /// Somebody else moved the pointer while this publication ran. Look at what is served now, and publish again if it should be replaced.
    #[error("lost a race: somebody else replaced `{key}` in the meantime, and it now names {}", winner.as_deref().unwrap_or("nothing"))]
    LostRace {
        /// The pointer's key.
        key: String,
        /// The generation that it names now.
        winner: Option<String>,
    },
    /// There is no pointer, so there is nothing to go back from.
    #[error("the collection is not published yet: there is no `{key}`")]
    NotPublished {
        /// The pointer's key.
        key: String,
    },
    /// The generation that is served replaced none.
    #[error("the served generation {generation} replaced no other; name one with `--to`")]
    NoPrevious {
        /// The generation that is served.
        generation: String,
    },
    /// There is no such generation in the bucket: it was never published there, or collected since.
    #[error("there is no generation {generation} in the bucket: no `{key}`")]
    UnknownGeneration {
        /// The generation that was asked for.
        generation: String,
        /// Its manifest's key.
        key: String,
    },
    /// The bucket does not have the generation in full.
    #[error(
        "the generation {generation} is not complete in the bucket: there is no `{missing}` as its manifest has it"
    )]
    Incomplete {
        /// The generation that was asked for.
        generation: String,
        /// The first object that is missing or of another length.
        missing: String,
    },
}
