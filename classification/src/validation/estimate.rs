/// A mean and the interval that is to contain the true one with a probability of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// Of the values of the folds of some repeats. The models of two folds learnt from much the same rows, so that the values do not vary as independent ones would:
    /// their variance is divided by (1 / number + 1 / (folds - 1))⁻¹ instead of their number (Nadeau and Bengio: Inference for the generalization error, Machine
    /// Learning 52, 2003), and the interval is Student's.
    pub(super) fn of_folds(values: &[f64], num_folds: usize) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum::<f64>()
            / (count - 1.0);
        let of_mean = variance * (1.0 / count + 1.0 / (num_folds as f64 - 1.0));
        let reach = student(count - 1.0) * of_mean.sqrt();
        Self {
            mean,
            low: mean - reach,
            high: mean + reach,
        }
    }

    /// The same where what is estimated is a share: with few folds the interval would reach beyond.
    pub(super) fn of_share(self) -> Self {
        Self {
            low: self.low.max(0.0),
            high: self.high.min(1.0),
            ..self
        }
    }
}

/// The 97.5 % point of Student's distribution (Abramowitz and Stegun: Handbook of mathematical functions, 26.7.5).
fn student(degrees: f64) -> f64 {
    let z = 1.959_963_984_540_054_f64;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / degrees + second / degrees.powi(2) + third / degrees.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tables.
    #[test]
    fn students_points_are_those_of_the_tables() {
        for (degrees, expected) in [(4.0, 2.776), (9.0, 2.262), (49.0, 2.010), (1e9, 1.960)] {
            assert!((student(degrees) - expected).abs() < 0.01, "{degrees}");
        }
    }

    #[test]
    fn folds_that_agree_leave_no_doubt() {
        let estimate = Estimate::of_folds(&[0.5; 10], 5);
        assert_eq!(
            estimate,
            Estimate {
                mean: 0.5,
                low: 0.5,
                high: 0.5
            }
        );
        // A variance of 0.02 / 9 * 10 / 4, by hand: 0.1 away from the mean each.
        let estimate = Estimate::of_folds(&[0.4, 0.6, 0.4, 0.6], 2);
        let reach = student(3.0) * (0.04 / 3.0 * (0.25 + 1.0_f64)).sqrt();
        assert!((estimate.high - 0.5 - reach).abs() < 1e-12);
        assert_eq!(estimate.of_share(), estimate);
        let doubtful = Estimate::of_folds(&[0.0, 1.0], 2).of_share();
        assert_eq!((doubtful.low, doubtful.high), (0.0, 1.0));
    }
}
