//! Matrices to learn from.

use std::collections::BTreeSet;

use factors::SparseRows;
use ndarray::Array2;
use proptest::prelude::*;

/// A matrix of zeros and ones.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) rows: Vec<Vec<u32>>,
    pub(crate) column_count: usize,
    by_row: (Vec<usize>, Vec<u32>),
}

impl Matrix {
    pub(crate) fn new(rows: Vec<Vec<u32>>, column_count: usize) -> Self {
        Self {
            by_row: flat(&rows),
            rows,
            column_count,
        }
    }

    pub(crate) fn by_user(&self) -> SparseRows<'_> {
        SparseRows::new(&self.by_row.0, &self.by_row.1, self.column_count).unwrap()
    }

    /// The rows that have a one in a column.
    pub(crate) fn users_of(&self, item: u32) -> Vec<u32> {
        (0..)
            .zip(&self.rows)
            .filter(|(_, row)| row.contains(&item))
            .map(|(row, _)| row)
            .collect()
    }

    /// The zeros and ones.
    pub(crate) fn dense(&self) -> Array2<f64> {
        self.dense_weighted(&vec![1.0; self.by_row.1.len()])
    }

    /// The zeros, and the weights in the places of the ones.
    pub(crate) fn dense_weighted(&self, weights: &[f32]) -> Array2<f64> {
        let mut dense = Array2::zeros((self.rows.len(), self.column_count));
        let mut weights = weights.iter();
        for (row, columns) in self.rows.iter().enumerate() {
            for &column in columns {
                dense[(row, column as usize)] = f64::from(*weights.next().unwrap());
            }
        }
        dense
    }
}

fn flat(rows: &[Vec<u32>]) -> (Vec<usize>, Vec<u32>) {
    let mut offsets = vec![0];
    for row in rows {
        offsets.push(offsets.last().unwrap() + row.len());
    }
    (offsets, rows.concat())
}

/// Small matrices, with empty rows and columns among them.
pub(crate) fn matrices() -> impl Strategy<Value = Matrix> {
    (1..12_usize).prop_flat_map(|column_count| {
        let row = prop::collection::btree_set(0..column_count as u32, 0..=column_count);
        let rows = prop::collection::vec(row, 1..15);
        rows.prop_map(move |rows: Vec<BTreeSet<u32>>| {
            let rows = rows.into_iter().map(|row| row.into_iter().collect());
            Matrix::new(rows.collect(), column_count)
        })
    })
}

/// Small matrices, and a weight for each of their ones; some are 0.
pub(crate) fn weighted_matrices() -> impl Strategy<Value = (Matrix, Vec<f32>)> {
    matrices().prop_flat_map(|matrix| {
        let count = matrix.by_user().entry_count();
        let weight = prop_oneof![1 => Just(0.0_f32), 9 => -3.0..3.0_f32];
        (Just(matrix), prop::collection::vec(weight, count))
    })
}

/// Six hundred people of three tastes, and some chance; the same every time.
pub(crate) fn tastes() -> Matrix {
    let row = |user: u32| -> Vec<u32> {
        let is_liked = |item: &u32| {
            let mixed = (u64::from(user * 150 + item) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let chance = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
            chance % 97 < if item % 3 == user % 3 { 40 } else { 5 }
        };
        (0..150).filter(is_liked).collect()
    };
    Matrix::new((0..600).map(row).collect(), 150)
}
