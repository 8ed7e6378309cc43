use super::{
    metadata::{CLUSTERS_MAX_COUNT, DIMENSIONS_MAX_COUNT},
    serializer::serialize,
};
use crate::error::WriteError;

/// What a person's vector is solved from beside the centroids; see [`ClustersWriter`].
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// How much an item of a history weighs, where one that is not in it weighs 1; at least 1.
    pub confidence: f32,
    /// For each dimension the sum of the squares of all items' coordinates, and the penalty; above zero. The axes are turned so that the items' Gram matrix
    /// has no other elements.
    pub diagonal: Vec<f32>,
}

/// Clusters in the making.
///
/// ```
/// use index::clusters::{ClustersWriter, Geometry};
///
/// let geometry = Geometry { confidence: 4.0, diagonal: vec![2.0, 1.0] };
/// let mut writer = ClustersWriter::new(3, geometry, "made by hand")?;
/// writer.push_cluster("Crime, Drama", &[0.9, 0.1])?;
/// writer.push_cluster("Comedy", &[0.1, 0.8])?;
/// writer.assign(0, 0, &[1.0, 0.2])?;
/// writer.assign(2, 1, &[0.0, 0.8])?;
/// let file = writer.finish(0x5eed)?;
/// assert!(file.starts_with(b"\x89KDX"));
/// # Ok::<(), index::WriteError>(())
/// ```
#[derive(Debug)]
pub struct ClustersWriter {
    item_count: u32,
    geometry: Geometry,
    description: String,
    pub(super) clusters: Vec<Cluster>,
    /// The cluster of each item.
    pub(super) members: Vec<Option<Member>>,
}

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) centroid: Vec<f32>,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) cluster: u32,
    pub(super) vector: Vec<f32>,
}

impl ClustersWriter {
    /// A writer for `item_count` items. The description says how vectors and clusters were made.
    pub fn new(
        item_count: usize,
        geometry: Geometry,
        description: &str,
    ) -> Result<Self, WriteError> {
        let count = u32::try_from(item_count).ok();
        let item_count = count
            .filter(|&count| count < u32::MAX)
            .ok_or(WriteError::TooManyItems { count: item_count })?;
        let wrong = |what| Err(WriteError::Clusters { what });
        if !(1..=DIMENSIONS_MAX_COUNT).contains(&geometry.diagonal.len()) {
            return wrong("vectors have 1 to 64 dimensions");
        }
        let is_positive = |value: &f32| value.is_finite() && 0.0 < *value;
        if !geometry.diagonal.iter().all(is_positive) {
            return wrong("the diagonal is finite and above zero");
        }
        if !geometry.confidence.is_finite() || geometry.confidence < 1.0 {
            return wrong("the confidence is finite and at least 1");
        }
        Ok(Self {
            item_count,
            geometry,
            description: description.to_owned(),
            clusters: Vec::new(),
            members: vec![None; item_count as usize],
        })
    }

    /// Adds the next cluster.
    pub fn push_cluster(&mut self, name: &str, centroid: &[f32]) -> Result<(), WriteError> {
        let wrong = |what| Err(WriteError::Clusters { what });
        if self.clusters.len() == CLUSTERS_MAX_COUNT {
            return wrong("there are at most 255 clusters");
        }
        if !self.is_vector(centroid) {
            return wrong("a centroid has a finite number for each dimension");
        }
        self.clusters.push(Cluster {
            name: name.to_owned(),
            centroid: centroid.to_vec(),
        });
        Ok(())
    }

    /// Puts an item into a cluster that was pushed. Items that are never assigned belong to none, and are not recommended.
    pub fn assign(&mut self, item: u32, cluster: u32, vector: &[f32]) -> Result<(), WriteError> {
        if !self.is_vector(vector) {
            return Err(WriteError::NotFinite { item });
        }
        if self.clusters.len() <= cluster as usize {
            let what = "items are assigned to clusters that were pushed";
            return Err(WriteError::Clusters { what });
        }
        let item_count = self.item_count;
        let member = self.members.get_mut(item as usize);
        *member.ok_or(WriteError::ItemOutOfRange {
            item,
            neighbour: item,
            item_count,
        })? = Some(Member {
            cluster,
            vector: vector.to_vec(),
        });
        Ok(())
    }

    fn is_vector(&self, vector: &[f32]) -> bool {
        vector.len() == self.geometry.diagonal.len() && vector.iter().all(|value| value.is_finite())
    }

    /// The file. `item_space` is that of the catalogue whose item numbers the clusters use.
    pub fn finish(self, item_space: u64) -> Result<Vec<u8>, WriteError> {
        serialize(
            &self.clusters,
            &self.members,
            &self.geometry,
            &self.description,
            item_space,
        )
    }
}
