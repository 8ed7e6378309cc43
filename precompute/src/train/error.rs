/// Why a model could not be learnt.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Nothing is left to learn from, once the interactions that say no are put aside.
    #[error("there is nothing to learn from: no interaction says that somebody liked something")]
    NoInteractions,

    /// What is to be frequent could be anything.
    #[error(transparent)]
    Support(#[from] itemsets::MinimumError),

    /// What did not fit into memory could not be put aside.
    #[error(
        "a temporary file in {} cannot be written or read: {message}; give it room, or raise --max-memory",
        folder.display()
    )]
    TemporaryFiles {
        /// Where the file would be.
        folder: std::path::PathBuf,
        /// What the system says.
        message: String,
    },

    /// Baskets are so long and so alike that nearly everything goes with everything.
    #[error(
        "what is together in {minimum_support} baskets or more gives too many rules to look at: raise `train.rules.minimum_support` ({sufficient_support} baskets are enough){}",
        if 2 < *maximum_items { " or lower `train.rules.maximum_items`" } else { "" }
    )]
    TooManyRules {
        /// In how many baskets all of a rule is.
        minimum_support: u32,
        /// With how many there would be few enough.
        sufficient_support: u32,
        /// How many items a rule has.
        maximum_items: u32,
    },

    /// A field is to say how popular items are, and is none of numbers.
    #[error("no item has a number in `{field}`: correct `train.popularity_field`, or leave it out")]
    NoNumbers {
        /// The field.
        field: String,
    },

    /// Items could not be given vectors and grouped.
    #[error("grouping the items into clusters: change `train.clusters`")]
    Clusters {
        /// Why not.
        #[from]
        source: factors::FactorError,
    },

    /// Items could not be given places in the latent space of content.
    #[error("decomposing what is said of the items: set `train.content.dimensions` to 0")]
    Content {
        /// Why not.
        source: factors::FactorError,
    },

    /// The regularization is so small that rounding makes the matrix singular.
    #[error("the regularized Gram matrix is not positive definite: raise the regularization")]
    NotPositiveDefinite,
}
