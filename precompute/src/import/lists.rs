//! `train.txt` and `test.txt` with a line a user: the user, then the items, between spaces. `UltraGCN` and its kin publish their splits so.

use std::io::{BufRead, BufReader, Read};

use super::builder::Builder;
use super::error::ImportError;
use super::files::Files;
use super::ids::Id;
use super::layout::{Found, LayoutReader};
use super::report::Problem;

/// The two files, and with them the split.
const TRAIN_FILE: &str = "train.txt";
const TEST_FILE: &str = "test.txt";

struct Lists;

pub(crate) fn look_for(files: &Files<'_>) -> Found {
    let are_there = files.has(TRAIN_FILE) && files.has(TEST_FILE);
    are_there.then(|| Box::new(Lists) as _)
}

impl LayoutReader for Lists {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        builder.open_catalogue();
        for name in [TRAIN_FILE, TEST_FILE] {
            if files.has(name) {
                read_lists(files, name, builder)?;
            }
        }
        Ok(())
    }

    /// There is one split, by any name.
    fn read_split(
        &self,
        _split: &str,
        files: &Files<'_>,
        builder: &mut Builder,
    ) -> Result<(), ImportError> {
        builder.open_catalogue();
        read_lists(files, TRAIN_FILE, builder)?;
        builder.begin_test();
        read_lists(files, TEST_FILE, builder)
    }
}

/// Reads one of the files.
fn read_lists(files: &Files<'_>, name: &str, builder: &mut Builder) -> Result<(), ImportError> {
    files.read(name, |input| {
        let mut input = BufReader::new(input as &mut dyn Read);
        let mut bytes = Vec::new();
        let mut line = 0;
        builder.begin_file(name);
        loop {
            bytes.clear();
            if input
                .read_until(b'\n', &mut bytes)
                .map_err(ImportError::unreadable(name))?
                == 0
            {
                return builder.end_file(line);
            }
            line += 1;
            // Ids are ASCII wherever this layout is used; anything else stays one id after replacement.
            let text = String::from_utf8_lossy(&bytes);
            let mut ids = text.trim_start_matches('\u{feff}').split_ascii_whitespace();
            let Some(user) = ids.next() else { continue };
            // A user without items is a line that says nothing: test files have them, and they are right.
            let outcome = ids.try_for_each(|item| {
                builder.add_interaction((Id::parse(user), Id::parse(item)), 1.0, 0, line)
            });
            if text.contains('\u{fffd}') {
                builder
                    .report()
                    .count(Problem::NotUtf8, line, || text.trim_end().to_owned());
            }
            builder.count_row(line, outcome);
        }
    })
}
