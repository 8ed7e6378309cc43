//! Implicit ALS beside normal equations that are written out, and its loss beside a sum over all pairs.

use factors::{AlsSettings, Factors, FoldIn, als, als_loss};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use crate::matrices::{Matrix, matrices, tastes};

fn settings() -> AlsSettings {
    AlsSettings {
        dimensions: 3,
        confidence: 5.0,
        regularization: 0.3,
        regularization_exponent: 0.5,
        ..AlsSettings::default()
    }
}

/// What a row's vector is, by Gauss's elimination of `(Σ c y yᵀ + λ) x = Σ c p y` over all columns, one by one.
fn normal_equations(row: &[u32], others: &Array2<f32>, settings: &AlsSettings) -> Array1<f64> {
    let width = others.ncols();
    let (mut weight, mut matrix) = (0.0, Array2::<f64>::zeros((width, width + 1)));
    for (column, vector) in (0..).zip(others.outer_iter()) {
        let is_one = row.contains(&column);
        let confidence = if is_one {
            f64::from(settings.confidence)
        } else {
            1.0
        };
        weight += confidence;
        for left in 0..width {
            for right in 0..width {
                matrix[(left, right)] += confidence * f64::from(vector[left] * vector[right]);
            }
            matrix[(left, width)] +=
                f64::from(u8::from(is_one)) * confidence * f64::from(vector[left]);
        }
    }
    let penalty =
        f64::from(settings.regularization) * weight.powf(settings.regularization_exponent.into());
    for left in 0..width {
        matrix[(left, left)] += penalty;
    }
    for pivot in 0..width {
        let pivot_row = matrix.row(pivot).to_owned() / matrix[(pivot, pivot)];
        for left in 0..width {
            let factor = if left == pivot {
                0.0
            } else {
                matrix[(left, pivot)]
            };
            let mut row = matrix.row_mut(left);
            row -= &(&pivot_row * factor);
        }
        matrix.row_mut(pivot).assign(&pivot_row);
    }
    matrix.column(width).to_owned()
}

/// The sum over all pairs, one by one.
fn loss_by_pairs(matrix: &Matrix, factors: &Factors, settings: &AlsSettings) -> f64 {
    let confidence = f64::from(settings.confidence);
    let dense = matrix.dense();
    let (mut loss, mut weight) = (0.0, 0.0);
    for ((user, item), &touched) in dense.indexed_iter() {
        let confidence = if touched == 1.0 { confidence } else { 1.0 };
        let score = f64::from(factors.users.row(user).dot(&factors.items.row(item)));
        loss += confidence * (touched - score).powi(2);
        weight += confidence;
    }
    let mut penalize = |ones: f64, count: usize, vector: ndarray::ArrayView1<f32>| {
        let weight = confidence * ones + (count as f64 - ones);
        let penalty = f64::from(settings.regularization)
            * weight.powf(settings.regularization_exponent.into());
        loss += penalty * f64::from(vector.dot(&vector));
    };
    for (row, vector) in dense.rows().into_iter().zip(factors.users.outer_iter()) {
        penalize(row.sum(), matrix.column_count, vector);
    }
    for (column, vector) in dense.columns().into_iter().zip(factors.items.outer_iter()) {
        penalize(column.sum(), matrix.rows.len(), vector);
    }
    loss / weight
}

proptest! {
    #[test]
    fn its_steps_solve_the_normal_equations(matrix in matrices()) {
        // As many steps as a vector has coordinates, and some for the rounding, reach the solution.
        let settings = AlsSettings { conjugate_gradient_steps: 12, iterations: 4, ..settings() };
        let factors = als(matrix.by_user(), &settings, &|_, _| ()).unwrap();
        for item in 0..matrix.column_count {
            let users: Vec<u32> = matrix.users_of(item as u32);
            let expected = normal_equations(&users, &factors.users, &settings);
            let found = factors.items.row(item).mapv(f64::from);
            prop_assert!((&found - &expected).iter().all(|error| error.abs() < 1e-3), "{found} is not {expected}");
        }
        let fold_in = FoldIn::new(&factors.items, &settings).unwrap();
        for row in &matrix.rows {
            let expected = normal_equations(row, &factors.items, &settings);
            let found = fold_in.vector(row).unwrap().mapv(f64::from);
            prop_assert!((&found - &expected).iter().all(|error| error.abs() < 1e-3), "{found} is not {expected}");
        }
    }

    #[test]
    fn its_loss_is_the_sum_over_all_pairs(matrix in matrices()) {
        let settings = settings();
        let factors = als(matrix.by_user(), &settings, &|_, _| ()).unwrap();
        let found = als_loss(matrix.by_user(), &factors, &settings).unwrap();
        let expected = loss_by_pairs(&matrix, &factors, &settings);
        prop_assert!((found - expected).abs() < 1e-4 * (1.0 + expected), "{found} is not {expected}");
    }
}

#[test]
fn every_iteration_lowers_the_loss_and_is_told() {
    let matrix = tastes();
    let loss = |iterations| {
        let settings = AlsSettings {
            iterations,
            ..settings()
        };
        let factors = als(matrix.by_user(), &settings, &|done, all| {
            assert!(done <= all);
        });
        als_loss(matrix.by_user(), &factors.unwrap(), &settings).unwrap()
    };
    let losses: Vec<f64> = (1..8).map(loss).collect();
    assert!(
        losses.is_sorted_by(|before, after| after <= before),
        "{losses:?}"
    );
}

#[test]
fn somebody_folded_in_is_recommended_what_is_of_the_same_taste() {
    let matrix = tastes();
    let settings = AlsSettings {
        dimensions: 8,
        ..AlsSettings::default()
    };
    let factors = als(matrix.by_user(), &settings, &|_, _| ()).unwrap();
    let fold_in = FoldIn::new(&factors.items, &settings).unwrap();
    for taste in 0..3_u32 {
        let person = fold_in.vector(&[taste, taste + 3, taste + 6]).unwrap();
        let mut items: Vec<u32> = (9..150).collect();
        let score = |item: u32| factors.items.row(item as usize).dot(&person);
        items.sort_by(|&left, &right| score(right).total_cmp(&score(left)));
        assert!(
            items[..20].iter().all(|item| item % 3 == taste),
            "{:?}",
            &items[..20]
        );
    }
    assert_eq!(fold_in.vector(&[]).unwrap(), Array1::zeros(8));
}
