use ndarray::Array2;
use ndarray::parallel::prelude::*;

use crate::train::Interactions;

/// How many users like both of two items.
pub(super) trait CoOccurrences: Sync {
    fn count(&self, item: u32, other: u32) -> f32;

    /// Adds the counts of `item` with every other item, and its own, to a row of zeros.
    fn add_row(&self, item: u32, row: &mut [f32]);
}

/// The Gram matrix of the interactions: all counts, computed beforehand. Exact up to 2^24 users, where `f32` ends.
pub(super) fn gram_matrix(interactions: &Interactions) -> Array2<f32> {
    let item_count = interactions.item_count();
    let mut gram = Array2::zeros((item_count, item_count));
    gram.outer_iter_mut()
        .into_par_iter()
        .enumerate()
        .for_each(|(item, mut row)| {
            if let Some(row) = row.as_slice_mut() {
                interactions.add_co_occurrences(item, |_| 1.0, row);
            }
        });
    gram
}

impl CoOccurrences for Array2<f32> {
    fn count(&self, item: u32, other: u32) -> f32 {
        self[(item as usize, other as usize)]
    }

    fn add_row(&self, item: u32, row: &mut [f32]) {
        for (count, value) in row.iter_mut().zip(self.row(item as usize)) {
            *count += value;
        }
    }
}

/// Counts on demand: the users of the rarer item are looked up among those of the other. O(popularity of the rarer), and a bit a user and item of memory.
pub(super) struct CountsOnDemand<'a> {
    interactions: &'a Interactions,
    /// Bit u of item i's words says whether user u likes item i.
    words: Vec<u64>,
    words_per_item: usize,
}

impl<'a> CountsOnDemand<'a> {
    pub(super) fn new(interactions: &'a Interactions) -> Self {
        let words_per_item = interactions.user_count().div_ceil(64);
        let mut words = vec![0; words_per_item * interactions.item_count()];
        for (item, users) in interactions.by_item.rows().enumerate() {
            for &user in users {
                words[item * words_per_item + user as usize / 64] |= 1 << (user % 64);
            }
        }
        Self {
            interactions,
            words,
            words_per_item,
        }
    }
}

impl CoOccurrences for CountsOnDemand<'_> {
    fn count(&self, item: u32, other: u32) -> f32 {
        let users_of = |item: u32| self.interactions.by_item.row(item as usize);
        let (rarer, other) = if users_of(item).len() <= users_of(other).len() {
            (item, other)
        } else {
            (other, item)
        };
        let words = &self.words[other as usize * self.words_per_item..][..self.words_per_item];
        let shared = users_of(rarer)
            .iter()
            .filter(|&&user| words[user as usize / 64] >> (user % 64) & 1 == 1);
        shared.count() as f32
    }

    fn add_row(&self, item: u32, row: &mut [f32]) {
        self.interactions
            .add_co_occurrences(item as usize, |_| 1.0, row);
    }
}
