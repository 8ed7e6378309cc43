//! The storage is away, empty, damaged, or has something new.

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use index::FileKind;
use pointer::MANIFEST_VERSION;
use serde_json::{Value, json};

use crate::bucket::{Bucket, build};
use crate::films::{kinds, publish_films, publish_folder};
use crate::site::{Site, ids};

#[test]
fn without_its_storage_a_site_says_so_and_recovers_by_itself() {
    Bucket::on_every_server(check_a_storage_that_goes_and_comes_back);
}

fn check_a_storage_that_goes_and_comes_back(mut bucket: Bucket) {
    publish_films(&bucket);
    let site = Site::start(&bucket);
    let answers = || {
        [
            "/v1/movies/popular",
            "/v1/movies/items/1",
            "/v1/collections",
            "/readyz",
        ]
        .map(|path| site.get(path))
    };
    let before = answers();
    assert!(before.iter().all(|answer| answer.status == 200));

    bucket.stop();
    for answer in answers() {
        answer.problem(503, "storage");
    }
    site.ask(
        "POST",
        "/v1/movies/recommendations",
        br#"{"history": ["1"]}"#,
    )
    .problem(503, "storage");
    assert_eq!(site.get("/healthz").status, 200);
    assert_eq!(site.send("GET", "/", &[], b"").body, b"working");

    bucket.start_again();
    for (before, after) in before.iter().zip(answers()) {
        assert_eq!((after.status, after.json()), (200, before.json()));
    }
}

#[test]
fn a_storage_that_never_was_there_or_refuses_us_is_a_problem() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let unused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("http://{unused}");
    for (name, value) in [
        ("s3_endpoint", nobody.as_str()),
        ("s3_secret_access_key", "another"),
    ] {
        let site = Site::with(&bucket, &[(name, value)]);
        site.get("/v1/movies/popular").problem(503, "storage");
        assert_eq!(site.get("/readyz").status, 503, "{name}");
        assert_eq!(site.get("/healthz").status, 200, "{name}");
    }
}

#[test]
fn a_collection_without_a_generation_says_how_to_publish_one() {
    let bucket = Bucket::start();
    let site = Site::start(&bucket);
    for (path, slug) in [
        ("/v1/movies/popular", "not-published"),
        ("/v1/movies/items/1", "not-published"),
        ("/v1/movies/recommendations", "not-published"),
        ("/readyz", "not-ready"),
    ] {
        let problem = site.get(path).problem(503, slug);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("precompute run"), "{detail}");
    }
    let listed = json!({ "collections": [
        { "name": "movies", "status": "unpublished" }, { "name": "books", "status": "unpublished" },
    ] });
    assert_eq!(site.get("/v1/collections").json(), listed);
    assert_eq!(site.get("/healthz").status, 200);

    publish_films(&bucket);
    assert_eq!(site.get("/v1/movies/popular").status, 200);
    assert_eq!(
        site.get("/v1/books/popular").problem(503, "not-published")["status"],
        503
    );
}

#[test]
fn a_damaged_file_is_a_problem_and_never_another_answer() {
    let bucket = Bucket::start();
    let generation = publish_films(&bucket);
    let site = Site::start(&bucket);
    let path = "/v1/movies/recommendations?history=1,2,9&count=20&explain=true";
    for kind in kinds() {
        // What is popular is read where nothing else can be said.
        let path = match kind {
            FileKind::Clusters => "/v1/movies/recommendations?history=1&algorithm=clusters",
            FileKind::Popularity => "/v1/movies/popular?count=20",
            FileKind::Text => "/v1/movies/search?q=the+story+of&count=20",
            _ => path,
        };
        let sound = site.get(path).json();
        let file = bucket
            .folder()
            .join(format!("movies/g/{generation}/{kind}.kdx"));
        let bytes = fs::read(&file).unwrap();
        let mut num_noticed = 0;
        // Over the whole file, beginning with the head.
        for position in (0..bytes.len()).step_by(bytes.len().div_ceil(24)) {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x10;
            fs::write(&file, damaged).unwrap();
            let answer = site.get(path);
            if answer.status == 200 {
                assert_eq!(answer.json(), sound, "{kind} {position}");
                continue;
            }
            let problem = answer.problem(500, "corrupt-index");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("publish the collection again"), "{detail}");
            num_noticed += 1;
        }
        assert!(0 < num_noticed, "{kind}");
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        site.get(path).problem(500, "corrupt-index");
        fs::remove_file(&file).unwrap();
        site.get(path).problem(500, "corrupt-index");
        fs::write(&file, &bytes).unwrap();
        assert_eq!(site.get(path).json(), sound, "{kind}");
    }

    let pointer = bucket.folder().join("movies/current.json");
    fs::write(&pointer, "{\"version\": 1").unwrap();
    site.get(path).problem(500, "corrupt-index");
    site.get("/readyz").problem(503, "not-ready");
    let listed = json!({ "name": "movies", "status": "damaged" });
    assert_eq!(site.get("/v1/collections").json()["collections"][0], listed);
}

#[test]
fn a_pointer_with_numbers_that_cannot_be_is_a_problem_at_once() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);
    let pointer = bucket.folder().join("movies/current.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&pointer).unwrap()).unwrap();
    for kind in kinds() {
        manifest["files"][kind.name()]["head_len_bytes"] = json!(u32::MAX);
    }
    fs::write(&pointer, manifest.to_string()).unwrap();
    let problem = site.get("/v1/movies/popular").problem(500, "corrupt-index");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("head_len_bytes"), "{detail}");
}

#[test]
fn the_next_request_is_answered_from_the_next_generation() {
    let bucket = Bucket::start();
    let first = publish_films(&bucket);
    let site = Site::start(&bucket);
    let path = "/v1/movies/items/1";
    let answer = site.get(path).json();
    assert_eq!(
        (&answer["generation"], &answer["item"]["title"]),
        (&json!(first), &json!("Heat"))
    );

    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), "Alien", 10);
    let second = publish_folder(&bucket, folder.path());
    assert_ne!(first, second);
    let answer = site.get(path).json();
    assert_eq!(
        (&answer["generation"], &answer["item"]["title"]),
        (&json!(second), &json!("Alien 1"))
    );
    assert_eq!(
        site.get("/v1/collections").json()["collections"][0]["generation"],
        second
    );
    let similar = site.get("/v1/movies/items/1/similar").json();
    assert_eq!(ids(&similar), ["2"]);
    // It was built without such an index.
    site.get("/v1/movies/popular")
        .problem(404, "not-in-generation");
}

#[test]
fn a_pointer_of_a_newer_format_names_both_versions_and_what_to_do() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);
    let pointer = bucket.folder().join("movies/current.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&pointer).unwrap()).unwrap();
    let newer = MANIFEST_VERSION + 1;
    manifest["version"] = json!(newer);
    fs::write(&pointer, manifest.to_string()).unwrap();
    let problem = site.get("/v1/movies/popular").problem(503, "newer-format");
    let detail = problem["detail"].as_str().unwrap();
    for part in [
        format!("version {newer}"),
        format!("up to {MANIFEST_VERSION}"),
        "upgrade".to_owned(),
    ] {
        assert!(detail.contains(&part), "{detail}");
    }
}

#[test]
fn a_generation_that_is_missing_is_replaced_by_the_one_before() {
    let bucket = Bucket::start();
    let first = publish_films(&bucket);
    let next = tempfile::tempdir().unwrap();
    build(next.path(), "Alien", 10);
    let second = publish_folder(&bucket, next.path());
    fs::remove_dir_all(bucket.folder().join(format!("movies/g/{second}"))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for site in [
        Site::start(&bucket),
        Site::keeping(folder.path(), &bucket.url(), &[]),
    ] {
        for _ in 0..2 {
            let answer = site.get("/v1/movies/items/1");
            assert_eq!(answer.status, 200, "{}", answer.json());
            assert_eq!(answer.json()["generation"], first);
            assert_eq!(answer.json()["item"]["title"], "Heat");
            thread::sleep(Duration::from_millis(100));
        }
    }
    // And without that there is nothing more to answer from.
    fs::remove_dir_all(bucket.folder().join(format!("movies/g/{first}"))).unwrap();
    Site::start(&bucket)
        .get("/v1/movies/items/1")
        .problem(500, "corrupt-index");
}
