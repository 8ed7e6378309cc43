//! Baskets, a line each.

use super::*;

const ANY_SHARE: &str = "layout = \"baskets\"\nimport = { maximum_bad_row_share = 1.0 }\n";

#[test]
fn transactions_are_numbers_between_spaces() {
    let (dataset, report) =
        import_files(&[("shop.dat", b"25 52 9 \n\n9 9 25\n   \n100 \n\n")], "").unwrap();
    assert_eq!(
        lines(&dataset),
        [
            "1 9 1 0",
            "1 25 1 0",
            "1 52 1 0",
            "3 9 1 0",
            "3 25 1 0",
            "5 100 1 0"
        ]
    );
    assert_eq!(item(&dataset, "100").title, "100");
    assert!(dataset.user_names.is_empty());
    assert_eq!((report.layout.as_str(), report.values), ("baskets", None));
    let report = file(&report, "shop.dat");
    assert_eq!((report.rows, report.bad_rows), (6, 0));
    assert_eq!(problem(report, Problem::EmptyRow), (3, vec![2, 4, 6]));
    assert_eq!(problem(report, Problem::Duplicate), (1, vec![3]));
}

#[test]
fn names_are_between_commas_and_may_be_quoted() {
    let expected = [
        "1 cream cheese 1 0",
        "1 whole milk 1 0",
        "2 Say \"yes\", now 1 0",
        "4 whole milk 1 0",
    ];
    for line_end in ["\n", "\r\n"] {
        let baskets = [
            "whole milk, cream cheese ,,",
            "\"Say \"\"yes\"\", now\"",
            "",
            "whole milk",
        ];
        let baskets = baskets.join(line_end);
        for baskets in [baskets.clone(), baskets + line_end] {
            let (dataset, report) =
                import_files(&[("g.csv", baskets.as_bytes())], ANY_SHARE).unwrap();
            assert_eq!(lines(&dataset), expected, "{baskets:?}");
            let report = file(&report, "g.csv");
            assert_eq!(
                problem(report, Problem::EmptyRow),
                (1, vec![3]),
                "{baskets:?}"
            );
            assert_eq!(report.rows, 4);
        }
    }
    let (dataset, _) = import_files(&[("g.csv", b"a,b\ra\rb")], ANY_SHARE).unwrap();
    assert_eq!(
        lines(&dataset),
        ["1 a 1 0", "1 b 1 0", "2 a 1 0", "3 b 1 0"]
    );
    let (dataset, _) = import_files(&[("g.csv", b"a,\"b\nc\"\n\nd\n")], ANY_SHARE).unwrap();
    assert_eq!(lines(&dataset), ["1 a 1 0", "1 b\nc 1 0", "4 d 1 0"]);
}

#[test]
fn a_basket_with_something_wrong_is_lost_as_a_whole() {
    let (dataset, report) = import_files(
        &[("shop.dat", b"1 2\n3 milk 4\n5 -6\n7::8\n2\n")],
        ANY_SHARE,
    )
    .unwrap();
    assert_eq!(lines(&dataset), ["1 1 1 0", "1 2 1 0", "5 2 1 0"]);
    let report = file(&report, "shop.dat");
    assert_eq!(problem(report, Problem::BadNumber), (3, vec![2, 3, 4]));

    let (dataset, report) =
        import_files(&[("g.csv", b"caf\xe9\n\"milk,eggs\ntea\n")], ANY_SHARE).unwrap();
    assert_eq!(lines(&dataset), ["1 café 1 0"]);
    let report = file(&report, "g.csv");
    assert_eq!(problem(report, Problem::NotUtf8), (1, vec![1]));
    assert_eq!(problem(report, Problem::UnclosedQuote), (1, vec![2]));
}

#[test]
fn one_file_is_meant() {
    let files: [(&str, &[u8]); 3] = [("a.dat", b"1 2\n"), ("b.dat", b"3\n"), ("c.csv", b"x,y\n")];
    let check = |settings: &str, expected: Result<&[&str], &str>| {
        let imported = import_files(&files, settings).map(|(dataset, _)| lines(&dataset));
        match (imported, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(expected)) => {
                assert!(error.to_string().ends_with(expected), "{error}");
            }
            (found, _) => panic!("{found:?}"),
        }
    };
    check(
        "",
        Err(
            "has several such files (a.dat, b.dat): write which it is as `file` under `import`, beside `layout`",
        ),
    );
    check(
        ANY_SHARE,
        Err(
            "has several such files (a.dat, b.dat, c.csv): write which it is as `file` under `import`, beside `layout`",
        ),
    );
    let one = |file: &str| format!("layout = \"baskets\"\nimport = {{ file = \"{file}\" }}\n");
    check(&one("b.dat"), Ok(&["1 3 1 0"]));
    check(&one("c.csv"), Ok(&["1 x 1 0", "1 y 1 0"]));
    check(
        &one("d.csv"),
        Err("has no `d.csv` (it has: a.dat, b.dat, c.csv)"),
    );
    let error = import_files(&[("a.dat", b"\n \n")], "")
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("has no interactions"), "{error}");
}
