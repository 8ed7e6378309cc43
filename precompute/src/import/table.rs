//! Tables: which column is what, and rows as cells.

use std::io::Read;

use config::Column;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::report::Problem;
use super::rows::{Dialect, Row, RowReader};

/// Whether a column, and a cell of it, must be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    /// The column must be there, and every row must fill it.
    Filled,
    /// The column must be there; a cell may be empty.
    There,
    /// The column may be absent.
    Optional,
}

/// A column that an import wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) column: Column,
    /// What some files call it instead.
    pub(crate) other_name: Option<String>,
    pub(crate) presence: Presence,
}

impl Wanted {
    pub(crate) fn new(column: &Column, presence: Presence) -> Self {
        Self {
            column: column.clone(),
            other_name: None,
            presence,
        }
    }

    pub(crate) fn named(name: &str, presence: Presence) -> Self {
        Self::new(&Column::Name(name.to_owned()), presence)
    }

    /// The column at a place, from 1.
    pub(crate) fn at(place: u32, presence: Presence) -> Self {
        Self::new(&Column::Place(place), presence)
    }

    /// The column's name, if it is known by that.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.column {
            Column::Name(name) => Some(name),
            Column::Place(_) => None,
        }
    }

    /// The column's place, from 0, in a table with these columns.
    pub(crate) fn find<'a>(
        &self,
        file: &str,
        header: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<Option<usize>, ImportError> {
        let found = match &self.column {
            Column::Place(place) => Some(*place as usize - 1),
            Column::Name(name) => {
                let mut names = std::iter::once(name).chain(&self.other_name);
                names.find_map(|name| {
                    let name = plain_name(name);
                    header.clone().position(|column| plain_name(column) == name)
                })
            }
        };
        if found.is_none() && self.presence != Presence::Optional {
            return Err(ImportError::MissingColumn {
                file: file.to_owned(),
                column: self.column.to_string(),
                found: header.map(str::to_owned).collect(),
            });
        }
        Ok(found)
    }
}

/// `userId`, `user_id` and `USER ID` are the same column.
fn plain_name(name: &str) -> String {
    let kept = name
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The wanted cells of one row, in the order of wanting; none where a cell is absent or blank.
pub(crate) struct Cells<'a> {
    pub(crate) wanted: &'a [Wanted],
    pub(crate) cells: Vec<Option<&'a str>>,
}

impl<'a> Cells<'a> {
    pub(crate) fn get(&self, wanted_idx: usize) -> Option<&'a str> {
        self.cells.get(wanted_idx).copied().flatten()
    }

    /// A cell that must not be empty.
    pub(crate) fn need(&self, wanted_idx: usize) -> Result<&'a str, RowError> {
        self.get(wanted_idx).ok_or_else(|| {
            let column = self
                .wanted
                .get(wanted_idx)
                .map(|wanted| wanted.column.to_string());
            (
                Problem::MissingField,
                format!("column {}", column.unwrap_or_default()),
            )
        })
    }
}

/// The first cell that is empty and must not be.
pub(crate) fn check_cells(cells: &Cells<'_>) -> Result<(), RowError> {
    let is_filled = |wanted: &Wanted| wanted.presence == Presence::Filled;
    let mut filled = cells
        .wanted
        .iter()
        .enumerate()
        .filter(|(_, wanted)| is_filled(wanted));
    filled.try_for_each(|(wanted_idx, _)| cells.need(wanted_idx).map(drop))
}

/// A separated file whose columns have been found.
pub(crate) struct Table<'a, R> {
    pub(crate) rows: RowReader<R>,
    row: Row,
    wanted: &'a [Wanted],
    /// For each wanted column its place, from 0.
    places: Vec<Option<usize>>,
}

impl<'a, R: Read> Table<'a, R> {
    /// Opens a file and begins it in the builder. There is a header unless all columns are wanted by place.
    ///
    /// # Errors
    /// [`ImportError::EmptyFile`] where a header is needed and nothing is there.
    pub(crate) fn begin(
        file: &str,
        input: R,
        dialect: Dialect,
        wanted: &'a [Wanted],
        builder: &mut Builder,
    ) -> Result<Self, ImportError> {
        builder.begin_file(file);
        let mut rows = RowReader::new(input, dialect).map_err(ImportError::unreadable(file))?;
        let mut row = Row::default();
        let has_header = wanted
            .iter()
            .any(|wanted| matches!(wanted.column, Column::Name(_)));
        if has_header && !rows.read(&mut row).map_err(ImportError::unreadable(file))? {
            return Err(ImportError::EmptyFile {
                file: file.to_owned(),
            });
        }
        let header: Vec<&str> = row.fields().map(str::trim).collect();
        let places = wanted
            .iter()
            .map(|wanted| wanted.find(file, header.iter().copied()));
        let places = places.collect::<Result<_, _>>()?;
        Ok(Self {
            rows,
            row,
            wanted,
            places,
        })
    }

    /// For each wanted column its place, from 0.
    pub(crate) fn places(&self) -> &[Option<usize>] {
        &self.places
    }

    /// Reads one row the general way, and counts what is odd about it. False at the end.
    pub(crate) fn read_one(
        &mut self,
        file: &str,
        builder: &mut Builder,
        take: &mut impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
    ) -> Result<bool, ImportError> {
        if !self
            .rows
            .read(&mut self.row)
            .map_err(ImportError::unreadable(file))?
        {
            return Ok(false);
        }
        let row = &self.row;
        if !count_oddities(row, builder) {
            return Ok(true);
        }
        let cell = |place: &Option<usize>| {
            row.field((*place)?)
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
        };
        let cells = Cells {
            wanted: self.wanted,
            cells: self.places.iter().map(cell).collect(),
        };
        let outcome = check_cells(&cells).and_then(|()| take(builder, &cells, row.line));
        builder.count_row(row.line, outcome);
        Ok(true)
    }

    /// Ends the file.
    pub(crate) fn end(&self, builder: &mut Builder) -> Result<(), ImportError> {
        builder.end_file(self.rows.whole_lines().1)
    }
}

/// Counts what is odd about a row, whatever its columns are. False: the row is lost, and is counted as such.
pub(crate) fn count_oddities(row: &Row, builder: &mut Builder) -> bool {
    if row.was_not_utf8 {
        builder.report().count(Problem::NotUtf8, row.line, || {
            row.fields().collect::<Vec<_>>().join(" ")
        });
    }
    if row.has_unclosed_quote {
        // Every line that the quote swallows is lost with this row.
        builder.report().rows += row.num_line_ends;
        builder.report().bad_rows += row.num_line_ends;
        let text = format!("a quote that swallows {} more line ends", row.num_line_ends);
        builder.count_row(row.line, Err((Problem::UnclosedQuote, text)));
        return false;
    }
    if row.num_embedded_line_ends() != 0 {
        let text = || {
            row.fields()
                .find(|field| field.contains('\n'))
                .unwrap_or_default()
                .to_owned()
        };
        builder
            .report()
            .count(Problem::EmbeddedLineEnd, row.line, text);
    }
    true
}

/// Reads a separated file row by row.
pub(crate) fn read_table(
    file: &str,
    input: impl Read,
    dialect: Dialect,
    wanted: &[Wanted],
    builder: &mut Builder,
    mut take: impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    let mut table = Table::begin(file, input, dialect, wanted, builder)?;
    while table.read_one(file, builder, &mut take)? {}
    table.end(builder)
}
