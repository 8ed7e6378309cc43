//! The loops that everything spends its time in. Their sums have one order, written out as lanes, so that they have the same bits with registers of any width.

use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use ndarray::Array2;
use rayon::prelude::*;

/// How many sums run beside each other.
const LANES: usize = 16;

/// How many rows are multiplied at once.
const BLOCK_ROWS: usize = 512;

/// The inner product of vectors of one length.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the loops are compiled for the processor that the caller asks about"
)]
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (left, right) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            lanes[lane] += left[lane] * right[lane];
        }
    }
    let mut width = LANES / 2;
    while 0 < width {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    let rest = left_rest.iter().zip(right_rest);
    rest.fold(lanes[0], |sum, (left, right)| sum + left * right)
}

/// `sum += factor * vector`, for vectors of one length.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the loops are compiled for the processor that the caller asks about"
)]
pub(crate) fn add_scaled(sum: &mut [f32], factor: f32, vector: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(vector) {
        *sum += factor * value;
    }
}

/// The square of the Euclidean distance of two points, in double precision.
pub(crate) fn squared_distance(left: &[f32], right: &[f32]) -> f64 {
    let differences = left.iter().zip(right);
    differences
        .map(|(left, right)| (f64::from(*left) - f64::from(*right)).powi(2))
        .sum()
}

/// `YᵀY` of a row-major matrix Y: O(rows × columns²), in blocks that are summed in their order.
pub(crate) fn gram(vectors: &Array2<f32>) -> Array2<f32> {
    let width = vectors.ncols();
    let in_order = vectors.as_standard_layout();
    let values = in_order.as_slice().expect("it was brought into that order");
    let blocks: Vec<Array2<f32>> = values
        .par_chunks((BLOCK_ROWS * width).max(1))
        .map(|block| {
            let block = MatRef::from_row_major_slice(block, block.len() / width, width);
            let mut product = Array2::zeros((width, width));
            multiply(&mut product, block.transpose(), block);
            product
        })
        .collect();
    let zero = Array2::zeros((width, width));
    blocks.into_iter().fold(zero, |sum, block| sum + block)
}

/// Puts `left × right` into a row-major matrix, in this thread.
pub(crate) fn multiply(product: &mut Array2<f32>, left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    let (row_count, column_count) = product.dim();
    let values = product
        .as_slice_mut()
        .expect("our dense matrices are row-major");
    let product = MatMut::from_row_major_slice_mut(values, row_count, column_count);
    matmul(product, Accum::Replace, left, right, 1.0, Par::Seq);
}

/// A row-major matrix as faer sees it.
pub(crate) fn as_faer(matrix: &Array2<f32>) -> MatRef<'_, f32> {
    let (row_count, column_count) = matrix.dim();
    MatRef::from_row_major_slice(values(matrix), row_count, column_count)
}

/// The numbers of a row-major matrix, which is what ours are.
pub(crate) fn values(matrix: &Array2<f32>) -> &[f32] {
    matrix.as_slice().expect("our dense matrices are row-major")
}
