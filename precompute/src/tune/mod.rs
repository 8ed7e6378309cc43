//! Tuning: a search over the settings of a model, on people or rows that the evaluation does not ask about.
//!
//! A [`Space`] says which settings of a [`Subject`] are searched, and between which values. A [`Trial`] is one point of it, learnt and measured: [`Validation`]
//! does so for what recommends, through the index file as the evaluation does, [`RowValidation`] for what predicts. [`search`] makes trials within a [`Budget`],
//! the configured settings first; the [`TrialLog`] remembers all that were ever measured, so that a search which was interrupted makes the same trials again and
//! measures none of them twice. [`Tuning`] chooses among them, and says whether the choice is better than what is configured by more than chance.
//!
//! **One half of the people finds, the other half judges.** The search sees the quality for every other person alone. What it chose is then held against the
//! configured settings for the others, whom no trial was chosen by: the best of many trials always looks better than it is, for those whom it was chosen by.

mod error;
mod log;
mod proposal;
pub mod report;
mod rows;
mod space;
mod tuning;
mod validation;

use std::time::Instant;

use clap::ValueEnum;
use config::Collection;
use index::{Algorithm, FileKind};

pub use error::TuneError;
pub use log::TrialLog;
pub use rows::RowValidation;
pub use space::{Parameter, Space};
pub use tuning::{CASES_MIN_COUNT, Measure, Tuning, Verdict};
pub use validation::{Validation, unseen_by};

/// What is tuned by itself: a model of a collection.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Subject {
    /// Neighbours by who touched the items
    Neighbours,
    /// Items in groups
    Clusters,
    /// Association rules
    Rules,
    /// Neighbours by what is said of the items
    Content,
    /// What is predicted from a table
    Prediction,
}

impl Subject {
    /// The subjects of a collection, whose interactions there are.
    pub fn of(collection: &Collection) -> Vec<Self> {
        if collection.predict.is_some() {
            return vec![Self::Prediction];
        }
        let mut subjects = vec![Self::Neighbours, Self::Clusters];
        if collection.train.rules.is_some() {
            subjects.push(Self::Rules);
        }
        if collection.train.content.is_some() {
            subjects.push(Self::Content);
        }
        subjects
    }

    /// As the command line writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "neighbours",
            Self::Clusters => "clusters",
            Self::Rules => "rules",
            Self::Content => "content",
            Self::Prediction => "prediction",
        }
    }

    /// How the model is asked, and the file that it is in; `None` for predictions, which answer no history.
    pub(crate) fn asked(self) -> Option<(Algorithm, FileKind)> {
        Some(match self {
            Self::Neighbours => (Algorithm::Neighbours, FileKind::Neighbours),
            Self::Clusters => (Algorithm::Clusters, FileKind::Clusters),
            Self::Rules => (Algorithm::Rules, FileKind::Rules),
            Self::Content => (Algorithm::Content, FileKind::Content),
            Self::Prediction => return None,
        })
    }
}

/// What a model with some settings is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The quality for each person or row, in the order of the validation; the higher the better.
    pub quality: Vec<f64>,
    /// How long its index file is, by the number of items where it is about items.
    pub len_bytes: f64,
}

/// One set of values, tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// A value for each parameter of the space.
    pub values: Vec<f64>,
    /// What came of it, or why nothing did.
    pub outcome: Result<Measured, String>,
    /// How long it took.
    pub seconds: f64,
}

/// When a search ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// After so many trials, those included that were measured before.
    pub trials: usize,
    /// No trial is begun after this; the configured settings are always tried.
    pub deadline: Option<Instant>,
}

/// Makes trials until the budget is used up, or no new values are found. The trials are the same for a seed, whatever was remembered.
///
/// Values that cannot be learnt with are a trial without an outcome; that the configured ones cannot is an error. `watch` is told of each trial that is done.
pub fn search(
    space: &Space,
    seed: u64,
    budget: &Budget,
    log: &mut TrialLog,
    mut measure: impl FnMut(&Collection) -> Result<Measured, TuneError>,
    mut watch: impl FnMut(&Trial, usize),
) -> Result<Vec<Trial>, TuneError> {
    let mut trials: Vec<Trial> = Vec::new();
    while trials.len() < budget.trials.max(1) {
        let Some(values) = proposal::propose(space, &trials, seed) else {
            break;
        };
        let trial = if let Some(trial) = log.remembered(space, &values) {
            trial
        } else {
            let is_late = || budget.deadline.is_some_and(|end| end <= Instant::now());
            if !trials.is_empty() && is_late() {
                break;
            }
            let begun = Instant::now();
            let outcome = match measure(&space.with(&values)) {
                Err(error) if trials.is_empty() => return Err(error),
                Err(error) => Err(anyhow::Error::new(error)),
                Ok(Measured { quality, .. }) if quality.len() < CASES_MIN_COUNT => {
                    let found = quality.len();
                    return Err(TuneError::TooFewCases { found });
                }
                Ok(measured) => Ok(measured),
            };
            let trial = Trial {
                values,
                outcome: outcome.map_err(|error| format!("{error:#}")),
                seconds: (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            };
            log.append(space, &trial)?;
            trial
        };
        trials.push(trial);
        if let Some(trial) = trials.last() {
            watch(trial, trials.len());
        }
    }
    Ok(trials)
}

#[cfg(test)]
mod tests;
