//! Every layout, from a folder and from an archive.

use std::fs::File;
use std::io::Write;

use config::ValueScale;
use precompute::import::import_split;
use zip::write::SimpleFileOptions;

use super::*;

#[test]
fn ml_latest_is_read_with_links_and_tags() {
    let (dataset, report) = import_fixture("import/ml-latest", "");
    assert_eq!(
        lines(&dataset),
        [
            "1 1 4 964982703",
            "1 2 0.5 964981247",
            "2 7 3 1445715000",
            "2 10 5 1445714994",
            "10 1 3.5 1445714996"
        ]
    );
    assert_eq!(dataset.users, ["1", "2", "10"]);
    let titles: Vec<&str> = dataset
        .items
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "Paper Boats",
            "Lamp, The",
            "Unending",
            "Say \"Yes\" (a.k.a. Sí)",
            "Nameless Year"
        ]
    );
    let first = &dataset.items[0];
    assert_eq!(first.fields["year"], Value::Integer(1995));
    assert_eq!(first.fields["genres"], texts(&["Adventure", "Children"]));
    assert_eq!(first.fields["imdb_id"], text("tt0000011"));
    assert_eq!(first.fields["tmdb_id"], text("811"));
    assert_eq!(first.fields.get("image"), None, "nobody asked for posters");
    // Two people wrote `sea`; the others come by the alphabet, and the sixth is left out.
    assert_eq!(
        first.fields["tags"],
        texts(&["sea", "a", "b", "c", "paper"])
    );
    assert_eq!(item(&dataset, "2").fields["imdb_id"], text("tt12345678"));
    assert_eq!(item(&dataset, "2").fields.get("tmdb_id"), None);
    assert_eq!(
        item(&dataset, "2").fields["tags"],
        texts(&["light, bright"])
    );
    assert_eq!(item(&dataset, "10").fields["imdb_id"], text("tt0000042"));
    assert_eq!(item(&dataset, "10").fields["genres"], texts(&[]));
    assert_eq!(item(&dataset, "7").fields["year"], Value::Integer(2006));
    assert_eq!(item(&dataset, "30").fields.get("year"), None);
    assert_eq!(
        (
            report.layout.as_str(),
            report.users,
            report.items,
            report.interactions
        ),
        ("ml-latest", 3, 5, 5)
    );
    let scale = report.values.unwrap();
    assert_eq!(
        (scale.minimum, scale.maximum, scale.neutral),
        (0.5, 5.0, 3.0)
    );
    let files: Vec<&str> = report.files.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(
        files,
        ["movies.csv", "links.csv", "tags.csv", "ratings.csv"]
    );
    assert!(
        report.files.iter().all(|file| file.bad_rows == 0),
        "{report}"
    );
}

#[test]
fn a_configured_scale_wins() {
    let settings = "values = { minimum = 0.0, maximum = 10.0, neutral = 5.0 }";
    let (_, report) = import_fixture("import/ml-latest", settings);
    let configured = ValueScale {
        minimum: 0.0,
        maximum: 10.0,
        neutral: 5.0,
    };
    let scale = report.values.unwrap();
    assert_eq!(
        ValueScale {
            minimum: scale.minimum,
            maximum: scale.maximum,
            neutral: scale.neutral
        },
        configured
    );
}

#[test]
fn ml_100k_is_read_from_latin_1() {
    let (dataset, report) = import_fixture("import/ml-100k", "");
    assert_eq!(
        lines(&dataset),
        [
            "1 1 4 880000003",
            "1 2 3 880000002",
            "2 3 2 880000005",
            "2 4 1 880000004",
            "3 1 5 880000001",
            "3 2 4 880000006"
        ]
    );
    assert_eq!(item(&dataset, "2").title, "Café \"Noir\"");
    assert_eq!(item(&dataset, "2").fields["year"], Value::Integer(1996));
    assert_eq!(
        item(&dataset, "1").fields["genres"],
        texts(&["Animation", "Comedy"])
    );
    assert_eq!(item(&dataset, "3").fields["genres"], texts(&[]));
    assert_eq!(item(&dataset, "3").fields.get("year"), None);
    assert_eq!(
        item(&dataset, "4").fields["year"],
        Value::Integer(1998),
        "from the release date"
    );
    assert_eq!(
        problem(file(&report, "u.item"), Problem::NotUtf8),
        (1, vec![2])
    );
    assert_eq!(file(&report, "u.item").bad_rows, 0);
    assert_eq!(
        report.values,
        Some(pointer::ValueScale {
            minimum: 1.0,
            maximum: 5.0,
            neutral: 3.0
        })
    );
}

#[test]
fn ml_100k_brings_its_splits() {
    let collection = collection(&fixture("import/ml-100k"), "");
    let (split, report) = import_split(&collection, None, "u1").unwrap();
    let test = Dataset {
        interactions: split.test.clone(),
        ..split.train.clone()
    };
    assert_eq!(
        lines(&split.train),
        [
            "1 1 4 880000003",
            "1 2 3 880000002",
            "2 4 1 880000004",
            "3 1 5 880000001"
        ]
    );
    assert_eq!(lines(&test), ["2 3 2 880000005", "3 2 4 880000006"]);
    assert_eq!(split.train.items.len(), 4);
    assert_eq!(report.interactions, 6);
    let error = import_split(&collection, None, "u9")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("brings no split `u9` (it has: u1, ua)"),
        "{error}"
    );
}

#[test]
fn ml_1m_is_read_with_ratings_or_with_pairs() {
    let (with_ratings, report) = import_fixture("import/ml-1m", "");
    assert_eq!(
        lines(&with_ratings),
        ["1 1 3 978302109", "1 9 5 978300760", "2 2 1 978301968"]
    );
    assert_eq!(item(&with_ratings, "9").title, "Stars: A Tale");
    assert_eq!(item(&with_ratings, "2").title, "Café Noir");
    assert_eq!(
        problem(file(&report, "movies.dat"), Problem::NotUtf8),
        (1, vec![2])
    );
    let (pairs, report) = import_fixture("import/ml-1m-pairs", "");
    assert_eq!(lines(&pairs), ["1 1 1 0", "1 9 1 0", "2 2 1 0"]);
    assert_eq!(pairs.items, with_ratings.items);
    assert_eq!(report.values, None, "a pair is only a click");
}

#[test]
fn movietweetings_is_told_from_ml_1m_by_its_numbers() {
    let files: [(&str, &[u8]); 2] = [
        (
            "movies.dat",
            "0002844::Fantômas - À l'ombre (1913)::Crime|Drama\n12345678::Show (2019– )::\n0002844::Again (1913)::\nbad\n".as_bytes(),
        ),
        (
            "ratings.dat",
            b"1::0002844::0::1365029107\n1::12345678::10::1365029108\n2::0002844::11::1\n2::2844::5::1\n2::0002844::x::1\n2::0002844\n",
        ),
    ];
    let settings = "import = { maximum_bad_row_share = 1.0 }";
    let (dataset, report) = import_files(&files, settings).unwrap();
    assert_eq!(report.layout, "movietweetings");
    assert_eq!(
        lines(&dataset),
        ["1 12345678 10 1365029108", "1 0002844 0 1365029107"],
        "zeros are part of an id, and numbers come first"
    );
    let first = item(&dataset, "0002844");
    assert_eq!(first.title, "Fantômas - À l'ombre");
    assert_eq!(first.fields["year"], Value::Integer(1913));
    assert_eq!(first.fields["genres"], texts(&["Crime", "Drama"]));
    assert_eq!(first.fields["imdb_id"], text("tt0002844"));
    assert_eq!(
        item(&dataset, "12345678").fields["year"],
        Value::Integer(2019)
    );
    let scale = report.values.unwrap();
    assert_eq!(
        (scale.minimum, scale.neutral, scale.maximum),
        (0.0, 5.0, 10.0)
    );
    let movies = file(&report, "movies.dat");
    assert_eq!(problem(movies, Problem::Duplicate), (1, vec![3]));
    assert_eq!(problem(movies, Problem::MissingField), (1, vec![4]));
    let ratings = file(&report, "ratings.dat");
    assert_eq!(problem(ratings, Problem::OutOfScale), (1, vec![3]));
    assert_eq!(problem(ratings, Problem::UnknownItem), (1, vec![4]));
    assert_eq!(problem(ratings, Problem::BadNumber), (1, vec![5]));
    assert_eq!(problem(ratings, Problem::MissingField), (1, vec![6]));

    let error = import_files(&files[..1], settings).unwrap_err().to_string();
    assert!(
        error.ends_with("has no `ratings.dat` (it has: movies.dat)"),
        "{error}"
    );
    let empty: [(&str, &[u8]); 2] = [("movies.dat", b""), files[1]];
    let error = import_files(&empty, settings).unwrap_err().to_string();
    assert!(error.ends_with("has no interactions"), "{error}");
}

#[test]
fn lists_are_read_as_a_whole_and_as_a_split() {
    let (dataset, report) = import_fixture("import/lists", "");
    assert_eq!(lines(&dataset).len(), 9);
    assert_eq!(report.layout, "lists");
    let (split, _) =
        import_split(&collection(&fixture("import/lists"), ""), None, "lists").unwrap();
    let test = Dataset {
        interactions: split.test.clone(),
        ..split.train.clone()
    };
    assert_eq!(
        lines(&split.train),
        [
            "0 3 1 0", "0 5 1 0", "0 12 1 0", "1 3 1 0", "2 5 1 0", "2 12 1 0"
        ]
    );
    assert_eq!(lines(&test), ["0 7 1 0", "1 5 1 0", "1 12 1 0"]);
    assert_eq!(item(&split.train, "7").title, "7");
}

/// Packs a fixture as MovieLens's archives are: everything within one folder, and the shadows that a Mac adds.
fn packed(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(File::create(folder.path().join("data.zip")).unwrap());
    zip.add_directory("ml-made-up/", SimpleFileOptions::default())
        .unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        zip.start_file(format!("ml-made-up/{name}"), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(&fs::read(entry.path()).unwrap()).unwrap();
        zip.start_file(
            format!("__MACOSX/ml-made-up/._{name}"),
            SimpleFileOptions::default(),
        )
        .unwrap();
    }
    zip.finish().unwrap();
    folder
}

#[test]
fn an_archive_reads_as_its_folder_does() {
    for name in [
        "import/ml-latest",
        "import/ml-100k",
        "import/ml-1m",
        "import/lists",
    ] {
        let folder = packed(name);
        let from_archive = import(&collection(&folder.path().join("data.zip"), ""), None).unwrap();
        assert_eq!(from_archive, import_fixture(name, ""), "{name}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |source: &Path, settings: &str, expected: &str| {
        let error = import(&collection(source, settings), None)
            .unwrap_err()
            .to_string();
        let error = error.replace(&folder.path().display().to_string(), "FOLDER");
        assert_eq!(error, expected);
    };
    check(
        &folder.path().join("nothing"),
        "",
        "reading `FOLDER/nothing`",
    );
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    check(
        &folder.path().join("notes.txt"),
        "",
        "reading the archive `FOLDER/notes.txt`",
    );
    check(
        folder.path(),
        "",
        "`FOLDER` has the files of no layout that is known (movielens, lists, playlists, baskets, \
         goodbooks, netflix, podcasts, yelp, table; `precompute import --help` says \
         which files each has); map its columns with `import.interactions` (it has: notes.txt)",
    );
    check(
        folder.path(),
        "layout = \"lists\"",
        "`FOLDER` is not laid out as \"lists\": train.txt and test.txt, a line a user (it has: notes.txt)",
    );
    fs::write(folder.path().join("movies.csv"), "movieId,title,genres\n").unwrap();
    check(
        folder.path(),
        "",
        "`FOLDER` has no `ratings.csv` (it has: movies.csv, notes.txt)",
    );
    fs::write(folder.path().join("ratings.csv"), "userId,rating\n1,2\n").unwrap();
    check(
        folder.path(),
        "",
        "`ratings.csv` has no column `movieId` (it has: userId, rating)",
    );
    fs::write(
        folder.path().join("ratings.csv"),
        "userId,movieId,rating,timestamp\n",
    )
    .unwrap();
    check(folder.path(), "", "`FOLDER` has no interactions");
    fs::write(folder.path().join("ratings.csv"), "").unwrap();
    check(folder.path(), "", "`ratings.csv` is empty");
}

#[test]
fn two_imports_of_the_same_files_are_the_same() {
    for name in ["import/ml-latest", "import/ml-100k", "import/lists"] {
        assert_eq!(import_fixture(name, ""), import_fixture(name, ""));
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_stop_no_import() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("elsewhere")).unwrap();
    fs::write(
        path("elsewhere/ratings.csv"),
        "userId,movieId,rating,timestamp\n1,1,4,100\n",
    )
    .unwrap();
    fs::write(path("movies.csv"), "movieId,title,genres\n1,One,Drama\n").unwrap();
    symlink("elsewhere/ratings.csv", path("ratings.csv")).unwrap();
    symlink(".", path("loop")).unwrap();
    symlink("nowhere", path("dangling.csv")).unwrap();
    symlink("nowhere", path(".#movies.csv")).unwrap();
    let (dataset, _) = import(&collection(folder.path(), ""), None).unwrap();
    assert_eq!(lines(&dataset), ["1 1 4 100"]);
}
