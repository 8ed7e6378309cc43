//! Matrix factorisation and clusters: from who touched what to short vectors of users and items, and from vectors to groups of what is alike.
//!
//! # Overview of types
//!
//! [`SparseRows`] is a view of the binary matrix of interactions, a row a user and a column an item; [`WeightedRows`] is one of any numbers. [`als`] and [`svd`] make vectors of the first, [`svd`]
//! of the other too, and [`along_principal_axes`] turns them; [`FoldIn`] makes the vector of a history that they never saw. [`k_means`] groups vectors, and [`k_means_of_some`] chooses how many
//! groups there are.
//!
//! Dense matrices are [`ndarray::Array2`] in row-major order, a vector a row. Everything random has a seed, and the result has the same bits with any number of
//! threads.
//!
//! ```
//! use factors::{AlsSettings, FoldIn, KMeansSettings, SparseRows, als, k_means};
//!
//! // Two people like the first two items, one the other two.
//! let users = SparseRows::new(&[0, 2, 4, 6], &[0, 1, 0, 1, 2, 3], 4)?;
//! let settings = AlsSettings { dimensions: 2, ..AlsSettings::default() };
//! let factors = als(users, &settings, &|_, _| ())?;
//!
//! let person = FoldIn::new(&factors.items, &settings)?.vector(&[0])?;
//! let score = |item| factors.items.row(item).dot(&person);
//! assert!(score(2) < score(1));
//!
//! let clusters = k_means(&factors.items, &KMeansSettings { clusters: 2, ..KMeansSettings::default() })?;
//! assert_eq!(clusters.assignment, [0, 0, 1, 1]);
//! # Ok::<(), factors::FactorError>(())
//! ```

mod als;
mod error;
mod fold_in;
mod k_means;
mod kernels;
mod silhouette;
mod sparse_rows;
mod svd;

pub use als::{AlsSettings, Factors, als, als_loss};
pub use error::FactorError;
pub use fold_in::FoldIn;
pub use k_means::{Clusters, KMeansSettings, MINI_BATCH_MIN_POINTS, k_means};
pub use silhouette::{k_means_of_some, simplified_silhouette};
pub use sparse_rows::{SparseRows, WeightedRows};
pub use svd::{Svd, SvdSettings, along_principal_axes, svd};

/// Is told how many of how many rounds are done.
pub type Watch<'a> = &'a (dyn Fn(usize, usize) + Sync);
