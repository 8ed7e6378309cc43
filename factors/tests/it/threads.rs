//! The result has the same bits with any number of threads.

use factors::{AlsSettings, KMeansSettings, SvdSettings, als, als_loss, k_means, svd};

use crate::matrices::tastes;

#[test]
fn their_number_changes_nothing() {
    let compute = || {
        let matrix = tastes();
        let by_user = matrix.by_user();
        let settings = AlsSettings {
            dimensions: 33,
            ..AlsSettings::default()
        };
        let factors = als(by_user, &settings, &|_, _| ()).unwrap();
        let loss = als_loss(by_user, &factors, &settings).unwrap();
        let decomposed = svd(by_user, &SvdSettings::default()).unwrap();
        let weights: Vec<f32> = (0..by_user.entry_count())
            .map(|entry| (entry % 7) as f32 - 2.5)
            .collect();
        let weighted = by_user.weighted(&weights).unwrap();
        let weighted = svd(weighted, &SvdSettings::default()).unwrap();
        let settings = KMeansSettings {
            clusters: 20,
            ..KMeansSettings::default()
        };
        let clusters = k_means(&factors.users, &settings).unwrap();
        (factors, loss.to_bits(), decomposed, weighted, clusters)
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(compute)
    };
    let alone = with(1);
    assert_eq!(alone, with(2));
    assert_eq!(alone, with(5));
}
