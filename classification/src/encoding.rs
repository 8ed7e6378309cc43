use crate::{Column, Examples, Value, Values};

/// Turns rows into numbers alone: a number is one column, in which the median of the rows that were learnt from stands for a missing one; a category is a column
/// for each of its texts, 1 for that of the row and 0 for the others, and all 0 where it is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Number { median: f64 },
    Categories { num_names: usize },
}

/// Encoded rows, one behind the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    values: Vec<f64>,
    num_columns: usize,
}

impl Encoder {
    /// The encoder of these rows of the examples.
    pub fn fit(examples: &Examples, rows: &[u32]) -> Self {
        let fields = examples
            .features()
            .iter()
            .map(|column| Field::fit(column, rows));
        Self {
            fields: fields.collect(),
        }
    }

    /// How many columns an encoded row has.
    pub fn num_columns(&self) -> usize {
        self.fields.iter().map(Field::num_columns).sum()
    }

    /// For every encoded column the position of the feature that it is from, ascending.
    pub fn features(&self) -> Vec<u32> {
        let of_each = (0..).zip(&self.fields);
        of_each
            .flat_map(|(feature, field)| std::iter::repeat_n(feature, field.num_columns()))
            .collect()
    }

    /// What stands for a missing number in each feature; `None` for a category.
    pub fn medians(&self) -> Vec<Option<f64>> {
        let median = |field: &Field| match field {
            Field::Number { median } => Some(*median),
            Field::Categories { .. } => None,
        };
        self.fields.iter().map(median).collect()
    }

    /// Appends an encoded row, given a value for each feature. A text that the feature does not have counts as missing.
    pub fn encode(&self, row: &[Value], encoded: &mut Vec<f64>) {
        for (field, value) in self.fields.iter().zip(row) {
            match (field, value) {
                (Field::Number { .. }, Value::Number(number)) => encoded.push(*number),
                (Field::Number { median }, _) => encoded.push(*median),
                (Field::Categories { num_names }, value) => {
                    let start = encoded.len();
                    encoded.resize(start + num_names, 0.0);
                    if let Value::Category(code) = value
                        && let Some(column) = encoded[start..].get_mut(*code as usize)
                    {
                        *column = 1.0;
                    }
                }
            }
        }
    }

    /// All rows of the examples.
    pub fn encode_all(&self, examples: &Examples) -> Matrix {
        let mut values = Vec::with_capacity(examples.num_rows() * self.num_columns());
        for row in 0..examples.num_rows() {
            self.encode(&examples.row(row), &mut values);
        }
        Matrix {
            values,
            num_columns: self.num_columns(),
        }
    }
}

impl Field {
    fn fit(column: &Column, rows: &[u32]) -> Self {
        match &column.values {
            Values::Numbers(numbers) => {
                let present = rows.iter().filter_map(|&row| numbers[row as usize]);
                Self::Number {
                    median: median(present.collect()),
                }
            }
            Values::Categories { names, .. } => Self::Categories {
                num_names: names.len(),
            },
        }
    }

    fn num_columns(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Categories { num_names } => *num_names,
        }
    }
}

impl Matrix {
    /// A matrix of these rows of equal length.
    pub fn from_rows(rows: &[Vec<f64>]) -> Self {
        Self {
            values: rows.concat(),
            num_columns: rows.first().map_or(0, Vec::len),
        }
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.num_columns..][..self.num_columns]
    }

    /// How many columns there are.
    pub fn num_columns(&self) -> usize {
        self.num_columns
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.get(middle) {
        None => 0.0,
        Some(&upper) if numbers.len() % 2 == 1 => upper,
        // Half of each, since their sum may be infinite.
        Some(&upper) => numbers[middle - 1] / 2.0 + upper / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    #[test]
    fn a_row_becomes_numbers() {
        let rows = [
            ["1", "red", "yes"],
            ["", "", "no"],
            ["4", "blue", "no"],
            ["2", "blue", "no"],
        ];
        let table = Table::from_rows(
            &["size", "colour", "bought"],
            rows.iter().map(<[&str; 3]>::as_slice),
        )
        .unwrap();
        let examples = Examples::new(table, "bought", "yes").unwrap();
        let encoder = Encoder::fit(&examples, &[0, 1, 2]);
        assert_eq!(
            (encoder.num_columns(), encoder.features(), encoder.medians()),
            (3, vec![0, 1, 1], vec![Some(2.5), None])
        );
        let matrix = encoder.encode_all(&examples);
        assert_eq!(matrix.row(0), [1.0, 0.0, 1.0]);
        assert_eq!(matrix.row(1), [2.5, 0.0, 0.0]);
        let mut unknown = Vec::new();
        encoder.encode(&[Value::Missing, Value::Category(7)], &mut unknown);
        assert_eq!(unknown, [2.5, 0.0, 0.0]);
        assert_eq!(Encoder::fit(&examples, &[1]).medians(), [Some(0.0), None]);
    }
}
