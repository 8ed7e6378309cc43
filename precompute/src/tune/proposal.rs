//! What to try next.
//!
//! Every other trial explores: the points of Halton's sequence (On the efficiency of certain quasi-random sequences of points, 1960) lie evenly wherever one
//! stops, shifted as the seed says (Cranley and Patterson: Randomization of number theoretic methods for multiple integration, 1976). The trials between are
//! near the one that would be chosen so far, the nearer the later.

use super::{Space, Trial, tuning::choose};
use seeded::Random;

/// The bases of Halton's sequence, one a parameter.
const BASES: [u32; 6] = [2, 3, 5, 7, 11, 13];

/// How far from the chosen one the first refinement is, as a share of the range: the standard deviation.
const FIRST_REACH: f64 = 0.2;

/// By what each one after it is nearer, and how near at last.
const REACH_FACTOR: f64 = 0.9;
const LAST_REACH: f64 = 0.03;

/// How often something new is looked for before a space counts as searched.
const ATTEMPTS: usize = 100;

/// The values of the next trial: those that are configured at first, then ones that were not tried. `None` where none are left.
///
/// It depends on the space, the trials so far and the seed alone.
pub(super) fn propose(space: &Space, trials: &[Trial], seed: u64) -> Option<Vec<f64>> {
    let Some(chosen) = choose(trials) else {
        return trials.is_empty().then(|| space.configured());
    };
    let number = trials.len();
    let values = |shares: Vec<f64>| -> Vec<f64> {
        let shares = space.parameters.iter().zip(shares);
        shares
            .map(|(parameter, share)| parameter.at(share))
            .collect()
    };
    let mut random = Random::new(seed ^ ((number as u64) << 32));
    let round = number.div_ceil(2);
    let explored = (number % 2 == 1).then(|| halton(round, space.parameters.len(), seed));
    let reach = (FIRST_REACH * REACH_FACTOR.powi(round as i32 - 1)).max(LAST_REACH);
    let refined = (0..ATTEMPTS).map(|_| {
        let around = space.parameters.iter().zip(&trials[chosen].values);
        around
            .map(|(parameter, &value)| parameter.share_of(value) + reach * normal(&mut random))
            .collect()
    });
    let mut candidates = explored.into_iter().chain(refined).map(values);
    candidates.find(|values| trials.iter().all(|trial| trial.values != *values))
}

/// The point of a number from 1, shifted.
fn halton(number: usize, dimension_count: usize, seed: u64) -> Vec<f64> {
    let mut shifts = Random::new(seed);
    let bases = BASES.iter().take(dimension_count);
    bases
        .map(|&base| (radical_inverse(number, base as usize) + shifts.unit()).fract())
        .collect()
}

/// The digits of a number behind the point, the last one first.
fn radical_inverse(mut number: usize, base: usize) -> f64 {
    let (mut inverse, mut digit_value) = (0.0, 1.0);
    while 0 < number {
        digit_value /= base as f64;
        inverse += (number % base) as f64 * digit_value;
        number /= base;
    }
    inverse
}

/// About normal, with a mean of 0 and a standard deviation of 1: the sum of twelve uniform numbers.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haltons_points_are_those_of_the_definition() {
        let points: Vec<f64> = (1..=4).map(|number| radical_inverse(number, 2)).collect();
        assert_eq!(points, [0.5, 0.25, 0.75, 0.125]);
        assert!((radical_inverse(5, 3) - 7.0 / 9.0).abs() < 1e-15);
        let shifted = halton(3, 3, 7);
        assert!(shifted.iter().all(|share| (0.0..1.0).contains(share)));
        assert_ne!(shifted, halton(3, 3, 8));
    }

    #[test]
    fn a_normal_number_is_about_normal() {
        let mut random = Random::new(1);
        let numbers: Vec<f64> = (0..10_000).map(|_| normal(&mut random)).collect();
        let mean = numbers.iter().sum::<f64>() / 1e4;
        let variance = numbers.iter().map(|number| number * number).sum::<f64>() / 1e4;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
