//! The largest singular values of a sparse matrix and their vectors, by randomised subspace iteration.
//!
//! Halko, Martinsson and Tropp (Finding structure with randomness, SIAM Review 53, 2011, algorithms 4.4 and 5.1): some more random directions than are wanted are
//! sent through the matrix and back, and made orthonormal, until they span what the matrix stretches most; the exact decomposition of the matrix restricted to them is
//! small.

use faer::{
    Auto, MatMut, Par, Spec,
    diag::DiagMut,
    dyn_stack::{MemBuffer, MemStack},
    linalg::svd::{ComputeSvdVectors, SvdParams, svd as dense_svd, svd_scratch},
};
use ndarray::{Array2, s};
use seeded::Random;

use crate::{
    FactorError, WeightedRows,
    kernels::{as_faer, gram, multiply},
};

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SvdSettings {
    /// How many singular values are wanted, at least 1; there are fewer where the matrix has fewer rows or columns.
    pub dimensions: usize,
    /// How many directions more are followed, so that the last wanted one is right as well.
    pub oversampling: usize,
    /// How often the directions are sent there and back.
    pub iterations: usize,
    /// The seed of the directions.
    pub seed: u64,
}

impl Default for SvdSettings {
    fn default() -> Self {
        Self {
            dimensions: 64,
            oversampling: 16,
            iterations: 6,
            seed: 1,
        }
    }
}

/// The matrix is about `users × diag(singular_values) × itemsᵀ`, better than any other of that rank.
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// Orthonormal columns, a row a user.
    pub users: Array2<f32>,
    /// The largest first, none negative.
    pub singular_values: Vec<f32>,
    /// Orthonormal columns, a row an item. Of each column the element with the largest magnitude is positive.
    pub items: Array2<f32>,
}

/// Decomposes a matrix of a row a user and a column an item, of ones ([`SparseRows`](crate::SparseRows)) or of weights ([`WeightedRows`]): whatever has rows and columns,
/// such as items and their terms. O(iterations × (entries × directions + (users + items) × directions²)).
///
/// # Errors
///
/// When no dimension is wanted, or the numbers overflow.
pub fn svd<'a>(
    by_user: impl Into<WeightedRows<'a>>,
    settings: &SvdSettings,
) -> Result<Svd, FactorError> {
    let by_user = by_user.into();
    if settings.dimensions == 0 {
        return Err(FactorError::Setting {
            name: "dimensions",
            value: 0.0,
            expected: "at least 1",
        });
    }
    let by_item = by_user.transposed();
    let by_item = by_item.as_weighted_rows();
    let (user_count, item_count) = (by_user.row_count(), by_item.row_count());
    let smaller = user_count.min(item_count);
    let dimensions = settings.dimensions.min(smaller);
    let directions = settings
        .dimensions
        .saturating_add(settings.oversampling)
        .min(smaller);
    if directions == 0 {
        return Ok(Svd {
            users: Array2::zeros((user_count, 0)),
            singular_values: Vec::new(),
            items: Array2::zeros((item_count, 0)),
        });
    }
    let mut random = Random::new(settings.seed);
    // The sum of some uniform numbers is as good as normal: what is wanted is that no direction is preferred.
    let mut normal = || (0..12).map(|_| random.unit()).sum::<f64>() as f32 - 6.0;
    let start = Array2::from_shape_simple_fn((item_count, directions), &mut normal);
    let mut basis = ThinSvd::of(&start)?.left;
    for _ in 0..settings.iterations {
        let there = ThinSvd::of(&by_user.product(&basis))?.left;
        basis = ThinSvd::of(&by_item.product(&there))?.left;
    }
    // The matrix restricted to the basis is W s Zᵀ, so the matrix is about W s (V Z)ᵀ.
    let restricted = ThinSvd::of(&by_user.product(&basis))?;
    let mut items = Array2::zeros((item_count, directions));
    multiply(&mut items, as_faer(&basis), as_faer(&restricted.right));
    let mut users = restricted.left.slice(s![.., ..dimensions]).to_owned();
    let mut items = items.slice(s![.., ..dimensions]).to_owned();
    for (mut item_column, mut user_column) in
        items.columns_mut().into_iter().zip(users.columns_mut())
    {
        let largest = item_column.iter().fold(0.0_f32, |largest, &value| {
            if largest.abs() < value.abs() {
                value
            } else {
                largest
            }
        });
        if largest < 0.0 {
            item_column.mapv_inplace(|value| -value);
            user_column.mapv_inplace(|value| -value);
        }
    }
    let mut singular_values = restricted.singular_values;
    singular_values.truncate(dimensions);
    Ok(Svd {
        users,
        singular_values,
        items,
    })
}

/// Vectors along the axes of their own spread, a row each, and the sums of the squares of their coordinates along each axis, the largest first: the inner products of the
/// vectors stay, and their Gram matrix has nothing beside its diagonal. O(rows × columns²).
///
/// # Errors
///
/// When the numbers are not finite.
pub fn along_principal_axes(vectors: &Array2<f32>) -> Result<(Array2<f32>, Vec<f32>), FactorError> {
    let axes = ThinSvd::of(&gram(vectors))?;
    let in_order = vectors.as_standard_layout().into_owned();
    let mut turned = Array2::zeros(vectors.dim());
    multiply(&mut turned, as_faer(&in_order), as_faer(&axes.right));
    Ok((turned, axes.singular_values))
}

/// The decomposition of a matrix with at least as many rows as columns.
struct ThinSvd {
    /// As many orthonormal columns as the matrix has.
    left: Array2<f32>,
    singular_values: Vec<f32>,
    right: Array2<f32>,
}

impl ThinSvd {
    /// In this thread, so that the sums have one order.
    fn of(matrix: &Array2<f32>) -> Result<Self, FactorError> {
        let (row_count, column_count) = matrix.dim();
        let params: Spec<SvdParams, f32> = <SvdParams as Auto<f32>>::auto().into();
        let thin = ComputeSvdVectors::Thin;
        let mut memory = MemBuffer::new(svd_scratch::<f32>(
            row_count,
            column_count,
            thin,
            thin,
            Par::Seq,
            params,
        ));
        let mut decomposed = Self {
            left: Array2::zeros((row_count, column_count)),
            singular_values: vec![0.0; column_count],
            right: Array2::zeros((column_count, column_count)),
        };
        let (Some(left), Some(right)) = (
            decomposed.left.as_slice_mut(),
            decomposed.right.as_slice_mut(),
        ) else {
            unreachable!("a new matrix is row-major");
        };
        dense_svd(
            as_faer(matrix),
            DiagMut::from_slice_mut(&mut decomposed.singular_values),
            Some(MatMut::from_row_major_slice_mut(
                left,
                row_count,
                column_count,
            )),
            Some(MatMut::from_row_major_slice_mut(
                right,
                column_count,
                column_count,
            )),
            Par::Seq,
            MemStack::new(&mut memory),
            params,
        )
        .map_err(|_| FactorError::Singular {
            doing: "decomposing the matrix",
        })?;
        Ok(decomposed)
    }
}
