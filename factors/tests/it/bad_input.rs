//! What is wrong is said.

use factors::{
    AlsSettings, FactorError, Factors, FoldIn, KMeansSettings, SparseRows, SvdSettings, als,
    als_loss, k_means, k_means_of_some, svd,
};
use ndarray::{Array2, array};

use crate::matrices::Matrix;

fn said(result: Result<impl std::fmt::Debug, FactorError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn slices_that_are_no_matrix() {
    let offsets = "reading the sparse matrix: the 3 offsets do not ascend from 0 to the 2 entries: pass one offset more than there are rows";
    assert_eq!(said(SparseRows::new(&[0, 2, 1], &[0, 1], 5)), offsets);
    assert_eq!(said(SparseRows::new(&[0, 2, 3], &[0, 1], 5)), offsets);
    assert_eq!(said(SparseRows::new(&[1, 2, 2], &[0, 1], 5)), offsets);
    assert!(SparseRows::new(&[], &[], 5).is_err());
    let row = "reading the sparse matrix: row 1 does not name columns below 5 in ascending order, each once: sort the row and leave out duplicates";
    for entries in [[0, 3, 3], [0, 3, 2], [0, 3, 5]] {
        assert_eq!(said(SparseRows::new(&[0, 1, 3], &entries, 5)), row);
    }
}

#[test]
fn weights_that_are_none() {
    let ones = SparseRows::new(&[0, 1, 3], &[0, 1, 3], 5).unwrap();
    assert_eq!(
        said(ones.weighted(&[1.0, 2.0])),
        "reading the sparse matrix: there are 2 weights for 3 entries: pass one an entry"
    );
    for weight in [f32::NAN, f32::INFINITY] {
        assert_eq!(
            said(ones.weighted(&[1.0, weight, 2.0])),
            "reading the sparse matrix: the weight of entry 1 is not a finite number: leave the entry out"
        );
    }
}

#[test]
fn settings_out_of_their_range() {
    let matrix = Matrix::new(vec![vec![0, 1]], 2);
    let check = |settings: AlsSettings, expected: &str| {
        let text = said(als(matrix.by_user(), &settings, &|_, _| ()));
        assert_eq!(text, format!("reading the settings: {expected}"));
    };
    let default = AlsSettings::default();
    check(
        AlsSettings {
            dimensions: 0,
            ..default
        },
        "`dimensions` is 0: use at least 1",
    );
    check(
        AlsSettings {
            conjugate_gradient_steps: 0,
            ..default
        },
        "`conjugate_gradient_steps` is 0: use at least 1",
    );
    check(
        AlsSettings {
            confidence: 0.0,
            ..default
        },
        "`confidence` is 0: use a finite number above 0",
    );
    check(
        AlsSettings {
            regularization: -1.0,
            ..default
        },
        "`regularization` is -1: use a finite number of at least 0",
    );
    check(
        AlsSettings {
            regularization_exponent: f32::NAN,
            ..default
        },
        "`regularization_exponent` is NaN: use a finite number of at least 0",
    );
    let none = SvdSettings {
        dimensions: 0,
        ..SvdSettings::default()
    };
    assert!(svd(matrix.by_user(), &none).is_err());
    let none = KMeansSettings {
        clusters: 0,
        ..KMeansSettings::default()
    };
    assert_eq!(
        said(k_means(&array![[1.0]], &none)),
        "reading the settings: `clusters` is 0: use at least 1"
    );
    assert!(k_means_of_some(&array![[1.0]], &[], &KMeansSettings::default()).is_err());
}

#[test]
fn points_that_are_none() {
    let settings = KMeansSettings::default();
    assert_eq!(
        said(k_means(&Array2::zeros((0, 3)), &settings)),
        "clustering: there are no points: pass at least one"
    );
    for value in [f32::NAN, f32::INFINITY] {
        assert_eq!(
            said(k_means(&array![[1.0, 2.0], [3.0, value]], &settings)),
            "clustering: coordinate 1 of point 1 is not a finite number: leave the point out"
        );
    }
}

#[test]
fn a_history_of_unknown_items_and_one_that_says_too_little() {
    let items = array![[1.0, 0.0], [0.0, 0.0]];
    let settings = AlsSettings {
        dimensions: 2,
        regularization: 0.0,
        ..AlsSettings::default()
    };
    let fold_in = FoldIn::new(&items, &settings).unwrap();
    assert_eq!(
        said(fold_in.vector(&[7])),
        "folding in a history: item 7 has no vector, there are 2: leave it out"
    );
    assert_eq!(
        said(fold_in.vector(&[0])),
        "folding in a history: the matrix is singular to rounding: raise the regularization"
    );
    assert!(FoldIn::new(&items, &AlsSettings::default()).is_err());
}

#[test]
fn vectors_of_another_matrix_have_no_loss() {
    let matrix = Matrix::new(vec![vec![0, 1]], 2);
    let factors = Factors {
        users: Array2::zeros((1, 3)),
        items: Array2::zeros((2, 64)),
    };
    assert!(als_loss(matrix.by_user(), &factors, &AlsSettings::default()).is_err());
}

#[test]
fn one_item_empty_rows_and_nobody_at_all() {
    let settings = AlsSettings::default();
    for matrix in [
        Matrix::new(vec![vec![0]], 1),
        Matrix::new(vec![vec![], vec![0, 2], vec![]], 4),
        Matrix::new(vec![], 3),
        Matrix::new(vec![vec![]], 0),
    ] {
        let factors = als(matrix.by_user(), &settings, &|_, _| ()).unwrap();
        assert!(
            factors
                .users
                .iter()
                .chain(&factors.items)
                .all(|value| value.is_finite())
        );
        for (row, vector) in matrix.rows.iter().zip(factors.users.outer_iter()) {
            assert_eq!(row.is_empty(), vector.iter().all(|&value| value == 0.0));
        }
        assert!(
            als_loss(matrix.by_user(), &factors, &settings)
                .unwrap()
                .is_finite()
        );
    }
}
