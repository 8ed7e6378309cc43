//! The loops that everything spends its time in. None depends on the number of threads: what is summed by several is cut the same way for any number.

use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use ndarray::Array2;
use pulp::Simd;
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

/// How many rows are walked through side by side: the loads and stores of what they share are so many times fewer.
const ROWS_AT_ONCE: usize = 4;

/// Rows whose length is a multiple of this fill the widest registers there are.
pub(crate) const PADDED_TO: usize = 16;

/// `sum += Σ share(y·x) y`, over some rows y of a padded matrix.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processor that the caller asks about"
)]
pub(crate) fn add_images<S: Simd>(
    simd: S,
    matrix: &[f32],
    rows: &[u32],
    vector: &[f32],
    share: impl Fn(f32) -> f32,
    sum: &mut [f32],
) {
    let (matrix, vector) = (S::as_simd_f32s(matrix).0, S::as_simd_f32s(vector).0);
    let sum = S::as_mut_simd_f32s(sum).0;
    let (groups, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
    for group in groups {
        let mut shares = dots(simd, matrix, *group, vector);
        for value in &mut shares {
            *value = share(*value);
        }
        add_rows(simd, matrix, *group, shares, sum);
    }
    for &row in rest {
        let [score] = dots(simd, matrix, [row], vector);
        add_rows(simd, matrix, [row], [share(score)], sum);
    }
}

/// `sum += Mᵀ x` of a padded square matrix M.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processor that the caller asks about"
)]
pub(crate) fn add_product<S: Simd>(simd: S, matrix: &[f32], vector: &[f32], sum: &mut [f32]) {
    let (matrix, sum) = (S::as_simd_f32s(matrix).0, S::as_mut_simd_f32s(sum).0);
    let mut rows = std::array::from_fn(|row| row as u32);
    for &values in vector.as_chunks::<ROWS_AT_ONCE>().0 {
        add_rows(simd, matrix, rows, values, sum);
        for row in &mut rows {
            *row += ROWS_AT_ONCE as u32;
        }
    }
}

/// The inner products of some rows with a vector.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processor that the caller asks about"
)]
fn dots<S: Simd, const COUNT: usize>(
    simd: S,
    matrix: &[S::f32s],
    rows: [u32; COUNT],
    vector: &[S::f32s],
) -> [f32; COUNT] {
    let mut sums = [simd.splat_f32s(0.0); COUNT];
    let rows = slices(matrix, rows, vector.len());
    for (position, &value) in vector.iter().enumerate() {
        for number in 0..COUNT {
            sums[number] = simd.mul_add_f32s(rows[number][position], value, sums[number]);
        }
    }
    let mut dots = [0.0; COUNT];
    for number in 0..COUNT {
        dots[number] = simd.reduce_sum_f32s(sums[number]);
    }
    dots
}

/// Adds some rows, each times its share.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processor that the caller asks about"
)]
fn add_rows<S: Simd, const COUNT: usize>(
    simd: S,
    matrix: &[S::f32s],
    rows: [u32; COUNT],
    shares: [f32; COUNT],
    sum: &mut [S::f32s],
) {
    let rows = slices(matrix, rows, sum.len());
    let mut factors = [simd.splat_f32s(0.0); COUNT];
    for number in 0..COUNT {
        factors[number] = simd.splat_f32s(shares[number]);
    }
    for (position, sum) in sum.iter_mut().enumerate() {
        let mut value = *sum;
        for number in 0..COUNT {
            value = simd.mul_add_f32s(rows[number][position], factors[number], value);
        }
        *sum = value;
    }
}

/// Some rows of a matrix.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processor that the caller asks about"
)]
fn slices<T, const COUNT: usize>(matrix: &[T], rows: [u32; COUNT], width: usize) -> [&[T]; COUNT] {
    let mut slices: [&[T]; COUNT] = [&[]; COUNT];
    for number in 0..COUNT {
        slices[number] = &matrix[rows[number] as usize * width..][..width];
    }
    slices
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
