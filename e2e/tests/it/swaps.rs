//! Generations are swapped while many ask: every answer is wholly of one of them.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use e2e::load::{self, Ask, Load};
use precompute::generation::LocalGeneration;
use serde_json::Value;

use crate::bucket::{Bucket, build};
use crate::films::publish_folder;
use crate::site::Site;

/// How long it goes on for unless this says so many seconds: a minute is for the nights.
const SECONDS_VARIABLE: &str = "KINDRED_SWAP_SECONDS";
const DEFAULT_SECONDS: u64 = 8;

const TIME_BETWEEN_SWAPS: Duration = Duration::from_millis(200);

/// A kept pointer is looked at once a second, and could meet the same generation each time. So every third one, now of one kind and now of the other, stays
/// for longer.
const TIME_TO_BE_SEEN: Duration = Duration::from_millis(1400);

/// Ids mean other items in each, and lists are of another length, so that parts of two would show.
const GENERATIONS: [(&str, u32); 2] = [("Alien", 30), ("Brazil", 50)];

fn asks() -> Vec<Ask> {
    let paths = [
        "/v1/movies/items/7",
        "/v1/movies/items/7/similar?count=5",
        "/v1/movies/items?ids=1,2,25",
        "/v1/movies/recommendations?history=3,4,5&count=5",
    ];
    let mut asks: Vec<Ask> = paths.into_iter().map(Ask::get).collect();
    asks.push(Ask::post(
        "/v1/movies/recommendations",
        r#"{"history":["1","8","20"],"count":6,"explain":true}"#,
    ));
    asks
}

/// An answer without what may differ between two of the same generation.
fn content(body: &[u8]) -> Value {
    let mut content: Value = serde_json::from_slice(body).unwrap();
    if let Some(members) = content.as_object_mut() {
        members.remove("stale");
    }
    content
}

fn check(bucket: &Bucket, keeps: bool) {
    let seconds = std::env::var(SECONDS_VARIABLE).ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    let duration = Duration::from_secs(seconds.unwrap_or(DEFAULT_SECONDS));
    let folders = GENERATIONS.map(|_| tempfile::tempdir().unwrap());
    let asks = asks();

    // What each generation answers when nothing changes.
    let mut expected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for ((title, num_items), folder) in GENERATIONS.into_iter().zip(&folders) {
        let LocalGeneration { manifest, .. } = build(folder.path(), title, num_items);
        publish_folder(bucket, folder.path());
        let site = Site::start(bucket);
        let answers = asks.iter().map(|ask| {
            let answer = site.send(ask.method.as_str(), &ask.path, &[], &ask.body);
            assert_eq!(answer.status, 200, "{}", answer.json());
            content(&answer.body)
        });
        expected.insert(manifest.generation, answers.collect());
    }
    assert_eq!(expected.len(), GENERATIONS.len());

    let state = tempfile::tempdir().unwrap();
    let site = if keeps {
        Site::keeping(state.path(), &bucket.url(), &[("pointer_seconds", "1")])
    } else {
        Site::start(bucket)
    };
    let load = Load {
        address: site.address(),
        asks: &asks,
        num_connections: 8,
        duration,
    };
    let mut num_answers: BTreeMap<String, usize> = BTreeMap::new();
    let report = thread::scope(|threads| {
        let asking = threads.spawn(|| {
            load::run(&load, |answer| {
                if !answer.status.is_success() {
                    return;
                }
                let found = content(&answer.body);
                let generation = found["generation"].as_str().unwrap().to_owned();
                let expected = &expected[&generation][answer.ask_idx];
                assert_eq!(found, *expected, "{}", asks[answer.ask_idx].path);
                *num_answers.entry(generation).or_default() += 1;
            })
            .unwrap()
        });
        for (number, folder) in folders.iter().cycle().enumerate() {
            if asking.is_finished() {
                break;
            }
            publish_folder(bucket, folder.path());
            let stays = number % 3 == 2;
            thread::sleep(if stays {
                TIME_TO_BE_SEEN
            } else {
                TIME_BETWEEN_SWAPS
            });
        }
        asking.join().unwrap()
    });
    assert_eq!(report.num_failed, 0, "{:?}", report.first_failure);
    assert_eq!(report.num_refused, 0);
    assert_eq!(num_answers.len(), GENERATIONS.len(), "{num_answers:?}");
}

#[test]
fn every_answer_is_of_one_generation() {
    Bucket::on_every_server(|bucket| check(&bucket, false));
}

#[test]
fn every_answer_is_of_one_generation_with_a_store() {
    Bucket::on_every_server(|bucket| check(&bucket, true));
}
