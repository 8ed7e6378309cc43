//! Functions that carry their index: the same answers with no storage at all, and no memory of theirs reaches into it.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::application::{self, FUNCTIONS, function, source};
use index::FileKind;
use pointer::CollectionKeys;
use precompute::publish::read_pointer;
use precompute::seal::{DEFAULT_MAXIMUM_MEGABYTES, SealedIndex, seal_file};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::{Bucket, build};
use crate::films::publish_films;
use crate::site::{Answer, Site};

/// More than a memory begins with, behind everything that a linker knows: what an allocator that takes it for its own overwrites first.
const FILLED_LEN_BYTES: usize = 8 << 20;

/// What is published, as an archive for functions.
fn archive(bucket: &Bucket) -> Vec<u8> {
    let (store, keys) = (bucket.client(), CollectionKeys::new("", "movies"));
    let current = read_pointer(&store, &keys, "movies").unwrap().unwrap();
    let mut index = SealedIndex::default();
    index
        .add_published(&store, &keys, &current.manifest)
        .unwrap();
    index.archive(1).unwrap()
}

/// Seals a function into a folder.
fn seal(name: &str, into: &Path, archive: &[u8]) -> PathBuf {
    let (written, _) = seal_file(&function(name), into, archive).unwrap();
    written
}

/// The root's `spin.toml` with sealed functions, and nothing else changed.
fn sealed_application(archive: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = application::manifest(|name| source(&seal(name, folder.path(), archive)));
    let path = folder.path().join("spin.toml");
    fs::write(&path, manifest).unwrap();
    (folder, path)
}

/// Everything of an answer but what a clock or the way to the storage says.
fn told(answer: &Answer) -> (u16, Vec<String>, String) {
    let headers = [
        "allow",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "etag",
        "vary",
        "warning",
    ];
    let headers = headers.map(|name| format!("{name}: {}", answer.header(name)));
    let body = String::from_utf8(answer.body.clone()).unwrap();
    (answer.status, headers.to_vec(), body)
}

#[test]
fn a_sealed_function_gives_the_answers_of_the_bucket_with_no_storage_at_all() {
    let asked = [
        (
            "GET",
            "/v1/movies/recommendations?history=1,2:4.5&explain=true&count=20",
            "",
        ),
        (
            "POST",
            "/v1/movies/recommendations",
            r#"{"history":["1",{"title":"Toy Story (1995)","value":1},"999"],"diversity":0.5,"filter":{"genres":"Crime"}}"#,
        ),
        (
            "POST",
            "/v1/movies/recommendations",
            r#"{"history":"no list"}"#,
        ),
        ("GET", "/v1/movies/popular?count=3", ""),
        ("GET", "/v1/movies/onboarding", ""),
        ("GET", "/v1/movies/items?ids=1,2,999", ""),
        ("GET", "/v1/movies/items?title=Heat+(1995)", ""),
        ("GET", "/v1/movies/items/9", ""),
        ("GET", "/v1/movies/items/999", ""),
        ("GET", "/v1/movies/items/1/similar", ""),
        ("HEAD", "/v1/movies/popular", ""),
        ("GET", "/v1/books/popular", ""),
        ("GET", "/v1/collections", ""),
        ("GET", "/readyz", ""),
        (
            "POST",
            "/getrecomcollab",
            r#"[{"title":"Toy Story (1995)","rating":4}]"#,
        ),
    ];
    let mut bucket = Bucket::start();
    publish_films(&bucket);
    let answers = |site: &Site| {
        asked.map(|(method, path, body)| told(&site.send(method, path, &[], body.as_bytes())))
    };
    let of_bucket = answers(&Site::start(&bucket));
    let archive = archive(&bucket);
    bucket.stop();

    let (_folder, manifest) = sealed_application(&archive);
    for source in ["s3", "files", "whatever"] {
        let site = Site::of_manifest(&manifest, &bucket, &[("index_source", source)]);
        for ((found, expected), question) in answers(&site).iter().zip(&of_bucket).zip(asked) {
            assert_eq!(found, expected, "{question:?} with {source}");
        }
    }
}

#[test]
fn whatever_memory_a_request_takes_the_index_stays_whole() {
    let bucket = Bucket::start();
    let folder = tempfile::tempdir().unwrap();
    let mut index = SealedIndex::default();
    let generation = build(folder.path(), "Film", 50_000);
    index.add_built(&generation).unwrap();
    let archive = index.archive(DEFAULT_MAXIMUM_MEGABYTES).unwrap();
    // Of a short one libc's allocator of old leaves alone what it should not.
    assert!(1 << 20 < archive.len(), "{}", archive.len());
    let guest = seal("e2e-guest", folder.path(), &archive);
    let manifest = folder.path().join("spin.toml");
    let text = format!(
        r#"
spin_manifest_version = 2
[application]
name = "sealed"
[[trigger.http]]
route = "/..."
component = "guest"
[component.guest]
source = {guest:?}
[component.guest.variables]
collections = "movies"
"#
    );
    // The variables that every site is given.
    let variables: String = [
        "s3_endpoint",
        "s3_access_key_id",
        "s3_secret_access_key",
        "collections",
    ]
    .map(|name| format!("{name} = {{ default = \"\" }}\n"))
    .concat();
    fs::write(&manifest, format!("{text}[variables]\n{variables}")).unwrap();
    let site = Site::of_manifest(&manifest, &bucket, &[]);
    let answer = site.send("GET", &format!("/filled/{FILLED_LEN_BYTES}"), &[], b"");
    let found = answer.json();
    let is_built = |kind: FileKind| matches!(kind, FileKind::Catalogue | FileKind::Neighbours);
    let state = |kind| {
        if is_built(kind) {
            "sound"
        } else {
            "it is not there"
        }
    };
    let states = FileKind::OF_ITEMS.map(|kind| (kind.name().to_owned(), json!(state(kind))));
    let sound = Value::Object(states.into_iter().collect());
    assert_eq!(found["before"], sound);
    assert_eq!(found["after"], sound);
    assert_eq!(found["again"], sound);
    assert_eq!(found["is_whole"], true, "{found}");
    assert!(100 < found["num_blocks"].as_u64().unwrap(), "{found}");
}

#[test]
fn a_sealed_function_that_was_damaged_never_gives_another_answer() {
    const QUESTION: &str = "/v1/movies/recommendations?history=1,2:4.5&count=20";
    let bucket = Bucket::start();
    publish_films(&bucket);
    let archive = archive(&bucket);
    let (_folder, manifest) = sealed_application(&archive);
    let sound = Site::of_manifest(&manifest, &bucket, &[]).get(QUESTION);
    assert_eq!(sound.status, 200);
    // Some in the directory, in the pointer, and in the files.
    let step = archive.len() / 6;
    for at in (0..archive.len()).step_by(step).chain([20, 200]) {
        let mut damaged = archive.clone();
        damaged[at] ^= 1;
        let (_folder, manifest) = sealed_application(&damaged);
        let answer = Site::of_manifest(&manifest, &bucket, &[]).get(QUESTION);
        if answer.status == 200 {
            assert_eq!(answer.body, sound.body, "byte {at}");
        } else {
            assert!([500, 503].contains(&answer.status), "byte {at}");
        }
    }
}

#[test]
fn the_same_function_and_the_same_index_give_the_same_file() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let sealed = || {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&bucket);
        FUNCTIONS.map(|name| fs::read(seal(name, folder.path(), &archive)).unwrap())
    };
    let first = sealed();
    assert!(first == sealed());
    for (name, sealed) in FUNCTIONS.iter().zip(&first) {
        let built = fs::read(function(name)).unwrap();
        let added = sealed.len() - built.len();
        let archive_len_bytes = archive(&bucket).len();
        assert!(
            added < archive_len_bytes + 100,
            "{name}: {added} bytes for {archive_len_bytes}"
        );
    }
}
