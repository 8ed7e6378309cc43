//! The item-item linear model, thinned out and fitted again.
//!
//! Steck (Embarrassingly shallow autoencoders for sparse data, WWW 2019, arXiv:1905.03375) finds the weights B with a zero diagonal that explain the
//! interactions X best as XB, in closed form: with `P = (XᵀX + D)⁻¹`, `B[i][j] = -P[i][j] / P[j][j]`. B is dense: 14 kB an item with the 3,706 items of
//! MovieLens 1M. Three steps make it small:
//!
//! 1. *Support.* For every item j the K items with the largest partial correlation, `|P[i][j]| / sqrt(P[i][i] P[j][j])`: those that say most about j once
//!    everything else is known.
//! 2. *Refit.* The weights of those K items are fitted again as if there were no others, which gives back most of what the cut took.
//! 3. Weights of 8 bits and packed item numbers: that is the index file's.
//!
//! P is the inverse of one matrix of all items, or of all people, while that can be had ([`form`]). In larger catalogues it is looked at near each item only, among as many
//! candidates as a least-squares fit takes.
//!
//! D has a constant penalty and a share of every item's own count. The share is what leaving out interactions at random while training amounts to in the
//! limit (Steck: Autoencoders that don't overfit towards the identity, `NeurIPS` 2020), and it makes the constant matter little.

mod co_occurrences;
mod least_squares;
mod precision;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};

use index::neighbours::Neighbour;
use ndarray::Array2;
use rayon::prelude::*;

use self::{
    co_occurrences::CoOccurrences,
    least_squares::LeastSquares,
    precision::{DensePrecision, DualPrecision, LocalPrecision, Precision},
};
use super::{Interactions, NeighbourLists, TrainError, Watch, best::keep_best};

/// The side of the largest matrix that is inverted, whatever the memory: the time grows with its third power.
pub const DENSE_MAX_SIZE: usize = 12_000;

/// Three matrices of four bytes an element live at a time: 12,000 items take 1.7 GB.
const DENSE_BYTES_AN_ELEMENT: u64 = 12;

/// Where P is only looked at near each item, so many times as many items are looked at as are kept.
const CANDIDATES_A_NEIGHBOUR: usize = 2;

/// The share of the memory that a table of counts may take where it is not all counts, one by this, and how much it may take in any case and at most: without
/// one, time has no bound, and the most liked 16,000 items are nearly all that is asked for.
const TABLE_SHARE: u64 = 4;
const TABLE_MIN_BYTES: u64 = 16 << 20;
const TABLE_MAX_BYTES: u64 = 1 << 30;

/// As if half of the interactions were left out.
const DENOISING: f32 = 1.0;

/// A list of K weights overfits less than one of all items, so that the second fit is held down less.
const REFIT_SHARE: f32 = 0.6;

/// Few likes carry few weights: an item is explained by at most so many items for each person who likes it.
///
/// On MovieLens latest-small, where half of the items have one to three ratings, a bound of 4 leaves a sixth of the bytes, and the quality is the same: an
/// NDCG@100 of 0.368 with it and without, 0.360 with a bound of 1.
const NEIGHBOURS_A_LIKE: usize = 4;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EaseSettings {
    /// The constant part of the penalty.
    pub regularization: f32,
    /// The part of the penalty that grows with an item's count: p / (1 - p), where p is the share of interactions left out.
    pub denoising: f32,
    /// The share of `regularization` that the second fit uses.
    pub refit_share: f32,
    /// The most neighbours that an item may be explained by.
    pub neighbour_count: usize,
}

impl EaseSettings {
    /// The settings of which only these two are worth a choice.
    pub fn new(regularization: f32, neighbour_count: usize) -> Self {
        Self {
            regularization,
            denoising: DENOISING,
            refit_share: REFIT_SHARE,
            neighbour_count,
        }
    }
}

/// Learns the weights within about `memory_bytes`. The list of an item has what it says of others; an item is explained by at most `neighbour_count` others.
pub fn ease(
    interactions: &Interactions,
    settings: &EaseSettings,
    memory_bytes: u64,
    watch: Watch<'_>,
) -> Result<NeighbourLists, TrainError> {
    let item_count = interactions.item_count();
    let penalties = |constant: f32| -> Vec<f32> {
        let own = |item| settings.denoising * interactions.popularity(item) as f32;
        (0..item_count).map(|item| constant + own(item)).collect()
    };
    let first = penalties(settings.regularization);
    let thinning = Thinning {
        interactions,
        penalties: penalties(settings.regularization * settings.refit_share),
        neighbour_count: settings.neighbour_count.min(item_count),
        watch,
    };
    let table_bytes = (memory_bytes / TABLE_SHARE).clamp(TABLE_MIN_BYTES, TABLE_MAX_BYTES);
    let explained_by = match form(interactions, memory_bytes) {
        Form::Items => {
            let counts = CoOccurrences::of_all(interactions);
            let (precision, diagonal) = DensePrecision::new(counts.gram_matrix(), &first)?;
            thinning.of(&precision, &diagonal, &counts)?
        }
        Form::Users => {
            let (precision, diagonal) = DualPrecision::new(interactions, &first)?;
            let counts = CoOccurrences::of_most_liked(interactions, table_bytes);
            thinning.of(&precision, &diagonal, &counts)?
        }
        Form::Candidates => {
            let (precision, diagonal) =
                LocalPrecision::new(interactions, &first, thinning.neighbour_count);
            let counts = CoOccurrences::of_most_liked(interactions, table_bytes);
            thinning.of(&precision, &diagonal, &counts)?
        }
    };
    Ok(explained_by.transposed())
}

/// What is inverted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// One matrix of items by items.
    Items,
    /// One of users by users.
    Users,
    /// For every item a small one of its candidates.
    Candidates,
}

/// The form for so many users and items and so much memory: the smaller of the two matrices while it can be inverted, else candidates.
pub fn form(interactions: &Interactions, memory_bytes: u64) -> Form {
    let (user_count, item_count) = (interactions.user_count(), interactions.item_count());
    let (form, size) = if user_count < item_count {
        (Form::Users, user_count)
    } else {
        (Form::Items, item_count)
    };
    let matrices_bytes = (size as u64).saturating_pow(2) * DENSE_BYTES_AN_ELEMENT;
    if size <= DENSE_MAX_SIZE && matrices_bytes <= memory_bytes {
        form
    } else {
        Form::Candidates
    }
}

/// The whole matrix B of the model as Steck published it, `weights[(i, j)]` what i says of j: the reference that the thinned-out lists are measured against.
pub fn dense_weights(
    interactions: &Interactions,
    regularization: f32,
) -> Result<Array2<f32>, TrainError> {
    let penalties = vec![regularization; interactions.item_count()];
    let (precision, diagonal) = DensePrecision::new(
        CoOccurrences::of_all(interactions).gram_matrix(),
        &penalties,
    )?;
    let mut weights = precision.into_matrix();
    for (target, mut column) in weights.columns_mut().into_iter().enumerate() {
        column.mapv_inplace(|element| -element / diagonal[target]);
        column[target] = 0.0;
    }
    Ok(weights)
}

/// By how many items one with so many likes is explained at most.
fn support_max_len(likes: f32, neighbour_count: usize) -> usize {
    neighbour_count.min(likes as usize * NEIGHBOURS_A_LIKE)
}

/// Makes lists out of P.
struct Thinning<'a> {
    interactions: &'a Interactions,
    /// Those of the second fit.
    penalties: Vec<f32>,
    neighbour_count: usize,
    watch: Watch<'a>,
}

impl Thinning<'_> {
    /// For every item those that explain it, with their weights.
    fn of(
        &self,
        precision: &impl Precision,
        diagonal: &[f32],
        counts: &CoOccurrences<'_>,
    ) -> Result<NeighbourLists, TrainError> {
        let item_count = self.interactions.item_count();
        let done = AtomicUsize::new(0);
        let max_size = (self.neighbour_count * CANDIDATES_A_NEIGHBOUR).min(item_count);
        let lists: Vec<Vec<Neighbour>> = (0..item_count)
            .into_par_iter()
            .map_init(
                || {
                    let solver = LeastSquares::new(counts, item_count, max_size);
                    (vec![0.0; item_count], solver)
                },
                |(row, solver), item| {
                    (self.watch)(done.fetch_add(1, Ordering::Relaxed) + 1, item_count);
                    let target = item as u32;
                    row.fill(0.0);
                    counts.add_row(target, row);
                    let support = self.support(target, row, precision, diagonal, solver)?;
                    if support.is_empty() {
                        return Ok(Vec::new());
                    }
                    let weights = solver.fit(&support, row, &self.penalties)?;
                    let neighbours = support.into_iter().zip(weights);
                    Ok(neighbours
                        .map(|(item, &weight)| Neighbour { item, weight })
                        .collect())
                },
            )
            .collect::<Result<_, TrainError>>()?;
        Ok(NeighbourLists::of_lists(&lists))
    }

    /// The items that explain `target` best, ascending: of those that somebody likes together with it, the ones with the largest partial correlation.
    fn support(
        &self,
        target: u32,
        counts: &[f32],
        precision: &impl Precision,
        diagonal: &[f32],
        solver: &mut LeastSquares<'_>,
    ) -> Result<Vec<u32>, TrainError> {
        let together: Vec<u32> = (0..counts.len() as u32)
            .filter(|&item| item != target && 0.0 < counts[item as usize])
            .collect();
        // The division by the square root of P[target][target] is the same for all and left out.
        let mut candidates: Vec<(f32, u32)> = precision
            .elements(target, &together, counts, solver)?
            .into_iter()
            .zip(together)
            .map(|(element, item)| (element.abs() / diagonal[item as usize].sqrt(), item))
            .collect();
        let likes = counts[target as usize];
        keep_best(
            &mut candidates,
            support_max_len(likes, self.neighbour_count),
        );
        let mut items: Vec<u32> = candidates.into_iter().map(|(_, item)| item).collect();
        items.sort_unstable();
        Ok(items)
    }
}
