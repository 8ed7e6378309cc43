//! Requests to the function and what it answers, over a small collection in memory.

mod aliases;
mod bad_input;
mod recommendations;

use kit::{
    http::{Request, Response},
    testing::{self, TestStorage},
};
use serde_json::Value;

/// The one door to the function.
fn ask(storage: &TestStorage, request: &Request) -> Response {
    testing::ask(&recommend::ROUTES, storage, request)
}

/// The JSON of an answer of this status.
fn answer(storage: &TestStorage, line: &str, body: &str, status: u16) -> Value {
    let response = ask(storage, &testing::request(line, body));
    let text = String::from_utf8_lossy(&response.body);
    assert_eq!(response.status, status, "{line} {body}: {text}");
    testing::body(&response)
}

/// The ids of an answer's items.
fn ids(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().expect("an answer with items");
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}
