//! Everything that can be wrong with a row: counted, with its line, and never a reason to panic.

use super::*;

const MOVIES: &[u8] =
    b"movieId,title,genres\n1,One (2001),Drama\n2,Two (2002),Drama\n3,Three (2003),Drama\n";
const ANY_SHARE: &str = "[collections.c.import]\nmaximum_bad_row_share = 1.0\n";

#[track_caller]
fn import_ratings(ratings: &[u8]) -> (Dataset, FileReport) {
    let files: [(&str, &[u8]); 2] = [("movies.csv", MOVIES), ("ratings.csv", ratings)];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    let report = file(&report, "ratings.csv").clone();
    (dataset, report)
}

#[test]
fn every_kind_of_bad_row_is_counted_with_its_line() {
    let (dataset, report) = import_ratings(
        b"userId,movieId,rating,timestamp\n\
          1,1,4.0,100\n\
          1,,4.0,100\n\
          1,2\n\
          1,2,four,100\n\
          1,2,4.0,soon\n\
          1,2,NaN,100\n\
          1,2,inf,100\n\
          1,2,5.5,100\n\
          1,2,0.0,100\n\
          1,99,4.0,100\n\
          2,3,5.0,100\n",
    );
    assert_eq!(lines(&dataset), ["1 1 4 100", "2 3 5 100"]);
    assert_eq!((report.rows, report.bad_rows), (11, 9));
    assert_eq!(problem(&report, Problem::MissingField), (2, vec![3, 4]));
    assert_eq!(problem(&report, Problem::BadNumber), (2, vec![5, 6]));
    assert_eq!(problem(&report, Problem::NotFinite), (2, vec![7, 8]));
    assert_eq!(problem(&report, Problem::OutOfScale), (2, vec![9, 10]));
    assert_eq!(problem(&report, Problem::UnknownItem), (1, vec![11]));
    let text = report.to_string();
    assert!(
        text.contains(
            "bad number: 2\n    ratings.csv:5: value `four`\n    ratings.csv:6: time `soon`"
        ),
        "{text}"
    );
    assert!(text.contains("ratings.csv:11: item `99`"), "{text}");
}

#[test]
fn what_stood_in_a_row_is_shown_without_control_characters() {
    let (_, report) =
        import_ratings(b"userId,movieId,rating,timestamp\n1,1,4,100\n1,2,\"fo\nur\x1b[31m\",100\n");
    let text = report.to_string();
    assert!(
        text.contains("ratings.csv:3: value `fo\\nur\\u{1b}[31m`"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn only_the_first_ten_places_are_kept() {
    let mut ratings = b"userId,movieId,rating,timestamp\n1,1,4.0,100\n".to_vec();
    for _ in 0..25 {
        ratings.extend_from_slice(b"1,1,x,100\n");
    }
    let (_, report) = import_ratings(&ratings);
    assert_eq!(
        problem(&report, Problem::BadNumber),
        (25, (3..13).collect())
    );
}

#[test]
fn of_duplicates_the_later_time_wins_and_then_the_later_row() {
    let (dataset, report) = import_ratings(
        b"userId,movieId,rating,timestamp\n1,1,1.0,300\n1,1,2.0,100\n2,2,1.0,100\n2,2,5.0,100\n1,1,3.0,200\n",
    );
    assert_eq!(lines(&dataset), ["1 1 1 300", "2 2 5 100"]);
    assert_eq!(problem(&report, Problem::Duplicate), (3, vec![3, 4, 6]));
    assert_eq!(report.bad_rows, 0, "a duplicate is no reason to stop");
}

#[test]
fn a_row_that_is_not_utf_8_is_read_as_windows_1252() {
    let movies =
        b"movieId,title,genres\n1,Caf\xc3\xa9 (2001),Drama\n2,Caf\xe9 \x93x\x94 (2002),Drama\n";
    let files: [(&str, &[u8]); 2] = [
        ("movies.csv", movies),
        (
            "ratings.csv",
            b"userId,movieId,rating\n1,1,4\nBj\xf6rn,2,3\n",
        ),
    ];
    let (dataset, report) = import_files(&files, "").unwrap();
    assert_eq!(item(&dataset, "1").title, "Café");
    assert_eq!(item(&dataset, "2").title, "Café “x”");
    assert_eq!(dataset.users, ["1", "Björn"]);
    assert_eq!(
        problem(file(&report, "movies.csv"), Problem::NotUtf8),
        (1, vec![3])
    );
    assert_eq!(
        problem(file(&report, "ratings.csv"), Problem::NotUtf8),
        (1, vec![3])
    );
}

#[test]
fn lines_stay_right_after_a_line_end_within_quotes() {
    let movies =
        b"movieId,title,genres\n1,\"One\nand\r\na half (2001)\",Drama\n2,,Drama\n3,Three,Drama\n";
    let files: [(&str, &[u8]); 2] = [
        ("movies.csv", movies),
        ("ratings.csv", b"userId,movieId,rating\n1,1,4\n"),
    ];
    let (dataset, report) = import_files(&files, ANY_SHARE).unwrap();
    assert_eq!(item(&dataset, "1").title, "One and a half");
    assert_eq!(
        problem(file(&report, "movies.csv"), Problem::EmbeddedLineEnd),
        (1, vec![2])
    );
    assert_eq!(
        problem(file(&report, "movies.csv"), Problem::MissingField),
        (1, vec![5])
    );
}

#[test]
fn a_quote_that_never_ends_costs_every_line_that_it_swallows() {
    let ratings =
        b"userId,movieId,rating,timestamp\n1,1,4.0,100\n1,\"2,4.0,100\n1,3,4.0,100\n2,3,4.0,100\n";
    let (dataset, report) = import_ratings(ratings);
    assert_eq!(lines(&dataset), ["1 1 4 100"]);
    assert_eq!((report.rows, report.bad_rows), (5, 4));
    assert_eq!(problem(&report, Problem::UnclosedQuote), (1, vec![3]));
}

#[test]
fn marks_line_ends_and_headers_of_all_kinds_are_understood() {
    let expected = ["1 1 4 100", "2 3 5 200"];
    for ratings in [
        "userId,movieId,rating,timestamp\n1,1,4.0,100\n2,3,5.0,200\n",
        "userId,movieId,rating,timestamp\r\n1,1,4.0,100\r\n2,3,5.0,200\r\n",
        "userId,movieId,rating,timestamp\r1,1,4.0,100\r2,3,5.0,200",
        "\u{feff}userId,movieId,rating,timestamp\n1,1,4.0,100\n2,3,5.0,200",
        "\n\nuserId,movieId,rating,timestamp\n\n1,1,4.0,100\n\r\n2,3,5.0,200\n\n",
        "timestamp,RATING,MovieID,user_id\n100,4.0,1,1\n200,5.0,3,2\n",
        "\"userId\",\"movieId\",\"rating\",\"timestamp\"\n\"1\",\"1\",\"4.0\",\"100\"\n\"2\",\"3\",\"5.0\",\"200\"\n",
        " User Id , Movie Id , Rating , Timestamp \n 1 , 1 , 4.0 , 100 \n 2 , 3 , 5.0 , 200 \n",
        "index,userId,movieId,rating,timestamp,note\n0,1,1,4.0,100,a\n1,2,3,5.0,200,b,c\n",
        "userId,movieId,rating,timestamp\n1,1,4.0,100,more\n2,3,5.0,1970-01-01T00:03:20Z\n",
    ] {
        let (dataset, report) = import_ratings(ratings.as_bytes());
        assert_eq!(lines(&dataset), expected, "{ratings:?}");
        assert_eq!((report.rows, report.bad_rows), (2, 0), "{ratings:?}");
    }
}

#[test]
fn ids_are_texts_and_keep_their_spelling() {
    let files: [(&str, &[u8]); 2] = [
        (
            "movies.csv",
            b"movieId,title,genres\n007,Seven,\n7,Other Seven,\nb,B,\n",
        ),
        (
            "ratings.csv",
            b"userId,movieId,rating\nann,007,4\nann,7,3\n12345678901234567890123,b,2\n",
        ),
    ];
    let (dataset, _) = import_files(&files, "").unwrap();
    assert_eq!(
        lines(&dataset),
        ["12345678901234567890123 b 2 0", "ann 7 3 0", "ann 007 4 0"]
    );
}

#[test]
fn files_without_rows_are_no_harm_where_rows_are_not_needed() {
    let files: [(&str, &[u8]); 4] = [
        ("movies.csv", MOVIES),
        ("ratings.csv", b"userId,movieId,rating\n1,1,4\n"),
        ("links.csv", b""),
        ("tags.csv", b"userId,movieId,tag,timestamp\n"),
    ];
    assert_eq!(import_files(&files, "").unwrap().0.interactions.len(), 1);
}

#[test]
fn utf_16_is_refused_with_advice() {
    let files: [(&str, &[u8]); 2] = [
        ("movies.csv", b"\xff\xfem\0o\0v\0"),
        ("ratings.csv", b"userId,movieId\n1,1\n"),
    ];
    let error = import_files(&files, "").unwrap_err();
    assert_eq!(error.to_string(), "reading `movies.csv`");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the text is UTF-16; save it as UTF-8");
}

#[test]
fn the_second_row_of_an_item_is_left_out() {
    let files: [(&str, &[u8]); 2] = [
        ("movies.csv", b"movieId,title,genres\n1,First,\n1,Second,\n"),
        ("ratings.csv", b"userId,movieId,rating\n1,1,4\n"),
    ];
    let (dataset, report) = import_files(&files, "").unwrap();
    assert_eq!(item(&dataset, "1").title, "First");
    assert_eq!(
        problem(file(&report, "movies.csv"), Problem::Duplicate),
        (1, vec![3])
    );
}

#[test]
fn too_many_bad_rows_stop_the_import() {
    let ratings = |num_bad: usize| {
        let good = "1,1,4.0,100\n".repeat(100 - num_bad);
        format!(
            "userId,movieId,rating,timestamp\n{good}{}",
            "1,1,x,100\n".repeat(num_bad)
        )
    };
    let import = |num_bad: usize| {
        let ratings = ratings(num_bad);
        import_files(
            &[("movies.csv", MOVIES), ("ratings.csv", ratings.as_bytes())],
            "",
        )
    };
    assert!(import(1).is_ok(), "one in a hundred is allowed");
    let error = import(2).unwrap_err();
    let text = error.to_string();
    let ImportError::TooManyBadRows {
        report,
        maximum_share,
    } = error
    else {
        panic!("{text}")
    };
    assert_eq!(
        (report.bad_rows, report.rows, maximum_share),
        (2, 100, 0.01)
    );
    assert!(
        text.starts_with("2 of 100 rows of `ratings.csv` are bad, and at most 1 % may be"),
        "{text}"
    );
    assert!(text.contains("ratings.csv:100: value `x`"), "{text}");
}
