//! Measures of one ranking: what was recommended, the best first, against an ascending list of what was to be found.

use std::collections::BTreeMap;

/// The sum over the hits among the first `cutoff` of `1 / log2(place + 1)`, divided by the highest sum that so many targets allow.
pub fn ndcg(ranking: &[u32], targets: &[u32], cutoff: usize) -> f64 {
    let discount = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let gain: f64 = hits(ranking, targets, cutoff).map(discount).sum();
    let ideal: f64 = (0..targets.len().min(cutoff)).map(discount).sum();
    if ideal == 0.0 { 0.0 } else { gain / ideal }
}

/// The share of all targets that is among the first `cutoff`. With more targets than places it cannot reach 1.
pub fn recall(ranking: &[u32], targets: &[u32], cutoff: usize) -> f64 {
    hits(ranking, targets, cutoff).count() as f64 / targets.len().max(1) as f64
}

/// The share of hits among the first `cutoff`, which counts places that the ranking leaves empty.
pub fn precision(ranking: &[u32], targets: &[u32], cutoff: usize) -> f64 {
    hits(ranking, targets, cutoff).count() as f64 / cutoff.max(1) as f64
}

/// The precision at the place of each hit, summed, by the number of targets: those that are not found count as 0.
pub fn average_precision(ranking: &[u32], targets: &[u32]) -> f64 {
    let places = hits(ranking, targets, ranking.len());
    let precisions = (1_u32..)
        .zip(places)
        .map(|(count, place)| f64::from(count) / (place as f64 + 1.0));
    precisions.sum::<f64>() / targets.len().max(1) as f64
}

/// [`ndcg`], where each hit counts by its grade (Järvelin and Kekäläinen: Cumulated gain-based evaluation of IR techniques, TOIS 20(4), 2002).
pub fn graded_ndcg(ranking: &[u32], grades: &BTreeMap<u32, u32>, cutoff: usize) -> f64 {
    let gain = |grades: &mut dyn Iterator<Item = u32>| {
        let places = grades.take(cutoff).enumerate();
        let gains = places.map(|(place, grade)| f64::from(grade) / (place as f64 + 2.0).log2());
        gains.sum::<f64>()
    };
    let mut best: Vec<u32> = grades.values().copied().collect();
    best.sort_unstable_by(|left, right| right.cmp(left));
    let ideal = gain(&mut best.into_iter());
    let mut found = ranking
        .iter()
        .map(|item| grades.get(item).copied().unwrap_or(0));
    if ideal == 0.0 {
        0.0
    } else {
        gain(&mut found) / ideal
    }
}

/// The hits among the first `cutoff`, by the highest number that there could be: all targets, or all places.
pub fn truncated_recall(ranking: &[u32], targets: &[u32], cutoff: usize) -> f64 {
    hits(ranking, targets, cutoff).count() as f64 / targets.len().min(cutoff).max(1) as f64
}

/// One by the place of the first hit, or zero.
pub fn reciprocal_rank(ranking: &[u32], targets: &[u32]) -> f64 {
    hits(ranking, targets, ranking.len())
        .next()
        .map_or(0.0, |place| 1.0 / (place as f64 + 1.0))
}

/// The share of the targets among as many of the first as there are targets.
pub fn r_precision(ranking: &[u32], targets: &[u32]) -> f64 {
    recall(ranking, targets, targets.len())
}

/// How many times somebody has to ask for ten more until a target is among them, as `RecSys` Challenge 2018 counts: of 500, and 51 when none is.
pub fn clicks(ranking: &[u32], targets: &[u32]) -> f64 {
    let first = hits(ranking, targets, CLICKS_CUTOFF).next();
    first.map_or(CLICKS_CUTOFF / CLICKS_PAGE_LEN + 1, |place| {
        place / CLICKS_PAGE_LEN
    }) as f64
}

/// How long a ranking is for [`clicks`].
pub const CLICKS_CUTOFF: usize = 500;

/// How many items a click brings.
const CLICKS_PAGE_LEN: usize = 10;

/// The places of the hits, from zero.
fn hits(ranking: &[u32], targets: &[u32], cutoff: usize) -> impl Iterator<Item = usize> {
    let places = ranking.iter().take(cutoff).enumerate();
    places
        .filter(|(_, item)| targets.binary_search(item).is_ok())
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANKING: [u32; 4] = [7, 3, 9, 1];

    #[track_caller]
    fn check(measured: f64, expected: f64) {
        assert!(
            (measured - expected).abs() < 1e-12,
            "{measured} is not {expected}"
        );
    }

    #[test]
    fn ndcg_discounts_by_place() {
        let at_second = 1.0 / 3.0_f64.log2();
        check(ndcg(&RANKING, &[7], 4), 1.0);
        check(ndcg(&RANKING, &[3], 4), at_second);
        check(ndcg(&RANKING, &[3], 1), 0.0);
        check(ndcg(&RANKING, &[3, 8], 4), at_second / (1.0 + at_second));
        check(ndcg(&RANKING, &[3, 4, 7, 8], 2), 1.0);
        check(ndcg(&[], &[3], 4), 0.0);
    }

    #[test]
    fn the_two_recalls_differ_when_there_are_more_targets_than_places() {
        let targets = [1, 3, 7, 8];
        check(recall(&RANKING, &targets, 2), 0.5);
        check(truncated_recall(&RANKING, &targets, 2), 1.0);
        check(recall(&RANKING, &targets, 4), 0.75);
        check(truncated_recall(&RANKING, &targets, 4), 0.75);
    }

    #[test]
    fn r_precision_looks_at_as_many_as_there_are_targets_and_clicks_at_tens() {
        check(r_precision(&RANKING, &[1, 3]), 0.5);
        check(r_precision(&RANKING, &[1, 3, 7, 9]), 1.0);
        check(r_precision(&[], &[1]), 0.0);
        check(clicks(&RANKING, &[1]), 0.0);
        let long: Vec<u32> = (0..600).collect();
        check(clicks(&long, &[9, 30]), 0.0);
        check(clicks(&long, &[10]), 1.0);
        check(clicks(&long, &[499]), 49.0);
        check(clicks(&long, &[500]), 51.0);
        check(clicks(&RANKING, &[2]), 51.0);
    }

    #[test]
    fn precisions_are_of_places() {
        check(precision(&RANKING, &[3, 7], 4), 0.5);
        check(precision(&RANKING, &[3, 7], 10), 0.2);
        check(precision(&[], &[3], 10), 0.0);
        check(
            average_precision(&RANKING, &[1, 7]),
            f64::midpoint(1.0, 0.5),
        );
        check(average_precision(&RANKING, &[3, 5]), 0.25);
        check(average_precision(&RANKING, &[]), 0.0);
    }

    #[test]
    fn of_equal_grades_the_graded_gain_is_the_plain_one() {
        let targets = [1, 3, 8];
        let equal = BTreeMap::from(targets.map(|item| (item, 2)));
        for cutoff in [1, 2, 4, 10] {
            let plain = ndcg(&RANKING, &targets, cutoff);
            check(graded_ndcg(&RANKING, &equal, cutoff), plain);
        }
        let at = |place: f64| 1.0 / (place + 1.0).log2();
        let graded = BTreeMap::from([(7, 1), (3, 3)]);
        let expected = (at(1.0) + 3.0 * at(2.0)) / (3.0 * at(1.0) + at(2.0));
        check(graded_ndcg(&RANKING, &graded, 10), expected);
        check(graded_ndcg(&RANKING, &BTreeMap::from([(7, 0)]), 10), 0.0);
    }

    #[test]
    fn the_reciprocal_rank_is_that_of_the_first_hit() {
        check(reciprocal_rank(&RANKING, &[1, 9]), 1.0 / 3.0);
        check(reciprocal_rank(&RANKING, &[8]), 0.0);
    }
}
