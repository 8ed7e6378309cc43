//! Methods, and pages of other origins.

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::{Answer, Site};

const PAGE: &str = "https://films.example";

/// The headers that let pages read an answer: origin, credentials, vary.
fn admission(answer: &Answer) -> [&str; 3] {
    [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "vary",
    ]
    .map(|name| answer.header(name))
}

#[test]
fn a_method_that_is_not_there_is_refused_with_those_that_are() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);
    for (path, allowed) in [
        ("/v1/movies/recommendations", "POST, GET, HEAD, OPTIONS"),
        ("/v1/movies/popular", "GET, HEAD, OPTIONS"),
        ("/v1/movies/items/1", "GET, HEAD, OPTIONS"),
        ("/v1/collections", "GET, HEAD, OPTIONS"),
        ("/getrecomcollab", "POST, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
    ] {
        for method in ["PUT", "DELETE"] {
            let answer = site.send(method, path, &[], b"");
            let problem = answer.problem(405, "method-not-allowed");
            assert_eq!(answer.header("allow"), allowed, "{path}");
            let members: Vec<&str> = allowed.split(", ").collect();
            assert_eq!(problem["allowed"], serde_json::json!(members), "{path}");
        }
        let options = site.send("OPTIONS", path, &[], b"");
        assert_eq!(
            (options.status, options.header("allow")),
            (204, allowed),
            "{path}"
        );
    }
    let head = site.send("HEAD", "/v1/movies/items/999", &[], b"");
    assert_eq!((head.status, head.body.len()), (404, 0));
}

#[test]
fn any_page_may_read_but_without_credentials_and_listed_ones_may_with() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let everyone = Site::start(&bucket);
    let listed = Site::with(
        &bucket,
        &[("cors_origins", "https://a.example, https://films.example/")],
    );
    let paths = [
        ("/v1/movies/popular", 200),
        ("/v1/movies/items/1", 200),
        ("/getrandom", 200),
        ("/v1/movies/items/999", 404),
        ("/v1/books/popular", 503),
        ("/nowhere", 404),
    ];
    for (path, status) in paths {
        let from = |site: &Site, origin: &str| {
            let answer = site.send("GET", path, &[("origin", origin)], b"");
            assert_eq!(answer.status, status, "{path}");
            answer
        };
        assert_eq!(admission(&from(&everyone, PAGE)), ["*", "", ""], "{path}");
        assert_eq!(
            admission(&from(&listed, PAGE)),
            [PAGE, "true", "Origin"],
            "{path}"
        );
        assert_eq!(
            admission(&from(&listed, "https://evil.example")),
            ["", "", "Origin"],
            "{path}"
        );
        let answer = listed.send("GET", path, &[], b"");
        assert_eq!(admission(&answer), ["", "", "Origin"], "{path}");
    }

    let ask = [
        ("origin", PAGE),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    for path in ["/v1/movies/recommendations", "/getrecomcollab"] {
        for (site, expected) in [
            (&everyone, ["*", "", ""]),
            (&listed, [PAGE, "true", "Origin"]),
        ] {
            let preflight = site.send("OPTIONS", path, &ask, b"");
            assert_eq!((preflight.status, preflight.body.len()), (204, 0), "{path}");
            assert_eq!(admission(&preflight), expected, "{path}");
            assert!(
                preflight
                    .header("access-control-allow-methods")
                    .contains("POST"),
                "{path}"
            );
            let headers = preflight.header("access-control-allow-headers");
            assert!(headers.contains("content-type"), "{path} {headers}");
        }
        let stranger = [("origin", "https://evil.example"), ask[1]];
        let refused = listed.send("OPTIONS", path, &stranger, b"");
        assert_eq!(refused.header("access-control-allow-methods"), "", "{path}");
    }
}

/// A status and what is said of keeping: `cache-control`, `etag`, `server-timing`.
fn asked_again(site: &Site, path: &str, if_none_match: &str) -> (u16, [String; 3]) {
    let headers = [("if-none-match", if_none_match), ("origin", PAGE)];
    let answer = site.send("GET", path, &headers, b"");
    assert_eq!(answer.body.is_empty(), answer.status == 304, "{path}");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    let headers = ["cache-control", "etag", "server-timing"];
    let said = headers.map(|name| answer.header(name).to_owned());
    (answer.status, said)
}

#[test]
fn what_was_kept_is_asked_for_again_for_the_price_of_the_pointer() {
    let bucket = Bucket::start();
    publish_films(&bucket);
    let site = Site::start(&bucket);
    for path in [
        "/v1/movies/popular?count=3",
        "/v1/movies/items/1/similar",
        "/v1/movies/recommendations?history=1,2",
        "/v1/movies/items/1",
        "/v1/collections",
        "/openapi.json",
    ] {
        let (status, [cache_control, tag, _]) = asked_again(&site, path, "\"another\"");
        assert_eq!(status, 200, "{path}");
        assert!(
            cache_control.contains("max-age="),
            "{path}: {cache_control}"
        );
        let (status, [kept, same_tag, timing]) = asked_again(&site, path, &tag);
        assert_eq!(
            (status, kept, same_tag),
            (304, cache_control, tag.clone()),
            "{path}"
        );
        assert!(
            timing.contains("round trips: 1") || timing.contains("round trips: 0"),
            "{path}: {timing}"
        );
        let head = site.send("HEAD", path, &[("if-none-match", &tag)], b"");
        assert_eq!((head.status, head.body.len()), (304, 0), "{path}");
    }
    for path in ["/v1/movies/items/999", "/nowhere", "/getrandom", "/healthz"] {
        let (status, [cache_control, tag, _]) = asked_again(&site, path, "*");
        assert_ne!(status, 304, "{path}");
        assert_eq!(
            (cache_control.as_str(), tag.as_str()),
            ("no-store", ""),
            "{path}"
        );
    }
}
