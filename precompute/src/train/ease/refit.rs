use faer::{
    Auto, MatMut, Par, Spec,
    dyn_stack::{MemBuffer, MemStack},
    linalg::cholesky::llt::{
        factor::{LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch},
        solve::{solve_in_place, solve_in_place_scratch},
    },
};
use index::neighbours::Neighbour;

use super::gram::CoOccurrences;
use crate::train::TrainError;

/// Solves the small least-squares problems of the second fit; one a thread, since it keeps its memory.
pub(super) struct Refit {
    matrix: Vec<f32>,
    right_hand_side: Vec<f32>,
    memory: MemBuffer,
    params: Spec<LltParams, f32>,
}

impl Refit {
    /// Makes room for supports of up to `support_max_len` items.
    pub(super) fn new(support_max_len: usize) -> Self {
        let params: Spec<LltParams, f32> = <LltParams as Auto<f32>>::auto().into();
        let memory = MemBuffer::new(
            cholesky_in_place_scratch::<f32>(support_max_len, Par::Seq, params)
                .or(solve_in_place_scratch::<f32>(support_max_len, 1, Par::Seq)),
        );
        Self {
            matrix: Vec::new(),
            right_hand_side: Vec::new(),
            memory,
            params,
        }
    }

    /// The weights with which the items of `support` explain a target best, given the penalties of the items: `(G[S,S] + D[S,S])⁻¹ G[S,target]`.
    ///
    /// `target_counts` is the target's row of G.
    pub(super) fn fit(
        &mut self,
        support: &[u32],
        target_counts: &[f32],
        penalties: &[f32],
        counts: &impl CoOccurrences,
    ) -> Result<Vec<Neighbour>, TrainError> {
        let size = support.len();
        self.matrix.clear();
        self.matrix.resize(size * size, 0.0);
        for (column, &item) in support.iter().enumerate() {
            // Only the lower triangle, below and on the diagonal of each column, is read.
            let elements = &mut self.matrix[column * size..(column + 1) * size][column..];
            for (element, &other) in elements.iter_mut().zip(&support[column..]) {
                *element = counts.count(item, other);
            }
            elements[0] += penalties[item as usize];
        }
        self.right_hand_side.clear();
        self.right_hand_side
            .extend(support.iter().map(|&item| target_counts[item as usize]));

        let stack = MemStack::new(&mut self.memory);
        let mut factor = MatMut::from_column_major_slice_mut(&mut self.matrix, size, size);
        cholesky_in_place(
            factor.as_mut(),
            LltRegularization::default(),
            Par::Seq,
            stack,
            self.params,
        )
        .map_err(|_| TrainError::NotPositiveDefinite)?;
        let solution = MatMut::from_column_major_slice_mut(&mut self.right_hand_side, size, 1);
        solve_in_place(factor.as_ref(), solution, Par::Seq, stack);
        Ok(support
            .iter()
            .zip(&self.right_hand_side)
            .map(|(&item, &weight)| Neighbour { item, weight })
            .collect())
    }
}
