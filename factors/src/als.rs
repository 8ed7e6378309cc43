//! Alternating least squares for implicit feedback.
//!
//! Hu, Koren and Volinsky (Collaborative filtering for implicit feedback datasets, ICDM 2008) look for vectors x of users and y of items that make
//!
//! ```text
//! sum over all pairs  c(u,i) (p(u,i) - x(u)·y(i))²  +  sum over users  λ(u) |x(u)|²  +  sum over items  λ(i) |y(i)|²
//! ```
//!
//! small, where p is 1 for what somebody touched and 0 for all else, and the confidence c is [`AlsSettings::confidence`] for the former and 1 for the latter.
//! With the vectors of one side held fast, each of the other solves a small linear system. It is solved by some steps of conjugate gradients from where the vector
//! was (Takács, Pilászy and Tikk, Applications of the conjugate gradient method for implicit feedback collaborative filtering, `RecSys` 2011), each in the time of the
//! row's ones, since all else is in one Gram matrix for all.

use ndarray::{Array2, s};
use rayon::prelude::*;
use seeded::Random;

use crate::{
    FactorError, SparseRows, Watch,
    kernels::{PADDED_TO, add_images, add_product, add_scaled, dot, gram, values},
};

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlsSettings {
    /// The length of a vector, at least 1.
    pub dimensions: usize,
    /// How often both sides are solved.
    pub iterations: usize,
    /// The steps of conjugate gradients for a vector, at least 1; three are enough where the vector comes from the iteration before.
    pub conjugate_gradient_steps: usize,
    /// The weight of what somebody touched; all else weighs 1. Above 0.
    pub confidence: f32,
    /// The penalty on the square of a vector's length, at least 0.
    pub regularization: f32,
    /// How a vector's penalty grows with its row: the penalty is `regularization` times the sum of the row's weights to the power of this.
    ///
    /// 0 is one penalty for all, as in Hu et al.; at 1 what is popular is held down as much as what is rare (Rendle, Krichene, Zhang and Koren, Revisiting the
    /// performance of iALS on item recommendation benchmarks, `RecSys` 2022, arXiv:2110.14037).
    pub regularization_exponent: f32,
    /// The seed of the vectors of the items at the start.
    pub seed: u64,
}

impl Default for AlsSettings {
    fn default() -> Self {
        Self {
            dimensions: 64,
            iterations: 15,
            conjugate_gradient_steps: 3,
            confidence: 10.0,
            regularization: 1.0,
            regularization_exponent: 0.0,
            seed: 1,
        }
    }
}

impl AlsSettings {
    fn check(&self) -> Result<(), FactorError> {
        let positive = "a finite number above 0";
        let not_negative = "a finite number of at least 0";
        let count = "at least 1";
        let confidence = self.confidence;
        let checks = [
            (
                "dimensions",
                self.dimensions as f32,
                0 < self.dimensions,
                count,
            ),
            (
                "conjugate_gradient_steps",
                self.conjugate_gradient_steps as f32,
                0 < self.conjugate_gradient_steps,
                count,
            ),
            (
                "confidence",
                confidence,
                0.0 < confidence && confidence.is_finite(),
                positive,
            ),
            (
                "regularization",
                self.regularization,
                0.0 <= self.regularization && self.regularization.is_finite(),
                not_negative,
            ),
            (
                "regularization_exponent",
                self.regularization_exponent,
                0.0 <= self.regularization_exponent && self.regularization_exponent.is_finite(),
                not_negative,
            ),
        ];
        for (name, value, is_right, expected) in checks {
            if !is_right {
                let value = f64::from(value);
                return Err(FactorError::Setting {
                    name,
                    value,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// The penalty of the vector of a row with so many ones and so many columns.
    pub(crate) fn penalty(&self, one_count: usize, column_count: usize) -> f32 {
        let zero_count = column_count.saturating_sub(one_count);
        let weight = self.confidence * one_count as f32 + zero_count as f32;
        self.regularization * weight.powf(self.regularization_exponent)
    }
}

/// Vectors of users and items: the inner product of two of them says how much the one is expected to like the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// A row a user.
    pub users: Array2<f32>,
    /// A row an item.
    pub items: Array2<f32>,
}

/// Learns the vectors of the rows of a matrix, the users, and of its columns, the items. Where there are no ones, a vector is zero.
///
/// O(iterations × steps × (ones × dimensions + (users + items) × dimensions²)).
///
/// # Errors
///
/// When a setting is out of its range.
pub fn als(
    by_user: SparseRows<'_>,
    settings: &AlsSettings,
    watch: Watch<'_>,
) -> Result<Factors, FactorError> {
    settings.check()?;
    let by_item = by_user.transposed();
    let by_item = by_item.as_rows();
    // Zeros behind the vectors stay zeros, and no loop has a rest.
    let width = settings.dimensions.next_multiple_of(PADDED_TO);
    let mut users = Array2::zeros((by_user.row_count(), width));
    let mut items = Array2::zeros((by_item.row_count(), width));
    let mut random = Random::new(settings.seed);
    // Small, so that the first solution is not far from where the second begins.
    items
        .slice_mut(s![.., ..settings.dimensions])
        .mapv_inplace(|_: f32| (random.unit() - 0.5) as f32 * 0.01);
    for iteration in 1..=settings.iterations {
        solve_side(&mut users, by_user, &items, settings);
        solve_side(&mut items, by_item, &users, settings);
        watch(iteration, settings.iterations);
    }
    let cropped = |vectors: &Array2<f32>| vectors.slice(s![.., ..settings.dimensions]).to_owned();
    Ok(Factors {
        users: cropped(&users),
        items: cropped(&items),
    })
}

/// Solves the vectors of all rows, with those of the columns held fast.
fn solve_side(
    vectors: &mut Array2<f32>,
    rows: SparseRows<'_>,
    others: &Array2<f32>,
    settings: &AlsSettings,
) {
    let width = others.ncols();
    let gram = gram(others);
    let system = System {
        gram: values(&gram),
        others: values(others),
        extra_confidence: settings.confidence - 1.0,
        steps: settings.conjugate_gradient_steps,
    };
    let architecture = pulp::Arch::new();
    vectors
        .as_slice_mut()
        .expect("a new matrix is row-major")
        .par_chunks_mut(width)
        .enumerate()
        .for_each_init(
            || Workspace::new(width),
            |workspace, (row, vector)| {
                let ones = rows.row(row);
                let penalty = settings.penalty(ones.len(), rows.column_count());
                architecture.dispatch(Solve {
                    system: &system,
                    vector,
                    ones,
                    penalty,
                    workspace,
                });
            },
        );
}

/// The linear systems of one side: for a row with the ones I, `(YᵀY + (c - 1) Σ y yᵀ + λ) x = c Σ y`, with the sums over the y of I.
struct System<'a> {
    /// `YᵀY`.
    gram: &'a [f32],
    /// Y.
    others: &'a [f32],
    /// c - 1.
    extra_confidence: f32,
    steps: usize,
}

/// The vectors of a solution, kept from row to row.
struct Workspace {
    residual: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl Workspace {
    fn new(width: usize) -> Self {
        let vector = || vec![0.0; width];
        Self {
            residual: vector(),
            direction: vector(),
            image: vector(),
        }
    }
}

/// No residual whose square is below this is worth a step.
const NEGLIGIBLE: f32 = 1e-20;

/// Some steps of conjugate gradients for one row, from its vector as it is.
struct Solve<'a> {
    system: &'a System<'a>,
    vector: &'a mut [f32],
    ones: &'a [u32],
    /// λ.
    penalty: f32,
    workspace: &'a mut Workspace,
}

impl pulp::WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "pulp compiles it for the processor that runs it"
    )]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let Self { vector, ones, .. } = self;
        if ones.is_empty() {
            vector.fill(0.0);
            return;
        }
        let &System {
            gram,
            others,
            extra_confidence,
            steps,
        } = self.system;
        let Workspace {
            residual,
            direction,
            image,
        } = self.workspace;
        // The residual is c Σ y - A x: the right-hand side comes in the same walk as the image of x.
        image.fill(0.0);
        add_product(simd, gram, vector, image);
        add_scaled(image, self.penalty, vector);
        residual.fill(0.0);
        add_scaled(residual, -1.0, image);
        let share = |score: f32| extra_confidence * (1.0 - score) + 1.0;
        add_images(simd, others, ones, vector, share, residual);
        direction.copy_from_slice(residual);
        let mut squared = dot(residual, residual);
        for _ in 0..steps {
            if squared < NEGLIGIBLE {
                break;
            }
            image.fill(0.0);
            add_product(simd, gram, direction, image);
            add_scaled(image, self.penalty, direction);
            add_images(
                simd,
                others,
                ones,
                direction,
                |score| extra_confidence * score,
                image,
            );
            let step = squared / dot(direction, image);
            if !step.is_finite() {
                break;
            }
            add_scaled(vector, step, direction);
            add_scaled(residual, -step, image);
            let next = dot(residual, residual);
            let share = next / squared;
            squared = next;
            for (direction, residual) in direction.iter_mut().zip(&*residual) {
                *direction = residual + share * *direction;
            }
        }
    }
}

/// What [`als`] makes small, divided by the weights of all pairs. O(ones × dimensions + (users + items) × dimensions²).
///
/// # Errors
///
/// When the vectors are not those of this matrix, or a setting is out of its range.
pub fn als_loss(
    by_user: SparseRows<'_>,
    factors: &Factors,
    settings: &AlsSettings,
) -> Result<f64, FactorError> {
    settings.check()?;
    let by_item = by_user.transposed();
    let by_item = by_item.as_rows();
    let has_vectors = |rows: SparseRows<'_>, vectors: &Array2<f32>| {
        vectors.nrows() == rows.row_count() && vectors.ncols() == settings.dimensions
    };
    if !has_vectors(by_user, &factors.users) || !has_vectors(by_item, &factors.items) {
        return Err(FactorError::Setting {
            name: "dimensions",
            value: settings.dimensions as f64,
            expected: "the length of the vectors, of which every row and column has one",
        });
    }
    let confidence = f64::from(settings.confidence);
    let of_user = |user: usize| -> f64 {
        let vector = factors.users.row(user);
        let of_pair = |&item: &u32| {
            let score = f64::from(vector.dot(&factors.items.row(item as usize)));
            confidence * (1.0 - score).powi(2) - score.powi(2)
        };
        by_user.row(user).iter().map(of_pair).sum()
    };
    let of_ones: Vec<f64> = (0..by_user.row_count())
        .into_par_iter()
        .map(of_user)
        .collect();
    // As if all pairs were zeros: the sum of the squares of all scores, by the Gram matrices of both sides.
    let (of_users, of_items) = (gram(&factors.users), gram(&factors.items));
    let of_zeros = of_users.iter().zip(&of_items);
    let of_zeros: f64 = of_zeros
        .map(|(left, right)| f64::from(*left) * f64::from(*right))
        .sum();
    let penalties = |rows: SparseRows<'_>, vectors: &Array2<f32>| -> f64 {
        let of_row = |(ones, vector): (&[u32], ndarray::ArrayView1<f32>)| {
            f64::from(settings.penalty(ones.len(), rows.column_count()))
                * f64::from(vector.dot(&vector))
        };
        rows.iter().zip(vectors.outer_iter()).map(of_row).sum()
    };
    let loss = of_ones.iter().sum::<f64>()
        + of_zeros
        + penalties(by_user, &factors.users)
        + penalties(by_item, &factors.items);
    let pair_count = by_user.row_count() as f64 * by_item.row_count() as f64;
    let weight = pair_count + (confidence - 1.0) * by_user.entry_count() as f64;
    Ok(loss / weight.max(1.0))
}
