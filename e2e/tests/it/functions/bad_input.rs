use index::FileKind;
use kit::{
    http::Request,
    limits::{
        MAXIMUM_BODY_LEN_BYTES, MAXIMUM_EXCLUDE_COUNT, MAXIMUM_FILTER_VALUE_COUNT,
        MAXIMUM_HISTORY_COUNT, MAXIMUM_QUERY_LEN_BYTES,
    },
    storage::StorageError,
    testing::{self, TestStorage},
};
use serde_json::{Value, json};

use super::{answer, ask};

const PATH: &str = "POST /v1/movies/recommendations";

/// A problem's status, its slug, and some of its members.
fn check_problem(
    storage: &TestStorage,
    line: &str,
    body: &str,
    status: u16,
    slug: &str,
    members: &Value,
) {
    let request = testing::request(line, body);
    let response = ask(storage, &request);
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json"),
        "{line} {body}"
    );
    let problem = answer(storage, line, body, status);
    let url = format!("https://kindred.example/problems/{slug}");
    assert_eq!(problem["type"], url, "{line} {body}");
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    for (name, expected) in members.as_object().unwrap() {
        assert_eq!(problem[name], *expected, "{line} {body}");
    }
}

#[test]
fn what_is_not_there_is_404() {
    let films = TestStorage::films();
    check_problem(
        &films,
        "GET /v1/songs/popular",
        "",
        404,
        "unknown-collection",
        &json!({ "known": ["movies", "books"] }),
    );
    check_problem(
        &films,
        "GET /v1/movies/items/999/similar",
        "",
        404,
        "unknown-item",
        &json!({ "detail": "the collection `movies` has no item `999`" }),
    );
    check_problem(
        &films,
        "GET /v1/movies/nothing",
        "",
        404,
        "no-such-route",
        &json!({}),
    );
    check_problem(
        &films,
        "GET /v1/books/popular",
        "",
        503,
        "not-published",
        &json!({ "detail": "nothing has been published to the collection `books` yet: `precompute run` builds and publishes it" }),
    );
}

#[test]
fn malformed_json_is_400_with_its_position() {
    let films = TestStorage::films();
    let check = |body: &str, line: u64, column: u64| {
        let position = json!({ "position": { "line": line, "column": column } });
        check_problem(&films, PATH, body, 400, "malformed-json", &position);
    };
    check("", 1, 0);
    check("{", 1, 1);
    check("{\n  \"history\": [1,]\n}", 2, 17);
    check("{} {}", 1, 4);
    let position = json!({ "position": { "line": 1, "column": 1 } });
    let line = "GET /v1/movies/popular?filter=%7B";
    check_problem(&films, line, "", 400, "malformed-json", &position);
}

#[test]
fn wrong_types_are_422_with_the_field() {
    let films = TestStorage::films();
    let wrong = |body: Value, field: &str| {
        let members = json!({ "field": field });
        check_problem(&films, PATH, &body.to_string(), 422, "wrong-type", &members);
    };
    wrong(json!([]), "the body");
    wrong(json!({ "history": "1" }), "history");
    wrong(json!({ "history": ["1", 2] }), "history[1]");
    wrong(json!({ "history": [{ "id": 2 }] }), "history[0].id");
    wrong(json!({ "history": [{ "title": [] }] }), "history[0].title");
    wrong(
        json!({ "history": [{ "id": "2", "value": "5" }] }),
        "history[0].value",
    );
    wrong(json!({ "algorithm": 1 }), "algorithm");
    wrong(json!({ "count": "10" }), "count");
    wrong(json!({ "count": 1.5 }), "count");
    wrong(json!({ "exclude": [7] }), "exclude[0]");
    wrong(json!({ "diversity": true }), "diversity");
    wrong(json!({ "explain": "yes" }), "explain");
    wrong(json!({ "filter": [] }), "filter");
    wrong(json!({ "filter": { "genres": [1] } }), "filter.genres[0]");
    wrong(json!({ "filter": { "genres": true } }), "filter.genres");
    wrong(
        json!({ "filter": { "year": { "min": true } } }),
        "filter.year.min",
    );
    wrong(
        json!({ "filter": { "year": { "min": "x", "max": 1 } } }),
        "filter.year.max",
    );
    // These only the catalogue can know.
    wrong(
        json!({ "filter": { "year": { "min": "x" } } }),
        "filter.year",
    );
    wrong(json!({ "filter": { "genres": 7 } }), "filter.genres");
    wrong(json!({ "filter": { "year": "1995" } }), "filter.year");
}

#[test]
fn what_means_nothing_is_422_and_named() {
    let films = TestStorage::films();
    let unknown = |line: &str, body: &str, field: &str| {
        check_problem(
            &films,
            line,
            body,
            422,
            "unknown-field",
            &json!({ "field": field }),
        );
    };
    unknown(PATH, r#"{"cuont":3}"#, "cuont");
    unknown(
        PATH,
        r#"{"history":[{"id":"1","rating":4}]}"#,
        "history[0].rating",
    );
    unknown(
        PATH,
        r#"{"filter":{"year":{"from":1990}}}"#,
        "filter.year.from",
    );
    unknown(PATH, r#"{"filter":{"colour":"red"}}"#, "filter.colour");
    unknown("GET /v1/movies/popular?cuont=3", "", "cuont");
    check_problem(
        &films,
        PATH,
        r#"{"filter":{"colour":"red"}}"#,
        422,
        "unknown-field",
        &json!({ "known": ["genres", "year"] }),
    );
}

#[test]
fn values_that_cannot_be_are_422() {
    let films = TestStorage::films();
    let invalid = |body: Value, slug: &str, field: &str| {
        check_problem(
            &films,
            PATH,
            &body.to_string(),
            422,
            slug,
            &json!({ "field": field }),
        );
    };
    invalid(
        json!({ "algorithm": "magic" }),
        "invalid-value",
        "algorithm",
    );
    invalid(json!({ "history": [{}] }), "invalid-value", "history[0]");
    invalid(
        json!({ "history": [{ "id": "1", "title": "x" }] }),
        "invalid-value",
        "history[0]",
    );
    invalid(
        json!({ "filter": { "year": {} } }),
        "invalid-value",
        "filter.year",
    );
    invalid(
        json!({ "filter": { "genres": [] } }),
        "invalid-value",
        "filter.genres",
    );
    invalid(
        json!({ "history": [{ "id": "1", "value": 5.5 }] }),
        "out-of-range",
        "history[0].value",
    );
    invalid(json!({ "diversity": 1.5 }), "out-of-range", "diversity");
    invalid(json!({ "count": 0 }), "out-of-range", "count");
    invalid(json!({ "count": -1 }), "out-of-range", "count");
    invalid(json!({ "count": 101 }), "out-of-range", "count");
    for query in [
        "count=x",
        "explain=maybe",
        "diversity=high",
        "diversity=NaN",
    ] {
        let line = format!("GET /v1/movies/recommendations?{query}");
        check_problem(&films, &line, "", 422, "wrong-type", &json!({}));
    }
    check_problem(
        &films,
        "GET /v1/movies/recommendations?diversity=-0.5",
        "",
        422,
        "out-of-range",
        &json!({ "minimum": 0, "maximum": 1 }),
    );
    check_problem(
        &films,
        "GET /v1/movies/popular?count=-3",
        "",
        422,
        "out-of-range",
        &json!({ "field": "count", "minimum": 1, "maximum": 100 }),
    );
    let clicks = TestStorage::films().with_manifest(|manifest| manifest.values = None);
    check_problem(
        &clicks,
        PATH,
        r#"{"history":[{"id":"1","value":1}]}"#,
        422,
        "invalid-value",
        &json!({ "field": "history[0].value" }),
    );
}

#[test]
fn over_a_limit_the_answer_says_the_limit() {
    let films = TestStorage::films();
    let ids = |count: usize| vec!["1"; count];
    let too_many = |body: Value, field: &str, limit: usize| {
        let members = json!({ "field": field, "limit": limit });
        check_problem(&films, PATH, &body.to_string(), 422, "too-many", &members);
    };
    for count in [MAXIMUM_HISTORY_COUNT + 1, 10_000] {
        let history = json!({ "history": ids(count) });
        too_many(history, "history", MAXIMUM_HISTORY_COUNT);
    }
    for (line, body) in [
        (
            "POST /getrecomcollab",
            json!(vec![json!({ "title": "Heat" }); 2_500]),
        ),
        ("POST /api/recommend", json!({ "songs": ids(10_000) })),
    ] {
        let answer = answer(&films, line, &body.to_string(), 500);
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.contains(&MAXIMUM_HISTORY_COUNT.to_string()),
            "{error}"
        );
    }
    too_many(
        json!({ "exclude": ids(MAXIMUM_EXCLUDE_COUNT + 1) }),
        "exclude",
        MAXIMUM_EXCLUDE_COUNT,
    );
    too_many(
        json!({ "filter": { "genres": ids(MAXIMUM_FILTER_VALUE_COUNT + 1) } }),
        "filter.genres",
        MAXIMUM_FILTER_VALUE_COUNT,
    );
    let at_the_limits =
        json!({ "history": ids(MAXIMUM_HISTORY_COUNT), "exclude": ids(MAXIMUM_EXCLUDE_COUNT) });
    answer(&films, PATH, &at_the_limits.to_string(), 200);

    let body = " ".repeat(MAXIMUM_BODY_LEN_BYTES + 1);
    let limit = json!({ "limit": MAXIMUM_BODY_LEN_BYTES });
    check_problem(&films, PATH, &body, 413, "body-too-large", &limit);
    let query = "a".repeat(MAXIMUM_QUERY_LEN_BYTES + 1);
    let line = format!("GET /v1/movies/recommendations?history={query}");
    let limit = json!({ "limit": MAXIMUM_QUERY_LEN_BYTES });
    check_problem(&films, &line, "", 414, "query-too-long", &limit);
}

#[test]
fn a_storage_that_fails_is_503() {
    for failure in [
        StorageError::Unreachable {
            reason: "connection refused".to_owned(),
        },
        StorageError::Denied {
            key: "movies/current.json".to_owned(),
        },
        StorageError::Unexpected {
            key: "movies/current.json".to_owned(),
            what: "status 500".to_owned(),
        },
    ] {
        let storage = TestStorage::failing(failure);
        check_problem(&storage, PATH, "{}", 503, "storage", &json!({}));
    }
}

#[test]
fn an_index_that_is_damaged_is_500_and_says_what_to_do() {
    let history = r#"{"history":["1"]}"#;
    let corrupt_at = |storage: &TestStorage, (line, body): (&str, &str)| {
        check_problem(storage, line, body, 500, "corrupt-index", &json!({}));
        let problem = answer(storage, line, body, 500);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with("publish the collection again"), "{detail}");
    };
    for kind in FileKind::OF_ITEMS {
        let question = testing::question_to(kind);
        corrupt_at(&TestStorage::films().with_damaged(kind), question);
        let mut storage = TestStorage::films();
        storage.objects.retain(|key, _| !key.contains(kind.name()));
        corrupt_at(&storage, question);
        let mut storage = TestStorage::films();
        for (key, object) in &mut storage.objects {
            if key.contains(kind.name()) {
                object.truncate(object.len() / 2);
            }
        }
        corrupt_at(&storage, question);
    }
    let corrupt = |storage: &TestStorage, body: &str| corrupt_at(storage, (PATH, body));
    let empty = TestStorage::films().with_manifest(|manifest| manifest.files.clear());
    corrupt(&empty, history);
    let mut storage = TestStorage::films();
    let pointer = "movies/current.json".to_owned();
    storage.objects.insert(pointer, b"<html>".to_vec());
    corrupt(&storage, history);
}

#[test]
fn an_index_that_was_not_built_is_missed_only_by_its_questions() {
    let without = |kinds: &[FileKind]| {
        TestStorage::films().with_manifest(|manifest| {
            for kind in kinds {
                manifest.files.remove(kind.name());
            }
        })
    };
    for kind in FileKind::OF_ITEMS {
        let (line, body) = testing::question_to(kind);
        let slug = match kind {
            FileKind::Catalogue => continue,
            // What comes next in its place answers.
            FileKind::Neighbours => {
                let found = answer(&without(&[kind]), line, body, 200);
                assert_eq!(found["algorithm"], "clusters");
                continue;
            }
            _ => "not-in-generation",
        };
        check_problem(&without(&[kind]), line, body, 404, slug, &json!({}));
    }
    let nothing_alike = without(&[
        FileKind::Clusters,
        FileKind::Content,
        FileKind::Neighbours,
        FileKind::Rules,
    ]);
    check_problem(
        &nothing_alike,
        "GET /v1/movies/items/1/similar",
        "",
        404,
        "not-in-generation",
        &json!({}),
    );
    let found = answer(&nothing_alike, PATH, r#"{"history":["1"]}"#, 200);
    assert_eq!(found["algorithm"], "popular");
    let popularity = without(&[FileKind::Popularity]);
    check_problem(
        &popularity,
        "GET /v1/movies/popular",
        "",
        404,
        "not-in-generation",
        &json!({}),
    );
    answer(&popularity, PATH, r#"{"history":["1"]}"#, 200);
}

#[test]
fn methods_are_what_the_path_allows() {
    let films = TestStorage::films();
    let request = |line: &str| ask(&films, &testing::request(line, ""));
    let refused = request("DELETE /v1/movies/recommendations");
    assert_eq!(refused.status, 405);
    assert_eq!(refused.header("allow"), Some("POST, GET, HEAD, OPTIONS"));
    assert_eq!(request("POST /v1/movies/popular").status, 405);
    let options = request("OPTIONS /v1/movies/popular");
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    let head = request("HEAD /v1/movies/popular");
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-type"), Some("application/json"));
}

#[test]
fn pages_of_listed_origins_may_read_with_credentials() {
    let films = TestStorage::films();
    let with_origin = |line: &str, origin: &str| -> Request {
        let mut request = testing::request(line, "");
        request
            .headers
            .push(("origin".to_owned(), origin.to_owned()));
        request
    };
    let listed = ask(
        &films,
        &with_origin("GET /v1/movies/popular", "https://films.example"),
    );
    assert_eq!(
        listed.header("access-control-allow-origin"),
        Some("https://films.example")
    );
    assert_eq!(
        listed.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(listed.header("vary"), Some("Origin"));

    let other = ask(
        &films,
        &with_origin("GET /v1/movies/popular", "https://other.example"),
    );
    assert_eq!(other.header("access-control-allow-origin"), None);
    assert_eq!(other.header("vary"), Some("Origin"));

    // A page reads a problem, too.
    let refused = ask(
        &films,
        &with_origin("GET /v1/songs/popular", "https://films.example"),
    );
    assert!(refused.header("access-control-allow-origin").is_some());

    let mut preflight = with_origin(
        "OPTIONS /v1/movies/recommendations",
        "https://films.example",
    );
    let header = (
        "access-control-request-method".to_owned(),
        "POST".to_owned(),
    );
    preflight.headers.push(header);
    let answer = ask(&films, &preflight);
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("POST, GET, HEAD, OPTIONS")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization, content-type, if-none-match")
    );
}
