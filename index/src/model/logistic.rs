use super::writer::Term;
use crate::codec::{Cursor, OutOfBytes};

/// A logistic regression, read.
#[derive(Debug)]
pub(super) struct Logistic {
    pub(super) base: f64,
    terms: Vec<Term>,
}

impl Logistic {
    pub(super) fn read(bytes: &[u8], column_count: usize) -> Result<Self, OutOfBytes> {
        let mut cursor = Cursor::new(bytes);
        let base = cursor.f64()?;
        let term = |_| {
            Ok(Term {
                coefficient: cursor.f64()?,
                mean: cursor.f64()?,
            })
        };
        let terms = (0..column_count)
            .map(term)
            .collect::<Result<_, OutOfBytes>>()?;
        Ok(Self { base, terms })
    }

    /// What each encoded column adds to the logarithm of the odds of the second class.
    pub(super) fn additions<'a>(&'a self, encoded: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.terms
            .iter()
            .zip(encoded)
            .map(|(term, value)| term.coefficient * (value - term.mean))
    }

    /// The probabilities of both classes.
    pub(super) fn probabilities(&self, encoded: &[f64]) -> Vec<f64> {
        let log_odds = self.base + self.additions(encoded).sum::<f64>();
        vec![sigmoid(-log_odds), sigmoid(log_odds)]
    }
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
