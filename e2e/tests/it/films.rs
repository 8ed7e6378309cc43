//! A small MovieLens folder, and the generation that the job makes of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use index::FileKind;
use pointer::CollectionKeys;
use precompute::cli::{GlobalArgs, ImportArgs, StorageArgs, TrainArgs};
use precompute::generation::LocalGeneration;
use precompute::progress::{Progress, ProgressForm};
use precompute::publish::{PublishOptions, publish};
use precompute::settings::Settings;
use precompute::stages::{Rebuild, prepare};

use crate::bucket::Bucket;

/// Three tastes of eight films each, whose ids count from 1. Of a taste's films the first is watched most and the last least.
pub(crate) const TASTES: [(&str, [&str; 8]); 3] = [
    (
        "Crime",
        [
            "Heat (1995)",
            "Casino (1995)",
            "\"Usual Suspects, The (1995)\"",
            "Fargo (1996)",
            "Goodfellas (1990)",
            "Se7en (1995)",
            "Léon: The Professional (1994)",
            "Heat (1986)",
        ],
    ),
    (
        "Animation",
        [
            "Toy Story (1995)",
            "Aladdin (1992)",
            "\"Lion King, The (1994)\"",
            "Antz (1998)",
            "Toy Story 2 (1999)",
            "Mulan (1998)",
            "Pocahontas (1995)",
            "Cinderella (1950)",
        ],
    ),
    (
        "Comedy",
        [
            "Clueless (1995)",
            "\"Birdcage, The (1996)\"",
            "Sabrina (1995)",
            "Clerks (1994)",
            "\"American President, The (1995)\"",
            "Friday (1995)",
            "Tommy Boy (1995)",
            "Home Movie",
        ],
    ),
];

/// How many people have each taste.
const USER_COUNT: u32 = 40;

const CONFIGURATION: &str = r#"
[collections.movies]
title = "Films"
source = "movielens"
synthetic = true
[collections.movies.train]
regularization = 20.0
[collections.movies.evaluate]
seeds = [1]
cutoffs = [5]
"#;

/// The kinds of its files.
pub(crate) fn kinds() -> Vec<FileKind> {
    let files = generation();
    let is_there = |kind: &FileKind| files.contains_key(&format!("{kind}.kdx"));
    FileKind::ALL.into_iter().filter(is_there).collect()
}

/// A generation's files by their names, the manifest among them. The job made it once for all tests.
pub(crate) fn generation() -> &'static BTreeMap<String, Vec<u8>> {
    static GENERATION: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    GENERATION.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("movielens");
        fs::create_dir(&source).unwrap();
        fs::write(source.join("movies.csv"), movies()).unwrap();
        fs::write(source.join("ratings.csv"), ratings()).unwrap();
        let config = folder.path().join("kindred.toml");
        fs::write(&config, CONFIGURATION).unwrap();
        let global = GlobalArgs {
            config,
            collection: Vec::new(),
            work: folder.path().join("work"),
            threads: None,
            max_memory: None,
            progress: None,
            storage: StorageArgs::default(),
        };
        let settings =
            Settings::resolve(&global, &ImportArgs::default(), &TrainArgs::default()).unwrap();
        let [collection] = &settings.collections[..] else {
            panic!("the configuration has one collection");
        };
        prepare(
            &settings,
            collection,
            Rebuild::Everything,
            &Progress::new(Some(ProgressForm::None)),
        )
        .unwrap();
        fs::read_dir(collection.folder.generation())
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read(&path).unwrap())
            })
            .collect()
    })
}

/// Publishes the films and returns their generation's name.
pub(crate) fn publish_films(bucket: &Bucket) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in generation() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    publish_folder(bucket, folder.path())
}

/// Publishes the generation in a folder and returns its name.
pub(crate) fn publish_folder(bucket: &Bucket, folder: &Path) -> String {
    let generation = LocalGeneration::open(folder, "movies").unwrap();
    generation.verify().unwrap();
    let options = PublishOptions {
        maximum_quality_loss: 0.02,
        // The next generation of a test was not measured, and replaces one that was.
        force: true,
    };
    let keys = CollectionKeys::new("", "movies");
    publish(&bucket.client(), &keys, &generation, options)
        .unwrap()
        .generation
}

/// The id of a taste's film.
fn film_id(taste: usize, film: usize) -> usize {
    taste * 8 + film + 1
}

fn movies() -> String {
    let mut text = "movieId,title,genres\n".to_owned();
    for (taste, (genre, titles)) in TASTES.iter().enumerate() {
        for (film, title) in titles.iter().enumerate() {
            writeln!(text, "{},{title},{genre}", film_id(taste, film)).unwrap();
        }
    }
    text
}

/// Everybody likes films of one taste, and has seen a film of the next without liking it much.
fn ratings() -> String {
    let mut text = "userId,movieId,rating,timestamp\n".to_owned();
    for taste in 0..TASTES.len() {
        for number in 0..USER_COUNT as usize {
            let user = taste * USER_COUNT as usize + number;
            let mut rate = |taste, film, half_stars: usize| {
                let id = film_id(taste, film);
                let time_s = 1_000_000_000 + user * 100 + film;
                let (stars, half) = (half_stars / 2, half_stars % 2 * 5);
                writeln!(text, "{user},{id},{stars}.{half},{time_s}").unwrap();
            };
            for film in 0..8 {
                if (number * 31 + film * 17 + number * film * 7) % 10 < 9 - film {
                    rate(taste, film, 8 + (number + film) % 3);
                }
            }
            rate((taste + 1) % TASTES.len(), number % 8, 4 + number % 4);
        }
    }
    text
}
