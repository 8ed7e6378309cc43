use faer::{
    Auto, MatMut, Par, Spec,
    dyn_stack::{MemBuffer, MemStack},
    linalg::cholesky::llt::{
        factor::{LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch},
        solve::{solve_in_place, solve_in_place_scratch},
    },
};
use ndarray::{Array1, Array2};

use crate::{
    AlsSettings, FactorError,
    kernels::{add_scaled, gram, values},
};

/// Makes the vectors of people whom the training did not see: those that [`als`](crate::als) would give them if the items stayed as they are, solved exactly.
#[derive(Clone, Debug)]
pub struct FoldIn<'a> {
    items: &'a Array2<f32>,
    gram: Array2<f32>,
    settings: AlsSettings,
}

impl<'a> FoldIn<'a> {
    /// Prepares for items with these vectors, a row each, learnt with these settings. O(items × dimensions²).
    ///
    /// # Errors
    ///
    /// When the vectors have not the length that the settings say.
    pub fn new(items: &'a Array2<f32>, settings: &AlsSettings) -> Result<Self, FactorError> {
        if items.ncols() != settings.dimensions || !items.is_standard_layout() {
            return Err(FactorError::Setting {
                name: "dimensions",
                value: settings.dimensions as f64,
                expected: "the length of the vectors, which are the rows of a row-major matrix",
            });
        }
        Ok(Self {
            items,
            gram: gram(items),
            settings: *settings,
        })
    }

    /// The vector of somebody who touched the items of `history`. O(history × dimensions² + dimensions³). Of an empty history it is zero.
    ///
    /// # Errors
    ///
    /// When an item has no vector, or there is no penalty and too few items to say what the vector is.
    pub fn vector(&self, history: &[u32]) -> Result<Array1<f32>, FactorError> {
        let (item_count, width) = self.items.dim();
        let values = values(self.items);
        let mut matrix = self.gram.clone();
        let penalty = self.settings.penalty(history.len(), item_count);
        matrix
            .diag_mut()
            .iter_mut()
            .for_each(|diagonal| *diagonal += penalty);
        let matrix = matrix.as_slice_mut().expect("a new matrix is row-major");
        let mut solution = vec![0.0; width];
        for &item in history {
            if item_count <= item as usize {
                return Err(FactorError::UnknownItem { item, item_count });
            }
            let vector = &values[item as usize * width..][..width];
            add_scaled(&mut solution, self.settings.confidence, vector);
            for (&value, column) in vector.iter().zip(matrix.chunks_exact_mut(width)) {
                add_scaled(column, (self.settings.confidence - 1.0) * value, vector);
            }
        }
        if history.is_empty() {
            return Ok(Array1::from_vec(solution));
        }
        solve(matrix, &mut solution)?;
        Ok(Array1::from_vec(solution))
    }
}

/// Solves a symmetric, positive definite system in place.
fn solve(matrix: &mut [f32], right_hand_side: &mut [f32]) -> Result<(), FactorError> {
    let size = right_hand_side.len();
    let singular = || FactorError::Singular {
        doing: "folding in a history",
    };
    let params: Spec<LltParams, f32> = <LltParams as Auto<f32>>::auto().into();
    let mut memory = MemBuffer::new(
        cholesky_in_place_scratch::<f32>(size, Par::Seq, params).or(solve_in_place_scratch::<f32>(
            size,
            1,
            Par::Seq,
        )),
    );
    let stack = MemStack::new(&mut memory);
    let mut factor = MatMut::from_column_major_slice_mut(matrix, size, size);
    cholesky_in_place(
        factor.as_mut(),
        LltRegularization::default(),
        Par::Seq,
        stack,
        params,
    )
    .map_err(|_| singular())?;
    let solution = MatMut::from_column_major_slice_mut(right_hand_side, size, 1);
    solve_in_place(factor.as_ref(), solution, Par::Seq, stack);
    if right_hand_side.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(singular())
    }
}
