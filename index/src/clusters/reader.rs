use super::{
    fold_in::{Vote, dot, fold_in},
    metadata::{
        CENTROIDS, CLUSTERS_MAX_COUNT, CODES, CODES_PER_BLOCK, DIMENSIONS_MAX_COUNT, FRONTS,
        MIDDLE_CODE, Metadata, NAMES, NO_CLUSTER, RESTS,
    },
};
use crate::{
    codec::{Cursor, OutOfBytes, RiceReader},
    container::{Blocks, Container, HEAD_ONLY, Plan, SectionId},
    error::Error,
    recommend::{
        HistoryItem, Scored, in_item_order,
        sort_key::{ascending, parts, sort_key},
    },
    sorted_map::SortedMap,
    source::FileKind,
};

/// A cluster as a page shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClusterName {
    /// What its members have in common, in words.
    pub name: String,
    /// How many members it has.
    pub item_count: u32,
}

/// The two lists of a cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// The members that are recommended most.
    Front,
    /// All others.
    Rest,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Front, Self::Rest];

    fn section(self) -> SectionId {
        match self {
            Self::Front => FRONTS,
            Self::Rest => RESTS,
        }
    }
}

/// An open file of clusters.
#[derive(Debug)]
pub struct Clusters {
    container: Container,
    metadata: Metadata,
    /// As many as there are clusters, each of as many coordinates as there are dimensions.
    centroids: Vec<Vec<f32>>,
}

impl Clusters {
    /// Opens a head. O(clusters × dimensions), since every question looks at all centroids.
    pub fn open(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let is_positive = |value: &f32| value.is_finite() && 0.0 < *value;
        let is_sound = (1..=DIMENSIONS_MAX_COUNT).contains(&metadata.diagonal.len())
            && metadata.diagonal.iter().all(is_positive)
            && is_positive(&metadata.centroid_scale)
            && metadata.confidence.is_finite()
            && 1.0 <= metadata.confidence
            && metadata.cluster_count as usize <= CLUSTERS_MAX_COUNT;
        if !is_sound {
            return Err(container.corrupt("the geometry of the clusters is not possible"));
        }
        container.check_blocks_of_items(CODES, metadata.item_count, CODES_PER_BLOCK)?;
        container.check_blocks_of_items(FRONTS, metadata.cluster_count, 1)?;
        container.check_blocks_of_items(RESTS, metadata.cluster_count, 1)?;
        let codes = container.block(CENTROIDS, 0, &HEAD_ONLY)?;
        let dimensions = metadata.diagonal.len();
        if codes.len() != dimensions * metadata.cluster_count as usize {
            return Err(container.corrupt("a centroid is missing"));
        }
        let value = |code: &u8| f32::from(*code as i8) * metadata.centroid_scale;
        let centroids = codes.chunks_exact(dimensions);
        let centroids = centroids.map(|codes| codes.iter().map(value).collect());
        Ok(Self {
            centroids: centroids.collect(),
            container,
            metadata,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// How many items the catalogue has, in a cluster or not.
    pub fn item_count(&self) -> u32 {
        self.metadata.item_count
    }

    /// How many clusters there are.
    pub fn cluster_count(&self) -> u32 {
        self.metadata.cluster_count
    }

    /// How vectors and clusters were made, as the writer was told.
    pub fn description(&self) -> &str {
        &self.metadata.description
    }

    /// Adds what [`Self::fold_in`] needs of an item to the plan: nothing, where it is in the head.
    pub(crate) fn plan_item(&self, item: u32, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(CODES, self.code_block(item)?, plan)
    }

    /// The vector of a person with this history.
    ///
    /// A weight w above zero says that an item was liked and counts `1 + (c - 1) w`, where c is the confidence; one below says that it was seen and not liked.
    pub(crate) fn fold_in(
        &self,
        history: &[HistoryItem],
        blocks: &Blocks,
    ) -> Result<Vec<f32>, Error> {
        let extra_confidence = self.metadata.confidence - 1.0;
        let mut votes: SortedMap<u32, Vote> = SortedMap::new();
        for HistoryItem { item, weight } in in_item_order(history) {
            let Some(cluster) = self.cluster_of(item, blocks)? else {
                continue;
            };
            if !votes.contains_key(&cluster) {
                let vote = Vote {
                    centroid: self.centroid(cluster).to_vec(),
                    weight: 0.0,
                    liking: 0.0,
                };
                votes.insert(cluster, vote);
            }
            let Some(vote) = votes.get_mut(&cluster) else {
                continue;
            };
            vote.weight += weight.abs();
            if 0.0 < weight {
                vote.liking += 1.0 + extra_confidence * weight;
            }
        }
        let votes = votes.into_iter().map(|(_, vote)| vote).collect();
        Ok(fold_in(&self.metadata.diagonal, extra_confidence, votes))
    }

    /// The `count` clusters whose centroids a person likes most, the best first, equals by number.
    pub(crate) fn nearest(&self, person: &[f32], count: usize) -> Vec<u32> {
        let scores = self.centroids.iter().map(|centroid| dot(centroid, person));
        // In 64 bits, as all that is sorted here: see `recommend::sort_key`.
        let keys = scores.zip(0..);
        let mut keys: Vec<u64> = keys
            .map(|(score, cluster)| sort_key(!ascending(score), cluster))
            .collect();
        keys.sort_unstable();
        keys.truncate(count);
        keys.into_iter().map(|key| parts(key).1).collect()
    }

    /// How alike two clusters are, from 0 to 1: the cosine of their centroids.
    pub(crate) fn likeness(&self, left: u32, right: u32) -> f32 {
        if left == right {
            return 1.0;
        }
        let (left, right) = (self.centroid(left), self.centroid(right));
        let lengths = dot(left, left).sqrt() * dot(right, right).sqrt();
        if 0.0 < lengths {
            (dot(left, right) / lengths).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    fn centroid(&self, cluster: u32) -> &[f32] {
        let centroid = self.centroids.get(cluster as usize);
        centroid.map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds a list of a cluster to the plan.
    pub(crate) fn plan_members(
        &self,
        cluster: u32,
        part: Part,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        self.check_cluster(cluster)?;
        self.container.plan(part.section(), cluster, plan)
    }

    /// The members of a list that was fetched, ascending, each with its score for a person. O(length of the list).
    pub(crate) fn scores(
        &self,
        cluster: u32,
        part: Part,
        person: &[f32],
        blocks: &Blocks,
    ) -> Result<Vec<Scored>, Error> {
        let base = dot(self.centroid(cluster), person);
        let score = |list: &List<'_>, codes: &[u8]| {
            let codes = codes.iter().flat_map(|pair| [pair & 15, pair >> 4]);
            let steps = codes.map(|code| f32::from(code) - MIDDLE_CODE);
            let sum: f32 = steps.zip(person).map(|(step, value)| step * value).sum();
            base + list.scale * sum
        };
        self.walk(cluster, part, blocks, score)
    }

    /// The members of a list that was fetched, ascending.
    pub(crate) fn members(
        &self,
        cluster: u32,
        part: Part,
        blocks: &Blocks,
    ) -> Result<Vec<u32>, Error> {
        let members = self.walk(cluster, part, blocks, |_, _| 0.0)?;
        Ok(members.into_iter().map(|member| member.item).collect())
    }

    /// Adds the names to the plan.
    pub(crate) fn plan_names(&self, plan: &mut Plan) -> Result<(), Error> {
        self.container.plan(NAMES, 0, plan)
    }

    /// The names of all clusters, which were fetched.
    pub(crate) fn names(&self, blocks: &Blocks) -> Result<Vec<ClusterName>, Error> {
        let mut cursor = Cursor::new(self.container.block(NAMES, 0, blocks)?);
        let names = (0..self.metadata.cluster_count).map(|_| {
            Ok(ClusterName {
                name: cursor.text()?.to_owned(),
                item_count: cursor.varint_u32()?,
            })
        });
        let names: Result<Vec<ClusterName>, OutOfBytes> = names.collect();
        names.map_err(|_| {
            self.container
                .corrupt("the names of the clusters are cut off")
        })
    }

    fn walk(
        &self,
        cluster: u32,
        part: Part,
        blocks: &Blocks,
        score: impl Fn(&List<'_>, &[u8]) -> f32,
    ) -> Result<Vec<Scored>, Error> {
        self.check_cluster(cluster)?;
        let block = self.container.block(part.section(), cluster, blocks)?;
        let damaged = |_| self.container.corrupt("a list of members is damaged");
        let mut list = List::of(block, self.metadata.diagonal.len()).map_err(damaged)?;
        let mut members = Vec::with_capacity(list.codes.len() / list.member_len_bytes);
        for codes in list.codes.chunks_exact(list.member_len_bytes) {
            let item = list.items.next_value().map_err(damaged)?;
            if self.metadata.item_count <= item {
                return Err(damaged(OutOfBytes));
            }
            let score = score(&list, codes);
            members.push(Scored { item, score });
        }
        Ok(members)
    }

    /// The cluster of an item whose code is in the head or was fetched.
    pub(crate) fn cluster_of(&self, item: u32, blocks: &Blocks) -> Result<Option<u32>, Error> {
        let block = self
            .container
            .block(CODES, self.code_block(item)?, blocks)?;
        match block.get((item % CODES_PER_BLOCK) as usize) {
            Some(&NO_CLUSTER) => Ok(None),
            Some(&code) if u32::from(code) < self.metadata.cluster_count => Ok(Some(code.into())),
            _ => Err(self.container.corrupt("an item's cluster does not exist")),
        }
    }

    fn code_block(&self, item: u32) -> Result<u32, Error> {
        let item_count = self.metadata.item_count;
        if item_count <= item {
            return Err(Error::NoSuchItem {
                file: FileKind::Clusters,
                item,
                item_count,
            });
        }
        Ok(item / CODES_PER_BLOCK)
    }

    fn check_cluster(&self, cluster: u32) -> Result<(), Error> {
        let cluster_count = self.metadata.cluster_count;
        if cluster_count <= cluster {
            return Err(Error::NoSuchCluster {
                cluster,
                cluster_count,
            });
        }
        Ok(())
    }
}

/// A list of members.
struct List<'a> {
    scale: f32,
    /// Half a byte a coordinate, and a whole number of bytes a member.
    codes: &'a [u8],
    member_len_bytes: usize,
    items: RiceReader<'a>,
}

impl<'a> List<'a> {
    fn of(block: &'a [u8], dimensions: usize) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(block);
        let (count, scale, parameter) = if cursor.is_empty() {
            (0, 0.0, 0)
        } else {
            (cursor.varint_u32()?, cursor.f32()?, cursor.u8()?)
        };
        let member_len_bytes = dimensions.div_ceil(2);
        let len_bytes = (count as usize).checked_mul(member_len_bytes);
        Ok(Self {
            scale,
            // Taking the codes bounds the count by the bytes that are there.
            codes: cursor.take(len_bytes.ok_or(OutOfBytes)?)?,
            member_len_bytes,
            items: RiceReader::new(cursor.rest(), parameter)?,
        })
    }
}
