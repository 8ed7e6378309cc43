//! Clusters beside a comparison of every point with every centroid.

use factors::{
    Clusters, KMeansSettings, MINI_BATCH_MIN_POINTS, k_means, k_means_of_some,
    simplified_silhouette,
};
use ndarray::{Array1, Array2, ArrayRef1, Axis, array, concatenate};
use proptest::prelude::*;

fn squared_distance(left: &ArrayRef1<f32>, right: &ArrayRef1<f32>) -> f64 {
    left.iter()
        .zip(right)
        .map(|(left, right)| (f64::from(*left) - f64::from(*right)).powi(2))
        .sum()
}

/// What must hold of every result.
fn check(points: &Array2<f32>, clusters: &Clusters) {
    assert_eq!(clusters.assignment.len(), points.nrows());
    let mut inertia = 0.0;
    for (point, &cluster) in points.outer_iter().zip(&clusters.assignment) {
        inertia += squared_distance(&point, &clusters.centroids.row(cluster as usize));
    }
    assert!(
        (inertia - clusters.inertia).abs() <= 1e-3 * (1.0 + inertia),
        "{inertia} is not {}",
        clusters.inertia
    );
    let members = clusters.members();
    assert!(members.iter().all(|members| !members.is_empty()));
    assert!(members.is_sorted_by_key(|members| std::cmp::Reverse(members.len())));
    for (members, centroid) in members.iter().zip(clusters.centroids.outer_iter()) {
        let members: Vec<usize> = members.iter().map(|&member| member as usize).collect();
        let mean = points.select(Axis(0), &members).mean_axis(Axis(0)).unwrap();
        assert!(
            squared_distance(&mean, &centroid) < 1e-4,
            "{mean} is not {centroid}"
        );
    }
}

/// Points that have settled: none is nearer to another centroid.
fn check_settled(points: &Array2<f32>, clusters: &Clusters) {
    for (point, &cluster) in points.outer_iter().zip(&clusters.assignment) {
        let own = squared_distance(&point, &clusters.centroids.row(cluster as usize));
        for centroid in clusters.centroids.outer_iter() {
            assert!(own <= squared_distance(&point, &centroid) + 1e-3 * (1.0 + own));
        }
    }
}

fn points() -> impl Strategy<Value = Array2<f32>> {
    (1..40_usize, 1..5_usize).prop_flat_map(|(count, width)| {
        let values = prop::collection::vec(-8..8_i8, count * width);
        values.prop_map(move |values| {
            let values = values.into_iter().map(f32::from).collect();
            Array2::from_shape_vec((count, width), values).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn every_point_is_with_the_nearest_centroid(points in points(), clusters in 1..50_usize, seed in 0..5_u64) {
        let settings = KMeansSettings { clusters, seed, ..KMeansSettings::default() };
        let found = k_means(&points, &settings).unwrap();
        prop_assert!(found.len() <= clusters.min(points.nrows()));
        check(&points, &found);
        check_settled(&points, &found);
        let silhouette = simplified_silhouette(&points, &found);
        prop_assert!((0.0..=1.0).contains(&silhouette), "{silhouette}");
    }

    #[test]
    fn so_it_is_far_from_the_origin(points in points(), clusters in 1..6_usize) {
        let points = &points + 4096.0;
        let settings = KMeansSettings { clusters, ..KMeansSettings::default() };
        let found = k_means(&points, &settings).unwrap();
        check(&points, &found);
        check_settled(&points, &found);
    }
}

/// Around each of some centres 30 points that differ a little; the same every time.
fn groups(centres: &[[f32; 2]]) -> Array2<f32> {
    let group = |centre: &[f32; 2]| {
        Array2::from_shape_fn((30, 2), |(point, column)| {
            centre[column] + ((point * 37 + column * 11) % 17) as f32 / 17.0
        })
    };
    let groups: Vec<Array2<f32>> = centres.iter().map(group).collect();
    let views: Vec<_> = groups.iter().map(|group| group.view()).collect();
    concatenate(Axis(0), &views).unwrap()
}

const FOUR: [[f32; 2]; 4] = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]];

#[test]
fn finds_groups_that_lie_apart() {
    let points = groups(&FOUR);
    let found = k_means(
        &points,
        &KMeansSettings {
            clusters: 4,
            ..KMeansSettings::default()
        },
    )
    .unwrap();
    let expected: Vec<u32> = (0..120).map(|point| point / 30).collect();
    assert_eq!(found.assignment, expected);
    check_settled(&points, &found);
}

#[test]
fn the_number_of_clusters_is_that_of_the_groups() {
    let points = groups(&FOUR);
    let found = k_means_of_some(&points, &[2, 3, 4, 6, 8], &KMeansSettings::default()).unwrap();
    assert_eq!(found.len(), 4);
    assert!(0.8 < simplified_silhouette(&points, &found));
}

#[test]
fn there_are_no_more_clusters_than_different_points() {
    let points = array![[1.0, 2.0], [1.0, 2.0], [5.0, 2.0], [1.0, 2.0]];
    let settings = KMeansSettings {
        clusters: 4,
        ..KMeansSettings::default()
    };
    let found = k_means(&points, &settings).unwrap();
    assert_eq!(found.assignment, [0, 0, 1, 0]);
    assert_eq!(found.inertia, 0.0);
    let one = k_means(&points.slice(ndarray::s![..1, ..]).to_owned(), &settings).unwrap();
    assert_eq!((one.len(), one.is_empty()), (1, false));
    assert_eq!(
        simplified_silhouette(&points.slice(ndarray::s![..1, ..]).to_owned(), &one),
        0.0
    );
}

#[test]
fn many_points_go_through_mini_batches() {
    let centres: Vec<Array1<f32>> = (0..8)
        .map(|group| array![10.0 * group as f32, 3.0])
        .collect();
    let points = Array2::from_shape_fn((MINI_BATCH_MIN_POINTS, 2), |(point, column)| {
        centres[point % 8][column] + ((point * 37 + column * 11) % 17) as f32 / 17.0
    });
    let settings = KMeansSettings {
        clusters: 8,
        starts: 2,
        ..KMeansSettings::default()
    };
    let found = k_means(&points, &settings).unwrap();
    check(&points, &found);
    let sizes: Vec<usize> = found.members().iter().map(Vec::len).collect();
    assert_eq!(sizes, [MINI_BATCH_MIN_POINTS / 8; 8]);
}
