//! What cannot be learnt from is refused, and says what to do.

use classification::{
    Error, Examples, Folds, ForestSettings, LogisticSettings, Method, Table, cross_validate,
};

fn examples(cells: &str, target: &str, positive: &str) -> Result<Examples, Error> {
    let mut lines = cells
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = lines.collect();
    Examples::new(
        Table::from_rows(&names, rows.iter().map(Vec::as_slice))?,
        target,
        positive,
    )
}

const FOREST: fn(usize) -> Method = |num_trees| Method::Forest(ForestSettings::new(num_trees));
const LOGISTIC: Method = Method::Logistic(LogisticSettings { penalty: 1.0 });

#[test]
fn a_class_that_is_too_small_for_the_folds() {
    let examples = examples("x,y\n1,a\n2,a\n3,b\n4,b\n5,b", "y", "b").unwrap();
    let error = Folds::stratified(&examples, 3, 1, 1)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "class \"a\" has 2 rows, too few for 3 folds: take fewer folds, or put rare classes together"
    );
    for (num_folds, num_repeats) in [(1, 5), (0, 5), (2, 0)] {
        let error = Folds::stratified(&examples, num_folds, num_repeats, 1).unwrap_err();
        assert_eq!(
            error,
            Error::TooFewFolds {
                num_folds,
                num_repeats
            }
        );
    }
}

#[test]
fn folds_of_another_table() {
    let few = examples("x,y\n1,a\n2,a\n3,b\n4,b", "y", "b").unwrap();
    let more = examples("x,y\n1,a\n2,a\n3,b\n4,b\n5,b", "y", "b").unwrap();
    let folds = Folds::stratified(&few, 2, 1, 1).unwrap();
    let error = cross_validate(&more, &FOREST(3), &folds, 1).unwrap_err();
    assert_eq!(
        error,
        Error::FoldsOfOtherRows {
            expected: 4,
            found: 5
        }
    );
}

#[test]
fn three_classes_are_for_the_forest() {
    let examples = examples("x,y\n1,a\n2,a\n3,b\n4,b\n5,c\n6,c", "y", "b").unwrap();
    let error = LOGISTIC.fit(&examples, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "logistic regression tells two classes apart, and \"y\" has 3: use the forest"
    );
    let folds = Folds::stratified(&examples, 2, 3, 1).unwrap();
    let validation = cross_validate(&examples, &FOREST(20), &folds, 1).unwrap();
    assert_eq!(validation.confusion.iter().flatten().sum::<u64>(), 18);
}

#[test]
fn columns_without_content_are_no_danger() {
    let examples = examples("x,z,w,y\n1,,q,a\n1,,q,a\n1,,q,b\n1,,q,b", "y", "b").unwrap();
    let folds = Folds::stratified(&examples, 2, 2, 1).unwrap();
    for method in [FOREST(5), LOGISTIC] {
        let validation = cross_validate(&examples, &method, &folds, 1).unwrap();
        assert_eq!(validation.auc.mean, 0.5);
        assert!(
            validation
                .importances
                .iter()
                .all(|importance| importance.accuracy_loss.mean == 0.0)
        );
    }
}
