//! Requests to the function and what it answers, over a small collection in memory.

use kit::{
    storage::StorageError,
    testing::{self, GENERATION, TestStorage},
};
use serde_json::{Value, json};

/// What the interface promises.
const DESCRIPTION: &str = include_str!("../../openapi.json");

/// The one door to the function: the JSON of an answer of this status.
fn answer(storage: &TestStorage, line: &str, status: u16) -> Value {
    let request = testing::request(line, "");
    let response = testing::ask(&catalog::ROUTES, storage, &request);
    let text = String::from_utf8_lossy(&response.body);
    assert_eq!(response.status, status, "{line}: {text}");
    if response.status != 404 {
        testing::assert_described(DESCRIPTION, &request, &response);
    }
    testing::body(&response)
}

/// The slug of a problem.
fn check_problem(storage: &TestStorage, line: &str, status: u16, slug: &str) -> Value {
    let problem = answer(storage, line, status);
    let url = format!("https://kindred.example/problems/{slug}");
    assert_eq!(problem["type"], url, "{line}");
    problem
}

fn unreachable() -> TestStorage {
    TestStorage::failing(StorageError::Unreachable {
        reason: "connection refused".to_owned(),
    })
}

#[test]
fn an_item_is_its_record() {
    let found = answer(&TestStorage::films(), "GET /v1/movies/items/1", 200);
    assert_eq!(
        found,
        json!({
            "collection": "movies",
            "generation": GENERATION,
            "item": {
                "id": "1",
                "title": "Toy Story",
                "genres": ["Animation", "Comedy"],
                "year": 1995,
                "image": "https://img.example/1.jpg",
            },
        })
    );
}

#[test]
fn items_are_found_by_ids_and_by_title() {
    let check = |query: &str, expected: &[&str], unknown: Value| {
        let found = answer(
            &TestStorage::films(),
            &format!("GET /v1/movies/items?{query}"),
            200,
        );
        let items = found["items"].as_array().unwrap();
        let ids: Vec<&str> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(found["unknown"], unknown, "{query}");
    };
    check("ids=3,999,1", &["3", "1"], json!(["999"]));
    check("ids=1,1,999,999", &["1", "1"], json!(["999", "999"]));
    check("title=Toy+Story+(1995)", &["1"], json!([]));
    check("title=toy%20story", &["1"], json!([]));
    check("title=Heat", &["2"], json!([]));
    check("title=Heat+(1986)", &["7"], json!([]));
    check("title=L%C3%A9on:+The+Professional", &["8"], json!([]));
    check("title=Nothing", &[], json!(["Nothing"]));
}

#[test]
fn collections_say_what_they_are_and_how_they_do() {
    let storage = TestStorage::films();
    let found = answer(&storage, "GET /v1/collections", 200);
    assert_eq!(
        found["collections"],
        json!([
            {
                "name": "movies",
                "status": "ready",
                "title": "Films",
                "generation": GENERATION,
                "created_at": "2026-11-21T12:00:00Z",
                "item_count": 8,
                "values": { "minimum": 0.5, "maximum": 5.0, "neutral": 3.0 },
                "quality": { "metric": "ndcg@100", "value": 0.5, "low": 0.25, "high": 0.75, "protocol": "made up" },
                "synthetic": true,
            },
            { "name": "books", "status": "unpublished" },
        ])
    );
    let newer = storage.with_manifest(|manifest| manifest.version = 99);
    let found = answer(&newer, "GET /v1/collections", 200);
    let damaged = json!({ "name": "movies", "status": "damaged" });
    assert_eq!(found["collections"][0], damaged);
    check_problem(&unreachable(), "GET /v1/collections", 503, "storage");
}

#[test]
fn a_pointer_that_cannot_be_read_hides_no_other_collection() {
    let key = || "books/current.json".to_owned();
    for failure in [
        StorageError::Denied { key: key() },
        StorageError::Unexpected {
            key: key(),
            what: "it is too long for a document".to_owned(),
        },
    ] {
        let mut storage = TestStorage::films();
        storage.failures.insert(key(), failure);
        let found = answer(&storage, "GET /v1/collections", 200);
        assert_eq!(found["collections"][0]["status"], "ready");
        let damaged = json!({ "name": "books", "status": "damaged" });
        assert_eq!(found["collections"][1], damaged);
        let found = answer(&storage, "GET /readyz", 200);
        let collections = json!({ "movies": "ready", "books": "damaged" });
        assert_eq!(found["collections"], collections);
        check_problem(&storage, "GET /v1/books/items/1", 503, "storage");
    }
}

#[test]
fn readiness_is_the_whole_way_to_the_index_and_liveness_is_not() {
    let ready = answer(&TestStorage::films(), "GET /readyz", 200);
    let collections = json!({ "movies": "ready", "books": "unpublished" });
    assert_eq!(
        ready,
        json!({ "status": "ready", "collections": collections })
    );

    let problem = check_problem(&TestStorage::default(), "GET /readyz", 503, "not-ready");
    assert!(problem["detail"].as_str().unwrap().contains("`movies`"));
    check_problem(&unreachable(), "GET /readyz", 503, "storage");
    for kind in index::FileKind::OF_ITEMS {
        let damaged = TestStorage::films().with_damaged(kind);
        let problem = check_problem(&damaged, "GET /readyz", 503, "not-ready");
        let collections = json!({ "movies": "damaged", "books": "unpublished" });
        assert_eq!(problem["collections"], collections, "{kind}");
    }

    // Another collection that could be served does not stand in for the default one.
    let storage = TestStorage::films();
    let mut settings = testing::settings();
    settings.default_collection = "books".to_owned();
    let context = kit::Context::new(&settings, &storage, || 7);
    let request = testing::request("GET /readyz", "");
    let response = kit::respond(&request, &catalog::ROUTES, &context);
    assert_eq!(response.status, 503);

    for storage in [TestStorage::films(), TestStorage::default(), unreachable()] {
        answer(&storage, "GET /healthz", 200);
    }
}

/// Which the kit does for each of them.
#[test]
fn a_function_alone_is_ready_when_one_collection_is_published() {
    let ready = answer(&TestStorage::films(), "GET /readyz/catalog", 200);
    assert_eq!(ready, json!({ "status": "ready" }));
    let nothing = TestStorage::default();
    check_problem(&nothing, "GET /readyz/catalog", 503, "not-published");
    check_problem(&unreachable(), "GET /readyz/catalog", 503, "storage");
    for storage in [TestStorage::films(), nothing, unreachable()] {
        let alive = answer(&storage, "GET /healthz/catalog", 200);
        assert_eq!(alive, json!({ "status": "alive" }));
    }
}

#[test]
fn the_description_is_served() {
    let found = answer(&TestStorage::films(), "GET /openapi.json", 200);
    assert_eq!(found["openapi"], "3.1.0");
}

#[test]
fn bad_requests_are_refused() {
    let storage = TestStorage::films();
    check_problem(&storage, "GET /v1/songs/items/1", 404, "unknown-collection");
    check_problem(&storage, "GET /v1/movies/items/999", 404, "unknown-item");
    check_problem(&storage, "GET /v1/books/items/1", 503, "not-published");
    check_problem(&storage, "GET /v1/movies/items", 422, "invalid-value");
    check_problem(
        &storage,
        "GET /v1/movies/items?ids=1&title=Heat",
        422,
        "invalid-value",
    );
    check_problem(&storage, "GET /v1/movies/items?id=1", 422, "unknown-field");
    check_problem(&storage, "GET /anything/else", 404, "no-such-route");
    let ids = vec!["1"; kit::limits::MAXIMUM_ID_COUNT + 1].join(",");
    let line = format!("GET /v1/movies/items?ids={ids}");
    let problem = check_problem(&storage, &line, 422, "too-many");
    assert_eq!(problem["limit"], kit::limits::MAXIMUM_ID_COUNT);
}

#[test]
fn what_changes_seldom_is_kept_and_asked_for_again_by_its_tag() {
    let storage = TestStorage::films();
    let ask = |line: &str, if_none_match: &str| {
        let mut request = testing::request(line, "");
        let header = ("if-none-match".to_owned(), if_none_match.to_owned());
        request.headers.push(header);
        let response = testing::ask(&catalog::ROUTES, &storage, &request);
        let header = |name| response.header(name).unwrap_or_default().to_owned();
        (
            response.status,
            header("cache-control"),
            header("etag"),
            header("server-timing"),
        )
    };
    for (path, max_age, num_round_trips) in [
        ("/v1/movies/items/1", "max-age=60,", 1),
        ("/v1/movies/items?ids=1,2", "max-age=60,", 1),
        ("/v1/collections", "max-age=60,", 1),
        ("/openapi.json", "max-age=3600,", 0),
    ] {
        let line = format!("GET {path}");
        let (status, cache_control, tag, _) = ask(&line, "");
        assert_eq!(status, 200, "{path}");
        assert!(cache_control.starts_with("public, "), "{path}");
        assert!(cache_control.contains(max_age), "{path}: {cache_control}");
        let (status, kept, same_tag, timing) = ask(&line, &tag);
        assert_eq!(
            (status, kept, same_tag),
            (304, cache_control, tag),
            "{path}"
        );
        let round_trips = format!("round trips: {num_round_trips}");
        assert!(timing.contains(&round_trips), "{path}: {timing}");
    }
    for path in ["/healthz", "/readyz", "/v1/movies/items/999", "/nowhere"] {
        let (status, cache_control, tag, _) = ask(&format!("GET {path}"), "*");
        assert_ne!(status, 304, "{path}");
        assert_eq!(
            (cache_control.as_str(), tag.as_str()),
            ("no-store", ""),
            "{path}"
        );
    }
}
