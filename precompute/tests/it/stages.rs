use std::fs;

use crate::program::Place;

const BUILD: [&str; 7] = [
    "--collection",
    "movies",
    "--source",
    "ml",
    "--regularization",
    "1",
    "--threads",
];

#[test]
fn a_build_is_the_same_with_one_and_with_more_threads_and_can_be_inspected() {
    let build = |threads: &str| {
        let place = Place::new();
        let args = ["build"].into_iter().chain(BUILD).chain([threads]);
        place.run(&args.collect::<Vec<_>>()).done();
        place
    };
    let (one, two) = (build("1"), build("2"));
    let mut names: Vec<_> = fs::read_dir(one.path(".kindred/movies/generation"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "catalogue.kdx",
            "manifest.json",
            "neighbours.kdx",
            "popularity.kdx"
        ]
    );
    let inspect = |place: &Place| -> serde_json::Value {
        let run = place
            .run(&["inspect", "--json", ".kindred/movies/generation"])
            .done();
        serde_json::from_str(&run.stdout).unwrap()
    };
    let (first, second) = (inspect(&one), inspect(&two));
    assert_eq!(
        first["generation"], second["generation"],
        "same input, same bytes"
    );
    assert_eq!(first["item_count"], 20);
    assert_eq!(first["values"]["maximum"], 5.0, "MovieLens's own scale");
    assert!(first.get("quality").is_none(), "nothing was measured");

    let file = one
        .run(&["inspect", ".kindred/movies/generation/neighbours.kdx"])
        .done()
        .stdout;
    assert!(file.starts_with("neighbours: format "), "{file}");
    let path = one.path(".kindred/movies/generation/neighbours.kdx");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = one.run(&["verify", "--collection", "movies", "--source", "ml"]);
    assert_eq!(
        run.status,
        Some(2),
        "verify takes no source: {}",
        run.stderr
    );
    one.write(
        "kindred.toml",
        "[collections.movies]\ntitle = \"Films\"\nsource = \"ml\"\n",
    );
    let run = one.run(&["verify"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .contains("is not the file that the manifest describes"),
        "{}",
        run.stderr
    );
}

#[test]
fn stages_one_by_one_leave_their_results_and_progress_is_told_in_json() {
    let place = Place::new();
    place.write(
        "kindred.toml",
        "[collections.movies]\ntitle = \"Films\"\nsource = \"ml\"\n[collections.movies.train]\nregularization = 1.0\n\
         [collections.movies.evaluate]\nseeds = [1]\nheld_out_user_share = 0.3\ncutoffs = [5]\nbootstrap_samples = 50\n",
    );
    for command in ["import", "train"] {
        let run = place.run(&[command, "--progress", "json"]).done();
        assert_eq!(run.stdout, "", "stdout is data only");
        let events: Vec<serde_json::Value> = run
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(events.first().unwrap()["event"], "begin");
        assert_eq!(events.last().unwrap()["event"], "end");
        assert_eq!(events.last().unwrap()["stage"], command);
    }
    let report = place.run(&["evaluate", "--progress", "none"]).done();
    assert_eq!(report.stderr, "");
    assert!(report.stdout.contains("Films"), "{}", report.stdout);
    for name in ["report.txt", "report.json", "report.html"] {
        assert!(
            place
                .path(&format!(".kindred/movies/report/{name}"))
                .exists(),
            "{name}"
        );
    }
    let quality = || {
        place.run(&["write"]).done();
        let run = place
            .run(&["inspect", "--json", ".kindred/movies/generation"])
            .done();
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()["quality"].clone()
    };
    assert_eq!(quality()["metric"], "ndcg@5");
    // A figure belongs to the settings that it was measured with.
    place.write(
        "kindred.toml",
        "[collections.movies]\ntitle = \"Films\"\nsource = \"ml\"\n[collections.movies.train]\nregularization = 2.0\n",
    );
    assert_eq!(quality(), serde_json::Value::Null);
}
