//! What an import saw: counts, and the first places of everything that was odd.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::posters::PosterReport;
use crate::meanings::Meaning;

/// How many places of a kind of problem are kept.
pub const MAXIMUM_PLACES: usize = 10;

/// What can be odd about a row.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// A field is absent or empty.
    MissingField,
    /// A field should be a number, or a time, and is not.
    BadNumber,
    /// A value is infinite or not a number.
    NotFinite,
    /// A value lies outside of the collection's scale.
    OutOfScale,
    /// The item is not in the catalogue.
    UnknownItem,
    /// The item is not in the catalogue, and need not be: what is given is known to be a sample.
    ItemOfOtherFiles,
    /// Coordinates are outside of the world, at 0, 0, or only half there.
    NoSuchPlace,
    /// The file ends within quotes; every line that they swallow counts.
    UnclosedQuote,
    /// A line is not a JSON object.
    NotAnObject,
    /// A row that another one replaces: of the same user and item the later time wins, of the same item in a catalogue the first row.
    Duplicate,
    /// The row is not UTF-8 and was read as Windows-1252.
    NotUtf8,
    /// A field holds a line end.
    EmbeddedLineEnd,
    /// A line has nothing on it where it could have: an empty basket.
    EmptyRow,
}

impl Problem {
    /// Whether the row is lost, and should not be. The others are counted, but never stop an import.
    pub fn is_bad(self) -> bool {
        !matches!(
            self,
            Self::Duplicate
                | Self::NotUtf8
                | Self::EmbeddedLineEnd
                | Self::EmptyRow
                | Self::ItemOfOtherFiles
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MissingField => "missing field",
            Self::BadNumber => "bad number",
            Self::NotFinite => "not finite",
            Self::OutOfScale => "outside of the scale",
            Self::UnknownItem => "unknown item",
            Self::ItemOfOtherFiles => "of an item that is not among those given",
            Self::NoSuchPlace => "coordinates of no place",
            Self::UnclosedQuote => "unclosed quote",
            Self::NotAnObject => "not a JSON object",
            Self::Duplicate => "duplicate",
            Self::NotUtf8 => "not UTF-8",
            Self::EmbeddedLineEnd => "line end within a field",
            Self::EmptyRow => "nothing on the line",
        })
    }
}

/// One place where a problem was met.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Place {
    /// The line, from 1; the row, from 1, where a file has no lines.
    pub line: u64,
    /// What stood there.
    pub text: String,
}

/// How often a problem was met in a file, and where first.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ProblemCount {
    /// How often.
    pub count: u64,
    /// The first [`MAXIMUM_PLACES`], by line.
    pub first: Vec<Place>,
}

/// What one file held.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct FileReport {
    /// The file, within the source.
    pub file: String,
    /// Rows, the bad ones included, the header not.
    pub rows: u64,
    /// Rows that are lost, or in the catalogue have lost a field.
    pub bad_rows: u64,
    /// What was odd.
    pub problems: BTreeMap<Problem, ProblemCount>,
}

impl FileReport {
    /// Counts a problem once. `text` is only called where the place is kept.
    pub(crate) fn count(&mut self, problem: Problem, line: u64, text: impl FnOnce() -> String) {
        self.bad_rows += u64::from(problem.is_bad());
        let counted = self.problems.entry(problem).or_default();
        counted.count += 1;
        let is_full = counted.first.len() == MAXIMUM_PLACES;
        if !is_full || counted.first.last().is_some_and(|last| line < last.line) {
            counted.first.truncate(MAXIMUM_PLACES - 1);
            let at = counted.first.partition_point(|place| place.line <= line);
            counted.first.insert(at, Place { line, text: text() });
        }
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} rows", self.file, self.rows)?;
        for (problem, counted) in &self.problems {
            write!(formatter, "\n  {problem}: {}", counted.count)?;
            for place in &counted.first {
                write!(
                    formatter,
                    "\n    {}:{}: {}",
                    self.file,
                    place.line,
                    printable(&place.text)
                )?;
            }
        }
        Ok(())
    }
}

/// A text of the source on one line, without control characters, which a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        letter if letter.is_control() => letter.escape_default().to_string(),
        letter => letter.to_string(),
    });
    letters.collect()
}

/// What an import saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportReport {
    /// How the source was laid out.
    pub layout: String,
    /// The scale of the values; absent where an interaction is only a click.
    pub values: Option<pointer::ValueScale>,
    /// Users with at least one interaction.
    pub users: usize,
    /// Items of the catalogue.
    pub items: usize,
    /// Interactions that are left.
    pub interactions: usize,
    /// File by file, in the order of reading.
    pub files: Vec<FileReport>,
    /// What words of texts about the items mean; kept beside the data set.
    #[serde(skip)]
    pub meanings: Vec<Meaning>,
    /// How the search for posters went, when there was one.
    pub posters: Option<PosterReport>,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            layout,
            users,
            items,
            interactions,
            ..
        } = self;
        write!(
            formatter,
            "{layout}: {interactions} interactions of {users} users with {items} items"
        )?;
        for file in &self.files {
            write!(formatter, "\n{file}")?;
        }
        if !self.meanings.is_empty() {
            let count = self.meanings.len();
            write!(
                formatter,
                "\nlearnt from what was written: {count} meanings of words"
            )?;
        }
        match &self.posters {
            Some(posters) => write!(formatter, "\n{posters}"),
            None => Ok(()),
        }
    }
}
