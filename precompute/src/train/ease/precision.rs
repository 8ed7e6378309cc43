//! The inverse of the regularized Gram matrix, which statistics calls a precision matrix, as far as it is asked for.

use faer::{
    Auto, MatMut, Par, Spec,
    dyn_stack::{MemBuffer, MemStack},
    linalg::cholesky::llt::{
        factor::{LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch},
        inverse::{inverse, inverse_scratch},
    },
};
use ndarray::Array2;
use ndarray::parallel::prelude::*;

use super::{CANDIDATES_A_NEIGHBOUR, least_squares::LeastSquares, support_max_len};
use crate::train::{Interactions, TrainError, best::keep_best};

/// P, the inverse of the Gram matrix with the penalties on its diagonal.
pub(super) trait Precision: Sync {
    /// The elements of row `item` of P in the columns `others`, up to a factor of the row's own; none of the columns is `item`. The diagonal came with the matrix.
    ///
    /// `counts` is the item's row of the Gram matrix.
    fn elements(
        &self,
        item: u32,
        others: &[u32],
        counts: &[f32],
        solver: &mut LeastSquares<'_>,
    ) -> Result<Vec<f32>, TrainError>;
}

/// P as it is, for fewer items than users: O(items³) to make and O(items²) of memory.
pub(super) struct DensePrecision(Array2<f32>);

impl DensePrecision {
    /// P and its diagonal.
    pub(super) fn new(
        gram: &Array2<f32>,
        penalties: &[f32],
    ) -> Result<(Self, Vec<f32>), TrainError> {
        let mut regularized = gram.clone();
        for (diagonal, penalty) in regularized.diag_mut().iter_mut().zip(penalties) {
            *diagonal += penalty;
        }
        let precision = inverted(regularized)?;
        let diagonal = precision.diag().to_vec();
        Ok((Self(precision), diagonal))
    }

    /// All of P.
    pub(super) fn into_matrix(self) -> Array2<f32> {
        self.0
    }
}

impl Precision for DensePrecision {
    fn elements(
        &self,
        item: u32,
        others: &[u32],
        _: &[f32],
        _: &mut LeastSquares<'_>,
    ) -> Result<Vec<f32>, TrainError> {
        let row = self.0.row(item as usize);
        Ok(others.iter().map(|&other| row[other as usize]).collect())
    }
}

/// P through the users, for fewer users than items: O(users³) to make, O(users²) of memory, and for each item that is asked about
/// its likes times the users, and the likes of the others.
///
/// With the interactions X and the diagonal matrix of penalties D, the identity of Woodbury gives
/// `(XᵀX + D)⁻¹ = D⁻¹ - D⁻¹ Xᵀ (I + X D⁻¹ Xᵀ)⁻¹ X D⁻¹`, in which only a matrix of users by users is inverted.
pub(super) struct DualPrecision<'a> {
    interactions: &'a Interactions,
    penalties: &'a [f32],
    /// `(I + X D⁻¹ Xᵀ)⁻¹`.
    users: Array2<f32>,
}

impl<'a> DualPrecision<'a> {
    /// P and its diagonal.
    pub(super) fn new(
        interactions: &'a Interactions,
        penalties: &'a [f32],
    ) -> Result<(Self, Vec<f32>), TrainError> {
        let user_count = interactions.user_count();
        let mut users = Array2::zeros((user_count, user_count));
        users
            .outer_iter_mut()
            .into_par_iter()
            .enumerate()
            .for_each(|(user, mut row)| {
                for &item in interactions.by_user.row(user) {
                    for &other in interactions.by_item.row(item as usize) {
                        row[other as usize] += 1.0 / penalties[item as usize];
                    }
                }
                row[user] += 1.0;
            });
        let precision = Self {
            interactions,
            penalties,
            users: inverted(users)?,
        };
        let diagonal = (0..interactions.item_count())
            .into_par_iter()
            .map_init(Vec::new, |user_sums, item| {
                precision.sum_users(item, user_sums);
                let sum = precision.sum_over_users_of(item, user_sums);
                (1.0 - sum / penalties[item]) / penalties[item]
            })
            .collect();
        Ok((precision, diagonal))
    }

    /// The sum of the rows of the users of `item` in the matrix of users.
    fn sum_users(&self, item: usize, sums: &mut Vec<f32>) {
        sums.clear();
        sums.resize(self.users.ncols(), 0.0);
        for &user in self.interactions.by_item.row(item) {
            for (sum, value) in sums.iter_mut().zip(self.users.row(user as usize)) {
                *sum += value;
            }
        }
    }

    fn sum_over_users_of(&self, item: usize, user_sums: &[f32]) -> f32 {
        self.interactions
            .by_item
            .row(item)
            .iter()
            .map(|&user| user_sums[user as usize])
            .sum()
    }
}

impl Precision for DualPrecision<'_> {
    fn elements(
        &self,
        item: u32,
        others: &[u32],
        _: &[f32],
        _: &mut LeastSquares<'_>,
    ) -> Result<Vec<f32>, TrainError> {
        let mut user_sums = Vec::new();
        self.sum_users(item as usize, &mut user_sums);
        let penalty = self.penalties[item as usize];
        let element = |&other: &u32| {
            let sum = self.sum_over_users_of(other as usize, &user_sums);
            -sum / (penalty * self.penalties[other as usize])
        };
        Ok(others.iter().map(element).collect())
    }
}

/// P near each item, for more items and users than a matrix can have: as if there were only the item's candidates, those that are liked together with it most for what
/// they are liked at all. O(candidates³) for each item that is asked about.
///
/// The row of P is then what explains the item in a least-squares fit, turned round and scaled; and the diagonal is taken as if nothing explained an item.
pub(super) struct LocalPrecision<'a> {
    penalties: &'a [f32],
    /// The diagonal of the Gram matrix with the penalties.
    regularized: Vec<f32>,
    neighbour_count: usize,
}

impl<'a> LocalPrecision<'a> {
    /// P and its diagonal.
    pub(super) fn new(
        interactions: &Interactions,
        penalties: &'a [f32],
        neighbour_count: usize,
    ) -> (Self, Vec<f32>) {
        let popularity = |item: usize| interactions.popularity(item) as f32;
        let regularized: Vec<f32> = (0..)
            .zip(penalties)
            .map(|(item, penalty)| popularity(item) + penalty)
            .collect();
        let diagonal = regularized.iter().map(|element| 1.0 / element).collect();
        let precision = Self {
            penalties,
            regularized,
            neighbour_count,
        };
        (precision, diagonal)
    }
}

impl Precision for LocalPrecision<'_> {
    fn elements(
        &self,
        item: u32,
        others: &[u32],
        counts: &[f32],
        solver: &mut LeastSquares<'_>,
    ) -> Result<Vec<f32>, TrainError> {
        let likeness = |&item: &u32| {
            let item = item as usize;
            counts[item] / self.regularized[item].sqrt()
        };
        let mut best: Vec<(f32, u32)> = others
            .iter()
            .zip(0..)
            .map(|(item, place)| (likeness(item), place))
            .collect();
        let kept = support_max_len(counts[item as usize], self.neighbour_count);
        keep_best(&mut best, kept * CANDIDATES_A_NEIGHBOUR);
        let mut places: Vec<u32> = best.into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        let candidates: Vec<u32> = places.iter().map(|&place| others[place as usize]).collect();
        let weights = solver.fit(&candidates, counts, self.penalties)?;
        let mut elements = vec![0.0; others.len()];
        for (place, weight) in places.into_iter().zip(weights) {
            elements[place as usize] = -weight;
        }
        Ok(elements)
    }
}

/// The inverse of a symmetric positive definite matrix, by Cholesky.
///
/// How the work is cut into tasks is fixed here, whatever the number of threads, and so is the order of every sum.
fn inverted(mut matrix: Array2<f32>) -> Result<Array2<f32>, TrainError> {
    let parallelism = Par::rayon(8);
    let size = matrix.nrows();
    let params: Spec<LltParams, f32> = <LltParams as Auto<f32>>::auto().into();
    let mut memory = MemBuffer::new(
        cholesky_in_place_scratch::<f32>(size, parallelism, params)
            .or(inverse_scratch::<f32>(size, parallelism)),
    );
    let stack = MemStack::new(&mut memory);
    let mut inverse_matrix = Array2::zeros((size, size));
    // ndarray's rows are faer's columns here, which makes no difference to a symmetric matrix: the lower triangle of faer is ndarray's upper one.
    let (Some(elements), Some(inverse_elements)) =
        (matrix.as_slice_mut(), inverse_matrix.as_slice_mut())
    else {
        return Err(TrainError::NotPositiveDefinite);
    };
    let mut factor = MatMut::from_column_major_slice_mut(elements, size, size);
    cholesky_in_place(
        factor.as_mut(),
        LltRegularization::default(),
        parallelism,
        stack,
        params,
    )
    .map_err(|_| TrainError::NotPositiveDefinite)?;
    inverse(
        MatMut::from_column_major_slice_mut(inverse_elements, size, size),
        factor.as_ref(),
        parallelism,
        stack,
    );
    for row in 1..size {
        for column in 0..row {
            inverse_matrix[(row, column)] = inverse_matrix[(column, row)];
        }
    }
    Ok(inverse_matrix)
}
