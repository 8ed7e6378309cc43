//! The vector of a person: implicit least squares with the items held fast (Hu, Koren and Volinsky, ICDM 2008), where every item of the history is taken for the
//! centroid of its cluster.

/// What the items of a history in one cluster say together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Vote {
    /// The centroid of the cluster.
    pub(super) centroid: Vec<f32>,
    /// The sum of the magnitudes of the weights.
    pub(super) weight: f32,
    /// The sum, over the items that were liked, of what they weigh.
    pub(super) liking: f32,
}

/// The x that solves `(D + (c - 1) Σ weight · C Cᵀ) x = Σ liking · C`, with the diagonal D, whose elements are above zero, and the sums over the votes.
///
/// By conjugate gradients (Hestenes and Stiefel 1952), which need no matrix. They solve for `√D x`, of whose matrix all but as many eigenvalues as there are votes
/// are 1, so that few steps do. O(dimensions × votes × the smaller of the two).
pub(super) fn fold_in(diagonal: &[f32], extra_confidence: f32, mut votes: Vec<Vote>) -> Vec<f32> {
    let roots: Vec<f32> = diagonal.iter().map(|value| value.sqrt()).collect();
    let mut residual = vec![0.0; roots.len()];
    for vote in &mut votes {
        for (value, root) in vote.centroid.iter_mut().zip(&roots) {
            *value /= root;
        }
        add_scaled(&mut residual, vote.liking, &vote.centroid);
    }
    let mut solution = vec![0.0; roots.len()];
    let mut direction = residual.clone();
    let mut squared = dot(&residual, &residual);
    let negligible = squared * f32::EPSILON * f32::EPSILON;
    // Without rounding one for each dimension would do.
    for _ in 0..2 * roots.len() {
        if squared <= negligible {
            break;
        }
        let mut image = direction.clone();
        for vote in &votes {
            let share = extra_confidence * vote.weight * dot(&vote.centroid, &direction);
            add_scaled(&mut image, share, &vote.centroid);
        }
        let step = squared / dot(&direction, &image);
        if !step.is_finite() {
            break;
        }
        add_scaled(&mut solution, step, &direction);
        add_scaled(&mut residual, -step, &image);
        let next = dot(&residual, &residual);
        let share = next / squared;
        squared = next;
        for (direction, residual) in direction.iter_mut().zip(&residual) {
            *direction = residual + share * *direction;
        }
    }
    for (value, root) in solution.iter_mut().zip(&roots) {
        *value /= root;
    }
    solution
}

/// The inner product.
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

fn add_scaled(sum: &mut [f32], factor: f32, vector: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(vector) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The solution put into the equation, in double precision.
        #[test]
        fn the_equation_holds(
            diagonal in prop::collection::vec(0.5..20.0_f32, 1..9),
            votes in prop::collection::vec((prop::collection::vec(-1.0..1.0_f32, 9), 0.1..3.0_f32, 0.0..9.0_f32), 0..6),
        ) {
            let votes: Vec<Vote> = votes
                .into_iter()
                .map(|(centroid, weight, liking)| Vote { centroid: centroid[..diagonal.len()].to_vec(), weight, liking })
                .collect();
            let solution = fold_in(&diagonal, 3.0, votes.clone());
            for (row, value) in solution.iter().enumerate() {
                let mut left = f64::from(diagonal[row] * value);
                let mut right = 0.0;
                for vote in &votes {
                    let product: f64 = vote.centroid.iter().zip(&solution).map(|(one, other)| f64::from(one * other)).sum();
                    left += 3.0 * f64::from(vote.weight * vote.centroid[row]) * product;
                    right += f64::from(vote.liking * vote.centroid[row]);
                }
                prop_assert!((left - right).abs() < 1e-3 * (1.0 + right.abs()), "{left} is not {right}");
            }
        }
    }
}
