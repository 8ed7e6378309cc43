use ndarray::Array2;
use ndarray::parallel::prelude::*;

use crate::train::Interactions;

/// An item that fewer people like is counted when it is asked for, which is quick; counting all of them beforehand would take most of the memory.
const TABLE_MIN_POPULARITY: usize = 4;

/// Where an item of no table is, and what is no place in a list.
const NOWHERE: u32 = u32::MAX;

/// How many users like both of two items: the Gram matrix of the interactions. Exact up to 2^24 users, where `f32` ends.
///
/// The counts of the most liked items with each other are in a table; what is not there is counted by walking the histories of the few who like the rarer item.
pub(super) struct CoOccurrences<'a> {
    interactions: &'a Interactions,
    /// The row of each item in the table, or [`NOWHERE`].
    rows: Vec<u32>,
    table: Array2<f32>,
}

impl<'a> CoOccurrences<'a> {
    /// With a table of all items. O(sum of the squared lengths of the histories).
    pub(super) fn of_all(interactions: &'a Interactions) -> Self {
        Self::with_table_of(
            interactions,
            &(0..interactions.item_count() as u32).collect::<Vec<_>>(),
        )
    }

    /// With a table of the most liked items, of so many bytes at most.
    pub(super) fn of_most_liked(interactions: &'a Interactions, memory_bytes: u64) -> Self {
        let popularity = |item: &u32| interactions.popularity(*item as usize);
        let mut liked: Vec<u32> = (0..interactions.item_count() as u32)
            .filter(|item| TABLE_MIN_POPULARITY <= popularity(item))
            .collect();
        liked.sort_by_key(|item| std::cmp::Reverse(popularity(item)));
        liked.truncate((memory_bytes / size_of::<f32>() as u64).isqrt() as usize);
        liked.sort_unstable();
        Self::with_table_of(interactions, &liked)
    }

    /// With a table of these items, which ascend.
    pub(super) fn with_table_of(interactions: &'a Interactions, items: &[u32]) -> Self {
        let mut rows = vec![NOWHERE; interactions.item_count()];
        for (row, &item) in (0..).zip(items) {
            rows[item as usize] = row;
        }
        let mut table = Array2::zeros((items.len(), items.len()));
        table
            .outer_iter_mut()
            .into_par_iter()
            .zip(items)
            .for_each(|(mut counts, &item)| {
                for &user in interactions.by_item.row(item as usize) {
                    for &other in interactions.by_user.row(user as usize) {
                        let place = rows[other as usize];
                        if place != NOWHERE {
                            counts[place as usize] += 1.0;
                        }
                    }
                }
            });
        Self {
            interactions,
            rows,
            table,
        }
    }

    /// The whole Gram matrix, where the table has all items.
    pub(super) fn gram_matrix(&self) -> &Array2<f32> {
        &self.table
    }

    /// Adds the counts of `item` with every other item, and its own, to a row of zeros.
    pub(super) fn add_row(&self, item: u32, row: &mut [f32]) {
        if self.table.nrows() == row.len() {
            for (count, value) in row.iter_mut().zip(self.table.row(item as usize)) {
                *count += value;
            }
        } else {
            self.interactions
                .add_co_occurrences(item as usize, |_| 1.0, row);
        }
    }
}

/// Fills small matrices of counts; one a thread, since it keeps its memory.
pub(super) struct Counter {
    /// The place of each item in the list that is asked for, or [`NOWHERE`].
    places: Vec<u32>,
}

impl Counter {
    pub(super) fn new(item_count: usize) -> Self {
        Self {
            places: vec![NOWHERE; item_count],
        }
    }

    /// The counts of `items` with each other and their own: the lower triangle, column by column, of a matrix of zeros.
    ///
    /// O(items²), and the histories of the people who like an item that has no row in the table.
    pub(super) fn fill(&mut self, counts: &CoOccurrences<'_>, items: &[u32], matrix: &mut [f32]) {
        for (place, &item) in (0..).zip(items) {
            self.places[item as usize] = place;
        }
        for (column, &item) in items.iter().enumerate() {
            let row_of_table = counts.rows[item as usize];
            if row_of_table == NOWHERE {
                self.count_histories(counts, column, item, items.len(), matrix);
                continue;
            }
            let of_item = counts.table.row(row_of_table as usize);
            for (row, &other) in items.iter().enumerate().skip(column) {
                let place = counts.rows[other as usize];
                if place != NOWHERE {
                    matrix[column * items.len() + row] = of_item[place as usize];
                }
            }
        }
        for &item in items {
            self.places[item as usize] = NOWHERE;
        }
    }

    /// Counts an item without a row in the table with all that have one, and with those without that come after it.
    fn count_histories(
        &self,
        counts: &CoOccurrences<'_>,
        place: usize,
        item: u32,
        size: usize,
        matrix: &mut [f32],
    ) {
        for &user in counts.interactions.by_item.row(item as usize) {
            for &other in counts.interactions.by_user.row(user as usize) {
                let other_place = self.places[other as usize];
                if other_place == NOWHERE {
                    continue;
                }
                let other_place = other_place as usize;
                if place <= other_place {
                    matrix[place * size + other_place] += 1.0;
                } else if counts.rows[other as usize] != NOWHERE {
                    matrix[other_place * size + place] += 1.0;
                }
            }
        }
    }
}
