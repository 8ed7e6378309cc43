//! Several sources in one collection.

use precompute::import::import_split;

use super::*;

/// Names and contents.
type TextFiles = &'static [(&'static str, &'static str)];

/// A part's name, its settings and its files.
type MadeUpPart = (&'static str, &'static str, TextFiles);

/// A collection whose parts are folders with these files.
fn media(folder: &Path, parts: &[MadeUpPart], settings: &str) -> Collection {
    let mut text = format!("[collections.c]\ntitle = \"C\"\n{settings}\n");
    for (name, settings, files) in parts {
        let part = folder.join(name);
        fs::create_dir_all(&part).unwrap();
        for (file, content) in *files {
            fs::write(part.join(file), content).unwrap();
        }
        let source = part.display().to_string();
        text += &[
            "[[collections.c.parts]]",
            &format!("name = {name:?}"),
            &format!("source = {source:?}"),
            settings,
            "",
        ]
        .join("\n");
    }
    let mut config = Config::parse(&text, Path::new("/kindred.toml")).unwrap();
    config.collections.remove("c").unwrap()
}

const FILMS: TextFiles = &[
    (
        "movies.dat",
        "0000010::Sea (1999)::Drama\n0000002::Waves (2000)::\n",
    ),
    (
        "ratings.dat",
        "1::0000010::10::100\n1::0000002::0::50\n2::0000010::5::7\n",
    ),
];
const BOOKS: TextFiles = &[
    (
        "books.csv",
        "book_id,goodreads_book_id,isbn,authors,original_publication_year,title,language_code,ratings_count,image_url\n10,1,,Ann,2000,Tides,eng,1,\n",
    ),
    ("ratings.csv", "user_id,book_id,rating\n1,10,4\n"),
];
const PODCASTS: TextFiles = &[(
    "shows.csv",
    "Parent_Category,Category,Podcast_Name,Description,Publisher,Episode_Count,ID,Cover_URL\nArts,sea,Talk,,Ann,1,s,\n",
)];
const LISTS: TextFiles = &[(
    "playlists.csv",
    "pid,name,artist_name,track_name\n1,Mine,Ann,Song\n",
)];

#[test]
fn ids_and_types_tell_the_parts_apart() {
    let folder = tempfile::tempdir().unwrap();
    let parts: [MadeUpPart; 4] = [
        ("films", "type = \"film\"", FILMS),
        ("books", "", BOOKS),
        ("podcasts", "type = \"podcast\"", PODCASTS),
        ("songs", "", LISTS),
    ];
    let collection = media(folder.path(), &parts, "");
    let (dataset, report) = import(&collection, None).unwrap();
    assert_eq!(
        lines(&dataset),
        [
            "books:1 books:10 7.5 0",
            "films:1 films:0000002 0 50",
            "films:1 films:0000010 10 100",
            "films:2 films:0000010 5 7",
            "songs:1 songs:Song - Ann 10 0"
        ],
        "four stars of five are three quarters of what there is, and a click is a yes"
    );
    assert_eq!(dataset.users, ["books:1", "films:1", "films:2", "songs:1"]);
    assert_eq!(dataset.user_names, ["", "", "", "Mine"]);
    let types = dataset
        .items
        .iter()
        .map(|item| (item.id.as_str(), &item.fields["type"]));
    assert!(types.eq([
        ("books:10", &text("books")),
        ("films:0000002", &text("film")),
        ("films:0000010", &text("film")),
        ("podcasts:s", &text("podcast")),
        ("songs:Song - Ann", &text("songs")),
    ]));
    assert_eq!(item(&dataset, "podcasts:s").fields["kind"], text("show"));
    assert_eq!(
        item(&dataset, "films:0000010").fields["imdb_id"],
        text("tt0000010")
    );
    assert_eq!(
        report.layout,
        "movietweetings + goodbooks + podcasts + playlists"
    );
    let scale = report.values.unwrap();
    assert_eq!(
        (scale.minimum, scale.neutral, scale.maximum),
        (0.0, 5.0, 10.0)
    );
    assert_eq!(file(&report, "books: ratings.csv").rows, 1);
    assert_eq!((report.users, report.items, report.interactions), (4, 5, 5));
    assert_eq!(import(&collection, None).unwrap(), (dataset, report));

    let stars = "values = { minimum = 1, maximum = 5, neutral = 3 }\n";
    let (dataset, _) = import(&media(folder.path(), &parts, stars), None).unwrap();
    assert_eq!(lines(&dataset)[0], "books:1 books:10 4 0");
    assert_eq!(lines(&dataset)[3], "films:2 films:0000010 3 7");
}

#[test]
fn parts_may_all_be_catalogues_or_clicks() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, report) = import(
        &media(folder.path(), &[("podcasts", "", PODCASTS)], ""),
        None,
    )
    .unwrap();
    assert_eq!((report.items, report.values), (1, None));
    assert_eq!(
        dataset.items[0].fields["type"],
        text("show"),
        "as its source says"
    );
    let parts: [MadeUpPart; 1] = [("songs", "layout = \"playlists\"", LISTS)];
    let (dataset, _) = import(&media(folder.path(), &parts, ""), None).unwrap();
    assert_eq!(lines(&dataset), ["songs:1 songs:Song - Ann 1 0"]);
}

#[test]
fn what_is_wrong_in_a_part_stops_the_import() {
    let folder = tempfile::tempdir().unwrap();
    let parts: [MadeUpPart; 2] = [("films", "", FILMS), ("books", "", &BOOKS[..1])];
    let collection = media(folder.path(), &parts, "");
    let error = import(&collection, None).unwrap_err().to_string();
    assert!(
        error.contains("books` has the files of no layout that is known"),
        "{error}"
    );
    let error = import_split(&collection, None, "u1")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "a split comes from one source, and this collection has parts"
    );
}
