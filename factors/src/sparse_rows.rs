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

    /// The same matrix with a weight in the place of each one, in the order of the indices: what [`svd`](crate::svd) decomposes as well. O(entries).
    ///
    /// # Errors
    ///
    /// When there are not as many weights as ones, or one of them is not a finite number.
    pub fn weighted(self, weights: &'a [f32]) -> Result<WeightedRows<'a>, FactorError> {
        if weights.len() != self.entry_count() {
            return Err(FactorError::WeightCount {
                weight_count: weights.len(),
                entry_count: self.entry_count(),
            });
        }
        match weights.iter().position(|weight| !weight.is_finite()) {
            Some(entry) => Err(FactorError::Weight { entry }),
            None => Ok(WeightedRows {
                ones: self,
                weights: Some(weights),
            }),
        }
    }

    /// The same ones by their columns. O(columns + entries).
    pub(crate) fn transposed(&self) -> SparseColumns {
        WeightedRows::from(*self).transposed()
    }
}

/// A view of a matrix by its rows: [`SparseRows`], and a weight for each of its ones.
#[derive(Clone, Copy, Debug)]
pub struct WeightedRows<'a> {
    ones: SparseRows<'a>,
    /// As many as there are ones, each finite; `None` says that all are 1, and spares the reading of them.
    weights: Option<&'a [f32]>,
}

impl<'a> From<SparseRows<'a>> for WeightedRows<'a> {
    fn from(ones: SparseRows<'a>) -> Self {
        Self {
            ones,
            weights: None,
        }
    }
}

impl WeightedRows<'_> {
    /// How many rows there are, empty ones among them.
    pub(crate) fn row_count(&self) -> usize {
        self.ones.row_count()
    }

    /// The same entries by their columns. O(columns + entries).
    pub(crate) fn transposed(&self) -> SparseColumns {
        let SparseRows {
            indices: columns,
            column_count,
            ..
        } = self.ones;
        let mut offsets = vec![0; column_count + 1];
        for &column in columns {
            offsets[column as usize + 1] += 1;
        }
        for column in 0..column_count {
            offsets[column + 1] += offsets[column];
        }
        let mut next = offsets.clone();
        let mut indices = vec![0; columns.len()];
        let mut weights = self.weights.map(|weights| vec![0.0; weights.len()]);
        // The rows are walked in order, so that the columns ascend as well.
        for row in 0..self.row_count() {
            for entry in self.ones.offsets[row]..self.ones.offsets[row + 1] {
                let place = &mut next[columns[entry] as usize];
                indices[*place] = row as u32;
                if let (Some(to), Some(from)) = (&mut weights, self.weights) {
                    to[*place] = from[entry];
                }
                *place += 1;
            }
        }
        SparseColumns {
            offsets,
            indices,
            weights,
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
                let dense_row = |column: u32| &rows[column as usize * width..][..width];
                let columns = self.ones.row(row);
                match self.weights {
                    None => {
                        for &column in columns {
                            add_scaled(sum, 1.0, dense_row(column));
                        }
                    }
                    Some(weights) => {
                        let weights = &weights[self.ones.offsets[row]..];
                        for (&column, &weight) in columns.iter().zip(weights) {
                            add_scaled(sum, weight, dense_row(column));
                        }
                    }
                }
            });
        product
    }
}

/// A matrix by its columns: what `transposed` makes.
#[derive(Clone, Debug)]
pub(crate) struct SparseColumns {
    offsets: Vec<usize>,
    indices: Vec<u32>,
    weights: Option<Vec<f32>>,
    row_count: usize,
}

impl SparseColumns {
    /// The ones of the transposed matrix by its rows.
    pub(crate) fn as_rows(&self) -> SparseRows<'_> {
        SparseRows {
            offsets: &self.offsets,
            indices: &self.indices,
            column_count: self.row_count,
        }
    }

    /// The transposed matrix by its rows.
    pub(crate) fn as_weighted_rows(&self) -> WeightedRows<'_> {
        WeightedRows {
            ones: self.as_rows(),
            weights: self.weights.as_deref(),
        }
    }
}
