use crate::forest::most_probable;

/// How good probabilities are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The share of rows whose most probable class is theirs; of equally probable ones the first counts.
    pub accuracy: f64,
    /// The share of pairs of a positive row and another in which the positive one has the higher probability, equal ones half; NaN if there is no pair.
    pub auc: f64,
    /// The mean of -log(probability of the row's class), in nats; a probability below 2^-52 counts as that.
    pub log_loss: f64,
    /// The mean squared difference between the probability of the positive class and 1 or 0.
    pub brier: f64,
}

/// Measures the probabilities of each class that rows got against their classes. O(rows · (classes + log(rows))).
pub fn measures(probabilities: &[Vec<f64>], labels: &[u32], positive: u32) -> Measures {
    let rows = || probabilities.iter().zip(labels);
    let mean = |value: &dyn Fn(&[f64], u32) -> f64| {
        let sum: f64 = rows()
            .map(|(probabilities, &label)| value(probabilities, label))
            .sum();
        sum / labels.len() as f64
    };
    let squared_difference = |probabilities: &[f64], label| {
        let expected = f64::from(u8::from(label == positive));
        (probabilities[positive as usize] - expected).powi(2)
    };
    Measures {
        accuracy: mean(&|probabilities, label| {
            f64::from(u8::from(most_probable(probabilities) == label))
        }),
        auc: auc(rows()
            .map(|(probabilities, &label)| (probabilities[positive as usize], label == positive))
            .collect()),
        log_loss: mean(&|probabilities, label| {
            -probabilities[label as usize].max(f64::EPSILON).ln()
        }),
        brier: mean(&squared_difference),
    }
}

/// By the ranks of the positive ones (Mann and Whitney), where equal ones share their mean.
fn auc(mut rows: Vec<(f64, bool)>) -> f64 {
    rows.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut rank_sum, mut num_positive, mut num_before) = (0.0, 0.0, 0.0);
    for equal in rows.chunk_by(|left, right| left.0 == right.0) {
        let num_equal = equal.len() as f64;
        let positive = equal.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        rank_sum += positive * f64::midpoint(num_before + 1.0, num_before + num_equal);
        num_positive += positive;
        num_before += num_equal;
    }
    let num_other = num_before - num_positive;
    (rank_sum - num_positive * (num_positive + 1.0) / 2.0) / (num_positive * num_other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(rows in prop::collection::vec((0..6_i32, any::<bool>()), 0..20)) {
            let rows: Vec<(f64, bool)> = rows.into_iter().map(|(value, label)| (f64::from(value), label)).collect();
            let (mut points, mut pairs) = (0.0, 0.0);
            for (value, _) in rows.iter().filter(|(_, is_positive)| *is_positive) {
                for (other, _) in rows.iter().filter(|(_, is_positive)| !is_positive) {
                    pairs += 1.0;
                    points += if other < value { 1.0 } else if other == value { 0.5 } else { 0.0 };
                }
            }
            let found = auc(rows);
            prop_assert!(pairs == 0.0 && found.is_nan() || (found - points / pairs).abs() < 1e-12);
        }
    }

    #[test]
    fn measures_are_those_of_the_definitions() {
        let found = measures(
            &[vec![0.25, 0.75], vec![0.5, 0.5], vec![1.0, 0.0]],
            &[1, 1, 1],
            1,
        );
        assert_eq!(found.accuracy, 1.0 / 3.0);
        assert_eq!(found.brier, (0.0625 + 0.25 + 1.0) / 3.0);
        let expected = -(0.75_f64.ln() + 0.5_f64.ln() + f64::EPSILON.ln()) / 3.0;
        assert!((found.log_loss - expected).abs() < 1e-12);
    }
}
