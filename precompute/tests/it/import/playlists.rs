//! Playlists, as a table and as slices of the Million Playlist Dataset.

use super::*;

pub(super) const ROWS: &str = "pid,name,album_name,artist_name,duration_ms,track_name\n\
    7,Road trip,Blue,Ann,200499,  First \u{a0} Song\n\
    7,Road trip,Best of,Ann,200500,First Song\n\
    7,Road trip,Zoo,\"Bo, Cy\",61000,\"Say \"\"Yes\"\"\"\n\
    12,,Best of,Ann,200500,First Song\n\
    12,,Blue,Ann,1,First Song\n\
    3,\"Quiet\n nights\",Zoo,Ann,5000,First song\n";

#[test]
fn a_song_is_a_title_and_an_artist() {
    let files = [("playlists-2026.csv", ROWS.as_bytes())];
    let (dataset, report) = import_files(&files, "").unwrap();
    assert_eq!(
        lines(&dataset),
        [
            "3 First song - Ann 1 0",
            "7 First Song - Ann 1 0",
            "7 Say \"Yes\" - Bo, Cy 1 0",
            "12 First Song - Ann 1 0"
        ]
    );
    assert_eq!(dataset.users, ["3", "7", "12"]);
    assert_eq!(dataset.user_names, ["Quiet nights", "Road trip", ""]);
    assert_eq!((report.layout.as_str(), report.values), ("playlists", None));
    let song = item(&dataset, "First Song - Ann");
    assert_eq!(song.title, "First Song");
    assert_eq!(song.fields["artist"], text("Ann"));
    assert_eq!(
        song.fields["album"],
        text("Best of"),
        "two rows each, and the first by the alphabet"
    );
    assert_eq!(song.fields["duration_s"], Value::Integer(201));
    let report = file(&report, "playlists-2026.csv");
    assert_eq!(problem(report, Problem::Duplicate), (2, vec![2, 5]));
    assert_eq!(report.bad_rows, 0);
}

#[test]
fn slices_say_the_same_as_a_table() {
    let slices: [(&str, &[u8]); 2] = [
        (
            "data/mpd.slice.0-1.json",
            br#"{"info": {"slice": "0-1"}, "playlists": [
                {"name": "Road trip", "pid": 7, "num_tracks": 3, "tracks": [
                    {"pos": 0, "artist_name": "Ann", "track_name": "First Song", "album_name": "Blue", "duration_ms": 200499, "track_uri": "a:1"},
                    {"pos": 1, "artist_name": "Ann", "track_name": "First Song", "album_name": "Best of", "duration_ms": 200500},
                    {"pos": 2, "artist_name": "Bo, Cy", "track_name": "Say \"Yes\"", "album_name": "Zoo", "duration_ms": 61000}]},
                {"pid": 12, "tracks": [
                    {"artist_name": "Ann", "track_name": "First Song", "album_name": "Best of", "duration_ms": 200500},
                    {"artist_name": "Ann", "track_name": "First Song", "album_name": "Blue", "duration_ms": 1}]}]}"#,
        ),
        (
            "data/mpd.slice.2-3.json",
            br#"{"playlists": [{"name": "Quiet\n nights", "pid": 3, "tracks": [
                {"artist_name": "Ann", "track_name": "First song", "album_name": "Zoo", "duration_ms": 5000}]}]}"#,
        ),
    ];
    let (from_slices, report) = import_files(&slices, "").unwrap();
    let (from_table, _) = import_files(&[("playlists.csv", ROWS.as_bytes())], "").unwrap();
    assert_eq!(from_slices, from_table);
    assert_eq!(file(&report, "data/mpd.slice.0-1.json").rows, 5);
}

#[test]
fn rows_that_name_no_song_are_counted() {
    let rows = b"pid,artist_name,track_name,duration_ms\n1,Ann,One,\n,Ann,Two,1\n1,,Three,1\n1,Ann, ,1\n1,Ann,Four,long\n1,Bj\xf6rn,Five,-1\n1,Ann,\"Six,1\n1,Ann,Seven,1\n";
    let settings = "[collections.c.import]\nmaximum_bad_row_share = 1.0\n";
    let (dataset, report) = import_files(&[("playlist.csv", rows)], settings).unwrap();
    assert_eq!(
        lines(&dataset),
        ["1 Five - Björn 1 0", "1 Four - Ann 1 0", "1 One - Ann 1 0"],
        "a song whose length is wrong stays without it"
    );
    assert_eq!(
        item(&dataset, "Four - Ann")
            .fields
            .keys()
            .collect::<Vec<_>>(),
        ["artist"]
    );
    assert!(dataset.user_names.is_empty(), "nobody is named");
    let report = file(&report, "playlist.csv");
    assert_eq!(problem(report, Problem::MissingField), (3, vec![3, 4, 5]));
    assert_eq!(problem(report, Problem::BadNumber), (2, vec![6, 7]));
    assert_eq!(problem(report, Problem::NotUtf8), (1, vec![7]));
    assert_eq!(problem(report, Problem::UnclosedQuote), (1, vec![8]));

    let slice = br#"{"playlists": [7, {"pid": 1}, {"pid": 1, "tracks": [[], {"track_name": "A"}, {"track_name": "A", "artist_name": "B"}]}]}"#;
    let (dataset, report) = import_files(&[("mpd.slice.0.json", slice)], settings).unwrap();
    assert_eq!(lines(&dataset), ["1 A - B 1 0"]);
    assert_eq!(
        problem(file(&report, "mpd.slice.0.json"), Problem::MissingField),
        (4, vec![1, 2, 3, 4])
    );
}

#[test]
fn files_that_are_no_playlists_are_named() {
    let check = |file: (&str, &[u8]), settings: &str, expected: &str| {
        let error = import_files(&[file], settings).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let error = format!("{error} {}", source.unwrap_or_default());
        assert!(error.contains(expected), "{error}");
    };
    check(
        ("playlists.csv", b"pid,artist_name\n1,Ann\n"),
        "",
        "`playlists.csv` has no column `track_name` (it has: pid, artist_name)",
    );
    check(("playlists.csv", b""), "", "`playlists.csv` is empty");
    check(
        ("mpd.slice.0.json", br#"{"info": 1}"#),
        "",
        "`mpd.slice.0.json` has no column `playlists` (it has: info)",
    );
    check(
        ("mpd.slice.0.json", b"{\"playlists\":\n[{\"pid\": 1, oops"),
        "",
        "reading `mpd.slice.0.json` as JSON key must be a string at line 2 column 13",
    );
    check(
        ("mpd.slice.0.json", br#"{"playlists": 3}"#),
        "",
        "expected a list of playlists",
    );
    check(
        ("songs.csv", b"pid,artist_name,track_name\n"),
        "layout = \"playlists\"",
        "is not laid out as \"playlists\": playlist*.csv",
    );
    check(
        ("songs.csv", b"pid,artist_name,track_name\n"),
        "layout = \"playlists\"\nimport = { file = \"lists*.csv\" }",
        "has no `lists*.csv` (it has: songs.csv)",
    );
    check(
        ("songs.csv", b"pid,artist_name,track_name\n"),
        "layout = \"playlists\"\nimport = { file = \"songs.csv\" }",
        "has no interactions",
    );
}
