//! What one request leaves for later ones in the key-value store: it is never needed, and never wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use e2e::proxy::{Fault, Proxy};
use serde_json::Value;
use tempfile::TempDir;

use crate::bucket::{Bucket, build};
use crate::films::{publish_films, publish_folder};
use crate::site::{Answer, Site};

const PATH: &str = "/v1/movies/recommendations?history=1,2,9&count=20&explain=true";

/// A pointer is taken for the current one so shortly, so that the tests need not wait.
const SHORTLY: [(&str, &str); 1] = [("pointer_seconds", "1")];

/// Longer than that, and than it takes to notice that nobody answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is as it should be.
fn eventually(site: &Site, path: &str, expected: impl Fn(&Answer) -> bool) -> Answer {
    let started = Instant::now();
    loop {
        let answer = site.get(path);
        if expected(&answer) {
            return answer;
        }
        let last = String::from_utf8_lossy(&answer.body);
        assert!(
            started.elapsed() < PATIENCE,
            "still {} {last}",
            answer.status
        );
        thread::sleep(Duration::from_millis(200));
    }
}

fn is_stale(answer: &Answer) -> bool {
    answer.status == 200 && answer.json()["stale"] == true
}

/// The items of an answer: all that must not change with its age.
fn items(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"].clone()
}

/// The files of the store below a site's folder.
fn kept_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join("key-value/default")) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_storage_that_goes_away_is_done_without_and_the_answers_say_so() {
    let mut bucket = Bucket::start();
    publish_films(&bucket);
    let folder = tempfile::tempdir().unwrap();
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    let fresh = site.get(PATH);
    assert!(!is_stale(&fresh));
    // The second finds what the first has left, which it did when its answer was out.
    thread::sleep(Duration::from_millis(200));
    assert_eq!(items(&site.get(PATH)), items(&fresh));

    bucket.stop();
    let stale = eventually(&site, PATH, is_stale);
    assert_eq!(items(&stale), items(&fresh));
    assert_eq!(stale.json()["generation"], fresh.json()["generation"]);
    assert!(
        !stale.header("warning").is_empty(),
        "{:?}",
        stale.header("warning")
    );
    assert!(
        !stale.header("cache-control").contains("max-age"),
        "{}",
        stale.header("cache-control")
    );
    // What nobody has asked for is not there.
    let other = site.get("/v1/movies/popular");
    if other.status != 200 {
        other.problem(503, "storage");
    }

    bucket.start_again();
    let again = eventually(&site, PATH, |answer| !is_stale(answer));
    assert_eq!(items(&again), items(&fresh));
}

/// A storage that takes connections and says nothing is waited for by one request now and then, and not by each.
#[test]
fn a_storage_that_hangs_is_not_waited_for_by_everybody() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let proxy = Proxy::start(&bucket.url()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::keeping(folder.path(), &proxy.url(), &SHORTLY);
    let fresh = eventually(&site, PATH, |answer| answer.status == 200);
    thread::sleep(Duration::from_millis(200));
    proxy.inflict("/current.json", Fault::Delay(PATIENCE));
    let stale = eventually(&site, PATH, is_stale);
    assert_eq!(items(&stale), items(&fresh));
    // What was learnt holds for the lifetime of a pointer, a second, from when the wait was over.
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    assert!(is_stale(&site.get(PATH)));
    assert!(
        started.elapsed() < Duration::from_millis(800),
        "{:?}",
        started.elapsed()
    );
    proxy.heal();
    eventually(&site, PATH, |answer| !is_stale(answer));
}

/// Whatever is changed in a pointer on its way is noticed, and what is there goes on.
#[test]
fn a_pointer_that_comes_damaged_is_not_believed_and_not_kept() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    for fault in [
        Fault::Truncate,
        Fault::Replace {
            text: "\"ids\":",
            by: "\"idz\":",
        },
    ] {
        let proxy = Proxy::start(&bucket.url()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let site = Site::keeping(folder.path(), &proxy.url(), &SHORTLY);
        proxy.inflict("/current.json", fault);
        site.get(PATH).problem(500, "corrupt-index");
        proxy.heal();
        // Nothing of it was kept.
        let fresh = site.get(PATH);
        assert!(!is_stale(&fresh));

        // The next one comes damaged too: the one that is there goes on.
        proxy.inflict("/current.json", fault);
        let next = tempfile::tempdir().unwrap();
        build(next.path(), "Alien", 10);
        let second = publish_folder(&bucket, next.path());
        let stale = eventually(&site, PATH, is_stale);
        assert_eq!(items(&stale), items(&fresh));
        proxy.heal();
        eventually(&site, PATH, |answer| answer.json()["generation"] == second);
        publish_films(&bucket);
    }
}

#[test]
fn a_storage_that_is_away_at_the_start_is_waited_for() {
    for keeps in [false, true] {
        let mut bucket = Bucket::start();
        publish_films(&bucket);
        bucket.stop();
        let folder = tempfile::tempdir().unwrap();
        let site = if keeps {
            Site::keeping(folder.path(), &bucket.url(), &SHORTLY)
        } else {
            Site::start(&bucket)
        };
        site.get(PATH).problem(503, "storage");
        assert_eq!(site.get("/healthz").status, 200);
        bucket.start_again();
        let answer = eventually(&site, PATH, |answer| answer.status == 200);
        assert!(!is_stale(&answer), "{}", answer.json());
    }
}

#[test]
fn a_new_generation_is_seen_after_some_seconds() {
    let bucket = Bucket::start();
    let first = publish_films(&bucket);
    let folder = tempfile::tempdir().unwrap();
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    let path = "/v1/movies/items/1";
    assert_eq!(site.get(path).json()["generation"], first);
    let next = tempfile::tempdir().unwrap();
    build(next.path(), "Alien", 10);
    let second = publish_folder(&bucket, next.path());
    let answer = eventually(&site, path, |answer| answer.json()["generation"] == second);
    assert_eq!(answer.json()["item"]["title"], "Alien 1");
}

#[test]
fn what_came_damaged_over_the_network_is_not_kept_against_later_requests() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let sound = items(&Site::start(&bucket).get(PATH));
    let proxy = Proxy::start(&bucket.url()).unwrap();
    for (object, fault) in [
        ("/neighbours.kdx", Fault::Corrupt),
        ("/catalogue.kdx", Fault::Corrupt),
        ("/catalogue.kdx", Fault::Truncate),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::keeping(folder.path(), &proxy.url(), &SHORTLY);
        proxy.inflict_times(1, object, fault);
        let answer = site.get(PATH);
        if answer.status == 200 {
            assert_eq!(items(&answer), sound, "{object} {fault:?}");
        } else {
            answer.problem(500, "corrupt-index");
        }
        assert_eq!(proxy.heal(), 1);
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(100));
            assert_eq!(items(&site.get(PATH)), sound, "{object} {fault:?}");
        }
    }
}

/// A folder with a store that some requests have filled, and what they were answered.
fn filled(bucket: &Bucket) -> (TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    let sound = items(&site.get(PATH));
    thread::sleep(Duration::from_millis(200));
    assert_eq!(items(&site.get(PATH)), sound);
    drop(site);
    assert!(
        !kept_files(folder.path()).is_empty(),
        "requests leave something"
    );
    (folder, sound)
}

#[test]
fn a_damaged_store_is_never_believed() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let (folder, sound) = filled(&bucket);
    for file in kept_files(folder.path()) {
        let mut bytes = fs::read(&file).unwrap();
        // The key at the beginning is the host's, and the name at the end tells what it is: the value is between them. Of every 16 bytes one is hit, and so is
        // whatever a request looks at.
        let quarter = bytes.len() / 4;
        let middle = bytes[quarter..3 * quarter].iter_mut();
        middle.step_by(16).for_each(|byte| *byte ^= 0x10);
        fs::write(&file, bytes).unwrap();
    }
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    let mut num_repeated = 0;
    for _ in 0..3 {
        let answer = site.get(PATH);
        assert_eq!(items(&answer), sound);
        // The answer is right, so this and what the host counts are all that tells of the damage.
        num_repeated += u64::from(answer.header("server-timing").contains("repeated;"));
        let sample = "kindred_host_answers_repeated_total{component=\"recommend\"}";
        assert_eq!(site.counted(sample), num_repeated);
        thread::sleep(Duration::from_millis(100));
    }
    assert!(0 < num_repeated, "the damage is met");
    drop(site);

    for file in kept_files(folder.path()) {
        let len_bytes = fs::metadata(&file).unwrap().len();
        let shortened = fs::OpenOptions::new().write(true).open(&file).unwrap();
        shortened.set_len(len_bytes / 2).unwrap();
    }
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    for _ in 0..3 {
        assert_eq!(items(&site.get(PATH)), sound);
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_store_that_fails_is_done_without() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let sound = items(&Site::start(&bucket).get(PATH));
    let folder = tempfile::tempdir().unwrap();
    let site = Site::keeping(folder.path(), &bucket.url(), &SHORTLY);
    // Where the store's folder was is a file: nothing can be written, and what was not read yet is gone.
    let store = folder.path().join("key-value/default");
    assert!(store.is_dir(), "the store is there");
    fs::remove_dir_all(&store).unwrap();
    fs::write(&store, "no folder").unwrap();
    for _ in 0..3 {
        assert_eq!(items(&site.get(PATH)), sound);
    }
    assert_eq!(site.get("/readyz").status, 200);
}
