//! The component that the host's tests run. The last segment of the path says which thing of
//! the host a request exercises; see `handle`.
//!
//! `cargo xtask functions` builds it into `target/functions/host-guest.wasm`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use spin_sdk::http::{IntoResponse, Method, Request, Response};
use spin_sdk::key_value::Store;
use spin_sdk::{http_component, variables};

/// Counts the requests that this instance has seen.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

#[http_component]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let query = request.query().to_owned();
    let path = request.path().to_owned();
    let last_segment = path.rsplit('/').next().unwrap_or_default();
    Ok(match last_segment {
        "count" => text(200, REQUESTS.fetch_add(1, Ordering::Relaxed) + 1),
        "headers" => {
            let mut headers: Vec<String> = request
                .headers()
                .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or("?")))
                .collect();
            headers.sort();
            json_text(&json!({ "path": request.path(), "headers": headers }))
        }
        "echo" => Response::builder()
            .status(200)
            .body(request.into_body())
            .build(),
        "variable" => match variables::get(&query) {
            Ok(value) => text(200, value),
            Err(error) => text(404, error),
        },
        "environment" => {
            let mut seen: Vec<(String, String)> = std::env::vars().collect();
            seen.sort();
            json_text(&json!(seen))
        }
        "fetch" => fetch(&query).await,
        "read" => match std::fs::read_to_string(&query) {
            Ok(content) => text(200, content),
            Err(error) => text(404, error),
        },
        "write" => match std::fs::write(&query, "written") {
            Ok(()) => text(200, "written"),
            Err(error) => text(403, error),
        },
        "key-value" => key_value(&request, &query),
        "print" => {
            println!("printed to stdout");
            eprintln!("printed to stderr");
            text(200, "")
        }
        "document" => document(&request, &query),
        "memory" => {
            // Written to, so that it is really had.
            let mebibytes: usize = query.parse()?;
            let memory = vec![1_u8; mebibytes << 20];
            text(200, std::hint::black_box(&memory).len())
        }
        "panic" => panic!("as asked"),
        "error" => anyhow::bail!("as asked"),
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_millis(query.parse()?));
            text(200, "slept")
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        "sqlite" => {
            // An import that the host does not have.
            let opened = spin_sdk::sqlite::Connection::open_default();
            text(200, format!("{:?}", opened.map(|_| ())))
        }
        _ => text(404, "no such path"),
    })
}

/// A JSON document of so many bytes as the query says, with an entity tag; 304 to who has it.
fn document(request: &Request, query: &str) -> Response {
    const ETAG: &str = "\"document\"";
    let known = request
        .header("if-none-match")
        .and_then(|value| value.as_str())
        .is_some_and(|value| value.trim_start_matches("W/") == ETAG);
    let length_bytes = query.parse().unwrap_or(0);
    let mut body = String::from("[");
    while body.len() + 2 < length_bytes {
        body.push_str("1,");
    }
    body.push_str("1]");
    Response::builder()
        .status(if known { 304 } else { 200 })
        .header("content-type", "application/json")
        .header("etag", ETAG)
        .body(if known { String::new() } else { body })
        .build()
}

/// Calls the URL in the query and tells what came: the status, or the error as the component sees it.
async fn fetch(url: &str) -> Response {
    let (count, url) = match url.split_once('*') {
        Some((count, url)) => (count.parse().unwrap_or(1), url),
        None => (1, url),
    };
    let mut answers = String::new();
    for _ in 0..count {
        let request = Request::builder().method(Method::Get).uri(url).build();
        let sent: Result<Response, _> = spin_sdk::http::send(request).await;
        let _ = match sent {
            Ok(response) => writeln!(answers, "{}", response.status()),
            Err(error) => writeln!(answers, "{error:?}"),
        };
    }
    text(200, answers.trim_end())
}

/// The query is `label,key`: GET, PUT, DELETE do what they say; GET without a key lists the keys.
fn key_value(request: &Request, query: &str) -> Response {
    let answer = || {
        let (label, key) = query.split_once(',').unwrap_or((query, ""));
        let store = Store::open(label)?;
        Ok::<_, spin_sdk::key_value::Error>(match request.method() {
            Method::Put => {
                store.set(key, request.body())?;
                text(200, "")
            }
            Method::Delete => {
                store.delete(key)?;
                text(200, "")
            }
            _ if key.is_empty() => json_text(&json!(store.get_keys()?)),
            _ => match store.get(key)? {
                Some(value) => Response::new(200, value),
                None => text(404, store.exists(key)?),
            },
        })
    };
    answer().unwrap_or_else(|error| text(403, format!("{error:?}")))
}

fn text(status: u16, content: impl ToString) -> Response {
    Response::new(status, content.to_string())
}

fn json_text(value: &serde_json::Value) -> Response {
    text(200, value)
}
