//! A table to predict from, as text: what its columns are is found out where it is learnt from.

use std::path::Path;

use config::Collection;

use super::error::ImportError;
use super::files::Files;
use super::open;
use super::rows::{Dialect, Row, RowReader};
use crate::store::Store;

/// The cells of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTable {
    /// What its first row says.
    pub names: Vec<String>,
    /// The cells of the other rows; blank rows are none.
    pub rows: Vec<Vec<String>>,
}

/// Reads a file of comma-separated values of a collection's source. `store` is the bucket of a source that is one.
pub fn import_examples(
    collection: &Collection,
    store: Option<&dyn Store>,
    file: &str,
) -> Result<TextTable, ImportError> {
    read(&open(collection, store)?, file)
}

impl TextTable {
    /// Reads what [`Self::to_csv`] made.
    pub fn read(folder: &Path, file: &str) -> Result<Self, ImportError> {
        read(&Files::open(folder)?, file)
    }

    /// The table as comma-separated values, each cell in quotes.
    pub fn to_csv(&self) -> String {
        let line = |cells: &Vec<String>| {
            let quoted: Vec<String> = cells
                .iter()
                .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
                .collect();
            quoted.join(",") + "\n"
        };
        std::iter::once(&self.names)
            .chain(&self.rows)
            .map(line)
            .collect()
    }
}

fn read(files: &Files<'_>, file: &str) -> Result<TextTable, ImportError> {
    files.read(file, |input| {
        let unreadable = ImportError::unreadable(file);
        let mut reader =
            RowReader::new(input, Dialect::CSV).map_err(ImportError::unreadable(file))?;
        let (mut row, mut rows) = (Row::default(), Vec::new());
        loop {
            match reader.read(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(unreadable(error)),
            }
            let cells: Vec<String> = row.fields().map(str::to_owned).collect();
            let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
            if !is_blank {
                rows.push(cells);
            }
        }
        if rows.is_empty() {
            return Err(ImportError::EmptyFile {
                file: file.to_owned(),
            });
        }
        let names = rows.remove(0);
        Ok(TextTable { names, rows })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let cells = |row: &[&str]| {
            row.iter()
                .map(|cell| (*cell).to_owned())
                .collect::<Vec<_>>()
        };
        let table = TextTable {
            names: cells(&["a", "b \"c\""]),
            rows: vec![cells(&["1, 2", ""]), cells(&["line\nend", "é"])],
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.csv"), table.to_csv() + "\n,\n").unwrap();
        assert_eq!(TextTable::read(folder.path(), "t.csv").unwrap(), table);
        std::fs::write(folder.path().join("empty.csv"), "").unwrap();
        assert!(matches!(
            TextTable::read(folder.path(), "empty.csv"),
            Err(ImportError::EmptyFile { .. })
        ));
        assert!(matches!(
            TextTable::read(folder.path(), "none.csv"),
            Err(ImportError::MissingFile { .. })
        ));
    }
}
