//! What one request, instance or client may take, and that the others do not notice: limits, slow clients, shutdown, compression, metrics.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use host::{Limits, Options, Server};
use hyper::{Method, StatusCode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::application::{application, options};
use crate::client::{Answer, get, send};

/// How long nobody is surprised to wait on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a browser says it takes, shortened.
const GZIP: (&str, &str) = ("accept-encoding", "gzip, br");

async fn start(change: impl FnOnce(&mut Options)) -> (TempDir, Server) {
    let folder = application("key_value_stores = [\"default\"]");
    let mut options = options(&folder);
    change(&mut options);
    let server = Server::start(options).await.unwrap();
    (folder, server)
}

async fn start_limited(change: impl FnOnce(&mut Limits)) -> (TempDir, Server) {
    start(|options| change(&mut options.limits)).await
}

/// Writes bytes on a connection of their own.
async fn connect(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// What comes until the other end closes the connection.
async fn rest_of(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes));
    match read.await.expect("the connection stays open") {
        // A reset is an end too.
        Ok(_) | Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Asks until the answer is as expected: what a client that went away leaves behind is cleared up a moment later.
async fn eventually(url: &str, expected: impl Fn(&Answer) -> bool) {
    let ask = async {
        while !expected(&get(url).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ask)
        .await
        .unwrap_or_else(|_| panic!("{url} does not become what is expected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_the_time_limit_fails_alone() {
    let (_folder, server) = start_limited(|limits| {
        limits.request_timeout = Duration::from_secs(1);
        // Both spinning and the others at once, whatever the machine.
        limits.concurrent_requests = 8;
    })
    .await;
    let url = server.url();
    // One computes without end, one waits.
    let spinning = tokio::spawn(get(format!("{url}/guest/spin")));
    let sleeping = tokio::spawn(get(format!("{url}/guest/sleep?600000")));
    let head = tokio::spawn(send_head(format!("{url}/guest/spin")));
    for _ in 0..5 {
        assert_eq!(get(format!("{url}/guest/count")).await.text(), "1");
    }
    for slow in [spinning, sleeping, head] {
        let answer = slow.await.unwrap();
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(get(format!("{url}/guest/count")).await.text(), "1");
}

async fn send_head(url: String) -> Answer {
    send(Method::HEAD, url, &[], "").await
}

#[tokio::test]
async fn a_request_over_the_memory_limit_fails_alone() {
    for pooling in [true, false] {
        let (_folder, server) = start(|options| {
            options.pooling = pooling;
            options.limits.instance_memory_bytes = 32 << 20;
        })
        .await;
        let url = server.url();
        let (large, small) = tokio::join!(
            get(format!("{url}/guest/memory?64")),
            get(format!("{url}/guest/memory?16"))
        );
        assert_eq!(large.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(small.text(), (16 << 20).to_string());
        assert_eq!(get(format!("{url}/guest/count")).await.text(), "1");
    }
}

#[tokio::test]
async fn more_requests_than_may_wait_are_refused_and_told_when_to_come_back() {
    let (_folder, server) = start_limited(|limits| {
        limits.concurrent_requests = 1;
        limits.queued_requests = 1;
        limits.queue_timeout = Duration::from_mins(1);
    })
    .await;
    let url = server.url();
    let requests = (0..6).map(|_| get(format!("{url}/guest/sleep?300")));
    let answers = futures_util::future::join_all(requests).await;
    let (answered, turned_away): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status == StatusCode::OK);
    // One is served, one waits for it; a third is served if the first was done before it came.
    assert!((2..6).contains(&answered.len()), "{}", answered.len());
    for answer in turned_away {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], 503);
    }
    // What needs no instance is answered all the same.
    let slow = tokio::spawn(get(format!("{url}/guest/sleep?300")));
    assert_eq!(
        get(format!("{url}/.well-known/spin/health")).await.text(),
        "OK"
    );
    assert_eq!(slow.await.unwrap().text(), "slept");
}

#[tokio::test]
async fn a_request_does_not_wait_longer_than_it_may() {
    let (_folder, server) = start_limited(|limits| {
        limits.concurrent_requests = 1;
        limits.queue_timeout = Duration::from_millis(10);
    })
    .await;
    let url = server.url();
    let slow = tokio::spawn(get(format!("{url}/guest/sleep?2000")));
    eventually(&format!("{url}/guest/count"), |answer| {
        answer.status == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    assert_eq!(slow.await.unwrap().text(), "slept");
    assert_eq!(get(format!("{url}/guest/count")).await.text(), "1");
}

#[tokio::test]
async fn requests_that_are_too_large_are_refused() {
    let (_folder, server) = start_limited(|limits| {
        limits.request_body_bytes = 100_000;
        limits.connections.header_count = 20;
        limits.connections.header_bytes = 4096;
    })
    .await;
    let url = server.url();
    let echo = format!("{url}/guest/echo");
    for (length, status) in [
        (0, StatusCode::OK),
        (60_000, StatusCode::OK),
        (100_000, StatusCode::OK),
        (100_001, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = send(Method::POST, &echo, &[], vec![b'x'; length]).await;
        assert_eq!(answer.status, status, "{length}");
        if status == StatusCode::OK {
            assert_eq!(answer.body.len(), length);
        }
    }
    // Without a length it is only known on the way.
    let chunk = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    let request = format!(
        "POST /guest/echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let answer = rest_of(connect(&server, request.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    let many: Vec<(String, &str)> = (0..30).map(|number| (format!("x-{number}"), "v")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, *value)).collect();
    let long = "v".repeat(5000);
    for headers in [&many[..], &[("x-long", &long)]] {
        let answer = send(Method::GET, format!("{url}/guest/count"), headers, "").await;
        assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    assert_eq!(get(format!("{url}/guest/count")).await.text(), "1");
}

#[tokio::test]
async fn a_slow_client_loses_its_connection_and_holds_no_instance() {
    let (_folder, server) = start_limited(|limits| {
        limits.concurrent_requests = 1;
        limits.connections.idle_timeout = Duration::from_millis(300);
        limits.connections.client_timeout = Duration::from_millis(300);
    })
    .await;
    let count = format!("{}/guest/count", server.url());
    let connections = [
        // Nothing, half of the headers, half of a body.
        "",
        "GET /guest/count HTTP/1.1\r\nhost",
        "POST /guest/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf",
    ];
    let mut open = Vec::new();
    for bytes in connections {
        open.push(connect(&server, bytes.as_bytes()).await);
    }
    assert_eq!(get(&count).await.text(), "1");
    let mut answers = Vec::new();
    for stream in open {
        answers.push(rest_of(stream).await);
    }
    assert_eq!(answers[0], "");
    assert!(answers[2].starts_with("HTTP/1.1 408 "), "{answers:?}");

    // Of a long body as well, the first part is waited for, and then the next.
    for sent in ["some".to_owned(), "x".repeat(100_000)] {
        let request =
            format!("POST /guest/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 900000\r\n\r\n{sent}");
        let answer = rest_of(connect(&server, request.as_bytes()).await).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }

    // A kept connection is closed when it is idle for too long.
    let idle = connect(&server, b"GET /guest/count HTTP/1.1\r\nhost: h\r\n\r\n").await;
    let answer = rest_of(idle).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n1"),
        "{answer}"
    );

    // A client that does not take its answer: far more than the system's buffers hold.
    let _stalled = connect(
        &server,
        b"GET /guest/document?20000000 HTTP/1.1\r\nhost: h\r\n\r\n",
    )
    .await;
    eventually(&count, |answer| answer.status == StatusCode::OK).await;
}

/// Sends a body of unknown length: what is given, and then a byte every 100 ms for as long as the other end takes it.
async fn drip(server: &Server, begin: &str) -> String {
    let request = format!(
        "POST /guest/echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{begin}\r\n",
        begin.len()
    );
    let (mut answer, mut sender) = connect(server, request.as_bytes()).await.into_split();
    let sending = tokio::spawn(async move {
        while sender.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut text = vec![0; 12];
    let read = tokio::time::timeout(PATIENCE, answer.read_exact(&mut text)).await;
    sending.abort();
    read.expect("it is waited for without end").unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_body_that_drips_holds_no_instance_and_is_not_waited_for_without_end() {
    let (_folder, server) = start_limited(|limits| {
        limits.concurrent_requests = 1;
        // The drops come more often.
        limits.connections.client_timeout = Duration::from_millis(500);
    })
    .await;
    let (answer, ()) = tokio::join!(drip(&server, "x"), async {
        for _ in 0..5 {
            let answer = get(format!("{}/guest/count", server.url())).await;
            assert_eq!(answer.status, StatusCode::OK);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(answer, "HTTP/1.1 408");
    // What is longer than is read ahead has an instance, and has to come on all the same.
    let answer = drip(&server, &"x".repeat(100_000)).await;
    assert_eq!(answer, "HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_of_unknown_length_arrives_whole() {
    let (_folder, server) = start(|_| {}).await;
    for chunks in [0, 1, 3, 300] {
        let chunk = format!("{:x}\r\n{}\r\n", 1000, "x".repeat(1000));
        let request = format!(
            "POST /guest/echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
            chunk.repeat(chunks)
        );
        let answer = rest_of(connect(&server, request.as_bytes()).await).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(answer.matches('x').count(), 1000 * chunks);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_instance() {
    let (_folder, server) = start_limited(|limits| limits.concurrent_requests = 1).await;
    let count = format!("{}/guest/count", server.url());
    for path in ["spin", "sleep?600000"] {
        let request = format!("GET /guest/{path} HTTP/1.1\r\nhost: h\r\n\r\n");
        let gone = connect(&server, request.as_bytes()).await;
        eventually(&count, |answer| {
            answer.status == StatusCode::SERVICE_UNAVAILABLE
        })
        .await;
        drop(gone);
        eventually(&count, |answer| answer.status == StatusCode::OK).await;
    }
}

#[tokio::test]
async fn connections_above_their_number_wait() {
    let (_folder, server) = start_limited(|limits| limits.connections.count = 1).await;
    let request = b"GET /guest/count HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let first = connect(&server, b"").await;
    let mut second = connect(&server, request).await;
    let early = tokio::time::timeout(Duration::from_millis(200), second.read_u8()).await;
    assert!(early.is_err(), "it is served although the first is open");
    drop(first);
    assert!(rest_of(second).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn one_connection_serves_many_requests_also_when_they_come_at_once() {
    let (_folder, server) = start(|_| {}).await;
    let requests = "GET /guest/count HTTP/1.1\r\nhost: h\r\n\r\n\
        HEAD /guest/document?5000 HTTP/1.1\r\nhost: h\r\naccept-encoding: gzip\r\n\r\n\
        POST /guest/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody\
        GET /guest/panic HTTP/1.1\r\nhost: h\r\n\r\n\
        HEAD /guest/echo HTTP/1.1\r\nhost: h\r\n\r\n\
        GET /guest/count HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let text = rest_of(connect(&server, requests.as_bytes()).await).await;
    let answers: Vec<&str> = text.split("HTTP/1.1 ").skip(1).collect();
    let [count, head, echo, panic, empty, last] = answers[..] else {
        panic!("six answers: {text}")
    };
    assert!(count.contains("content-length: 1\r\n") && count.ends_with("\r\n\r\n1"));
    // The length of what GET answers without compression, and nothing of it.
    assert!(head.contains("content-length: 5001\r\n") || head.contains("content-length: 5000\r\n"));
    assert!(
        head.ends_with("\r\n\r\n") && !head.contains("gzip"),
        "{head}"
    );
    assert!(echo.ends_with("\r\n\r\nbody"));
    assert!(panic.starts_with("500 "));
    assert!(
        empty.starts_with("200 ") && empty.ends_with("\r\n\r\n"),
        "{empty}"
    );
    assert!(last.contains("connection: close") && last.ends_with("\r\n\r\n1"));
}

#[tokio::test]
async fn text_is_compressed_for_those_who_take_it() {
    let folder = application("");
    let web = folder.path().join("web");
    std::fs::create_dir_all(&web).unwrap();
    std::fs::write(web.join("app.js"), "let a = 1;\n".repeat(1000)).unwrap();
    std::fs::write(web.join("small.js"), "let a = 1;\n").unwrap();
    std::fs::write(web.join("picture.png"), [0; 5000]).unwrap();
    let serve = async |compress: bool| {
        let mut options = options(&folder);
        options.web = Some(web.clone());
        options.compress = compress;
        Server::start(options).await.unwrap()
    };
    let unpack = |answer: &Answer| {
        let mut text = String::new();
        GzDecoder::new(&answer.body[..])
            .read_to_string(&mut text)
            .unwrap();
        text
    };
    let ask = async |server: &Server, path: &str, headers: &[(&str, &str)]| {
        send(Method::GET, format!("{}{path}", server.url()), headers, "").await
    };
    let server = serve(true).await;
    for path in ["/guest/document?5000", "/app.js"] {
        let plain = ask(&server, path, &[]).await;
        let packed = ask(&server, path, &[GZIP]).await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert_eq!(unpack(&packed), plain.text(), "{path}");
        assert_eq!(
            packed.header("content-length"),
            packed.body.len().to_string()
        );
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            ("", "accept-encoding")
        );
        assert_eq!(packed.header("vary"), "accept-encoding", "{path}");
        let etag = packed.header("etag");
        assert_eq!(etag, format!("W/{}", plain.header("etag")), "{path}");
        // Whoever has the compressed answer has the right one.
        let again = ask(&server, path, &[GZIP, ("if-none-match", etag)]).await;
        assert_eq!(
            (again.status, again.text(), again.header("vary")),
            (StatusCode::NOT_MODIFIED, "", "accept-encoding"),
            "{path}"
        );
        let head = send(Method::HEAD, format!("{}{path}", server.url()), &[GZIP], "").await;
        assert_eq!(
            (
                head.header("content-encoding"),
                head.text(),
                head.header("vary")
            ),
            ("", "", "accept-encoding"),
            "{path}"
        );
        assert_eq!(
            head.header("content-length"),
            plain.body.len().to_string(),
            "{path}"
        );
    }
    for path in ["/guest/document?500", "/small.js", "/picture.png"] {
        let answer = ask(&server, path, &[GZIP]).await;
        assert_eq!(
            (answer.header("content-encoding"), answer.header("vary")),
            ("", ""),
            "{path}"
        );
    }

    let server = serve(false).await;
    let answer = ask(&server, "/guest/document?5000", &[GZIP]).await;
    assert_eq!(
        (answer.header("content-encoding"), answer.header("vary")),
        ("", "")
    );
    assert!(answer.header("etag").starts_with('"'));
}

#[tokio::test]
async fn an_answer_that_is_too_long_to_keep_arrives_whole() {
    let (_folder, server) = start(|_| {}).await;
    let url = format!("{}/guest/document?3000000", server.url());
    let answer = send(Method::GET, &url, &[("accept-encoding", "gzip")], "").await;
    assert_eq!(answer.header("content-encoding"), "");
    let numbers: Vec<u8> = serde_json::from_slice(&answer.body).unwrap();
    assert!(2_900_000 < answer.body.len() && numbers.iter().all(|number| *number == 1));
    let head = send(Method::HEAD, &url, &[], "").await;
    assert_eq!((head.status, head.text()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn trace_context_reaches_the_component() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let (_folder, server) = start(|_| {}).await;
    let url = format!("{}/guest/headers", server.url());
    let seen = async |headers: &[(&str, &str)]| {
        let answer = send(Method::GET, &url, headers, "").await;
        let seen: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let seen = seen["headers"].as_array().unwrap().iter();
        let mut traces = seen.filter_map(|header| header.as_str()?.strip_prefix("traceparent: "));
        traces.next().unwrap().to_owned()
    };
    assert_eq!(seen(&[("traceparent", TRACE)]).await, TRACE);
    let (first, second) = (seen(&[]).await, seen(&[("traceparent", "no")]).await);
    assert_eq!((first.len(), second.len()), (TRACE.len(), TRACE.len()));
    assert_ne!(first, second);
}

#[tokio::test]
async fn metrics_count_what_happens_and_stand_apart() {
    let (_folder, server) = start(|options| {
        options.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        options.limits.request_timeout = Duration::from_millis(500);
        options.limits.instance_memory_bytes = 32 << 20;
    })
    .await;
    let url = server.url();
    let metrics = format!("http://{}/metrics", server.metrics_address().unwrap());
    for path in [
        "guest/count",
        "guest/count",
        "guest/panic",
        "guest/memory?64",
        "guest/sleep?60000",
        "guest/key-value?default,absent",
        "guest/fetch?http://example.com/",
        "absent",
    ] {
        get(format!("{url}/{path}")).await;
    }
    send(
        Method::PUT,
        format!("{url}/guest/key-value?default,a"),
        &[],
        "v",
    )
    .await;
    get(format!("{url}/guest/key-value?default,a")).await;

    let page = get(&metrics).await;
    assert_eq!(
        page.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    for expected in [
        "kindred_host_requests_total{component=\"guest\",status=\"500\"} 2",
        "kindred_host_requests_total{component=\"guest\",status=\"504\"} 1",
        "kindred_host_requests_total{component=\"(no route)\",status=\"404\"} 1",
        "kindred_host_instance_failures_total{component=\"guest\",reason=\"trap\"} 1",
        "kindred_host_instance_failures_total{component=\"guest\",reason=\"memory-limit\"} 1",
        "kindred_host_instance_failures_total{component=\"guest\",reason=\"time-limit\"} 1",
        "kindred_host_instance_failures_total{component=\"guest\",reason=\"client-gone\"} 0",
        "kindred_host_key_value_operations_total{component=\"guest\",operation=\"get-hit\"} 1",
        "kindred_host_key_value_operations_total{component=\"guest\",operation=\"get-miss\"} 1",
        "kindred_host_key_value_operations_total{component=\"guest\",operation=\"set\"} 1",
        "kindred_host_outbound_requests_total{component=\"guest\",outcome=\"denied\"} 1",
        "kindred_host_requests_in_flight 0",
        "kindred_host_requests_queued 0",
    ] {
        assert!(
            page.text().lines().any(|line| line == expected),
            "{expected} is not in\n{}",
            page.text()
        );
    }
    let high_water = page
        .text()
        .lines()
        .find_map(|line| {
            line.strip_prefix("kindred_host_instance_memory_high_water_bytes{component=\"guest\"} ")
        })
        .unwrap();
    let high_water: usize = high_water.parse().unwrap();
    assert!((1..=32 << 20).contains(&high_water), "{high_water}");

    assert_eq!(
        get(format!("{url}/metrics")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get(metrics.replace("/metrics", "/")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_under_load_answers_every_request_that_was_sent() {
    let (_folder, server) = start(|_| {}).await;
    let address = server.address();
    // Each asks on one connection until it is told that an answer is the last.
    let clients: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut answers = 0_u32;
                loop {
                    stream
                        .write_all(b"GET /guest/sleep?20 HTTP/1.1\r\nhost: h\r\n\r\n")
                        .await
                        .unwrap();
                    let mut answer = String::new();
                    while !answer.ends_with("slept") {
                        let mut bytes = [0; 4096];
                        let read = stream.read(&mut bytes).await.unwrap();
                        assert_ne!(read, 0, "closed after {answers} answers, without the next");
                        answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
                    }
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                    answers += 1;
                    if answer.contains("connection: close") {
                        return answers;
                    }
                }
            })
        })
        .collect();
    // A connection on which nothing was sent yet when the shutdown begins.
    let mut late = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let shutdown = tokio::spawn(server.shutdown());
    tokio::time::sleep(Duration::from_millis(20)).await;
    late.write_all(b"GET /guest/count HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let answer = rest_of(late).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"),
        "{answer}"
    );
    for client in clients {
        assert!(0 < client.await.unwrap());
    }
    shutdown.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
