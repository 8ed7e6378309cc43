//! What may be kept of an answer, and what is answered to those who kept it.

use kit::{
    http::{Request, Response},
    storage::StorageError,
    testing::{GENERATION, TestStorage, request},
};

use super::ask;

const LISTS: [&str; 4] = [
    "/v1/movies/popular?count=3",
    "/v1/movies/onboarding",
    "/v1/movies/items/1/similar",
    "/v1/movies/recommendations",
];
const WITH_HISTORY: &str = "/v1/movies/recommendations?history=1,2";

/// What a request for a path is that was asked before.
fn again(method: &str, path: &str, if_none_match: &str) -> Request {
    let mut request = request(&format!("{method} {path}"), "");
    let header = ("if-none-match".to_owned(), if_none_match.to_owned());
    request.headers.push(header);
    request
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.header(name).unwrap_or_default()
}

fn etag(storage: &TestStorage, path: &str) -> String {
    let response = ask(storage, &request(&format!("GET {path}"), ""));
    assert_eq!(response.status, 200, "{path}");
    header(&response, "etag").to_owned()
}

/// The films under the name of another generation.
fn next_generation() -> TestStorage {
    let name = "00000000000000f2";
    let mut storage =
        TestStorage::films().with_manifest(|manifest| name.clone_into(&mut manifest.generation));
    storage.objects = storage
        .objects
        .into_iter()
        .map(|(key, object)| (key.replace(GENERATION, name), object))
        .collect();
    storage
}

#[test]
fn an_answer_that_the_asker_has_costs_the_pointer_alone() {
    let storage = TestStorage::films();
    for path in LISTS.into_iter().chain([WITH_HISTORY]) {
        let tag = etag(&storage, path);
        assert!(tag.starts_with("W/\"") && tag.contains(GENERATION), "{tag}");
        for method in ["GET", "HEAD"] {
            let response = ask(&storage, &again(method, path, &tag));
            assert_eq!((response.status, response.body.len()), (304, 0), "{path}");
            assert_eq!(header(&response, "etag"), tag, "{path}");
            assert!(header(&response, "cache-control").contains("max-age=60"));
            assert_eq!(header(&response, "vary"), "Origin", "{path}");
            assert_eq!(header(&response, "content-type"), "", "{path}");
            let timing = header(&response, "server-timing");
            assert!(timing.contains("round trips: 1"), "{path}: {timing}");
        }
    }
}

#[test]
fn an_answer_is_known_by_any_spelling_of_its_tag_and_by_no_other() {
    let storage = TestStorage::films();
    let path = LISTS[0];
    let tag = etag(&storage, path);
    let strong = tag.trim_start_matches("W/");
    let check = |if_none_match: &str, status: u16| {
        let response = ask(&storage, &again("GET", path, if_none_match));
        assert_eq!(response.status, status, "{if_none_match}");
        assert_eq!(response.body.is_empty(), status == 304, "{if_none_match}");
    };
    check(&tag, 304);
    check(strong, 304);
    check(&format!("\"a,b\", {tag}"), 304);
    check("*", 304);
    check("\"another\"", 200);
    check(strong.trim_matches('"'), 200);
    check("", 200);
    // Nobody has it whose generation, or whose address, was another one.
    check(&etag(&next_generation(), path), 200);
    check(&etag(&storage, "/v1/movies/popular?count=4"), 200);

    let mut lines = again("GET", path, "\"another\"");
    lines.headers.extend(again("GET", path, &tag).headers);
    assert_eq!(ask(&storage, &lines).status, 304);
}

#[test]
fn nobody_has_the_answer_to_a_request_that_is_refused() {
    let storage = TestStorage::films();
    let tag = etag(&storage, LISTS[0]);
    for (path, status) in [
        ("/v1/movies/popular?count=0", 422),
        ("/v1/movies/items/999/similar", 404),
        ("/v1/books/popular", 503),
        ("/nowhere", 404),
    ] {
        for if_none_match in ["*", &tag] {
            let response = ask(&storage, &again("GET", path, if_none_match));
            assert_eq!(response.status, status, "{path}");
            assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
            assert_eq!(header(&response, "etag"), "", "{path}");
        }
    }
    let failing = TestStorage::failing(StorageError::Unreachable {
        reason: "connection refused".to_owned(),
    });
    let response = ask(&failing, &again("GET", LISTS[0], &tag));
    assert_eq!(
        (response.status, header(&response, "cache-control")),
        (503, "no-store")
    );
}

#[test]
fn others_may_keep_what_holds_no_history() {
    let storage = TestStorage::films();
    let cache_control = |method: &str, path: &str, body: &str| {
        let response = ask(&storage, &request(&format!("{method} {path}"), body));
        header(&response, "cache-control").to_owned()
    };
    for path in LISTS {
        let found = cache_control("GET", path, "");
        assert!(found.starts_with("public, "), "{path}: {found}");
        assert_eq!(cache_control("HEAD", path, ""), found, "{path}");
    }
    for query in ["history=1,2", "exclude=1"] {
        let path = format!("/v1/movies/recommendations?{query}");
        let found = cache_control("GET", &path, "");
        assert!(found.starts_with("private, "), "{path}: {found}");
    }
    for (method, path, body) in [
        ("POST", "/v1/movies/recommendations", r#"{"history":["1"]}"#),
        ("POST", "/v1/movies/recommendations", "{}"),
        ("POST", "/getrecomcollab", "[]"),
        ("GET", "/getrandom", ""),
        ("GET", "/", ""),
        ("OPTIONS", "/v1/movies/popular", ""),
        ("DELETE", "/v1/movies/popular", ""),
    ] {
        assert_eq!(
            cache_control(method, path, body),
            "no-store",
            "{method} {path}"
        );
    }
}

#[test]
fn a_condition_means_nothing_to_a_post() {
    let storage = TestStorage::films();
    let tag = etag(&storage, "/v1/movies/recommendations");
    for if_none_match in ["*", &tag] {
        let mut request = again("POST", "/v1/movies/recommendations", if_none_match);
        request.body = b"{}".to_vec();
        let response = ask(&storage, &request);
        assert_eq!((response.status, header(&response, "etag")), (200, ""));
    }
}
