use classification::{Folds, brier_by_row};
use config::Predict;

use super::{Measured, TuneError};
use crate::evaluate::rounded;
use crate::prediction::{Prepared, fit, folds, method, model_file};

/// Keeps the folds of a tuning apart from those of the model card.
const SEED: u64 = 0x0074_756e_696e_6700;

/// Measures what predicts, by cross-validation: each row is judged by models that have not seen it.
///
/// The quality of a row is 1 less its Brier score, and not its log-likelihood: a forest may say 0, whose logarithm is without end, so that a few rows would decide.
#[derive(Debug)]
pub struct RowValidation<'a> {
    prepared: &'a Prepared,
    folds: Folds,
    seed: u64,
}

impl<'a> RowValidation<'a> {
    /// Deals the rows to as many folds, as often, as the model card does, but otherwise.
    pub fn new(prepared: &'a Prepared, predict: &Predict, seed: u64) -> Result<Self, TuneError> {
        let seed = seed ^ SEED;
        let folds = folds(prepared, predict, seed)?;
        Ok(Self {
            prepared,
            folds,
            seed,
        })
    }

    /// How the rows are judged, in words.
    pub fn describe(&self) -> String {
        format!(
            "{} rows, {} times {} stratified folds, seed {}",
            self.prepared.examples.num_rows(),
            self.folds.repeats().len(),
            self.folds.num_folds(),
            self.seed ^ SEED
        )
    }

    /// The quality for each row, and the length of the index file of a model of all rows.
    pub fn measure(&self, predict: &Predict) -> Result<Measured, TuneError> {
        let examples = &self.prepared.examples;
        let scores = brier_by_row(examples, &method(predict), &self.folds, self.seed)?;
        let file = model_file(examples, &fit(self.prepared, predict)?, predict)?;
        Ok(Measured {
            quality: scores.iter().map(|score| rounded(1.0 - score)).collect(),
            len_bytes: file.len() as f64,
        })
    }
}
