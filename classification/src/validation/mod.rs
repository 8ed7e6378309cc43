//! How far to trust a model: what it says of rows that it has not seen.

mod estimate;
mod folds;
mod measures;

use rayon::prelude::*;
use seeded::Random;

pub use self::estimate::Estimate;
pub use self::folds::Folds;
pub use self::measures::{Measures, measures};
use crate::forest::most_probable;
use crate::{Encoder, Error, Examples, Fitted, Matrix, Method};

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
    let judged: Vec<Judged> = tasks(examples, folds, seed)?
        .into_par_iter()
        .map(|(fold, seed)| judge(examples, method, folds, fold, seed))
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
        accuracy: estimate(&|judged| judged.measures.accuracy).of_share(),
        auc: estimate(&|judged| judged.measures.auc).of_share(),
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

/// The Brier score of each row, the mean over the repeats: half the sum over the classes of the squared differences between a probability and 1 or 0 (Brier:
/// Verification of forecasts expressed in terms of probability, 1950). It lies between 0 and 1, and the lower the better.
///
/// The models are those of [`cross_validate`] with the same seed. O(repeats · folds) times learning.
pub fn brier_by_row(
    examples: &Examples,
    method: &Method,
    folds: &Folds,
    seed: u64,
) -> Result<Vec<f64>, Error> {
    let half_squares = |probabilities: &[f64], label: u32| {
        let expected = |class| f64::from(u8::from(class == label));
        let classes = (0..).zip(probabilities);
        let squares = classes.map(|(class, probability)| (probability - expected(class)).powi(2));
        squares.sum::<f64>() / 2.0
    };
    let by_fold: Vec<Vec<(u32, f64)>> = tasks(examples, folds, seed)?
        .into_par_iter()
        .map(|(fold, seed)| {
            let learnt = learn(examples, method, folds, fold, &mut Random::new(seed))?;
            let scored = learnt.rows.iter().map(|&row| {
                let probabilities = learnt.fitted.probabilities(learnt.matrix.row(row as usize));
                let label = examples.labels()[row as usize];
                (row, half_squares(&probabilities, label))
            });
            Ok(scored.collect())
        })
        .collect::<Result<_, Error>>()?;
    let mut scores = vec![0.0; examples.num_rows()];
    for (row, score) in by_fold.into_iter().flatten() {
        scores[row as usize] += score / folds.repeats().len() as f64;
    }
    Ok(scores)
}

/// A repeat and a fold of it, and the seed of that.
type Task = ((usize, u32), u64);

/// Every fold of every repeat, with a seed of its own.
fn tasks(examples: &Examples, folds: &Folds, seed: u64) -> Result<Vec<Task>, Error> {
    folds.check(examples)?;
    let mut seeds = Random::new(seed);
    Ok(folds.all().map(|fold| (fold, seeds.next())).collect())
}

/// A model that has not seen the rows of a fold.
struct Learnt {
    /// The fold's rows.
    rows: Vec<u32>,
    encoder: Encoder,
    /// All rows, encoded.
    matrix: Matrix,
    fitted: Fitted,
}

fn learn(
    examples: &Examples,
    method: &Method,
    folds: &Folds,
    (repeat, fold): (usize, u32),
    seeds: &mut Random,
) -> Result<Learnt, Error> {
    let (rows, others) = folds.split(repeat, fold);
    let encoder = Encoder::fit(examples, &others);
    let matrix = encoder.encode_all(examples);
    let (fitted, _) = method.fit_encoded(examples, &matrix, &others, seeds.next())?;
    Ok(Learnt {
        rows,
        encoder,
        matrix,
        fitted,
    })
}

fn judge(
    examples: &Examples,
    method: &Method,
    folds: &Folds,
    fold: (usize, u32),
    seed: u64,
) -> Result<Judged, Error> {
    let mut seeds = Random::new(seed);
    let Learnt {
        rows,
        encoder,
        matrix,
        fitted,
    } = learn(examples, method, folds, fold, &mut seeds)?;
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
