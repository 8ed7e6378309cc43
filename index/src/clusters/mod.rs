//! "Which corner of the catalogue is this, who else lives there, and which corners does a person like?": the items in groups, each with a short vector.
//!
//! Useful for: recommendations out of a few kilobytes, a map of the catalogue to browse. A question reads the head and one batch.
//! Not useful for: explanations, and the last bit of quality; neighbours give both.
//!
//! A person is a vector, folded in from the centroids of the clusters of the history: so no item of the history is looked at but for its cluster. What is
//! recommended are the members of the nearest clusters, by the inner product of the person and each of them.

mod fold_in;
mod metadata;
mod reader;
mod serializer;
mod writer;

pub use metadata::{CLUSTERS_MAX_COUNT, DIMENSIONS_MAX_COUNT};
pub(crate) use reader::Part;
pub use reader::{ClusterName, Clusters};
pub use writer::{ClustersWriter, Geometry};
