//! An application whose component is the guest beside these tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use host::{Options, Server};
use hyper::{Method, StatusCode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{get, send};

/// The guest's file. Tests without it fail, since they would prove nothing.
pub(crate) fn guest() -> PathBuf {
    let folder = std::env::var_os("KINDRED_GUEST_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/functions"),
        PathBuf::from,
    );
    let guest = folder.join("host-guest.wasm");
    assert!(
        guest.exists(),
        "{} is not there: build it with `cargo xtask functions`, or say with KINDRED_GUEST_DIR where it is",
        guest.display()
    );
    guest
}

/// A folder with a `spin.toml` around the guest; `component` is written into its `[component.guest]`.
pub(crate) fn application(component: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("idx/deep")).unwrap();
    std::fs::write(folder.path().join("idx/deep/a.txt"), "a file").unwrap();
    let guest = guest().into_os_string().into_string().unwrap();
    let manifest = format!(
        r#"
spin_manifest_version = 2
[application]
name = "test"
version = "1.2.3"
[variables]
endpoint = {{ default = "http://127.0.0.1:1" }}
token = {{ required = true, secret = true }}
[[trigger.http]]
route = "/guest/..."
component = "guest"
[[trigger.http]]
route = "/item/:id/headers"
component = "guest"
[component.guest]
source = {guest:?}
{component}
"#
    );
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    folder
}

/// Options for such a folder.
pub(crate) fn options(folder: &TempDir) -> Options {
    let mut options = Options::new(folder.path().join("spin.toml"));
    options.variables = vec![("token".to_owned(), "hush".to_owned())];
    options
}

async fn start(component: &str) -> (TempDir, Server) {
    let folder = application(component);
    let server = Server::start(options(&folder)).await.unwrap();
    (folder, server)
}

#[tokio::test]
async fn a_request_reaches_the_component_with_spins_headers() {
    let (_folder, server) = start("").await;
    let url = format!("{}/guest/headers?x=1", server.url());
    let answer = send(
        Method::GET,
        &url,
        &[("spin-path-info", "/forged"), ("x-mine", "kept")],
        "",
    )
    .await;
    let seen: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(seen["path"], "/guest/headers");
    let headers: Vec<&str> = seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h.as_str().unwrap())
        .collect();
    let address = server.address();
    for expected in [
        "spin-path-info: /headers",
        "spin-raw-component-route: /guest/...",
        "spin-component-route: /guest",
        "spin-matched-route: /guest/...",
        "spin-base-path: /",
        "x-mine: kept",
        &format!("spin-full-url: http://{address}/guest/headers?x=1"),
    ] {
        assert!(
            headers.contains(&expected),
            "{expected} is not in {headers:?}"
        );
    }
    assert!(
        headers
            .iter()
            .any(|header| header.starts_with("spin-client-addr: 127.0.0.1:"))
    );

    let answer = get(format!("{}/item/7/headers", server.url())).await;
    assert!(
        answer.text().contains("spin-path-match-id: 7"),
        "{answer:?}"
    );
    assert_eq!(
        get(format!("{}/absent", server.url())).await.status,
        StatusCode::NOT_FOUND
    );
    server.shutdown().await;
}

#[tokio::test]
async fn well_known_paths_are_the_hosts_own() {
    let (_folder, server) = start("").await;
    let health = get(format!("{}/.well-known/spin/health", server.url())).await;
    assert_eq!((health.status, health.text()), (StatusCode::OK, "OK"));
    let info = get(format!("{}/.well-known/spin/info", server.url())).await;
    assert_eq!(info.text(), r#"{"name":"test","version":"1.2.3"}"#);
    assert_eq!(info.header("content-type"), "application/json");
}

#[tokio::test]
async fn each_request_has_a_fresh_instance() {
    let (_folder, server) = start("").await;
    for _ in 0..3 {
        assert_eq!(
            get(format!("{}/guest/count", server.url())).await.text(),
            "1"
        );
    }
}

#[tokio::test]
async fn many_requests_at_once_are_answered_with_and_without_the_pool() {
    let folder = application("");
    for pooling in [true, false] {
        let server = Server::start(Options {
            pooling,
            ..options(&folder)
        })
        .await
        .unwrap();
        let url = format!("{}/guest/echo", server.url());
        let body = vec![b'x'; 3 << 20];
        let requests = (0..20).map(|_| send(Method::POST, &url, &[], body.clone()));
        for answer in futures_util::future::join_all(requests).await {
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.body, body);
        }
    }
}

#[tokio::test]
async fn variables_are_those_of_the_component() {
    let (_folder, server) =
        start("variables = { endpoint = \"{{ endpoint }}/\", key = \"{{ token }}\" }").await;
    let url = server.url();
    for (name, status, value) in [
        ("endpoint", StatusCode::OK, "http://127.0.0.1:1/"),
        ("key", StatusCode::OK, "hush"),
        ("token", StatusCode::NOT_FOUND, "token"),
    ] {
        let answer = get(format!("{url}/guest/variable?{name}")).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(value), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn the_environment_is_the_components_own() {
    let (_folder, server) = start("environment = { LOG = \"info\" }").await;
    assert_eq!(
        get(format!("{}/guest/environment", server.url()))
            .await
            .text(),
        r#"[["LOG","info"]]"#
    );
}

#[tokio::test]
async fn a_start_that_cannot_work_says_why() {
    async fn check(options: Options, expected: &str) {
        let error = Server::start(options)
            .await
            .err()
            .expect("it must not start");
        let error = anyhow::Error::from(error);
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    let folder = application("");
    check(
        Options {
            variables: Vec::new(),
            ..options(&folder)
        },
        "no provider resolved required variable(s): token",
    )
    .await;
    let running = Server::start(options(&folder)).await.unwrap();
    check(
        Options {
            listen: running.address(),
            ..options(&folder)
        },
        "cannot listen on 127.0.0.1:",
    )
    .await;
    check(
        Options {
            web: Some("/absent".into()),
            ..options(&folder)
        },
        "/absent",
    )
    .await;
    check(
        options(&application("key_value_stores = [\"other\"]")),
        "[key_value_store.other]",
    )
    .await;
    check(
        options(&application(
            "files = [{ source = \"absent\", destination = \"/\" }]",
        )),
        "absent",
    )
    .await;
    check(
        options(&application("allowed_outbound_hosts = [\"example.com\"]")),
        "has no scheme",
    )
    .await;
    check(
        Options::new("/absent/spin.toml"),
        "cannot load the application /absent/spin.toml",
    )
    .await;

    let broken = application("");
    let manifest = broken.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let named = format!("{:?}", guest());
    std::fs::write(&manifest, text.replace(&named, "\"absent.wasm\"")).unwrap();
    check(options(&broken), "is it built?").await;
    std::fs::write(broken.path().join("absent.wasm"), "no WebAssembly").unwrap();
    check(options(&broken), "cannot prepare the component").await;
}

#[tokio::test]
async fn a_trap_is_a_500_without_a_body() {
    let (_folder, server) = start("").await;
    let answer = get(format!("{}/guest/panic", server.url())).await;
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::INTERNAL_SERVER_ERROR, "")
    );
    // What the host does not have is linked, and traps when it is called.
    let answer = get(format!("{}/guest/sqlite", server.url())).await;
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::INTERNAL_SERVER_ERROR, "")
    );
    // The SDK answers an error that a handler returns, with its text.
    let answer = get(format!("{}/guest/error", server.url())).await;
    assert_eq!(
        (answer.status, answer.text()),
        (StatusCode::INTERNAL_SERVER_ERROR, "as asked")
    );
    assert_eq!(
        get(format!("{}/guest/count", server.url())).await.text(),
        "1"
    );
}

#[tokio::test]
async fn files_are_seen_and_cannot_be_written() {
    let (folder, server) =
        start("files = [{ source = \"idx\", destination = \"/data\" }, \"idx/**/*.txt\"]").await;
    let url = server.url();
    for path in ["/data/deep/a.txt", "/idx/deep/a.txt", "data/deep/a.txt"] {
        assert_eq!(
            get(format!("{url}/guest/read?{path}")).await.text(),
            "a file",
            "{path}"
        );
    }
    for path in [
        "/etc/hostname",
        "/../../etc/hostname",
        "/data/absent",
        "/spin.toml",
    ] {
        assert_eq!(
            get(format!("{url}/guest/read?{path}")).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for path in ["/data/deep/a.txt", "/data/new.txt"] {
        assert_eq!(
            get(format!("{url}/guest/write?{path}")).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    assert_eq!(
        std::fs::read_to_string(folder.path().join("idx/deep/a.txt")).unwrap(),
        "a file"
    );
}

#[tokio::test]
async fn key_value_stores_keep_what_they_are_given() {
    let folder = application("key_value_stores = [\"default\"]");
    let server = Server::start(options(&folder)).await.unwrap();
    let store = |server: &Server, query: &str| format!("{}/guest/key-value?{query}", server.url());
    assert_eq!(get(store(&server, "default,a")).await.text(), "false");
    assert_eq!(
        send(Method::PUT, store(&server, "default,a"), &[], "value")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(get(store(&server, "default,a")).await.text(), "value");
    assert_eq!(get(store(&server, "default")).await.text(), r#"["a"]"#);
    assert!(
        get(store(&server, "other,a"))
            .await
            .text()
            .contains("AccessDenied")
    );
    server.shutdown().await;

    let server = Server::start(options(&folder)).await.unwrap();
    assert_eq!(get(store(&server, "default,a")).await.text(), "value");
    send(Method::DELETE, store(&server, "default,a"), &[], "").await;
    assert_eq!(get(store(&server, "default")).await.text(), "[]");
}

/// A server that answers every request with 204 and counts its connections.
async fn counting_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while matches!(stream.read(&mut request).await, Ok(1..)) {
                    stream
                        .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                        .await
                        .unwrap();
                }
            });
        }
    });
    (url, connections)
}

#[tokio::test]
async fn calls_go_only_to_allowed_hosts() {
    let (allowed_url, connections) = counting_server().await;
    let (denied_url, denied_connections) = counting_server().await;
    let folder = application("allowed_outbound_hosts = [\"{{ endpoint }}\"]");
    let mut options = options(&folder);
    options
        .variables
        .push(("endpoint".to_owned(), allowed_url.clone()));
    let server = Server::start(options).await.unwrap();
    let fetch = async |target: &str| {
        get(format!("{}/guest/fetch?{target}", server.url()))
            .await
            .text()
            .to_owned()
    };

    assert_eq!(fetch(&format!("{allowed_url}/a")).await, "204");
    assert!(
        fetch(&format!("{denied_url}/a"))
            .await
            .contains("HttpRequestDenied")
    );
    assert!(
        fetch("http://example.com/")
            .await
            .contains("HttpRequestDenied")
    );
    assert_eq!(denied_connections.load(Ordering::SeqCst), 0);

    // Connections are kept across calls and across instances. One is given back a moment after its answer, so now and then
    // a second is opened.
    let five = fetch(&format!("5*{allowed_url}/a")).await;
    assert_eq!(five, "204\n204\n204\n204\n204");
    assert!(connections.load(Ordering::SeqCst) <= 3);
}

#[tokio::test]
async fn a_call_that_fails_is_an_error_that_the_component_sees() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let (_folder, server) = start("allowed_outbound_hosts = [\"http://*:*\"]").await;
    let fetch = async |target: &str| {
        get(format!("{}/guest/fetch?{target}", server.url()))
            .await
            .text()
            .to_owned()
    };
    assert!(
        fetch(&format!("http://{closed}/"))
            .await
            .contains("ConnectionRefused")
    );
}

#[tokio::test]
async fn a_static_file_wins_over_a_route() {
    let folder = application("");
    let web = folder.path().join("web");
    std::fs::create_dir_all(web.join("guest")).unwrap();
    std::fs::write(web.join("index.html"), "<h1>page</h1>").unwrap();
    std::fs::write(web.join("guest/count"), "a file").unwrap();
    let server = Server::start(Options {
        web: Some(web),
        ..options(&folder)
    })
    .await
    .unwrap();
    let url = server.url();
    let page = get(format!("{url}/")).await;
    assert_eq!(
        (page.text(), page.header("content-type")),
        ("<h1>page</h1>", "text/html; charset=utf-8")
    );
    assert_eq!(get(format!("{url}/guest/count")).await.text(), "a file");
    assert_eq!(
        send(Method::POST, format!("{url}/guest/count"), &[], "")
            .await
            .text(),
        "1"
    );
    assert_eq!(
        get(format!("{url}/guest/read?/")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get(format!("{url}/../spin.toml")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish_and_takes_no_new_ones() {
    let (_folder, server) = start("").await;
    let url = server.url();
    let address = server.address();
    let slow = tokio::spawn(get(format!("{url}/guest/sleep?600")));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!slow.is_finished());
    server.shutdown().await;
    assert_eq!(slow.await.unwrap().text(), "slept");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_second_start_takes_compiled_components_from_the_cache() {
    let folder = application("");
    let cache = folder.path().join("cache");
    let options = Options {
        cache_dir: Some(cache.clone()),
        ..options(&folder)
    };
    let components = || -> Vec<_> {
        std::fs::read_dir(cache.join("components"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    Server::start(options.clone())
        .await
        .unwrap()
        .shutdown()
        .await;
    let [compiled] = &components()[..] else {
        panic!("one file in the cache")
    };
    let written = std::fs::metadata(compiled).unwrap().modified().unwrap();

    let server = Server::start(options.clone()).await.unwrap();
    assert_eq!(
        get(format!("{}/guest/count", server.url())).await.text(),
        "1"
    );
    assert_eq!(
        std::fs::metadata(compiled).unwrap().modified().unwrap(),
        written
    );
    server.shutdown().await;

    // What is no compiled component is compiled again.
    std::fs::write(compiled, "garbage").unwrap();
    let server = Server::start(options).await.unwrap();
    assert_eq!(
        get(format!("{}/guest/count", server.url())).await.text(),
        "1"
    );
    assert!(std::fs::metadata(compiled).unwrap().len() > 1000);
}
