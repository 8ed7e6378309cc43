//! Many write a pointer at once while others read it: the store decides, everybody who lost is told, and nobody reads half of anything.

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use pointer::CollectionKeys;
use precompute::generation::{LocalGeneration, verify_published};
use precompute::publish::{PublishError, publish, read_pointer, rollback};
use precompute::store::{Condition, S3Store, Store, StoreError};

use crate::bucket::{Bucket, build};
use crate::publish::OPTIONS;

/// How many write at once, each with connections of its own.
const NUM_WRITERS: usize = 8;

/// How often they do: two that write at the same moment by chance are seldom enough.
const NUM_ROUNDS: usize = 20;

/// How many generations each of them publishes in a long race.
const NUM_GENERATIONS_EACH: usize = 4;

const NUM_READERS: usize = 2;

#[test]
fn of_those_who_saw_the_same_pointer_one_replaces_it() {
    Bucket::on_every_server(|bucket| check_conditional_writes(&bucket));
}

fn check_conditional_writes(bucket: &Bucket) {
    let stores = [(); NUM_WRITERS].map(|()| bucket.client());
    let [store, ..] = &stores;
    let key = CollectionKeys::new("", "movies").pointer();
    let mut condition = Condition::Absent;
    for round in 0..NUM_ROUNDS {
        let documents: Vec<_> = (0..NUM_WRITERS)
            .map(|writer| format!("{{\"round\":{round},\"writer\":{writer}}}"))
            .collect();
        let start = Barrier::new(NUM_WRITERS);
        let outcomes: Vec<Result<(), StoreError>> = thread::scope(|threads| {
            let writes: Vec<_> = stores
                .iter()
                .zip(&documents)
                .map(|(store, document)| {
                    threads.spawn(|| {
                        start.wait();
                        store.put_if(&key, document.as_bytes(), &condition)
                    })
                })
                .collect();
            writes
                .into_iter()
                .map(|write| write.join().unwrap())
                .collect()
        });
        let mut written = None;
        for (outcome, document) in outcomes.iter().zip(&documents) {
            match outcome {
                Ok(()) => assert_eq!(written.replace(document), None, "{outcomes:?}"),
                Err(StoreError::ConditionFailed { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        let object = store.get(&key).unwrap().unwrap();
        assert_eq!(object.bytes, written.expect("one of them wins").as_bytes());
        condition = Condition::Unchanged { etag: object.etag };
    }

    let is_refused = |condition: &Condition| {
        let written = store.put_if(&key, b"{}", condition);
        let refused = matches!(written, Err(StoreError::ConditionFailed { .. }));
        assert!(refused, "{condition:?}: {written:?}");
    };
    is_refused(&Condition::Absent);
    store.put_if(&key, b"{\"last\":1}", &condition).unwrap();
    // Now the tag is that of an object that is no more, first replaced and then deleted.
    is_refused(&condition);
    store.delete(&key).unwrap();
    is_refused(&condition);
    store.put_if(&key, b"{}", &Condition::Absent).unwrap();
}

#[test]
fn of_many_publications_and_rollbacks_none_is_lost() {
    Bucket::on_every_server(|bucket| check_long_races(&bucket));
}

fn check_long_races(bucket: &Bucket) {
    let keys = CollectionKeys::new("", "movies");
    let folders: Vec<_> = (0..NUM_WRITERS * NUM_GENERATIONS_EACH)
        .map(|_| tempfile::tempdir().unwrap())
        .collect();
    let generations: Vec<_> = folders
        .iter()
        .enumerate()
        .map(|(number, folder)| build(folder.path(), &format!("film {number}"), 10))
        .collect();
    let last = race(bucket, &keys, &generations, |store, generation| {
        let report = publish(store, &keys, generation, OPTIONS)?;
        Ok(report.replaced)
    });
    let others: Vec<_> = generations
        .into_iter()
        .filter(|generation| generation.manifest.generation != last)
        .collect();
    race(bucket, &keys, &others, |store, generation| {
        let name = &generation.manifest.generation;
        let report = rollback(store, &keys, "movies", Some(name))?;
        Ok(Some(report.replaced))
    });
}

/// Has the pointer name each of the generations once, by writers that go on until they have won, and gives the one that it names in the end.
///
/// `replace` gives what it replaced. That makes a chain of what was served one after the other, in which every generation stands once: two writers that both
/// replaced the same one would make a fork, one whose work was lost an end.
fn race(
    bucket: &Bucket,
    keys: &CollectionKeys,
    generations: &[LocalGeneration],
    replace: impl Fn(&S3Store, &LocalGeneration) -> Result<Option<String>, PublishError> + Sync,
) -> String {
    let served = || {
        let current = read_pointer(&bucket.client(), keys, "movies").unwrap();
        current.map(|current| current.manifest.generation)
    };
    let first = served();
    let next = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    let write = || {
        let store = bucket.client();
        let mut links = Vec::new();
        while let Some(generation) = generations.get(next.fetch_add(1, Ordering::Relaxed)) {
            let replaced = loop {
                match replace(&store, generation) {
                    Ok(replaced) => break replaced,
                    Err(PublishError::LostRace { winner, .. }) => {
                        assert!(winner.is_some(), "a pointer never goes away");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            };
            links.push((replaced, generation.manifest.generation.clone()));
        }
        links
    };
    let read = || {
        let store = bucket.client();
        let mut seen = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            if let Some(current) = read_pointer(&store, keys, "movies").unwrap() {
                verify_published(&store, keys, &current.manifest).unwrap();
                seen.push((current.manifest.previous, current.manifest.generation));
            }
        }
        seen
    };
    let (links, seen) = thread::scope(|threads| {
        let reading = [(); NUM_READERS].map(|()| threads.spawn(read));
        let writing = [(); NUM_WRITERS].map(|()| threads.spawn(write));
        let outcomes = writing.map(thread::ScopedJoinHandle::join);
        // Before one that panicked is reported: readers would go on for ever.
        is_over.store(true, Ordering::Relaxed);
        let seen = reading.map(|reading| reading.join().unwrap());
        let links = outcomes.map(Result::unwrap);
        (links.concat(), seen)
    });

    let num_links = links.len();
    assert_eq!(num_links, generations.len());
    let successors: HashMap<_, _> = links.iter().cloned().collect();
    let mut chain = vec![first];
    while let Some(successor) = successors.get(chain.last().unwrap()) {
        chain.push(Some(successor.clone()));
    }
    assert_eq!(chain.len(), num_links + 1, "{links:?}");
    assert_eq!(chain.last(), Some(&served()));

    let position = |name: &String| chain.iter().position(|link| link.as_ref() == Some(name));
    for seen in seen {
        let positions: Vec<_> = seen
            .iter()
            .map(|(_, name)| position(name).unwrap())
            .collect();
        assert!(positions.is_sorted(), "{positions:?} of {chain:?}");
        assert_ne!(positions.first(), positions.last(), "it read no race");
        for ((previous, _), position) in seen.iter().zip(positions) {
            // What the pointer named before this race had a predecessor of its own.
            if let Some(before) = position.checked_sub(1) {
                assert_eq!(previous, &chain[before]);
            }
        }
    }
    chain.pop().flatten().expect("a race names generations")
}
