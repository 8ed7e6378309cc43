use config::Setting;

use super::{Measured, Space, Trial};
use crate::evaluate::Interval;

/// So many people or rows are needed, half of them to judge by.
pub const CASES_MIN_COUNT: usize = 20;

/// What a search found, and what it is worth.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// What was searched.
    pub space: Space,
    /// What was tried, in that order; the first has the configured values.
    pub trials: Vec<Trial>,
    /// The place of the trial that was chosen.
    pub chosen: usize,
    /// What the choice is worth.
    pub verdict: Verdict,
    /// What the figures are.
    pub measure: Measure,
}

/// What the figures of a tuning are, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The quality, such as `NDCG@100`.
    pub name: String,
    /// What a length in bytes is of: an item or a model.
    pub len_of: &'static str,
    /// Whom the quality is of: people or rows.
    pub cases: &'static str,
    /// Who was asked, and how.
    pub protocol: String,
    /// What is promised of those whom the evaluation asks.
    pub guarantee: String,
    /// How many bootstrap samples make an interval.
    pub bootstrap_samples: u32,
}

/// The chosen values against the configured ones, for those whom no trial was chosen by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How many they are.
    pub case_count: usize,
    /// The quality with the configured values.
    pub configured: f64,
    /// The quality with the chosen values.
    pub chosen: f64,
    /// By how much the second is higher, case by case.
    pub gain: Interval,
}

impl Verdict {
    /// Whether the choice is better by more than chance: the whole interval of the gain is above 0.
    pub fn is_better(&self) -> bool {
        0.0 < self.gain.low
    }
}

impl Tuning {
    /// Chooses among trials, as [`choose`] does, and judges.
    ///
    /// # Panics
    ///
    /// If the first trial has no outcome, which [`search`](super::search) takes for an error.
    pub fn new(space: Space, trials: Vec<Trial>, measure: Measure) -> Self {
        let chosen = choose(&trials).unwrap_or(0);
        let measured = |place: usize| {
            let outcome = trials.get(place).map(|trial| trial.outcome.as_ref());
            outcome
                .and_then(Result::ok)
                .expect("what is configured and what is chosen was measured")
        };
        let (configured, measured) = (measured(0), measured(chosen));
        let gains = differences(judging(measured), judging(configured));
        let verdict = Verdict {
            case_count: gains.len(),
            configured: mean(judging(configured)),
            chosen: mean(judging(measured)),
            gain: Interval::of(&gains, measure.bootstrap_samples),
        };
        Self {
            space,
            trials,
            chosen,
            verdict,
            measure,
        }
    }

    /// What is to be written into the configuration: the chosen values that are not the configured ones, if they are better by more than chance.
    pub fn changes(&self) -> Vec<(&'static str, Setting)> {
        if !self.verdict.is_better() {
            return Vec::new();
        }
        let (configured, chosen) = (&self.trials[0].values, &self.trials[self.chosen].values);
        let parameters = self.space.parameters.iter();
        parameters
            .zip(configured.iter().zip(chosen))
            .filter(|(_, (configured, chosen))| configured != chosen)
            .map(|(parameter, (_, &chosen))| (parameter.key, parameter.setting(chosen)))
            .collect()
    }

    /// The quality of a trial for those whom it may be chosen by, with its interval; `None` where it failed.
    pub fn quality(&self, trial: &Trial) -> Option<Interval> {
        let measured = trial.outcome.as_ref().ok()?;
        let quality: Vec<f64> = searching(measured).collect();
        Some(Interval::of(&quality, self.measure.bootstrap_samples))
    }

    /// The places of the trials, the best first; those that failed last.
    pub fn ranking(&self) -> Vec<usize> {
        let quality = |place: &usize| {
            let outcome = &self.trials[*place].outcome;
            outcome.as_ref().map_or(f64::NEG_INFINITY, search_quality)
        };
        let mut places: Vec<usize> = (0..self.trials.len()).collect();
        places.sort_by(|left, right| quality(right).total_cmp(&quality(left)));
        places
    }
}

/// A trial's place, and what came of it.
type Candidate<'a> = (usize, &'a Measured);

/// The place of the trial that is chosen; `None` where nothing was measured.
///
/// Of the trials that are no worse than the best one by more than one standard error of the difference, case by case, it is the one with the shortest index file,
/// and of equally short ones the best (the one-standard-error rule of Breiman et al.: Classification and regression trees, 1984, 3.4.3, for paired differences).
pub(super) fn choose(trials: &[Trial]) -> Option<usize> {
    let measured = || {
        let outcomes = trials.iter().map(|trial| trial.outcome.as_ref().ok());
        let measured = outcomes.enumerate();
        measured.filter_map(|(place, measured)| Some((place, measured?)))
    };
    let by_quality = |left: &Candidate<'_>, right: &Candidate<'_>| {
        search_quality(left.1).total_cmp(&search_quality(right.1))
    };
    let by_len = |left: &Candidate<'_>, right: &Candidate<'_>| {
        left.1.len_bytes.total_cmp(&right.1.len_bytes)
    };
    let (_, best) = measured().max_by(by_quality)?;
    measured()
        .filter(|(_, measured)| is_as_good(measured, best))
        .min_by(|left, right| by_len(left, right).then_with(|| by_quality(right, left)))
        .map(|(place, _)| place)
}

/// The mean quality for those by whom trials are chosen.
fn search_quality(measured: &Measured) -> f64 {
    mean(searching(measured))
}

/// Every other case, from the first: those by whom trials are chosen.
fn searching(measured: &Measured) -> impl Iterator<Item = f64> {
    measured.quality.iter().copied().step_by(2)
}

/// The others.
fn judging(measured: &Measured) -> impl Iterator<Item = f64> {
    measured.quality.iter().copied().skip(1).step_by(2)
}

fn is_as_good(measured: &Measured, best: &Measured) -> bool {
    let losses = differences(searching(best), searching(measured));
    let loss = mean(losses.iter().copied());
    let squares = losses
        .iter()
        .map(|other| (other - loss).powi(2))
        .sum::<f64>();
    let count = losses.len() as f64;
    let standard_error = (squares / (count - 1.0).max(1.0) / count.max(1.0)).sqrt();
    loss <= standard_error
}

fn differences(left: impl Iterator<Item = f64>, right: impl Iterator<Item = f64>) -> Vec<f64> {
    left.zip(right).map(|(left, right)| left - right).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    sum / count.max(1) as f64
}
