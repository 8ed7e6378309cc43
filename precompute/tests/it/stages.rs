use std::fmt::Write;
use std::fs;

use clap::Parser;
use pointer::Manifest;
use precompute::cli::{Cli, ImportArgs, ModelArg, TrainArgs};
use precompute::generation::LocalGeneration;
use precompute::progress::{Progress, ProgressForm};
use precompute::settings::Settings;
use precompute::stages::{self, Rebuild};

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
            "clusters.kdx",
            "manifest.json",
            "neighbours.kdx",
            "popularity.kdx",
            "text.kdx"
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
    // A figure belongs to the model that it was measured of, whatever the settings say by now.
    place.run(&["evaluate", "--neighbours", "3"]).done();
    assert_eq!(quality()["metric"], "ndcg@5");
    place.run(&["train", "--regularization", "2"]).done();
    assert_eq!(quality(), serde_json::Value::Null);
    place.run(&["train"]).done();
    assert_eq!(quality()["metric"], "ndcg@5");
}

/// The collection of `place` with another source or title, and with the training that `train` says.
fn settings(place: &Place, source: &str, title: &str, train: &TrainArgs) -> Settings {
    place.write(
        "kindred.toml",
        &format!(
            "[collections.movies]\ntitle = \"{title}\"\nsource = \"{source}\"\n[collections.movies.train]\nregularization = 1.0\n\
             [collections.movies.evaluate]\nseeds = [1]\nheld_out_user_share = 0.3\ncutoffs = [5]\nbootstrap_samples = 50\n"
        ),
    );
    let path = |name| place.path(name).into_os_string().into_string().unwrap();
    let (config, work) = (path("kindred.toml"), path("work"));
    let cli = Cli::parse_from(["precompute", "--config", &config, "--work", &work, "write"]);
    Settings::resolve(&cli.global, &ImportArgs::default(), train).unwrap()
}

const ITEM_KNN: TrainArgs = TrainArgs {
    model: Some(ModelArg::ItemKnn),
    neighbours: Some(1),
    regularization: None,
};

const SILENT: Option<ProgressForm> = Some(ProgressForm::None);

/// What `run` prepares.
fn prepared(settings: &Settings) -> Manifest {
    let progress = Progress::new(SILENT);
    let collection = &settings.collections[0];
    stages::prepare(settings, collection, Rebuild::WhatChanged, &progress).unwrap();
    manifest(settings)
}

fn manifest(settings: &Settings) -> Manifest {
    let folder = settings.collections[0].folder.generation();
    LocalGeneration::open(&folder, "movies").unwrap().manifest
}

#[test]
fn a_generation_carries_the_figure_of_its_own_model_or_none() {
    let place = Place::new();
    let progress = Progress::new(SILENT);
    let configured = settings(&place, "ml", "Films", &TrainArgs::default());
    let figure = prepared(&configured).quality;
    assert!(figure.is_some());

    let other = settings(&place, "ml", "Films", &ITEM_KNN);
    stages::train(&other, &other.collections[0], &progress).unwrap();
    stages::write(&configured.collections[0], &progress).unwrap();
    assert_eq!(manifest(&configured).quality, None, "nobody measured it");
    stages::evaluate(&other, &other.collections[0], &progress).unwrap();
    stages::write(&configured.collections[0], &progress).unwrap();
    let others = manifest(&configured).quality;
    assert!(others.is_some() && others != figure, "{others:?}");

    // What was measured on the way is no reason to publish without a figure.
    let renamed = settings(&place, "ml", "The films", &TrainArgs::default());
    assert_eq!(prepared(&renamed).quality, figure);
}

#[test]
fn a_run_undoes_what_was_done_by_hand_with_other_settings() {
    let place = Place::new();
    let progress = Progress::new(SILENT);
    let movies = fs::read_to_string(place.path("ml/movies.csv")).unwrap();
    place.write("other/movies.csv", &movies.replace("Film", "Another"));
    let ratings = fs::read_to_string(place.path("ml/ratings.csv")).unwrap();
    place.write("other/ratings.csv", &ratings);
    let configured = settings(&place, "ml", "Films", &TrainArgs::default());
    let expected = prepared(&configured).generation;

    let elsewhere = settings(&place, "other", "Films", &TrainArgs::default());
    let other = &elsewhere.collections[0];
    stages::import(&elsewhere, other, &progress).unwrap();
    let refusal = stages::write(other, &progress).unwrap_err().to_string();
    assert!(
        refusal.contains("learnt from another data set"),
        "{refusal}"
    );
    stages::train(&elsewhere, other, &progress).unwrap();
    stages::write(other, &progress).unwrap();
    assert_ne!(manifest(&configured).generation, expected);
    assert_eq!(prepared(&configured).generation, expected);

    let otherwise = settings(&place, "ml", "Films", &ITEM_KNN);
    stages::train(&otherwise, &otherwise.collections[0], &progress).unwrap();
    stages::write(&configured.collections[0], &progress).unwrap();
    assert_ne!(manifest(&configured).generation, expected);
    assert_eq!(prepared(&configured).generation, expected);
}

/// A stated memory may ask for another form of a model, and a blend is learnt where quality is compared.
#[test]
fn whatever_decides_a_model_is_a_reason_to_train_again() {
    let place = Place::new();
    let mut settings = settings(&place, "ml", "Films", &TrainArgs::default());
    let trained = |settings: &Settings| {
        prepared(settings);
        let done = fs::read(settings.collections[0].folder.fingerprints()).unwrap();
        let done: serde_json::Value = serde_json::from_slice(&done).unwrap();
        done["train"].to_string()
    };
    let plain = trained(&settings);
    assert_eq!(trained(&settings), plain);
    settings.maximum_memory_bytes = Some(1 << 20);
    let with_little = trained(&settings);
    assert_ne!(with_little, plain);
    settings.collections[0].collection.evaluate.cutoffs = vec![3];
    assert_eq!(trained(&settings), with_little, "nothing is learnt by it");
    settings.collections[0].collection.train.blend = Some(config::Blend::default());
    let blended = trained(&settings);
    settings.collections[0].collection.evaluate.cutoffs = vec![5];
    assert_ne!(trained(&settings), blended);
}

#[test]
fn too_few_people_to_measure_on_are_enough_for_a_run() {
    let place = Place::new();
    place.write(
        "ml/ratings.csv",
        "userId,movieId,rating,timestamp\n1,1,4,0\n1,3,4,0\n2,1,4,0\n2,3,5,0\n",
    );
    let small = settings(&place, "ml", "Films", &TrainArgs::default());
    assert_eq!(prepared(&small).quality, None);
    let progress = Progress::new(SILENT);
    let error = stages::evaluate(&small, &small.collections[0], &progress).unwrap_err();
    assert!(error.to_string().contains("nobody is left"), "{error}");
}

#[test]
fn what_words_mean_lies_beside_the_data_set() {
    let place = Place::new();
    fs::create_dir(place.path("yelp")).unwrap();
    let (mut businesses, mut reviews) = (String::new(), String::new());
    for number in 0..60 {
        let (category, said) =
            [("Barbers", "cut"), ("Italian", "gnocchi")][usize::from(number % 6 == 0)];
        writeln!(
            businesses,
            r#"{{"business_id":"b{number}","name":"B","categories":"{category}"}}"#
        )
        .unwrap();
        writeln!(
            reviews,
            r#"{{"review_id":"r{number}","user_id":"u{number}","business_id":"b{number}","stars":5,"date":"2012-01-03","text":"{said}"}}"#
        )
        .unwrap();
    }
    fs::write(place.path("yelp/business.json"), businesses).unwrap();
    fs::write(place.path("yelp/review.json"), reviews).unwrap();
    place
        .run(&["import", "--collection", "places", "--source", "yelp"])
        .done();
    let meanings =
        fs::read_to_string(place.path(".kindred/places/dataset/meanings.jsonl")).unwrap();
    assert_eq!(
        meanings,
        "{\"word\":\"gnocchi\",\"value\":\"Italian\",\"weight\":1.0}\n"
    );
}

#[test]
fn the_search_of_a_catalogue_is_measured_by_judged_topics() {
    let place = Place::new();
    let businesses = "{\"business_id\":\"a\",\"name\":\"Pasta house\"}\n{\"business_id\":\"b\",\"name\":\"Tacos\"}\n";
    fs::create_dir(place.path("yelp")).unwrap();
    fs::write(place.path("yelp/business.json"), businesses).unwrap();
    fs::write(place.path("topics.tsv"), "1\tcheap pasta\n2\ttacos\n").unwrap();
    fs::write(place.path("qrels.txt"), "1 0 a 1\n2 0 a 1\n").unwrap();
    let settings = "[collections.places]\ntitle = \"Places\"\nsource = \"yelp\"\n\
        evaluate = { search = { topics = \"topics.tsv\", judgments = \"qrels.txt\" } }\n";
    fs::write(place.path("kindred.toml"), settings).unwrap();
    place.run(&["import"]).done();
    let report = place.run(&["evaluate"]).done();
    assert!(
        report
            .stdout
            .contains("search: 2 topics with 2 relevant items, 0 of which"),
        "{}",
        report.stdout
    );
    assert!(
        report.stdout.contains("  MAP         0.5000"),
        "{}",
        report.stdout
    );
    assert!(report.stderr.contains("on 2 topics"), "{}", report.stderr);

    // Other judgments are a reason to measure again, and a bad line is named.
    fs::write(place.path("qrels.txt"), "1 0 a 1\n2 0 b\n").unwrap();
    let refused = place.run(&["evaluate"]);
    assert!(
        refused.stderr.contains("qrels.txt:2: write a topic's id"),
        "{}",
        refused.stderr
    );
}

/// Four hundred people who like films of their own half, in turns.
fn crowd() -> String {
    let mut text = String::from("userId,movieId,rating,timestamp\n");
    for user in 0..400_u32 {
        for number in 0..40_u32 {
            let film = 1 + number / 2 * 2 + user % 2;
            if (user * 7 + number * 13) % 11 < 3 + user % 5 {
                writeln!(text, "{user},{film},{}.0,{number}", 3 + (user + number) % 3).unwrap();
            }
        }
    }
    text
}

#[test]
fn what_auto_goes_by_is_learnt_where_it_is_asked_for_and_stands_in_the_manifest() {
    let place = Place::new();
    let mut films = String::new();
    for film in 1..=41 {
        writeln!(films, "{film},Film {film} (1990),Drama").unwrap();
    }
    place.write(
        "crowd/movies.csv",
        &format!("movieId,title,genres\n{films}"),
    );
    place.write("crowd/ratings.csv", &crowd());
    let config = "[collections.movies]\ntitle = \"Films\"\nsource = \"crowd\"\n";
    let build = |blend: &str| {
        place.write("kindred.toml", &format!("{config}{blend}"));
        place.run(&["build"]).done();
        let run = place
            .run(&["inspect", "--json", ".kindred/movies/generation"])
            .done();
        let manifest: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let told = place.run(&["inspect", ".kindred/movies/generation"]).done();
        (manifest, told.stdout)
    };
    let (plain, told) = build("");
    assert!(
        plain.get("blend").is_none() && !told.contains("blend"),
        "{told}"
    );
    let (blended, told) = build("[collections.movies.train.blend]\n");
    let steps = blended["blend"].as_array().unwrap();
    assert_eq!(steps[0]["history_min_len"], 1);
    assert!(!steps[0]["weights"].as_object().unwrap().is_empty());
    assert!(told.contains("\n  blend       from 1 "), "{told}");
    assert_ne!(plain["generation"], blended["generation"]);
    assert_eq!(plain["files"], blended["files"], "the files are the same");
}
