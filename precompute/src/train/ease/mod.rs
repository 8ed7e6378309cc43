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
//! D has a constant penalty and a share of every item's own count. The share is what leaving out interactions at random while training amounts to in the
//! limit (Steck: Autoencoders that don't overfit towards the identity, `NeurIPS` 2020), and it makes the constant matter little.

mod gram;
mod precision;
mod refit;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};

use index::neighbours::Neighbour;
use ndarray::Array2;
use rayon::prelude::*;

use self::{
    gram::{CoOccurrences, CountsOnDemand, gram_matrix},
    precision::{DensePrecision, DualPrecision, Precision},
    refit::Refit,
};
use super::{Interactions, NeighbourLists, TrainError, Watch, best::keep_best};

/// The larger side of the largest matrix that is inverted: 20,000 squared numbers are 1.6 GB, and three such matrices live at a time.
pub const DENSE_MAX_SIZE: usize = 20_000;

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

/// Learns the weights. The list of an item has what it says of others; an item is explained by at most `neighbour_count` others.
pub fn ease(
    interactions: &Interactions,
    settings: &EaseSettings,
    watch: Watch<'_>,
) -> Result<NeighbourLists, TrainError> {
    let penalties = |constant: f32| -> Vec<f32> {
        (0..interactions.item_count())
            .map(|item| constant + settings.denoising * interactions.popularity(item) as f32)
            .collect()
    };
    let first = penalties(settings.regularization);
    let second = penalties(settings.regularization * settings.refit_share);
    let (user_count, item_count) = (interactions.user_count(), interactions.item_count());
    let smaller = user_count.min(item_count);
    if DENSE_MAX_SIZE < smaller {
        return Err(TrainError::TooLarge {
            user_count,
            item_count,
        });
    }
    let explained_by = if user_count < item_count {
        let (precision, diagonal) = DualPrecision::new(interactions, &first)?;
        let counts = CountsOnDemand::new(interactions);
        thinned_out(
            &precision,
            &diagonal,
            &second,
            &counts,
            settings.neighbour_count,
            watch,
        )?
    } else {
        let gram = gram_matrix(interactions);
        let (precision, diagonal) = DensePrecision::new(&gram, &first)?;
        thinned_out(
            &precision,
            &diagonal,
            &second,
            &gram,
            settings.neighbour_count,
            watch,
        )?
    };
    Ok(explained_by.transposed())
}

/// The whole matrix B of the model as Steck published it, `weights[(i, j)]` what i says of j: the reference that the thinned-out lists are measured against.
pub fn dense_weights(
    interactions: &Interactions,
    regularization: f32,
) -> Result<Array2<f32>, TrainError> {
    let penalties = vec![regularization; interactions.item_count()];
    let (precision, diagonal) = DensePrecision::new(&gram_matrix(interactions), &penalties)?;
    let mut weights = precision.into_matrix();
    for (target, mut column) in weights.columns_mut().into_iter().enumerate() {
        column.mapv_inplace(|element| -element / diagonal[target]);
        column[target] = 0.0;
    }
    Ok(weights)
}

/// For every item those that explain it, with their weights.
fn thinned_out(
    precision: &impl Precision,
    diagonal: &[f32],
    penalties: &[f32],
    counts: &impl CoOccurrences,
    neighbour_count: usize,
    watch: Watch<'_>,
) -> Result<NeighbourLists, TrainError> {
    let item_count = diagonal.len();
    let done = AtomicUsize::new(0);
    let support_max_len = neighbour_count.min(item_count);
    let lists: Vec<Vec<Neighbour>> = (0..item_count)
        .into_par_iter()
        .map_init(
            || (vec![0.0; item_count], Refit::new(support_max_len)),
            |(row, refit), item| {
                watch(done.fetch_add(1, Ordering::Relaxed) + 1, item_count);
                let target = item as u32;
                row.fill(0.0);
                counts.add_row(target, row);
                let support = support(target, row, precision, diagonal, neighbour_count);
                if support.is_empty() {
                    return Ok(Vec::new());
                }
                refit.fit(&support, row, penalties, counts)
            },
        )
        .collect::<Result<_, _>>()?;
    Ok(NeighbourLists::of_lists(&lists))
}

/// The items that explain `target` best, ascending: of those that somebody likes together with it, the ones with the largest partial correlation.
fn support(
    target: u32,
    counts: &[f32],
    precision: &impl Precision,
    diagonal: &[f32],
    neighbour_count: usize,
) -> Vec<u32> {
    let likes = counts[target as usize] as usize;
    let together: Vec<u32> = (0..counts.len() as u32)
        .filter(|&item| item != target && 0.0 < counts[item as usize])
        .collect();
    // The division by the square root of P[target][target] is the same for all and left out.
    let mut candidates: Vec<(f32, u32)> = precision
        .elements(target, &together)
        .into_iter()
        .zip(together)
        .map(|(element, item)| (element.abs() / diagonal[item as usize].sqrt(), item))
        .collect();
    keep_best(
        &mut candidates,
        neighbour_count.min(likes * NEIGHBOURS_A_LIKE),
    );
    let mut items: Vec<u32> = candidates.into_iter().map(|(_, item)| item).collect();
    items.sort_unstable();
    items
}
