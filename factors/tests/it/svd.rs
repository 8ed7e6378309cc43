//! The randomised decomposition beside the dense one.

use factors::{AlsSettings, SvdSettings, WeightedRows, along_principal_axes, als, svd};
use ndarray::Array2;
use proptest::prelude::*;

use crate::matrices::{Matrix, matrices, tastes, weighted_matrices};

/// All singular values, the largest first: rotates pairs of columns until each is orthogonal to all others, when their lengths are the singular values (Hestenes' one-sided
/// Jacobi method).
fn singular_values(dense: &Array2<f64>) -> Vec<f64> {
    let is_wide = dense.nrows() < dense.ncols();
    let mut columns = if is_wide {
        dense.t().to_owned()
    } else {
        dense.clone()
    };
    let count = columns.ncols();
    for _ in 0..30 {
        for (left, right) in (0..count).flat_map(|left| (0..left).map(move |right| (left, right))) {
            let (x, y) = (columns.column(left), columns.column(right));
            let (xx, xy, yy) = (x.dot(&x), x.dot(&y), y.dot(&y));
            if xy.abs() <= 1e-14 * (xx * yy).sqrt() {
                continue;
            }
            let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
            let (x, y) = (x.to_owned(), y.to_owned());
            let turned = &x * angle.cos() + &y * angle.sin();
            columns.column_mut(left).assign(&turned);
            let turned = &y * angle.cos() - &x * angle.sin();
            columns.column_mut(right).assign(&turned);
        }
    }
    let lengths = columns.columns().into_iter();
    let mut values: Vec<f64> = lengths.map(|column| column.dot(&column).sqrt()).collect();
    values.sort_by(|left, right| right.total_cmp(left));
    values
}

fn check(matrix: WeightedRows<'_>, dense: &Array2<f64>, settings: &SvdSettings) {
    let found = svd(matrix, settings).unwrap();
    let expected = singular_values(dense);
    assert_eq!(
        found.singular_values.len(),
        settings.dimensions.min(expected.len())
    );
    for (value, expected) in found.singular_values.iter().zip(&expected) {
        assert!(
            (f64::from(*value) - expected).abs() < 1e-3 * (1.0 + expected),
            "{value} is not {expected}"
        );
    }
    let unit = |vectors: &Array2<f32>| {
        let product = vectors.t().dot(vectors);
        let error = product - Array2::<f32>::eye(vectors.ncols());
        assert!(
            error.iter().all(|error| error.abs() < 1e-4),
            "the columns are not orthonormal: {error}"
        );
    };
    unit(&found.users);
    unit(&found.items);
    // The best approximation of its rank: what is left over is what the other singular values say.
    let diagonal = Array2::from_diag(&ndarray::Array1::from_vec(found.singular_values.clone()));
    let approximation = found
        .users
        .dot(&diagonal)
        .dot(&found.items.t())
        .mapv(f64::from);
    let rest: f64 = (dense - approximation)
        .iter()
        .map(|error| error * error)
        .sum();
    let expected: f64 = expected[found.singular_values.len()..]
        .iter()
        .map(|value| value * value)
        .sum();
    assert!(
        (rest - expected).abs() < 1e-2 * (1.0 + expected),
        "{rest} is left and not {expected}"
    );
}

proptest! {
    #[test]
    fn is_the_dense_one_of_small_matrices(matrix in matrices(), dimensions in 1..14_usize) {
        let settings = SvdSettings { dimensions, ..SvdSettings::default() };
        check(matrix.by_user().into(), &matrix.dense(), &settings);
    }

    #[test]
    fn is_the_dense_one_of_small_weighted_matrices((matrix, weights) in weighted_matrices(), dimensions in 1..14_usize) {
        let settings = SvdSettings { dimensions, ..SvdSettings::default() };
        let rows = matrix.by_user().weighted(&weights).unwrap();
        check(rows, &matrix.dense_weighted(&weights), &settings);
    }
}

#[test]
fn is_the_dense_one_of_a_larger_matrix() {
    let settings = SvdSettings {
        dimensions: 3,
        ..SvdSettings::default()
    };
    check(tastes().by_user().into(), &tastes().dense(), &settings);
    let found = svd(tastes().by_user(), &settings).unwrap();
    for column in found.items.columns() {
        let largest = column
            .iter()
            .copied()
            .max_by(|left, right| left.abs().total_cmp(&right.abs()));
        assert!(0.0 < largest.unwrap());
    }
}

#[test]
fn weights_of_one_are_none() {
    let matrix = tastes();
    let ones = vec![1.0; matrix.by_user().entry_count()];
    let settings = SvdSettings::default();
    let weighted = svd(matrix.by_user().weighted(&ones).unwrap(), &settings);
    assert_eq!(weighted, svd(matrix.by_user(), &settings));
}

#[test]
fn of_nothing_is_nothing() {
    let matrix = Matrix::new(vec![Vec::new(); 3], 0);
    let found = svd(matrix.by_user(), &SvdSettings::default()).unwrap();
    assert_eq!(found.users.dim(), (3, 0));
    assert!(found.singular_values.is_empty());
}

#[test]
fn along_their_axes_vectors_have_the_same_inner_products_and_a_diagonal_gram_matrix() {
    let settings = AlsSettings {
        dimensions: 7,
        ..AlsSettings::default()
    };
    let vectors = als(tastes().by_user(), &settings, &|_, _| ())
        .unwrap()
        .items;
    let (turned, squares) = along_principal_axes(&vectors).unwrap();
    let near = |left: Array2<f32>, right: &Array2<f32>| {
        let largest = right
            .iter()
            .fold(0.0, |largest: f32, value| largest.max(value.abs()));
        let error = left - right;
        assert!(
            error.iter().all(|error| error.abs() < 1e-4 * largest),
            "{error}"
        );
    };
    near(turned.dot(&turned.t()), &vectors.dot(&vectors.t()));
    near(
        turned.t().dot(&turned),
        &Array2::from_diag(&ndarray::Array1::from_vec(squares.clone())),
    );
    assert!(squares.is_sorted_by(|left, right| right <= left));
}
