//! Baskets, a line each: FIMI's transactions, or a CSV file without a header.
//!
//! | file | a line |
//! |---|---|
//! | `*.csv` | names of items between commas, quoted where needed, as RFC 4180 has it |
//! | any other, such as `*.dat` | numbers of items between spaces, as in the [Frequent Itemset Mining Implementations repository](http://fimi.uantwerpen.be/data/) |
//!
//! A basket is a user, whose id is the number of its line, from 1. An empty line is an empty basket: counted, and nobody's.

use std::io::Read;

use config::Import;

use super::builder::Builder;
use super::error::ImportError;
use super::files::{Files, has_ending};
use super::ids::Id;
use super::layout::{Found, LayoutReader};
use super::report::Problem;
use super::rows::{Dialect, Row, RowReader};
use super::table::count_oddities;

/// Baskets are one file: the lines of two would have the same numbers.
struct Baskets {
    file: String,
}

/// Where baskets are looked for unless the configuration says. A CSV file may be anything, so that it is only taken where the layout is configured.
const SHOWN_BY: &str = "*.dat";
const ENDINGS: [&str; 2] = ["*.dat", "*.csv"];

pub(crate) fn look_for(
    import: &Import,
    is_configured: bool,
    files: &Files<'_>,
) -> Result<Found, ImportError> {
    let patterns = match &import.file {
        Some(file) => vec![file.as_str()],
        None if is_configured => ENDINGS.to_vec(),
        None => vec![SHOWN_BY],
    };
    let mut names: Vec<String> = Vec::new();
    for pattern in &patterns {
        names.extend(files.matching(pattern));
    }
    match (names.pop(), &import.file) {
        (Some(file), _) if names.is_empty() => Ok(Some(Box::new(Baskets { file }))),
        (Some(file), _) => {
            names.push(file);
            Err(ImportError::SeveralFiles {
                location: files.location().to_owned(),
                found: names,
            })
        }
        (None, Some(file)) => Err(files.missing(file)),
        (None, None) => Ok(None),
    }
}

impl LayoutReader for Baskets {
    fn name(&self) -> &'static str {
        "baskets"
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        builder.open_catalogue();
        if !files.has(&self.file) {
            // A bucket in which only other objects are new.
            return Ok(());
        }
        files.read(&self.file, |input| read_baskets(&self.file, input, builder))
    }
}

fn read_baskets(
    file: &str,
    input: &mut dyn Read,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let has_names = has_ending(file, "csv");
    let dialect = if has_names {
        Dialect::CSV
    } else {
        Dialect::Unquoted(b' ')
    };
    builder.begin_file(file);
    let mut rows = RowReader::new(input, dialect).map_err(ImportError::unreadable(file))?;
    let mut row = Row::default();
    // The line after the last basket.
    let mut next_line = 1;
    while rows.read(&mut row).map_err(ImportError::unreadable(file))? {
        count_empty(next_line..row.line, builder);
        // Where lines end as on old Macs, they have no numbers of their own.
        let line = row.line.max(next_line);
        next_line = line + 1 + row.num_embedded_line_ends();
        if !count_oddities(&row, builder) {
            continue;
        }
        let items: Vec<&str> = row
            .fields()
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if items.is_empty() {
            count_empty(line..line + 1, builder);
            continue;
        }
        let is_number = |item: &&&str| item.bytes().all(|byte| byte.is_ascii_digit());
        let bad = items.iter().find(|item| !has_names && !is_number(item));
        // A basket without one of its items would be another one.
        let outcome = match bad {
            Some(item) => Err((Problem::BadNumber, format!("item `{item}`"))),
            None => items.iter().try_for_each(|item| {
                builder.add_interaction((Id::Number(line), Id::parse(item)), 1.0, 0, line)
            }),
        };
        builder.count_row(line, outcome);
    }
    let last_line = rows.whole_lines().1;
    count_empty(next_line..last_line, builder);
    builder.end_file(last_line)
}

/// Counts lines without an item.
fn count_empty(lines: std::ops::Range<u64>, builder: &mut Builder) {
    for line in lines {
        builder.count_row(line, Ok(()));
        builder.report().count(Problem::EmptyRow, line, String::new);
    }
}
