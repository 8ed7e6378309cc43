//! What every storage does alike, with and without kept pages in front: the same bytes, and the same words for what is wrong.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use pointer::archive::write_archive;
use proptest::prelude::*;

use super::{
    s3::{
        GetRequest, GetResponse,
        tests::{bucket, immediate},
    },
    sealed::tests::carrying,
    shared::{OpenKeyValue, testing::MemoryKeyValue},
    tests::text_of,
    *,
};

type Objects = BTreeMap<String, Vec<u8>>;

/// A bucket, as S3 would answer for it. Keys that begin with `denied` are.
fn bucket_of(objects: Objects) -> impl s3::Transport {
    immediate(move |request: &GetRequest| {
        let key = request.path.trim_start_matches("/kindred/");
        let status = |status| {
            Ok(GetResponse {
                status,
                ..GetResponse::default()
            })
        };
        if key.starts_with("denied") {
            return status(403);
        }
        let Some(object) = objects.get(key) else {
            return status(404);
        };
        let Some(range) = &request.range else {
            let longest = request.maximum_body_len_bytes as usize + 1;
            return Ok(GetResponse {
                status: 200,
                body: object[..object.len().min(longest)].to_vec(),
                ..GetResponse::default()
            });
        };
        let (first, last) = range["bytes=".len()..].split_once('-').unwrap();
        let first: usize = first.parse().unwrap();
        let last = last.parse::<usize>().unwrap().min(object.len().max(1) - 1);
        if object.len() <= first {
            return status(416);
        }
        Ok(GetResponse {
            status: 206,
            content_range: Some(format!("bytes {first}-{last}/{}", object.len())),
            etag: None,
            body: object[first..=last].to_vec(),
        })
    })
}

/// Holds every storage over the same objects to a check: by itself; with pages that are still missing, that are there, and that few slots fight for; and with
/// a store that refuses.
fn with_each(objects: &Objects, check: impl Fn(&str, &dyn Storage)) {
    let folder = tempfile::tempdir().unwrap();
    for (key, object) in objects {
        let path = folder.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, object).unwrap();
    }
    let files = FilesStorage::new(folder.path());
    let transport = bucket_of(objects.clone());
    let s3 = S3Storage::new(bucket(None), S3Limits::default(), transport, || 0);
    let sealed = carrying(write_archive(objects).unwrap());
    let storages: [(&str, &dyn Storage); 3] = [("files", &files), ("s3", &s3), ("sealed", &sealed)];
    for (name, storage) in storages {
        check(name, storage);
        let many: Rc<MemoryKeyValue> = Rc::default();
        let few: Rc<MemoryKeyValue> = Rc::default();
        let refusing = Rc::new(MemoryKeyValue {
            refuses_get: true,
            refuses_set: true,
            ..MemoryKeyValue::default()
        });
        for (values, slot_count, what) in [
            (&many, 1000, "pages are missing"),
            (&many, 1000, "pages are there"),
            (&few, 2, "two slots"),
            (&few, 2, "two slots again"),
            (&refusing, 1000, "the store refuses"),
        ] {
            let open: OpenKeyValue<'_> = &|| Ok(Box::new(values.clone()));
            let now = || Duration::ZERO;
            let store = SharedStore::new(open, &now, "http://a/".to_owned());
            let pages = PageCache::new(storage, &store, slot_count);
            check(&format!("{name}, {what}"), &pages);
            store.write();
            assert!(values.values.borrow().len() <= slot_count as usize);
        }
    }
}

/// Bytes that tell where they are from.
fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at + at / 251 * 3 + seed) as u8)
        .collect()
}

fn piece(key: &str, offset: u64, len_bytes: u32, object_len_bytes: u64) -> Piece {
    Piece {
        key: key.into(),
        offset,
        len_bytes,
        object_len_bytes,
    }
}

#[test]
fn pieces_are_as_long_as_asked_or_an_error_of_their_own() {
    let object = pattern(40_000, 0);
    let objects = Objects::from([
        ("movies/a".to_owned(), object.clone()),
        ("movies/empty".to_owned(), Vec::new()),
    ]);
    // What the manifest says is longer than what is there: 50,000 bytes.
    let cases: [(&str, u64, u32, Result<(), &str>); 11] = [
        ("movies/a", 0, 10, Ok(())),
        ("movies/a", 16_380, 10, Ok(())),
        ("movies/a", 39_990, 10, Ok(())),
        ("movies/a", 0, 40_000, Ok(())),
        ("movies/a", 39_000, 10, Ok(())),
        ("movies/a", 0, 10, Ok(())),
        (
            "movies/a",
            39_995,
            10,
            Err("movies/a is shorter than its manifest says"),
        ),
        (
            "movies/a",
            45_000,
            10,
            Err("movies/a is shorter than its manifest says"),
        ),
        (
            "movies/a",
            49_990,
            10,
            Err("movies/a is shorter than its manifest says"),
        ),
        ("movies/b", 0, 10, Err("movies/b is not there")),
        (
            "movies/empty",
            0,
            10,
            Err("movies/empty is shorter than its manifest says"),
        ),
    ];
    let pieces: Vec<Piece> = cases
        .iter()
        .map(|&(key, offset, len_bytes, _)| piece(key, offset, len_bytes, 50_000))
        .collect();
    with_each(&objects, |name, storage| {
        let together = storage.read(&pieces);
        assert_eq!(together.len(), pieces.len());
        for ((piece, together), (.., expected)) in pieces.iter().zip(together).zip(cases) {
            let part = || &object[piece.offset as usize..piece.end() as usize];
            for result in [
                together,
                storage.read(std::slice::from_ref(piece)).remove(0),
            ] {
                match (result, expected) {
                    (Ok(bytes), Ok(())) => assert!(*bytes == *part(), "{name}: {piece:?}"),
                    (Err(error), Err(expected)) => {
                        assert_eq!(error.to_string(), expected, "{name}");
                    }
                    (result, _) => panic!("{name}: {piece:?} is {:?}", result.is_ok()),
                }
            }
        }
    });
}

#[test]
fn documents_are_whole_or_an_error_of_their_own() {
    let objects = Objects::from([
        ("movies/current.json".to_owned(), b"{}".to_vec()),
        (
            "movies/longest".to_owned(),
            vec![7; MAXIMUM_DOCUMENT_LEN_BYTES],
        ),
        (
            "movies/long".to_owned(),
            vec![7; MAXIMUM_DOCUMENT_LEN_BYTES + 1],
        ),
    ]);
    with_each(&objects, |name, storage| {
        let check = |key: &str, expected: &str| {
            let found = text_of(storage, key, None);
            assert!(found == expected, "{name}: {} bytes of {key}", found.len());
        };
        check("movies/current.json", "{}");
        check("movies/absent", "movies/absent is not there");
        check(
            "movies/long",
            "the storage gives an unexpected answer for movies/long: it is too long for a document",
        );
        assert_eq!(
            text_of(storage, "movies/longest", None).len(),
            MAXIMUM_DOCUMENT_LEN_BYTES,
            "{name}"
        );
    });
}

#[test]
fn what_is_denied_is_denied_with_pages_too() {
    let objects = Objects::from([("denied".to_owned(), vec![7; 10])]);
    with_each(&objects, |name, storage| {
        if name.starts_with("s3") {
            assert_eq!(
                text_of(storage, "denied", Some((0, 5))),
                "the storage denies access to denied",
                "{name}"
            );
            assert_eq!(
                text_of(storage, "denied", None),
                "the storage denies access to denied",
                "{name}"
            );
        }
    });
}

#[test]
fn pages_of_one_object_that_follow_each_other_are_one_get() {
    let objects = Objects::from([("movies/a".to_owned(), pattern(200_000, 0))]);
    let transport = bucket_of(objects);
    let s3 = S3Storage::new(bucket(None), S3Limits::default(), transport, || 0);
    let values: Rc<MemoryKeyValue> = Rc::default();
    let open: OpenKeyValue<'_> = &|| Ok(Box::new(values.clone()));
    let now = || Duration::ZERO;
    // A piece in each of the pages 0, 1 and 2, another in 0, and one in the last.
    let pieces: Vec<Piece> = [100, 20_000, 40_000, 200, 199_990]
        .into_iter()
        .map(|offset| piece("movies/a", offset, 10, 200_000))
        .collect();
    let check = |expected_gets: u32, expected_hits: u32| {
        let before = s3.costs();
        let store = SharedStore::new(open, &now, String::new());
        let pages = PageCache::new(&s3, &store, 1000);
        for _ in 0..2 {
            assert!(pages.read(&pieces).iter().all(Result::is_ok));
        }
        store.write();
        let (usage, after) = (store.usage(), s3.costs());
        // What a request has read it does not ask for again.
        assert_eq!((usage.lookups, usage.hits), (4, expected_hits));
        assert_eq!(after.requests - before.requests, expected_gets);
    };
    check(2, 0);
    check(0, 4);
    // Only what is missing is read, and what is damaged in its length is missing.
    let slot = values.values.borrow().keys().next().unwrap().clone();
    values.values.borrow_mut().remove(&slot);
    check(1, 3);
    check(0, 4);
    let slot = values.values.borrow().keys().next().unwrap().clone();
    values.values.borrow_mut().get_mut(&slot).unwrap().remove(0);
    // It was there, if only to be thrown away.
    check(1, 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The oracle: each piece is a slice of its object.
    #[test]
    fn any_pieces_are_slices_of_their_objects(
        lens in prop::array::uniform2(1..120_000_usize),
        asked in prop::collection::vec((0..2_usize, 0.0..1.0_f64, 1..40_000_u32), 1..20),
    ) {
        let key = |object: usize| format!("movies/{object}");
        let objects: Objects = lens
            .iter()
            .enumerate()
            .map(|(object, &len)| (key(object), pattern(len, object)))
            .collect();
        let pieces: Vec<Piece> = asked
            .iter()
            .map(|&(object, place, len_bytes)| {
                let object_len = lens[object] as u64;
                let offset = (place * object_len as f64) as u64;
                let len_bytes = u64::from(len_bytes).min(object_len - offset) as u32;
                piece(&key(object), offset, len_bytes, object_len)
            })
            .collect();
        with_each(&objects, |name, storage| {
            for batch in pieces.chunks(7) {
                for (piece, result) in batch.iter().zip(storage.read(batch)) {
                    let expected = &objects[&*piece.key][piece.offset as usize..piece.end() as usize];
                    assert!(result.is_ok_and(|bytes| *bytes == *expected), "{name}: {piece:?}");
                }
            }
        });
    }
}
