//! Logistic regression of two classes with a quadratic penalty, by Newton's method.
//!
//! What is minimised is the sum of the log-losses of the rows and half the penalty times the squared coefficients of standardised columns; the intercept is free.
//! Each step solves the weighted least squares of the last one (iteratively reweighted least squares; Hastie, Tibshirani and Friedman: The elements of statistical
//! learning, section 4.4), and is halved while it does not go down.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use crate::{Error, Matrix};

/// The most encoded columns: a square matrix of them is factorised.
pub(crate) const COLUMNS_MAX_NUM: usize = 4_000;

/// Steps that are made at most. Newton's method doubles the digits with each; ten are many.
const STEPS_MAX_NUM: usize = 100;

/// Where a step would go down by less than this for each row, the minimum is reached.
const CONVERGED: f64 = 1e-20;

/// The knobs of logistic regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticSettings {
    /// How much large coefficients cost; scikit-learn calls the reciprocal `C`.
    pub penalty: f64,
}

/// A linear function of an encoded row whose value is the logarithm of the odds of the second class.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// The value for a row of means.
    pub base: f64,
    /// For each encoded column what one unit more adds.
    pub coefficients: Vec<f64>,
    /// The mean of each encoded column in what was learnt from.
    pub means: Vec<f64>,
    /// How many steps were made.
    pub num_steps: usize,
}

impl Logistic {
    /// Learns from some rows of a matrix, with the class of every row of it, 0 or 1.
    ///
    /// O(steps · (rows · columns² + columns³)); memory O(rows · columns + columns²).
    pub fn fit(
        matrix: &Matrix,
        labels: &[u32],
        rows: &[u32],
        settings: &LogisticSettings,
    ) -> Result<Self, Error> {
        if !(settings.penalty.is_finite() && 0.0 < settings.penalty) {
            return Err(Error::Setting {
                knob: "the penalty",
                value: settings.penalty.to_string(),
                bound: "it is a finite number above 0",
            });
        }
        if COLUMNS_MAX_NUM < matrix.num_columns() {
            return Err(Error::TooManyColumns {
                found: matrix.num_columns(),
            });
        }
        let standard = Standard::new(matrix, rows);
        let problem = Problem {
            rows: rows
                .iter()
                .map(|&row| standard.row(matrix.row(row as usize)))
                .collect(),
            targets: rows
                .iter()
                .map(|&row| f64::from(labels[row as usize]))
                .collect(),
            penalty: settings.penalty,
        };
        let (weights, num_steps) = problem.minimum()?;
        let scaled = weights[1..].iter().zip(&standard.inverse_deviations);
        Ok(Self {
            base: weights[0],
            coefficients: scaled.map(|(weight, inverse)| weight * inverse).collect(),
            means: standard.means,
            num_steps,
        })
    }

    /// The logarithm of the odds of the second class for an encoded row.
    pub fn log_odds(&self, row: &[f64]) -> f64 {
        let terms = self.coefficients.iter().zip(&self.means).zip(row);
        self.base
            + terms
                .map(|((coefficient, mean), value)| coefficient * (value - mean))
                .sum::<f64>()
    }

    /// The probability of both classes for an encoded row.
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        let log_odds = self.log_odds(row);
        vec![sigmoid(-log_odds), sigmoid(log_odds)]
    }
}

/// Columns with a mean of 0 and a deviation of 1; a constant one is 0.
struct Standard {
    means: Vec<f64>,
    inverse_deviations: Vec<f64>,
}

impl Standard {
    fn new(matrix: &Matrix, rows: &[u32]) -> Self {
        let count = rows.len() as f64;
        let (mut means, mut inverse_deviations) = (Vec::new(), Vec::new());
        for column in 0..matrix.num_columns() {
            let values = || rows.iter().map(|&row| matrix.row(row as usize)[column]);
            let mean = values().map(|value| value / count).sum::<f64>();
            let variance = values()
                .map(|value| (value - mean) * ((value - mean) / count))
                .sum::<f64>();
            let deviation = variance.sqrt();
            // What is left of a constant column is rounding, and of a column of numbers near the largest there is nothing to divide by.
            let varies = 1e-12 * mean.abs() < deviation && deviation.is_finite();
            means.push(mean);
            inverse_deviations.push(if varies { deviation.recip() } else { 0.0 });
        }
        Self {
            means,
            inverse_deviations,
        }
    }

    /// A standardised row behind a 1, whose weight is the intercept.
    fn row(&self, row: &[f64]) -> Vec<f64> {
        let standardised = row.iter().zip(&self.means).zip(&self.inverse_deviations);
        let standardised = standardised.map(|((value, mean), inverse)| (value - mean) * inverse);
        std::iter::once(1.0).chain(standardised).collect()
    }
}

struct Problem {
    rows: Vec<Vec<f64>>,
    targets: Vec<f64>,
    penalty: f64,
}

impl Problem {
    fn minimum(&self) -> Result<(Vec<f64>, usize), Error> {
        let mut weights = vec![0.0; self.rows.first().map_or(1, Vec::len)];
        let mut loss = self.loss(&weights);
        for num_steps in 0..STEPS_MAX_NUM {
            let (step, decrease) = self
                .newton_step(&weights)
                .ok_or(Error::NotConverged { num_steps })?;
            if decrease < CONVERGED * self.rows.len() as f64 {
                return Ok((weights, num_steps));
            }
            let mut length = 1.0;
            loop {
                let tried: Vec<f64> = weights
                    .iter()
                    .zip(&step)
                    .map(|(weight, step)| weight - length * step)
                    .collect();
                let tried_loss = self.loss(&tried);
                if tried_loss < loss {
                    (weights, loss) = (tried, tried_loss);
                    break;
                }
                length /= 2.0;
                // Nothing is lower in the last digit: this is the minimum, as far as rounding can tell.
                if length < f64::EPSILON {
                    return Ok((weights, num_steps));
                }
            }
        }
        Err(Error::NotConverged {
            num_steps: STEPS_MAX_NUM,
        })
    }

    fn loss(&self, weights: &[f64]) -> f64 {
        let squares: f64 = weights[1..].iter().map(|weight| weight * weight).sum();
        let losses = self.rows.iter().zip(&self.targets).map(|(row, target)| {
            let log_odds = dot(row, weights);
            // log(1 + exp(x)) - target * x, without a large exponential.
            log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p() - target * log_odds
        });
        losses.sum::<f64>() + self.penalty / 2.0 * squares
    }

    /// The solution of Hessian * step = gradient, and half of gradient * step: by how much the step goes down if the loss is a parabola. `None` if rounding leaves
    /// no positive definite Hessian.
    fn newton_step(&self, weights: &[f64]) -> Option<(Vec<f64>, f64)> {
        let size = weights.len();
        let mut gradient: Vec<f64> = weights.iter().map(|weight| self.penalty * weight).collect();
        gradient[0] = 0.0;
        let mut hessian = vec![0.0; size * size];
        for column in 1..size {
            hessian[column * size + column] = self.penalty;
        }
        for (row, target) in self.rows.iter().zip(&self.targets) {
            let probability = sigmoid(dot(row, weights));
            // Where the model is certain the curvature vanishes in rounding, and with it the matrix's only entry of the intercept.
            let curvature = (probability * (1.0 - probability)).max(f64::EPSILON);
            for (column, &value) in row.iter().enumerate() {
                gradient[column] += (probability - target) * value;
                let weighted = curvature * value;
                for (sum, other) in hessian[column * size..][..=column].iter_mut().zip(row) {
                    *sum += weighted * other;
                }
            }
        }
        let hessian = Mat::from_fn(size, size, |row, column| {
            hessian[row.max(column) * size + row.min(column)]
        });
        let cholesky = hessian.llt(Side::Lower).ok()?;
        let solution = cholesky.solve(Mat::from_fn(size, 1, |row, _| gradient[row]));
        let step: Vec<f64> = (0..size).map(|row| solution[(row, 0)]).collect();
        let decrease = dot(&gradient, &step) / 2.0;
        decrease.is_finite().then_some((step, decrease))
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

/// 1 / (1 + exp(-x)), without an infinite exponential.
fn sigmoid(log_odds: f64) -> f64 {
    let small = (-log_odds.abs()).exp();
    if 0.0 <= log_odds {
        1.0 / (1.0 + small)
    } else {
        small / (1.0 + small)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Many small steps downhill.
    fn gradient_descent(problem: &Problem) -> Vec<f64> {
        let mut weights = vec![0.0; problem.rows[0].len()];
        // The curvature in any direction is at most a quarter of the squared lengths, and the penalty.
        let squares: f64 = problem.rows.iter().map(|row| dot(row, row)).sum();
        let rate = 1.0 / (squares / 4.0 + problem.penalty);
        for _ in 0..200_000 {
            let mut gradient: Vec<f64> = weights
                .iter()
                .map(|weight| problem.penalty * weight)
                .collect();
            gradient[0] = 0.0;
            for (row, target) in problem.rows.iter().zip(&problem.targets) {
                let error = sigmoid(dot(row, &weights)) - target;
                for (slope, value) in gradient.iter_mut().zip(row) {
                    *slope += error * value;
                }
            }
            for (weight, slope) in weights.iter_mut().zip(&gradient) {
                *weight -= rate * slope;
            }
        }
        weights
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn newton_finds_what_small_steps_find(
            rows in prop::collection::vec(prop::collection::vec(-2.0..2.0_f64, 2), 4..10), labels in prop::collection::vec(0..2_u32, 10), penalty in 0.3..3.0_f64,
        ) {
            let mut labels = labels[..rows.len()].to_vec();
            (labels[0], labels[1]) = (0, 1);
            let problem = Problem {
                rows: rows.iter().map(|row| [vec![1.0], row.clone()].concat()).collect(),
                targets: labels.iter().map(|&label| f64::from(label)).collect(),
                penalty,
            };
            let (found, _) = problem.minimum().unwrap();
            for (found, expected) in found.iter().zip(gradient_descent(&problem)) {
                prop_assert!((found - expected).abs() < 1e-4, "{} {}", found, expected);
            }
        }
    }

    fn fit(rows: &[Vec<f64>], labels: &[u32], penalty: f64) -> Result<Logistic, Error> {
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        Logistic::fit(
            &Matrix::from_rows(rows),
            labels,
            &all,
            &LogisticSettings { penalty },
        )
    }

    #[test]
    fn classes_that_a_line_parts_still_have_a_minimum() {
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|row| vec![f64::from(row), 5.0, 1e300 * f64::from(row % 2)])
            .collect();
        let labels: Vec<u32> = (0..40).map(|row| row / 20).collect();
        let model = fit(&rows, &labels, 1e-6).unwrap();
        assert!(model.num_steps < 50);
        // A constant column has no say.
        assert_eq!(model.coefficients[1], 0.0);
        assert!(model.probabilities(&rows[0])[0] > 0.999);
        assert!(model.probabilities(&rows[39])[1] > 0.999);
    }

    #[test]
    fn without_columns_the_shares_are_the_probabilities() {
        let rows = vec![vec![7.0]; 4];
        let probabilities = fit(&rows, &[0, 1, 1, 1], 1.0)
            .unwrap()
            .probabilities(&rows[0]);
        assert!((probabilities[1] - 0.75).abs() < 1e-9);
    }

    #[test]
    fn a_penalty_is_a_number_above_zero() {
        for penalty in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(
                fit(&[vec![1.0]], &[1], penalty)
                    .unwrap_err()
                    .to_string()
                    .starts_with("the penalty is")
            );
        }
        let wide = vec![vec![0.0; COLUMNS_MAX_NUM + 1]; 2];
        assert_eq!(
            fit(&wide, &[0, 1], 1.0),
            Err(Error::TooManyColumns { found: 4_001 })
        );
    }
}
