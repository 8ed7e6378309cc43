//! The fast path against the `csv` crate, on rows that are clean, dirty, and cut off.

use std::collections::BTreeMap;
use std::io::{self, Read};

use proptest::prelude::*;

use super::*;
use crate::dataset::Dataset;
use crate::import::report::FileReport;
use crate::import::table::check_cells;

const SCALE: pointer::ValueScale = pointer::ValueScale {
    minimum: 0.5,
    maximum: 5.0,
    neutral: 3.0,
};

fn columns() -> InteractionColumns {
    let [user, item, value, time] =
        ["userId", "movieId", "rating", "timestamp"].map(|name| Column::Name(name.to_owned()));
    InteractionColumns::new(&user, &item, Some(&value), Some(&time))
}

/// Hands out a few bytes at a time, so that rows and even line ends are cut in two.
struct Sips<'a>(&'a [u8], usize);

impl Read for Sips<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len_bytes = self.1.min(self.0.len()).min(buffer.len());
        buffer[..len_bytes].copy_from_slice(&self.0[..len_bytes]);
        self.0 = &self.0[len_bytes..];
        Ok(len_bytes)
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new(Some(SCALE), 1.0);
    for id in ["1", "2", "3", "x", "007"] {
        let item = crate::dataset::Item {
            id: id.to_owned(),
            title: String::new(),
            fields: BTreeMap::default(),
        };
        builder.add_item(item, 1);
    }
    builder
}

fn read_fast(bytes: &[u8], sip_len_bytes: usize) -> (Dataset, FileReport) {
    let mut builder = builder();
    read_interactions(
        "f",
        Sips(bytes, sip_len_bytes),
        Dialect::CSV,
        &columns(),
        &mut builder,
    )
    .unwrap();
    let mut finished = builder.finish();
    (finished.dataset, finished.reports.remove(0))
}

fn csv_records(bytes: &[u8]) -> Vec<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    reader.byte_records().map(Result::unwrap).collect()
}

fn num_line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The same through the `csv` crate: slow, and with nothing in common but what a row of cells means.
fn read_slowly(bytes: &[u8]) -> (Dataset, FileReport) {
    let columns = columns();
    let mut builder = builder();
    builder.begin_file("f");
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let records = csv_records(body);
    // An open quote swallows what is added, and no new record appears.
    let is_quote_open = csv_records(&[body, b"\nz"].concat()).len() == records.len();
    for (record_idx, record) in records.iter().enumerate().skip(1) {
        // The crate's position stands before the empty lines that come first.
        let mut start = record.position().unwrap().byte() as usize;
        start += body[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let line = 1 + num_line_ends(&body[..start]);
        let raw = match records.get(record_idx + 1) {
            Some(next) => &body[start..next.position().unwrap().byte() as usize],
            None => &body[start..],
        };
        let is_utf8 = record
            .iter()
            .all(|field| std::str::from_utf8(field).is_ok());
        if !is_utf8 {
            builder.report().count(Problem::NotUtf8, line, String::new);
        }
        let encoding = if is_utf8 {
            encoding_rs::UTF_8
        } else {
            encoding_rs::WINDOWS_1252
        };
        let decode = |field| encoding.decode_without_bom_handling(field).0.into_owned();
        let fields: Vec<String> = record.iter().map(decode).collect();
        let ends_within_quotes = is_quote_open && record_idx + 1 == records.len();
        if ends_within_quotes {
            builder.report().rows += num_line_ends(raw);
            builder.report().bad_rows += num_line_ends(raw);
            builder.count_row(line, Err((Problem::UnclosedQuote, String::new())));
            continue;
        }
        if fields.iter().any(|field| field.contains('\n')) {
            builder
                .report()
                .count(Problem::EmbeddedLineEnd, line, String::new);
        }
        let cell = |place| {
            fields
                .get(place)
                .map(|cell: &String| cell.trim())
                .filter(|cell| !cell.is_empty())
        };
        let cells = Cells {
            wanted: columns.wanted(),
            cells: (0..4).map(cell).collect(),
        };
        let outcome = check_cells(&cells).and_then(|()| columns.take(&mut builder, &cells, line));
        builder.count_row(line, outcome);
    }
    builder.end_file(1 + num_line_ends(body)).unwrap();
    let mut finished = builder.finish();
    (finished.dataset, finished.reports.remove(0))
}

/// Counts and lines, without the words.
fn shape(report: &FileReport) -> Vec<(String, u64, Vec<u64>)> {
    let problems = report.problems.iter().map(|(problem, counted)| {
        (
            problem.to_string(),
            counted.count,
            counted.first.iter().map(|place| place.line).collect(),
        )
    });
    [("rows".to_owned(), report.rows, vec![report.bad_rows])]
        .into_iter()
        .chain(problems)
        .collect()
}

fn field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => "[1-4]".prop_map(String::into_bytes),
        4 => "[0-5](\\.[0-9]{1,3})?".prop_map(String::into_bytes),
        4 => "[0-9]{1,20}".prop_map(String::into_bytes),
        1 => "\"[1-4,\n]{0,3}\"".prop_map(String::into_bytes),
        1 => "[-+ x0-9.e\"é\t]{0,6}".prop_map(String::into_bytes),
        1 => prop_oneof!["nan", "inf", "007", "", "2000-01-01", "1e0", "4.", ".5"].prop_map(String::into_bytes),
        1 => Just(b"\xe9\xff".to_vec()),
    ]
}

fn row() -> impl Strategy<Value = Vec<u8>> {
    let plain = (1..4_u8, 1..4_u8, 1..11_u8, 0..2_000_000_000_u64).prop_map(
        |(user, item, halves, time)| {
            format!("{user},{item},{:.1},{time}", f32::from(halves) / 2.0).into_bytes()
        },
    );
    let any = prop::collection::vec(field(), 0..6).prop_map(|fields| fields.join(&b","[..]));
    let end = prop_oneof![6 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just("")];
    (prop_oneof![3 => plain, 2 => any], end).prop_map(|(mut row, end)| {
        row.extend_from_slice(end.as_bytes());
        row
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_fast_path_agrees_with_the_csv_crate(
        has_mark in any::<bool>(),
        rows in prop::collection::vec(row(), 0..12),
        sip_len_bytes in 1..64_usize,
    ) {
        let mut bytes = if has_mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        bytes.extend_from_slice(b"userId,movieId,rating,timestamp\n");
        bytes.extend(rows.concat());
        let (fast, fast_report) = read_fast(&bytes, sip_len_bytes);
        let (slow, slow_report) = read_slowly(&bytes);
        prop_assert_eq!(shape(&fast_report), shape(&slow_report));
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for dialect in [Dialect::CSV, Dialect::TSV, Dialect::DoubleColon] {
            let places = [1, 2, 3, 4].map(Column::Place);
            let columns = InteractionColumns::new(&places[0], &places[1], Some(&places[2]), Some(&places[3]));
            let mut builder = builder();
            drop(read_interactions("f", bytes.as_slice(), dialect, &columns, &mut builder));
        }
    }

    #[test]
    fn plain_decimals_round_as_the_standard_library_does(mantissa in 0..10_000_000_u64, num_decimals in 1..7_usize) {
        let digits = format!("{mantissa:0>width$}", width = num_decimals + 1);
        let (whole, decimals) = digits.split_at(digits.len() - num_decimals);
        let text = format!("{whole}.{decimals}");
        let mut cursor = Cursor { bytes: text.as_bytes(), at: 0 };
        if let Some(value) = cursor.decimal() {
            prop_assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits());
        }
    }
}

#[test]
fn most_rows_take_the_fast_path() {
    let shape = PlainShape {
        separator: b',',
        has_value: true,
        has_time: true,
    };
    let row = PlainRow {
        user: 1,
        item: 296,
        value: 5.0,
        time_s: 1_147_880_044,
    };
    assert_eq!(
        plain_row(b"1,296,5.0,1147880044\n2,", shape),
        Some((row, 21))
    );
    assert_eq!(plain_row(b"1,296,5,1147880044\r\n", shape), Some((row, 20)));
    for odd in [
        "1,296,5.0,1147880044",
        "1,296,5.0,1147880044\r",
        "1,296,5.0,1147880044,\n",
        "1,296,5.0\n",
        "1,\"296\",5.0,1147880044\n",
        "01,296,5.0,1147880044\n",
        "1,296,5.,1147880044\n",
        "1,296,-5.0,1147880044\n",
        "1,1234567890123456789,5.0,1147880044\n",
        "\n",
        "",
    ] {
        assert_eq!(plain_row(odd.as_bytes(), shape), None, "{odd:?}");
    }
}
