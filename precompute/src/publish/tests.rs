//! Publishing to a bucket in memory that counts and fails.

use std::path::Path;

use index::catalogue::{CatalogueWriter, Record};
use index::neighbours::{Neighbour, NeighboursWriter};
use index::{FileKind, SortedMap};
use pointer::{FileEntry, MANIFEST_VERSION, Quality};
use tempfile::TempDir;

use super::*;
use crate::generation::{
    GenerationError, MANIFEST_FILE_NAME, file_entry, generation_name, verify_published,
};
use crate::store::memory::MemoryStore;

const OPTIONS: PublishOptions = PublishOptions {
    maximum_quality_loss: 0.02,
    force: false,
};

fn keys() -> CollectionKeys {
    CollectionKeys::new("", "movies")
}

/// A generation of two films, told apart from others by its title; the folder goes with the value.
fn build(title: &str, ndcg: Option<f64>) -> (TempDir, LocalGeneration) {
    let mut catalogue = CatalogueWriter::new();
    for id in ["alien", "aliens"] {
        let record = Record {
            id: id.to_owned(),
            title: title.to_owned(),
            ..Record::default()
        };
        catalogue.push(record, 1.0);
    }
    let item_space = catalogue.item_space();
    let mut neighbours = NeighboursWriter::new(2, "a test").unwrap();
    neighbours
        .push(&[Neighbour {
            item: 1,
            weight: 0.8,
        }])
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = SortedMap::from([
        entry(
            folder.path(),
            FileKind::Catalogue,
            &catalogue.finish().unwrap(),
        ),
        entry(
            folder.path(),
            FileKind::Neighbours,
            &neighbours.finish(item_space).unwrap(),
        ),
    ]);
    let mut manifest = Manifest {
        version: MANIFEST_VERSION,
        collection: "movies".to_owned(),
        title: title.to_owned(),
        generation: String::new(),
        created_at: "2026-11-21T12:00:00Z".to_owned(),
        item_count: 2,
        synthetic: false,
        values: None,
        quality: ndcg.map(|value| Quality {
            metric: "ndcg@100".to_owned(),
            value,
            low: value,
            high: value,
            protocol: "a test".to_owned(),
        }),
        files,
        blend: Vec::new(),
        previous: None,
    };
    manifest.generation = generation_name(&manifest);
    std::fs::write(folder.path().join(MANIFEST_FILE_NAME), manifest.to_json()).unwrap();
    let generation = LocalGeneration::open(folder.path(), "movies").unwrap();
    (folder, generation)
}

fn entry(folder: &Path, kind: FileKind, bytes: &[u8]) -> (String, FileEntry) {
    std::fs::write(folder.join(format!("{kind}.kdx")), bytes).unwrap();
    (kind.name().to_owned(), file_entry(kind, bytes).unwrap())
}

fn publish_to(store: &MemoryStore, generation: &LocalGeneration) -> PublishReport {
    publish(store, &keys(), generation, OPTIONS).unwrap()
}

/// What a function would serve: the pointer's generation, checked in full.
fn served(store: &MemoryStore) -> Option<String> {
    let current = read_pointer(store, &keys(), "movies").unwrap()?;
    verify_published(store, &keys(), &current.manifest).unwrap();
    Some(current.manifest.generation)
}

#[test]
fn publishing_the_same_bytes_again_uploads_nothing() {
    let store = MemoryStore::default();
    let (_folder, first) = build("Alien", None);
    let name = &first.manifest.generation;
    let report = publish_to(&store, &first);
    let expected = vec![
        "movies/current.json".to_owned(),
        format!("movies/g/{name}/catalogue.kdx"),
        format!("movies/g/{name}/manifest.json"),
        format!("movies/g/{name}/neighbours.kdx"),
    ];
    assert_eq!(report.written, expected);
    assert_eq!(report.num_skipped, 0);
    assert_eq!(store.keys(), expected);
    assert_eq!(store.take_changes().len(), expected.len());

    // The same content built at another time is the same generation.
    let (_folder, mut again) = build("Alien", None);
    again.manifest.created_at = "2027-01-01T00:00:00Z".to_owned();
    let report = publish_to(&store, &again);
    assert_eq!(
        (report.written.len(), report.num_skipped),
        (0, expected.len())
    );
    assert_eq!(store.take_changes(), [""; 0]);
}

#[test]
fn interrupted_anywhere_the_old_generation_serves_and_running_again_completes() {
    let (_first_folder, first) = build("Alien", None);
    let (_second_folder, second) = build("Aliens", None);
    let num_changes = 4;
    for num_before_failure in 0..=num_changes {
        let store = MemoryStore::default();
        publish_to(&store, &first);
        store.fail_after(Some(num_before_failure));
        let outcome = publish(&store, &keys(), &second, OPTIONS);
        let name = |generation: &LocalGeneration| Some(generation.manifest.generation.clone());
        if num_before_failure < num_changes {
            assert!(
                matches!(outcome, Err(PublishError::Store(_))),
                "{num_before_failure}"
            );
            assert_eq!(served(&store), name(&first), "{num_before_failure}");
        }
        store.fail_after(None);
        store.take_changes();
        let report = publish_to(&store, &second);
        assert_eq!(report.written.len() + report.num_skipped, num_changes);
        assert_eq!(report.written.len(), num_changes - num_before_failure);
        assert_eq!(served(&store), name(&second));
    }
}

#[test]
fn a_lost_race_leaves_the_winner() {
    /// Lets another publisher win just before the pointer is written.
    struct Overtaken<'a> {
        store: &'a MemoryStore,
        winner: &'a LocalGeneration,
    }

    impl Store for Overtaken<'_> {
        fn list(&self, prefix: &str) -> Result<Vec<crate::store::ObjectInfo>, StoreError> {
            self.store.list(prefix)
        }
        fn head(&self, key: &str) -> Result<Option<crate::store::ObjectInfo>, StoreError> {
            self.store.head(key)
        }
        fn get(&self, key: &str) -> Result<Option<crate::store::Object>, StoreError> {
            self.store.get(key)
        }
        fn get_range(&self, key: &str, offset: u64, len: u64) -> Result<Vec<u8>, StoreError> {
            self.store.get_range(key, offset, len)
        }
        fn put_immutable(
            &self,
            key: &str,
            content: Content<'_>,
            sha: &str,
        ) -> Result<(), StoreError> {
            self.store.put_immutable(key, content, sha)
        }
        fn put_if(
            &self,
            key: &str,
            document: &[u8],
            condition: &Condition,
        ) -> Result<(), StoreError> {
            publish_to(self.store, self.winner);
            self.store.put_if(key, document, condition)
        }
        fn delete(&self, key: &str) -> Result<(), StoreError> {
            self.store.delete(key)
        }
    }

    let (_folders, generations): (Vec<_>, Vec<_>) = ["Alien", "Aliens", "Alien 3"]
        .map(|title| build(title, None))
        .into_iter()
        .unzip();
    let [first, winner, loser] = &generations[..] else {
        unreachable!()
    };
    let winner_name = winner.manifest.generation.clone();
    // Over nothing (`If-None-Match`), and over a generation (`If-Match`).
    for has_first in [false, true] {
        let store = MemoryStore::default();
        if has_first {
            publish_to(&store, first);
        }
        let overtaken = Overtaken {
            store: &store,
            winner,
        };
        let error = publish(&overtaken, &keys(), loser, OPTIONS).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "lost a race: somebody else replaced `movies/current.json` in the meantime, and it now names {winner_name}"
            )
        );
        assert_eq!(served(&store), Some(winner_name.clone()));
    }
    // Losing against the very same generation is winning.
    let store = MemoryStore::default();
    publish(
        &Overtaken {
            store: &store,
            winner,
        },
        &keys(),
        winner,
        OPTIONS,
    )
    .unwrap();
    assert_eq!(served(&store), Some(winner_name));
}

#[test]
fn a_worse_generation_needs_force() {
    let store = MemoryStore::default();
    let (_folder, good) = build("Alien", Some(0.4));
    let (_folder, bad) = build("Alien", Some(0.39));
    publish_to(&store, &good);
    let error = publish(&store, &keys(), &bad, OPTIONS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new generation is worse: ndcg@100 0.3900 after 0.4000, and a loss of 2.0 % is allowed; `--force` publishes it all the same"
    );
    assert_eq!(served(&store), Some(good.manifest.generation.clone()));
    publish(
        &store,
        &keys(),
        &bad,
        PublishOptions {
            force: true,
            ..OPTIONS
        },
    )
    .unwrap();
    assert_eq!(served(&store), Some(bad.manifest.generation));
}

#[test]
fn an_unmeasured_generation_over_a_measured_one_needs_force() {
    let store = MemoryStore::default();
    let (_folder, measured) = build("Alien", Some(0.4));
    let (_folder, unmeasured) = build("Aliens", None);
    publish_to(&store, &measured);
    let error = publish(&store, &keys(), &unmeasured, OPTIONS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new generation cannot be compared with the served one: it was not measured, and the served one has ndcg@100 0.4000; `--force` publishes it all the same"
    );
    assert_eq!(served(&store), Some(measured.manifest.generation.clone()));
    let force = PublishOptions {
        force: true,
        ..OPTIONS
    };
    publish(&store, &keys(), &unmeasured, force).unwrap();
    // Over one without a figure anything goes.
    publish_to(&store, &measured);
    assert_eq!(served(&store), Some(measured.manifest.generation));
}

#[test]
fn a_damaged_generation_is_refused_before_anything_is_uploaded() {
    let store = MemoryStore::default();
    let refusal = |damage: fn(&LocalGeneration)| {
        let (_folder, generation) = build("Alien", None);
        damage(&generation);
        match publish(&store, &keys(), &generation, OPTIONS) {
            Err(PublishError::Generation(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let flipped = refusal(|generation| {
        let path = generation.file("neighbours");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(path, bytes).unwrap();
    });
    assert!(
        matches!(flipped, GenerationError::WrongFile { .. }),
        "{flipped}"
    );
    let missing = refusal(|generation| {
        std::fs::remove_file(generation.file("catalogue")).unwrap();
    });
    assert!(
        matches!(missing, GenerationError::Unreadable { .. }),
        "{missing}"
    );
    assert_eq!(store.keys(), [""; 0]);

    let (_folder, mut renamed) = build("Alien", None);
    renamed.manifest.title.push('!');
    let error = renamed.verify().unwrap_err();
    assert!(
        matches!(error, GenerationError::WrongName { .. }),
        "{error}"
    );
}

#[test]
fn a_pointer_that_is_not_ours_is_left_alone() {
    let store = MemoryStore::default();
    store.plant("movies/current.json", b"{\"version\":2}");
    let (_folder, generation) = build("Alien", None);
    let error = publish(&store, &keys(), &generation, OPTIONS).unwrap_err();
    assert!(matches!(error, PublishError::Manifest { .. }), "{error}");
    assert_eq!(store.keys(), ["movies/current.json"]);
}

#[test]
fn rollback_goes_back_and_forth_and_refuses_what_is_not_complete() {
    let store = MemoryStore::default();
    let (_folder, first) = build("Alien", None);
    let (_folder, second) = build("Aliens", None);
    let names = [&first.manifest.generation, &second.manifest.generation];
    let back = |to: Option<&str>| rollback(&store, &keys(), "movies", to);
    assert!(matches!(back(None), Err(PublishError::NotPublished { .. })));
    publish_to(&store, &first);
    assert!(matches!(back(None), Err(PublishError::NoPrevious { .. })));
    publish_to(&store, &second);

    for expected in [names[0], names[1]] {
        assert_eq!(&back(None).unwrap().generation, expected);
        assert_eq!(served(&store).as_ref(), Some(expected));
    }
    store.take_changes();
    back(Some(names[1])).unwrap();
    assert_eq!(store.take_changes(), [""; 0], "it is served already");

    store.delete(&keys().file(names[0], "neighbours")).unwrap();
    let error = back(Some(names[0])).unwrap_err();
    assert!(error.to_string().contains("neighbours.kdx"), "{error}");
    let error = back(Some("0000000000000000")).unwrap_err();
    let unknown = matches!(error, PublishError::UnknownGeneration { .. });
    assert!(unknown, "{error}");
    assert_eq!(served(&store).as_ref(), Some(names[1]));
}

#[test]
fn collecting_spares_what_serves_and_what_a_rollback_needs() {
    let store = MemoryStore::default();
    let titles = ["one", "two", "three", "four", "five"];
    let (_folders, generations): (Vec<_>, Vec<_>) =
        titles.map(|title| build(title, None)).into_iter().unzip();
    for generation in &generations {
        publish_to(&store, generation);
    }
    let names: Vec<&str> = generations
        .iter()
        .map(|generation| generation.manifest.generation.as_str())
        .collect();
    // Current is now the third, and it replaced the first.
    rollback(&store, &keys(), "movies", Some(names[0])).unwrap();
    rollback(&store, &keys(), "movies", Some(names[2])).unwrap();
    // The leftovers of an interrupted publication, and something that is not ours.
    store.plant("movies/g/0123456789abcdef/catalogue.kdx", b"half");
    store.plant("movies/g/notes.txt", b"mine");
    let now_s = 2_000_000;
    let options = CollectOptions {
        keep: 1,
        older_than_s: 0,
        dry_run: false,
        now_s,
    };
    let run = |options| -> Vec<String> {
        let report = collect(&store, &keys(), "movies", options).unwrap();
        report
            .collected
            .into_iter()
            .map(|collected| collected.generation)
            .collect()
    };
    let mut doomed = vec![names[1], names[3], "0123456789abcdef"];
    doomed.sort_unstable();

    store.take_changes();
    assert_eq!(
        run(CollectOptions {
            dry_run: true,
            ..options
        }),
        doomed
    );
    assert_eq!(
        run(CollectOptions {
            older_than_s: now_s,
            ..options
        }),
        [""; 0]
    );
    // A moment after the leftovers were written they may belong to a publication that is under way.
    assert!(
        !run(CollectOptions {
            dry_run: true,
            now_s: 100,
            ..options
        })
        .contains(&"0123456789abcdef".to_owned())
    );
    assert_eq!(store.take_changes(), [""; 0]);

    // Interrupted after each deletion, it goes on.
    let mut num_runs = 0;
    while let Err(error) = {
        store.fail_after(Some(1));
        collect(&store, &keys(), "movies", options)
    } {
        assert!(matches!(error, PublishError::Store(_)), "{error}");
        num_runs += 1;
    }
    assert_eq!(
        num_runs, 6,
        "seven objects, and a run that deletes the last one succeeds"
    );
    assert_eq!(run(options), [""; 0]);
    let left = store.keys();
    for name in [names[0], names[2], names[4]] {
        assert!(left.contains(&keys().manifest(name)), "{name}");
    }
    assert!(left.contains(&"movies/g/notes.txt".to_owned()));
    assert_eq!(left.len(), 3 * 3 + 2);
    assert_eq!(served(&store).as_deref(), Some(names[2]));
}

#[test]
fn collecting_spares_what_is_served_again_in_the_meantime() {
    let store = MemoryStore::default();
    let (_folders, generations): (Vec<_>, Vec<_>) = ["one", "two", "three", "four"]
        .map(|title| build(title, None))
        .into_iter()
        .unzip();
    for generation in &generations {
        publish_to(&store, generation);
    }
    let [one, two] = [0, 1].map(|place: usize| generations[place].manifest.generation.clone());
    let again = one.clone();
    store.before_next_deletion(move |store| {
        rollback(store, &keys(), "movies", Some(&again)).unwrap();
    });
    let options = CollectOptions {
        keep: 1,
        older_than_s: 0,
        dry_run: false,
        now_s: 2_000_000,
    };
    let report = collect(&store, &keys(), "movies", options).unwrap();
    let collected: Vec<&str> = report
        .collected
        .iter()
        .map(|collected| collected.generation.as_str())
        .collect();
    assert_eq!((collected, report.num_kept), (vec![two.as_str()], 3));
    assert_eq!(served(&store).as_ref(), Some(&one));
    assert!(store.keys().contains(&keys().manifest(&one)));
}
