//! Requests to the functions that recommend, browse and answer to old names, and what they answer, over a small collection in memory.

mod aliases;
mod bad_input;
mod going_on;
mod keeping;
mod recommendations;
mod search;

use kit::{
    Route,
    http::{Request, Response},
    testing::{self, TestStorage},
};
use serde_json::Value;

/// What the interface promises; the file belongs to the function that serves it.
const DESCRIPTION: &str = include_str!("../../../../functions/catalog/openapi.json");

/// The one door to the functions.
fn ask(storage: &TestStorage, request: &Request) -> Response {
    testing::ask(&routes(), storage, request)
}

/// What the three answer.
fn routes() -> Vec<Route> {
    [
        &recommend::ROUTES[..],
        &browse::ROUTES,
        &::aliases::ROUTES,
        &::search::ROUTES,
    ]
    .concat()
}

/// The JSON of an answer of this status.
fn answer(storage: &TestStorage, line: &str, body: &str, status: u16) -> Value {
    let request = testing::request(line, body);
    let response = ask(storage, &request);
    let text = String::from_utf8_lossy(&response.body);
    assert_eq!(response.status, status, "{line} {body}: {text}");
    if response.status != 404 {
        testing::assert_described(DESCRIPTION, &request, &response);
    }
    testing::body(&response)
}

/// Who may keep an answer.
fn kept(storage: &TestStorage, line: &str) -> String {
    let response = ask(storage, &testing::request(line, ""));
    let cache_control = response.headers.iter();
    let mut cache_control = cache_control.filter(|(name, _)| *name == "cache-control");
    cache_control.next().expect("it says so").1.clone()
}

/// The ids of an answer's items.
fn ids(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().expect("an answer with items");
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}
