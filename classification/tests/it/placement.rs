//! The placement table: 215 students, of whom 148 got a job.

use std::env;
use std::path::PathBuf;

use classification::leakage::{Reason, leave_out};
use classification::{
    Examples, Folds, ForestSettings, LogisticSettings, Method, Table, cross_validate,
};

fn placement() -> Option<Table> {
    let folder = env::var_os("KINDRED_DATA")
        .map(PathBuf::from)
        .unwrap_or_default();
    let path = folder.join("placement/Placement_Data_Full_Class.csv");
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        println!("NOT TESTED: {} is not there", path.display());
        return None;
    };
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    Some(Table::from_rows(&names, rows.iter().map(Vec::as_slice)).unwrap())
}

#[test]
fn the_row_number_and_the_salary_are_left_out() {
    let Some(mut table) = placement() else { return };
    let left_out = leave_out(&mut table, "status", &[], &[]).unwrap();
    let found: Vec<(&str, &Reason)> = left_out
        .iter()
        .map(|left_out| (left_out.column.as_str(), &left_out.reason))
        .collect();
    let salary = Reason::FilledByClass {
        class: "Placed".to_owned(),
        is_filled: true,
    };
    assert_eq!(found, [("sl_no", &Reason::Identifier), ("salary", &salary)]);
}

#[test]
fn both_models_are_as_good_as_expected_and_the_salary_would_be_a_leak() {
    let Some(mut table) = placement() else { return };
    let whole = table.clone();
    leave_out(&mut table, "status", &[], &[]).unwrap();
    let examples = Examples::new(table, "status", "Placed").unwrap();
    let folds = Folds::stratified(&examples, 5, 3, 1).unwrap();
    for method in [
        Method::Forest(ForestSettings::new(100)),
        Method::Logistic(LogisticSettings { penalty: 1.0 }),
    ] {
        let validation = cross_validate(&examples, &method, &folds, 1).unwrap();
        assert!(
            (0.82..0.90).contains(&validation.accuracy.mean),
            "{:?}",
            validation.accuracy
        );
        assert!((validation.majority_accuracy - 148.0 / 215.0).abs() < 1e-12);
    }
    let leaking = Examples::new(whole, "status", "Placed").unwrap();
    let validation = cross_validate(
        &leaking,
        &Method::Forest(ForestSettings::new(100)),
        &folds,
        1,
    )
    .unwrap();
    // The median stands for the salary of those who have none, and is met by few others.
    assert!(0.92 < validation.accuracy.mean, "{:?}", validation.accuracy);
}
