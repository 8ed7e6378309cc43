use faer::{
    Auto, MatMut, Par, Spec,
    dyn_stack::{MemBuffer, MemStack},
    linalg::cholesky::llt::{
        factor::{LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch},
        solve::{solve_in_place, solve_in_place_scratch},
    },
};

use super::co_occurrences::{CoOccurrences, Counter};
use crate::train::TrainError;

/// Solves small least-squares problems; one a thread, since it keeps its memory.
pub(super) struct LeastSquares<'a> {
    counts: &'a CoOccurrences<'a>,
    counter: Counter,
    matrix: Vec<f32>,
    weights: Vec<f32>,
    memory: MemBuffer,
    params: Spec<LltParams, f32>,
}

impl<'a> LeastSquares<'a> {
    /// Makes room for problems of up to `max_size` of `item_count` items.
    pub(super) fn new(counts: &'a CoOccurrences<'a>, item_count: usize, max_size: usize) -> Self {
        let params: Spec<LltParams, f32> = <LltParams as Auto<f32>>::auto().into();
        let memory = MemBuffer::new(
            cholesky_in_place_scratch::<f32>(max_size, Par::Seq, params)
                .or(solve_in_place_scratch::<f32>(max_size, 1, Par::Seq)),
        );
        Self {
            counts,
            counter: Counter::new(item_count),
            matrix: Vec::new(),
            weights: Vec::new(),
            memory,
            params,
        }
    }

    /// The weights with which `items` explain a target best, given the penalties of all items: `(G[S,S] + D[S,S])⁻¹ G[S,target]`.
    ///
    /// `target_counts` is the target's row of G. O(items³).
    pub(super) fn fit(
        &mut self,
        items: &[u32],
        target_counts: &[f32],
        penalties: &[f32],
    ) -> Result<&[f32], TrainError> {
        let size = items.len();
        self.matrix.clear();
        self.matrix.resize(size * size, 0.0);
        // Only the lower triangle, below and on the diagonal of each column, is read.
        self.counter.fill(self.counts, items, &mut self.matrix);
        for (place, &item) in items.iter().enumerate() {
            self.matrix[place * (size + 1)] += penalties[item as usize];
        }
        self.weights.clear();
        self.weights
            .extend(items.iter().map(|&item| target_counts[item as usize]));

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
        let solution = MatMut::from_column_major_slice_mut(&mut self.weights, size, 1);
        solve_in_place(factor.as_ref(), solution, Par::Seq, stack);
        Ok(&self.weights)
    }
}
