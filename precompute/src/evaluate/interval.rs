use rayon::prelude::*;
use seeded::Random;

/// A mean, and the interval in which 95 of 100 bootstrap samples have theirs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Fixed, so that the same figures come with the same interval.
const BOOTSTRAP_SEED: u64 = 0x006b_696e_6472_6564;

impl Interval {
    /// The mean of `values`, one a person, with its percentile interval over `sample_count` samples of persons, drawn with repetition.
    pub fn of(values: &[f64], sample_count: u32) -> Self {
        let mean = mean(values.iter().copied(), values.len());
        if values.is_empty() || sample_count == 0 {
            return Self {
                mean,
                low: mean,
                high: mean,
            };
        }
        let mut means: Vec<f64> = (0..u64::from(sample_count))
            .into_par_iter()
            .map(|sample| {
                let mut random = Random::new(BOOTSTRAP_SEED ^ (sample << 32));
                let drawn = (0..values.len()).map(|_| values[random.below(values.len())]);
                self::mean(drawn, values.len())
            })
            .collect();
        means.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| means[((means.len() - 1) as f64 * share).round() as usize];
        Self {
            mean,
            low: quantile(0.025),
            high: quantile(0.975),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    // A sum of nothing is -0.
    (values.sum::<f64>() + 0.0) / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard error of the mean of n fair coins is 0.5 / sqrt(n), and 95 of 100 lie within 1.96 of it.
    #[test]
    fn is_as_wide_as_theory_says() {
        let coins: Vec<f64> = (0..400).map(|toss| f64::from(toss % 2)).collect();
        let interval = Interval::of(&coins, 2000);
        assert!((interval.mean - 0.5).abs() < 1e-12);
        assert!((interval.low - 0.451).abs() < 0.006 && (interval.high - 0.549).abs() < 0.006);
        assert_eq!(interval, Interval::of(&coins, 2000));
    }

    #[test]
    fn one_value_and_none_have_no_width() {
        assert_eq!(
            Interval::of(&[0.25], 100),
            Interval {
                mean: 0.25,
                low: 0.25,
                high: 0.25
            }
        );
        assert_eq!(
            Interval::of(&[], 100),
            Interval {
                mean: 0.0,
                low: 0.0,
                high: 0.0
            }
        );
    }
}
