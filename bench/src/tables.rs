//! Tables as texts.

use std::path::Path;

/// Columns of a CSV file, by their names, row by row.
pub fn columns<const N: usize>(path: &Path, names: [&str; N]) -> Vec<[String; N]> {
    let mut rows =
        csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let headers = rows.headers().expect("it has a header").clone();
    let places = names.map(|name| {
        let place = headers.iter().position(|header| header == name);
        place.unwrap_or_else(|| panic!("{} has no column {name}", path.display()))
    });
    let rows = rows.records().map(|row| row.expect("it has rows"));
    rows.map(|row| places.map(|place| row[place].to_owned()))
        .collect()
}
