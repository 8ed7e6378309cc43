//! The embedded S3 over HTTP, signed as any client signs.

use std::collections::HashMap;
use std::time::Duration;

use host::s3::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Options, Server};
use hyper::{Method, StatusCode};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use tempfile::TempDir;

use crate::client::{Answer, get, send};

struct Fixture {
    folder: TempDir,
    server: Server,
}

impl Fixture {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(Options::new(folder.path(), "bucket"))
            .await
            .unwrap();
        Self { folder, server }
    }

    async fn restart(self) -> Self {
        self.server.shutdown().await;
        let server = Server::start(Options::new(self.folder.path(), "bucket"))
            .await
            .unwrap();
        Self {
            folder: self.folder,
            server,
        }
    }

    fn url(&self, key: &str) -> String {
        format!("{}/bucket/{key}", self.server.url())
    }

    /// A signed URL that puts `key`.
    fn put_url(&self, key: &str) -> String {
        let endpoint = self.server.url().parse().unwrap();
        let bucket = Bucket::new(endpoint, UrlStyle::Path, "bucket", "us-east-1").unwrap();
        let credentials = Credentials::new(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY);
        bucket
            .put_object(Some(&credentials), key)
            .sign(Duration::from_mins(1))
            .to_string()
    }

    async fn put(&self, key: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(Method::PUT, self.put_url(key), headers, body.to_owned()).await
    }

    async fn read(&self, key: &str, headers: &[(&str, &str)]) -> Answer {
        send(Method::GET, self.url(key), headers, "").await
    }
}

#[tokio::test]
async fn ranges_are_what_they_say() {
    let fixture = Fixture::start().await;
    let body = "0123456789";
    assert_eq!(
        fixture.put("a/b.kdx", &[], body).await.status,
        StatusCode::OK
    );
    for (range, status, expected, content_range) in [
        ("bytes=0-0", 206, "0", "bytes 0-0/10"),
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=5-100", 206, "56789", "bytes 5-9/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=-100", 206, body, "bytes 0-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=-0", 416, "", "bytes */10"),
    ] {
        let answer = fixture.read("a/b.kdx", &[("range", range)]).await;
        assert_eq!(answer.status, status, "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        if answer.status == 206 {
            assert_eq!(answer.text(), expected, "{range}");
            assert_eq!(answer.header("content-length"), expected.len().to_string());
        }
    }
    let whole = fixture.read("a/b.kdx", &[]).await;
    assert_eq!((whole.status, whole.text()), (StatusCode::OK, body));
    for absent in ["a/c.kdx", "a", "a/b.kdx/c"] {
        assert_eq!(
            get(fixture.url(absent)).await.status,
            StatusCode::NOT_FOUND,
            "{absent}"
        );
    }
}

#[tokio::test]
async fn a_body_of_many_pieces_comes_back_whole() {
    let fixture = Fixture::start().await;
    let numbers: Vec<String> = (0..700_000).map(|number| format!("{number:06}")).collect();
    let body = numbers.concat();
    fixture.put("large", &[], &body).await;
    assert_eq!(fixture.read("large", &[]).await.text(), body);
    let range = fixture
        .read("large", &[("range", "bytes=1000000-3999999")])
        .await;
    assert_eq!(range.text(), &body[1_000_000..4_000_000]);
    fixture.put("empty", &[], "").await;
    let empty = fixture.read("empty", &[]).await;
    assert_eq!((empty.status, empty.text()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn conditional_reads_compare_entity_tags() {
    let fixture = Fixture::start().await;
    fixture.put("current.json", &[], "one").await;
    let etag = fixture
        .read("current.json", &[])
        .await
        .header("etag")
        .to_owned();
    for method in [Method::GET, Method::HEAD] {
        for (headers, status) in [
            ([("if-none-match", etag.as_str())], 304),
            ([("if-none-match", "*")], 304),
            ([("if-none-match", "\"other\"")], 200),
            ([("if-match", &etag)], 200),
            ([("if-match", "\"other\"")], 412),
        ] {
            let answer = send(method.clone(), fixture.url("current.json"), &headers, "").await;
            assert_eq!(answer.status, status, "{method} {headers:?}");
            if status == 304 {
                assert_eq!((answer.header("etag"), answer.text()), (etag.as_str(), ""));
            }
        }
    }
    // The tag follows the content, and stays over a restart.
    let fixture = fixture.restart().await;
    assert_eq!(
        fixture
            .read("current.json", &[("if-none-match", &etag)])
            .await
            .status,
        304
    );
    fixture.put("current.json", &[], "two").await;
    let changed = fixture
        .read("current.json", &[("if-none-match", &etag)])
        .await;
    assert_eq!((changed.status, changed.text()), (StatusCode::OK, "two"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_conditional_writes_that_race_one_wins() {
    const WRITERS: usize = 24;
    let fixture = Fixture::start().await;
    let mut condition = ("if-none-match", "*".to_owned());
    for round in 0..8 {
        let bodies: Vec<String> = (0..WRITERS)
            .map(|writer| format!("{round}/{writer}"))
            .collect();
        let headers = [(condition.0, condition.1.as_str())];
        let writes = bodies
            .iter()
            .map(|body| fixture.put("current.json", &headers, body));
        let answers = futures_util::future::join_all(writes).await;
        let winners: Vec<usize> = (0..WRITERS)
            .filter(|writer| answers[*writer].status == StatusCode::OK)
            .collect();
        let lost = answers
            .iter()
            .filter(|answer| answer.status == StatusCode::PRECONDITION_FAILED)
            .count();
        assert_eq!((winners.len(), lost), (1, WRITERS - 1), "round {round}");
        let now = fixture.read("current.json", &[]).await;
        assert_eq!(now.text(), bodies[winners[0]]);
        assert_eq!(now.header("etag"), answers[winners[0]].header("etag"));
        condition = ("if-match", now.header("etag").to_owned());
    }
    let absent = fixture
        .put("absent", &[("if-match", &condition.1)], "x")
        .await;
    assert_eq!(absent.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_beside_a_write_never_pairs_old_bytes_with_the_new_tag() {
    let fixture = Fixture::start().await;
    fixture.put("current.json", &[], "start").await;
    let write = async {
        let mut tags = HashMap::new();
        for round in 0..150 {
            let body = format!("round {round}");
            let etag = fixture
                .put("current.json", &[], &body)
                .await
                .header("etag")
                .to_owned();
            tags.insert(body, etag);
        }
        tags
    };
    let read = async {
        let mut seen = Vec::new();
        for _ in 0..150 {
            let answer = fixture.read("current.json", &[]).await;
            seen.push((answer.text().to_owned(), answer.header("etag").to_owned()));
        }
        seen
    };
    let (tags, seen) = futures_util::future::join(write, read).await;
    for (body, etag) in seen {
        assert!(
            body == "start" || tags[&body] == etag,
            "{body} came with {etag}"
        );
    }
}

#[tokio::test]
async fn only_reads_of_objects_may_be_unsigned() {
    let fixture = Fixture::start().await;
    fixture.put("a", &[], "a").await;
    assert_eq!(get(fixture.url("a")).await.status, StatusCode::OK);
    assert_eq!(
        send(Method::PUT, fixture.url("a"), &[], "b").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        send(Method::DELETE, fixture.url("a"), &[], "").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        get(fixture.url("?list-type=2")).await.status,
        StatusCode::FORBIDDEN
    );
    let signed = fixture.put_url("a");
    let (url, signature) = signed.split_once("X-Amz-Signature=").unwrap();
    let forged: String = signature.chars().rev().collect();
    let forged = send(
        Method::PUT,
        format!("{url}X-Amz-Signature={forged}"),
        &[],
        "b",
    )
    .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);

    let mut options = Options::new(fixture.folder.path(), "bucket");
    options.anonymous_reads = false;
    let closed = Server::start(options).await.unwrap();
    assert_eq!(
        get(format!("{}/bucket/a", closed.url())).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_key_is_no_way_through_the_file_system() {
    let fixture = Fixture::start().await;
    std::fs::create_dir(fixture.folder.path().join("other")).unwrap();
    std::fs::write(fixture.folder.path().join("other/secret"), "secret").unwrap();
    for key in [
        "..%2fother%2fsecret",
        "%2e%2e/other/secret",
        "a/..%2f..%2fother/secret",
        "%2fetc%2fhostname",
    ] {
        let answer = get(fixture.url(key)).await;
        assert!(answer.status.is_client_error(), "{key}: {}", answer.status);
        assert!(
            !answer.text().contains("secret\n") && answer.text() != "secret",
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_bucket_must_have_a_bucket_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = Server::start(Options::new(folder.path(), "../x"))
        .await
        .err()
        .unwrap();
    assert!(
        format!("{:#}", anyhow::Error::from(error))
            .contains("is not a name that a bucket may have")
    );
}
