use crate::table::quoted;
use crate::{CATEGORIES_MAX_NUM, Column, Error, Table, Value, Values};

/// Rows whose class is known: what a model learns from.
#[derive(Clone, Debug)]
pub struct Examples {
    target: String,
    features: Vec<Column>,
    labels: Vec<u32>,
    classes: Vec<String>,
    positive: u32,
}

impl Examples {
    /// One column is the target, whose texts or numbers are the classes, sorted; the others are the features. Measures of two sides hold the positive class
    /// against all others.
    pub fn new(table: Table, target: &str, positive: &str) -> Result<Self, Error> {
        let (classes, labels) = classes(table.column(target)?)?;
        if let [class] = classes.as_slice() {
            return Err(Error::SingleClass {
                class: class.clone(),
            });
        }
        let found = classes.iter().position(|class| class == positive);
        let positive = found.ok_or_else(|| Error::UnknownPositive {
            positive: positive.to_owned(),
            existing: quoted(classes.iter().map(String::as_str)),
        })?;
        let mut table = table;
        table.retain(|column| column.name != target);
        let features = table.columns().to_vec();
        if features.is_empty() {
            return Err(Error::NoFeatures);
        }
        for column in &features {
            check_categories(column)?;
        }
        Ok(Self {
            target: target.to_owned(),
            features,
            labels,
            classes,
            positive: positive as u32,
        })
    }

    /// The name of the target column.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The columns that are learnt from, one at least.
    pub fn features(&self) -> &[Column] {
        &self.features
    }

    /// The class of each row, as a position in `classes`.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The classes, ascending, two at least.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The class that measures of two sides hold against all others, as a position in `classes`.
    pub fn positive(&self) -> u32 {
        self.positive
    }

    /// How many rows there are.
    pub fn num_rows(&self) -> usize {
        self.labels.len()
    }

    /// The features of a row.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.features
            .iter()
            .map(|column| column.value(row))
            .collect()
    }

    /// How many rows each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in &self.labels {
            counts[label as usize] += 1;
        }
        counts
    }
}

/// The classes of a target column, and for each row the position of its own. Numbers are ordered as numbers.
pub(crate) fn classes(target: &Column) -> Result<(Vec<String>, Vec<u32>), Error> {
    check_categories(target)?;
    let (classes, codes) = match &target.values {
        Values::Categories { names, codes } => (names.clone(), codes.clone()),
        Values::Numbers(numbers) => {
            let mut distinct: Vec<f64> = numbers.iter().flatten().copied().collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            if CATEGORIES_MAX_NUM < distinct.len() {
                return Err(Error::TooManyCategories {
                    column: target.name.clone(),
                    found: distinct.len(),
                });
            }
            let code = |number: f64| distinct.partition_point(|other| *other < number) as u32;
            let codes = numbers.iter().map(|number| number.map(code)).collect();
            (distinct.iter().map(f64::to_string).collect(), codes)
        }
    };
    let labels: Option<Vec<u32>> = codes.iter().copied().collect();
    let labels = labels.ok_or_else(|| Error::TargetMissing {
        row: codes.iter().take_while(|code| code.is_some()).count() + 1,
        column: target.name.clone(),
    })?;
    Ok((classes, labels))
}

fn check_categories(column: &Column) -> Result<(), Error> {
    match &column.values {
        Values::Categories { names, .. } if CATEGORIES_MAX_NUM < names.len() => {
            Err(Error::TooManyCategories {
                column: column.name.clone(),
                found: names.len(),
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(rows: &[[&str; 2]], target: &str, positive: &str) -> Result<Examples, Error> {
        let table = Table::from_rows(&["x", "y"], rows.iter().map(<[&str; 2]>::as_slice))?;
        Examples::new(table, target, positive)
    }

    #[test]
    fn classes_are_sorted_and_numbers_are_classes_too() {
        let rows = [["1", "b"], ["2", "a"], ["10", "b"]];
        let found = examples(&rows, "y", "b").unwrap();
        assert_eq!(
            (found.classes(), found.labels()),
            (
                ["a".to_owned(), "b".to_owned()].as_slice(),
                [1, 0, 1].as_slice()
            )
        );
        assert_eq!((found.positive(), found.class_counts()), (1, vec![1, 2]));
        let found = examples(&rows, "x", "10").unwrap();
        assert_eq!(
            (found.classes().join(" "), found.labels()),
            ("1 2 10".to_owned(), [0, 1, 2].as_slice())
        );
    }

    #[test]
    fn what_cannot_be_learnt_is_refused() {
        let error = |rows: &[[&str; 2]], target: &str, positive: &str| {
            examples(rows, target, positive).unwrap_err().to_string()
        };
        assert!(
            error(&[["1", "a"], ["2", "a"]], "y", "a").starts_with("every row has the class \"a\"")
        );
        assert!(error(&[["1", "a"]], "y", "a").starts_with("every row has the class \"a\""));
        assert!(
            error(&[["1", "a"], ["2", "b"]], "y", "c").ends_with("the classes are \"a\", \"b\"")
        );
        assert!(error(&[["1", "a"], ["2", "b"]], "z", "a").ends_with("the table has \"x\", \"y\""));
        assert!(
            error(&[["1", "a"], ["2", ""]], "y", "a")
                .starts_with("row 2 has no value in the target column \"y\"")
        );
        let mut table = Table::from_rows(&["y"], [["a"].as_slice(), &["b"]]).unwrap();
        assert_eq!(
            Examples::new(table.clone(), "y", "a").unwrap_err(),
            Error::NoFeatures
        );
        table.retain(|_| false);
        assert!(Examples::new(table, "y", "a").is_err());
    }

    #[test]
    fn too_many_categories_are_refused() {
        let texts: Vec<String> = (0..=CATEGORIES_MAX_NUM)
            .map(|number| format!("text {number}"))
            .collect();
        let rows: Vec<[&str; 2]> = texts
            .iter()
            .map(|text| [text.as_str(), if text.ends_with('1') { "a" } else { "b" }])
            .collect();
        for target in ["x", "y"] {
            let error = examples(&rows, target, "a").unwrap_err().to_string();
            assert!(
                error.starts_with("column \"x\" has 1001 different texts"),
                "{error}"
            );
        }
    }
}
