//! One generation gives one answer, whoever reads it and from wherever.

use std::fs;

use e2e::application::{self, function, source};
use index::recommend::{HistoryItem, Scored, history_weight};
use index::{FileKind, Generation, Keys, MemorySource, Question};
use pointer::Manifest;
use precompute::generation::MANIFEST_FILE_NAME;
use serde_json::{Value, json};

use crate::bucket::Bucket;
use crate::films::{generation, publish_films};
use crate::site::Site;

/// The generation as the job wrote it, open in this process.
fn native() -> (Manifest, Generation<'static>) {
    let files = generation();
    let manifest = Manifest::parse(&files[MANIFEST_FILE_NAME], "movies").unwrap();
    let kinds = FileKind::OF_ITEMS;
    let bytes = kinds.map(|kind| (kind, files[&format!("{kind}.kdx")].clone()));
    let outlines = kinds.map(|kind| manifest.files[kind.name()].outline(kind));
    let keys = Keys::default();
    let source = MemorySource::new(bytes);
    let generation = Generation::open(source, outlines.to_vec(), &kinds, &keys).unwrap();
    (manifest, generation)
}

#[test]
fn the_component_answers_as_the_library_does() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);
    let (manifest, generation) = native();
    let scale = manifest.values.unwrap();
    let check = |answer: &Value, expected: &[Scored], what: &str| {
        assert!(!expected.is_empty(), "{what}");
        let numbers: Vec<u32> = expected.iter().map(|scored| scored.item).collect();
        let records = generation.records(&numbers).unwrap();
        let expected: Vec<(&str, f32)> = records
            .iter()
            .zip(expected)
            .map(|(record, scored)| (record.id.as_str(), scored.score))
            .collect();
        let items = answer["items"].as_array().unwrap().iter();
        let found: Vec<(&str, f32)> = items
            .map(|item| {
                (
                    item["id"].as_str().unwrap(),
                    item["score"].as_f64().unwrap() as f32,
                )
            })
            .collect();
        // To the bit: the answer has the shortest decimal of each score.
        assert_eq!(found, expected, "{what}");
    };

    let histories: [&[(&str, f32)]; 4] = [
        &[("1", 5.0)],
        &[("1", 5.0), ("2", 1.0), ("9", 4.5)],
        &[("24", 4.0), ("17", 3.5), ("3", 0.5), ("11", 5.0)],
        &[("1", 3.0), ("12", 4.0)],
    ];
    for history in histories {
        let ids: Vec<&str> = history.iter().map(|(id, _)| *id).collect();
        let items = generation.items_of_ids(&ids).unwrap();
        let mut known: Vec<HistoryItem> = items
            .into_iter()
            .zip(history)
            .map(|(item, (_, value))| HistoryItem {
                item: item.unwrap(),
                weight: history_weight(*value, scale.minimum, scale.maximum, scale.neutral),
            })
            .collect();
        known.sort_by_key(|entry| entry.item);
        let written: Vec<Value> = history
            .iter()
            .map(|(id, value)| json!({ "id": id, "value": value }))
            .collect();
        for diversity in [0.0, 0.5] {
            let question = Question {
                history: known.clone(),
                count: 20,
                diversity,
                ..Question::default()
            };
            let mut body = json!({ "history": written, "count": 20, "diversity": diversity });
            body["algorithm"] = "neighbours".into();
            let expected = generation.recommend(&question).unwrap();
            check(&site.recommend(&body), &expected, &body.to_string());
            body["algorithm"] = "popular".into();
            let expected = generation.popular(&question).unwrap();
            check(&site.recommend(&body), &expected, &body.to_string());
        }
    }
    for id in ["1", "9", "24"] {
        let item = generation.items_of_ids(&[id]).unwrap()[0].unwrap();
        let expected = generation
            .similar(item, index::catalogue::Filter::default(), 5)
            .unwrap();
        let path = format!("/v1/movies/items/{id}/similar?count=5");
        check(&site.get(&path).json(), &expected, &path);
    }
}

#[test]
fn a_mounted_folder_gives_the_answers_of_the_bucket() {
    let mut bucket = Bucket::start();
    publish_films(&bucket);
    let paths = [
        "/v1/movies/recommendations?history=1,2:4.5&explain=true",
        "/v1/movies/popular",
        "/v1/movies/onboarding",
        "/v1/movies/items?ids=1,2,999",
        "/v1/movies/items/1/similar",
        "/v1/collections",
        "/readyz",
    ];
    let from_bucket: Vec<Value> = {
        let site = Site::start(&bucket);
        paths.iter().map(|path| site.get(path).json()).collect()
    };

    // A copy of the manifest beside the bucket's folder, which its components see.
    let path = bucket.folder().with_file_name("spin.toml");
    let folder = bucket.folder();
    let folder = folder.file_name().unwrap();
    let manifest = application::manifest(|name| {
        let source = source(&function(name));
        format!("{source}files = [{{ source = {folder:?}, destination = \"/index\" }}]\n")
    });
    fs::write(&path, manifest).unwrap();
    // Nobody is asked.
    bucket.stop();
    let site = Site::of_manifest(&path, &bucket, &[("index_source", "files")]);
    for (path, expected) in paths.iter().zip(from_bucket) {
        assert_eq!(site.get(path).json(), expected, "{path}");
    }
}
