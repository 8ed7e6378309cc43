use ndarray::Array2;
use rayon::prelude::*;

use crate::{
    FactorError,
    kernels::{add_scaled, values},
};

/// A view of a binary matrix by its rows (compressed sparse rows without values): row r has a one in the columns `indices[offsets[r]..offsets[r + 1]]`.
#[derive(Clone, Copy, Debug)]
pub struct SparseRows<'a> {
    /// One more than there are rows, ascending from 0 to the length of `indices`.
    offsets: &'a [usize],
    /// Every row ascends, without duplicates, and below `column_count`.
    indices: &'a [u32],
    column_count: usize,
}

impl<'a> SparseRows<'a> {
    /// A view of these slices. O(rows + entries), since everything behind this door relies on what it checks.
    ///
    /// # Errors
    ///
    /// When the offsets do not ascend from 0 to the number of indices, or a row is not a set of columns in ascending order.
    pub fn new(
        offsets: &'a [usize],
        indices: &'a [u32],
        column_count: usize,
    ) -> Result<Self, FactorError> {
        let spans_all = offsets.first() == Some(&0) && offsets.last() == Some(&indices.len());
        if !spans_all || !offsets.is_sorted() {
            return Err(FactorError::Offsets {
                offset_count: offsets.len(),
                entry_count: indices.len(),
            });
        }
        let rows = Self {
            offsets,
            indices,
            column_count,
        };
        let is_wrong = |row: &&[u32]| {
            let is_below = |&column: &u32| (column as usize) < column_count;
            !row.is_sorted_by(|left, right| left < right) || !row.last().is_none_or(is_below)
        };
        match rows.iter().position(|row| is_wrong(&row)) {
            Some(row) => Err(FactorError::Row { row, column_count }),
            None => Ok(rows),
        }
    }

    /// How many rows there are, empty ones among them.
    pub fn row_count(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many columns there are, empty ones among them.
    pub fn column_count(&self) -> usize {
        self.column_count
    }

    /// How many ones there are.
    pub fn entry_count(&self) -> usize {
        self.indices.len()
    }

    /// The columns of a row.
    pub fn row(&self, row: usize) -> &'a [u32] {
        &self.indices[self.offsets[row]..self.offsets[row + 1]]
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u32]> + use<'a> {
        let indices = self.indices;
        self.offsets
            .windows(2)
            .map(move |bounds| &indices[bounds[0]..bounds[1]])
    }

    /// The same ones by their columns. O(columns + entries).
    pub(crate) fn transposed(&self) -> SparseColumns {
        let mut offsets = vec![0; self.column_count + 1];
        for &column in self.indices {
            offsets[column as usize + 1] += 1;
        }
        for column in 0..self.column_count {
            offsets[column + 1] += offsets[column];
        }
        let mut next = offsets.clone();
        let mut indices = vec![0; self.indices.len()];
        // The rows are walked in order, so that the columns ascend as well.
        for (row, columns) in (0..).zip(self.iter()) {
            for &column in columns {
                indices[next[column as usize]] = row;
                next[column as usize] += 1;
            }
        }
        SparseColumns {
            offsets,
            indices,
            row_count: self.row_count(),
        }
    }

    /// The product with a dense matrix that has a row for each column of this one. O(entries × its columns).
    pub(crate) fn product(&self, dense: &Array2<f32>) -> Array2<f32> {
        let width = dense.ncols();
        let rows = values(dense);
        let mut product = Array2::zeros((self.row_count(), width));
        product
            .as_slice_mut()
            .expect("a new matrix is row-major")
            .par_chunks_mut(width.max(1))
            .enumerate()
            .for_each(|(row, sum)| {
                for &column in self.row(row) {
                    add_scaled(sum, 1.0, &rows[column as usize * width..][..width]);
                }
            });
        product
    }
}

/// A matrix by its columns: what [`SparseRows::transposed`] makes.
#[derive(Clone, Debug)]
pub(crate) struct SparseColumns {
    offsets: Vec<usize>,
    indices: Vec<u32>,
    row_count: usize,
}

impl SparseColumns {
    /// The transposed matrix by its rows.
    pub(crate) fn as_rows(&self) -> SparseRows<'_> {
        SparseRows {
            offsets: &self.offsets,
            indices: &self.indices,
            column_count: self.row_count,
        }
    }
}
