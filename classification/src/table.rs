use std::collections::{BTreeMap, BTreeSet};

use crate::Error;

/// The most categories that a column may have. Each becomes a column of its own, and a category of few rows says little.
pub const CATEGORIES_MAX_NUM: usize = 1_000;

/// What tables of numbers write where there is none, beside nothing at all. In a column of text they are texts: `NA` may be Namibia.
const MISSING_NUMBERS: [&str; 4] = ["na", "n/a", "nan", "null"];

/// Named columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    num_rows: usize,
}

/// A name and a value for every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What the column is called in the table.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// The values of a column, of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers, all finite; `None` where one is missing.
    Numbers(Vec<Option<f64>>),
    /// One of some texts.
    Categories {
        /// The texts, ascending and each one once.
        names: Vec<String>,
        /// For every row the position of its text in `names`; `None` where the cell is empty.
        codes: Vec<Option<u32>>,
    },
}

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// There is none.
    Missing,
    /// A finite number.
    Number(f64),
    /// The position of a text among the categories of its column.
    Category(u32),
}

impl Table {
    /// A table of rows of text, whose spaces at the ends do not count. A column is one of numbers if it has a number and every other cell is a number, empty,
    /// or `NA`, `N/A`, `NaN` or `null`, which mean that it is missing; otherwise it is one of categories, and an empty cell is a missing one.
    ///
    /// O(cells), and the sorting of each column's categories.
    pub fn from_rows<'a, T: AsRef<str> + 'a>(
        names: &[impl AsRef<str>],
        rows: impl IntoIterator<Item = &'a [T]>,
    ) -> Result<Self, Error> {
        let names: Vec<&str> = names.iter().map(|name| name.as_ref().trim()).collect();
        check_names(&names)?;
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        let mut num_rows = 0;
        for row in rows {
            num_rows += 1;
            if row.len() != names.len() {
                return Err(Error::RowLength {
                    row: num_rows,
                    found: row.len(),
                    expected: names.len(),
                });
            }
            for (column, cell) in cells.iter_mut().zip(row) {
                column.push(cell.as_ref().trim().to_owned());
            }
        }
        if num_rows == 0 {
            return Err(Error::NoRows);
        }
        let columns = names.iter().zip(cells).map(|(&name, cells)| {
            let values = match numbers(name, &cells)? {
                Some(numbers) => Values::Numbers(numbers),
                None => categories(&cells),
            };
            Ok(Column {
                name: name.to_owned(),
                values,
            })
        });
        Ok(Self {
            columns: columns.collect::<Result<_, Error>>()?,
            num_rows,
        })
    }

    /// The columns, in the order of the table.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are, one at least.
    pub fn num_rows(&self) -> usize {
        self.num_rows
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| Error::UnknownColumn {
            column: name.to_owned(),
            existing: quoted(self.columns.iter().map(|column| column.name.as_str())),
        })
    }

    /// Only the columns that are wanted.
    pub fn retain(&mut self, is_wanted: impl FnMut(&Column) -> bool) {
        self.columns.retain(is_wanted);
    }
}

impl Column {
    /// The value in a row.
    pub fn value(&self, row: usize) -> Value {
        match &self.values {
            Values::Numbers(numbers) => numbers[row].map_or(Value::Missing, Value::Number),
            Values::Categories { codes, .. } => codes[row].map_or(Value::Missing, Value::Category),
        }
    }
}

/// Names between quotation marks, for messages.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

fn check_names(names: &[&str]) -> Result<(), Error> {
    if names.is_empty() {
        return Err(Error::NoColumns);
    }
    let mut seen = BTreeSet::new();
    for (position, name) in (1..).zip(names) {
        if name.is_empty() {
            return Err(Error::UnnamedColumn { position });
        }
        if !seen.insert(name) {
            return Err(Error::DuplicateColumn {
                column: (*name).to_owned(),
            });
        }
    }
    Ok(())
}

/// The numbers of a column, if it is one of numbers.
fn numbers(name: &str, cells: &[String]) -> Result<Option<Vec<Option<f64>>>, Error> {
    let is_missing = |cell: &str| {
        cell.is_empty() || MISSING_NUMBERS.contains(&cell.to_ascii_lowercase().as_str())
    };
    let mut numbers = Vec::with_capacity(cells.len());
    for cell in cells {
        if is_missing(cell) {
            numbers.push(None);
        } else if let Ok(number) = cell.parse::<f64>() {
            numbers.push(Some(number));
        } else {
            return Ok(None);
        }
    }
    let mut present = (1..)
        .zip(&numbers)
        .filter_map(|(row, number)| Some((row, (*number)?)));
    let Some(first) = present.next() else {
        return Ok(None);
    };
    let not_finite = std::iter::once(first)
        .chain(present)
        .find(|(_, number)| !number.is_finite());
    match not_finite {
        Some((row, number)) => Err(Error::NotFinite {
            row,
            column: name.to_owned(),
            value: number.to_string(),
        }),
        None => Ok(Some(numbers)),
    }
}

fn categories(cells: &[String]) -> Values {
    let names: BTreeSet<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    let code_of: BTreeMap<&String, u32> = names.iter().copied().zip(0..).collect();
    let codes = cells
        .iter()
        .map(|cell| code_of.get(cell).copied())
        .collect();
    Values::Categories {
        names: names.into_iter().cloned().collect(),
        codes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> Result<Values, Error> {
        let rows: Vec<[&str; 1]> = cells.iter().map(|cell| [*cell]).collect();
        let table = Table::from_rows(&["x"], rows.iter().map(<[&str; 1]>::as_slice))?;
        Ok(table.columns[0].values.clone())
    }

    #[test]
    fn a_column_is_of_numbers_or_of_categories() {
        let numbers = Values::Numbers(vec![Some(1.5), None, None, Some(-2.0), None]);
        assert_eq!(column(&[" 1.5", "", "NaN", "-2e0 ", "N/A"]), Ok(numbers));
        let categories = Values::Categories {
            names: vec!["1".to_owned(), "NA".to_owned(), "a".to_owned()],
            codes: vec![Some(2), None, Some(0), Some(1), Some(2)],
        };
        assert_eq!(column(&["a", "", "1", "NA", " a"]), Ok(categories));
    }

    #[test]
    fn a_column_of_nothing_has_no_categories() {
        let nothing = Values::Categories {
            names: Vec::new(),
            codes: vec![None, None],
        };
        assert_eq!(column(&["", " "]), Ok(nothing));
    }

    #[test]
    fn a_number_is_finite() {
        let error = column(&["1", "inf"]).unwrap_err().to_string();
        assert!(
            error.starts_with("row 2 of column \"x\" is inf, which is no finite number"),
            "{error}"
        );
        assert!(column(&["1e999", "2"]).is_err());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let rows: [&[&str]; 1] = [&["1", "2"]];
        assert_eq!(
            Table::from_rows::<&str>(&[] as &[&str], []),
            Err(Error::NoColumns)
        );
        assert_eq!(Table::from_rows::<&str>(&["a"], []), Err(Error::NoRows));
        let error = Table::from_rows(&["a", " a "], rows).unwrap_err();
        assert_eq!(
            error,
            Error::DuplicateColumn {
                column: "a".to_owned()
            }
        );
        let error = Table::from_rows(&["a", ""], rows).unwrap_err();
        assert_eq!(error, Error::UnnamedColumn { position: 2 });
        let error = Table::from_rows(&["a", "b", "c"], rows).unwrap_err();
        assert_eq!(
            error,
            Error::RowLength {
                row: 1,
                found: 2,
                expected: 3
            }
        );
    }
}
