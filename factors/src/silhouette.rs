use ndarray::Array2;

use crate::{Clusters, FactorError, KMeansSettings, k_means, k_means::Nearest};

/// How well points lie in their clusters, from -1 to 1: the mean over all points of `(b - a) / max(a, b)`, where a is the distance to the nearest centroid and b
/// that to the second nearest; 0 for a single cluster. O(points × clusters × columns).
///
/// Hruschka, de Castro and Campello (Evolutionary algorithms for clustering gene-expression data, ICDM 2004) measure distances to centroids where Rousseeuw's
/// silhouette (1987) measures those between all points.
pub fn simplified_silhouette(points: &Array2<f32>, clusters: &Clusters) -> f64 {
    if clusters.len() < 2 {
        return 0.0;
    }
    let centroids = clusters.centroids.as_standard_layout().into_owned();
    let nearest = Nearest::of(points, &centroids);
    let of_point = |(near, second): (&f64, &f64)| {
        let (near, second) = (near.sqrt(), second.sqrt());
        if 0.0 < second {
            1.0 - near / second
        } else {
            0.0
        }
    };
    let sum: f64 = nearest
        .distances
        .iter()
        .zip(&nearest.second_distances)
        .map(of_point)
        .sum();
    sum / points.nrows() as f64
}

/// Groups points by [`k_means`] for each of some numbers of clusters, and keeps those with the largest [`simplified_silhouette`]; of equals the first.
///
/// # Errors
///
/// Those of [`k_means`], and when there are no candidates.
pub fn k_means_of_some(
    points: &Array2<f32>,
    candidates: &[usize],
    settings: &KMeansSettings,
) -> Result<Clusters, FactorError> {
    let mut best: Option<(f64, Clusters)> = None;
    for &clusters in candidates {
        let found = k_means(
            points,
            &KMeansSettings {
                clusters,
                ..*settings
            },
        )?;
        let silhouette = simplified_silhouette(points, &found);
        if best.as_ref().is_none_or(|(best, _)| *best < silhouette) {
            best = Some((silhouette, found));
        }
    }
    best.map(|(_, clusters)| clusters)
        .ok_or(FactorError::Setting {
            name: "candidates",
            value: 0.0,
            expected: "at least one number of clusters",
        })
}
