//! What can stop an import.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::report::{FileReport, printable};
use crate::store::StoreError;

/// Why an import stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file of the source cannot be read.
    #[error("reading `{file}`")]
    Unreadable {
        /// The file, or the source itself.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A `.zip` is none, or is damaged.
    #[error("reading the archive `{file}`")]
    Archive {
        /// The archive.
        file: String,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// A Parquet file is none, is damaged, or is written in a way that this program cannot read.
    #[error("reading `{file}` as Parquet")]
    Parquet {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: parquet::errors::ParquetError,
    },
    /// The files are not of the layout that is configured, or of none that is known.
    #[error("`{location}` {} (it has: {})", no_such_layout(expected), found.join(", "))]
    UnknownLayout {
        /// The source.
        location: String,
        /// The layouts that were looked for.
        expected: Vec<config::Layout>,
        /// Some of the files that are there.
        found: Vec<String>,
    },
    /// A file that the layout needs is not there.
    #[error("`{location}` has no `{file}` (it has: {})", found.join(", "))]
    MissingFile {
        /// The source.
        location: String,
        /// The file's name, or a pattern.
        file: String,
        /// Some of the files that are there.
        found: Vec<String>,
    },
    /// Several files could be the one that is to be read.
    #[error("`{location}` has several such files ({}): write which it is as `file` under `import`, beside `layout`", found.join(", "))]
    SeveralFiles {
        /// The source.
        location: String,
        /// The files.
        found: Vec<String>,
    },
    /// A file that should be JSON is none.
    #[error("reading `{file}` as JSON")]
    Json {
        /// The file.
        file: String,
        /// What is wrong with it, and where.
        source: serde_json::Error,
    },
    /// A table has no such column.
    #[error("`{file}` has no column {column} (it has: {}){}", printable(&found.join(", ")), separator_hint(found))]
    MissingColumn {
        /// The file.
        file: String,
        /// The column that was looked for.
        column: String,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// The format of a file is not given, and its ending says nothing.
    #[error(
        "the format of `{file}` is not clear from its ending; write `format = \"csv\"` or another one beside it"
    )]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// A file is empty where rows are needed.
    #[error("`{file}` is empty")]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// Too many rows of a file are bad. The program ends with exit code 3.
    #[error(
        "{} of {} rows of `{}` are bad, and at most {} % may be (`maximum_bad_row_share`)\n{report}",
        report.bad_rows, report.rows, report.file, maximum_share * 100.0
    )]
    TooManyBadRows {
        /// The file, and what is wrong with it.
        report: Box<FileReport>,
        /// The share that is allowed.
        maximum_share: f64,
    },
    /// Nothing is left to learn from.
    #[error("`{location}` has no interactions")]
    NoInteractions {
        /// The source.
        location: String,
    },
    /// There is a catalogue without a row.
    #[error("`{location}` has no items")]
    NoItems {
        /// The source.
        location: String,
    },
    /// The source brings no such split.
    #[error("`{location}` brings no split `{split}` (it has: {})", found.join(", "))]
    UnknownSplit {
        /// The source.
        location: String,
        /// The split that was asked for.
        split: String,
        /// The splits that are there.
        found: Vec<String>,
    },
    /// The source is a bucket, and no store was given to read it with.
    #[error("`{location}` is a bucket, and there is no connection to one")]
    NoStore {
        /// The source.
        location: String,
    },
    /// A split was asked for of a collection in parts.
    #[error("a split comes from one source, and this collection has parts")]
    SeveralSources,
    /// The bucket cannot be read.
    #[error("reading the bucket")]
    Store {
        /// What the store said.
        #[from]
        source: StoreError,
    },
    /// A data set could not be fetched.
    #[error(
        "downloading {url}; without a network, put the folder or the .zip in its place and name it as `source`"
    )]
    Download {
        /// The address.
        url: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An object of a bucket cannot be written as a file.
    #[error("bringing `{key}` from the bucket")]
    Fetch {
        /// The object.
        key: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of the working folder cannot be written or read.
    #[error("the working file {}", path.display())]
    WorkingFile {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ImportError {
    /// For `map_err` on what reads `file`.
    pub(crate) fn unreadable(file: &str) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::Unreadable {
            file: file.to_owned(),
            source,
        }
    }
}

/// What to say of files that show none of these layouts.
fn no_such_layout(expected: &[config::Layout]) -> String {
    match expected {
        [layout] => format!(
            "is not laid out as \"{}\": {}",
            layout.name(),
            layout.files()
        ),
        layouts => {
            let names: Vec<&str> = layouts.iter().map(|layout| layout.name()).collect();
            format!(
                "has the files of no layout that is known ({}; `precompute import --help` says which files each has); \
                 map its columns with `import.interactions`",
                names.join(", ")
            )
        }
    }
}

/// What to say of a table whose only column looks like several that something else keeps apart.
fn separator_hint(columns: &[String]) -> String {
    let looks_like = |separator: &char| matches!(columns, [only] if only.contains(*separator));
    match [';', '\t', '|', ','].into_iter().find(looks_like) {
        Some(separator) => format!(
            "; its columns seem to be kept apart by {separator:?}: a CSV file needs commas, and a TSV file (`format = \"tsv\"`) tabs"
        ),
        None => String::new(),
    }
}
