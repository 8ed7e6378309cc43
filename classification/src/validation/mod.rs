//! How far to trust a model: what it says of rows that it has not seen.

mod estimate;
mod folds;
mod measures;

use rayon::prelude::*;

pub use self::estimate::Estimate;
pub use self::folds::Folds;
pub use self::measures::{Measures, measures};
use crate::forest::most_probable;
use crate::{Encoder, Error, Examples, Fitted, Method, random::Random};

/// So many bins of equal width hold the probabilities.
const BINS_NUM: usize = 10;

/// What repeated cross-validation measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// The share of right answers.
    pub accuracy: Estimate,
    /// The probability that a row of the positive class gets a higher probability of it than one of another.
    pub auc: Estimate,
    /// The mean of -log(probability of the row's class), in nats.
    pub log_loss: Estimate,
    /// The mean squared difference between the probability of the positive class and 1 or 0.
    pub brier: Estimate,
    /// The accuracy of always saying the most frequent class.
    pub majority_accuracy: f64,
    /// The accuracy of each fold of each repeat: what a single split would have shown.
    pub fold_accuracies: Vec<f64>,
    /// The rows of the smallest and of the largest fold.
    pub fold_num_rows: (usize, usize),
    /// For each class how often its rows got each class, in all repeats together.
    pub confusion: Vec<Vec<u64>>,
    /// Whether what is said to be probable happens as often, in all repeats together.
    pub calibration: Vec<Bin>,
    /// What each feature is worth, in the order of the features.
    pub importances: Vec<Importance>,
}

/// The rows whose probability of the positive class is in an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many there are.
    pub num_rows: u64,
    /// The mean of their probabilities.
    pub mean_probability: f64,
    /// The share of them that has the positive class.
    pub positive_share: f64,
}

/// By how much the accuracy falls when a feature's values are shuffled among the rows of a fold (Breiman: Random forests, 2001, section 10). A feature whose content
/// others have too is worth little by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The feature's name.
    pub feature: String,
    /// The loss of accuracy.
    pub accuracy_loss: Estimate,
}

/// One fold's rows, judged by a model of the others.
struct Judged {
    measures: Measures,
    probabilities: Vec<Vec<f64>>,
    rows: Vec<u32>,
    accuracy_losses: Vec<f64>,
}

/// Measures a method: each fold is judged by a model that learnt from the other folds of its repeat, medians included. The same with any number of threads.
///
/// O(repeats · folds) times learning, and judging once for each feature.
pub fn cross_validate(
    examples: &Examples,
    method: &Method,
    folds: &Folds,
    seed: u64,
) -> Result<Validation, Error> {
    folds.check(examples)?;
    let mut seeds = Random::new(seed);
    let tasks: Vec<(usize, u32, u64)> = folds
        .all()
        .map(|(repeat, fold)| (repeat, fold, seeds.next()))
        .collect();
    let judged: Vec<Judged> = tasks
        .into_par_iter()
        .map(|(repeat, fold, seed)| judge(examples, method, folds, (repeat, fold), seed))
        .collect::<Result<_, _>>()?;
    let estimate = |value: &dyn Fn(&Judged) -> f64| {
        let values: Vec<f64> = judged.iter().map(value).collect();
        Estimate::of_folds(&values, folds.num_folds())
    };
    let importances = examples
        .features()
        .iter()
        .enumerate()
        .map(|(feature, column)| Importance {
            feature: column.name.clone(),
            accuracy_loss: estimate(&|judged| judged.accuracy_losses[feature]),
        });
    let most_frequent = examples
        .class_counts()
        .into_iter()
        .max()
        .unwrap_or_default();
    let num_rows = || judged.iter().map(|judged| judged.rows.len());
    Ok(Validation {
        accuracy: estimate(&|judged| judged.measures.accuracy),
        auc: estimate(&|judged| judged.measures.auc),
        log_loss: estimate(&|judged| judged.measures.log_loss),
        brier: estimate(&|judged| judged.measures.brier),
        majority_accuracy: most_frequent as f64 / examples.num_rows() as f64,
        fold_accuracies: judged
            .iter()
            .map(|judged| judged.measures.accuracy)
            .collect(),
        fold_num_rows: (
            num_rows().min().unwrap_or_default(),
            num_rows().max().unwrap_or_default(),
        ),
        confusion: confusion(examples, &judged),
        calibration: calibration(examples, &judged),
        importances: importances.collect(),
    })
}

fn judge(
    examples: &Examples,
    method: &Method,
    folds: &Folds,
    (repeat, fold): (usize, u32),
    seed: u64,
) -> Result<Judged, Error> {
    let (rows, others) = folds.split(repeat, fold);
    let mut seeds = Random::new(seed);
    let encoder = Encoder::fit(examples, &others);
    let matrix = encoder.encode_all(examples);
    let (fitted, _) = method.fit_encoded(examples, &matrix, &others, seeds.next())?;
    let unseen: Vec<&[f64]> = rows.iter().map(|&row| matrix.row(row as usize)).collect();
    let probabilities: Vec<Vec<f64>> = unseen.iter().map(|row| fitted.probabilities(row)).collect();
    let labels: Vec<u32> = rows
        .iter()
        .map(|&row| examples.labels()[row as usize])
        .collect();
    let measured = measures(&probabilities, &labels, examples.positive());
    let feature_of_column = encoder.features();
    let accuracy_losses = (0..examples.features().len() as u32).map(|feature| {
        measured.accuracy
            - accuracy_without(
                feature,
                &feature_of_column,
                &unseen,
                &labels,
                &fitted,
                &mut seeds,
            )
    });
    let accuracy_losses = accuracy_losses.collect();
    Ok(Judged {
        measures: measured,
        probabilities,
        rows,
        accuracy_losses,
    })
}

/// The accuracy if a feature's values belong to any of the rows.
fn accuracy_without(
    feature: u32,
    feature_of_column: &[u32],
    encoded: &[&[f64]],
    labels: &[u32],
    fitted: &Fitted,
    random: &mut Random,
) -> f64 {
    let columns = feature_of_column.partition_point(|other| *other < feature)
        ..feature_of_column.partition_point(|other| *other <= feature);
    let mut others: Vec<usize> = (0..encoded.len()).collect();
    random.shuffle(&mut others);
    let mut shuffled = Vec::new();
    let mut num_right = 0;
    for ((row, other), label) in encoded.iter().zip(others).zip(labels) {
        shuffled.clear();
        shuffled.extend_from_slice(row);
        shuffled[columns.clone()].copy_from_slice(&encoded[other][columns.clone()]);
        num_right += usize::from(most_probable(&fitted.probabilities(&shuffled)) == *label);
    }
    num_right as f64 / encoded.len() as f64
}

fn confusion(examples: &Examples, judged: &[Judged]) -> Vec<Vec<u64>> {
    let num_classes = examples.classes().len();
    let mut confusion = vec![vec![0; num_classes]; num_classes];
    for (probabilities, row) in judged
        .iter()
        .flat_map(|judged| judged.probabilities.iter().zip(&judged.rows))
    {
        let label = examples.labels()[*row as usize];
        confusion[label as usize][most_probable(probabilities) as usize] += 1;
    }
    confusion
}

fn calibration(examples: &Examples, judged: &[Judged]) -> Vec<Bin> {
    let mut sums = [(0_u64, 0.0, 0_u64); BINS_NUM];
    for (probabilities, row) in judged
        .iter()
        .flat_map(|judged| judged.probabilities.iter().zip(&judged.rows))
    {
        let probability = probabilities[examples.positive() as usize];
        let bin = ((probability * BINS_NUM as f64) as usize).min(BINS_NUM - 1);
        sums[bin].0 += 1;
        sums[bin].1 += probability;
        sums[bin].2 += u64::from(examples.labels()[*row as usize] == examples.positive());
    }
    let share = |sum: f64, num_rows: u64| {
        if num_rows == 0 {
            0.0
        } else {
            sum / num_rows as f64
        }
    };
    let bins = sums.map(|(num_rows, probabilities, num_positive)| Bin {
        num_rows,
        mean_probability: share(probabilities, num_rows),
        positive_share: share(num_positive as f64, num_rows),
    });
    bins.to_vec()
}
