//! Groups of points that are near each other.
//!
//! Lloyd (Least squares quantization in PCM, IEEE Transactions on Information Theory 28, 1982) from starts by greedy k-means++ (Arthur and Vassilvitskii, k-means++:
//! the advantages of careful seeding, SODA 2007), the best of several. From [`MINI_BATCH_MIN_POINTS`] points on, mini-batches (Sculley, Web-scale k-means
//! clustering, WWW 2010) come first and Lloyd's iterations only finish what they began.

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use seeded::Random;

use crate::{
    FactorError,
    kernels::{as_faer, dot, multiply, squared_distance},
};

/// From so many points on, mini-batches come first: a pass over all points is then seconds, and most of the way needs no pass over all.
pub const MINI_BATCH_MIN_POINTS: usize = 100_000;

/// How many points a mini-batch has.
const MINI_BATCH_POINTS: usize = 8_192;

/// How many mini-batches there are.
const MINI_BATCH_COUNT: usize = 100;

/// How many of Lloyd's iterations follow the mini-batches at most.
const FINISHING_ITERATIONS: usize = 5;

/// How many points are compared with all centroids at once.
const BLOCK_POINTS: usize = 256;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansSettings {
    /// How many clusters are wanted, at least 1. There are fewer where there are fewer different points.
    pub clusters: usize,
    /// How many times to begin anew, at least 1; the best is kept.
    pub starts: usize,
    /// The most iterations of a start, at least 1; it ends before when no point changes its cluster.
    pub iterations: usize,
    /// The seed of the starts.
    pub seed: u64,
}

impl Default for KMeansSettings {
    fn default() -> Self {
        Self {
            clusters: 32,
            starts: 4,
            iterations: 100,
            seed: 1,
        }
    }
}

/// Points in groups, the largest group first and equals by their first point. None is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The mean of each cluster, a row each.
    pub centroids: Array2<f32>,
    /// The cluster of each point.
    pub assignment: Vec<u32>,
    /// The sum of the squares of the distances of all points to their centroids.
    pub inertia: f64,
}

impl Clusters {
    /// How many clusters there are.
    pub fn len(&self) -> usize {
        self.centroids.nrows()
    }

    /// Never: there is at least one.
    pub fn is_empty(&self) -> bool {
        self.centroids.is_empty()
    }

    /// The points of each cluster, ascending.
    pub fn members(&self) -> Vec<Vec<u32>> {
        members(&self.assignment, self.len())
    }
}

/// Groups points, a row each, around as many means as are wanted. O(starts × iterations × points × clusters × columns).
///
/// # Errors
///
/// When there is no point, a coordinate is not finite, or a setting is zero.
pub fn k_means(points: &Array2<f32>, settings: &KMeansSettings) -> Result<Clusters, FactorError> {
    let counts = [
        ("clusters", settings.clusters),
        ("starts", settings.starts),
        ("iterations", settings.iterations),
    ];
    if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(FactorError::Setting {
            name,
            value: 0.0,
            expected: "at least 1",
        });
    }
    if points.nrows() == 0 {
        return Err(FactorError::NoPoints);
    }
    if let Some(((row, column), _)) = points.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(FactorError::NotFinite { row, column });
    }
    // Distances are differences of inner products, which are exact only near the origin.
    let mean = mean(points);
    let centred = (points - &mean).as_standard_layout().into_owned();
    let mut random = Random::new(settings.seed);
    let mut best: Option<Clusters> = None;
    for _ in 0..settings.starts {
        let found = one_start(&centred, settings, &mut random);
        if best
            .as_ref()
            .is_none_or(|best| found.inertia < best.inertia)
        {
            best = Some(found);
        }
    }
    let mut clusters = best.expect("there is at least one start");
    clusters.centroids += &mean;
    Ok(clusters)
}

/// The mean of all points, summed in double precision.
fn mean(points: &Array2<f32>) -> Array1<f32> {
    let sums = points.fold_axis(Axis(0), 0.0, |sum, &value| sum + f64::from(value));
    sums.mapv(|sum| (sum / points.nrows() as f64) as f32)
}

fn one_start(points: &Array2<f32>, settings: &KMeansSettings, random: &mut Random) -> Clusters {
    let mut iterations = settings.iterations;
    let mut centroids = if points.nrows() < MINI_BATCH_MIN_POINTS {
        seeds(points, settings.clusters, random)
    } else {
        iterations = iterations.min(FINISHING_ITERATIONS);
        // Seeds are drawn from a sample: to draw them from all points would take as long as all that follows.
        let sample = sample(points, MINI_BATCH_POINTS.max(4 * settings.clusters), random);
        let mut centroids = seeds(&sample, settings.clusters, random);
        refine_by_mini_batches(&mut centroids, points, random);
        centroids
    };
    let mut nearest = Nearest::of(points, &centroids);
    for _ in 0..iterations {
        nearest.fill_empty(centroids.nrows());
        centroids = means(points, &nearest.clusters, centroids.nrows());
        let next = Nearest::of(points, &centroids);
        let is_settled = next.clusters == nearest.clusters;
        nearest = next;
        if is_settled {
            break;
        }
    }
    numbered_by_size(points, &nearest, centroids.nrows())
}

/// Greedy k-means++: each next seed is the best of some that are drawn by the squares of their distances to the nearest seed before. There are as many as there are
/// different points at most.
fn seeds(points: &Array2<f32>, count: usize, random: &mut Random) -> Array2<f32> {
    let point = |number: usize| {
        points
            .row(number)
            .to_slice()
            .expect("our points are row-major")
    };
    let distances_to = |seed: usize| -> Vec<f64> {
        let seed = point(seed);
        (0..points.nrows())
            .into_par_iter()
            .with_min_len(BLOCK_POINTS)
            .map(|number| squared_distance(point(number), seed))
            .collect()
    };
    let trial_count = 2 + count.ilog2() as usize;
    let mut seeds = vec![random.below(points.nrows())];
    let mut distances = distances_to(seeds[0]);
    while seeds.len() < count {
        let total: f64 = distances.iter().sum();
        if total <= 0.0 {
            break;
        }
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..trial_count {
            let candidate = drawn(&distances, random.unit() * total);
            let mut nearest = distances_to(candidate);
            for (nearest, before) in nearest.iter_mut().zip(&distances) {
                *nearest = nearest.min(*before);
            }
            let sum = nearest.iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| sum < *least) {
                best = Some((sum, candidate, nearest));
            }
        }
        if let Some((_, seed, nearest)) = best {
            seeds.push(seed);
            distances = nearest;
        }
    }
    points.select(Axis(0), &seeds)
}

/// The position at which the running sum of the weights passes `target`; never one whose weight is zero.
fn drawn(weights: &[f64], target: f64) -> usize {
    let mut sum = 0.0;
    let mut last = 0;
    for (position, &weight) in weights.iter().enumerate() {
        if 0.0 < weight {
            sum += weight;
            last = position;
            if target < sum {
                break;
            }
        }
    }
    last
}

/// So many points, drawn with repetition.
fn sample(points: &Array2<f32>, count: usize, random: &mut Random) -> Array2<f32> {
    let drawn: Vec<usize> = (0..count).map(|_| random.below(points.nrows())).collect();
    points.select(Axis(0), &drawn)
}

/// Moves every centroid towards the points of a batch that are nearest to it, by less the more it has seen.
fn refine_by_mini_batches(centroids: &mut Array2<f32>, points: &Array2<f32>, random: &mut Random) {
    let mut seen = vec![0_u32; centroids.nrows()];
    for _ in 0..MINI_BATCH_COUNT {
        let batch = sample(points, MINI_BATCH_POINTS, random);
        let nearest = Nearest::of(&batch, centroids);
        for (point, &cluster) in batch.outer_iter().zip(&nearest.clusters) {
            seen[cluster as usize] += 1;
            let share = 1.0 / seen[cluster as usize] as f32;
            let mut centroid = centroids.row_mut(cluster as usize);
            centroid.zip_mut_with(&point, |centroid, point| {
                *centroid += share * (point - *centroid);
            });
        }
    }
}

/// For each point the centroid that is nearest, and the next.
pub(crate) struct Nearest {
    pub(crate) clusters: Vec<u32>,
    /// The square of the distance to it.
    pub(crate) distances: Vec<f64>,
    /// The square of the distance to the second nearest; infinite where there is one cluster.
    pub(crate) second_distances: Vec<f64>,
}

impl Nearest {
    /// Compares all points with all centroids, in blocks: `|p - c|² = |p|² - 2 p·c + |c|²`, whose inner products are one matrix product. The distances
    /// that are kept are then computed anew, exactly. Of equal distances the lower number wins.
    pub(crate) fn of(points: &Array2<f32>, centroids: &Array2<f32>) -> Self {
        let width = points.ncols();
        let row = |matrix: &Array2<f32>, number: usize| -> Vec<f32> { matrix.row(number).to_vec() };
        let centroid_rows: Vec<Vec<f32>> = (0..centroids.nrows())
            .map(|number| row(centroids, number))
            .collect();
        let squares: Vec<f32> = centroid_rows
            .iter()
            .map(|centroid| dot(centroid, centroid))
            .collect();
        let in_order = points.as_standard_layout();
        let values = in_order
            .as_slice()
            .expect("it was just brought into that order");
        let blocks: Vec<Vec<(u32, f64, f64)>> = (0..points.nrows().div_ceil(BLOCK_POINTS))
            .into_par_iter()
            .map(|block| {
                let first = block * BLOCK_POINTS;
                let count = BLOCK_POINTS.min(points.nrows() - first);
                let block = &values[first * width..(first + count) * width];
                let mut products = Array2::zeros((count, centroids.nrows()));
                let block_matrix = faer::MatRef::from_row_major_slice(block, count, width);
                multiply(&mut products, block_matrix, as_faer(centroids).transpose());
                let found = |(number, products): (usize, ndarray::ArrayView1<f32>)| {
                    let point = &block[number * width..][..width];
                    let keys = products
                        .iter()
                        .zip(&squares)
                        .map(|(product, square)| square - 2.0 * product);
                    let (nearest, second) = two_least(keys);
                    let distance =
                        |cluster: usize| squared_distance(point, &centroid_rows[cluster]);
                    (
                        nearest as u32,
                        distance(nearest),
                        second.map_or(f64::INFINITY, distance),
                    )
                };
                products.outer_iter().enumerate().map(found).collect()
            })
            .collect();
        let all = || blocks.iter().flatten();
        Self {
            clusters: all().map(|found| found.0).collect(),
            distances: all().map(|found| found.1).collect(),
            second_distances: all().map(|found| found.2).collect(),
        }
    }

    /// Gives every cluster without points the one that is farthest from its centroid, out of a cluster with several.
    fn fill_empty(&mut self, cluster_count: usize) {
        let mut counts = vec![0_usize; cluster_count];
        for &cluster in &self.clusters {
            counts[cluster as usize] += 1;
        }
        for empty in 0..cluster_count {
            if counts[empty] != 0 {
                continue;
            }
            let candidates = (0..self.clusters.len()).filter(|&point| {
                1 < counts[self.clusters[point] as usize] && 0.0 < self.distances[point]
            });
            let farthest = candidates.max_by(|&left, &right| {
                self.distances[left]
                    .total_cmp(&self.distances[right])
                    .then(right.cmp(&left))
            });
            if let Some(farthest) = farthest {
                counts[self.clusters[farthest] as usize] -= 1;
                counts[empty] += 1;
                self.clusters[farthest] = empty as u32;
                self.distances[farthest] = 0.0;
            }
        }
    }
}

/// The positions of the least and the next of some keys, of which there is at least one.
fn two_least(keys: impl Iterator<Item = f32>) -> (usize, Option<usize>) {
    let mut least = (f32::INFINITY, 0);
    let mut second = (f32::INFINITY, None);
    for (position, key) in keys.enumerate() {
        if position == 0 || key < least.0 {
            second = (least.0, (position != 0).then_some(least.1));
            least = (key, position);
        } else if second.1.is_none() || key < second.0 {
            second = (key, Some(position));
        }
    }
    (least.1, second.1)
}

/// The points of each cluster, ascending.
fn members(clusters: &[u32], cluster_count: usize) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); cluster_count];
    for (point, &cluster) in (0..).zip(clusters) {
        members[cluster as usize].push(point);
    }
    members
}

/// The means of the clusters, without those that have no points: each is summed in the order of its points, whoever does it.
fn means(points: &Array2<f32>, clusters: &[u32], cluster_count: usize) -> Array2<f32> {
    let members = members(clusters, cluster_count);
    let rows: Vec<Vec<f32>> = members
        .into_par_iter()
        .filter(|members| !members.is_empty())
        .map(|members| {
            let mut sum = vec![0.0_f64; points.ncols()];
            for &point in &members {
                for (sum, &value) in sum.iter_mut().zip(points.row(point as usize)) {
                    *sum += f64::from(value);
                }
            }
            sum.into_iter()
                .map(|sum| (sum / members.len() as f64) as f32)
                .collect()
        })
        .collect();
    Array2::from_shape_vec((rows.len(), points.ncols()), rows.concat())
        .expect("every row has the columns of the points")
}

/// The largest cluster first, without empty ones.
fn numbered_by_size(points: &Array2<f32>, nearest: &Nearest, cluster_count: usize) -> Clusters {
    let members = members(&nearest.clusters, cluster_count);
    let mut order: Vec<usize> = (0..cluster_count)
        .filter(|&cluster| !members[cluster].is_empty())
        .collect();
    order.sort_by_key(|&cluster| (usize::MAX - members[cluster].len(), members[cluster][0]));
    let mut assignment = vec![0; points.nrows()];
    for (number, &cluster) in (0..).zip(&order) {
        for &point in &members[cluster] {
            assignment[point as usize] = number;
        }
    }
    let centroids = means(points, &assignment, order.len());
    let distance = |(point, &cluster): (ndarray::ArrayView1<f32>, &u32)| {
        let differences = point.iter().zip(centroids.row(cluster as usize));
        differences
            .map(|(left, right)| (f64::from(*left) - f64::from(*right)).powi(2))
            .sum::<f64>()
    };
    let inertia = points.outer_iter().zip(&assignment).map(distance).sum();
    Clusters {
        centroids,
        assignment,
        inertia,
    }
}
