//! The same numbers with one thread and with four.

use classification::{
    Examples, Folds, ForestSettings, LogisticSettings, Method, Table, brier_by_row, cross_validate,
};

#[test]
fn a_validation_is_the_same_with_any_number_of_threads() {
    let cells = (0..60).map(|row: i32| {
        [
            (row * 37 % 11).to_string(),
            format!("c{}", row * 7 % 3),
            ["no", "yes"][usize::from(row * 37 % 11 + row % 4 < 7)].to_owned(),
        ]
    });
    let rows: Vec<[String; 3]> = cells.collect();
    let table =
        Table::from_rows(&["x", "c", "y"], rows.iter().map(<[String; 3]>::as_slice)).unwrap();
    let examples = Examples::new(table, "y", "yes").unwrap();
    let folds = Folds::stratified(&examples, 5, 2, 7).unwrap();
    for method in [
        Method::Forest(ForestSettings::new(10)),
        Method::Logistic(LogisticSettings { penalty: 1.0 }),
    ] {
        let run = || {
            (
                cross_validate(&examples, &method, &folds, 3).unwrap(),
                method.fit(&examples, 5).unwrap(),
                brier_by_row(&examples, &method, &folds, 3).unwrap(),
            )
        };
        let with = |num_threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(num_threads)
                .build()
                .unwrap()
                .install(run)
        };
        assert_eq!(with(1), with(4));
        let (validation, _, scores) = run();
        // The folds are equally large, and so the mean over the rows is that over the folds.
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        assert!((mean - validation.brier.mean).abs() < 1e-12);
        assert!(
            0.7 < validation.accuracy.mean && validation.accuracy.low <= validation.accuracy.mean
        );
        assert_eq!(
            validation
                .calibration
                .iter()
                .map(|bin| bin.num_rows)
                .sum::<u64>(),
            120
        );
        assert_eq!(validation.fold_num_rows, (12, 12));
    }
}
