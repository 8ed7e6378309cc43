//! Tables with mapped columns, in every format.

use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;

const EVENTS: [&str; 3] = [
    "ann b-1 5 1769900000",
    "ann b-2 4 1769817600",
    "bob b-1 2 1769860800",
];

fn events(file: &str) -> String {
    format!(
        "[collections.c.import.interactions]\nfile = \"{file}\"\n\
         columns = {{ user = \"customer\", item = \"article\", value = \"stars\", time = \"when\" }}\n"
    )
}

#[test]
fn csv_tsv_and_json_lines_say_the_same() {
    for file in ["events.csv", "events.jsonl"] {
        let (dataset, report) = import_fixture("import/table", &events(file));
        assert_eq!(lines(&dataset), EVENTS, "{file}");
        assert_eq!(report.layout, "table");
        assert_eq!(report.values, None, "no scale is configured");
        assert_eq!(dataset.items[0].title, "b-1");
    }
    let by_place = "[collections.c.import.interactions]\nfile = \"events.tsv\"\ncolumns = { user = 1, item = 2, value = 3 }\n";
    let (dataset, _) = import_fixture("import/table", by_place);
    assert_eq!(
        lines(&dataset),
        ["ann b-1 5 0", "ann b-2 4 0", "bob b-1 2 0"]
    );
}

#[test]
fn parquet_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let schema = "message events { REQUIRED BYTE_ARRAY article (UTF8); OPTIONAL BYTE_ARRAY customer (UTF8); \
        REQUIRED DOUBLE stars; REQUIRED INT64 when (TIMESTAMP_MILLIS); }";
    let path = folder.path().join("events.parquet");
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let output = fs::File::create(&path).unwrap();
    let mut writer =
        SerializedFileWriter::new(output, schema, Arc::new(WriterProperties::new())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let ids = |ids: &[&str]| {
        ids.iter()
            .map(|id| ByteArray::from(*id))
            .collect::<Vec<_>>()
    };
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&ids(&["b-2", "b-1", "b-1", "b-1"]), None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&ids(&["ann", "bob", "ann"]), Some(&[1, 1, 1, 0]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[4.0, 2.0, 5.0, 1.0], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let times = [1_769_817_600_000, 1_769_860_800_999, 1_769_900_000_000, 0];
    column
        .typed::<Int64Type>()
        .write_batch(&times, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();

    let settings = format!(
        "{}[collections.c.import]\nmaximum_bad_row_share = 0.5\n",
        events("events.parquet")
    );
    let (dataset, report) = import(&collection(folder.path(), &settings), None).unwrap();
    assert_eq!(lines(&dataset), EVENTS);
    assert_eq!(
        problem(file(&report, "events.parquet"), Problem::MissingField),
        (1, vec![4])
    );

    fs::write(&path, "no such thing").unwrap();
    let error = import(&collection(folder.path(), &settings), None).unwrap_err();
    assert_eq!(error.to_string(), "reading `events.parquet` as Parquet");
}

#[test]
fn items_bring_the_fields_that_are_mapped() {
    let items = "[collections.c.import]\nmaximum_bad_row_share = 0.4\n\
        [collections.c.import.items]\nfile = \"articles.csv\"\ncolumns = { id = \"id\", title = \"name\" }\n\
        [collections.c.import.items.fields]\nbrand = \"maker\"\nyear = { column = \"made_in\", type = \"integer\" }\n\
        price = { column = \"price\", type = \"real\" }\ngenres = { column = \"kinds\", separator = \";\" }\n";
    let settings = format!("{}{items}", events("events.csv"));
    let (from_csv, report) = import_fixture("import/table", &settings);
    let first = item(&from_csv, "b-1");
    assert_eq!(first.title, "Blue Chair");
    assert_eq!(first.fields["brand"], text("Ada"));
    assert_eq!(first.fields["year"], Value::Integer(1999));
    assert_eq!(first.fields["price"], Value::Real(12.5));
    assert_eq!(first.fields["genres"], texts(&["seat", "wood"]));
    assert_eq!(item(&from_csv, "b-2").fields.get("brand"), None);
    assert_eq!(item(&from_csv, "b-2").fields["genres"], texts(&[]));
    // A bad year is counted, but the item stays, and so do its interactions.
    assert_eq!(item(&from_csv, "b-3").title, "Odd Lamp");
    assert_eq!(item(&from_csv, "b-3").fields.get("year"), None);
    assert_eq!(
        problem(file(&report, "articles.csv"), Problem::BadNumber),
        (1, vec![4])
    );
    let (from_json, _) = import_fixture(
        "import/table",
        &settings.replace("articles.csv", "articles.jsonl"),
    );
    assert_eq!(from_json, from_csv);
    // A catalogue alone is one, too.
    let (alone, _) = import_fixture("import/table", items);
    assert_eq!(item(&alone, "b-1"), item(&from_csv, "b-1"));
    assert!(alone.interactions.is_empty() && alone.users.is_empty());
}

#[test]
fn a_title_gives_its_year_away_where_no_column_does() {
    let files: [(&str, &[u8]); 2] = [
        ("e.csv", b"customer,article,stars,when\nann,1,4,1\n"),
        (
            "films.csv",
            b"id,name,made_in\n1,Heat (1995),1994\n2,Heat  (the  other),1996\n",
        ),
    ];
    let items = |fields: &str| {
        format!(
            "{}[collections.c.import.items]\nfile = \"films.csv\"\ncolumns = {{ id = \"id\", title = \"name\" }}\n{fields}",
            events("e.csv")
        )
    };
    let (dataset, _) = import_files(&files, &items("")).unwrap();
    assert_eq!(dataset.items[0].title, "Heat");
    assert_eq!(dataset.items[0].fields["year"], Value::Integer(1995));
    assert_eq!(dataset.items[1].title, "Heat (the other)");
    assert_eq!(dataset.items[1].fields.get("year"), None);

    let mapped = "fields = { year = { column = \"made_in\", type = \"integer\" } }\n";
    let (dataset, _) = import_files(&files, &items(mapped)).unwrap();
    assert_eq!(dataset.items[0].title, "Heat (1995)");
    assert_eq!(dataset.items[0].fields["year"], Value::Integer(1994));
}

#[test]
fn a_pattern_takes_all_files_in_the_order_of_their_names() {
    let files: [(&str, &[u8]); 3] = [
        (
            "days/2026-01-02.csv",
            b"customer,article,stars,when\nann,b,4,200\nann,c,x,1\n",
        ),
        (
            "days/2026-01-01.csv",
            b"customer,article,stars,when\nann,b,5,200\n",
        ),
        ("days/notes.md", b"#"),
    ];
    let settings = format!(
        "[collections.c.import]\nmaximum_bad_row_share = 0.5\n{}",
        events("days/*.csv")
    );
    let (dataset, report) = import_files(&files, &settings).unwrap();
    assert_eq!(
        lines(&dataset),
        ["ann b 4 200"],
        "the later file wins where times are equal"
    );
    assert_eq!(
        problem(file(&report, "days/2026-01-01.csv"), Problem::Duplicate),
        (1, vec![2])
    );
    assert_eq!(
        problem(file(&report, "days/2026-01-02.csv"), Problem::BadNumber),
        (1, vec![3])
    );
}

#[test]
fn json_lines_that_are_none_are_counted() {
    let lines_of_json = b"\xef\xbb\xbf{\"customer\":\"ann\",\"article\":7,\"stars\":4,\"when\":1}\n[1]\n{\"customer\":\n\
        {\"customer\":\"ann\",\"stars\":4,\"when\":1}\n{\"customer\":\"Bj\xf6rn\",\"article\":\"7\",\"stars\":4,\"when\":1}";
    let settings = format!(
        "[collections.c.import]\nmaximum_bad_row_share = 1.0\n{}",
        events("e.jsonl")
    );
    let (dataset, report) = import_files(&[("e.jsonl", lines_of_json)], &settings).unwrap();
    assert_eq!(lines(&dataset), ["Björn 7 4 1", "ann 7 4 1"]);
    let report = file(&report, "e.jsonl");
    assert_eq!(problem(report, Problem::NotAnObject), (2, vec![2, 3]));
    assert_eq!(problem(report, Problem::MissingField), (1, vec![4]));
    assert_eq!(problem(report, Problem::NotUtf8), (1, vec![5]));
}

#[test]
fn json_may_be_an_array_and_have_inner_objects() {
    let lines_of_json = b"[{\"who\":{\"id\":\"ann\"},\"article\":7,\"stars\":4,\"when\":1}\n,{\"who.id\":\"bob\",\"article\":7,\"stars\":4,\"when\":1},\n\
        {\"who\":3,\"article\":7,\"stars\":4,\"when\":1}\n]\n";
    let settings = events("e.jsonl").replace("\"customer\"", "\"who.id\"");
    let settings = format!("[collections.c.import]\nmaximum_bad_row_share = 1.0\n{settings}");
    let (dataset, report) = import_files(&[("e.jsonl", lines_of_json)], &settings).unwrap();
    assert_eq!(lines(&dataset), ["ann 7 4 1", "bob 7 4 1"]);
    let report = file(&report, "e.jsonl");
    assert_eq!(problem(report, Problem::MissingField), (1, vec![3]));
    assert_eq!(report.rows, 3);
}

#[test]
fn what_cannot_be_mapped_is_named() {
    let files: [(&str, &[u8]); 3] = [
        ("e.csv", b"customer,article\na,b\n"),
        ("e.log", b""),
        ("s.csv", b"customer;article;stars;when\na;b;5;1\n"),
    ];
    let check = |settings: &str, expected: &str| {
        let error = import_files(&files, settings).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    };
    check(
        &events("e.csv"),
        "`e.csv` has no column `stars` (it has: customer, article)",
    );
    check(
        &events("s.csv"),
        "`s.csv` has no column `customer` (it has: customer;article;stars;when); its columns seem to be kept apart by ';': \
         a CSV file needs commas, and a TSV file (`format = \"tsv\"`) tabs",
    );
    check(
        &events("e.log"),
        "the format of `e.log` is not clear from its ending; write `format = \"csv\"` or another one beside it",
    );
    check(
        &events("none.csv"),
        "has no `none.csv` (it has: e.csv, e.log, s.csv)",
    );
}
