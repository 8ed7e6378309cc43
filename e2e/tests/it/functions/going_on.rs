//! What is answered while something is wrong with the storage, or with what earlier requests left.

use std::{rc::Rc, time::Duration};

use index::FileKind;
use kit::{
    Context,
    http::Response,
    storage::{KeyValue, MemoryKeyValue, OpenKeyValue, PageCache, SharedStore, StorageError},
    testing::{self, GENERATION, NEXT_GENERATION, TestStorage},
};
use pointer::{CollectionKeys, MANIFEST_VERSION};
use serde_json::Value;

use super::DESCRIPTION;

const SCOPE: &str = "http://a/";

/// A function as requests find it one after the other: its storage, what they leave for each other, and the time.
#[derive(Default)]
struct Place {
    storage: TestStorage,
    left: Rc<MemoryKeyValue>,
    seconds: u64,
}

/// An answer, taken apart.
struct Answer {
    status: u16,
    body: Value,
    timing: String,
    is_said_to_be_stale: bool,
}

impl Place {
    fn films() -> Self {
        Self {
            storage: TestStorage::films(),
            ..Self::default()
        }
    }

    fn ask(&self) -> Answer {
        let line = "GET /v1/movies/recommendations?history=1,2&count=3";
        let request = testing::request(line, "");
        let settings = testing::settings();
        let open: OpenKeyValue<'_> = &|| Ok(Box::new(self.left.clone()) as Box<dyn KeyValue>);
        let now = || Duration::from_secs(1_000_000 + self.seconds);
        let store = SharedStore::new(open, &now, SCOPE.to_owned());
        let storage = self.storage.unread();
        let pages = PageCache::new(&storage, &store, 1000);
        let context = Context::new(&settings, &pages, || 7);
        let context = context.with_store(&store, Duration::from_secs(5));
        let response = kit::respond(&request, &recommend::ROUTES, &context);
        store.write();
        testing::assert_described(DESCRIPTION, &request, &response);
        Answer::of(&response)
    }

    /// Changes every byte of every page that was left.
    fn damage_pages(&self) {
        for (key, value) in self.left.values.borrow_mut().iter_mut() {
            let mut windows = value.windows(SCOPE.len());
            let name = windows.rposition(|window| window == SCOPE.as_bytes());
            if key.starts_with("page-") {
                value[..name.unwrap()]
                    .iter_mut()
                    .for_each(|byte| *byte ^= 1);
            }
        }
    }

    fn lose_pages(&self) {
        let mut values = self.left.values.borrow_mut();
        values.retain(|key, _| !key.starts_with("page-"));
    }
}

impl Answer {
    fn of(response: &Response) -> Self {
        let header = |name: &str| response.header(name).unwrap_or_default();
        let body = testing::body(response);
        let stale = header("warning") == "110 - \"Response is Stale\"";
        assert_eq!(stale, response.header("warning").is_some());
        if stale && response.status == 200 {
            assert_eq!(body["stale"], true);
            assert_eq!(header("cache-control"), "no-store");
        }
        Self {
            status: response.status,
            body,
            timing: header("server-timing").to_owned(),
            is_said_to_be_stale: stale,
        }
    }
}

fn away() -> StorageError {
    StorageError::Unreachable {
        reason: "connection refused".to_owned(),
    }
}

/// The films under another name.
fn renamed(storage: &TestStorage, name: &str) -> TestStorage {
    let mut renamed = storage.clone().with_manifest(|manifest| {
        name.clone_into(&mut manifest.generation);
        "The next films".clone_into(&mut manifest.title);
        manifest.previous = Some(GENERATION.to_owned());
    });
    for kind in FileKind::OF_ITEMS {
        let keys = CollectionKeys::new("", "movies");
        let file = renamed.objects.remove(&keys.file(GENERATION, kind.name()));
        let key = keys.file(name, kind.name());
        renamed.objects.insert(key, file.unwrap());
    }
    renamed
}

/// The films, and the pointer to a generation that is not there.
fn with_missing_generation() -> TestStorage {
    let mut storage = TestStorage::films();
    let keys = CollectionKeys::new("", "movies");
    let manifest = storage.objects[&keys.pointer()].clone();
    storage.objects.insert(keys.manifest(GENERATION), manifest);
    storage.with_manifest(|manifest| {
        NEXT_GENERATION.clone_into(&mut manifest.generation);
        "The next films".clone_into(&mut manifest.title);
        manifest.previous = Some(GENERATION.to_owned());
    })
}

#[test]
fn what_was_read_once_is_answered_while_the_storage_is_away_and_says_so() {
    let mut place = Place::films();
    place.storage.failure = Some(away());
    assert_eq!(place.ask().status, 503);

    place.storage.failure = None;
    let first = place.ask();
    assert!(!first.is_said_to_be_stale);
    assert!(!first.timing.contains("round trips: 0"), "{}", first.timing);

    place.seconds = 4;
    let kept = place.ask();
    assert!(kept.timing.contains("round trips: 0"), "{}", kept.timing);
    assert!(kept.timing.contains("age: 4000 ms"), "{}", kept.timing);
    assert_eq!(kept.body, first.body);

    place.storage.failure = Some(away());
    place.seconds = 10;
    let mut stale = place.ask();
    assert!(stale.is_said_to_be_stale);
    assert!(
        stale.timing.contains("age: 10000 ms, stale"),
        "{}",
        stale.timing
    );
    assert_eq!(stale.body["generation"], GENERATION);
    stale.body.as_object_mut().unwrap().remove("stale");
    assert_eq!(stale.body, first.body);

    // What was never read cannot be answered.
    place.lose_pages();
    let lost = place.ask();
    assert_eq!(lost.status, 503);

    place.storage.failure = None;
    place.seconds = 20;
    let back = place.ask();
    assert!(!back.is_said_to_be_stale);
    assert_eq!(back.body, first.body);
}

#[test]
fn where_the_files_of_a_generation_are_missing_the_one_before_it_goes_on() {
    let denied = StorageError::Denied { key: String::new() };
    let keys = CollectionKeys::new("", "movies");
    let mut place = Place {
        storage: with_missing_generation(),
        ..Place::default()
    };
    let absent = place.ask();
    assert_eq!(absent.body["generation"], GENERATION);
    assert!(absent.is_said_to_be_stale);

    for kind in FileKind::OF_ITEMS {
        let key = keys.file(NEXT_GENERATION, kind.name());
        place.storage.failures.insert(key, denied.clone());
    }
    assert_eq!(place.ask().body["generation"], GENERATION);

    // Without one before it, or with one whose manifest is damaged or another's, the answer says what is missing.
    place.storage.failures.clear();
    let sound = place.storage.objects.remove(&keys.manifest(GENERATION));
    let sound = String::from_utf8(sound.unwrap()).unwrap();
    let with = |text: &str, by: &str| {
        assert!(sound.contains(text), "{sound}");
        Some(sound.replace(text, by))
    };
    for manifest in [
        None,
        with("\"neutral\":3.0", "\"neutral\":3.5"),
        with(GENERATION, "ffffffffffffffff"),
        Some(sound.replace(GENERATION, NEXT_GENERATION)),
    ] {
        if let Some(manifest) = manifest {
            let key = keys.manifest(GENERATION);
            place.storage.objects.insert(key, manifest.into_bytes());
        }
        let nothing = place.ask();
        assert_eq!(nothing.status, 500);
        let detail = nothing.body["detail"].as_str().unwrap();
        assert!(detail.contains(NEXT_GENERATION), "{detail}");
    }
}

#[test]
fn a_pointer_that_was_kept_gives_way_when_its_generation_was_removed() {
    let mut place = Place::films();
    assert_eq!(place.ask().body["generation"], GENERATION);
    place.storage = renamed(&place.storage, NEXT_GENERATION);
    place.lose_pages();
    place.seconds = 1;
    let answer = place.ask();
    assert_eq!(answer.body["generation"], NEXT_GENERATION);
    assert!(!answer.is_said_to_be_stale);
}

#[test]
fn a_new_generation_is_seen_when_the_pointer_is_asked_for_again() {
    let mut place = Place::films();
    let pages = place.ask();
    let old = place.storage.clone();
    place.storage = renamed(&old, NEXT_GENERATION);
    place.storage.objects.extend(
        old.objects
            .into_iter()
            .filter(|(key, _)| key.contains("/g/")),
    );
    place.seconds = 4;
    assert_eq!(place.ask().body["generation"], GENERATION);
    place.seconds = 5;
    let next = place.ask();
    assert_eq!(next.body["generation"], NEXT_GENERATION);
    assert_eq!(next.body["items"], pages.body["items"]);
}

#[test]
fn pages_that_were_damaged_in_the_store_are_read_anew_and_replaced() {
    let place = Place::films();
    let first = place.ask();
    place.damage_pages();
    let healed = place.ask();
    assert_eq!(healed.body, first.body);
    assert!(healed.timing.contains("repeated;"), "{}", healed.timing);
    let after = place.ask();
    assert_eq!(after.body, first.body);
    assert!(!after.timing.contains("repeated;"), "{}", after.timing);
    assert!(after.timing.contains("round trips: 0"), "{}", after.timing);
}

#[test]
fn what_is_damaged_in_the_storage_is_never_answered_with() {
    let mut place = Place::films();
    place.storage = TestStorage::films().with_damaged(FileKind::Neighbours);
    for _ in 0..2 {
        let answer = place.ask();
        assert_eq!(answer.status, 500);
        let kind = answer.body["type"].as_str().unwrap();
        assert!(kind.ends_with("/corrupt-index"), "{kind}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("neighbours"), "{detail}");
    }
}

#[test]
fn a_pointer_of_a_newer_format_is_called_newer() {
    let mut place = Place::films();
    place.storage = TestStorage::films().with_manifest(|manifest| {
        manifest.version = MANIFEST_VERSION + 1;
    });
    // The second time out of the store, where it is kept as well.
    for _ in 0..2 {
        let answer = place.ask();
        assert_eq!(answer.status, 503);
        let kind = answer.body["type"].as_str().unwrap();
        assert!(kind.ends_with("/newer-format"), "{kind}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("upgrade it"), "{detail}");
        assert!(!answer.timing.contains("repeated"), "{}", answer.timing);
    }
}

#[test]
fn a_store_that_fails_costs_nothing_but_its_use() {
    let mut place = Place::films();
    place.left = Rc::new(MemoryKeyValue {
        refuses_get: true,
        refuses_set: true,
        ..MemoryKeyValue::default()
    });
    for _ in 0..2 {
        let answer = place.ask();
        assert_eq!(answer.status, 200);
        assert!(answer.timing.contains("hits: 0 of"), "{}", answer.timing);
        assert!(answer.timing.contains("failing"), "{}", answer.timing);
    }
}
